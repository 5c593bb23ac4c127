"""Those of keys."""

from __future__ import annotations

from typing import Any

from tests.lakecheck.rules.mutations.model import REMOVED, Mutation

_DEFAULT = "BucketEncryption.ServerSideEncryptionConfiguration.0"


def _named(beginning: str) -> Any:
    return lambda logical_id, _definition: logical_id.startswith(beginning)


def _key(stack: str, beginning: str, sid: str, changes: dict[str, Any]) -> Mutation:
    """One statement of one key policy becomes another one."""

    def changed(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert any(each["Sid"] == sid for each in statements)
        return [{**each, **changes} if each["Sid"] == sid else each for each in statements]

    return Mutation(stack=stack, type="AWS::KMS::Key", where=_named(beginning), path="KeyPolicy.Statement", value=changed)


def _curated(path: str, value: Any, *, also: tuple[str, ...] = ()) -> Mutation:
    where = _named("ZonesCurated")
    return Mutation(stack="MainStorage", type="AWS::S3::Bucket", where=where, path=f"{_DEFAULT}.{path}", value=value, also=also)


def _without_key(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in statements if each["Sid"] != "Key"]


def _other_encryption(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The policy lets through the wrong algorithm."""
    condition = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}}
    return [{**each, "Condition": condition} if each.get("Sid") == "DenyOtherEncryption" else each for each in statements]


MUTATIONS = {
    "encryption.log_key_usable": _key(
        "MainPipelines", "FoundationKey", "AllowLogGroups", {"Principal": {"Service": "logs.us-east-1.amazonaws.com"}}
    ),
    "encryption.topic_key_usable": _key(
        "MainPipelines", "FoundationKey", "AllowEventsAndAlarms", {"Principal": {"Service": "events.amazonaws.com"}}
    ),
    "encryption.queue_key_usable": _key(
        "MainPipelines", "FoundationKey", "AllowEventsAndAlarms", {"Principal": {"Service": "cloudwatch.amazonaws.com"}}
    ),
    "encryption.trail_key_usable": _key("MainStorage", "AuditKey", "AllowCloudTrailToEncrypt", {"Action": "kms:Encrypt"}),
    "encryption.catalog_key_usable": _key("MainAccount", "AccountCatalogEncryptionKey", "AllowCatalogRole", {"Action": "kms:DescribeKey"}),
    "encryption.bucket_with_aws_key": _curated(
        "ServerSideEncryptionByDefault.KMSMasterKeyID",
        REMOVED,
        # The bucket's policy insists on the key that the bucket had.
        also=("encryption.denied_encryption",),
    ),
    "encryption.bucket_key_on": _curated("BucketKeyEnabled", False),  # noqa: FBT003 - a property
    "encryption.denied_encryption": Mutation(
        stack="MainStorage",
        type="AWS::S3::BucketPolicy",
        where=_named("ZonesCurated"),
        path="PolicyDocument.Statement",
        value=_other_encryption,
    ),
    "encryption.job_key_agrees": Mutation(
        stack="MainPipelines",
        type="AWS::Glue::SecurityConfiguration",
        path="EncryptionConfiguration.S3Encryptions",
        value=[{"S3EncryptionMode": "SSE-S3"}],
    ),
    "encryption.workgroup_key_agrees": Mutation(
        stack="MainQuery",
        type="AWS::Athena::WorkGroup",
        path="WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.EncryptionOption",
        value="SSE_S3",
    ),
    "encryption.reader_without_key": Mutation(
        stack="MainLocations",
        type="AWS::IAM::ManagedPolicy",
        where=_named("CuratedLocation"),
        path="PolicyDocument.Statement",
        value=_without_key,
    ),
}
