"""No location in hybrid access mode in which nobody is opted in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules.base import Cases, Complaint, Rule, is_open, of_estate, once, value
from lakecheck.rules.lake_formation._lake import BUCKET, DATABASE, arn, locations, resource_of, role
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.estate.model import DataLocation
    from lakecheck.snapshot import Snapshot

_HYBRID = "HybridAccessEnabled"
_CALL = "lakeformationoptin"


@once
def _opted_in(snapshot: Snapshot) -> Mapping[tuple[str, str], frozenset[str]]:
    """By account and Region the databases on which somebody is opted in; an empty name for what says no database."""
    found: dict[tuple[str, str], set[str]] = {}
    for each in snapshot.estate.opt_ins:
        found.setdefault((each.resource.catalog, each.resource.region or each.region), set()).add(each.resource.database)
    return {place: frozenset(databases) for place, databases in found.items()}


@once
def _inside(snapshot: Snapshot) -> Mapping[int, frozenset[str]]:
    """By location the databases that have their place, or a table, in it."""
    found: dict[int, set[str]] = {}
    placed = [(each.location, each.account, each.region, each.name) for each in snapshot.estate.databases]
    placed += [(each.location, each.account, each.region, each.database) for each in snapshot.estate.tables]
    for address, account, region, database in placed:
        location = locations(snapshot).registered(address, account, region).location if address else None
        if location is not None:
            found.setdefault(id(location), set()).add(database)
    return {location: frozenset(databases) for location, databases in found.items()}


def _may_opt_in(location: DataLocation, snapshot: Snapshot) -> bool:
    """Whether a custom resource of the account calls what opts in, as one of the CDK that makes any call may."""
    of_calls = (each for kind, found in snapshot.by_type.items() if kind.startswith("Custom::") for each in found)
    return any(each.account == location.account and _CALL in str(each.properties.get("Create")).lower() for each in of_calls)


def _judge(location: DataLocation, snapshot: Snapshot) -> Iterator[Complaint]:
    if not location.hybrid:
        return
    resource = resource_of(location, snapshot)
    if resource is not None and is_open(value(resource, _HYBRID)):
        yield Complaint(message="whether it is in hybrid access mode is not known", at=_HYBRID, is_unknown=True)
        return
    opted = _opted_in(snapshot).get((location.account, location.region), frozenset())
    inside = _inside(snapshot).get(id(location), frozenset())
    if _may_opt_in(location, snapshot):
        message = "whether anybody is opted in on what is in it is not known: a custom resource makes opt-ins"
        yield Complaint(message=message, at=_HYBRID, is_unknown=True)
    elif not opted or (inside and "" not in opted and not inside & opted):
        message = "in hybrid access mode, and nobody is opted in on what is in it: IAM decides for everybody; allowed is with opt-ins"
        yield Complaint(message=message, at=_HYBRID)


def _location(**properties: Any) -> dict[str, Any]:
    given = {"ResourceArn": arn("s3:::curated"), "RoleArn": role("Location"), "UseServiceLinkedRole": False, **properties}
    return {"Type": "AWS::LakeFormation::Resource", "Properties": given}


_OPT_INS = {
    "Type": "Custom::LakeFormationPermissions",
    "Properties": {"OptIns": [{"Principal": {"DataLakePrincipalIdentifier": role("Analyst")}, "Resource": DATABASE}]},
}

RULE = Rule(
    id="lake_formation.hybrid_without_opt_in",
    title="A location in hybrid access mode has principals that are opted in",
    rationale=(
        "In hybrid access mode Lake Formation decides only for principals that are opted in; for everybody else IAM and S3 do, as "
        "if nothing were registered. CloudFormation has no resource for opt-ins, so that they are easily forgotten."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/hybrid-access-mode.html",
    severity=Severity.WARNING,
    remedy=(
        "Opt the readers in, and state what was opted in by hand in estate.yaml; or set HybridAccessEnabled to false once all are moved."
    ),
    subjects=of_estate("locations"),
    judge=_judge,
    cases=Cases(
        compliant=(
            {"Location": _location(HybridAccessEnabled=False)},
            {"Location": _location()},
            {"Location": _location(HybridAccessEnabled=True), "OptIns": _OPT_INS},
        ),
        failing=({"Location": _location(HybridAccessEnabled=True)},),
        not_applicable=(BUCKET,),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-3(7)"),
)
