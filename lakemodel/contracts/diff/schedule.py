"""Compares when a product is ingested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakemodel.contracts.context import Reading
from lakemodel.contracts.diff.comparison import ABSENT, Comparison, Handler, Pair
from lakemodel.contracts.diff.custom import custom_properties, own_name
from lakemodel.contracts.nodes import items_of
from lakemodel.contracts.report import Report
from lakemodel.contracts.schedules import schedule_of

if TYPE_CHECKING:
    from lakemodel.contracts.diff.sides import Side
    from lakemodel.contracts.model import Schedule


def compare_schedules(comparison: Comparison, pair: Pair) -> Handler:
    """Notes what two schedules differ in, and gives the handler of a contract's other custom properties."""
    (base, is_read), (head, is_read_too) = (_schedule(side) for side in (comparison.base, comparison.head))
    is_known = is_read and is_read_too
    if not is_known or base == head:
        return custom_properties(is_known=is_known)
    comparison.note(_rule(base, head), _place(pair), was=_said(base), now=_said(head))
    return custom_properties(frozenset({"schedule"}))


def _schedule(side: Side) -> tuple[Schedule | None, bool]:
    """The schedule, and whether it could be told; what is wrong with it is told by the contract itself."""
    stated = [one.get("value") for _, one in items_of(side.data, "customProperties") if own_name(one) == "schedule"]
    if len(stated) != 1:
        return None, not stated
    found = schedule_of(Reading(Report(side.document), side.rules), {"schedule": ((), stated[0])})
    return found, found is not None


def _rule(base: Schedule | None, head: Schedule | None) -> str:
    if base is None or head is None:
        return "schedule.added" if base is None else "schedule.removed"
    if (base.time_zone, base.days) != (head.time_zone, head.days):
        return "schedule.changed"
    if head.at < base.at:
        return "schedule.earlier"
    return "schedule.later" if head.at > base.at or head.window_minutes > base.window_minutes else "schedule.narrowed"


def _said(schedule: Schedule | None) -> Any:
    """A schedule as people say it."""
    if schedule is None:
        return ABSENT
    days = " ".join(schedule.days) or "every day"
    return f"{schedule.at} {schedule.time_zone}, {days}, within {schedule.window_minutes} minutes"


def _place(pair: Pair) -> Pair:
    """HEAD's schedule, or BASE's where it is gone."""
    places = []
    for side in (pair.base, pair.head):
        found = [(index, one) for index, one in items_of(side, "customProperties") if own_name(one) == "schedule"]
        places.append((("customProperties", found[0][0]), found[0][1]) if found else ((), ABSENT))
    return Pair(places[0][1], places[1][1], places[0][0], places[1][0])
