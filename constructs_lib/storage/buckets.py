"""The three kinds of bucket a lake has: for data, for access logs, for inventories. What zones add stands in `zones.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aws_cdk import Duration, Stack, aws_iam as iam, aws_s3 as s3
from constructs import Construct

from constructs_lib.core import acknowledge, misuse, perimeter_of, removal_policy as checked_removal_policy
from constructs_lib.storage.keys import LakeKey
from constructs_lib.storage.lifecycle import MAXIMUM_RULES, housekeeping
from constructs_lib.storage.object_lock import check_lock
from constructs_lib.storage.replication import BucketReplication

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import RemovalPolicy, aws_kms as kms

    from constructs_lib.storage.object_lock import ObjectLock
    from constructs_lib.storage.replication import ReplicaAddress

_REPLICATION_RULES = tuple(f"{pack}::{pack}-S3BucketReplicationEnabled" for pack in ("NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"))
_KMS_RULES = tuple(f"{pack}::{pack}-S3DefaultEncryptionKMS" for pack in ("NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"))
_MINIMUM_TLS = 1.2
_ACCESS_LOG_DAYS = 400
_INVENTORY_DAYS = 90
_INVENTORY_FIELDS = (
    "Size",
    "LastModifiedDate",
    "StorageClass",
    "IsMultipartUploaded",
    "ReplicationStatus",
    "EncryptionStatus",
    "BucketKeyStatus",
    "IntelligentTieringAccessTier",
)


class BucketHolder(Protocol):
    """Anything that has a bucket: ours, or `ExistingBucket` around one that was there before."""

    @property
    def bucket(self) -> s3.IBucket:
        """The bucket."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingBucket:
    """A bucket that this app does not make, to be used where one of ours would be.

    Its policy is its owner's: it must already let S3 deliver (access logs, inventories).
    """

    bucket: s3.IBucket


class AccessLogBucket(Construct):
    """Where server access logs of the same account and Region are delivered.

    Encrypted with SSE-S3 and without a default retention, because S3 delivers no access logs to anything else. Only the log delivery
    service writes to it, and only for buckets of this account.

    See https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html.

    Args:
        retention: How long logs are kept; 400 days when left out, so that a yearly audit sees a whole year.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, retention: Duration | None = None, removal_policy: RemovalPolicy | None = None
    ) -> None:
        super().__init__(scope, construct_id)
        retention = Duration.days(_ACCESS_LOG_DAYS) if retention is None else retention
        policy = checked_removal_policy(self, removal_policy)
        bucket = s3.Bucket(
            self,
            "Resource",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=_MINIMUM_TLS,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            lifecycle_rules=[*housekeeping(), s3.LifecycleRule(id="expire-logs", expiration=retention)],
            removal_policy=policy,
        )
        self.bucket: s3.IBucket = bucket
        _keep_policy(bucket, policy)
        _close_perimeter(self, bucket)
        _allow_delivery(self, bucket, sid="AllowAccessLogDelivery", service="logging.s3.amazonaws.com")
        acknowledge(bucket, *_KMS_RULES, reason="S3 delivers server access logs only to buckets encrypted with SSE-S3")
        acknowledge(bucket, *_REPLICATION_RULES, reason="access logs stay in the account and Region of the buckets they are about")


class LakeBucket(Construct):
    """A bucket for data: one KMS key, TLS 1.2 or newer only, nothing public, versioned, logged, listed in an inventory.

    Objects written without naming a key get the bucket's. A request that names another key or another kind of encryption is denied:
    such an object would be out of reach of everyone who reads through the zone's key.

    Args:
        key: Encrypts every object, through an S3 bucket key.
        access_logs: Where server access logs go, an `AccessLogBucket` or an `ExistingBucket`; not logged when None.
        lifecycle_rules: Rules besides the housekeeping that every bucket has (incomplete uploads are aborted after 7 days, noncurrent
            versions deleted after 30); none when left out.
        versioned: Whether overwritten and deleted objects are kept as noncurrent versions; True when left out.
        inventory: Where a weekly list of all object versions goes, an `InventoryBucket` or an `ExistingBucket`; no list when left out.
        notify: Whether object events go to EventBridge; False when left out.
        deny_other_keys: Whether the bucket policy denies uploads that name another key; True when left out. Turn it off where an AWS
            service writes with a kind of encryption of its own choice.
        object_lock: For how long no object version can be deleted; no lock when left out. A bucket that is there already takes it as well,
            for what is written from then on, and keeps it for good.
        replica: Where every new object is copied to, the `address` of a `ReplicaBucket`; no copies when left out.
        name: The bucket's name, for what another Region or account has to know; CloudFormation chooses one when left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`. A bucket that is not empty stays anyway.

    Attributes:
        replication: What copies to the replica; None without one.

    Raises:
        DataLakeError: `too_many_lifecycle_rules`; `object_lock`; `replica_not_locked`, `replica_key`, see `BucketReplication`;
            `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        access_logs: BucketHolder | None,
        lifecycle_rules: Sequence[s3.LifecycleRule] = (),
        versioned: bool | None = None,
        inventory: BucketHolder | None = None,
        notify: bool | None = None,
        deny_other_keys: bool | None = None,
        object_lock: ObjectLock | None = None,
        replica: ReplicaAddress | None = None,
        name: str | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        versioned = True if versioned is None else versioned
        notify = False if notify is None else notify
        deny_other_keys = True if deny_other_keys is None else deny_other_keys
        policy = checked_removal_policy(self, removal_policy)
        rules = [*housekeeping(), *lifecycle_rules]
        self._check_rules(rules)
        if object_lock is not None:
            check_lock(self, object_lock, versioned=versioned, rules=rules)
        bucket = s3.Bucket(
            self,
            "Resource",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            bucket_name=name,
            object_lock_enabled=None if object_lock is None else True,
            object_lock_default_retention=None if object_lock is None else object_lock.default_retention(),
            enforce_ssl=True,
            minimum_tls_version=_MINIMUM_TLS,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=versioned,
            lifecycle_rules=rules,
            removal_policy=policy,
        )
        self.bucket: s3.IBucket = bucket
        self.key = key
        _keep_policy(bucket, policy)
        self._configure(bucket, access_logs, inventory, notify=notify)
        if deny_other_keys:
            self._deny_other_keys(bucket)
        _close_perimeter(self, bucket)
        self.replication = None if replica is None else self._replicate(bucket, replica, locked=object_lock is not None)
        if replica is None:
            acknowledge(
                bucket,
                *_REPLICATION_RULES,
                reason="one copy in one Region, in several Availability Zones, with noncurrent versions; no recovery bucket is configured",
            )

    def _replicate(self, bucket: s3.Bucket, replica: ReplicaAddress, *, locked: bool) -> BucketReplication:
        replication = BucketReplication(self, "Replication", bucket=bucket, key=self.key, to=replica, locked=locked)
        resource = bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)  # noqa: S101 - what an L2 bucket is made of
        resource.replication_configuration = replication.configuration
        return replication

    def _check_rules(self, rules: Sequence[s3.LifecycleRule]) -> None:
        if len(rules) > MAXIMUM_RULES:
            msg = (
                f"got {len(rules)} lifecycle rules, one for each product (curated: each Parquet table) with a retention among them; "
                f"a bucket takes {MAXIMUM_RULES}; move some domains to another lake, or give their contracts no retention"
            )
            raise misuse(self, msg, code="too_many_lifecycle_rules")

    def _configure(self, bucket: s3.Bucket, access_logs: BucketHolder | None, inventory: BucketHolder | None, *, notify: bool) -> None:
        """Sets what the L2 would only set with helpers or statements in other stacks' policies."""
        resource = bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)  # noqa: S101 - what an L2 bucket is made of
        for target in (access_logs, inventory):
            if target is not None and isinstance(target.bucket, s3.Bucket) and target.bucket.policy is not None:
                bucket.node.add_dependency(target.bucket.policy)  # S3 may check that it can deliver
        if access_logs is not None:
            resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
                destination_bucket_name=access_logs.bucket.bucket_name,
                target_object_key_format=s3.CfnBucket.TargetObjectKeyFormatProperty(
                    partitioned_prefix=s3.CfnBucket.PartitionedPrefixProperty(partition_date_source="EventTime")
                ),
            )
        if inventory is not None:
            resource.inventory_configurations = [
                s3.CfnBucket.InventoryConfigurationProperty(
                    id="weekly",
                    enabled=True,
                    destination=s3.CfnBucket.DestinationProperty(
                        bucket_arn=inventory.bucket.bucket_arn, bucket_account_id=Stack.of(self).account, format="Parquet"
                    ),
                    included_object_versions="All",
                    schedule_frequency="Weekly",
                    optional_fields=list(_INVENTORY_FIELDS),
                )
            ]
        if notify:
            resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
                event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
            )

    def _deny_other_keys(self, bucket: s3.Bucket) -> None:
        """Denies uploads whose headers name anything but the bucket's key; `aws:kms` without a key would mean the key `aws/s3`.

        See https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html.
        """
        algorithm, key_id = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
        conditions = {
            "DenyOtherEncryption": {"Null": {algorithm: "false"}, "StringNotEquals": {algorithm: "aws:kms"}},
            "DenyAwsManagedKey": {"Null": {key_id: "true"}, "StringEquals": {algorithm: "aws:kms"}},
            "DenyOtherKey": {"Null": {key_id: "false"}, "StringNotEquals": {key_id: self.key.key_arn}},
        }
        for sid, condition in conditions.items():
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid,
                    effect=iam.Effect.DENY,
                    principals=[iam.AnyPrincipal()],
                    actions=["s3:PutObject"],
                    resources=[bucket.arn_for_objects("*")],
                    conditions=condition,
                )
            )


class InventoryBucket(Construct):
    """Where S3 delivers the inventories of this account's buckets, encrypted with a key of its own.

    Args:
        access_logs: Where its own server access logs go; not logged when None.
        retention: How long lists are kept; 90 days when left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        access_logs: BucketHolder | None,
        retention: Duration | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        retention = Duration.days(_INVENTORY_DAYS) if retention is None else retention
        key = LakeKey(self, "Key", description="S3 inventories of the lake's buckets", removal_policy=removal_policy).key
        lake_bucket = LakeBucket(
            self,
            "Bucket",
            key=key,
            access_logs=access_logs,
            lifecycle_rules=[s3.LifecycleRule(id="expire-inventories", expiration=retention)],
            deny_other_keys=False,
            removal_policy=removal_policy,
        )
        self.bucket: s3.IBucket = lake_bucket.bucket
        self.key: kms.IKey = key
        _allow_delivery(self, lake_bucket.bucket, sid="AllowInventoryDelivery", service="s3.amazonaws.com")
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowInventoryEncryption",
                principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                actions=["kms:GenerateDataKey"],
                resources=["*"],
                conditions=_of_this_account(self),
            )
        )


def _keep_policy(bucket: s3.Bucket, policy: RemovalPolicy) -> None:
    """What is retained stays as guarded as it was: without its policy a kept bucket would take plain HTTP."""
    if bucket.policy is not None:
        bucket.policy.apply_removal_policy(policy)


def _close_perimeter(scope: Construct, bucket: s3.IBucket) -> None:
    """Denies who is outside the organisation, where `core.data_perimeter` says which it is."""
    perimeter = perimeter_of(scope)
    if perimeter is not None:
        for statement in perimeter.statements(["s3:*"], [bucket.bucket_arn, bucket.arn_for_objects("*")]):
            bucket.add_to_resource_policy(statement)


def _allow_delivery(scope: Construct, bucket: s3.IBucket, *, sid: str, service: str) -> None:
    """One statement for every bucket of the account, so that a bucket in another stack adds none here and no cycle arises."""
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid=sid,
            principals=[iam.ServicePrincipal(service)],
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects("*")],
            conditions=_of_this_account(scope),
        )
    )


def _of_this_account(scope: Construct) -> dict[str, dict[str, str]]:
    stack = Stack.of(scope)
    any_bucket = stack.format_arn(service="s3", region="", account="", resource="*")
    return {"ArnLike": {"aws:SourceArn": any_bucket}, "StringEquals": {"aws:SourceAccount": stack.account}}
