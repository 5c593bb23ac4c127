"""The invariants as a validation plugin: a synth that would let somebody read too much fails, and says who."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, Environment, Stack, aws_iam as iam, aws_s3 as s3

from constructs_lib.compliance import add_access_invariants
from lakemodel.errors import DataLakeError, InvalidInput
from tests.support import ACCOUNT, REGION, new_app

if TYPE_CHECKING:
    from pathlib import Path

RULES = """\
version: 1
classifications: [public, restricted]
invariants:
  - id: nobody-reads
    says: Nobody reads the bucket.
    forbid: { do: [read] }
"""


def synthesized(tmp_path: Path, *, readers: int, rules: str = RULES) -> tuple[bool, dict[str, Any]]:
    """Whether the synth of one bucket passed, and what the plugin reported."""
    (tmp_path / "access.yaml").write_text(rules)
    app = new_app(tmp_path / "cdk.out")
    add_access_invariants(app, tmp_path / "access.yaml")
    stack = Stack(app, "Lake", env=Environment(account=ACCOUNT, region=REGION))
    bucket = s3.CfnBucket(stack, "Bucket")
    for number in range(readers):
        role = iam.Role(stack, f"Notebook{number}", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=[f"{bucket.attr_arn}/*"]))
    passed = True
    try:
        app.synth()
    except RuntimeError as error:
        assert "ValidationFailed" in str(error)  # noqa: PT017 - anything else is a fault of the test
        passed = False
    reports = json.loads((tmp_path / "cdk.out" / "validation-report.json").read_text())["pluginReports"] if not passed else []
    return passed, next((report for report in reports if report["pluginName"] == "lakecheck"), {})


def test_a_synth_that_lets_somebody_read_fails_and_says_who(tmp_path: Path) -> None:
    """The invariant's id, its sentence, and the principal stand in the validation report."""
    passed, report = synthesized(tmp_path, readers=1)
    assert not passed
    violation = report["violations"][0]
    assert violation["ruleName"] == "nobody-reads"
    assert "REFUTED" in violation["description"]
    assert "Notebook" in violation["description"]
    assert violation["violatingConstructs"][0]["constructPath"].startswith("Lake/")


def test_a_clean_synth_passes(tmp_path: Path) -> None:
    """A bucket that nobody may read is no violation."""
    passed, _ = synthesized(tmp_path, readers=0)
    assert passed


def test_what_cannot_be_judged_fails(tmp_path: Path) -> None:
    """An exception that is too wide is found only over the app: it is a violation, no stack trace."""
    wide = RULES + '    except: [{ principal: "*", because: whoever it is }]\n'
    passed, report = synthesized(tmp_path, readers=2, rules=wide)
    assert not passed
    assert report["violations"][0]["ruleName"] == "unreadable"
    assert "fits 2 principals" in report["violations"][0]["description"]


def test_fails_when_the_rules_cannot_be_read(tmp_path: Path) -> None:
    """Bad rules stop the app at once, with their place."""
    (tmp_path / "access.yaml").write_text("version: 1\n")
    with pytest.raises(InvalidInput, match=r"access\.yaml.*invariants is missing"):
        add_access_invariants(App(), tmp_path / "access.yaml")


def test_fails_when_added_to_something_else(tmp_path: Path) -> None:
    """Validation belongs to apps and stages; a stack would see itself alone."""
    (tmp_path / "access.yaml").write_text(RULES)
    with pytest.raises(DataLakeError, match="an App or a Stage"):
        add_access_invariants(Stack(App(), "Lake"), tmp_path / "access.yaml")  # type: ignore[arg-type]
