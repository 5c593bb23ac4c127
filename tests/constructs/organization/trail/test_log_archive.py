"""The log archive takes what the organisation's trail and Config deliver, and gives nothing away again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import Duration

from constructs_lib.organization.trail import LogArchive
from constructs_lib.storage.object_lock import LockMode, ObjectLock
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from tests.constructs.organization.trail.parts import ARCHIVE, LAKE, MANAGEMENT, NAMES, ORGANIZATION
from tests.support import REGION, new_app, new_stack, resources, template

if TYPE_CHECKING:
    from collections.abc import Mapping

TRAIL_ARN = f"arn:aws:cloudtrail:{REGION}:{MANAGEMENT}:trail/governed-lake-organization"
TRAIL_BUCKET = f"arn:aws:s3:::governed-lake-trail-{ARCHIVE}-{REGION}"
CONFIG_BUCKET = f"arn:aws:s3:::governed-lake-config-{ARCHIVE}-{REGION}"
KEY = f"arn:aws:kms:{REGION}:{ARCHIVE}:key/12345678-1234-1234-1234-123456789012"
ACL = {"s3:x-amz-acl": "bucket-owner-full-control"}
OURS = {"aws:SourceAccount": MANAGEMENT, "aws:SourceOrgID": ORGANIZATION}
TRAIL = {"aws:SourceArn": TRAIL_ARN, **OURS}


@pytest.fixture(scope="module")
def synthesized() -> dict[str, Any]:
    """An archive with everything in it."""
    stack = new_stack(new_app(), "Archive", ARCHIVE)
    LogArchive(
        stack, "LogArchive", organization_id=ORGANIZATION, names=NAMES, config_accounts=[LAKE, ARCHIVE], break_glass_role="BreakGlass"
    )
    return template(stack)


@pytest.fixture(scope="module")
def policies(synthesized: dict[str, Any]) -> dict[str, Any]:
    """The policy of each named bucket and of the key, with the names that the deployment gives."""
    named = {key: value["Properties"]["BucketName"] for key, value in resources(synthesized, "AWS::S3::Bucket").items()
             if "BucketName" in value["Properties"]}  # fmt: skip
    found = {
        named[value["Properties"]["Bucket"]["Ref"]]: value["Properties"]["PolicyDocument"]
        for value in resources(synthesized, "AWS::S3::BucketPolicy").values()
        if value["Properties"]["Bucket"]["Ref"] in named
    }
    ((_, key),) = resources(synthesized, "AWS::KMS::Key").items()
    return {
        f"arn:aws:s3:::{name}": _resolved(document, {key: f"arn:aws:s3:::{name}" for key, name in named.items()})
        for name, document in found.items()
    } | {"key": _resolved(key["Properties"]["KeyPolicy"], {})}


def _resolved(document: Any, arns: Mapping[str, str]) -> Any:
    match document:
        case {"Fn::Join": [separator, parts]}:
            return separator.join(_resolved(part, arns) for part in parts)
        case {"Fn::GetAtt": [name, "Arn"]}:
            return arns[name]
        case {"Ref": "AWS::URLSuffix"}:
            return "amazonaws.com"
        case dict():
            return {key: _resolved(value, arns) for key, value in document.items()}
        case list():
            return [_resolved(value, arns) for value in document]
    return document


def on(policies: dict[str, Any], bucket: str, principal: str, action: str, path: str = "", **more: Any) -> str:
    """What becomes of a request; people and roles may do everything as far as their own account is asked."""
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    context = {"aws:SecureTransport": True, "s3:TlsVersion": 1.3, **more.pop("context", {})}
    identity = () if principal.endswith("amazonaws.com") or principal == "*" else everything
    arn = bucket + path
    return decide(
        principal, action, arn, context=context, identity=identity, resource_policy=policies[bucket], resource_account=ARCHIVE, **more
    ).word


@pytest.mark.parametrize("owner", [MANAGEMENT, ORGANIZATION])
def test_the_organisations_trail_delivers(policies: dict[str, Any], owner: str) -> None:
    """Below the management account's prefix and the organisation's, encrypted with the archive's key."""
    path = f"/AWSLogs/{owner}/{LAKE}/CloudTrail/eu-west-1/2026/11/22/x.json.gz"
    assert on(policies, TRAIL_BUCKET, "cloudtrail.amazonaws.com", "s3:PutObject", path, context={**TRAIL, **ACL}) == "allowed"
    assert on(policies, TRAIL_BUCKET, "cloudtrail.amazonaws.com", "s3:GetBucketAcl", context=TRAIL) == "allowed"


@pytest.mark.parametrize(("service", "path", "context"), [
    ("cloudtrail.amazonaws.com", f"/AWSLogs/{ORGANIZATION}/x", {**TRAIL, **ACL, "aws:SourceArn": f"{TRAIL_ARN}2"}),
    ("cloudtrail.amazonaws.com", f"/AWSLogs/{ORGANIZATION}/x",
     {**TRAIL, **ACL, "aws:SourceArn": TRAIL_ARN.replace(MANAGEMENT, "999999999999"), "aws:SourceAccount": "999999999999"}),
    ("cloudtrail.amazonaws.com", f"/AWSLogs/{ORGANIZATION}/x", {**TRAIL, **ACL, "aws:SourceOrgID": "o-somebodyelse"}),
    ("cloudtrail.amazonaws.com", f"/AWSLogs/{LAKE}/x", {**TRAIL, **ACL}),
    ("cloudtrail.amazonaws.com", "/elsewhere/x", {**TRAIL, **ACL}),
    ("config.amazonaws.com", f"/AWSLogs/{LAKE}/Config/x", {"aws:SourceAccount": LAKE, "aws:SourceOrgID": ORGANIZATION, **ACL}),
])  # fmt: skip
def test_nothing_else_is_delivered_to_the_trails_bucket(policies: dict[str, Any], service: str, path: str, context: dict[str, Any]) -> None:
    """Not by another trail, another organisation's, elsewhere, or by another service."""
    assert on(policies, TRAIL_BUCKET, service, "s3:PutObject", path, context=context) != "allowed"


@pytest.mark.parametrize(("account", "path", "word"), [
    (LAKE, f"/AWSLogs/{LAKE}/Config/eu-west-1/x", "allowed"),
    ("999999999999", f"/AWSLogs/{LAKE}/Config/eu-west-1/x", "implicit_deny"),
    (LAKE, f"/AWSLogs/{MANAGEMENT}/Config/eu-west-1/x", "implicit_deny"),
])  # fmt: skip
def test_config_delivers_for_the_stated_accounts(policies: dict[str, Any], account: str, path: str, word: str) -> None:
    """To a bucket of its own."""
    context = {"aws:SourceAccount": account, "aws:SourceOrgID": ORGANIZATION, **ACL}
    assert on(policies, CONFIG_BUCKET, "config.amazonaws.com", "s3:PutObject", path, context=context) == word
    used = decide("config.amazonaws.com", "kms:GenerateDataKey", KEY, context=context, key_policy=policies["key"]).word
    assert used == ("implicit_deny" if account != LAKE else "allowed")


@pytest.mark.parametrize("action", ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"])
def test_nobody_removes_but_break_glass(policies: dict[str, Any], action: str) -> None:
    """Not an administrator of the archive, nor root, nor somebody whose role only ends alike."""
    for bucket in (TRAIL_BUCKET, CONFIG_BUCKET):
        for who in ("role/Admin", "role/x/BreakGlass", "role/BreakGlass2", "user/BreakGlass", "root"):
            assert (
                on(policies, bucket, f"arn:aws:iam::{ARCHIVE}:{who}", action, "/AWSLogs/x", organization=ORGANIZATION) == "explicit_deny"
            ), who
        emergency = f"arn:aws:iam::{ARCHIVE}:role/BreakGlass"
        assert on(policies, bucket, emergency, action, "/AWSLogs/x", organization=ORGANIZATION) == "allowed"
        other = f"arn:aws:iam::{LAKE}:role/BreakGlass"
        assert on(policies, bucket, other, action, "/AWSLogs/x", organization=ORGANIZATION) == "explicit_deny"


def test_nobody_outside_reads(policies: dict[str, Any]) -> None:
    """An auditor of the archive does; of another organisation nobody, whatever else allowed it."""
    auditor, stranger = f"arn:aws:iam::{ARCHIVE}:role/Auditor", "arn:aws:iam::999999999999:role/Auditor"
    assert on(policies, TRAIL_BUCKET, auditor, "s3:GetObject", "/AWSLogs/x", organization=ORGANIZATION) == "allowed"
    assert on(policies, TRAIL_BUCKET, stranger, "s3:GetObject", "/AWSLogs/x", organization="o-somebodyelse") == "explicit_deny"
    assert on(policies, TRAIL_BUCKET, "*", "s3:GetObject", "/AWSLogs/x") == "explicit_deny"


def test_only_the_trail_encrypts_with_the_key(policies: dict[str, Any]) -> None:
    """For the management account's trails; CloudTrail tells whose in the encryption context."""
    context = {**TRAIL, "kms:EncryptionContext:aws:cloudtrail:arn": TRAIL_ARN}

    def encrypt(**changed: str) -> str:
        said = {**context, **{f"aws:{name}": value for name, value in changed.items()}}
        return decide("cloudtrail.amazonaws.com", "kms:GenerateDataKey", KEY, context=said, key_policy=policies["key"]).word

    assert encrypt() == "allowed"
    assert encrypt(SourceArn=f"arn:aws:cloudtrail:{REGION}:{LAKE}:trail/own") != "allowed"
    assert encrypt(SourceOrgID="o-somebodyelse") == "explicit_deny"
    assert decide("cloudtrail.amazonaws.com", "kms:DescribeKey", KEY, context=TRAIL, key_policy=policies["key"]).word == "allowed"


def test_the_trails_files_are_locked_and_configs_are_not(synthesized: dict[str, Any]) -> None:
    """AWS Config does not deliver to a bucket with a default retention. No bucket denies a kind of encryption."""
    buckets = {value["Properties"].get("BucketName"): value["Properties"] for value in resources(synthesized, "AWS::S3::Bucket").values()}
    lock = buckets[f"governed-lake-trail-{ARCHIVE}-{REGION}"]["ObjectLockConfiguration"]
    assert lock == {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Days": 365, "Mode": "GOVERNANCE"}}}
    assert buckets[f"governed-lake-trail-{ARCHIVE}-{REGION}"]["ObjectLockEnabled"] is True
    assert "ObjectLockConfiguration" not in buckets[f"governed-lake-config-{ARCHIVE}-{REGION}"]
    assert "x-amz-server-side-encryption" not in json.dumps(resources(synthesized, "AWS::S3::BucketPolicy"))
    for name, bucket in buckets.items():
        rules = bucket["LifecycleConfiguration"]["Rules"]
        assert name is None or not [rule for rule in rules if "ExpirationInDays" in rule], name


def test_the_key_is_known_by_an_alias(synthesized: dict[str, Any]) -> None:
    """Its id is made up by AWS, and the trail stands in another account."""
    ((_, alias),) = resources(synthesized, "AWS::KMS::Alias").items()
    assert alias["Properties"]["AliasName"] == NAMES.key_alias == "alias/governed-lake-archive"
    assert NAMES.key_alias_arn(new_stack()) == f"arn:aws:kms:{REGION}:{ARCHIVE}:alias/governed-lake-archive"


def test_what_is_asked_for_differs_from_the_defaults() -> None:
    """Compliance mode, no emergencies, no Config."""
    stack = new_stack(new_app(), "Archive", ARCHIVE)
    lock = ObjectLock(retention=Duration.days(7 * 365), mode=LockMode.COMPLIANCE)
    archive = LogArchive(stack, "LogArchive", organization_id=ORGANIZATION, names=NAMES, object_lock=lock)
    assert archive.config_bucket is None
    text = json.dumps(template(stack))
    assert '"Mode": "COMPLIANCE"' in text
    assert '"Days": 2555' in text
    assert "config.amazonaws.com" not in text
    assert "aws:PrincipalArn" not in text


def test_fails_in_another_account_than_the_names_say() -> None:
    """The names would lead everybody else elsewhere."""
    with pytest.raises(DataLakeError, match="have to be the same") as told:
        LogArchive(new_stack(), "LogArchive", organization_id=ORGANIZATION, names=NAMES)
    assert told.value.code == "archive_elsewhere"


def test_names_differ_by_account_and_region() -> None:
    """A bucket's name is known to the whole world, and as long as S3 allows."""
    assert NAMES.trail_bucket != NAMES.config_bucket
    assert len(NAMES.trail_bucket) <= 63
    assert ARCHIVE in NAMES.trail_bucket
    assert REGION in NAMES.trail_bucket
