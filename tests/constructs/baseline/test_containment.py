"""The roles that responders contain as, and the findings that are sent to them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from constructs_lib.baseline.containment import ContainmentRole, FindingForwarding, PermissionSetContainmentRole
from constructs_lib.runtime.responders import plays
from constructs_lib.runtime.responders.access import Target
from constructs_lib.runtime.responders.containments import CONTAINMENTS, buckets, permission_sets
from constructs_lib.runtime.responders.findings import ACCOUNT as WHOLE, Resource
from constructs_lib.runtime.responders.settings import Settings
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from lakemodel.limits import Quota, limit
from tests.support import ACCOUNT, REGION, new_app, new_stack, resources, template

SECURITY = "333333333333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/governed-lake-containment"


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    stack = new_stack(new_app())
    ContainmentRole(stack, "Containment", security_account=SECURITY, break_glass_role="BreakGlass")
    FindingForwarding(stack, "Findings", security_account=SECURITY)
    return template(stack)


def documents(synthesized: dict[str, Any], kind: str, field: str) -> list[dict[str, Any]]:
    text = json.dumps([each["Properties"][field] for each in resources(synthesized, kind).values()])
    found: list[dict[str, Any]] = json.loads(text)
    return [_plain(each) for each in found]


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and "Fn::Join" in value:
        return "".join("aws" if part == {"Ref": "AWS::Partition"} else str(part) for part in value["Fn::Join"][1])
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def policy(made: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in documents(made, "AWS::IAM::ManagedPolicy", "PolicyDocument") if len(each["Statement"]) > 1)


@pytest.mark.parametrize(
    ("action", "resource", "verdict"),
    [
        ("s3:PutBucketPolicy", "arn:aws:s3:::lake", "allowed"),
        ("s3:PutAccountPublicAccessBlock", "*", "allowed"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/Notebook", "allowed"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/path/Notebook", "allowed"),
        ("iam:UpdateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/loader", "allowed"),
        ("kms:RevokeGrant", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k", "allowed"),
        ("lambda:PutFunctionConcurrency", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f", "allowed"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/BreakGlass", "explicit_deny"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/x/BreakGlass", "explicit_deny"),
        ("iam:PutRolePolicy", ROLE, "explicit_deny"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}", "explicit_deny"),
        ("s3:DeleteObject", "arn:aws:s3:::lake/a", "implicit_deny"),
        ("s3:GetObject", "arn:aws:s3:::lake/a", "implicit_deny"),
        ("s3:DeleteBucket", "arn:aws:s3:::lake", "implicit_deny"),
        ("iam:AttachRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/Notebook", "implicit_deny"),
        ("iam:UpdateAssumeRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/Notebook", "implicit_deny"),
        ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k", "implicit_deny"),
    ],
)
def test_what_the_role_may_do(policy: dict[str, Any], action: str, resource: str, verdict: str) -> None:
    assert may(policy, action, resource) == verdict


def may(policy: dict[str, Any], action: str, resource: str) -> str:
    """With key policies that leave it to IAM, as those of the lake do."""
    to_iam = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    key_policy = {"Version": "2012-10-17", "Statement": [to_iam]} if action.startswith("kms:") else None
    return decide(ROLE, action, resource, context={"aws:ResourceAccount": ACCOUNT}, identity=[policy], key_policy=key_policy).word


@pytest.mark.parametrize(
    ("who", "verdict"),
    [
        (f"arn:aws:iam::{SECURITY}:role/governed-lake-responder", "allowed"),
        (f"arn:aws:iam::{SECURITY}:role/Admin", "implicit_deny"),
        (f"arn:aws:iam::{SECURITY}:role/x/governed-lake-responder", "implicit_deny"),
        (f"arn:aws:iam::{ACCOUNT}:role/governed-lake-responder", "implicit_deny"),
    ],
)
def test_responders_alone_assume_it(made: dict[str, Any], who: str, verdict: str) -> None:
    trust = documents(made, "AWS::IAM::Role", "AssumeRolePolicyDocument")[0]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    assert decide(who, "sts:AssumeRole", ROLE, identity=[everything], trust_policy=trust).word == verdict


def test_the_role_may_do_what_every_containment_asks_for(policy: dict[str, Any]) -> None:
    """A session policy cannot give what the role does not have."""

    class Stop(Exception):  # noqa: N818 - ends the containment at its first client
        pass

    class Notes:
        def __init__(self) -> None:
            self.needs: list[Any] = []

        def client(self, _service: str, _role: str, _region: str, need: Any, *, session: str) -> Any:
            del session
            self.needs.append(need)
            raise Stop

    names = {"bucket": "lake", "object": "lake/a", "key": "k", WHOLE: ACCOUNT}
    settings = Settings(
        mode="contain", table="t", bucket="b", topic="t", containment_role="governed-lake-containment", organization_id="o-x"
    )
    notes: Any = Notes()
    kinds = {(containment, kind) for play in plays.PLAYS for kind, containment in play.does.items()}
    assert {containment for containment, _ in kinds} == set(CONTAINMENTS)
    for containment, kind in kinds:
        resource = Resource(kind, names.get(kind, "name"), ACCOUNT, REGION, {"user": "loader"})
        target = Target(action="a" * 32, resource=resource, at="2026-01-01T00:00:00Z", settings=settings, access=notes)
        with pytest.raises(Stop):
            CONTAINMENTS[containment].look(target)
    for need in notes.needs:
        for action in need.actions:
            assert may(policy, action, need.resources[0]) == "allowed", action
    assert len(notes.needs) == len(kinds)


def test_the_role_in_management_changes_permission_sets_and_nothing_else() -> None:
    stack = new_stack(account="111111111111")
    instance = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
    PermissionSetContainmentRole(stack, "Containment", security_account=SECURITY, instance_arn=instance)
    (document,) = documents(template(stack), "AWS::IAM::ManagedPolicy", "PolicyDocument")
    (statement,) = document["Statement"]
    assert set(statement["Action"]) == set(permission_sets._NEEDED)
    assert "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/*" in statement["Resource"]
    assert "*" not in statement["Resource"]


def test_policies_are_filled_up_to_the_limits_and_no_further() -> None:
    """What runs in Lambda cannot read the table of limits."""
    assert limit(Quota.BUCKET_POLICY_BYTES).value == buckets.POLICY_BYTES
    assert limit(Quota.PERMISSION_SET_INLINE_POLICY_CHARACTERS).value >= permission_sets.POLICY_CHARACTERS
    assert limit(Quota.ROLE_INLINE_POLICY_CHARACTERS).value == permission_sets.POLICY_CHARACTERS


def test_config_is_sent_on_and_nothing_else(made: dict[str, Any]) -> None:
    (rule,) = resources(made, "AWS::Events::Rule").values()
    assert rule["Properties"]["EventPattern"]["source"] == ["aws.config"]
    assert f"{SECURITY}:event-bus/governed-lake-findings" in json.dumps(rule["Properties"]["Targets"])
    assert "RoleArn" in rule["Properties"]["Targets"][0]


def test_findings_go_to_the_region_of_the_bus() -> None:
    """Which an account elsewhere does not have; and other findings than Config's on request, each by a rule of its own."""
    stack = new_stack()
    assert stack.region != "eu-central-1"
    pattern = {"source": ["aws.guardduty"]}
    FindingForwarding(stack, "Findings", security_account=SECURITY, region="eu-central-1", patterns={"GuardDuty": pattern})
    synthesized = template(stack)
    (rule,) = resources(synthesized, "AWS::Events::Rule").values()
    assert rule["Properties"]["EventPattern"] == pattern
    assert f":events:eu-central-1:{SECURITY}:event-bus/" in json.dumps(rule["Properties"]["Targets"])
    (document,) = documents(synthesized, "AWS::IAM::ManagedPolicy", "PolicyDocument")
    assert f":events:eu-central-1:{SECURITY}:event-bus/" in json.dumps(document)


def test_fails_when_the_security_account_is_none() -> None:
    with pytest.raises(DataLakeError, match="12-digit"):
        ContainmentRole(new_stack(), "Containment", security_account="security", break_glass_role="BreakGlass")
