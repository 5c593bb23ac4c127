"""Lake Formation's connection to Identity Center: what is declared, what its function may do."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.organization.identity import LakeFormationIdentityCenter
from constructs_lib.organization.identity.lake_formation import CONNECTION_TYPE
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from tests.constructs.organization.resolved import resolved
from tests.support import ACCOUNT, new_stack, resources, template

INSTANCE = "ssoins-1234567890abcdef"
FUNCTION = f"arn:aws:iam::{ACCOUNT}:role/Function"
CONSUMER = "444444444402"


def _made(**props: Any) -> dict[str, Any]:
    stack = new_stack()
    LakeFormationIdentityCenter(stack, "IdentityCenter", instance=INSTANCE, **props)
    made: dict[str, Any] = resolved(template(stack))
    return made


def _policy(made: dict[str, Any]) -> dict[str, Any]:
    (policy,) = resources(made, "AWS::IAM::ManagedPolicy").values()
    document: dict[str, Any] = policy["Properties"]["PolicyDocument"]
    document["Statement"] = [each for each in document["Statement"] if each["Sid"] != "WriteLog"]  # its resource is a reference
    return document


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """A connection that another account shares."""
    return _made(share_recipients=[CONSUMER])


def test_what_is_declared(made: dict[str, Any]) -> None:
    """The instance, with whom it is shared, and where it is remembered what was there."""
    (resource,) = resources(made, CONNECTION_TYPE).values()
    declared = {key: value for key, value in resource["Properties"].items() if not key.startswith("Service")}
    memory = "/governed-lake/lake-formation-identity-center"
    assert declared == {"Instance": INSTANCE, "ShareRecipients": [CONSUMER], "MemoryParameter": memory}


@pytest.mark.parametrize(
    ("action", "resource", "word"),
    [
        ("lakeformation:CreateLakeFormationIdentityCenterConfiguration", "*", "allowed"),
        ("lakeformation:PutDataLakeSettings", "*", "implicit_deny"),
        ("sso:CreateApplication", f"arn:aws:sso:::instance/{INSTANCE}", "allowed"),
        ("sso:CreateApplication", "arn:aws:sso::aws:applicationProvider/lakeformation", "allowed"),
        ("sso:CreateApplication", "arn:aws:sso:::instance/ssoins-9999999999999999", "implicit_deny"),
        ("sso:PutApplicationGrant", f"arn:aws:sso::{ACCOUNT}:application/{INSTANCE}/apl-1234567890abcdef", "allowed"),
        ("sso:DeleteApplication", f"arn:aws:sso::999999999999:application/{INSTANCE}/apl-1234567890abcdef", "implicit_deny"),
        ("sso:CreateAccountAssignment", f"arn:aws:sso:::instance/{INSTANCE}", "implicit_deny"),
        ("ram:CreateResourceShare", "*", "allowed"),
    ],
)
def test_what_the_function_may_do(made: dict[str, Any], action: str, resource: str, word: str) -> None:
    """Applications of this account in this instance; nobody's permission sets."""
    assert decide(FUNCTION, action, resource, identity=_policy(made)).word == word


def test_without_recipients_there_is_no_sharing() -> None:
    """Nor a right to it, but the one to end what an earlier declaration began."""
    made = _made()
    (resource,) = resources(made, CONNECTION_TYPE).values()
    assert resource["Properties"]["ShareRecipients"] == []
    assert decide(FUNCTION, "ram:CreateResourceShare", "*", identity=_policy(made)).word == "implicit_deny"
    assert decide(FUNCTION, "ram:DeleteResourceShare", "*", identity=_policy(made)).word == "allowed"


@pytest.mark.parametrize("recipient", ["*", "Analysts", "arn:aws:iam::444444444402:root"])
def test_fails_when_a_recipient_is_no_account_or_organisation(recipient: str) -> None:
    """Lake Formation shares with accounts, organisations and units."""
    with pytest.raises(DataLakeError, match="got share recipient"):
        LakeFormationIdentityCenter(new_stack(), "IdentityCenter", instance=INSTANCE, share_recipients=[recipient])
