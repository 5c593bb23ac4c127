"""No database or table whose place in S3 is outside every registered location."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.model import Database
from lakecheck.formula import FALSE, TRUE, unresolved
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.lake_formation._lake import ACCOUNT, BUCKET, DATABASE, arn, governed, locations, permission, role
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Grant, Table, TagAssociation
    from lakecheck.snapshot import Snapshot

_SCHEME = "s3://"


@once
def _own_locations(snapshot: Snapshot) -> dict[tuple[str, str, str], str]:
    """Where each database is, by account, Region and name."""
    return {(each.account, each.region, each.name): each.location for each in snapshot.estate.databases if each.location}


@once
def _granted(snapshot: Snapshot) -> frozenset[tuple[str, str]]:
    """The databases in which Lake Formation grants something by name, or that have LF-Tags, by catalog and name."""
    every: tuple[Grant | TagAssociation, ...] = (*snapshot.estate.grants, *snapshot.estate.tag_associations)
    return frozenset((each.resource.catalog, each.resource.database) for each in every)


@once
def _registering(snapshot: Snapshot) -> frozenset[tuple[str, str]]:
    """The accounts and Regions whose templates register locations."""
    return frozenset((each.account, each.region) for each in snapshot.estate.locations)


def _subjects(snapshot: Snapshot) -> Iterator[Database | Table]:
    """What has a place of its own; of a catalog whose locations are registered elsewhere one thing alone, as nothing is known of any."""
    asked: set[tuple[str, ...]] = set()
    for each in _placed(snapshot):
        place: tuple[str, ...] = (each.account, each.region)
        if place in _registering(snapshot):
            place = (*place, each.location, _database(each))  # a crawler finds the tables that stand in a template once more
        if place not in asked:
            asked.add(place)
            yield each


def _database(subject: Database | Table) -> str:
    return subject.name if isinstance(subject, Database) else subject.database


def _placed(snapshot: Snapshot) -> Iterator[Database | Table]:
    """Databases, and those tables that are not below their database's place, which is judged for them."""
    yield from (each for each in governed("databases")(snapshot) if each.location.startswith(_SCHEME))
    own = _own_locations(snapshot)
    for table in governed("tables")(snapshot):
        above = own.get((table.account, table.region, table.database), "")
        if table.location.startswith(_SCHEME) and not (above and table.location.startswith(above)):
            yield table


def _judge(subject: Database | Table, snapshot: Snapshot) -> Iterator[Complaint]:
    found = locations(snapshot).registered(subject.location, subject.account, subject.region)
    if found.holds == TRUE:
        return
    database, where = _database(subject), shown(subject.location)
    if found.holds != FALSE:
        why = "; ".join(sorted(unresolved(found.holds)))
        yield Complaint(message=f"whether {where} is in a registered location is not known: {why}", is_unknown=True)
    elif (subject.account, database) not in _granted(snapshot):
        message = f"{where} is in no registered location, and nothing is granted on it by name: IAM and S3 decide who reads it"
        yield Complaint(message=message, is_unknown=True)
    else:
        yield Complaint(message=f"{where} is in no registered location; allowed is a place below one, so that what is granted decides")


def _case(location: str) -> dict[str, Any]:
    given = {"Name": "sales", "LocationUri": location}
    registered = {"ResourceArn": arn("s3:::curated"), "RoleArn": role("Location"), "UseServiceLinkedRole": False}
    return {
        "Location": {"Type": "AWS::LakeFormation::Resource", "Properties": registered},
        "Database": {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": ACCOUNT, "DatabaseInput": given}},
        "Grant": permission(DATABASE, "DESCRIBE"),
    }


RULE = Rule(
    id="lake_formation.unregistered_location",
    title="What Lake Formation grants on is in a registered location",
    rationale=(
        "Lake Formation guards the data of registered locations alone. Elsewhere its columns, rows and tables decide nothing: "
        "whoever may read the objects in S3 reads all, and whoever has only a grant reads nothing."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/access-control-underlying-data.html",
    severity=Severity.ERROR,
    remedy="Register the bucket or the prefix with a role of its own, or put the data below a location that is registered.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_case("s3://curated/sales/"),),
        failing=(_case("s3://elsewhere/sales/"),),
        not_applicable=(BUCKET, {"Database": _case("s3://elsewhere/sales/")["Database"]}),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-3(7)"),
)
