"""Results of queries are not put among the lake's own data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.query._workgroups import OUTPUT, output, workgroup, writing_workgroups
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    pieces = output(resource).split("/")
    lake = _lake(snapshot)
    above = ["/".join(pieces[:count]) for count in range(len(pieces) - 1, 2, -1)]
    found = next((lake[place] for place in above if place in lake), None)
    if found is not None:
        yield Complaint(at=OUTPUT, message=f"is {shown(output(resource))}, inside of {found}; allowed is a bucket for results alone")


@once
def _lake(snapshot: Snapshot) -> Mapping[str, str]:
    """Registered locations and places of tables, without a slash at the end, with what they are."""
    estate = snapshot.estate
    tables = {each.location.rstrip("/"): f"the table {each.database}.{each.name}" for each in estate.tables if each.location}
    places = [(each.arn.partition(":::")[2].rstrip("/"), each) for each in estate.locations]
    return {**tables, **{f"s3://{place}": f"the registered location {shown(each.arn)}" for place, each in places if place}}


def _location(arn: str) -> dict[str, Any]:
    properties = {"ResourceArn": arn, "UseServiceLinkedRole": False, "RoleArn": "arn:aws:iam::444455556666:role/Reads"}
    return {"Location": {"Type": "AWS::LakeFormation::Resource", "Properties": properties}}


_GROUP = workgroup(results="s3://curated/results/")

RULE = Rule(
    id="query.results_in_lake",
    title="Results go to no place that Lake Formation governs",
    rationale=(
        "Results inside of a registered location are covered by its credentials and its location grants, and inside of a table's place "
        "they are read as its rows. They are copies of what one person was shown, without the filters that applied to that person."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/lf-athena-limitations.html",
    severity=Severity.ERROR,
    remedy="Write results to a bucket of their own that is not registered with Lake Formation.",
    subjects=writing_workgroups,
    judge=_judge,
    cases=Cases(
        compliant=({**_GROUP, **_location("arn:aws:s3:::curated/sales")}, {**_GROUP, **_location("arn:aws:s3:::curate")}),
        failing=({**_GROUP, **_location("arn:aws:s3:::curated")}, {**_GROUP, **_location("arn:aws:s3:::curated/results")}),
        not_applicable=({**workgroup(ManagedQueryResultsConfiguration={"Enabled": True}), **_location("arn:aws:s3:::curated")},),
    ),
    controls=("NIST.800.53.R5 AC-4",),
)
