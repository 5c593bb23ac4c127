"""The log archive account: two buckets that keep what the organisation's trail and AWS Config deliver, and their key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Duration, Stack, aws_iam as iam, aws_kms as kms, aws_s3 as s3
from constructs import Construct

from constructs_lib.core import data_perimeter, misuse
from constructs_lib.storage import AccessLogBucket, LakeBucket, LakeKey
from constructs_lib.storage.object_lock import LockMode, ObjectLock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import RemovalPolicy

    from constructs_lib.baseline.archive import ArchiveNames
    from constructs_lib.storage import BucketHolder

_CLOUDTRAIL = "cloudtrail.amazonaws.com"
_CONFIG = "config.amazonaws.com"
_ARCHIVE_DAYS = 90
_LOCK_DAYS = 365
_REMOVALS = (
    "s3:BypassGovernanceRetention",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:PutObjectLegalHold",
)


class LogArchive(Construct):
    """Where the organisation's trail and AWS Config deliver to, and from where nobody removes anything.

    The trail's bucket takes log files of the one trail named in `names`, for this organisation, and locks each for `object_lock`. AWS
    Config has a bucket of its own, because it does not deliver to one with a default retention. Both have names that the other accounts
    derive too, one key behind an alias, and policies that let nobody delete (break-glass apart) and nobody outside the organisation do
    anything. Neither denies a kind of encryption: CloudTrail cannot create a trail on a bucket that denies SSE-S3.

    See https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html,
    https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html and
    https://docs.aws.amazon.com/config/latest/developerguide/manage-delivery-channel.html.

    Args:
        organization_id: The organisation whose trail is let in.
        names: What the accounts call the trail, the buckets and the key.
        config_accounts: Accounts whose AWS Config delivers here; none when left out, and then there is no bucket for it.
        object_lock: For how long nobody deletes a log file; 365 days in governance mode when left out: a year covers a yearly audit, and
            a mistake (a bucket that fills with data events nobody wanted) can be mended by break-glass. Compliance mode binds even the
            root user until its end; choose it where a regulation asks for it. The mode and days can be changed for later files.
        break_glass_role: Name of the role of this account that may delete and end a governance lock; nobody when left out.
        access_logs: Where the buckets' own server access logs go; a new `AccessLogBucket` when left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `archive_elsewhere`, if the stack is not of the account and Region in `names`; `perimeter_organization`, see
            `core.data_perimeter`; `object_lock`, see `storage.ObjectLock`; `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        organization_id: str,
        names: ArchiveNames,
        config_accounts: Sequence[str] = (),
        object_lock: ObjectLock | None = None,
        break_glass_role: str | None = None,
        access_logs: BucketHolder | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if object_lock is None:
            object_lock = ObjectLock(retention=Duration.days(_LOCK_DAYS), mode=LockMode.GOVERNANCE)
        self._check_place(names)
        data_perimeter(self, organization_id=organization_id)
        self.organization_id = organization_id
        self.names = names
        self._break_glass_role = break_glass_role
        self._trail_arn = names.trail_arn(self)
        if access_logs is None:
            access_logs = AccessLogBucket(self, "AccessLogs", removal_policy=removal_policy)
        self.access_logs = access_logs
        self.key: kms.IKey = self._key(config_accounts, removal_policy)
        self.bucket: s3.IBucket = self._bucket("Resource", names.trail_bucket, access_logs, removal_policy, object_lock)
        self._let_trail_deliver()
        self.config_bucket: s3.IBucket | None = None
        if config_accounts:
            self.config_bucket = self._bucket("Config", names.config_bucket, access_logs, removal_policy)
            self._let_config_deliver(self.config_bucket, sorted(set(config_accounts)))

    def _check_place(self, names: ArchiveNames) -> None:
        stack = Stack.of(self)
        if (stack.account, stack.region) != (names.log_archive, names.region):
            msg = (
                f"got names for account {names.log_archive} in {names.region}, and a stack of account {stack.account} in {stack.region}; "
                "they have to be the same: give the stack the env of the log archive account"
            )
            raise misuse(self, msg, code="archive_elsewhere")

    def _bucket(
        self,
        construct_id: str,
        name: str,
        access_logs: BucketHolder,
        removal_policy: RemovalPolicy | None,
        object_lock: ObjectLock | None = None,
    ) -> s3.IBucket:
        bucket = LakeBucket(
            self,
            construct_id,
            key=self.key,
            access_logs=access_logs,
            lifecycle_rules=[_archive_rule()],
            deny_other_keys=False,
            object_lock=object_lock,
            removal_policy=removal_policy,
        ).bucket
        resource = bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)  # noqa: S101 - what an L2 bucket is made of
        resource.bucket_name = name
        self._keep(bucket)
        return bucket

    def _keep(self, bucket: s3.IBucket) -> None:
        """Nobody deletes; a lifecycle rule is no principal and goes on. Changes of the bucket's settings ring: see `TrailAlarms`."""
        conditions = {}
        if self._break_glass_role is not None:
            role = Stack.of(self).format_arn(service="iam", region="", resource="role", resource_name=self._break_glass_role)
            conditions = {"ArnNotEquals": {"aws:PrincipalArn": role}}
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="DenyRemoval",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=list(_REMOVALS),
                resources=[bucket.bucket_arn, bucket.arn_for_objects("*")],
                conditions=conditions,
            )
        )

    def _key(self, config_accounts: Sequence[str], removal_policy: RemovalPolicy | None) -> kms.IKey:
        key = LakeKey(self, "Key", description="log archive: the organisation's trail, AWS Config", removal_policy=removal_policy).key
        stack = Stack.of(self)
        any_trail = stack.format_arn(service="cloudtrail", region="*", account=self.names.management, resource="trail", resource_name="*")
        for_our_trail = {"StringEquals": {"aws:SourceArn": self._trail_arn}}
        context = {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": any_trail}}
        statements: list[tuple[str, str, list[str], Mapping[str, Any]]] = [
            ("AllowTrailToEncrypt", _CLOUDTRAIL, ["kms:GenerateDataKey*"], {**for_our_trail, **context}),
            ("AllowTrailToDecrypt", _CLOUDTRAIL, ["kms:Decrypt", "kms:DescribeKey"], for_our_trail),
        ]
        if config_accounts:
            accounts = {"StringEquals": {"aws:SourceAccount": sorted(set(config_accounts))}}
            statements.append(("AllowConfig", _CONFIG, ["kms:Decrypt", "kms:GenerateDataKey"], accounts))
        for sid, service, actions, conditions in statements:
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid, principals=[iam.ServicePrincipal(service)], actions=actions, resources=["*"], conditions=conditions
                )
            )
        kms.Alias(self, "Alias", alias_name=self.names.key_alias, target_key=key)
        return key

    def _let_trail_deliver(self) -> None:
        """CloudTrail writes below the management account's prefix until the trail is the organisation's, and then below the latter's."""
        source = {"aws:SourceArn": self._trail_arn}
        prefixes = [f"AWSLogs/{owner}/*" for owner in (self.names.management, self.organization_id)]
        self._allow(self.bucket, "AllowTrailAclCheck", _CLOUDTRAIL, ["s3:GetBucketAcl"], [self.bucket.bucket_arn], source)
        self._allow(
            self.bucket,
            "AllowTrailDelivery",
            _CLOUDTRAIL,
            ["s3:PutObject"],
            [self.bucket.arn_for_objects(prefix) for prefix in prefixes],
            {**source, "s3:x-amz-acl": "bucket-owner-full-control"},
        )

    def _let_config_deliver(self, bucket: s3.IBucket, accounts: Sequence[str]) -> None:
        source = {"aws:SourceAccount": list(accounts)}
        self._allow(bucket, "AllowConfigCheck", _CONFIG, ["s3:GetBucketAcl", "s3:ListBucket"], [bucket.bucket_arn], source)
        self._allow(
            bucket,
            "AllowConfigDelivery",
            _CONFIG,
            ["s3:PutObject"],
            [bucket.arn_for_objects(f"AWSLogs/{account}/Config/*") for account in accounts],
            {**source, "s3:x-amz-acl": "bucket-owner-full-control"},
        )

    @staticmethod
    def _allow(bucket: s3.IBucket, sid: str, service: str, actions: list[str], resources: list[str], equals: Mapping[str, Any]) -> None:
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[iam.ServicePrincipal(service)],
                actions=actions,
                resources=resources,
                conditions={"StringEquals": equals},
            )
        )


def _archive_rule() -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id="archive",
        transitions=[s3.Transition(storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=Duration.days(_ARCHIVE_DAYS))],
    )
