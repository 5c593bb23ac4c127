"""How long data is kept, how fresh it is and how much of it is good, out of a contract's service levels."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.model import GateRule
from lakemodel.contracts.nodes import items_of, text_of
from lakemodel.contracts.quality_rules import unique_names
from lakemodel.contracts.report import listed, quoted
from lakemodel.types.model import Primitive, PrimitiveKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.model import Table
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


_SHARES: Final = {"completeness": False, "validity": False, "errorrate": True}
"""Levels that say how much of what is delivered has to be good; True where the value is the share that may be bad."""

_PERCENT: Final = frozenset({"%", "percent", "percentage"})
_NUMBER: Final = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*(%?)")
_WHOLE: Final = 100.0
_MOMENTS: Final = frozenset(Primitive(kind) for kind in (PrimitiveKind.DATE, PrimitiveKind.TIMESTAMP, PrimitiveKind.TIMESTAMP_NTZ))


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceLevels:
    """What a contract promises about its data; None for what it does not state.

    Attributes:
        ages: Columns whose newest value is as old as the data: (table, column, hours), by the names that the contract uses.
    """

    retention_days: int | None = None
    freshness_hours: int | None = None
    completeness_percent: float | None = None
    ages: tuple[tuple[str, str, int], ...] = ()


def service_levels(reading: Reading, contract: dict[str, Any], tables: set[str]) -> ServiceLevels:
    """Everything that a contract's service levels promise and the lake can hold; what is words only is told."""
    retention: list[tuple[int, Path]] = []
    freshness: dict[str, int] = {}
    shares: list[float] = []
    ages: list[tuple[str, str, int]] = []
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
                ages += [(table, column, freshness[name]) for table, column in _columns_of(level, tables)]
        elif name in _SHARES and (share := _share(reading, path, level, is_bad=_SHARES[name])) is not None:
            shares.append(share)
        elif name and name not in _SHARES:
            others.append(text_of(level, "property"))
        _check_element(reading, path, level, tables)
    if others:
        reading.report.note(("slaProperties",), "not_enforced", f"these service levels are kept as documentation only: {listed(others)}")
    return ServiceLevels(
        retention_days=_longest(reading, retention),
        freshness_hours=freshness.get("freshness", freshness.get("latency")),
        completeness_percent=max(shares, default=None),
        ages=tuple(dict.fromkeys(ages)),
    )


def with_ages(tables: Sequence[Table], levels: ServiceLevels) -> tuple[Table, ...]:
    """The tables with a rule of the gate for each column that a freshness names: how old its newest value is; it warns only.

    A column that holds no dates or moments has no age: the freshness then is that of the product alone.
    """
    return tuple(replace(table, gate=unique_names([*table.gate, *_ages(table, levels)])) for table in tables)


def _ages(table: Table, levels: ServiceLevels) -> list[GateRule]:
    found = []
    for name, column_name, hours in levels.ages:
        column = next((one for one in table.columns if column_name in {one.name, one.source_name} and one.type in _MOMENTS), None)
        if column is not None and name in {table.name, table.source_name}:
            rule = GateRule(
                name=f"{column.name}.freshness", metric="age_hours", operator="<=", threshold=float(hours), column=column.name, blocks=False
            )
            found.append(rule)
    return found


def _share(reading: Reading, path: Path, level: dict[str, Any], *, is_bad: bool) -> float | None:
    """The percentage of rows that have to be good."""
    value, unit = level.get("value"), text_of(level, "unit").lower()
    found = _NUMBER.fullmatch(str(value).strip()) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    if found is not None and (unit in _PERCENT or (found[2] and not unit)) and float(found[1]) <= _WHOLE:
        return round(_WHOLE - float(found[1]), 6) if is_bad else float(found[1])
    name = text_of(level, "property")
    shown = f"{quoted(value)} {quoted(unit) if unit else 'without a unit'}"
    message = f"{name} is {shown}, which is no percentage of rows; it is kept as documentation only"
    reading.report.warning(path, "completeness", message, "Give a number from 0 to 100 with unit: percent.")
    return None


def _columns_of(level: dict[str, Any], tables: set[str]) -> list[tuple[str, str]]:
    """The columns that a level names, as (table, column)."""
    found = []
    for element in text_of(level, "element").split(","):
        table, _, column = element.strip().partition(".")
        if table in tables and column and "." not in column:
            found.append((table, column))
    return found


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
