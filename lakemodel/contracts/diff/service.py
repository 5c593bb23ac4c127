"""Compares service levels: how long data is kept, how fresh it is, and what else was promised about its delivery."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.diff.comparison import ABSENT, Comparison, Handler, Pair, aligned, keys, leaves, means_the_same
from lakemodel.contracts.diff.custom import custom_properties
from lakemodel.contracts.nodes import items_of, text_of
from lakemodel.contracts.service_levels import hours_of
from lakemodel.naming import normalize

if TYPE_CHECKING:
    from collections.abc import Hashable

_RETENTION: Final = frozenset({"retention", "retentionperiod", "dataretention"})
_MORE_IS_LESS: Final = frozenset(
    {*("freshness", "latency", "frequency", "errorrate", "responsetime", "timetodetect", "timetonotify", "timetorepair", "timetodeliver")}
)
"""Levels that promise more the smaller they are."""

_MORE_IS_MORE: Final = frozenset({"availability", "uptime", "throughput", "completeness", "validity", "accuracy", "reliability"})
_LATER_IS_MORE: Final = frozenset({"endofsupport", "endoflife"})
_LATER_IS_LESS: Final = frozenset({"generalavailability", "generalavailabilitydate"})
_MEASURE: Final = ("value", "valueExt", "unit")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_MONTHS: Final = {
    **dict.fromkeys(("mo", "mon", "mth", "month", "months"), 1),
    **dict.fromkeys(("q", "quarter", "quarters"), 3),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), 12),
}
_CALENDAR: Final = re.compile(r"(\d{1,5})\s*([a-z]*)")
_PERIOD: Final = re.compile(r"p(?:(\d{1,5})y)?(?:(\d{1,5})m)?")
_NUMBER: Final = re.compile(r"([-+]?\d{1,15}(?:\.\d{1,15})?)\s*%?")


def service_levels(comparison: Comparison, pair: Pair) -> None:
    """Two lists of service levels."""
    for base, head in aligned(pair.base, pair.head, _identity):
        item = pair.item(base, head)
        if not item.differs:
            continue
        name = _name(item.base if head is None else item.head)
        if name in _RETENTION:
            _retention(comparison, item, pair)
        elif base is None:
            comparison.note("service_level.added", item, now=_said(item.head))
        elif head is None:
            comparison.note("service_level.removed", item, was=_said(item.base))
        elif any(item.child(key).differs for key in _MEASURE):
            _measured(comparison, item, name)
        if base is not None and head is not None:
            for key in _MEASURE:
                item = _without(item, key)
            keys(comparison, item, _HANDLERS, leaves("service_level.changed"))


def _without(pair: Pair, key: str) -> Pair:
    base, head = ({name: value for name, value in side.items() if name != key} if isinstance(side, dict) else side
                  for side in (pair.base, pair.head))  # fmt: skip
    return Pair(base, head, pair.base_path, pair.head_path)


def _retention(comparison: Comparison, item: Pair, whole: Pair) -> None:
    """One retention; without any, data is kept for good, so that the first one cuts it, and with the last one goes what was decided."""
    was, now = (_hours(side) for side in (item.base, item.head))
    months = [_months(side) for side in (item.base, item.head)]
    if months[0] is not None and months[0] == months[1]:
        was = now
    if item.base is ABSENT:
        was = _longest(whole.base)
    elif item.head is ABSENT:
        now = _longest(whole.head)
    if item.base is not ABSENT and item.head is not ABSENT and was == now and not any(item.child(key).differs for key in _MEASURE):
        return
    if was == now:
        comparison.note("spelling.changed", item, was=_said(item.base), now=_said(item.head))
        return
    rule = "retention.removed" if now is None else "retention.cut" if was is None or now < was else "retention.lengthened"
    comparison.note(rule, item, was=_said(item.base), now=_said(item.head))


def _longest(levels: Any) -> float | None:
    """The longest retention of a contract in hours; None when it states none, so that data is kept for good."""
    stated = [_hours(level) for _, level in items_of({"": levels}, "") if _name(level) in _RETENTION]
    return max((hours for hours in stated if hours is not None), default=None)


def _hours(level: Any) -> float | None:
    return hours_of(level.get("value"), text_of(level, "unit").lower()) if isinstance(level, dict) else None


def _months(level: Any) -> int | None:
    """The months of a level that counts in months or years: twelve of the one are one of the other, though either is kept a bit longer."""
    value = level.get("value") if isinstance(level, dict) else None
    if not isinstance(value, int | str) or isinstance(value, bool):
        return None
    text = str(value).strip().lower()
    if (period := _PERIOD.fullmatch(text)) and any(period.groups()):
        return 12 * int(period[1] or 0) + int(period[2] or 0)
    found = _CALENDAR.fullmatch(text)
    in_unit = None if found is None else _MONTHS.get(found[2] or text_of(level, "unit").lower())
    return None if found is None or in_unit is None else int(found[1]) * in_unit


def _measured(comparison: Comparison, item: Pair, name: str) -> None:
    was, now = (_amount(side, name) for side in (item.base, item.head))
    rule = "service_level.changed"
    if was is not None and now is not None and was[0] == now[0]:
        is_smaller_better = name in _MORE_IS_LESS | _LATER_IS_LESS
        if was[1] == now[1]:
            rule = "spelling.changed"
        elif (now[1] < was[1]) == is_smaller_better:
            rule = "service_level.strengthened"
        else:
            rule = "service_level.weakened"
    comparison.note(rule, item, was=_said(item.base), now=_said(item.head))


def _amount(level: dict[str, Any], name: str) -> tuple[str, Any] | None:
    """What a level promises as (what it is measured in, how much); None where more or less cannot be told."""
    if level.get("valueExt") not in (None, level.get("value")):
        return None
    value, unit = level.get("value"), text_of(level, "unit").lower()
    hours = hours_of(value, unit)
    if name in _MORE_IS_LESS and hours is not None:
        return ("hours", hours)
    if name in _MORE_IS_LESS | _MORE_IS_MORE:
        number = _NUMBER.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
        is_share = unit in {"%", "percent", "percentage"} or str(value).strip().endswith("%")
        return ("%" if is_share else unit, float(number[1])) if number else None
    if name in _LATER_IS_MORE | _LATER_IS_LESS and isinstance(value, str) and _DAY.fullmatch(value.strip()):
        return ("day", value.strip())
    return None


def _name(level: Any) -> str:
    return normalize(text_of(level, "property")).replace("_", "")


def _identity(level: Any) -> Hashable:
    return (_name(level), text_of(level, "element"), text_of(level, "driver")) if text_of(level, "property") else None


def _said(level: Any) -> Any:
    """A level as people say it: `6 h`."""
    if not isinstance(level, dict):
        return ABSENT
    parts = [level.get(key) for key in _MEASURE]
    return " ".join(str(part) for part in parts if part is not None) or "no value"


_HANDLERS: Final[dict[str, Handler]] = {
    **dict.fromkeys(("description", "id", "authoritativeDefinitions"), leaves("documentation.changed")),
    **dict.fromkeys(("property", "element", "driver"), means_the_same),
    "customProperties": custom_properties(),
}
"""A schedule, or any other word of a level that is not its value, says when or how it is met."""
