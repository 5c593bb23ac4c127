"""Databases, tables and columns have names in lower case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.sources import at, listed
from lakecheck.rules.base import Cases, Complaint, Rule, of_type, value
from lakecheck.rules.catalog._cases import BUCKET, iceberg, table
from lakecheck.values import outline
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_NAMES = ("DatabaseInput.Name", "TableInput.Name", "Name", "DatabaseName")
_LISTS = ("TableInput.StorageDescriptor.Columns", "TableInput.PartitionKeys")


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    for path in _NAMES:
        if _has_capitals(value(found, path)):
            yield Complaint(at=path, message=f"is {outline(value(found, path))}; the catalog has {outline(value(found, path)).lower()}")
    for path in _LISTS:
        names = [at(each, "Name") for each in listed(value(found, path))]
        capital = [outline(name) for name in names if _has_capitals(name)]
        if capital:
            yield Complaint(at=path, message=f"names with capitals: {', '.join(capital)}; Athena has them in lower case")


def _has_capitals(name: Any) -> bool:
    return isinstance(name, str) and outline(name, of_hole="") != outline(name, of_hole="").lower()


def _database(name: str) -> dict[str, Any]:
    properties = {"CatalogId": "444455556666", "DatabaseInput": {"Name": name}}
    return {"Database": {"Type": "AWS::Glue::Database", "Properties": properties}}


RULE = Rule(
    id="catalog.lower_case_names",
    title="Databases, tables and columns have names in lower case",
    rationale=(
        "Glue stores the names of databases and tables in lower case, and Athena asks for columns in lower case. Whatever uses the name "
        "as it was written - a Ref, a grant, a Spark job that minds the case - names something that does not exist, and two names that "
        "differ in case alone become one."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html",
    severity=Severity.WARNING,
    remedy="Write the names in lower case, with underscores between words.",
    subjects=of_type("AWS::Glue::Database", "AWS::Glue::Table"),
    judge=_judge,
    cases=Cases(
        compliant=(table(), _database("sales"), iceberg()),
        failing=(
            _database("Sales"),
            table(name="Orders"),
            table(storage={"Columns": [{"Name": "OrderId", "Type": "bigint"}]}),
            iceberg(name="Orders"),
        ),
        not_applicable=(BUCKET,),
    ),
)
