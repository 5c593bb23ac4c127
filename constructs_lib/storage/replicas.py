"""The bucket at the other end of a replication, in a recovery Region or account, with a key of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack, aws_iam as iam
from constructs import Construct

from constructs_lib.storage.buckets import LakeBucket
from constructs_lib.storage.keys import LakeKey
from constructs_lib.storage.replication import ReplicaAddress, replication_role_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import RemovalPolicy, aws_kms as kms, aws_s3 as s3

    from constructs_lib.storage.buckets import BucketHolder
    from constructs_lib.storage.object_lock import ObjectLock


class ReplicaBucket(Construct):
    """A bucket that takes copies, and its key; a `LakeBucket(replica=...)` elsewhere fills it.

    It is named, because a bucket in another Region or account has to know it. Its stack comes before the source's.

    Args:
        name: The bucket's name, the same for everyone in the world: derive it with `lakemodel.naming.physical_name` from the account's id.
        access_logs: Where server access logs go, in the replica's own account and Region; not logged when None.
        source_account: The account whose bucket is copied; the replica's own when left out.
        lifecycle_rules: Rules besides the housekeeping that every bucket has; none when left out.
        object_lock: For how long versions are locked; not at all when left out. Needed where the source has it. A copy keeps the lock of
            its original, where that has one.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Attributes:
        bucket: The bucket.
        key: Encrypts the copies.
        address: What the source is given; to a source in another account together with the key's ARN, see `ReplicaAddress`.

    Raises:
        DataLakeError: `object_lock`, `too_many_lifecycle_rules`, `destroy_not_allowed`.

    See https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        access_logs: BucketHolder | None,
        source_account: str | None = None,
        lifecycle_rules: Sequence[s3.LifecycleRule] = (),
        object_lock: ObjectLock | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        lake_key = LakeKey(self, "Key", description=f"copies in {name}", removal_policy=removal_policy)
        self.key: kms.IKey = lake_key.key
        self.bucket: s3.IBucket = LakeBucket(
            self,
            "Bucket",
            name=name,
            key=self.key,
            access_logs=access_logs,
            lifecycle_rules=lifecycle_rules,
            object_lock=object_lock,
            removal_policy=removal_policy,
        ).bucket
        self.address = ReplicaAddress(
            bucket_name=name,
            account=stack.account,
            region=stack.region,
            locked=object_lock is not None,
        )
        lake_key.key.add_alias(self.address.key_alias)
        if source_account is not None and source_account != stack.account:
            self._accept(source_account, replication_role_name(name))

    def _accept(self, account: str, role: str) -> None:
        """Lets the role of that account write copies: by a condition, because a policy cannot name a role that is not there yet."""
        stack = Stack.of(self)
        role_arn = stack.format_arn(service="iam", region="", account=account, resource="role", resource_name=role)
        only_the_role = {"ArnEquals": {"aws:PrincipalArn": role_arn}}
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowReplication",
                principals=[iam.AccountPrincipal(account)],
                actions=["s3:ObjectOwnerOverrideToBucketOwner", "s3:ReplicateObject", "s3:ReplicateTags"],
                resources=[self.bucket.arn_for_objects("*")],
                conditions=only_the_role,
            )
        )
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowReplicationToLook",
                principals=[iam.AccountPrincipal(account)],
                actions=["s3:GetBucketVersioning", "s3:ListBucket"],
                resources=[self.bucket.bucket_arn],
                conditions=only_the_role,
            )
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowReplication",
                principals=[iam.AccountPrincipal(account)],
                actions=["kms:Encrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={**only_the_role, "StringEquals": {"kms:ViaService": f"s3.{stack.region}.{stack.url_suffix}"}},
            )
        )
