"""What a table of S3 Tables is created with. CloudFormation replaces the table when any of it changes, so the lock keeps it as it was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lakemodel.locks.field_ids import ids_of
from lakemodel.types.iceberg import iceberg_type

if TYPE_CHECKING:
    from lakemodel.contracts.model import Table
    from lakemodel.locks.field_ids import FieldIds, LockedTable


def created_with(table: Table, ids: FieldIds) -> dict[str, Any]:
    """`IcebergMetadata` of `AWS::S3Tables::Table`, all of which is create-only.

    Nested types are real objects here. Descriptions, owner and version are left out: a changed word would replace the table.
    See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3tables-table-icebergmetadata.html
    """
    fields = [
        {
            "Id": ids.of(column.name),
            "Name": column.name,
            "Required": column.required and column.name not in ids.optional,
            "Type": _without_docs(iceberg_type(column.type, column.name, ids)),
        }
        for column in table.columns
    ]
    made: dict[str, Any] = {
        "IcebergSchemaV2": {"SchemaV2FieldType": "struct", "SchemaV2FieldList": fields},
        "TableProperties": {"write.parquet.compression-codec": "zstd"},
    }
    if table.partitioning:
        made["IcebergPartitionSpec"] = {
            "Fields": [
                {
                    "FieldId": ids.of_partition(one.column, one.transform),
                    "SourceId": ids.of(one.column),
                    "Transform": one.transform,
                    "Name": _partition_name(one.column, one.transform),
                }
                for one in table.partitioning
            ]
        }
    return made


def recorded(locked: LockedTable, table: Table) -> LockedTable:
    """The lock with what the table is created with; unchanged when it says so already."""
    if locked.s3_tables is not None:
        return locked
    return locked.model_copy(update={"s3_tables": created_with(table, ids_of(table, locked))})


def _without_docs(spelled: Any) -> Any:
    if isinstance(spelled, dict):
        return {key: _without_docs(value) for key, value in spelled.items() if key != "doc"}
    return [_without_docs(one) for one in spelled] if isinstance(spelled, list) else spelled


def _partition_name(column: str, transform: str) -> str:
    return column if transform == "identity" else f"{column}_{re.sub(r'[^a-z0-9]+', '_', transform).strip('_')}_part"
