"""No rule raises, whatever stands anywhere in a template: each case again, with every value of it replaced by every kind of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.checks import rules
from lakecheck.rules import all_rules
from tests.lakecheck.rules.snapshots import snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.rules import Rule

VALUES: tuple[Any, ...] = (
    None, 5, -0.5, True, "", "x", "a:b:c:d:e:f", "{", [], [None], [[{}]], ["x", 5, {}], {}, {"a": 1}, {"Ref": "Nowhere"},
)  # fmt: skip


def changed(data: Any) -> Iterator[Any]:
    """The data with one value in it replaced, at every level."""
    yield from VALUES
    if isinstance(data, dict):
        for key, inside in data.items():
            yield from ({**data, key: other} for other in changed(inside))
    elif isinstance(data, list):
        for index, inside in enumerate(data):
            yield from ([*data[:index], other, *data[index + 1 :]] for other in changed(inside))


def batches(case: dict[str, Any], size: int = 100) -> Iterator[dict[str, Any]]:
    """The case with changed resources beside its own, some in each template, and every one in one of them."""
    copies = {
        f"{logical_id}{number}": {**definition, "Properties": properties}
        for logical_id, definition in case.items()
        for number, properties in enumerate(changed(definition.get("Properties", {})))
    }
    names = list(copies)
    for start in range(0, len(names), size):
        yield {**case, **{name: copies[name] for name in names[start : start + size]}}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_no_value_makes_a_rule_raise(rule: Rule):
    """Nor do messages and places of what it then finds."""
    for case in (rule.cases.failing[0], rule.cases.compliant[0]):
        for resources in batches(case):
            result = rules.check(snapshot_of(resources), [rule])
            assert all(found.logical_id in resources and found.message for found in result.findings)


def test_the_changes_reach_every_level():
    """The generator replaces the whole, a member, and a member of a member."""
    found = list(changed({"A": [{"B": 1}]}))
    assert 5 in found
    assert {"A": 5} in found
    assert {"A": [5]} in found
    assert {"A": [{"B": "{"}]} in found
