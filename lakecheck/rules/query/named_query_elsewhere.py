"""A saved query stands in the account of its workgroup and its database."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules.base import Cases, Complaint, Rule, is_open, of_type, once
from lakecheck.rules.query._workgroups import workgroup
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_QUERY: Final = "AWS::Athena::NamedQuery"
_GIVEN: Final = frozenset({"default", "primary", "information_schema"})


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    for name, what in (("WorkGroup", "workgroup"), ("Database", "database")):
        found = resource.properties.get(name)
        if not isinstance(found, str) or is_open(found) or found.lower() in _GIVEN:
            continue
        places = _places(snapshot)[what].get((resource.origin.environment, found.lower()), set())
        if not places or (resource.account, resource.region) in places:
            continue  # in no template: it may be there all the same
        others = ", ".join(sorted(f"{account} in {region}" for account, region in places))
        yield Complaint(
            at=name,
            message=f"is {found}, and the {what} of that name is in {others}; allowed is one in {resource.account}, {resource.region}",
        )


@once
def _places(snapshot: Snapshot) -> Mapping[str, Mapping[tuple[str, str], set[tuple[str, str]]]]:
    """For workgroups and databases, by environment and name: the accounts and Regions that have one."""
    found: dict[str, dict[tuple[str, str], set[tuple[str, str]]]] = {"workgroup": defaultdict(set), "database": defaultdict(set)}
    things: list[tuple[str, Any]] = [("workgroup", each) for each in snapshot.estate.workgroups]
    things += [("database", each) for each in snapshot.estate.databases]
    for what, each in things:
        found[what][each.origin.environment, each.name.lower()].add((each.account, each.region))
    return found


def _database(catalog: str) -> dict[str, Any]:
    return {"Sales": {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": catalog, "DatabaseInput": {"Name": "sales"}}}}


_SAVED = {"Saved": {"Type": _QUERY, "Properties": {"Database": "sales", "QueryString": "SELECT 1", "WorkGroup": "analysts"}}}

RULE = Rule(
    id="query.named_query_elsewhere",
    title="A saved query finds its workgroup and its database",
    rationale=(
        "A saved query runs in its own account and Region. A database of another account is found there through a link only, and a "
        "workgroup not at all: the query stands in people's lists and fails for everybody."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-namedquery.html",
    severity=Severity.WARNING,
    remedy="Put the query into the account of its readers, and make a resource link there to the database.",
    subjects=of_type(_QUERY),
    judge=_judge,
    cases=Cases(
        compliant=({**_SAVED, **workgroup(), **_database("444455556666")}, _SAVED),
        failing=({**_SAVED, **workgroup(), **_database("111122223333")},),
        not_applicable=(workgroup(),),
    ),
)
