"""What is said about bad input: a place, what was found, what is allowed, the remedy."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """How much a finding weighs: an error refuses the input, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """Where something stands: a file, the line in it (from 1) and the path to the value inside the document.

    As text, what cannot be printed in any of them is escaped, as in what a `Finding` says.
    """

    file: str
    line: int | None = None
    path: str = ""

    def __str__(self) -> str:
        position = self.file if self.line is None else f"{self.file}:{self.line}"
        return printable(f"{position} {self.path}" if self.path else position)


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """One complaint about one place.

    Attributes:
        place: Where.
        code: Stable name of the kind of finding, such as `contract.number_without_precision`; public API.
        message: What was found and what is allowed; lower case, without a final period.
        remedy: What to do about it; a sentence.
        severity: `ERROR` unless said otherwise.

    What cannot be printed in `message` and `remedy` is escaped: a name from somebody's contract may neither steer a terminal nor begin a
    line of its own.
    """

    place: Place
    code: str
    message: str
    remedy: str = ""
    severity: Severity = field(default=Severity.ERROR)

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", printable(self.message))
        object.__setattr__(self, "remedy", printable(self.remedy))

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}"
        return f"{text}. {self.remedy}" if self.remedy else text

    @property
    def is_error(self) -> bool:
        """Whether it refuses the input."""
        return self.severity is Severity.ERROR

    def as_dict(self) -> dict[str, str | int | None]:
        """The finding as JSON-ready data, for machine-readable reports."""
        return {
            "severity": self.severity.value,
            "code": self.code,
            "file": self.place.file,
            "line": self.place.line,
            "path": self.place.path,
            "message": self.message,
            "remedy": self.remedy,
        }


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those of `findings` that refuse the input, in a stable order."""
    return tuple(sorted(finding for finding in findings if finding.is_error))


def printable(text: str) -> str:
    """The text with what cannot be printed, line breaks too, as escapes."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
