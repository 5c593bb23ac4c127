"""The snippets of constructs_lib/storage/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration

from constructs_lib.storage import AccessLogBucket, ExistingBucket, LakeStorage, LakeZone, ObjectLock, ReplicaAddress, ReplicaBucket
from lakemodel.config.model import Zone

if TYPE_CHECKING:
    from aws_cdk import Stack, aws_kms as kms, aws_s3 as s3

    from lakemodel.contracts.model import ContractSet


def simplest(self: Stack, contracts: ContractSet) -> None:
    lake = LakeStorage(self, "Lake", contracts=contracts)
    lake.landing.bucket  # s3.IBucket  # noqa: B018
    lake.zone(Zone.CURATED).key  # kms.IKey  # noqa: B018


def existing(self: Stack, bucket: s3.IBucket, key: kms.IKey, log_bucket: s3.IBucket) -> None:
    # --8<-- [start:existing]
    old = LakeZone.from_bucket(self, "OldCurated", zone=Zone.CURATED, bucket=bucket, key=key)
    logs = ExistingBucket(bucket=log_bucket)
    LakeStorage(self, "Lake", existing_zones={Zone.CURATED: old}, access_logs=logs)
    # --8<-- [end:existing]


def locked(self: Stack) -> None:
    lock = ObjectLock(retention=Duration.days(365))
    replica = ReplicaAddress(bucket_name="lake-prod-raw-444444444421", account=self.account, region="eu-central-1", locked=True)
    LakeStorage(self, "Lake", object_locks={Zone.RAW: lock}, replicas={Zone.RAW: replica})


def copied(self: Stack) -> ReplicaBucket:
    lock = ObjectLock(retention=Duration.days(365))
    logs = AccessLogBucket(self, "AccessLogs")
    copies = ReplicaBucket(self, "RawReplica", name="lake-prod-raw-444444444421", access_logs=logs, object_lock=lock)
    return copies  # noqa: RET504


def escape_hatch(lake: LakeStorage) -> None:
    # --8<-- [start:escape_hatch]
    resource = lake.raw.bucket.node.default_child
    resource.add_property_override("AccelerateConfiguration.AccelerationStatus", "Enabled")
    # --8<-- [end:escape_hatch]
