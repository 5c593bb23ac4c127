"""What the detector watches."""

from __future__ import annotations

from typing import Any

from constructs_lib.baseline import PublishingFrequency, ThreatDetection
from tests.support import new_stack, resources, template


def detector(**props: Any) -> dict[str, Any]:
    """The properties of a detector made with these props."""
    stack = new_stack()
    ThreatDetection(stack, "ThreatDetection", **props)
    (found,) = resources(template(stack), "AWS::GuardDuty::Detector").values()
    properties: dict[str, Any] = found["Properties"]
    return properties


def statuses(properties: dict[str, Any]) -> dict[str, str]:
    """Each feature's status by name."""
    return {feature["Name"]: feature["Status"] for feature in properties["Features"]}


def test_everything_is_on_by_default() -> None:
    """S3, Lambda, malware, runtime with its agents; repeated findings every fifteen minutes."""
    properties = detector()
    assert properties["Enable"] is True
    assert properties["FindingPublishingFrequency"] == "FIFTEEN_MINUTES"
    assert statuses(properties) == dict.fromkeys(
        ("S3_DATA_EVENTS", "LAMBDA_NETWORK_LOGS", "EBS_MALWARE_PROTECTION", "RUNTIME_MONITORING"), "ENABLED"
    )
    (runtime,) = [feature for feature in properties["Features"] if feature["Name"] == "RUNTIME_MONITORING"]
    assert {part["Status"] for part in runtime["AdditionalConfiguration"]} == {"ENABLED"}
    assert len(runtime["AdditionalConfiguration"]) == 3


def test_what_costs_extra_can_be_switched_off() -> None:
    """Off is written out, agents included: a feature left out would keep what somebody switched on by hand."""
    properties = detector(malware_protection=False, runtime_monitoring=False, publishing_frequency=PublishingFrequency.SIX_HOURS)
    found = statuses(properties)
    assert (found["EBS_MALWARE_PROTECTION"], found["RUNTIME_MONITORING"]) == ("DISABLED", "DISABLED")
    assert (found["S3_DATA_EVENTS"], found["LAMBDA_NETWORK_LOGS"]) == ("ENABLED", "ENABLED")
    assert "'Name': 'EC2_AGENT_MANAGEMENT', 'Status': 'DISABLED'" in str(properties)
    assert properties["FindingPublishingFrequency"] == "SIX_HOURS"
