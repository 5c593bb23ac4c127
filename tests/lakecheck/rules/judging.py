"""What one rule says about a hand-made template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.checks import rules
from lakecheck.rules import all_rules
from tests.lakecheck.rules.snapshots import snapshot_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_RULES = {rule.id: rule for rule in all_rules()}


def said(rule: str, resources: Mapping[str, Any], **sections: Any) -> list[str]:
    """Its messages in order; those about what is not known begin with a question mark."""
    found = rules.check(snapshot_of(resources, **sections), [_RULES[rule]]).findings
    return [each.message if each.is_open else f"? {each.message}" for each in found]


def looked_at(rule: str, resources: Mapping[str, Any]) -> int:
    """How many subjects it has."""
    return rules.check(snapshot_of(resources), [_RULES[rule]]).evidence[0].looked_at
