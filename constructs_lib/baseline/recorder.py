"""What the account's resources looked like, and when: AWS Config's recorder and where it delivers to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, CustomResource, Duration, Stack, aws_config as config, aws_iam as iam, aws_s3 as s3
from constructs import Construct

from constructs_lib.core import HandlerFunction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_kms as kms

_SERVICE = "config.amazonaws.com"
_ROLE = "AWSServiceRoleForConfig"
_TIMEOUT = Duration.minutes(20)


class RecordingFrequency(StrEnum):
    """When a change becomes a configuration item: at once, or once a day when something changed, which costs less and sees less."""

    CONTINUOUS = "CONTINUOUS"
    DAILY = "DAILY"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigDestination:
    """Where Config delivers history and snapshots: mostly a bucket of the log archive account.

    Config refuses a bucket with Object Lock. The service writes as itself, so the bucket's policy has to let `config.amazonaws.com` read
    its ACL, list it and put below `<prefix>/AWSLogs/<account>/Config/`, and the key's policy has to let it generate data keys.

    See https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html.

    Attributes:
        bucket: Takes the files.
        key: Encrypts them; the bucket's own default encryption when None.
        prefix: Before `AWSLogs/`, without a slash at its end; nothing when None.
    """

    bucket: s3.IBucket
    key: kms.IKey | None = None
    prefix: str | None = None


class ConfigRecorder(Construct):
    """A recorder of every kind of resource that Config knows, its delivery channel, and Config's service-linked role.

    An account has one recorder in a Region: creating a second fails. Use `LakeAccount(config_recorder=Singleton.ADOPT)` where one exists,
    and `ORGANIZATION` where Control Tower made one. The role is made when the account has none, and adopted otherwise; it is never deleted.

    Recorder and channel do not depend on each other: Config takes a channel only beside a recorder, and starts the recorder only when there
    is a channel, so either dependency would wait for ever.

    See https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html.

    Args:
        destination: Where history and snapshots go.
        log_key: Encrypts the log of the function that sees to the service-linked role; its policy has to let CloudWatch Logs use it.
        frequency: How often changes are recorded; continuously when left out.
        global_resources: Whether users, groups, roles and policies of IAM are recorded here; yes when left out. One Region of an account is
            enough.
        frequencies: Another frequency for some types, by type, such as `AWS::EC2::NetworkInterface`; none when left out.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        destination: ConfigDestination,
        log_key: kms.IKey,
        frequency: RecordingFrequency | None = None,
        global_resources: bool | None = None,
        frequencies: Mapping[str, RecordingFrequency] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        frequency = RecordingFrequency.CONTINUOUS if frequency is None else frequency
        global_resources = True if global_resources is None else global_resources
        frequencies = {} if frequencies is None else frequencies
        self.service_role = ServiceLinkedRole(self, "ServiceRole", service=_SERVICE, role_name=_ROLE, log_key=log_key)
        self.recorder = config.CfnConfigurationRecorder(
            self,
            "Resource",
            role_arn=self.service_role.role_arn,
            recording_group=config.CfnConfigurationRecorder.RecordingGroupProperty(
                all_supported=True, include_global_resource_types=global_resources
            ),
            recording_mode=config.CfnConfigurationRecorder.RecordingModeProperty(
                recording_frequency=frequency.value, recording_mode_overrides=_overrides(frequencies) or None
            ),
        )
        self.delivery_channel = config.CfnDeliveryChannel(
            self,
            "DeliveryChannel",
            s3_bucket_name=destination.bucket.bucket_name,
            s3_key_prefix=destination.prefix,
            s3_kms_key_arn=None if destination.key is None else destination.key.key_arn,
            config_snapshot_delivery_properties=config.CfnDeliveryChannel.ConfigSnapshotDeliveryPropertiesProperty(
                delivery_frequency="TwentyFour_Hours"
            ),
        )
        for part in (self.recorder, self.delivery_channel):
            part.node.add_dependency(self.service_role)
        if isinstance(destination.bucket, s3.Bucket) and destination.bucket.policy is not None:
            self.delivery_channel.node.add_dependency(destination.bucket.policy)  # Config tries to write when the channel is made


class ServiceLinkedRole(Construct):
    """The role that an AWS service works as in this account: made when there is none, adopted when there is.

    The native `AWS::IAM::ServiceLinkedRole` fails where the role exists. Deleting this leaves the role.

    See https://docs.aws.amazon.com/IAM/latest/UserGuide/create-service-linked-role.html.

    Args:
        service: The service's principal, such as `config.amazonaws.com`.
        role_name: Name that the service gives its role, such as `AWSServiceRoleForConfig`.
        log_key: Encrypts the function's log; its policy has to let CloudWatch Logs use it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, service: str, role_name: str, log_key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        role_arn = Stack.of(self).format_arn(
            service="iam",
            region="",
            resource="role",
            resource_name=f"aws-service-role/{service}/{role_name}",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="detection",
            module="service_linked_role",
            statements=[
                iam.PolicyStatement(sid="LookForRole", actions=["iam:GetRole"], resources=[role_arn]),
                iam.PolicyStatement(
                    sid="MakeRole",
                    actions=["iam:CreateServiceLinkedRole"],
                    resources=[role_arn],
                    conditions={"StringEquals": {"iam:AWSServiceName": service}},
                ),
            ],
            wildcards={},
            service_timeout=_TIMEOUT,
            log_key=log_key,
            description=f"Sees to it that {role_name} is there",
        )
        self.resource = CustomResource(
            self,
            "Resource",
            resource_type="Custom::ServiceLinkedRole",
            service_token=self.handler.function.function_arn,
            service_timeout=_TIMEOUT,
            properties={"Service": service, "RoleName": role_name},
        )
        self.role_arn = self.resource.get_att_string("Arn")


def _overrides(frequencies: Mapping[str, RecordingFrequency]) -> list[config.CfnConfigurationRecorder.RecordingModeOverrideProperty]:
    return [
        config.CfnConfigurationRecorder.RecordingModeOverrideProperty(
            recording_frequency=frequency.value,
            resource_types=sorted(kind for kind, stated in frequencies.items() if stated is frequency),
            description=f"recorded {frequency.value.lower()}",
        )
        for frequency in RecordingFrequency
        if frequency in frequencies.values()
    ]
