"""No table has a column twice, as a partition key neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.estate.sources import at, listed, lower
from lakecheck.rules._lake import is_unclear, own_tables
from lakecheck.rules.base import Cases, Complaint, Rule, value
from lakecheck.rules.catalog._cases import BUCKET, LINK, iceberg, table
from lakecheck.rules.catalog._iceberg import SCHEMA
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_COLUMNS = "TableInput.StorageDescriptor.Columns"
_KEYS = "TableInput.PartitionKeys"
_KINDS = {_COLUMNS: "column", _KEYS: "partition key", f"{SCHEMA}.Fields": "field"}


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    seen: dict[str, str] = {}
    for path, kind in _KINDS.items():
        for each in listed(value(found, path)):
            name = at(each, "Name")
            if is_unclear(name):
                continue
            folded = lower(name)
            if folded in seen:
                yield Complaint(at=path, message=f"{kind} {name} is there already as {seen[folded]}; names differ without regard to case")
            else:
                seen[folded] = f"{kind} {name}"


def _columns(*names: str) -> list[dict[str, str]]:
    return [{"Name": name, "Type": "string"} for name in names]


RULE = Rule(
    id="catalog.repeated_columns",
    title="No column of a table has the name of another column or of a partition key",
    rationale=(
        "Glue accepts a table with a column twice, also as a partition key, and Athena then refuses every query on it with "
        "HIVE_INVALID_METADATA. Names that differ in upper and lower case alone are the same to both."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html",
    severity=Severity.ERROR,
    remedy="Remove the column that is also a partition key: its value is in the folder's name; rename the other doubles.",
    subjects=own_tables,
    judge=_judge,
    cases=Cases(
        compliant=(table(), iceberg()),
        failing=(
            table(storage={"Columns": _columns("id", "day")}),
            table(storage={"Columns": _columns("id", "total", "ID")}),
            iceberg(schema={"Fields": [{"Id": 1, "Name": "id", "Type": "long"}, {"Id": 2, "Name": "Id", "Type": "long"}]}),
        ),
        not_applicable=(BUCKET, LINK),
    ),
)
