"""Threats in the account: GuardDuty."""

from __future__ import annotations

from enum import StrEnum

from aws_cdk import aws_guardduty as guardduty
from constructs import Construct


class PublishingFrequency(StrEnum):
    """How often GuardDuty publishes that a known finding happened again; a new one is published at once."""

    FIFTEEN_MINUTES = "FIFTEEN_MINUTES"
    ONE_HOUR = "ONE_HOUR"
    SIX_HOURS = "SIX_HOURS"


class ThreatDetection(Construct):
    """A GuardDuty detector with S3 protection, and Lambda network logs.

    An account has one detector in a Region: creating a second fails. Use `LakeAccount(threat_detection=Singleton.ADOPT)` where one exists.

    See https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-features-activation-model.html.

    Args:
        malware_protection: Whether EBS volumes of suspicious instances are scanned; True when left out.
        runtime_monitoring: Whether agents watch processes on EC2, ECS on Fargate and EKS; True when left out. The lake itself starts
            nothing there and pays nothing for it.
        publishing_frequency: Of repeated findings; every fifteen minutes when left out.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        malware_protection: bool | None = None,
        runtime_monitoring: bool | None = None,
        publishing_frequency: PublishingFrequency | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        malware_protection = True if malware_protection is None else malware_protection
        runtime_monitoring = True if runtime_monitoring is None else runtime_monitoring
        publishing_frequency = PublishingFrequency.FIFTEEN_MINUTES if publishing_frequency is None else publishing_frequency
        agents = ("EC2_AGENT_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EKS_ADDON_MANAGEMENT")
        self.detector = guardduty.CfnDetector(
            self,
            "Resource",
            enable=True,
            finding_publishing_frequency=publishing_frequency.value,
            features=[
                _feature("S3_DATA_EVENTS", enabled=True),
                _feature("LAMBDA_NETWORK_LOGS", enabled=True),
                _feature("EBS_MALWARE_PROTECTION", enabled=malware_protection),
                _feature("RUNTIME_MONITORING", enabled=runtime_monitoring, parts=agents),
            ],
        )

    @property
    def detector_id(self) -> str:
        """The detector's id."""
        return self.detector.ref


def _feature(name: str, *, enabled: bool, parts: tuple[str, ...] = ()) -> guardduty.CfnDetector.CFNFeatureConfigurationProperty:
    status = "ENABLED" if enabled else "DISABLED"
    return guardduty.CfnDetector.CFNFeatureConfigurationProperty(
        name=name,
        status=status,
        additional_configuration=[
            guardduty.CfnDetector.CFNFeatureAdditionalConfigurationProperty(name=part, status=status) for part in parts
        ]
        or None,
    )
