"""GuardDuty looks at what is done with objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import at, is_false, listed
from lakecheck.rules.base import Cases, Complaint, Rule, is_open, of_type
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_DETECTOR: Final = "AWS::GuardDuty::Detector"
_FEATURE: Final = "S3_DATA_EVENTS"
_OLDER: Final = "DataSources.S3Logs.Enable"


def _judge(resource: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    properties = resource.properties
    enabled = properties.get("Enable")
    if is_open(enabled):
        yield Complaint(at="Enable", message="whether it is on is not known", is_unknown=True)
    elif is_false(enabled):
        yield Complaint(at="Enable", message="is false, so that nothing is looked at; allowed is true")
        return
    for index, feature in enumerate(listed(properties.get("Features"))):
        status = at(feature, "Status") if at(feature, "Name") == _FEATURE else None
        if is_open(status) or is_open(feature):
            yield Complaint(at=f"Features.{index}", message="whether S3 protection is on is not known", is_unknown=True)
        elif status is not None and status != "ENABLED":
            yield Complaint(at=f"Features.{index}.Status", message=f"S3 protection is {status}; allowed is ENABLED")
    if is_false(at(properties, _OLDER)):
        yield Complaint(at=_OLDER, message="S3 protection is off; allowed is true")


def _detector(**properties: Any) -> dict[str, Any]:
    return {"Detector": {"Type": _DETECTOR, "Properties": {"Enable": True, **properties}}}


RULE = Rule(
    id="audit.detector_without_s3",
    title="GuardDuty watches the lake's objects",
    rationale=(
        "S3 protection is what notices that a stolen credential lists and downloads a bucket. Without it GuardDuty sees calls of the "
        "account and its network, and of the data nothing."
    ),
    source="https://docs.aws.amazon.com/guardduty/latest/ug/s3-protection.html",
    severity=Severity.WARNING,
    remedy="Enable the detector and its feature S3_DATA_EVENTS.",
    subjects=of_type(_DETECTOR),
    judge=_judge,
    cases=Cases(
        compliant=(_detector(), _detector(Features=[{"Name": _FEATURE, "Status": "ENABLED"}])),
        failing=(
            _detector(Features=[{"Name": _FEATURE, "Status": "DISABLED"}]),
            _detector(DataSources={"S3Logs": {"Enable": False}}),
            _detector(Enable=False),
        ),
        not_applicable=({"Bucket": {"Type": "AWS::S3::Bucket"}},),
    ),
    controls=("NIST.800.53.R5 SI-4",),
)
