"""No grant of columns or rows beside one of the whole table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.access.lake_formation.names import everybody_in
from lakecheck.estate.arns import account_in
from lakecheck.estate.governed import ALL_TABLES
from lakecheck.estate.model import ResourceType
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.lake_formation._lake import ACCOUNT, BUCKET, READS, TABLE, grants_in, grants_on, is_seen_in_part, permission, role
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Grant
    from lakecheck.snapshot import Snapshot


def _is_around(wide: Grant, narrow: Grant) -> bool:
    """Whether a grant is on the whole table that another one is on in part."""
    outer, inner = wide.resource, narrow.resource
    return (
        outer.type is ResourceType.TABLE
        and (outer.catalog, outer.database) == (inner.catalog, inner.database)
        and outer.table in {ALL_TABLES, inner.table}
        and (outer.region or wide.region) == (inner.region or narrow.region)
        and bool(wide.permissions & READS)
    )


def _judge(grant: Grant, snapshot: Snapshot) -> Iterator[Complaint]:
    if not grant.permissions & READS:
        return
    names = (grant.principal, everybody_in(account_in(grant.principal)))
    held = (each for name in names for each in grants_in(name, grant.resource.catalog, grant.resource.database, snapshot))
    wider = next((each for each in held if _is_around(each, grant)), None)
    if wider is None:
        return
    part = f"the filter {grant.resource.filter}" if grant.resource.filter else "a part of the columns"
    table = f"{grant.resource.database}.{grant.resource.table}"
    whom = shown(grant.principal)
    if is_seen_in_part(wider, snapshot) or is_seen_in_part(grant, snapshot):
        message = f"whether {whom} has all of {table} beside {part} is not known: {wider.origin} is not wholly known"
        yield Complaint(message=shown(message), is_unknown=True)
    else:
        message = f"{whom} has {part} of {table}, and all of it by {wider.origin}; allowed is one of both"
        yield Complaint(message=shown(message))


def _columns(**columns: Any) -> dict[str, Any]:
    return {"TableWithColumns": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders", **columns}}


_FILTER = {"DataCellsFilter": {"TableCatalogId": ACCOUNT, "DatabaseName": "sales", "TableName": "orders", "Name": "germany"}}
_EVERY_TABLE = {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "TableWildcard": {}}}

RULE = Rule(
    id="lake_formation.filter_made_void",
    title="Who is granted columns or rows of a table is not granted all of it as well",
    rationale=(
        "Grants add up: with SELECT on the whole table, by its name or as one of all tables, a filter or a list of columns on it "
        "takes nothing away, although its author and every reader of the template believe so."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/data-filters-about.html",
    severity=Severity.ERROR,
    remedy="Remove the grant on the whole table, or the one that seems to narrow it.",
    subjects=grants_on(ResourceType.CELLS_FILTER, ResourceType.COLUMNS),
    judge=_judge,
    cases=Cases(
        compliant=(
            {"Filter": permission(_FILTER, "SELECT"), "Whole": permission(TABLE, "SELECT", to=role("Steward"))},
            {"Columns": permission(_columns(ColumnNames=["total"]), "SELECT"), "Whole": permission(TABLE, "DESCRIBE")},
        ),
        failing=(
            {"Filter": permission(_FILTER, "SELECT"), "Whole": permission(TABLE, "SELECT", "DESCRIBE")},
            {"Columns": permission(_columns(ColumnNames=["total"]), "SELECT"), "Whole": permission(_EVERY_TABLE, "ALL")},
        ),
        not_applicable=(BUCKET, {"Whole": permission(TABLE, "SELECT")}),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-3(7)", "NIST.800.53.R5 AC-6"),
)
