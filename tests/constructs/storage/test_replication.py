"""Replication: what a source bucket copies where and with which rights, and whom a replica lets in."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration

from constructs_lib.storage import AccessLogBucket, LakeBucket, LakeKey, LakeStorage, ObjectLock, ReplicaAddress, ReplicaBucket
from lakemodel.config.model import Zone
from lakemodel.errors import DataLakeError
from tests.compliance.nag import acknowledged, findings, report
from tests.constructs.pipeline.lake import flat
from tests.support import ACCOUNT, REGION, new_app, new_stack, resources, template

ELSEWHERE = "555555555555"
RECOVERY = "eu-central-1"
NAME = f"lake-raw-{ACCOUNT}-replica"
ROLE = f"replicate-{NAME}"
KEY = f"arn:aws:kms:{RECOVERY}:{ELSEWHERE}:key/12345678-1234-1234-1234-123456789012"
LOCK = ObjectLock(retention=Duration.days(30))


class Pair:
    """A source and its replica, in one account or in two."""

    def __init__(self, account: str, key_arn: str | None = None) -> None:
        self.app = new_app()
        self.replica_stack = cdk.Stack(self.app, "Recovery", env=cdk.Environment(account=account, region=RECOVERY))
        logs = AccessLogBucket(self.replica_stack, "Logs")
        replica = ReplicaBucket(self.replica_stack, "Replica", name=NAME, access_logs=logs, source_account=ACCOUNT, object_lock=LOCK)
        self.stack = new_stack(self.app, "Source")
        self.key = LakeKey(self.stack, "Key", description="tests").key
        address = dataclasses.replace(replica.address, key_arn=key_arn)
        logs = AccessLogBucket(self.stack, "Logs")
        self.source = LakeBucket(self.stack, "Data", key=self.key, access_logs=logs, object_lock=LOCK, replica=address)
        replication = self.source.replication
        assert replication is not None
        self.metrics = [
            self.stack.resolve(metric.to_metric_config().metric_stat)
            for metric in (replication.metric_failed(), replication.metric_latency(), replication.metric_pending_bytes())
        ]
        self.report = report(self.app)

    @cached_property
    def source_template(self) -> dict[str, Any]:
        """The template of the source."""
        return template(self.stack)

    @cached_property
    def replica_template(self) -> dict[str, Any]:
        """The template of the replica."""
        return template(self.replica_stack)

    @cached_property
    def rule(self) -> dict[str, Any]:
        """The one rule of the source."""
        bucket = one(self.source_template, "AWS::S3::Bucket", "Data")
        (rule,) = bucket["Properties"]["ReplicationConfiguration"]["Rules"]
        return dict(rule)

    @cached_property
    def rights(self) -> dict[str, dict[str, Any]]:
        """The statements of the role, by Sid."""
        (policy,) = resources(self.source_template, "AWS::IAM::ManagedPolicy").values()
        return {statement["Sid"]: statement for statement in policy["Properties"]["PolicyDocument"]["Statement"]}

    @cached_property
    def role(self) -> dict[str, Any]:
        """The role's properties."""
        (role,) = resources(self.source_template, "AWS::IAM::Role").values()
        return dict(role["Properties"])


def one(synthesized: dict[str, Any], kind: str, begin: str) -> dict[str, Any]:
    """The one resource of a type whose logical id begins so."""
    (found,) = [resource for name, resource in resources(synthesized, kind).items() if name.startswith(begin)]
    return dict(found)


@pytest.fixture(scope="module")
def near() -> Pair:
    return Pair(ACCOUNT)


@pytest.fixture(scope="module")
def far() -> Pair:
    return Pair(ELSEWHERE, KEY)


def test_everything_new_is_copied_and_no_deletion(near: Pair) -> None:
    """One rule for all objects, the encrypted ones too, under the replica's key, with metrics; delete markers stay here."""
    assert near.rule == {
        "Id": "everything",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": f"arn:aws:s3:::{NAME}",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": f"arn:aws:kms:{RECOVERY}:{ACCOUNT}:alias/{NAME}"},
            "Metrics": {"Status": "Enabled"},
        },
    }


def test_another_account_owns_its_copies(far: Pair) -> None:
    """The destination's account becomes their owner, and its key is named by ARN."""
    destination = far.rule["Destination"]
    assert destination["Account"] == ELSEWHERE
    assert destination["AccessControlTranslation"] == {"Owner": "Destination"}
    assert destination["EncryptionConfiguration"] == {"ReplicaKmsKeyID": KEY}


def test_the_role_reads_here_and_writes_there_and_nothing_else(near: Pair) -> None:
    """No deletion, no read of the replica; keys through S3 and for these two buckets alone."""
    actions = {sid: statement["Action"] for sid, statement in near.rights.items()}
    assert actions == {
        "ReadConfiguration": ["s3:GetReplicationConfiguration", "s3:ListBucket"],
        "ReadVersions": [
            "s3:GetObjectLegalHold",
            "s3:GetObjectRetention",
            "s3:GetObjectVersionAcl",
            "s3:GetObjectVersionForReplication",
            "s3:GetObjectVersionTagging",
        ],
        "WriteReplicas": ["s3:ReplicateObject", "s3:ReplicateTags"],
        "DecryptSource": "kms:Decrypt",
        "EncryptReplicas": ["kms:Encrypt", "kms:GenerateDataKey"],
    }
    assert near.rights["WriteReplicas"]["Resource"] == f"arn:aws:s3:::{NAME}/*"
    assert flat(near.rights["DecryptSource"]["Condition"]["StringEquals"]["kms:ViaService"]) == f"s3.{REGION}.<AWS::URLSuffix>"
    encrypt = near.rights["EncryptReplicas"]
    assert encrypt["Resource"] == f"arn:aws:kms:{RECOVERY}:{ACCOUNT}:key/*"
    assert flat(encrypt["Condition"].pop("StringEquals")["kms:ViaService"]) == f"s3.{RECOVERY}.<AWS::URLSuffix>"
    assert encrypt["Condition"] == {
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"]},
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{NAME}"},
    }


def test_the_role_is_named_only_where_another_account_has_to_know_it(near: Pair, far: Pair) -> None:
    """And there it gives its copies away, with the one key whose ARN it was told."""
    assert "RoleName" not in near.role
    assert far.role["RoleName"] == ROLE
    assert "s3:ObjectOwnerOverrideToBucketOwner" in far.rights["WriteReplicas"]["Action"]
    assert far.rights["EncryptReplicas"]["Resource"] == KEY
    assert "ForAnyValue:StringEquals" not in far.rights["EncryptReplicas"]["Condition"]


def test_a_replica_lets_in_the_one_role_of_the_other_account(far: Pair) -> None:
    """Bucket and key name the account, and the role by a condition."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
    allowed = [
        statement
        for kind, name in (("AWS::S3::BucketPolicy", "PolicyDocument"), ("AWS::KMS::Key", "KeyPolicy"))
        for resource in resources(far.replica_template, kind).values()
        for statement in resource["Properties"][name]["Statement"]
        if statement["Effect"] == "Allow" and ACCOUNT in str(statement["Principal"])
    ]
    assert [statement["Sid"] for statement in allowed] == ["AllowReplication", "AllowReplicationToLook", "AllowReplication"]
    assert {statement["Condition"]["ArnEquals"]["aws:PrincipalArn"] for statement in allowed} == {arn}
    assert not [action for statement in allowed for action in statement["Action"] if "Delete" in action or "Decrypt" in action]


def test_a_replica_of_the_same_account_lets_in_nobody(near: Pair) -> None:
    """IAM alone decides there."""
    policy = one(near.replica_template, "AWS::S3::BucketPolicy", "Replica")
    assert {statement["Effect"] for statement in policy["Properties"]["PolicyDocument"]["Statement"]} == {"Deny"}


def test_a_replica_has_a_name_and_its_key_an_alias(near: Pair) -> None:
    """Both are what the source says."""
    bucket = one(near.replica_template, "AWS::S3::Bucket", "Replica")
    (alias,) = resources(near.replica_template, "AWS::KMS::Alias").values()
    assert bucket["Properties"]["BucketName"] == NAME
    assert alias["Properties"]["AliasName"] == f"alias/{NAME}"
    assert bucket["Properties"]["ObjectLockEnabled"] is True


def test_the_metrics_are_those_of_the_rule(near: Pair) -> None:
    """S3 tells them by source, destination and rule."""
    assert [metric["metricName"] for metric in near.metrics] == [
        "OperationsFailedReplication",
        "ReplicationLatency",
        "BytesPendingReplication",
    ]
    for metric in near.metrics:
        dimensions = {dimension["name"]: dimension["value"] for dimension in metric["dimensions"]}
        assert dimensions.keys() == {"SourceBucket", "DestinationBucket", "RuleId"}
        assert (dimensions["DestinationBucket"], dimensions["RuleId"]) == (NAME, near.rule["Id"])


@pytest.mark.parametrize("pair", ["near", "far"])
def test_the_packs_are_content_and_the_source_needs_no_excuse(pair: str, request: pytest.FixtureRequest) -> None:
    """Replication is acknowledged on the replica alone; a key is named by a wildcard where its alias is asked for."""
    validation = request.getfixturevalue(pair).report
    assert findings(validation) == []
    paths = acknowledged(validation)
    assert sorted(path for path in paths if "/Logs/" not in path) == [
        "Recovery/Replica/Bucket/Resource/Resource",
        "Source/Data/Replication/Policy/Resource",
    ]
    keys = [rule for rule in paths["Source/Data/Replication/Policy/Resource"] if "key/*" in rule]
    assert len(keys) == (1 if pair == "near" else 0)


def test_without_a_replica_nothing_is_copied() -> None:
    """No role, no rule."""
    stack = new_stack()
    storage = LakeStorage(stack, "Lake", zones=[Zone.RAW])
    synthesized = template(stack)
    assert storage.raw.bucket is not None
    assert not resources(synthesized, "AWS::IAM::Role")
    assert "ReplicationConfiguration" not in str(synthesized)


@pytest.mark.parametrize(
    ("address", "code", "match"),
    [
        (ReplicaAddress(bucket_name=NAME, account=ACCOUNT, region=RECOVERY), "replica_not_locked", "lock the replica as well"),
        (ReplicaAddress(bucket_name=NAME, account=ELSEWHERE, region=RECOVERY, locked=True), "replica_key", "state key_arn"),
    ],
)
def test_fails_when_nothing_would_be_copied(address: ReplicaAddress, code: str, match: str) -> None:
    """Out of a locked bucket into one without a lock; under an alias that S3 would look up in the wrong account."""
    with pytest.raises(DataLakeError, match=match) as caught:
        LakeStorage(new_stack(), "Lake", object_locks={Zone.RAW: LOCK}, replicas={Zone.RAW: address})
    assert caught.value.code == code
