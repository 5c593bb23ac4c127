"""Collects what is said about one contract, with its place in the file."""

from __future__ import annotations

import difflib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from lakemodel.findings import Finding, Place, Severity
from lakemodel.yaml_source import dotted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakemodel.yaml_source import Document

Path: TypeAlias = tuple[str | int, ...]

_NAMING_KEYS = ("name", "property", "role", "server", "username", "channel")
_SHOWN_NAMES = 40


@dataclass(frozen=True, slots=True)
class _Kind:
    """Findings of one kind about the columns of one table, which become one finding."""

    severity: Severity
    table: Path
    code: str
    message: str
    remedy: str


@dataclass(slots=True)
class Report:
    """The findings about one contract.

    Attributes:
        document: The contract's file.
        findings: What was said up to now, in no particular order; `finished` gives them in order.
    """

    document: Document
    findings: list[Finding] = field(default_factory=list)
    _gathered: dict[_Kind, list[str]] = field(default_factory=lambda: defaultdict(list))

    def error(self, path: Path, code: str, message: str, remedy: str) -> None:
        """Says why the contract is refused."""
        self._add(Severity.ERROR, path, code, message, remedy)

    def warning(self, path: Path, code: str, message: str, remedy: str) -> None:
        """Says what should be looked at; the contract is not refused for it."""
        self._add(Severity.WARNING, path, code, message, remedy)

    def note(self, path: Path, code: str, message: str, remedy: str = "") -> None:
        """Says what was decided, so that nothing happens unseen."""
        self._add(Severity.NOTE, path, code, message, remedy)

    def say(self, severity: Severity, path: Path, code: str, message: str, remedy: str) -> None:
        """The same for a severity that is decided elsewhere."""
        self._add(severity, path, code, message, remedy)

    def gather(self, severity: Severity, table: Path, code: str, message: str, item: str, remedy: str = "") -> None:
        """Says the same of several columns of a table in one finding, `message: a, b, c`."""
        self._gathered[_Kind(severity, table, code, message, remedy)].append(item)

    @property
    def has_errors(self) -> bool:
        """Whether the contract is refused as things stand."""
        gathered = (kind.severity for kind in self._gathered)
        return any(finding.is_error for finding in self.findings) or Severity.ERROR in gathered

    def is_refused(self, path: Path) -> bool:
        """Whether an error stands at `path` or inside it."""
        shown = self.shown(path)
        return any(
            finding.is_error and (finding.place.path == shown or finding.place.path.startswith((f"{shown}.", f"{shown}[")))
            for finding in self.findings
        )

    def finished(self) -> tuple[Finding, ...]:
        """Every finding once, in the order of the file."""
        for kind, items in self._gathered.items():
            self._add(kind.severity, kind.table, kind.code, f"{kind.message}: {listed(items)}", kind.remedy)
        self._gathered.clear()
        return tuple(sorted(set(self.findings), key=lambda one: (one.place.line or 0, one.place.path, one.code, one.message)))

    def _add(self, severity: Severity, path: Path, code: str, message: str, remedy: str) -> None:
        place = Place(self.document.file, self.document.line(path), self.shown(path))
        self.findings.append(Finding(place, f"contract.{code}", message, remedy, severity))

    def shown(self, path: Path) -> str:
        """A path as people read it: `schema.orders.properties.total`, names instead of positions."""
        node: Any = self.document.data
        parts: list[str | int] = []
        for part in path:
            node = _child(node, part)
            name = _name_of(node) if isinstance(part, int) else None
            parts.append(part if name is None else name)
        return dotted(parts)


def _child(node: Any, part: str | int) -> Any:
    try:
        return node[part]
    except (KeyError, IndexError, TypeError):
        return None


def _name_of(node: Any) -> str | None:
    if not isinstance(node, dict):
        return None
    names = (node.get(key) for key in _NAMING_KEYS)
    return next((str(name) for name in names if isinstance(name, str | int) and name != ""), None)


def listed(items: Iterable[str]) -> str:
    """Names in one line, cut when there are many."""
    names = list(dict.fromkeys(items))
    rest = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """`did you mean 'x'` for the nearest allowed word, else nothing."""
    nearest = difflib.get_close_matches(found.lower(), sorted(allowed), n=1, cutoff=0.75)
    return f", did you mean '{nearest[0]}'" if nearest else ""


def quoted(value: Any) -> str:
    """A value as findings show it, cut when it is long."""
    text = f"'{value}'" if isinstance(value, str) else repr(value)
    limit = 80
    return text if len(text) <= limit else f"{text[: limit - 4]}...'"
