"""GuardDuty for the organisation, run by its administrator's account; and where findings are kept."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from aws_cdk import Stack, aws_guardduty as guardduty, aws_iam as iam
from constructs import Construct

from constructs_lib.baseline.detection import PublishingFrequency
from constructs_lib.organization.detection.handlers import KeptSettings
from constructs_lib.storage import AccessLogBucket, LakeBucket, LakeKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import RemovalPolicy, aws_kms as kms, aws_s3 as s3

    from constructs_lib.storage import BucketHolder

_SERVICE = "guardduty.amazonaws.com"
_ACTIONS = (
    "guardduty:CreateDetector",
    "guardduty:DescribeOrganizationConfiguration",
    "guardduty:GetDetector",
    "guardduty:ListDetectors",
    "guardduty:UpdateDetector",
    "guardduty:UpdateOrganizationConfiguration",
)
_ROLES = {
    _SERVICE: "AWSServiceRoleForAmazonGuardDuty",
    f"malware-protection.{_SERVICE}": "AWSServiceRoleForAmazonGuardDutyMalwareProtection",
}


class Members(StrEnum):
    """Which accounts of the organisation get something: every one, or those that join from now on."""

    ALL = "ALL"
    NEW = "NEW"


FEATURES: Mapping[str, tuple[str, ...]] = {
    "S3_DATA_EVENTS": (),
    "EBS_MALWARE_PROTECTION": (),
    "LAMBDA_NETWORK_LOGS": (),
    "RUNTIME_MONITORING": ("EC2_AGENT_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EKS_ADDON_MANAGEMENT"),
}
"""What `baseline.ThreatDetection` watches in one account, by GuardDuty's names: each feature with its agents."""


class OrganizationThreatDetection(Construct):
    """GuardDuty in the account that administers it, and in every account of the organisation.

    The account has to be the organisation's delegated administrator of GuardDuty in this Region before: see `OrganizationServices`. Its
    detector is adopted, because the delegation made it, or made. Features are switched on where they are off; what watches more, such as a
    feature that is not named here, stays. Deleting this gives every setting back that was changed here, and leaves the detector.

    GuardDuty is a service of one Region: make one in each Region that is used.

    See https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_organizations.html.

    Args:
        members: Whose detectors are switched on with these features: all accounts when left out, which takes up to a day.
        features: What is watched, by GuardDuty's names with the agents of each; `FEATURES` when left out.
        publishing_frequency: Of repeated findings; every fifteen minutes when left out.
        export: Where findings are kept beyond the 90 days that GuardDuty does; nowhere when None.
        log_key: Encrypts the log of the function behind it; a new key when left out.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        members: Members | None = None,
        features: Mapping[str, Sequence[str]] | None = None,
        publishing_frequency: PublishingFrequency | None = None,
        export: FindingsArchive | None = None,
        log_key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        members = Members.ALL if members is None else members
        features = FEATURES if features is None else features
        publishing_frequency = PublishingFrequency.FIFTEEN_MINUTES if publishing_frequency is None else publishing_frequency
        self.settings = KeptSettings(
            self,
            "Settings",
            service="guardduty",
            resource_type="Custom::GuardDutyOrganization",
            actions=_ACTIONS,
            service_roles=_ROLES,
            properties={
                "Members": members.value,
                "Features": {name: list(agents) for name, agents in features.items()},
                "PublishingFrequency": publishing_frequency.value,
            },
            log_key=log_key,
        )
        self.detector_id = self.settings.resource.get_att_string("DetectorId")
        self.export: guardduty.CfnPublishingDestination | None = None
        if export is not None:
            self.export = guardduty.CfnPublishingDestination(
                self,
                "Export",
                detector_id=self.detector_id,
                destination_type="S3",
                destination_properties=guardduty.CfnPublishingDestination.CFNDestinationPropertiesProperty(
                    destination_arn=export.bucket.bucket_arn, kms_key_arn=export.key.key_arn
                ),
            )
            self.export.node.add_dependency(export)  # GuardDuty tries to write at once


class FindingsArchive(Construct):
    """A bucket and a key that GuardDuty exports findings of this account and its members to; they are kept for good.

    See https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html.

    Args:
        access_logs: Where the bucket's own server access logs go; a new `AccessLogBucket` when left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        access_logs: BucketHolder | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if access_logs is None:
            access_logs = AccessLogBucket(self, "AccessLogs", removal_policy=removal_policy)
        self.key: kms.IKey = LakeKey(self, "Key", description="findings of GuardDuty", removal_policy=removal_policy).key
        self.bucket: s3.IBucket = LakeBucket(self, "Bucket", key=self.key, access_logs=access_logs, removal_policy=removal_policy).bucket
        for sid, actions, resources in (
            ("AllowGuardDutyToLook", ["s3:GetBucketLocation"], [self.bucket.bucket_arn]),
            ("AllowGuardDutyToExport", ["s3:PutObject"], [self.bucket.arn_for_objects("*")]),
        ):
            self.bucket.add_to_resource_policy(self._allow(sid, actions, resources))
        self.key.add_to_resource_policy(self._allow("AllowGuardDutyToEncrypt", ["kms:GenerateDataKey"], ["*"]))

    def _allow(self, sid: str, actions: list[str], resources: list[str]) -> iam.PolicyStatement:
        stack = Stack.of(self)
        detectors = stack.format_arn(service="guardduty", resource="detector", resource_name="*")
        return iam.PolicyStatement(
            sid=sid,
            principals=[iam.ServicePrincipal(_SERVICE)],
            actions=actions,
            resources=resources,
            conditions={"ArnLike": {"aws:SourceArn": detectors}, "StringEquals": {"aws:SourceAccount": stack.account}},
        )
