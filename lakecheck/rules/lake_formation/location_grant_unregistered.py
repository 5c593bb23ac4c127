"""No access to a data location that is not registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.model import ResourceType
from lakecheck.formula import FALSE, TRUE
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.lake_formation._lake import ACCOUNT, BUCKET, arn, grants_on, locations, permission, region_of, role
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Grant
    from lakecheck.snapshot import Snapshot


@once
def _registering(snapshot: Snapshot) -> frozenset[tuple[str, str]]:
    return frozenset((each.account, each.region) for each in snapshot.estate.locations)


def _subjects(snapshot: Snapshot) -> Iterator[Grant]:
    """Those in a catalog whose locations templates register: of another one nothing is known."""
    places = _registering(snapshot)
    yield from (each for each in grants_on(ResourceType.LOCATION)(snapshot) if (each.resource.catalog, region_of(each)) in places)


def _judge(grant: Grant, snapshot: Snapshot) -> Iterator[Complaint]:
    path = grant.resource.arn.rpartition(":::")[2]
    found = locations(snapshot).registered(f"s3://{path}/", grant.resource.catalog, region_of(grant))
    if found.holds == FALSE:
        yield Complaint(
            message=f"{shown(grant.resource.arn)} is in no registered location; allowed is one, or a prefix below it", at="DataLocation"
        )
    elif found.holds != TRUE:
        yield Complaint(message=f"whether {shown(grant.resource.arn)} is registered is not known", at="DataLocation", is_unknown=True)


def _case(bucket: str) -> dict[str, Any]:
    registered = {"ResourceArn": arn("s3:::curated"), "RoleArn": role("Location"), "UseServiceLinkedRole": False}
    resource = {"DataLocation": {"CatalogId": ACCOUNT, "ResourceArn": arn(f"s3:::{bucket}")}}
    return {
        "Location": {"Type": "AWS::LakeFormation::Resource", "Properties": registered},
        "Grant": permission(resource, "DATA_LOCATION_ACCESS"),
    }


RULE = Rule(
    id="lake_formation.location_grant_unregistered",
    title="What is granted as a data location is registered",
    rationale=(
        "Lake Formation knows registered locations alone: the grant fails, or stays without effect, and a job that creates tables "
        "there is refused at its first run. A prefix is another location than its bucket, but what is below a registered one is "
        "in it."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/access-control-underlying-data.html",
    severity=Severity.ERROR,
    remedy="Register the location in the same account and Region, or name the one that is registered.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_case("curated"), _case("curated/sales")),
        failing=(_case("raw"), _case("curated-archive")),
        not_applicable=(BUCKET, {"Grant": _case("raw")["Grant"]}),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 CM-6"),
)
