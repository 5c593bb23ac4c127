"""Compares what trails and event data stores record: whether an event is recorded no more; order, names and grouping say nothing.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html and API_AdvancedEventSelector.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.reading import at, both, canonical, flag, is_open, items, objects, said, tell, touched
from lakecheck.upgrade.security.weakening_table import AUDIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.upgrade.model import ResourceChange, Risk

_TYPES: Final = ("AWS::CloudTrail::Trail", "AWS::CloudTrail::EventDataStore")
_BASIC: Final = "EventSelectors"
_ADVANCED: Final = "AdvancedEventSelectors"
_BOTH: Final = ("reads", "writes")
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {"ReadOnly": ("reads",), "WriteOnly": ("writes",), "All": _BOTH}
_STARTS: Final = ("StartsWith", "EndsWith")
_NARROWING: Final = ("NotEquals", "NotStartsWith", "NotEndsWith")
_MANAGEMENT: Final = "management"

_Event = tuple[str, str, str]
"""Management, or a type of resource; the resource's ARN or its start, or the service that is left out; reads or writes."""


def risks(change: ResourceChange) -> Iterator[Risk]:
    """Events that were recorded and are not any more."""
    pair = both(change) if change.type in _TYPES else None
    if pair is None or not (touched(change, _BASIC) or touched(change, _ADVANCED)):
        return
    was, now = pair
    path = _BASIC if touched(change, _BASIC) else _ADVANCED
    if is_open(at(was, path)) or is_open(at(now, path)):
        if canonical(at(was, path)) != canonical(at(now, path)):
            yield _told(change, path, "which events are recorded cannot be told", is_certain=False)
        return
    if objects(at(was, _BASIC)) and objects(at(now, _ADVANCED)):
        gone = ["what its basic selectors recorded, perhaps: they become advanced ones"]
        yield _told(change, _ADVANCED, f"recorded no more: {gone[0]}", is_certain=False)
        return
    gone = [_words(event) for event in _events(was) if not any(_covers(one, event) for one in _events(now))]
    after = objects(at(now, _ADVANCED))
    gone += [
        said(selector.get("Name")) or said(selector.get("FieldSelectors"))
        for selector in objects(at(was, _ADVANCED))
        if not any(_is_wider(each, selector) for each in after)
    ]
    if gone:
        yield _told(change, path, f"recorded no more: {', '.join(dict.fromkeys(gone))}")


def _told(change: ResourceChange, path: str, message: str, *, is_certain: bool = True) -> Risk:
    was, now = (at(each, path) for each in both(change) or (None, None))
    return tell(
        change, AUDIT.rule, message, consequence=AUDIT.consequence, remedy=AUDIT.remedy, at=path, was=was, now=now, is_certain=is_certain
    )


def _events(properties: Any) -> list[_Event]:
    """What basic selectors record; a trail without any selector records management events."""
    if not objects(at(properties, _BASIC)):
        return [] if objects(at(properties, _ADVANCED)) else [(_MANAGEMENT, "", each) for each in _BOTH]
    found: list[_Event] = []
    for selector in objects(at(properties, _BASIC)):
        kinds = _KINDS.get(said(selector.get("ReadWriteType")), _BOTH)
        if flag(selector.get("IncludeManagementEvents")) is not False:
            left_out = ",".join(sorted(said(each) for each in items(selector.get("ExcludeManagementEventSources"))))
            found += [(_MANAGEMENT, left_out, each) for each in kinds]
        for data in objects(selector.get("DataResources")):
            found += [(said(data.get("Type")), said(value), each) for value in items(data.get("Values")) for each in kinds]
    return found


def _covers(one: _Event, other: _Event) -> bool:
    if one[0] != other[0] or one[2] != other[2]:
        return False
    if one[0] == _MANAGEMENT:
        return set(filter(None, one[1].split(","))) <= set(other[1].split(","))
    return other[1].startswith(one[1])


def _words(event: _Event) -> str:
    kind, what, how = event
    if kind == _MANAGEMENT:
        return f"management events ({how}{f', but for {what}' if what else ''})"
    return f"{how} of {what or kind}"


def _is_wider(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether an advanced selector takes whatever another one takes: it asks for nothing that the other does not ask for."""
    asked = {said(each.get("Field")): each for each in objects(other.get("FieldSelectors"))}
    return all(
        said(field.get("Field")) in asked and _asks_less(field, asked[said(field.get("Field"))])
        for field in objects(one.get("FieldSelectors"))
    )


def _asks_less(field: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    for name in (*_STARTS, "Equals"):
        values, before = {said(each) for each in items(field.get(name))}, {said(each) for each in items(other.get(name))}
        if values and not (before and before <= values) and not (name == "StartsWith" and before and _all_start(before, values)):
            return False
    return all({said(each) for each in items(field.get(name))} <= {said(each) for each in items(other.get(name))} for name in _NARROWING)


def _all_start(texts: set[str], starts: set[str]) -> bool:
    return all(any(text.startswith(start) for start in starts) for text in texts)
