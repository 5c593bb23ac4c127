"""Each containment, from a whole finding to its end and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.runtime.responders.containments import permission_sets
from lakecheck.iam import decide
from tests.unit.runtime.responders import payloads
from tests.unit.runtime.responders.conftest import OWN_POLICY, TRUST
from tests.unit.runtime.responders.payloads import ACCOUNT, BUCKET, REGION, ROLE, USER

if TYPE_CHECKING:
    from tests.unit.runtime.responders.conftest import World

OTHER = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "glue:GetTable", "Resource": "*"}]}
BLOCKED = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)


def test_a_bucket_is_put_into_quarantine_and_let_out(world: World) -> None:
    """One deny statement beside what was there, a tag beside the others; both gone again, and nothing else is."""
    assert world.answer(payloads.exfiltration()) == ["contained", "contained"]
    action = world.actions()["quarantine"]
    theirs, ours = world.policy()["Statement"]
    assert theirs == OWN_POLICY["Statement"][0]
    assert (ours["Effect"], ours["Sid"]) == ("Deny", f"GovernedLake{action}")
    assert world.tags() == {"zone": "curated", "governed-lake:quarantine": action}
    assert world.evidence(action, "before")["policy"] == OWN_POLICY
    assert world.evidence(action, "finding")["type"] == "Exfiltration:S3/AnomalousBehavior"

    assert world.undo(action)["outcome"] == "undone"
    assert world.policy() == OWN_POLICY
    assert world.tags() == {"zone": "curated"}
    assert world.evidence(action, "undone")["reason"] == "it was a drill"


def test_a_bucket_without_a_policy_and_tags_is_without_them_again(world: World) -> None:
    """What was made for the quarantine alone goes with it."""
    world.s3.delete_bucket_policy(Bucket=BUCKET)
    world.s3.delete_bucket_tagging(Bucket=BUCKET)
    world.answer(payloads.exfiltration())
    world.undo(world.actions()["quarantine"])
    for read in (world.s3.get_bucket_policy, world.s3.get_bucket_tagging):
        with pytest.raises(ClientError, match="NoSuch"):
            read(Bucket=BUCKET)


SPARED = {
    f"arn:aws:iam::{ACCOUNT}:role/{ROLE}": False,
    f"arn:aws:iam::{ACCOUNT}:role/BreakGlass": True,
    f"arn:aws:iam::{ACCOUNT}:role/governed-lake-containment": True,
    f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-eu-west-1": True,
    f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-999988887777-eu-west-1": False,
    "arn:aws:iam::999988887777:role/BreakGlass": False,
}


def test_quarantine_denies_all_but_those_who_get_it_back(world: World) -> None:
    """Decided by the IAM evaluation, for principals whose own policies allow everything."""
    world.answer(payloads.exfiltration())
    ours = world.policy()["Statement"][-1]
    for who, allowed in SPARED.items():
        for action in ("s3:GetObject", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"):
            arn = f"arn:aws:s3:::{BUCKET}" + ("/sales/a.parquet" if action == "s3:GetObject" else "")
            assert effect(who, action, arn, ours, {}) is allowed, (who, action)


def effect(who: str, action: str, resource: str, statement: dict[str, Any], context: dict[str, Any]) -> bool:
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": statement["Resource"]}
    policy = {"Version": "2012-10-17", "Statement": [allow, statement]}
    facts = {"aws:PrincipalIsAWSService": "false", **context}
    return decide(who, action, resource, context=facts, identity=[everything], resource_policy=policy).word == "allowed"


def test_a_malicious_object_is_locked_alone(world: World) -> None:
    """The statement names the object, whose asterisk stays one; the bucket stays open."""
    assert world.answer(payloads.malicious_file()) == ["contained"]
    ours = world.policy()["Statement"][-1]
    assert ours["Resource"] in ([f"arn:aws:s3:::{BUCKET}/in/a${{*}}b.zip"], f"arn:aws:s3:::{BUCKET}/in/a${{*}}b.zip")
    assert not [action for action in ours["Action"] if "Bucket" in action]
    world.undo(world.actions()["quarantine"])
    assert world.policy() == OWN_POLICY


def test_undo_keeps_what_somebody_else_has_added_since(world: World) -> None:
    """Statements and tags of others, written during the quarantine, stay."""
    world.answer(payloads.exfiltration())
    added = {**OWN_POLICY["Statement"][0], "Sid": "Later"}
    policy = world.policy()
    world.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({**policy, "Statement": [added, *policy["Statement"]]}))
    world.undo(world.actions()["quarantine"])
    assert [each["Sid"] for each in world.policy()["Statement"]] == ["Later", "Theirs"]


def test_a_policy_that_would_grow_too_large_is_left_alone(world: World) -> None:
    """Refused before anything is changed, with the remedy; the role's sessions are revoked all the same."""
    big = [{**OWN_POLICY["Statement"][0], "Sid": f"Theirs{number}"} for number in range(140)]
    world.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": big}))
    assert world.answer(payloads.exfiltration()) == ["contained", "failed"]
    assert world.policy()["Statement"] == big
    assert any("allowed are 20,480" in told["what"] for told in world.told())


def test_a_second_finding_about_the_same_bucket_adds_no_second_statement(world: World) -> None:
    """It is in quarantine already, and people are told which statement it is."""
    world.answer(payloads.exfiltration())
    second = payloads.guardduty(
        "Impact:S3/PermissionsModification.Unusual", payloads.exfiltration()["detail"]["resource"], identity="b" * 32
    )
    assert world.answer(second) == ["contained", "nothing_to_do"]
    assert len(world.policy()["Statement"]) == 2


def test_sessions_of_a_role_are_revoked_and_allowed_again(world: World) -> None:
    """A policy of ours denies older sessions; the role's own stay."""
    world.iam.put_role_policy(RoleName=ROLE, PolicyName="own", PolicyDocument=json.dumps(OTHER))
    assert world.answer(payloads.stolen_instance_credentials()) == ["contained"]
    action = world.actions()["revoke-sessions"]
    document = world.iam.get_role_policy(RoleName=ROLE, PolicyName=f"GovernedLake{action}")["PolicyDocument"]
    (statement,) = document["Statement"]
    begun = statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"]
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", ["*"], ["*"])
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    who, call = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", ("glue:GetTable", f"arn:aws:glue:{REGION}:{ACCOUNT}:catalog")
    assert decide(who, *call, context={"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}, identity=[allow, document]).word == "explicit_deny"
    assert decide(who, *call, context={"aws:TokenIssueTime": begun}, identity=[allow, document]).word == "allowed"
    world.undo(action)
    assert world.role_policies() == ["own"]


def test_a_role_linked_to_a_service_is_left_alone(world: World) -> None:
    """Only its service changes it."""
    world.iam.delete_role(RoleName=ROLE)
    world.iam.create_role(RoleName=ROLE, Path="/aws-service-role/glue.amazonaws.com/", AssumeRolePolicyDocument=json.dumps(TRUST))
    assert world.answer(payloads.stolen_instance_credentials()) == ["failed"]
    assert world.role_policies() == []


def test_an_access_key_is_switched_off_and_on(world: World) -> None:
    """The key stays; the user's other keys are not touched."""
    key = world.add_user()
    other = world.iam.create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]

    def statuses() -> dict[str, str]:
        return {each["AccessKeyId"]: each["Status"] for each in world.iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]}

    assert world.answer(payloads.leaked_key(key)) == ["contained"]
    assert statuses() == {key: "Inactive", other: "Active"}
    world.undo(world.actions()["disable-access-key"])
    assert statuses() == {key: "Active", other: "Active"}


def test_a_key_that_was_off_is_not_switched_on(world: World) -> None:
    """There was nothing to do, so there is nothing to undo."""
    key = world.add_user()
    world.iam.update_access_key(UserName=USER, AccessKeyId=key, Status="Inactive")
    assert world.answer(payloads.leaked_key(key)) == ["nothing_to_do"]
    with pytest.raises(ValueError, match="allowed is one that was done"):
        world.undo(world.actions("nothing_to_do")["disable-access-key"])


@pytest.mark.parametrize("former", [None, {**BLOCKED, "RestrictPublicBuckets": False}])
def test_a_public_bucket_is_closed_and_given_back(world: World, former: dict[str, bool] | None) -> None:
    """All four blocks; afterwards those that were there, or none."""
    if former is not None:
        world.s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=former)
    assert world.answer(payloads.anonymous_access_granted()) == ["contained"]
    assert world.s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"] == BLOCKED
    world.undo(world.actions()["block-public-access"])
    if former is None:
        with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
            world.s3.get_public_access_block(Bucket=BUCKET)
    else:
        assert world.s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"] == former


def test_undo_leaves_a_block_that_somebody_has_changed(world: World) -> None:
    """It is theirs now."""
    world.answer(payloads.anonymous_access_granted())
    theirs = {**BLOCKED, "IgnorePublicAcls": False}
    world.s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=theirs)
    assert world.undo(world.actions()["block-public-access"])["outcome"] == "changed_since"
    assert world.s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"] == theirs


def test_an_account_is_closed_and_given_back(world: World) -> None:
    """The account's own block."""
    control = world.client("s3control")
    assert world.answer(payloads.account_block_disabled()) == ["contained"]
    assert control.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"] == BLOCKED
    world.undo(world.actions()["block-public-access"])
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        control.get_public_access_block(AccountId=ACCOUNT)


def test_grants_to_an_outsider_are_revoked_and_created_again(world: World) -> None:
    """Grants within the account and to services stay; those of the outsider come back with what they allowed."""
    kms = world.client("kms")
    key = kms.create_key()["KeyMetadata"]
    outside, inside = "arn:aws:iam::999988887777:role/Partner", f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
    constraint = {"EncryptionContextSubset": {"table": "orders"}}
    kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=outside, Operations=["Decrypt"], Constraints=constraint, Name="partner")
    kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=inside, Operations=["Decrypt"])

    def grants() -> list[tuple[str, list[str]]]:
        return sorted((each["GranteePrincipal"], each["Operations"]) for each in kms.list_grants(KeyId=key["KeyId"])["Grants"])

    before = grants()
    event = payloads.access_analyzer("AWS::KMS::Key", key["Arn"], principal={"AWS": outside})
    assert world.answer(event) == ["contained"]
    assert grants() == [(inside, ["Decrypt"])]
    action = world.actions()["revoke-key-grants"]
    world.undo(action)
    assert grants() == before
    created = next(each for each in kms.list_grants(KeyId=key["KeyId"])["Grants"] if each["GranteePrincipal"] == outside)
    assert created["Constraints"] == constraint


@pytest.mark.parametrize("former", [None, 7])
def test_a_function_is_stopped_and_runs_again(world: World, former: int | None) -> None:
    """With what was reserved for it."""
    world.iam.create_role(RoleName="loader", AssumeRolePolicyDocument=json.dumps(TRUST))
    functions = world.client("lambda")
    functions.create_function(
        FunctionName="loader",
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/loader",
        Handler="a.b",
        Code={"ZipFile": b"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="},
    )
    if former is not None:
        functions.put_function_concurrency(FunctionName="loader", ReservedConcurrentExecutions=former)
    assert world.answer(payloads.bad_function()) == ["contained"]
    assert functions.get_function_concurrency(FunctionName="loader")["ReservedConcurrentExecutions"] == 0
    world.undo(world.actions()["stop-function"])
    assert functions.get_function_concurrency(FunctionName="loader").get("ReservedConcurrentExecutions") == former


def test_external_access_keeps_outsiders_out_and_nobody_else(world: World) -> None:
    """Principals of the organisation still get in."""
    assert world.answer(payloads.access_analyzer("AWS::S3::Bucket", f"arn:aws:s3:::{BUCKET}")) == ["contained"]
    ours = world.policy()["Statement"][-1]
    arn = f"arn:aws:s3:::{BUCKET}/a"
    assert effect(f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", "s3:GetObject", arn, ours, {"aws:PrincipalOrgID": "o-exampleorgid"})
    assert not effect("arn:aws:iam::999988887777:role/x", "s3:GetObject", arn, ours, {"aws:PrincipalOrgID": "o-otherorg"})
    world.undo(world.actions()["keep-outsiders-out"])
    assert world.policy() == OWN_POLICY


def test_sessions_of_a_permission_set_are_revoked_through_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reserved role is not changed; the permission set's own statements stay."""
    monkeypatch.setattr(permission_sets, "_PAUSE_SECONDS", 0)
    sso = world.accounts.client(payloads.MANAGEMENT, "sso-admin")
    instance = sso.list_instances()["Instances"][0]["InstanceArn"]
    role = "AWSReservedSSO_DataAnalyst_0123456789abcdef"
    world.iam.create_role(RoleName=role, Path="/aws-reserved/sso.amazonaws.com/", AssumeRolePolicyDocument=json.dumps(TRUST))
    world.change(
        identity_role=f"arn:aws:iam::{payloads.MANAGEMENT}:role/governed-lake-containment",
        identity_instance=instance,
        identity_region=REGION,
    )
    arn = sso.create_permission_set(Name="DataAnalyst", InstanceArn=instance)["PermissionSet"]["PermissionSetArn"]
    own = {"Version": "2012-10-17", "Statement": [{"Sid": "Own", "Effect": "Allow", "Action": "athena:*", "Resource": "*"}]}
    sso.put_inline_policy_to_permission_set(InstanceArn=instance, PermissionSetArn=arn, InlinePolicy=json.dumps(own))

    def policy() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            sso.get_inline_policy_for_permission_set(InstanceArn=instance, PermissionSetArn=arn)["InlinePolicy"]
        )
        return found

    resource = {"resourceType": "AccessKey", "accessKeyDetails": payloads.role_credentials(role)}
    assert world.answer(payloads.guardduty("CredentialAccess:IAMUser/AnomalousBehavior", resource)) == ["contained"]
    assert [each["Sid"][:12] for each in policy()["Statement"]] == ["Own", "GovernedLake"]
    assert world.iam.list_role_policies(RoleName=role)["PolicyNames"] == []
    world.undo(world.actions()["revoke-sessions"])
    assert policy() == own


def test_a_permission_set_without_a_way_to_it_is_told(world: World) -> None:
    """Nothing is tried on the reserved role."""
    role = "AWSReservedSSO_DataAnalyst_0123456789abcdef"
    world.iam.create_role(RoleName=role, Path="/aws-reserved/sso.amazonaws.com/", AssumeRolePolicyDocument=json.dumps(TRUST))
    resource = {"resourceType": "AccessKey", "accessKeyDetails": payloads.role_credentials(role)}
    assert world.answer(payloads.guardduty("CredentialAccess:IAMUser/AnomalousBehavior", resource)) == ["failed"]
    assert world.iam.list_role_policies(RoleName=role)["PolicyNames"] == []
