"""What is asked of one column, and how values and patterns become checks of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.model import Check, CheckKind, GateRule
from lakemodel.contracts.report import quoted
from lakemodel.types.model import List, Map, Primitive, PrimitiveKind, Struct

if TYPE_CHECKING:
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path
    from lakemodel.types.model import DataType

STRING: Final = Primitive(PrimitiveKind.STRING)
_BINARY: Final = Primitive(PrimitiveKind.BINARY)
_TEMPORAL: Final = frozenset(Primitive(kind) for kind in (PrimitiveKind.DATE, PrimitiveKind.TIMESTAMP, PrimitiveKind.TIMESTAMP_NTZ))


@dataclass(slots=True)
class Demands:
    """What is asked of one column.

    Attributes:
        name: The column's in the catalog.
        null_marker: The delivered text that is NULL; None where no text is.
        gate: What has to hold of a delivery.
    """

    name: str
    type: DataType
    null_marker: str | None = None
    checks: list[Check] = field(default_factory=list)
    gate: list[GateRule] = field(default_factory=list)
    required: bool = False
    unique: bool = False
    date_format: str | None = None


def unchecked(reading: Reading, path: Path, what: str, why: str) -> None:
    """Says that something which the contract asks is not carried out."""
    reading.report.note(path, "not_enforced", f"{what} is not enforced: {why}")


def require_pattern(reading: Reading, place: Path, value: str, found: Demands, *, is_warning: bool = False) -> Check | None:
    """Adds the check of a pattern; None, with a finding, where there can be none."""
    if found.type != STRING:
        unchecked(reading, place, "pattern", "the column is no text")
        return None
    if not compiles(value):
        message = f"the pattern {quoted(value)} is no regular expression"
        reading.report.error(place, "pattern", message, "Correct its brackets and escapes.")
        return None
    check = Check(kind=CheckKind.PATTERN, value=value, is_warning=is_warning)
    found.checks.append(check)
    return check


def compiles(pattern: str) -> bool:
    """Whether a pattern is one, as far as Python can tell: what only Java knows is taken out first."""
    try:
        re.compile(for_python(pattern))
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def for_python(pattern: str) -> str:
    """A Java pattern in words that Python knows, near enough to see whether it is one."""
    plain = re.sub(r"\\[pP](\{[^}]*\}|[A-Z])", "x", pattern)
    plain = re.sub(r"\(\?<(?![=!])", "(?P<", plain)
    return re.sub(r"\\[zZhHvVRXGQE]", "x", plain)


def allow(reading: Reading, place: Path, values: list[Any], found: Demands, *, is_warning: bool = False) -> Check | None:
    """Adds the check of a list of values, NULL satisfying it anyway; None, with a note, where there can be none."""
    listed = [one for one in values if one is not None]
    if found.type == STRING or found.type in _TEMPORAL:
        listed = [one if isinstance(one, str) else str(one).lower() if isinstance(one, bool) else str(one) for one in listed]
    is_plain = not isinstance(found.type, Struct | List | Map) and found.type != _BINARY
    fits = all(isinstance(one, str | int | float) for one in listed)
    if not (is_plain and fits and listed):
        unchecked(reading, place, "the list of allowed values", "values of this type are not compared")
        return None
    check = Check(kind=CheckKind.ENUM, value=tuple(listed), is_warning=is_warning)
    found.checks.append(check)
    return check
