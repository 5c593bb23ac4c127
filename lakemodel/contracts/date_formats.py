"""Date patterns as contracts write them, held against those that Spark reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lakemodel.contracts.report import quoted

if TYPE_CHECKING:
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path

_ISO: Final = frozenset({"iso8601", "iso-8601", "iso", "iso 8601", "date", "date-time", "datetime", "rfc3339", "rfc-3339", "yyyy-mm-dd"})
_LETTERS: Final = frozenset("GyQqMLdEFahkKHmsSVzOXxD")
_QUOTED: Final = re.compile(r"'[^']*'")


def has_time_of_day(pattern: str) -> bool:
    """Whether a pattern has hours.

    Example:
        >>> has_time_of_day("yyyy-MM-dd HH:mm"), has_time_of_day("dd 'at' MM")
        (True, False)
    """
    stripped = pattern.strip().lower()
    return stripped in {"date-time", "datetime"} or (bool(re.search(r"%H|%I|[HhKk]", _QUOTED.sub("", pattern))) and stripped not in _ISO)


def date_format(reading: Reading, place: Path, written: str) -> str | None:
    """The Java pattern that a contract means; None for ISO 8601, and with an error for what is no pattern.

    See https://spark.apache.org/docs/3.5.4/sql-ref-datetime-pattern.html
    """
    stripped = written.strip()
    if stripped.lower() in _ISO and stripped != "YYYY-MM-DD":
        return None
    remedy = "Write it as a Java pattern, such as yyyy-MM-dd or dd/MM/yyyy HH:mm:ss."
    if "%" in stripped:
        reading.report.error(place, "date_format", f"format {quoted(written)} is no Java pattern", remedy)
        return None
    letters = set(re.findall(r"[A-Za-z]", _QUOTED.sub("", stripped)))
    if "Y" in letters or "DD" in _QUOTED.sub("", stripped).replace("DDD", ""):
        message = f"format {quoted(written)} means the year of the week (Y) or the day of the year (D) in Java"
        suggestion = stripped.replace("YYYY", "yyyy").replace("YY", "yy").replace("DD", "dd")
        reading.report.error(place, "date_format", message, f"Write {suggestion}.")
        return None
    unknown = sorted(letters - _LETTERS)
    if unknown or not letters or stripped.count("'") % 2:
        found = f"has {', '.join(unknown)}, which Spark does not read" if unknown else "is no date pattern"
        reading.report.error(place, "date_format", f"format {quoted(written)} {found}", remedy)
        return None
    return stripped
