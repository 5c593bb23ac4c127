"""What each kind of bucket lets in, keeps and lists."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms, aws_s3 as s3

from constructs_lib.core import allow_destroy
from constructs_lib.storage import AccessLogBucket, ExistingBucket, InventoryBucket, LakeBucket, LakeKey
from tests.support import ACCOUNT, new_app, new_stack, resources, template

KEY = "12345678-1234-1234-1234-123456789012"
ENCRYPTION = "s3:x-amz-server-side-encryption"
KEY_ID = f"{ENCRYPTION}-aws-kms-key-id"
FROM_THIS_ACCOUNT = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}


class Synthesized:
    """A template with one bucket of each kind, and their logical ids."""

    def __init__(self) -> None:
        stack = new_stack()
        logs = AccessLogBucket(stack, "Logs")
        inventory = InventoryBucket(stack, "Inventory", access_logs=logs)
        key = LakeKey(stack, "Key", description="tests").key
        data = LakeBucket(stack, "Data", key=key, access_logs=logs, inventory=inventory, notify=True)
        plain = LakeBucket(stack, "Plain", key=key, access_logs=None, versioned=False, deny_other_keys=False)
        self.ids = {
            name: stack.get_logical_id(holder.bucket.node.default_child)
            for name, holder in {"logs": logs, "inventory": inventory, "data": data, "plain": plain}.items()
        }
        self.key_id = stack.get_logical_id(key.node.default_child)
        self.template = template(stack)

    def properties(self, name: str) -> dict[str, Any]:
        """The bucket's properties."""
        properties: dict[str, Any] = self.template["Resources"][self.ids[name]]["Properties"]
        return properties

    def statements(self, name: str) -> list[dict[str, Any]]:
        """The statements of the bucket's policy."""
        (policy,) = [
            policy
            for policy in resources(self.template, "AWS::S3::BucketPolicy").values()
            if policy["Properties"]["Bucket"] == {"Ref": self.ids[name]}
        ]
        found: list[dict[str, Any]] = policy["Properties"]["PolicyDocument"]["Statement"]
        return found

    def by_sid(self, name: str) -> dict[str, dict[str, Any]]:
        """Those with a Sid, by it."""
        return {statement["Sid"]: statement for statement in self.statements(name) if "Sid" in statement}


@pytest.fixture(scope="module")
def made() -> Synthesized:
    return Synthesized()


EVERY = pytest.mark.parametrize("name", ["logs", "inventory", "data", "plain"])


@EVERY
def test_nothing_is_public(made: Synthesized, name: str) -> None:
    """All four switches, written out, and ACLs off."""
    assert made.properties(name)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert made.properties(name)["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert "AccessControl" not in made.properties(name)


@EVERY
def test_only_tls_from_1_2_on(made: Synthesized, name: str) -> None:
    """Everything else is denied, on the bucket and its objects."""
    conditions = [
        statement["Condition"]
        for statement in made.statements(name)
        if statement["Effect"] == "Deny" and statement["Action"] == "s3:*" and len(statement["Resource"]) == 2
    ]
    assert {"Bool": {"aws:SecureTransport": "false"}} in conditions
    assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in conditions


@pytest.mark.parametrize(("name", "status"), [("logs", "Enabled"), ("inventory", "Enabled"), ("data", "Enabled"), ("plain", None)])
def test_versions_are_kept_unless_told_otherwise(made: Synthesized, name: str, status: str | None) -> None:
    """Versioning is on by default."""
    assert made.properties(name).get("VersioningConfiguration", {}).get("Status") == status


@pytest.mark.parametrize("name", ["data", "plain"])
def test_objects_are_encrypted_with_the_key_given(made: Synthesized, name: str) -> None:
    """SSE-KMS with that key and a bucket key."""
    assert made.properties(name)["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
        {
            "BucketKeyEnabled": True,
            "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": [made.key_id, "Arn"]}},
        }
    ]


def test_access_logs_are_encrypted_as_s3_delivers_them(made: Synthesized) -> None:
    """SSE-S3 and no Object Lock: to anything else S3 delivers no access logs, silently."""
    encryption = made.properties("logs")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    assert not {"ObjectLockEnabled", "ObjectLockConfiguration", "LoggingConfiguration"} & set(made.properties("logs"))


@pytest.mark.parametrize(
    ("name", "sid", "service"),
    [
        ("logs", "AllowAccessLogDelivery", "logging.s3.amazonaws.com"),
        ("inventory", "AllowInventoryDelivery", "s3.amazonaws.com"),
    ],
)
def test_deliveries_come_from_this_account_only(made: Synthesized, name: str, sid: str, service: str) -> None:
    """The one Allow in the policy: that service, writing, for buckets of this account."""
    (allow,) = [statement for statement in made.statements(name) if statement["Effect"] == "Allow"]
    assert (allow["Sid"], allow["Principal"], allow["Action"]) == (sid, {"Service": service}, "s3:PutObject")
    assert allow["Condition"] == FROM_THIS_ACCOUNT


def test_inventories_can_be_encrypted(made: Synthesized) -> None:
    """S3 gets the inventory key for inventories of this account; without it S3 delivers nothing and says nothing."""
    policies = [key["Properties"]["KeyPolicy"]["Statement"] for key in resources(made.template, "AWS::KMS::Key").values()]
    (statement,) = [statement for policy in policies for statement in policy if statement["Sid"] == "AllowInventoryEncryption"]
    assert (statement["Principal"], statement["Action"]) == ({"Service": "s3.amazonaws.com"}, "kms:GenerateDataKey")
    assert statement["Condition"] == FROM_THIS_ACCOUNT


def test_a_data_bucket_allows_nobody_by_itself(made: Synthesized) -> None:
    """Rights come from IAM and Lake Formation; the bucket policy only denies."""
    assert {statement["Effect"] for statement in made.statements("data")} == {"Deny"}


def test_uploads_with_another_encryption_are_denied(made: Synthesized) -> None:
    """Another algorithm, `aws:kms` without a key (the AWS managed one), another key: each denied, and only when the header is there."""
    found = made.by_sid("data")
    assert {sid: statement["Condition"] for sid, statement in found.items()} == {
        "DenyOtherEncryption": {"Null": {ENCRYPTION: "false"}, "StringNotEquals": {ENCRYPTION: "aws:kms"}},
        "DenyAwsManagedKey": {"Null": {KEY_ID: "true"}, "StringEquals": {ENCRYPTION: "aws:kms"}},
        "DenyOtherKey": {"Null": {KEY_ID: "false"}, "StringNotEquals": {KEY_ID: {"Fn::GetAtt": [made.key_id, "Arn"]}}},
    }
    assert {statement["Action"] for statement in found.values()} == {"s3:PutObject"}


@pytest.mark.parametrize("name", ["plain", "inventory", "logs"])
def test_the_denials_stay_away_where_a_service_chooses_its_encryption(made: Synthesized, name: str) -> None:
    """Deliveries are not stopped by the denials meant for data."""
    assert not [sid for sid in made.by_sid(name) if sid.startswith("Deny")]


def test_requests_are_logged_under_bucket_and_date(made: Synthesized) -> None:
    """The log target is ours, its keys are partitioned by the time of the event."""
    logging = made.properties("data")["LoggingConfiguration"]
    assert logging["DestinationBucketName"] == {"Ref": made.ids["logs"]}
    assert logging["TargetObjectKeyFormat"] == {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}
    assert "LoggingConfiguration" not in made.properties("plain")


def test_a_weekly_inventory_lists_every_version(made: Synthesized) -> None:
    """To the inventory bucket, of this account, with what tells whether objects are encrypted and where they are tiered."""
    (inventory,) = made.properties("data")["InventoryConfigurations"]
    assert inventory["Destination"] == {
        "BucketArn": {"Fn::GetAtt": [made.ids["inventory"], "Arn"]},
        "BucketAccountId": ACCOUNT,
        "Format": "Parquet",
    }
    assert (inventory["IncludedObjectVersions"], inventory["ScheduleFrequency"], inventory["Enabled"]) == ("All", "Weekly", True)
    assert {"EncryptionStatus", "BucketKeyStatus", "IntelligentTieringAccessTier", "Size"} <= set(inventory["OptionalFields"])
    assert "InventoryConfigurations" not in made.properties("plain")


def test_events_go_to_eventbridge_without_a_helper(made: Synthesized) -> None:
    """The bucket's own property; no Lambda function, role or custom resource."""
    assert made.properties("data")["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert "NotificationConfiguration" not in made.properties("plain")
    assert {resource["Type"] for resource in made.template["Resources"].values()} == {
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::KMS::Key",
    }


def test_bucket_and_policy_are_kept(made: Synthesized) -> None:
    """A kept bucket without its policy would take plain HTTP."""
    for resource in made.template["Resources"].values():
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_a_bucket_of_another_stack_can_be_logged_without_a_cycle() -> None:
    """Its target learns nothing of it; the stacks depend one way only."""
    app = new_app()
    storage, query = new_stack(app, "Storage"), new_stack(app, "Query")
    logs = AccessLogBucket(storage, "Logs")
    inventory = InventoryBucket(storage, "Inventory", access_logs=logs)
    key = LakeKey(query, "Key", description="results").key
    LakeBucket(query, "Results", key=key, access_logs=logs, inventory=inventory)
    assert "Fn::ImportValue" not in str(template(storage))
    assert [stack.stack_name for stack in query.dependencies] == ["Storage"]


def test_existing_targets_and_keys_are_used_as_they_are() -> None:
    """An imported log target, inventory target and key leave no resource behind but the bucket and its policy."""
    stack = new_stack()
    target = ExistingBucket(bucket=s3.Bucket.from_bucket_name(stack, "Target", "logs-of-long-ago"))
    key = kms.Key.from_key_arn(stack, "Key", stack.format_arn(service="kms", resource="key", resource_name=KEY))
    LakeBucket(stack, "Data", key=key, access_logs=target, inventory=target)
    synthesized = template(stack)
    assert sorted(resource["Type"] for resource in synthesized["Resources"].values()) == ["AWS::S3::Bucket", "AWS::S3::BucketPolicy"]
    (bucket,) = resources(synthesized, "AWS::S3::Bucket").values()
    assert bucket["Properties"]["LoggingConfiguration"]["DestinationBucketName"] == "logs-of-long-ago"


def test_a_throw_away_bucket_goes_with_its_policy_and_key() -> None:
    """Where destroying is allowed, all of it goes."""
    app = new_app()
    stage = cdk.Stage(app, "Dev")
    allow_destroy(stage)
    stack = cdk.Stack(stage, "Lake")
    InventoryBucket(stack, "Inventory", access_logs=None, removal_policy=cdk.RemovalPolicy.DESTROY)
    assert {resource["DeletionPolicy"] for resource in template(stack)["Resources"].values()} == {"Delete"}
