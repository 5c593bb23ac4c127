"""A policy that AWS would refuse fails the synth, with the remedy; one that is near its limit is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import aws_iam as iam

from constructs_lib.compliance import add_policy_sizes
from constructs_lib.core import acknowledge
from constructs_lib.storage import AccessLogBucket
from lakemodel.errors import DataLakeError
from lakemodel.limits import Quota, limit
from tests.support import new_app, new_stack

if TYPE_CHECKING:
    from pathlib import Path

TRUST = limit(Quota.ROLE_TRUST_POLICY_CHARACTERS).value
EMPTY = len('{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"AWS":""}}],"Version":"2012-10-17"}')


def synthesized(tmp_path: Path, share: float, *, answered: bool = False, raised: int | None = None) -> tuple[bool, list[dict[str, Any]]]:
    """Whether the synth of a role with a trust policy of that size passed, and what was told."""
    app = new_app(tmp_path / "cdk.out")
    add_policy_sizes(app, raised=None if raised is None else {Quota.ROLE_TRUST_POLICY_CHARACTERS: raised})
    stack = new_stack(app)
    AccessLogBucket(stack, "Logs")
    user = f"arn:aws:iam::444444444401:user/{'y' * 2 * TRUST}"[: int(TRUST * share) - EMPTY]
    role = iam.Role(stack, "Role", assumed_by=iam.ArnPrincipal(user))
    if answered:
        acknowledge(
            role, f"lakecheck-limits::{Quota.ROLE_TRUST_POLICY_CHARACTERS}", reason="AWS has raised it for this account", owner="us"
        )
    passed = True
    try:
        app.synth()
    except RuntimeError as error:
        assert "ValidationFailed" in str(error)  # noqa: PT017 - anything else is a fault of the test
        passed = False
    report = tmp_path / "cdk.out" / "validation-report.json"
    reports = json.loads(report.read_text())["pluginReports"] if report.is_file() else []
    return passed, [violation for each in reports if each["pluginName"] == "lakecheck-limits" for violation in each["violations"]]


def test_what_is_small_is_not_mentioned(tmp_path: Path) -> None:
    """Neither the role nor the bucket's policy."""
    assert synthesized(tmp_path, 0.7) == (True, [])


@pytest.mark.parametrize("share", [1.0, 1.2])
def test_what_is_full_or_too_large_fails_with_the_remedy(tmp_path: Path, share: float) -> None:
    """At the resource, in characters."""
    passed, (violation,) = synthesized(tmp_path, share)
    assert not passed
    assert violation["ruleName"] == "role_trust_policy_characters"
    assert violation["violatingConstructs"][0]["constructPath"] == "Test/Role/Resource"
    assert f"{int(TRUST * share):,} characters" in violation["description"]
    assert "Trust fewer principals by name" in violation["suggestedFix"]


def test_what_is_near_is_told_and_passes(tmp_path: Path) -> None:
    """Soon it cannot grow any more."""
    passed, (violation,) = synthesized(tmp_path, 0.9)
    assert passed
    assert violation["severity"] == "warning"


def test_what_somebody_answers_for_passes(tmp_path: Path) -> None:
    """By the id that `lakecheck run` takes."""
    assert synthesized(tmp_path, 1.2, answered=True) == (True, [])


def test_a_raised_quota_counts(tmp_path: Path) -> None:
    """AWS raises the one of trust policies on request."""
    assert synthesized(tmp_path, 1.2, raised=4096) == (True, [])


def test_fails_for_something_that_is_no_app_or_stage() -> None:
    """Quotas count over templates, which a stack alone does not have yet."""
    stack: Any = new_stack()
    with pytest.raises(DataLakeError, match=r"^Test: got a Stack; .*pass Stage\.of") as caught:
        add_policy_sizes(stack)
    assert caught.value.code == "sizes_scope"
