"""The organisation's trail: made in the management account, it records every account and can be stopped by none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Stack, aws_cloudtrail as cloudtrail, aws_iam as iam, aws_logs as logs
from constructs import Construct

from constructs_lib.core import misuse, removal_policy as checked_removal_policy
from constructs_lib.organization.trail.selectors import event_selectors
from constructs_lib.storage import LakeKey

if TYPE_CHECKING:
    from aws_cdk import RemovalPolicy, aws_kms as kms

    from constructs_lib.baseline import AuditDestination
    from constructs_lib.baseline.archive import ArchiveNames
    from constructs_lib.organization.trail.selectors import RecordedObjects

_CLOUDTRAIL = "cloudtrail.amazonaws.com"


class OrganizationTrail(Construct):
    """A trail over all accounts and Regions of the organisation, with validated, encrypted log files in the log archive.

    It belongs into the management account and into the Region that `names` says; CloudTrail needs trusted access in the organisation
    (`cloudtrail.amazonaws.com`) before. Accounts that have a trail of their own pay for a second copy of their events: give a
    `LakeAccount` of the organisation `audit_trail=Singleton.ORGANIZATION`.

    What alarms read is a log group of the management account, with the events of all accounts, encrypted with a key of that account:
    CloudWatch Logs takes no other's.

    See https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html

    Args:
        names: What the accounts call the trail, its bucket and its key.
        storage: Where log files go; the log archive's bucket and key, by their derived names, when left out.
        objects: Buckets whose object requests are recorded as well; none when left out. Who reads the archive is always recorded.
        insights: Whether unusual rates of calls and errors are recorded (charged by the event); False when left out.
        log_retention: How long CloudWatch Logs keeps events; one year when left out. The log files stay longer.
        removal_policy: Of the log group and its key: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `trail_elsewhere`, if the stack is not of the management account and the Region in `names`; `recorded_objects`;
            `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: ArchiveNames,
        storage: AuditDestination | None = None,
        objects: RecordedObjects | None = None,
        insights: bool | None = None,
        log_retention: logs.RetentionDays | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        insights = False if insights is None else insights
        log_retention = logs.RetentionDays.ONE_YEAR if log_retention is None else log_retention
        self.names = names
        self._check_place()
        lake_key = LakeKey(
            self, "Key", description="the organisation's events in CloudWatch Logs", via_services=("sns",), removal_policy=removal_policy
        )
        stack = Stack.of(self)
        lake_key.allow_log_groups(
            stack.format_arn(service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME)
        )
        self.key: kms.IKey = lake_key.key
        self.log_group: logs.ILogGroup = logs.LogGroup(
            self,
            "LogGroup",
            encryption_key=self.key,
            retention=log_retention,
            removal_policy=checked_removal_policy(self, removal_policy),
        )
        role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal(_CLOUDTRAIL), description="CloudTrail writes events to its log group as this role"
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
        bucket_name = names.trail_bucket if storage is None else storage.bucket.bucket_name
        kinds = ("ApiCallRateInsight", "ApiErrorRateInsight") if insights else ()
        self.trail = cloudtrail.CfnTrail(
            self,
            "Resource",
            trail_name=names.trail,
            is_logging=True,
            is_organization_trail=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            s3_bucket_name=bucket_name,
            kms_key_id=names.key_alias_arn(self) if storage is None else storage.key.key_arn,
            cloud_watch_logs_log_group_arn=self.log_group.log_group_arn,
            cloud_watch_logs_role_arn=role.role_arn,
            advanced_event_selectors=event_selectors(self, objects, archive=[bucket_name, names.config_bucket]),
            insight_selectors=[cloudtrail.CfnTrail.InsightSelectorProperty(insight_type=kind) for kind in kinds] or None,
        )
        self.trail.node.add_dependency(write_events)

    @property
    def trail_arn(self) -> str:
        """The trail's ARN."""
        return self.names.trail_arn(self)

    def _check_place(self) -> None:
        stack = Stack.of(self)
        if (stack.account, stack.region) != (self.names.management, self.names.region):
            msg = (
                f"got names for account {self.names.management} in {self.names.region}, and a stack of account {stack.account} in "
                f"{stack.region}; an organisation trail is made in the management account: give the stack its env"
            )
            raise misuse(self, msg, code="trail_elsewhere")
