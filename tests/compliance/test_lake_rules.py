"""lakecheck's rules as a validation plugin: a synth with what no pack looks at fails, unless somebody answers for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, Environment, Stack, aws_athena as athena

from constructs_lib.compliance import add_lake_rules
from constructs_lib.core import acknowledge
from lakecheck.checks import compliance, rules
from lakecheck.rules import all_rules
from lakecheck.snapshot import Snapshot
from lakemodel.errors import DataLakeError
from tests.support import ACCOUNT, REGION, new_app

if TYPE_CHECKING:
    from pathlib import Path

RULE = "query.no_scan_cap"


def synthesized(tmp_path: Path, *, cap: int | None = None, answered: bool = False) -> tuple[bool, list[dict[str, Any]]]:
    """Whether the synth of one workgroup passed, and the violations of the one rule that is asked."""
    app = new_app(tmp_path / "cdk.out")
    add_lake_rules(app, rules=[rule for rule in all_rules() if rule.id == RULE])
    stack = Stack(app, "Lake", env=Environment(account=ACCOUNT, region=REGION))
    configuration = athena.CfnWorkGroup.WorkGroupConfigurationProperty(
        enforce_work_group_configuration=True, bytes_scanned_cutoff_per_query=cap
    )
    workgroup = athena.CfnWorkGroup(stack, "Analysts", name="analysts", work_group_configuration=configuration)
    if answered:
        acknowledge(workgroup, f"lakecheck-rules::{RULE}", reason="nobody pays by the byte that is scanned here", owner="platform")
    passed = True
    try:
        app.synth()
    except RuntimeError as error:
        assert "ValidationFailed" in str(error)  # noqa: PT017 - anything else is a fault of the test
        passed = False
    report = tmp_path / "cdk.out" / "validation-report.json"
    reports = json.loads(report.read_text())["pluginReports"] if report.is_file() else []
    return passed, [violation for each in reports if each["pluginName"] == "lakecheck-rules" for violation in each["violations"]]


def test_a_synth_with_what_a_rule_forbids_fails_and_says_where(tmp_path: Path) -> None:
    passed, violations = synthesized(tmp_path)
    assert not passed
    assert [(each["ruleName"], each["violatingConstructs"][0]["constructPath"]) for each in violations] == [(RULE, "Lake/Analysts")]
    assert violations[0]["suggestedFix"]


def test_a_synth_that_complies_passes(tmp_path: Path) -> None:
    assert synthesized(tmp_path, cap=100_000_000_000) == (True, [])


def test_what_somebody_answers_for_passes(tmp_path: Path) -> None:
    """By the id that `lakecheck run` takes; there it is told once, with its owner, and not again as a pack's."""
    assert synthesized(tmp_path, answered=True) == (True, [])
    snapshot = Snapshot(_read(tmp_path / "cdk.out"))
    found = [each for each in rules.check(snapshot, all_rules()).findings if each.rule == RULE]
    assert [each.acknowledged.owner for each in found if each.acknowledged] == ["platform"]
    assert [each.rule for each in compliance.check(snapshot.assembly).findings if each.rule == RULE] == []


def test_an_open_finding_of_the_plugin_is_no_second_one_of_a_pack(tmp_path: Path) -> None:
    synthesized(tmp_path)
    result = compliance.check(_read(tmp_path / "cdk.out"))
    assert [each.rule for each in result.findings if each.rule == RULE] == []
    assert result.detail == "no pack reported"


def test_fails_when_added_to_something_else() -> None:
    """Validation belongs to apps and stages; a stack would see itself alone."""
    with pytest.raises(DataLakeError, match="an App or a Stage"):
        add_lake_rules(Stack(App(), "Lake"))  # type: ignore[arg-type]


def _read(folder: Path) -> Any:
    from lakecheck.assembly import read_assembly  # noqa: PLC0415

    return read_assembly(folder)
