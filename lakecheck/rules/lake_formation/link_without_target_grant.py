"""No grant on a resource link for somebody who has nothing on its target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.access.lake_formation.names import everybody_in
from lakecheck.estate.arns import account_in
from lakecheck.estate.governed import ALL_TABLES
from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, ResourceType
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.lake_formation._lake import (
    ACCOUNT,
    BUCKET,
    ON_EXPRESSIONS,
    ON_TABLES,
    OTHER_ACCOUNT,
    Named,
    grants_in,
    is_admin,
    named,
    permission,
    region_of,
    settings_at,
)
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.estate.model import Grant
    from lakecheck.snapshot import Snapshot

    Link = tuple[str, str, str, str]
    Target = tuple[str, str, str]

_BY_NAME = ON_TABLES | {ResourceType.DATABASE}


@once
def _links(snapshot: Snapshot) -> Mapping[Link, Target]:
    """By account, Region, database and table (empty for a database) what each link is to."""
    estate = snapshot.estate
    found: dict[Link, Target] = {(each.account, each.region, each.name, ""): (*each.target, "") for each in estate.databases if each.target}
    for table in estate.tables:
        if table.target is not None:
            found[table.account, table.region, table.database, table.name] = table.target
    return found


def _target(grant: Grant, snapshot: Snapshot) -> Target | None:
    resource = grant.resource
    if resource.type not in _BY_NAME or resource.table == ALL_TABLES:
        return None
    return _links(snapshot).get((resource.catalog, region_of(grant), resource.database, resource.table))


def _subjects(snapshot: Snapshot) -> Iterator[Grant]:
    yield from (each for each in snapshot.estate.grants if named(each) is Named.ONE and _target(each, snapshot) is not None)


def _held(principal: str, target: Target, snapshot: Snapshot) -> Iterator[Grant]:
    """What a principal is granted where a link's target is, by its name or as one of everybody."""
    account, database, _ = target
    for name in (principal, everybody_in(account_in(principal)), IAM_ALLOWED_PRINCIPALS):
        yield from grants_in(name, account, database, snapshot)
        yield from grants_in(name, account, "", snapshot)


def _reaches(grant: Grant, target: Target) -> bool:
    """Whether a grant may give something on a link's target: by name on it or in it, or by what names no table."""
    resource, table = grant.resource, target[2]
    if resource.type not in _BY_NAME:
        return resource.type in ON_EXPRESSIONS or resource.type is ResourceType.CATALOG
    return not table or resource.table in {"", table, ALL_TABLES}


@once
def _accounts(snapshot: Snapshot) -> frozenset[str]:
    """The accounts with resources."""
    return frozenset(each.account for each in snapshot.resolution.resources)


def _judge(grant: Grant, snapshot: Snapshot) -> Iterator[Complaint]:
    target = _target(grant, snapshot)
    if target is None or any(_reaches(each, target) for each in _held(grant.principal, target, snapshot)):
        return
    if is_admin(grant.principal, settings_at(snapshot, grant.account, region_of(grant))):
        return
    account, database, table = (shown(each) for each in target)
    what = f"{database}.{table}" if table else database
    whom = shown(grant.principal)
    if target[0] in _accounts(snapshot):
        yield Complaint(message=f"{whom} has the link and nothing on {what} in account {account}, which it is to; allowed are both or none")
    else:
        message = f"whether {whom} has anything on {what}, which the link is to, is not known: account {account} is in no template"
        yield Complaint(message=message, is_unknown=True)


_LINK = {
    "Type": "AWS::Glue::Database",
    "Properties": {
        "CatalogId": ACCOUNT,
        "DatabaseInput": {"Name": "orders_link", "TargetDatabase": {"CatalogId": ACCOUNT, "DatabaseName": "orders"}},
    },
}


def _case(*others: dict[str, Any]) -> dict[str, Any]:
    on_link = permission({"Database": {"CatalogId": ACCOUNT, "Name": "orders_link"}}, "DESCRIBE")
    return {"Link": _LINK, "OnLink": on_link, **{f"Other{number}": each for number, each in enumerate(others)}}


_ALL_OF = {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "orders", "TableWildcard": {}}}

RULE = Rule(
    id="lake_formation.link_without_target_grant",
    title="Who has a resource link has rights on what it links to",
    rationale=(
        "A grant on a link is for the link alone: whoever has only that sees a name in the query editor, and each query is refused."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/granting-link-permissions.html",
    severity=Severity.WARNING,
    remedy="Grant SELECT and DESCRIBE on the target too, or remove the grant on the link.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_case(permission(_ALL_OF, "SELECT", "DESCRIBE")),),
        failing=(_case(), _case(permission(_ALL_OF, "SELECT", to=OTHER_ACCOUNT))),
        not_applicable=(BUCKET, {"Link": _LINK}),
    ),
)
