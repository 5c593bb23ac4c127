"""What copies a bucket's new objects to another Region or account: the role S3 takes for it, the rule, its metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import Duration, Stack, Token, aws_cloudwatch as cloudwatch, aws_iam as iam, aws_s3 as s3
from constructs import Construct

from constructs_lib.core import acknowledge_wildcards, misuse, trusted_service
from lakemodel.limits import Quota, limit
from lakemodel.naming import physical_name

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

RULE_ID = "everything"

_REASONS = {
    "ReadVersions": "every object of the bucket is copied",
    "WriteReplicas": "every object of the bucket is copied",
    "EncryptReplicas": "the id of a key in another Region is known to nobody here; its alias is, which a condition asks for",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicaAddress:
    """How a bucket knows its replica without a reference between Regions, which CloudFormation does not have.

    Args:
        bucket_name: The replica's name.
        account: Its account.
        region: Its Region.
        key_arn: The key that encrypts replicas. When left out, the one with the alias `alias/<bucket name>`, in the same account only:
            S3 looks an alias up in the account of the source.
        locked: Whether the replica has Object Lock; without it S3 copies nothing out of a bucket that has.
    """

    bucket_name: str
    account: str
    region: str
    key_arn: str | None = None
    locked: bool = False

    @property
    def key_alias(self) -> str:
        """The alias of the replica's key, where it has no ARN here."""
        return f"alias/{self.bucket_name}"


def replication_role_name(bucket_name: str) -> str:
    """The name of the role that copies into that replica from another account, which the replica's policies name.

    Example:
        >>> replication_role_name("lake-prod-raw-replica")
        'replicate-lake-prod-raw-replica'
    """
    return physical_name("replicate", bucket_name, max_length=limit(Quota.ROLE_NAME_CHARACTERS).value)


class BucketReplication(Construct):
    """Copies every new object version of a bucket, with its tags and locks, to a replica with a key of its own.

    Deletions are not copied: what is deleted here, by mistake or on purpose, stays there until the replica's own lifecycle ends it. What
    was in the bucket before is not copied either; S3 Batch Replication does that. The replica has to be there first.

    See https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html.

    Args:
        bucket: The bucket, with versions.
        key: The key its objects are encrypted with.
        to: The replica.
        locked: Whether the bucket has Object Lock.

    Attributes:
        role: What S3 takes to copy.
        configuration: The bucket's `ReplicationConfiguration`.

    Raises:
        DataLakeError: `replica_not_locked`, `replica_key`.
    """

    def __init__(self, scope: Construct, construct_id: str, *, bucket: s3.IBucket, key: kms.IKey, to: ReplicaAddress, locked: bool) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        # An account that is known at deployment only is taken to be the replica's: nothing here could tell otherwise.
        self._elsewhere = not Token.is_unresolved(stack.account) and not Token.is_unresolved(to.account) and to.account != stack.account
        self._check(to, locked=locked)
        self._bucket, self._to = bucket, to
        self.role = iam.Role(
            self,
            "Role",
            role_name=replication_role_name(to.bucket_name) if self._elsewhere else None,
            description="S3 copies new objects to their replica as this role",
            assumed_by=trusted_service(self, "s3.amazonaws.com"),
        )
        policy = iam.ManagedPolicy(self, "Policy", roles=[self.role], statements=self._statements(key, locked=locked))
        acknowledge_wildcards(policy, _REASONS)
        self.configuration = s3.CfnBucket.ReplicationConfigurationProperty(role=self.role.role_arn, rules=[self._rule()])

    def _check(self, to: ReplicaAddress, *, locked: bool) -> None:
        if locked and not to.locked:
            msg = f"got Object Lock on a bucket whose replica {to.bucket_name} has none; S3 would copy nothing: lock the replica as well"
            raise misuse(self, msg, code="replica_not_locked")
        if self._elsewhere and to.key_arn is None:
            msg = (
                f"got the replica {to.bucket_name} in the account {to.account} without its key; "
                "S3 would look for its alias in this account: state key_arn"
            )
            raise misuse(self, msg, code="replica_key")

    @property
    def _replica_arn(self) -> str:
        return Stack.of(self).format_arn(service="s3", region="", account="", resource=self._to.bucket_name)

    def _key_arn(self, resource: str) -> str:
        return Stack.of(self).format_arn(service="kms", region=self._to.region, account=self._to.account, resource=resource)

    def _rule(self) -> s3.CfnBucket.ReplicationRuleProperty:
        bucket, to = s3.CfnBucket, self._to
        return bucket.ReplicationRuleProperty(
            id=RULE_ID,
            status="Enabled",
            priority=1,
            filter=bucket.ReplicationRuleFilterProperty(prefix=""),
            delete_marker_replication=bucket.DeleteMarkerReplicationProperty(status="Disabled"),
            source_selection_criteria=bucket.SourceSelectionCriteriaProperty(
                sse_kms_encrypted_objects=bucket.SseKmsEncryptedObjectsProperty(status="Enabled")
            ),
            destination=bucket.ReplicationDestinationProperty(
                bucket=self._replica_arn,
                account=to.account if self._elsewhere else None,
                access_control_translation=bucket.AccessControlTranslationProperty(owner="Destination") if self._elsewhere else None,
                encryption_configuration=bucket.EncryptionConfigurationProperty(
                    replica_kms_key_id=self._key_arn(to.key_alias) if to.key_arn is None else to.key_arn
                ),
                metrics=bucket.MetricsProperty(status="Enabled"),
            ),
        )

    def _statements(self, key: kms.IKey, *, locked: bool) -> list[iam.PolicyStatement]:
        stack, to = Stack.of(self), self._to
        lock = ["s3:GetObjectLegalHold", "s3:GetObjectRetention"] if locked else []
        owner = ["s3:ObjectOwnerOverrideToBucketOwner"] if self._elsewhere else []
        by_alias = {} if to.key_arn is not None else {"ForAnyValue:StringEquals": {"kms:ResourceAliases": to.key_alias}}
        return [
            iam.PolicyStatement(
                sid="ReadConfiguration",
                actions=["s3:GetReplicationConfiguration", "s3:ListBucket"],
                resources=[self._bucket.bucket_arn],
            ),
            iam.PolicyStatement(
                sid="ReadVersions",
                actions=["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging", *lock],
                resources=[self._bucket.arn_for_objects("*")],
            ),
            iam.PolicyStatement(
                sid="WriteReplicas",
                actions=["s3:ReplicateObject", "s3:ReplicateTags", *owner],
                resources=[f"{self._replica_arn}/*"],
            ),
            iam.PolicyStatement(
                sid="DecryptSource",
                actions=["kms:Decrypt"],
                resources=[key.key_arn],
                conditions={
                    "StringEquals": {"kms:ViaService": f"s3.{stack.region}.{stack.url_suffix}"},
                    "StringLike": _context(self._bucket.bucket_arn),
                },
            ),
            iam.PolicyStatement(
                sid="EncryptReplicas",
                actions=["kms:Encrypt", "kms:GenerateDataKey"],
                resources=[self._key_arn("key/*") if to.key_arn is None else to.key_arn],
                conditions={
                    "StringEquals": {"kms:ViaService": f"s3.{to.region}.{stack.url_suffix}"},
                    "StringLike": _context(self._replica_arn),
                    **by_alias,
                },
            ),
        ]

    def metric_failed(self, **options: Any) -> cloudwatch.Metric:
        """How many objects could not be copied; the sum of five minutes unless stated otherwise."""
        return self._metric("OperationsFailedReplication", **{"statistic": "Sum", **options})

    def metric_latency(self, **options: Any) -> cloudwatch.Metric:
        """By how many seconds the replica is behind; the maximum of five minutes unless stated otherwise."""
        return self._metric("ReplicationLatency", **{"statistic": "Maximum", **options})

    def metric_pending_bytes(self, **options: Any) -> cloudwatch.Metric:
        """How many bytes wait to be copied; the maximum of five minutes unless stated otherwise."""
        return self._metric("BytesPendingReplication", **{"statistic": "Maximum", **options})

    def _metric(self, name: str, **options: Any) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/S3",
            metric_name=name,
            dimensions_map={
                "SourceBucket": self._bucket.bucket_name,
                "DestinationBucket": self._to.bucket_name,
                "RuleId": RULE_ID,
            },
            **{"period": Duration.minutes(5), **options},
        )


def _context(bucket_arn: str) -> dict[str, list[str]]:
    """What S3 tells KMS: the bucket, where it has an S3 bucket key, or else the object."""
    return {"kms:EncryptionContext:aws:s3:arn": [bucket_arn, f"{bucket_arn}/*"]}
