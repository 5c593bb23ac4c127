"""What single rules say of hand-made stacks, for tests of what cases cannot hold: unknown values, hostile ones, several accounts."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from lakecheck.checks import rules
from lakecheck.rules import all_rules
from lakecheck.snapshot import Snapshot
from tests.lakecheck.rules.snapshots import ACCOUNT, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly import StackTemplate
    from lakecheck.rules import Rule

OPEN = {"Parameters": {"What": {"Type": "String"}}, "Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "What"}, "yes"]}}}
"""A parameter without a value, and a condition on it."""
WHAT = {"Ref": "What"}
"""What is not known."""

_HOSTILE = (
    None,
    3,
    True,
    "",
    "*",
    "9" * 5000,
    '{"Statement": [',
    [],
    {},
    [None, 1],
    [[{"a": []}]],
    {"a": {"b": None}},
    WHAT,
    [WHAT],
    {"Fn::Sub": "arn:${What}:iam::${What}:role/${What}"},
    {"Fn::GetAtt": ["Nowhere", "Arn"]},
    {"Fn::If": ["Wanted", "a", {"Ref": "AWS::NoValue"}]},
)


@cache
def _by_id() -> Mapping[str, Rule]:
    return {rule.id: rule for rule in all_rules()}


def said(rule: str, resources: Mapping[str, Any], *others: StackTemplate) -> list[str]:
    """What a rule complains of in a stack and others beside it, each as `severity: message`."""
    own = snapshot_of(resources, **OPEN).assembly
    snapshot = Snapshot(replace(own, stacks=(*own.stacks, *others)))
    return [f"{each.severity.value}: {each.message}" for each in rules.check(snapshot, [_by_id()[rule]]).findings]


def stack_of(resources: Mapping[str, Any], account: str = ACCOUNT, **changed: Any) -> StackTemplate:
    """Another stack, in an account of its own."""
    stack = snapshot_of(resources, **OPEN).assembly.stacks[0]
    return replace(stack, account=account, path=f"Prod/Of{account}", stack_name=f"Prod-Of{account}", **changed)


def made_hostile(case: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A case as often as it has places in its properties, each time with something there that is not meant to be."""
    turn = count()
    for path in _paths(case):
        if len(path) > 1 and path[1] == "Properties":
            changed = copy.deepcopy(dict(case))
            inside: Any = changed
            for key in path[:-1]:
                inside = inside[key]
            inside[path[-1]] = copy.deepcopy(_HOSTILE[next(turn) % len(_HOSTILE)])
            yield changed


def _paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    if isinstance(value, dict | list | tuple):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _paths(inner, (*above, key))
