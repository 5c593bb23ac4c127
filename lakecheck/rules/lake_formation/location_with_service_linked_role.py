"""No location that Lake Formation's own role reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules.base import Cases, Complaint, Rule, is_open, of_estate, value
from lakecheck.rules.lake_formation._lake import BUCKET, arn, resource_of, role
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import DataLocation
    from lakecheck.snapshot import Snapshot

_LINKED = "UseServiceLinkedRole"
_OF_LAKE_FORMATION = ":role/aws-service-role/"


def _judge(location: DataLocation, snapshot: Snapshot) -> Iterator[Complaint]:
    resource = resource_of(location, snapshot)
    if resource is not None and is_open(value(resource, _LINKED)):
        yield Complaint(message="whether the service-linked role reads it is not known", at=_LINKED, is_unknown=True)
    elif not location.role or _OF_LAKE_FORMATION in location.role:
        yield Complaint(message="the service-linked role reads it; allowed is a role of the location's own", at=_LINKED)


def _case(**properties: Any) -> dict[str, Any]:
    return {"Location": {"Type": "AWS::LakeFormation::Resource", "Properties": {"ResourceArn": arn("s3:::curated"), **properties}}}


_SHARED = role("aws-service-role/lakeformation.amazonaws.com/AWSServiceRoleForLakeFormationDataAccess")

RULE = Rule(
    id="lake_formation.location_with_service_linked_role",
    title="Each location has a role of its own",
    rationale=(
        "The service-linked role reads all locations of the account that are registered with it, no service control policy holds "
        "for it, its policy cannot be edited and runs into IAM's limits; EMR cannot read with it, and shares of an encrypted "
        "catalog do not work."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/service-linked-role-limitations.html",
    severity=Severity.WARNING,
    remedy=(
        "Make a role that lakeformation.amazonaws.com assumes and that reads this location and its key alone; register the location again."
    ),
    subjects=of_estate("locations"),
    judge=_judge,
    cases=Cases(
        compliant=(_case(RoleArn=role("Location"), UseServiceLinkedRole=False),),
        failing=(_case(UseServiceLinkedRole=True), _case(RoleArn=_SHARED, UseServiceLinkedRole=False)),
        not_applicable=(BUCKET,),
    ),
    controls=("NIST.800.53.R5 AC-6",),
)
