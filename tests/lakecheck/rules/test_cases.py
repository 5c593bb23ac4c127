"""Every rule's own cases: what complies, what fails, what it does not apply to; and what the catalogue needs of each rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.checks import rules
from lakecheck.rules import all_rules
from lakecheck.snapshot import Snapshot
from tests.lakecheck.rules.snapshots import snapshot_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.rules import Rule

RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)


def judged(rule: Rule, resources: Mapping[str, Any]) -> tuple[int, int]:
    """How many subjects the rule has in a template, and how often it complains."""
    result = rules.check(snapshot_of(resources), [rule])
    return result.evidence[0].looked_at, len(result.findings)


@RULES
def test_compliant_cases_are_looked_at_and_comply(rule: Rule):
    for case in rule.cases.compliant:
        looked_at, complaints = judged(rule, case)
        assert looked_at
        assert not complaints


@RULES
def test_failing_cases_fail_with_a_place_and_a_remedy(rule: Rule):
    for case in rule.cases.failing:
        found = rules.check(snapshot_of(case), [rule]).findings
        assert found
        assert all(each.logical_id in case and each.remedy for each in found)
        assert any(each.severity is rule.severity for each in found)


@RULES
def test_not_applicable_cases_have_nothing_to_look_at(rule: Rule):
    for case in rule.cases.not_applicable:
        assert judged(rule, case) == (0, 0)


@RULES
def test_a_rule_is_called_after_its_module_and_explains_itself(rule: Rule):
    assert rule.judge.__module__ == f"lakecheck.rules.{rule.id}"
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.rationale.endswith(".")
    assert rule.remedy.endswith(".")
    assert rule.source.startswith("https://docs.aws.amazon.com/")
    assert rule.cases.compliant
    assert rule.cases.failing
    assert rule.cases.not_applicable


def test_ids_are_unique_and_no_two_rules_say_the_same():
    ids, titles = ([getattr(rule, name) for rule in all_rules()] for name in ("id", "title"))
    assert len(set(ids)) == len(ids)
    assert len(set(titles)) == len(titles)


def test_the_snapshot_of_nothing_is_judged_without_a_finding():
    result = rules.check(Snapshot(snapshot_of({}).assembly), all_rules())
    assert result.findings == ()
