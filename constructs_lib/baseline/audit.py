"""Who did what in the account: CloudTrail, and where its log files are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aws_cdk import Duration, Stack, aws_cloudtrail as cloudtrail, aws_iam as iam, aws_logs as logs, aws_s3 as s3
from constructs import Construct

from constructs_lib.core import removal_policy as checked_removal_policy, trusted_service
from constructs_lib.storage import LakeBucket, LakeKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import RemovalPolicy, aws_kms as kms

    from constructs_lib.storage import BucketHolder

_ARCHIVE_DAYS = 90
_CLOUDTRAIL = "cloudtrail.amazonaws.com"


class AuditDestination(Protocol):
    """Where a trail's log files go: an `AuditStorage`, or an `ExistingAuditStorage` around what was there before."""

    @property
    def bucket(self) -> s3.IBucket:
        """Takes the log files."""

    @property
    def key(self) -> kms.IKey:
        """Encrypts the log files and the log group."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingAuditStorage:
    """A bucket and a key that this app does not make, such as those of a log archive account.

    Their policies are their owner's: they must already let CloudTrail write and encrypt, and the key CloudWatch Logs as well.
    """

    bucket: s3.IBucket
    key: kms.IKey


class AuditStorage(Construct):
    """The bucket and the key for the trails of one account; log files are kept for good.

    Only CloudTrail writes, and only for trails of this account. The bucket denies no kind of encryption, because CloudTrail cannot
    create a trail on a bucket that denies SSE-S3.

    See https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html and
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html.

    Args:
        access_logs: Where the bucket's own server access logs go; not logged when None.
        retention: How long log files are kept; for good when left out. They go to Glacier Instant Retrieval after 90 days.
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
        stack = Stack.of(self)
        lake_key = LakeKey(self, "Key", description="audit trail: log files and their log group", removal_policy=removal_policy)
        lake_key.allow_log_groups(stack.format_arn(service="logs", resource="log-group:*"))
        archive = s3.LifecycleRule(
            id="archive",
            transitions=[
                s3.Transition(
                    storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
                    transition_after=Duration.days(_ARCHIVE_DAYS),
                )
            ],
        )
        expire = [] if retention is None else [s3.LifecycleRule(id="expire-log-files", expiration=retention)]
        self.key: kms.IKey = lake_key.key
        self.bucket: s3.IBucket = LakeBucket(
            self,
            "Bucket",
            key=self.key,
            access_logs=access_logs,
            lifecycle_rules=[archive, *expire],
            deny_other_keys=False,
            removal_policy=removal_policy,
        ).bucket
        self._let_cloudtrail_encrypt()
        self._let_cloudtrail_write()

    def _trails(self) -> str:
        stack = Stack.of(self)
        return stack.format_arn(service="cloudtrail", region="*", resource="trail", resource_name="*")

    def _let_cloudtrail_encrypt(self) -> None:
        """The L2 trail adds nothing to its key's policy. Decrypt: CloudTrail checks it where the bucket has an S3 bucket key."""
        for_our_trails = {"ArnLike": {"aws:SourceArn": self._trails()}}
        context = {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": self._trails()}}
        statements = (
            ("AllowCloudTrailToEncrypt", ["kms:GenerateDataKey*"], {**for_our_trails, **context}),
            ("AllowCloudTrailToDecrypt", ["kms:Decrypt", "kms:DescribeKey"], for_our_trails),
        )
        for sid, actions, conditions in statements:
            self.key.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid, principals=[iam.ServicePrincipal(_CLOUDTRAIL)], actions=actions, resources=["*"], conditions=conditions
                )
            )

    def _let_cloudtrail_write(self) -> None:
        for_our_trails = {"aws:SourceArn": self._trails()}
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowCloudTrailAclCheck",
                principals=[iam.ServicePrincipal(_CLOUDTRAIL)],
                actions=["s3:GetBucketAcl"],
                resources=[self.bucket.bucket_arn],
                conditions={"ArnLike": for_our_trails},
            )
        )
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowCloudTrailDelivery",
                principals=[iam.ServicePrincipal(_CLOUDTRAIL)],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects(f"AWSLogs/{Stack.of(self).account}/*")],
                conditions={"ArnLike": for_our_trails, "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            )
        )


class AuditTrail(Construct):
    """A trail over all Regions, with validated and encrypted log files, also in CloudWatch Logs for alarms.

    Args:
        storage: Where log files go.
        data_event_buckets: Buckets whose every object request is recorded as well, reads included (charged per event); none when left
            out.
        insights: Whether unusual rates of calls and errors are recorded (charged per event); False when left out.
        log_retention: How long CloudWatch Logs keeps events; one year when left out. The log files stay longer.
        removal_policy: Of the log group: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        storage: AuditDestination,
        data_event_buckets: Sequence[s3.IBucket] = (),
        insights: bool | None = None,
        log_retention: logs.RetentionDays | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        insights = False if insights is None else insights
        log_retention = logs.RetentionDays.ONE_YEAR if log_retention is None else log_retention
        self.log_group: logs.ILogGroup = logs.LogGroup(
            self,
            "LogGroup",
            encryption_key=storage.key,
            retention=log_retention,
            removal_policy=checked_removal_policy(self, removal_policy),
        )
        role = iam.Role(
            self,
            "Role",
            assumed_by=trusted_service(self, _CLOUDTRAIL),
            description="CloudTrail writes events to its log group as this role",
        )
        write_events = iam.ManagedPolicy(
            self,
            "WriteEvents",
            roles=[role],
            statements=[
                iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[self.log_group.log_group_arn])
            ],
        )
        self.role: iam.IRole = role
        self.trail = cloudtrail.CfnTrail(
            self,
            "Resource",
            is_logging=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            s3_bucket_name=storage.bucket.bucket_name,
            kms_key_id=storage.key.key_arn,
            cloud_watch_logs_log_group_arn=self.log_group.log_group_arn,
            cloud_watch_logs_role_arn=role.role_arn,
            advanced_event_selectors=_selectors(data_event_buckets),
            insight_selectors=[
                cloudtrail.CfnTrail.InsightSelectorProperty(insight_type=kind) for kind in ("ApiCallRateInsight", "ApiErrorRateInsight")
            ]
            if insights
            else None,
        )
        self.trail.node.add_dependency(write_events)
        if isinstance(storage.bucket, s3.Bucket) and storage.bucket.policy is not None:
            self.trail.node.add_dependency(storage.bucket.policy)

    @property
    def trail_arn(self) -> str:
        """The trail's ARN."""
        return self.trail.attr_arn


def _selectors(buckets: Sequence[s3.IBucket]) -> list[cloudtrail.CfnTrail.AdvancedEventSelectorProperty]:
    selector, field = cloudtrail.CfnTrail.AdvancedEventSelectorProperty, cloudtrail.CfnTrail.AdvancedFieldSelectorProperty
    management = selector(name="management events", field_selectors=[field(field="eventCategory", equal_to=["Management"])])
    if not buckets:
        return [management]
    objects = selector(
        name="objects of the lake",
        field_selectors=[
            field(field="eventCategory", equal_to=["Data"]),
            field(field="resources.type", equal_to=["AWS::S3::Object"]),
            field(field="resources.ARN", starts_with=[bucket.arn_for_objects("") for bucket in buckets]),
        ],
    )
    return [management, objects]
