"""Puts values of the wrong kind into every place of a rule's cases: a property may have any type, and no rule may raise."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from lakecheck.checks import rules
from tests.lakecheck.rules.snapshots import snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.rules import Rule

VALUES: Final[tuple[Any, ...]] = (
    None,
    0,
    True,
    [],
    {},
    "",
    [[]],
    {"a": {"b": [1]}},
    {"Fn::ImportValue": "of-nobody"},
    {"Ref": "Nothing"},
    [{"Ref": "Nothing"}, 3, None, "x"],
    '{"type":1',
    "9" * 5000,
    "*",
    [None, 1],
    {"Ref": "What"},
    [{"Ref": "What"}],
    {"Fn::Sub": "arn:${What}:iam::${What}:role/${What}"},
    {"Fn::GetAtt": ["Nowhere", "Arn"]},
    {"Fn::If": ["Wanted", "a", {"Ref": "AWS::NoValue"}]},
)

_OF_EACH: Final = 5


def places(data: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a template's resources, from their properties on."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list | tuple) else ()
    for key, each in pairs:
        if len(above) > 1:
            yield (*above, key)
        yield from places(each, (*above, key))


def broken(case: Any, place: tuple[Any, ...], value: Any) -> Any:
    """The resources with another value at one place."""
    found = copy.deepcopy(case)
    inside = found
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = copy.deepcopy(value)
    return found


def made_hostile(case: Any) -> Iterator[Any]:
    """The resources as often as they have places, each time with the next of `VALUES` at one of them."""
    for number, place in enumerate(places(case)):
        yield broken(case, place, VALUES[number % len(VALUES)])


def judge_broken(rule: Rule) -> int:
    """Judges each place of the rule's first failing and compliant case with some of `VALUES`, in turn; returns how many were judged."""
    number = 0
    for case in (rule.cases.failing[0], rule.cases.compliant[0]):
        for place in places(case):
            for _ in range(_OF_EACH):
                number += 1
                rules.check(snapshot_of(broken(case, place, VALUES[number % len(VALUES)])), [rule])
    return number
