"""The reference's guardrails, read as an attacker would; and that an organisation of many environments keeps within the quotas."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any, Final

import pytest
import yaml

from constructs_lib.organization.guardrails.identities import exempt_roles_kept
from constructs_lib.organization.guardrails.packing import document, pack
from lakecheck.iam import Policy, decide, parse_policy
from lakemodel.config.model import LakeConfig
from lakemodel.limits import Quota, limit
from stacks.organization.guardrails import exemptions_of, guardrails_of
from stacks.organization.plan import OrganizationPlan
from tests.unit.config.support import REFERENCE

FULL: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
LAKE, LOG_ARCHIVE, SECURITY = "444444444421", "222222222222", "333333333333"


def role(account: str, name: str) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def administrator(account: str) -> str:
    return role(account, "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_AdministratorAccess_0123456789abcdef")


def packed(configuration: dict[str, Any]) -> list[list[dict[str, Any]]]:
    plan = OrganizationPlan(LakeConfig.model_validate(configuration))
    exemptions = exemptions_of(plan)
    statements = [each.statement(exemptions) for each in exempt_roles_kept(guardrails_of(plan, exemptions), exemptions)]
    return pack(statements, max_characters=limit(Quota.SERVICE_CONTROL_POLICY_CHARACTERS).value, of="service control policy")


@cache
def reference() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))
    return found


@cache
def policies() -> tuple[Policy, ...]:
    parts = [parse_policy(document(each), name=f"part {number}") for number, each in enumerate(packed(reference()))]
    return (parse_policy(FULL, name="FullAWSAccess"), *parts)


def word(principal: str, action: str, resource: str, context: dict[str, str]) -> str:
    keys = {"aws:RequestedRegion": "eu-west-1", **context}
    organization = reference()["organization"]["id"]
    trust = {"Statement": {"Effect": "Allow", "Principal": {"AWS": principal.split(":")[4]}, "Action": "sts:AssumeRole"}}
    return decide(
        principal,
        action,
        resource,
        context=keys,
        identity=FULL,
        scps=[list(policies())],
        organization=organization,
        resource_organization=organization,
        trust_policy=trust if action == "sts:AssumeRole" else None,
    ).word


RESPONDER = role(SECURITY, "governed-lake-responder")
QUEUE = f"arn:aws:sqs:eu-west-1:{SECURITY}:Organization-Security-RespondersFindings0952F88A-x"
LEDGER = f"arn:aws:dynamodb:eu-west-1:{SECURITY}:table/Organization-Security-RespondersLedger8A83841C-x"
RULE = f"arn:aws:events:eu-west-1:{SECURITY}:rule/governed-lake-findings/Organization-Security-RespondersForwarded-x"
CLAIMS = f"arn:aws:dynamodb:eu-west-1:{LAKE}:table/Prod-MainStorage-PipelineState26C7F746-x"
FUNCTION = f"arn:aws:lambda:eu-west-1:{SECURITY}:function:Organization-Security-RespondersRespond0A1B2C3D-x"
MEMORY = f"arn:aws:ssm:eu-west-1:{LAKE}:parameter/governed-lake/lake-formation-settings"
ATTACKS: Final[list[tuple[str, str, str, dict[str, str]]]] = [
    # To deploy is to do everything.
    (administrator(LAKE), "sts:AssumeRole", role(LAKE, f"cdk-hnb659fds-deploy-role-{LAKE}-eu-west-1"), {}),
    (administrator(LAKE), "sts:AssumeRole", role(LAKE, f"cdk-hnb659fds-file-publishing-role-{LAKE}-eu-west-1"), {}),
    (administrator(LAKE), "iam:PassRole", role(LAKE, f"cdk-hnb659fds-cfn-exec-role-{LAKE}-eu-west-1"), {}),
    # The responders' role is trusted by the containment role of every account, the management account's included.
    (administrator(SECURITY), "iam:UpdateAssumeRolePolicy", RESPONDER, {}),
    (administrator(SECURITY), "iam:PassRole", RESPONDER, {"iam:PassedToService": "lambda.amazonaws.com"}),
    (administrator(SECURITY), "lambda:CreateEventSourceMapping", "*", {"lambda:FunctionArn": FUNCTION}),
    (
        administrator(SECURITY),
        "sqs:DeleteMessage",
        f"arn:aws:sqs:eu-west-1:{SECURITY}:Organization-Security-RespondersFindings0952F88A-x",
        {},
    ),
    (
        administrator(SECURITY),
        "dynamodb:PutItem",
        LEDGER,
        {},
    ),
    (
        administrator(SECURITY),
        "events:DeleteRule",
        RULE,
        {},
    ),
    # Who moves a user below /break-glass/ has an administrator in every account; who takes the users' keys away has locked everybody out.
    (administrator(SECURITY), "iam:UpdateUser", f"arn:aws:iam::{SECURITY}:user/mallory", {}),
    (administrator(SECURITY), "iam:DeactivateMFADevice", f"arn:aws:iam::{SECURITY}:user/break-glass/alice", {}),
    # What was there before a handler is given back from its notes.
    (administrator(LAKE), "ssm:PutParameter", MEMORY, {}),
    # Config's deliveries find the archive's key by its alias.
    (administrator(LOG_ARCHIVE), "kms:UpdateAlias", f"arn:aws:kms:eu-west-1:{LOG_ARCHIVE}:alias/governed-lake-archive", {}),
    (administrator(LOG_ARCHIVE), "s3:PutBucketPolicy", f"arn:aws:s3:::governed-lake-trail-{LOG_ARCHIVE}-eu-west-1", {}),
    # A role of the lake that trusts somebody else, or has another boundary.
    (administrator(LAKE), "iam:UpdateAssumeRolePolicy", role(LAKE, "Prod-MainLocations-CuratedLocationRole6D55706C-x"), {}),
    (administrator(LAKE), "iam:PutRolePermissionsBoundary", role(LAKE, "Prod-MainPipelines-SalesCustomersJobRoleC4424147-x"), {}),
    (administrator(LAKE), "iam:PassRole", role(LAKE, "Prod-MainPipelines-SalesCustomersJobRoleC4424147-x"), {}),
]


@pytest.mark.parametrize(("principal", "action", "resource", "context"), ATTACKS)
def test_an_administrator_of_an_account_is_stopped(principal: str, action: str, resource: str, context: dict[str, str]) -> None:
    """And the break-glass role of that account is not."""
    assert word(principal, action, resource, context) == "explicit_deny"
    assert word(role(principal.split(":")[4], "BreakGlass"), action, resource, context) == "allowed"


@pytest.mark.parametrize(
    ("principal", "action", "resource"),
    [
        (
            role(LAKE, "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_LakeDeployment_0123456789abcdef"),
            "sts:AssumeRole",
            role(LAKE, f"cdk-hnb659fds-deploy-role-{LAKE}-eu-west-1"),
        ),
        (RESPONDER, "sqs:DeleteMessage", QUEUE),
        (RESPONDER, "dynamodb:PutItem", LEDGER),
        (RESPONDER, "sts:AssumeRole", role(SECURITY, "governed-lake-containment")),
        (role(LAKE, "Prod-MainAccount-AccountLakeFormationSettingsRole-x"), "ssm:PutParameter", MEMORY),
        (role(LAKE, "governed-lake-containment"), "iam:PutRolePolicy", role(LAKE, "Prod-MainPipelines-SalesCustomersJobRole-x")),
        (role(LAKE, "governed-lake-containment"), "s3:PutBucketPolicy", "arn:aws:s3:::prod-mainstorage-zonescuratedbucket-x"),
        (
            role(LAKE, f"cdk-hnb659fds-cfn-exec-role-{LAKE}-eu-west-1"),
            "iam:PassRole",
            role(LAKE, "Prod-MainPipelines-SalesCustomersJobRoleC4424147-x"),
        ),
        (
            role(LAKE, "Prod-MainPipelines-SalesCustomersRole-x"),
            "dynamodb:PutItem",
            CLAIMS,
        ),
        (administrator(LAKE), "sts:AssumeRole", role(LAKE, "Developer")),
    ],
)
def test_who_has_to_is_not_stopped(principal: str, action: str, resource: str) -> None:
    """Who deploys, answers findings, keeps settings, contains, ingests."""
    assert word(principal, action, resource, {}) == "allowed"


def test_without_deployers_nobody_is_told_apart() -> None:
    """The statement is there when somebody is named."""
    silent = copy.deepcopy(reference())
    del silent["organization"]["baseline"]["deployers"]
    sids = {each["Sid"] for part in packed(silent) for each in part}
    assert not any("OnlyDeployedBy" in sid for sid in sids)
    assert any("OnlyDeployedBy" in each["Sid"] for part in packed(reference()) for each in part)


def test_ten_environments_of_five_accounts_fit() -> None:
    """With names as long as they may be: FullAWSAccess is one of the policies of a target."""
    many = copy.deepcopy(reference())
    model = many["environments"]["prod"]
    many["environments"] = {
        f"e{number}_environment_with_long_name": {
            **model,
            "lakes": {"main": f"4444444{number:02}001"},
            "consumers": {
                "analytics": f"4444444{number:02}002",
                **{f"d{other}_department_with_long_name": f"4444444{number:02}00{other}" for other in (3, 4, 5)},
            },
        }
        for number in range(10)
    }
    assert len(packed(many)) < limit(Quota.SERVICE_CONTROL_POLICIES).value
