"""The break-glass role opens for named users with a second factor, and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.baseline import BreakGlassRole
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from tests.constructs.baseline.test_boundary import plain
from tests.support import ACCOUNT, new_stack, resources, template

SECURITY, ORGANIZATION = "333333333333", "o-exampleorgid"
USER = f"arn:aws:iam::{SECURITY}:user/break-glass/ada"
MFA = {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "10"}


@pytest.fixture(scope="module")
def role() -> dict[str, Any]:
    """The role's properties."""
    stack = new_stack()
    BreakGlassRole(stack, "BreakGlass", trusted_account=SECURITY, organization_id=ORGANIZATION)
    synthesized = template(stack)
    assert {each["Type"] for each in synthesized["Resources"].values()} == {"AWS::IAM::Role"}
    (found,) = resources(synthesized, "AWS::IAM::Role").values()
    properties: dict[str, Any] = plain(found["Properties"])
    return properties


CALLERS = [
    ("a user with a second factor", USER, MFA, ORGANIZATION, True),
    ("a user without one", USER, {}, ORGANIZATION, False),
    ("a user whose session has none", USER, {**MFA, "aws:MultiFactorAuthPresent": "false"}, ORGANIZATION, False),
    ("a user whose second factor is old", USER, {**MFA, "aws:MultiFactorAuthAge": "3600"}, ORGANIZATION, False),
    ("a user of whose second factor only the age is told", USER, {"aws:MultiFactorAuthAge": "10"}, ORGANIZATION, False),
    ("another user", f"arn:aws:iam::{SECURITY}:user/ada", MFA, ORGANIZATION, False),
    ("a user with the path in the name of another", f"arn:aws:iam::{SECURITY}:user/people/break-glass/ada", MFA, ORGANIZATION, False),
    ("a role", f"arn:aws:iam::{SECURITY}:role/break-glass/ada", MFA, ORGANIZATION, False),
    ("a session named so", f"arn:aws:sts::{SECURITY}:assumed-role/Admin/break-glass", MFA, ORGANIZATION, False),
    ("the root user", f"arn:aws:iam::{SECURITY}:root", MFA, ORGANIZATION, False),
    ("a user of the role's own account", f"arn:aws:iam::{ACCOUNT}:user/break-glass/ada", MFA, ORGANIZATION, False),
    ("a user when the account has left", USER, MFA, "o-somebodyelse", False),
]


@pytest.mark.parametrize(("caller", "context", "organization", "passes"), [case[1:] for case in CALLERS], ids=[case[0] for case in CALLERS])
def test_who_may_break_the_glass(role: dict[str, Any], caller: str, context: dict[str, str], organization: str, *, passes: bool) -> None:
    """Every condition is needed."""
    decision = decide(
        caller,
        "sts:AssumeRole",
        f"arn:aws:iam::{ACCOUNT}:role/BreakGlass",
        context=context,
        organization=organization,
        identity={"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
        trust_policy=role["AssumeRolePolicyDocument"],
    )
    assert (decision.word == "allowed") is passes, decision


def test_it_is_for_an_hour_and_for_everything(role: dict[str, Any]) -> None:
    """One managed policy, a short session, a tag to find it by, the name that guardrails exempt."""
    assert role["RoleName"] == "BreakGlass"
    assert role["MaxSessionDuration"] == 3600
    assert role["ManagedPolicyArns"] == ["arn:aws:iam::aws:policy/AdministratorAccess"]
    assert {"Key": "break-glass", "Value": "true"} in role["Tags"]
    assert "Path" not in role


def test_name_path_and_organization_are_what_is_said() -> None:
    """A role of another name, users of another path, an account in no organisation."""
    stack = new_stack()
    BreakGlassRole(stack, "BreakGlass", trusted_account=SECURITY, organization_id=None, role_name="Fire", path="/fire/")
    (found,) = resources(template(stack), "AWS::IAM::Role").values()
    properties = plain(found["Properties"])
    (statement,) = properties["AssumeRolePolicyDocument"]["Statement"]
    assert properties["RoleName"] == "Fire"
    assert statement["Condition"]["ArnLike"] == {"aws:PrincipalArn": f"arn:aws:iam::{SECURITY}:user/fire/*"}
    assert "aws:PrincipalOrgID" not in str(statement)


@pytest.mark.parametrize("path", ["/", "", "break-glass", "/break-glass", "/*/", "//"])
def test_fails_for_a_path_that_others_have(path: str) -> None:
    """Every user would be let in."""
    with pytest.raises(DataLakeError, match=r"^Test/BreakGlass: got the path .* allowed is one such as /break-glass/") as caught:
        BreakGlassRole(new_stack(), "BreakGlass", trusted_account=SECURITY, organization_id=None, path=path)
    assert caught.value.code == "break_glass_path"


def test_fails_for_something_that_is_no_account() -> None:
    """Such as everybody."""
    with pytest.raises(DataLakeError, match=r"^Test/BreakGlass: got the trusted account '\*'") as caught:
        BreakGlassRole(new_stack(), "BreakGlass", trusted_account="*", organization_id=None)
    assert caught.value.code == "break_glass_account"
