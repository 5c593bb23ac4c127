"""No list of columns that are left out, in place of those that are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.model import CellsFilter, ResourceType
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.lake_formation._lake import ACCOUNT, BUCKET, grants_on, permission
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Grant
    from lakecheck.snapshot import Snapshot


def _subjects(snapshot: Snapshot) -> Iterator[CellsFilter | Grant]:
    yield from snapshot.estate.cells_filters
    yield from grants_on(ResourceType.COLUMNS)(snapshot)


def _judge(subject: CellsFilter | Grant, _snapshot: Snapshot) -> Iterator[Complaint]:
    excluded = subject.excluded if isinstance(subject, CellsFilter) else subject.resource.excluded
    if excluded:
        message = f"shows every column but {', '.join(excluded)}; allowed is a list of those that it shows"
        yield Complaint(message=message, at="ColumnWildcard.ExcludedColumnNames")


def _filter(**columns: Any) -> dict[str, Any]:
    given = {"TableCatalogId": ACCOUNT, "DatabaseName": "sales", "TableName": "orders", "Name": "no_email", **columns}
    return {"Filter": {"Type": "AWS::LakeFormation::DataCellsFilter", "Properties": given}}


def _grant(**columns: Any) -> dict[str, Any]:
    return {"Grant": permission({"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", **columns}}, "SELECT")}


_BUT_EMAIL = {"ColumnWildcard": {"ExcludedColumnNames": ["email"]}}

RULE = Rule(
    id="lake_formation.all_but_columns",
    title="A grant or filter on columns names those that it shows",
    rationale=(
        "A column that is added tomorrow is in no list of those that are left out: whoever has the grant reads it at once, before "
        "anybody has classified it."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/data-filters-about.html",
    severity=Severity.WARNING,
    remedy="List the columns in ColumnNames, or grant by LF-Tags on columns.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_filter(ColumnNames=["order_id", "total"]), _grant(ColumnNames=["total"])),
        failing=(_filter(**_BUT_EMAIL), _grant(**_BUT_EMAIL)),
        not_applicable=(BUCKET,),
    ),
    controls=("NIST.800.53.R5 AC-3(7)", "NIST.800.53.R5 AC-6"),
)
