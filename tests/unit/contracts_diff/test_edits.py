# ruff: noqa: E501 - names of rules side by side
"""Every edit is found by the rules that are about it and by no other, there and back, alone and among others."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from lakemodel.contracts.diff.rules import RULES

from .edits import EDITS
from .support import VENDOR, Edit, changes, rules_of, side, whole

WHOLE = whole()


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_finds_each_edit_and_its_reversal(edit: Edit) -> None:
    """One thing is changed: its rules find it, nothing else does; the way back has its own rules."""
    head = edit.applied(WHOLE)
    assert head != WHOLE or json.dumps(head) != json.dumps(WHOLE)
    assert rules_of(WHOLE, head) == sorted(edit.finds)
    assert rules_of(head, WHOLE) == sorted(edit.back or edit.finds)


def test_the_contract_of_these_edits_is_good() -> None:
    """Nothing is found because something is refused."""
    assert not [str(finding) for finding in side(WHOLE).findings if finding.is_error]


def test_every_rule_is_shown_by_an_edit() -> None:
    """A rule that nothing can trigger is no rule; products as a whole are in test_folders."""
    found = {rule for edit in EDITS for rule in (*edit.finds, *edit.back)}
    elsewhere = {"product.added", "product.removed", "product.not_compared", "table.layout_changed", "delivery.timezone_changed", "other.changed",
                 "value_rule.changed"}  # fmt: skip
    assert set(RULES) - found - elsewhere == set()
    assert found <= set(RULES)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(EDITS), min_size=2, max_size=12, unique_by=lambda edit: edit.of))
def test_edits_together_are_each_found(edits: list[Edit]) -> None:
    """What several edits change is what each of them changes: none hides another, none is told twice."""
    together = WHOLE
    for edit in edits:
        together = edit.applied(together)
    told = [(change.rule.id, change.path, change.was, change.now) for change in changes(WHOLE, together)]
    for edit in edits:
        for change in changes(WHOLE, edit.applied(WHOLE)):
            if change.rule.id not in _LISTS:
                assert (change.rule.id, change.path, change.was, change.now) in told, edit.name
    allowed = sorted(rule for edit in edits for rule in edit.finds)
    assert sorted({rule for rule, *_ in told} - {"spelling.changed"}) == sorted(set(allowed) - {"spelling.changed"})


_LISTS = {"column.reordered", "delivery.positions_changed", "primary_key.changed", "partition.changed", "partition.dropped", "spelling.changed",
          "classification.lowered", "enum.added", "type.widened", "field.reordered", "delivery.changed", "quality.changed"}  # fmt: skip
"""Rules whose values are about more than one thing: other edits show in them too."""


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(EDITS))
def test_the_order_of_keys_says_nothing(seed: int, edit: Edit) -> None:
    """However the keys of mappings are ordered, the same is found; in two orders of one contract, nothing is."""
    shuffled = _shuffled(WHOLE, random.Random(seed))  # noqa: S311
    assert changes(WHOLE, shuffled) == ()
    assert rules_of(shuffled, edit.applied(WHOLE)) == sorted(edit.finds)


def _shuffled(node: Any, order: random.Random) -> Any:
    if isinstance(node, list):
        return [_shuffled(one, order) for one in node]
    if not isinstance(node, dict):
        return node
    keys = list(node)
    order.shuffle(keys)
    return {key: _shuffled(node[key], order) for key in keys}


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("value_rule.changed", {"multipleOf": 5}, {"multipleOf": 7}),
        ("value_rule.changed", {"minimum": 5}, {"minimum": "five"}),
        ("delivery.timezone_changed", {"defaultTimezone": "Europe/Berlin"}, {"defaultTimezone": "UTC"}),
        ("other.changed", {"unheard": 1}, {"unheard": 2}),
    ],
)
def test_options_that_cannot_be_weighed(rule: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Both states have the option, and another value."""
    base, head = copy.deepcopy(WHOLE), copy.deepcopy(WHOLE)
    base["schema"][0]["properties"][2]["logicalTypeOptions"] = before
    head["schema"][0]["properties"][2]["logicalTypeOptions"] = after
    assert rules_of(base, head) == [rule]


def test_layouts_of_this_project_that_are_new_here() -> None:
    """A property of this project that no rule is about lays the table out until one is."""
    head = copy.deepcopy(WHOLE)
    head["schema"][1]["customProperties"].append({"property": "somethingNew", "value": "x", "vendor": VENDOR})
    assert rules_of(WHOLE, head) == ["table.layout_changed"]


def test_places_lead_to_what_changed() -> None:
    """The path names what is at the line, in HEAD, or in BASE for what is gone."""
    head = copy.deepcopy(WHOLE)
    head["schema"][0]["properties"][4]["physicalType"] = "decimal(10,2)"
    del head["schema"][0]["properties"][5]
    narrowed, gone = changes(WHOLE, head)
    assert (narrowed.path, narrowed.was, narrowed.now) == ("schema.orders.properties.total", "decimal(12,2)", "decimal(10,2)")
    assert (gone.path, gone.was, gone.now, gone.is_gone) == ("schema.orders.properties.state", "string", None, True)
