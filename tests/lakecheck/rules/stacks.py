"""What single rules say of hand-made stacks, for tests of what cases cannot hold: unknown values, several accounts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from lakecheck.checks import rules
from lakecheck.rules import all_rules
from lakecheck.snapshot import Snapshot
from tests.lakecheck.rules.snapshots import ACCOUNT, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.assembly import StackTemplate
    from lakecheck.rules import Rule

OPEN = {"Parameters": {"What": {"Type": "String"}}, "Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "What"}, "yes"]}}}
"""A parameter without a value, and a condition on it."""
WHAT = {"Ref": "What"}
"""What is not known."""


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
