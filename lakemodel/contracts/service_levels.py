"""How long data is kept and how fresh it is, out of a contract's service levels."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.nodes import items_of, text_of
from lakemodel.contracts.report import listed, quoted

if TYPE_CHECKING:
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path

_HOURS: Final = {
    **dict.fromkeys(["s", "sec", "secs", "second", "seconds"], 1 / 3600),
    **dict.fromkeys(["min", "mins", "minute", "minutes"], 1 / 60),
    **dict.fromkeys(["h", "hr", "hrs", "hour", "hours"], 1.0),
    **dict.fromkeys(["d", "day", "days"], 24.0),
    **dict.fromkeys(["w", "wk", "week", "weeks"], 24.0 * 7),
    **dict.fromkeys(["mo", "mon", "mth", "month", "months"], 24.0 * 31),
    **dict.fromkeys(["q", "quarter", "quarters"], 24.0 * 92),
    **dict.fromkeys(["y", "yr", "yrs", "year", "years"], 24.0 * 365.25),
}
"""Hours in a unit, rounded up, so that nothing is deleted a day too early."""

_PERIOD: Final = re.compile(
    r"P(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?"
)
_PERIOD_HOURS: Final = (24.0 * 365.25, 24.0 * 31, 24.0 * 7, 24.0, 1.0, 1 / 60, 1 / 3600)
_WORDS: Final = re.compile(r"(\d{1,7}(?:\.\d{1,6})?)\s*([a-zA-Z]+)")
_MAX_DAYS: Final = 36_600
_HOURS_OF_A_DAY: Final = 24.0


def service_levels(reading: Reading, contract: dict[str, Any], tables: set[str]) -> tuple[int | None, int | None]:
    """(retention in days, freshness in hours); None for what is not stated."""
    retention: list[tuple[int, Path]] = []
    freshness: dict[str, int] = {}
    others: list[str] = []
    for index, level in items_of(contract, "slaProperties"):
        path = ("slaProperties", index)
        name = text_of(level, "property").lower().replace("_", "").replace("-", "")
        if name in {"retention", "retentionperiod", "dataretention"}:
            hours = _hours(reading, path, level, what="retention", is_error=True)
            if hours is not None:
                retention.append((max(1, math.ceil(hours / _HOURS_OF_A_DAY)), path))
        elif name in {"freshness", "latency"}:
            hours = _hours(reading, path, level, what=name, is_error=False)
            if hours is not None:
                freshness[name] = max(1, math.ceil(hours))
        elif name:
            others.append(text_of(level, "property"))
        _check_element(reading, path, level, tables)
    if others:
        reading.report.note(("slaProperties",), "not_enforced", f"these service levels are kept as documentation only: {listed(others)}")
    return _longest(reading, retention), freshness.get("freshness", freshness.get("latency"))


def _longest(reading: Reading, stated: list[tuple[int, Path]]) -> int | None:
    if not stated:
        return None
    days = max(one for one, _ in stated)
    if len({one for one, _ in stated}) > 1:
        message = f"retention is stated {len(stated)} times and differs; the longest, {days} days, holds for the whole product"
        reading.report.warning(stated[0][1], "retention", message, "State one retention, or split the product.")
    if days > _MAX_DAYS:
        message = f"retention is {days} days; at most {_MAX_DAYS} are allowed"
        reading.report.error(stated[0][1], "retention", message, "Leave retention out to keep data for good.")
        return None
    return days


def _hours(reading: Reading, path: Path, level: dict[str, Any], *, what: str, is_error: bool) -> float | None:
    value, unit = level.get("value"), text_of(level, "unit").lower()
    found = hours_of(value, unit)
    if found is not None and (found > 0 or what != "retention"):
        return found
    shown = f"{quoted(value)} {quoted(unit) if unit else 'without a unit'}"
    remedy = "Give a number with unit d, w, month or y (m is month or minute: write it out), or a period such as P3Y."
    tell = reading.report.error if is_error else reading.report.warning
    tell(path, what if what == "retention" else "freshness", f"{what} is {shown}, which is no length of time", remedy)
    return None


def hours_of(value: Any, unit: str) -> float | None:  # noqa: PLR0911 - one per spelling
    """The length of time that a value with its unit (lower case) stands for, in hours; None when it stands for none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value * _HOURS[unit] if unit in _HOURS and math.isfinite(value) and 0 <= value <= 10**7 else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if re.fullmatch(r"\d{1,7}(\.\d{1,6})?", text):
        return float(text) * _HOURS[unit] if unit in _HOURS else None
    if words := _WORDS.fullmatch(text):
        return float(words[1]) * _HOURS[words[2].lower()] if words[2].lower() in _HOURS else None
    period = _PERIOD.fullmatch(text.upper())
    if period is None or not any(period.groups()):
        return None
    return sum(int(part) * hours for part, hours in zip(period.groups(), _PERIOD_HOURS, strict=True) if part)


def _check_element(reading: Reading, path: Path, level: dict[str, Any], tables: set[str]) -> None:
    for element in text_of(level, "element").split(","):
        table = element.strip().partition(".")[0]
        if table and table not in tables:
            message = f"element names {quoted(element.strip())}, but the contract has no table {quoted(table)}"
            reading.report.warning((*path, "element"), "dangling_reference", message, "Correct the name.")
