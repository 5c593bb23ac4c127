"""A role below the boundary does the lake's work and nothing else, whatever its own policy says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import Stack, Stage, aws_iam as iam

from constructs_lib.baseline import BOUNDARY_NAME, LakeBoundary, use_boundary
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from lakemodel.limits import Quota, limit
from tests.support import ACCOUNT, REGION, new_app, new_stack, resources, template

ORGANIZATION, OTHERS = "o-exampleorgid", "o-somebodyelse"
EVERYTHING = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Job"
OUR_BUCKET, KEY = "arn:aws:s3:::curated/a", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"


@pytest.fixture(scope="module")
def boundary() -> dict[str, Any]:
    """The document, partition resolved."""
    stack = new_stack()
    LakeBoundary(
        stack, "Boundary", organization_id=ORGANIZATION, kept_roles=["LakeContainment*"], additional_actions=["redshift-data:Get*"]
    )
    (policy,) = resources(template(stack), "AWS::IAM::ManagedPolicy").values()
    assert policy["Properties"]["ManagedPolicyName"] == BOUNDARY_NAME
    document: dict[str, Any] = plain(policy["Properties"]["PolicyDocument"])
    return document


def plain(value: Any) -> Any:
    match value:
        case {"Fn::Join": [str() as delimiter, list() as parts]}:
            return delimiter.join(map(plain, parts))
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case {"Ref": "AWS::AccountId"}:
            return ACCOUNT
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
    return value


def can(
    boundary: dict[str, Any], action: str, resource: str = "*", *, owner: str = ORGANIZATION, region: str = REGION, **more: Any
) -> bool:
    """Whether a role with every right of its own, below the boundary, may do something."""
    if action.startswith("kms:"):
        more["key_policy"] = {"Statement": {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}}
        resource = KEY
    decision = decide(
        ROLE,
        action,
        resource,
        identity=EVERYTHING,
        boundary=boundary,
        context={"aws:RequestedRegion": region, **more.pop("context", {})},
        organization=ORGANIZATION,
        resource_organization=owner,
        **more,
    )
    assert decision.word in {"allowed", "implicit_deny", "explicit_deny"}, decision
    return decision.word == "allowed"


WORK = [
    ("s3:GetObject", OUR_BUCKET),
    ("kms:Decrypt", KEY),
    ("lakeformation:GetDataAccess", "*"),
    ("glue:UpdateTable", f"arn:aws:glue:{REGION}:{ACCOUNT}:table/sales/orders"),
    ("states:StartExecution", f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"),
    ("ssm:PutParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/governed-lake/lake-formation-settings"),
    ("redshift-data:GetStatementResult", "*"),
]


@pytest.mark.parametrize(("action", "resource"), WORK, ids=[action for action, _ in WORK])
def test_work_goes_through(boundary: dict[str, Any], action: str, resource: str) -> None:
    """What readers, jobs and handlers do."""
    assert can(boundary, action, resource)


ESCALATIONS = [
    "iam:AttachRolePolicy",
    "iam:CreateAccessKey",
    "iam:CreatePolicyVersion",
    "iam:CreateRole",
    "iam:CreateServiceLinkedRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:PassRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "sts:AssumeRole",
    "organizations:LeaveOrganization",
    "cloudtrail:StopLogging",
    "cloudtrail:PutEventSelectors",
    "guardduty:DeleteDetector",
    "config:StopConfigurationRecorder",
    "securityhub:DisableSecurityHub",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "s3:BypassGovernanceRetention",
    "s3:PutAccountPublicAccessBlock",
    "lakeformation:DeregisterResource",
    "lakeformation:RegisterResource",
    "lambda:UpdateFunctionCode",
    "lambda:CreateFunction",
    "glue:CreateJob",
    "glue:UpdateJob",
    "glue:CreateSession",
    "states:UpdateStateMachine",
    "cloudformation:CreateStack",
    "ec2:RunInstances",
    "ssm:SendCommand",
    "sso:CreateAccountAssignment",
]


@pytest.mark.parametrize("action", ESCALATIONS)
def test_no_way_leads_further(boundary: dict[str, Any], action: str) -> None:
    """With every right of its own, a role below can neither change rights nor switch off what watches it."""
    assert not can(boundary, action)


@pytest.mark.parametrize("role", ["BreakGlass", "LakeContainmentRole"])
def test_a_trust_policy_that_lets_everybody_in_opens_no_kept_role(boundary: dict[str, Any], role: str) -> None:
    """A session that a trust policy names is not limited by what its boundary leaves out, only by what it denies."""
    trust = {
        "Statement": {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/Job/s"}, "Action": "sts:AssumeRole"}
    }
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/Job/s"
    asked: dict[str, Any] = {
        "identity": EVERYTHING,
        "boundary": boundary,
        "trust_policy": trust,
        "context": {"aws:RequestedRegion": REGION},
    }
    for account in (ACCOUNT, "444444444499"):
        assert decide(session, "sts:AssumeRole", f"arn:aws:iam::{account}:role/{role}", **asked).word == "explicit_deny"
    assert decide(session, "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/Other", **asked).word == "allowed"


@pytest.mark.parametrize(("action", "resource"), [("s3:PutObject", "arn:aws:s3:::theirs/a"), ("kms:Decrypt", KEY), ("sns:Publish", "*")])
def test_data_goes_to_nobody_outside(boundary: dict[str, Any], action: str, resource: str) -> None:
    """Not even where their policy takes it from everybody, nor where the owner is in no organisation."""
    assert can(boundary, action, resource)
    assert not can(boundary, action, resource, owner=OTHERS)
    alone = decide(ROLE, action, resource, identity=EVERYTHING, boundary=boundary, context={"aws:RequestedRegion": REGION})
    assert alone.word == "explicit_deny"
    open_bucket = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}
    assert not can(
        boundary, "s3:PutObject", "arn:aws:s3:::theirs/a", owner=OTHERS, resource_policy=open_bucket, resource_account="999999999999"
    )


def test_work_stays_in_its_regions(boundary: dict[str, Any]) -> None:
    """Global services are asked in a Region of their own."""
    assert not can(boundary, "s3:PutObject", OUR_BUCKET, region="us-east-1")
    assert can(boundary, "iam:GetRole", ROLE, region="us-east-1")
    assert can(boundary, "organizations:DescribeOrganization", region="us-east-1")


def test_regions_and_organization_are_what_is_said() -> None:
    """A recovery Region can be added; without an organisation no resource is denied for its owner."""
    stack = new_stack()
    LakeBoundary(
        stack, "Boundary", organization_id=None, regions=["eu-west-1", "eu-central-1"], boundary_name="Other", break_glass_role="Fire"
    )
    (policy,) = resources(template(stack), "AWS::IAM::ManagedPolicy").values()
    document = plain(policy["Properties"]["PolicyDocument"])
    assert policy["Properties"]["ManagedPolicyName"] == "Other"
    assert can(document, "s3:PutObject", OUR_BUCKET, region="eu-central-1", owner=OTHERS)
    assert not can(document, "s3:PutObject", OUR_BUCKET, region="eu-central-2")
    kept = {resource for each in document["Statement"] if each["Sid"] == "KeepRoles" for resource in [each["Resource"]]}
    assert kept == {"arn:aws:iam::*:role/Fire"}


def test_tags_and_parameters_of_others_are_theirs(boundary: dict[str, Any]) -> None:
    """Glue's own tag on network interfaces; the lake's own parameters."""
    interface, instance = (f"arn:aws:ec2:{REGION}:{ACCOUNT}:{kind}/x" for kind in ("network-interface", "instance"))
    glue, other = ({"aws:TagKeys": [key]} for key in ("aws-glue-service-resource", "quarantine"))
    assert can(boundary, "ec2:CreateTags", interface, context=glue)
    assert not can(boundary, "ec2:DeleteTags", interface, context=other)
    assert not can(boundary, "ec2:DeleteTags", interface)
    assert not can(boundary, "ec2:CreateTags", instance, context=glue)
    assert not can(boundary, "ssm:GetParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/somebody/secret")


def test_it_has_room_left(boundary: dict[str, Any]) -> None:
    """Less than the warning mark of the limits check."""
    size = len(json.dumps(boundary, separators=(",", ":")))
    assert 1000 < size < 0.8 * limit(Quota.MANAGED_POLICY_CHARACTERS).value


def test_every_role_of_a_stack_is_bounded_and_no_other() -> None:
    """Roles made before and after, each by the boundary of its own account; without `use_boundary` none."""
    app = new_app()
    bounded, free = new_stack(app, "Bounded"), new_stack(app, "Free")
    iam.Role(bounded, "Before", assumed_by=iam.AccountRootPrincipal())
    use_boundary(bounded)
    for stack in (bounded, free):
        iam.Role(stack, "After", assumed_by=iam.AccountRootPrincipal())
    found = [role["Properties"].get("PermissionsBoundary") for role in resources(template(bounded), "AWS::IAM::Role").values()]
    assert [plain(each) for each in found] == [f"arn:aws:iam::{ACCOUNT}:policy/{BOUNDARY_NAME}"] * 2
    assert "PermissionsBoundary" not in json.dumps(template(free))


@pytest.mark.parametrize(
    "action", ["iam:PassRole", "sts:AssumeRole", "cloudtrail:StopLogging", "*", "*:*", "s3", "i*:PassRole", "organizations:*"]
)
def test_fails_for_an_action_that_would_end_the_boundary(action: str) -> None:
    """A role that needs it belongs into a stack without the boundary."""
    with pytest.raises(DataLakeError, match=r"^Test/Boundary: got the additional action .*keep such a role out") as caught:
        LakeBoundary(new_stack(), "Boundary", organization_id=None, additional_actions=[action])
    assert caught.value.code == "boundary_action"


def test_fails_for_something_that_is_no_stack() -> None:
    """A Stage has several accounts."""
    stage: Any = Stage(new_app(), "Prod")
    with pytest.raises(DataLakeError, match=r"^Prod: got a Stage; .*pass each stack") as caught:
        use_boundary(stage)
    assert caught.value.code == "boundary_scope"
    assert isinstance(Stack(stage, "Lake"), Stack)
