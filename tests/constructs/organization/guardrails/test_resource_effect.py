"""What resource control policies do: outsiders and confused services are stopped, the organisation and services for it are not."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.organization.guardrails import data_perimeter
from lakecheck.iam import Decision, decide
from lakemodel.errors import DataLakeError
from tests.constructs.organization.guardrails.sets import ACCOUNT, BREAK_GLASS, FULL, JOB, ORGANIZATION, resource_policies

OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
OUTSIDER = "arn:aws:iam::999999999999:role/Partner"
OBJECT = "arn:aws:s3:::lake-curated/a.parquet"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/PiiReader"
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:*"}]}


def asked(
    principal: str, action: str, resource: str, *, organization: str = "", rcps: dict[str, Any] | None = None, **context: str
) -> Decision:
    """What becomes of a call that the resource's own policy lets through, whoever it is."""
    keys = {"aws:SecureTransport": "true", **{key.replace("_", ":", 1): value for key, value in context.items()}}
    return decide(
        principal,
        action,
        resource,
        context=keys,
        identity=FULL,
        resource_policy=TRUST if action.startswith("sts:") else OPEN,
        rcps=resource_policies(**rcps or {}),
        organization=organization,
        resource_account=ACCOUNT,
        resource_organization=ORGANIZATION,
    )


CALLS = [
    ("s3:GetObject", OBJECT),
    ("s3:PutObject", OBJECT),
    ("kms:Decrypt", KEY),
    ("sts:AssumeRole", ROLE),
    ("sqs:SendMessage", "arn:aws:sqs:::q"),
]


@pytest.mark.parametrize(("action", "resource"), CALLS)
def test_outsiders_are_stopped_whatever_the_resource_says(action: str, resource: str) -> None:
    """Another organisation's principals, those in none, and nobody in particular."""
    for organization in ("o-somebodyelse", ""):
        assert asked(OUTSIDER, action, resource, organization=organization).word == "explicit_deny"
    assert asked("*", action, resource).word == "explicit_deny"


@pytest.mark.parametrize(("action", "resource"), CALLS)
def test_the_organization_goes_on(action: str, resource: str) -> None:
    """Its principals in every account, the break-glass role, services that act with their rights."""
    for principal in (JOB, BREAK_GLASS, "arn:aws:iam::444444444402:role/Analyst"):
        decision = asked(principal, action, resource, organization=ORGANIZATION)
        assert (decision.word, decision.denies) == ("allowed", ())
    assert asked(JOB, action, resource, organization=ORGANIZATION, aws_ViaAWSService="true").word == "allowed"


@pytest.mark.parametrize(("action", "resource"), CALLS)
def test_services_act_for_the_organization_only(action: str, resource: str) -> None:
    """A service that says for whom it acts is stopped when that is somebody else; one that does not say is left to the resource."""
    service = "cloudtrail.amazonaws.com"
    ours = {"aws_SourceAccount": "111111111111", "aws_SourceOrgID": ORGANIZATION}
    theirs = {"aws_SourceAccount": "999999999999", "aws_SourceOrgID": "o-somebodyelse"}
    assert asked(service, action, resource, **ours).word == "allowed"
    assert asked(service, action, resource).word == "allowed"
    assert asked(service, action, resource, **theirs).word == "explicit_deny"
    assert asked(service, action, resource, aws_SourceAccount="999999999999").word == "explicit_deny"


def test_ways_have_to_be_encrypted() -> None:
    """For everybody, an anonymous caller too."""
    assert asked(JOB, "s3:GetObject", OBJECT, organization=ORGANIZATION, aws_SecureTransport="false").word == "explicit_deny"
    stopped = asked("*", "s3:GetObject", OBJECT, aws_SecureTransport="false")
    assert any("EncryptedWays" in deny.statement.sid for deny in stopped.denies)


def test_objects_with_keys_of_the_caller_are_refused() -> None:
    """Nobody else could read them again."""
    context = {"s3_x-amz-server-side-encryption-customer-algorithm": "AES256"}
    assert asked(JOB, "s3:PutObject", OBJECT, organization=ORGANIZATION, **context).word == "explicit_deny"


def test_trusted_accounts_are_let_through_for_themselves_only() -> None:
    """As principals and as those a service acts for."""
    trusted = {"trusted_accounts": ("999999999999",)}
    assert asked(OUTSIDER, "s3:GetObject", OBJECT, organization="o-somebodyelse", rcps=trusted).word == "allowed"
    other = OUTSIDER.replace("999999999999", "888888888888")
    assert asked(other, "s3:GetObject", OBJECT, organization="o-somebodyelse", rcps=trusted).word == "explicit_deny"
    source = {"aws_SourceAccount": "999999999999", "aws_SourceOrgID": "o-somebodyelse"}
    assert asked("logging.s3.amazonaws.com", "s3:PutObject", OBJECT, rcps=trusted, **source).word == "allowed"


def test_people_of_identity_center_come_in() -> None:
    """They come by SAML, have no organisation yet, and tag their sessions."""
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
    for action in ("sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity"):
        assert not asked(provider, action, ROLE).denies, action


GITHUB = "token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("providers", "provider", "subject", "denied"),
    [
        (None, GITHUB, "repo:somebody/else:ref:refs/heads/main", False),
        ({}, GITHUB, "repo:ours/app:ref:refs/heads/main", True),
        ({GITHUB: ("repo:ours/*",)}, GITHUB, "repo:ours/app:ref:refs/heads/main", False),
        ({GITHUB: ("repo:ours/*",)}, GITHUB, "repo:oursevil/app:ref:refs/heads/main", True),
        ({GITHUB: ("repo:ours/*",)}, GITHUB, "repo:somebody/else:ref:refs/heads/main", True),
        ({GITHUB: ("repo:ours/*",)}, "accounts.google.com", "repo:ours/app", True),
        ({GITHUB: ("repo:ours/*",), "accounts.google.com": ("1",)}, "accounts.google.com", "1", False),
        ({GITHUB: ("repo:ours/*",), "accounts.google.com": ("1",)}, "accounts.google.com", "2", True),
    ],
)
def test_tokens(providers: dict[str, tuple[str, ...]] | None, provider: str, subject: str, *, denied: bool) -> None:
    """Of which providers and subjects tokens are accepted."""
    guardrails = [each.statement() for each in data_perimeter(ORGANIZATION, oidc_providers=providers)]
    decision = decide(
        provider,
        "sts:AssumeRoleWithWebIdentity",
        ROLE,
        context={"aws:SecureTransport": "true", f"{provider}:sub": subject},
        rcps=[{"Version": "2012-10-17", "Statement": guardrails}],
        trust_policy=TRUST,
    )
    assert decision.word == ("explicit_deny" if denied else "allowed")


def test_fails_when_a_service_is_not_protected_by_such_policies() -> None:
    """Glue has resource policies, but no resource control policy reaches it."""
    with pytest.raises(DataLakeError, match="allowed are s3, kms") as failure:
        data_perimeter(ORGANIZATION, services=("s3", "glue"))
    assert failure.value.code == "perimeter_unknown_service"
