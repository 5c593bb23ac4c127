"""How Athena computes the values of a partition key instead of looking them up. Plain data: no construct is made here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from lakemodel.errors import DataLakeError
from lakemodel.types.model import Primitive, PrimitiveKind

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONG: Final = 2**63
_NOW: Final = re.compile(r"NOW(?:[+-][1-9][0-9]*(?:YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?")
_TOKENS: Final = {"yyyy": 4, "uuuu": 4, "MM": 2, "dd": 2, "HH": 2, "mm": 2, "ss": 2}
_PATTERN: Final = re.compile(r"yyyy|uuuu|MM|dd|HH|mm|ss|'[^']+'|[-/_.: ]|(?P<wrong>.)")
_ORDER: Final = ("y", "u", "M", "d", "H", "m", "s")
_DAY_AND_MONTH: Final = {"d", "M"}


class ProjectionUnit(StrEnum):
    """The unit of a step between dates."""

    YEARS = "YEARS"
    MONTHS = "MONTHS"
    WEEKS = "WEEKS"
    DAYS = "DAYS"
    HOURS = "HOURS"
    MINUTES = "MINUTES"
    SECONDS = "SECONDS"


@dataclass(frozen=True, slots=True)
class Projection:
    """The values that one partition key can have; make it with `enum`, `integer`, `date` or `injected`.

    See https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html

    Attributes:
        properties: What follows `projection.<key>.` in the table's parameters.
        type: The key's column type.
    """

    properties: Mapping[str, str]
    type: Primitive

    @staticmethod
    def enum(*values: str) -> Projection:
        """One of a few known texts.

        Args:
            values: At least one, each once; a comma would part it, and blanks around it would count.

        Raises:
            DataLakeError: `projection`.

        Example:
            >>> Projection.enum("eu", "us").properties["values"]
            'eu,us'
        """
        wrong = [one for one in values if not one or one != one.strip() or "," in one]
        if not values or wrong or len(set(values)) != len(values):
            found = ", ".join(map(repr, wrong or values)) or "no value"
            raise _refused(f"got {found}; an enum takes at least one value, each once, without commas and without blanks around it")
        return Projection({"type": "enum", "values": ",".join(values)}, _TEXT)

    @staticmethod
    def integer(first: int, last: int, *, interval: int | None = None, digits: int | None = None) -> Projection:
        """Whole numbers from `first` to `last`, both included.

        Args:
            first: The least, of 64 bits with a sign.
            last: The greatest.
            interval: From one value to the next; 1 when left out.
            digits: How many each value is written with, zeros in front; as many as it has when left out.

        Raises:
            DataLakeError: `projection`.
        """
        if not -_LONG <= first <= last < _LONG:
            raise _refused(f"got the range {first} to {last}; an integer takes two numbers of 64 bits, the lesser first")
        said = {"type": "integer", "range": f"{first},{last}"}
        if interval is not None:
            said["interval"] = str(_positive("interval", interval))
        if digits is not None:
            said["digits"] = str(_positive("digits", digits))
            if len(str(max(abs(first), abs(last)))) > digits:
                raise _refused(f"got {digits} digits for the range {first} to {last}; give as many as the longest value has")
        return Projection(said, Primitive(PrimitiveKind.BIGINT))

    @staticmethod
    def date(form: str, first: str, last: str = "NOW", *, interval: int | None = None, unit: ProjectionUnit | None = None) -> Projection:
        """Dates or times from `first` to `last`, both included.

        Args:
            form: How a value is written, in Java's letters: yyyy, MM, dd, HH, mm, ss, with - / _ . : or quoted text between.
            first: In that form, or `NOW`, or `NOW-3YEARS`, which Athena reckons in UTC.
            last: The same; the time of the query when left out.
            interval: From one value to the next; 1 when left out. Needs `unit`.
            unit: Of the interval; days or months when left out, which `form` has to end in.

        Raises:
            DataLakeError: `projection`.

        Example:
            >>> Projection.date("yyyy/MM/dd", "2024/01/01").properties["range"]
            '2024/01/01,NOW'
        """
        expression, letters = _read_form(form)
        ends = [_read_end(one, form, expression, letters) for one in (first, last)]
        if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
            raise _refused(f"got the range {first} to {last}; give the earlier one first")
        finest = max(letters, key=_ORDER.index)
        if unit is None and (interval is not None or finest not in _DAY_AND_MONTH):
            raise _refused(
                f"got the form {form} and no unit; name one of {', '.join(ProjectionUnit)}: only single days and months need none"
            )
        said = {"type": "date", "format": form, "range": f"{first},{last}"}
        if unit is not None:
            said |= {"interval": str(1 if interval is None else _positive("interval", interval)), "interval.unit": unit.value}
        return Projection(said, _TEXT)

    @staticmethod
    def injected() -> Projection:
        """Any text: each query has to say `key = 'value'`, or Athena refuses it."""
        return Projection({"type": "injected"}, _TEXT)


_TEXT: Final = Primitive(PrimitiveKind.STRING)


def _refused(message: str) -> DataLakeError:
    return DataLakeError(message, code="projection", where="Projection")


def _positive(what: str, value: int) -> int:
    if value < 1:
        raise _refused(f"got {what} {value}; it has to be 1 or more")
    return value


def _read_form(form: str) -> tuple[re.Pattern[str], list[str]]:
    """An expression for values of that form, and the letters of its parts in order."""
    expression, letters = "", []
    for match in _PATTERN.finditer(form):
        part = match[0]
        if match["wrong"] is not None:
            raise _refused(f"got the form {form}; {part} is none of {', '.join(_TOKENS)}, - / _ . : and quoted text")
        if part in _TOKENS:
            letters.append(part[0])
            expression += f"([0-9]{{{_TOKENS[part]}}})"
        else:
            expression += re.escape(part.strip("'"))
    if not letters or len(set(letters)) != len(letters) or "," in form:
        raise _refused(f"got the form {form or 'without a letter'}; each of {', '.join(_TOKENS)} may stand in it once, and no comma")
    return re.compile(expression), letters


def _read_end(end: str, form: str, expression: re.Pattern[str], letters: list[str]) -> tuple[int, ...] | None:
    """The end of a range as numbers, coarsest first; None for one that is reckoned from now."""
    if _NOW.fullmatch(end):
        return None
    match = expression.fullmatch(end)
    if match is None:
        raise _refused(f"got {end} for the form {form}; write it in that form, or as NOW, NOW-3YEARS, NOW+1DAY")
    parts = dict(zip(letters, map(int, match.groups()), strict=True))
    most = {"M": (1, 12), "d": (1, 31), "H": (0, 23), "m": (0, 59), "s": (0, 59)}
    if any(not least <= parts[letter] <= greatest for letter, (least, greatest) in most.items() if letter in parts):
        raise _refused(f"got {end} for the form {form}; that is no date")
    return tuple(parts[letter] for letter in _ORDER if letter in parts)
