"""Shapes of findings as others have recorded them: what services write differently from one another, and what is written of old."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.runtime.responders.plays import fitting
from constructs_lib.runtime.responders.sources import read
from tests.unit.runtime.responders import payloads
from tests.unit.runtime.responders.payloads import ACCOUNT, BUCKET, REGION, ROLE, SECURITY, USER

if TYPE_CHECKING:
    from tests.unit.runtime.responders.conftest import World

KEY = "AKIAIOSFODNN7EXAMPLE"
OBJECTS = f"arn:aws:s3:::{BUCKET}/*"
OPEN = "Policy:S3/AccountBlockPublicAccessDisabled"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("TTPs/Exfiltration:S3-AnomalousBehavior", "Exfiltration:S3/AnomalousBehavior"),
        ("TTPs/Impact:S3-AnomalousBehavior.Delete", "Impact:S3/AnomalousBehavior.Delete"),
        ("TTPs/Object/Object:S3-MaliciousFile", "Object:S3/MaliciousFile"),
        ("TTPs/Command and Control/Backdoor:Lambda-C&CActivity.B", "Backdoor:Lambda/C&CActivity.B"),
        ("TTPs/Discovery/Recon:IAMUser-TorIPCaller", "Recon:IAMUser/TorIPCaller"),
        ("Effects/Data Exposure/Policy:S3-BucketBlockPublicAccessDisabled", "Policy:S3/BucketBlockPublicAccessDisabled"),
        (
            "Effects/Data Exfiltration/UnauthorizedAccess:IAMUser-InstanceCredentialExfiltration.OutsideAWS",
            "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
        ),
        ("TTPs/AttackSequence:S3/CompromisedData", "AttackSequence:S3/CompromisedData"),
        ("TTPs/PenTest:IAMUser/KaliLinux", "PenTest:IAMUser/KaliLinux"),
        ("TTPs/Initial Access/IAMUser-AnomalousBehavior", "InitialAccess:IAMUser/AnomalousBehavior"),
        ("Software and Configuration Checks/Vulnerabilities/CVE", "Software and Configuration Checks/Vulnerabilities/CVE"),
    ],
)
def test_types_of_guardduty_as_security_hub_writes_them(written: str, kind: str) -> None:
    """Each of its spellings is the one type that GuardDuty itself has."""
    event = payloads.guardduty_through_security_hub()
    event["detail"]["findings"][0]["Types"] = [written]
    assert read(event)[0].type == kind


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ("OrgConfigRule-s3-bucket-public-read-prohibited-dbgzf8ba", True),
        ("securityhub-s3-bucket-public-read-prohibited-v2rhbi", True),
        ("securityhub-s3-account-level-public-access-blocks-periodic-17eb3d24", True),
        ("S3-BUCKET-PUBLIC-READ-PROHIBITED", True),
        ("s3-bucket-public-read-prohibited-exempted", False),
        ("s3-bucket-versioning-enabled", False),
        ("OrgConfigRule-", False),
    ],
)
def test_a_config_rule_is_known_whoever_made_it(rule: str, fits: bool) -> None:  # noqa: FBT001 - of the table
    (finding,) = read(payloads.config_change(rule, "AWS::S3::Bucket", BUCKET))
    assert bool(fitting(finding)) is fits


def test_an_account_block_is_put_back_though_the_finding_names_only_who_took_it_away(world: World) -> None:
    """GuardDuty says whose key it was, Config names a resource of its own; all three are about the account."""
    who = {"resourceType": "AccessKey", "accessKeyDetails": payloads.role_credentials("Admin")}
    direct = payloads.guardduty(OPEN, who, severity=2)
    imported = payloads.guardduty_through_security_hub()
    imported["detail"]["findings"][0] |= {"Types": ["TTPs/Policy:S3-AccountBlockPublicAccessDisabled"], "Resources": []}
    config = payloads.config_change("s3-account-level-public-access-blocks", "AWS::S3::AccountPublicAccessBlock", ACCOUNT)
    assert [world.answer(event)[0] for event in (direct, imported, config)] == ["contained", "contained", "nothing_to_do"]
    control = world.client("s3control")
    assert all(control.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"].values())
    world.undo(world.actions()["block-public-access"])
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlock"):
        control.get_public_access_block(AccountId=ACCOUNT)


def test_an_analysis_that_failed_says_nothing_about_outsiders(world: World) -> None:
    """Access Analyzer could not read the resource: it is told, and nobody is kept out."""
    for kind, arn in (("AWS::S3::Bucket", f"arn:aws:s3:::{BUCKET}"), ("AWS::KMS::Key", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{'0' * 36}")):
        event = payloads.access_analyzer(kind, arn, error="ACCESS_DENIED", id=kind)
        del event["detail"]["principal"], event["detail"]["isPublic"]
        assert world.answer(event) == ["recorded"]
    assert world.access.roles == []  # type: ignore[attr-defined]


def test_what_an_analyzer_of_the_organisation_finds_is_about_the_owner(world: World) -> None:
    event = payloads.access_analyzer("AWS::S3::Bucket", f"arn:aws:s3:::{BUCKET}", accountId=SECURITY, resourceOwnerAccount=ACCOUNT)
    assert world.answer(event) == ["contained"]
    assert "StringNotEquals" in world.policy()["Statement"][-1]["Condition"]


def test_a_finding_as_the_api_gives_it_is_understood(world: World) -> None:
    """Replayed by a person, with names that begin in capitals; both buckets are meant, one of them gone."""
    detail = {
        "AccountId": ACCOUNT,
        "Id": "0" * 32,
        "Region": REGION,
        "Type": "Exfiltration:S3/AnomalousBehavior",
        "Severity": 8.0,
        "Title": "Unusual",
        "Resource": {
            "ResourceType": "S3Bucket",
            "AccessKeyDetails": {"AccessKeyId": "ASIAEXAMPLE", "PrincipalId": "AROA:s", "UserName": ROLE, "UserType": "AssumedRole"},
            "S3BucketDetails": [{"Arn": f"arn:aws:s3:::{name}", "Name": name, "Type": "Destination"} for name in ("gone-bucket", BUCKET)],
        },
        "Service": {"Archived": False, "AdditionalInfo": {"Value": "{}", "Type": "default"}},
    }
    event = payloads.envelope("aws.guardduty", "GuardDuty Finding", detail)
    assert world.answer(event) == ["contained", "failed", "contained"]
    detail["Service"] = {"AdditionalInfo": {"Value": '{"sample":true}'}}
    assert world.answer(event) == ["sample"]


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"aws/guardduty/service/additionalInfo/value": '{"threatName":"x","sample":true}'}, "sample"),
        ({"aws/guardduty/service/additionalInfo/value": "not JSON", "aws/guardduty/service/archived": "true"}, "closed"),
    ],
)
def test_product_fields_tell_samples_and_the_archived(world: World, fields: dict[str, str], outcome: str) -> None:
    event = payloads.guardduty_through_security_hub()
    event["detail"]["findings"][0]["ProductFields"] = fields
    assert world.answer(event) == [outcome]


def test_an_attack_sequence_that_names_the_key_by_its_user_switches_the_key_off(world: World) -> None:
    key = world.add_user()
    event = payloads.attack_sequence()
    (resource,) = event["detail"]["service"]["detection"]["sequence"]["resources"][1:]
    resource |= {"uid": key, "name": USER, "data": {"accessKey": {"principalId": "AIDA", "userName": USER, "userType": "IAMUser"}}}
    world.answer(event)
    assert "disable-access-key" in world.actions()
    assert world.iam.list_access_keys(UserName=USER)["AccessKeyMetadata"][0]["Status"] == "Inactive"


def test_an_object_that_is_public_by_itself_is_locked(world: World) -> None:
    """Its own access control list opened it, in a bucket that is not public."""
    event = payloads.macie("SensitiveData:S3Object/Multiple", key="a.csv")
    event["detail"]["resourcesAffected"]["s3Object"]["publicAccess"] = True
    assert world.answer(event) == ["contained"]


@pytest.mark.parametrize(
    "text",
    [
        f'{{ "Version": "2012-10-17",\n  "Statement": {{"Effect":"Deny", "Principal": "*", "Action":"s3:*", "Resource":["{OBJECTS}"]}} }}',
        f'{{"Id":"é","Version":"2008-10-17","Statement":[{{"Sid":"","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"{OBJECTS}"}}]}}',
    ],
)
def test_undo_gives_a_policy_back_to_the_byte(world: World, text: str) -> None:
    """With its spaces, its order and its single statement."""
    world.s3.put_bucket_policy(Bucket=BUCKET, Policy=text)
    world.answer(payloads.exfiltration())
    assert len(world.policy()["Statement"]) == 2
    world.undo(world.actions()["quarantine"])
    assert world.s3.get_bucket_policy(Bucket=BUCKET)["Policy"] == text


def test_a_tag_tells_of_the_quarantine_that_is_left(world: World) -> None:
    """Of an object's and a bucket's, the later one is undone first."""
    world.answer(payloads.malicious_file())
    first = world.actions()["quarantine"]
    world.answer(payloads.exfiltration())
    second = world.tags()["governed-lake:quarantine"]
    assert second != first
    world.undo(second)
    assert world.tags()["governed-lake:quarantine"] == first
    world.undo(first)
    assert world.tags() == {"zone": "curated"}
    assert json.loads(world.s3.get_bucket_policy(Bucket=BUCKET)["Policy"]) == world.policy()


@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
def test_other_partitions_are_named_as_theirs(world: World, partition: str) -> None:
    """Role and statement carry the partition that the responder is in."""
    world.change(partition=partition)
    event: Any = json.loads(json.dumps(payloads.exfiltration()).replace("arn:aws:", f"arn:{partition}:"))
    assert world.answer(event)[1] == "contained"
    assert set(world.access.roles) == {f"arn:{partition}:iam::{ACCOUNT}:role/governed-lake-containment"}  # type: ignore[attr-defined]
    ours = world.policy()["Statement"][-1]
    assert all(each.startswith(f"arn:{partition}:") for each in (*ours["Resource"], *ours["Condition"]["ArnNotLike"]["aws:PrincipalArn"]))


def test_numbers_that_are_none_and_arns_that_are_missing_say_nothing() -> None:
    """A severity no number can hold is none; a bucket is known by its name where the sequence has no ARN of it."""
    event = payloads.attack_sequence()
    event["detail"]["severity"] = 10**400
    event["detail"]["service"]["detection"]["sequence"]["resources"][0]["uid"] = "a1b2c3"
    (finding,) = read(event)
    assert finding.severity == 0
    assert [each.name for each in finding.resources] == [BUCKET, ROLE]
