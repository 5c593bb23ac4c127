"""An Iceberg table is declared so that engines find its metadata, and an update of the stack leaves it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.sources import at, listed
from lakecheck.rules._lake import iceberg_tables, parameters
from lakecheck.rules.base import Cases, Complaint, Rule, value
from lakecheck.rules.catalog._cases import BUCKET, LINK, iceberg, table
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    native = at(found.properties.get("OpenTableFormatInput"), "IcebergInput") is not None
    given = found.properties.get("TableInput")
    location = parameters(found).get("metadata_location")
    if native and given is not None:
        yield Complaint(
            at="TableInput",
            message="stands beside OpenTableFormatInput: an update of it takes table_type and metadata_location from the table",
        )
    elif not native and location is None:
        yield Complaint(
            at="TableInput.Parameters",
            message="table_type is ICEBERG without metadata_location and without OpenTableFormatInput; no metadata are written",
        )
    elif not native:
        yield Complaint(
            at="TableInput.Parameters.metadata_location",
            message="is in the template: each update of the table puts it back to that state, whatever was written since",
        )
    if listed(value(found, "TableInput.PartitionKeys")):
        yield Complaint(
            at="TableInput.PartitionKeys", message="an Iceberg table has partition keys of Hive; it partitions by its PartitionSpec"
        )


def _both() -> dict[str, Any]:
    properties = {**iceberg()["Table"]["Properties"], "TableInput": {"Name": "orders"}}
    return {"Table": {"Type": "AWS::Glue::Table", "Properties": properties}}


_DECLARED = {"table_type": "ICEBERG"}
_POINTED = {**_DECLARED, "metadata_location": "s3://lake/sales/orders/metadata/00000-a.metadata.json"}

RULE = Rule(
    id="catalog.iceberg_shape",
    title="An Iceberg table is declared by OpenTableFormatInput.IcebergInput.IcebergTableInput alone",
    rationale=(
        "CloudFormation accepts a table whose parameters merely say ICEBERG; no engine can read it, because nothing wrote metadata. And "
        "an update of TableInput replaces the table's parameters, so that the pointer to the current metadata is lost or goes back in "
        "time: the table is empty, or without its latest rows, for everybody."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-glue-table-icebergtableinput.html",
    severity=Severity.ERROR,
    remedy="Declare location, schema and partition spec in IcebergTableInput, and remove TableInput.",
    subjects=iceberg_tables,
    judge=_judge,
    cases=Cases(
        compliant=(iceberg(),),
        failing=(
            _both(),
            table(Parameters=_DECLARED, PartitionKeys=[]),
            table(Parameters=_POINTED, PartitionKeys=[]),
            table(Parameters=_DECLARED),
        ),
        not_applicable=(BUCKET, LINK, table()),
    ),
)
