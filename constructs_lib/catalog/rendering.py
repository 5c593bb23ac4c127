"""Declared tables as the properties of `AWS::Glue::Table`. Plain data: no construct is made here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.catalog_text import comment, description, table_parameters
from lakemodel.types.iceberg import iceberg_type_text
from lakemodel.types.model import Decimal, Primitive, PrimitiveKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakemodel.contracts.model import Column, DataContract, Table
    from lakemodel.locks.field_ids import FieldIds

ICEBERG_FORMAT_VERSION: Final = "2"
COMPRESSION: Final = "zstd"

_TRANSFORM: Final = re.compile(r"^(identity|year|month|day|hour|(?:bucket|truncate)\[[1-9][0-9]*\])$")
_FLOATS: Final = {PrimitiveKind.FLOAT, PrimitiveKind.DOUBLE}


def iceberg_table_input(contract: DataContract, table: Table, *, location: str, ids: FieldIds, sort_by: Sequence[str]) -> dict[str, Any]:
    """`OpenTableFormatInput`, the only shape that survives an update.

    With `TableInput` beside it Glue refuses the table; with the columns in `TableInput` alone the first update wipes `table_type` and
    `metadata_location`. `Schema.Type` is needed, though the resource's schema does not say so.
    See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-glue-table-icebergtableinput.html
    """
    schema: dict[str, Any] = {"type": "struct", "fields": [_iceberg_field(column, ids) for column in table.columns]}
    if identifiers := _identifiers(table):
        schema["identifierFieldIds"] = [ids.of(name) for name in identifiers]
    table_input: dict[str, Any] = {"location": location, "schema": schema, "properties": iceberg_properties(contract, table)}
    if table.partitioning:
        table_input["partitionSpec"] = {"specId": 0, "fields": _partition_fields(table, ids)}
    if sort_by:
        table_input["writeOrder"] = {
            "orderId": 1,
            "fields": [
                {"sourceId": ids.of(name), "transform": "identity", "direction": "asc", "nullOrder": "nulls-first"} for name in sort_by
            ],
        }
    return {
        "icebergInput": {"metadataOperation": "CREATE", "version": ICEBERG_FORMAT_VERSION, "icebergTableInput": table_input},
    }


def iceberg_properties(contract: DataContract, table: Table) -> dict[str, str]:
    """The table's properties: compression, its description under Iceberg's own key, and who answers for it."""
    properties = {"write.parquet.compression-codec": COMPRESSION, **table_parameters(contract, table.classification)}
    if table.description:
        properties["comment"] = description(table.description)
    return properties


def sortable(table: Table) -> tuple[str, ...]:
    """Those columns of the primary key that Iceberg can sort by: all but nested ones."""
    return tuple(name for name in table.primary_key if is_primitive(table.column(name)))


def is_primitive(column: Column) -> bool:
    """Whether the column can partition or sort a table."""
    return isinstance(column.type, Primitive | Decimal)


def is_transform(transform: str) -> bool:
    """Whether Iceberg knows that partition transform."""
    return _TRANSFORM.match(transform) is not None


def _iceberg_field(column: Column, ids: FieldIds) -> dict[str, Any]:
    field: dict[str, Any] = {
        "id": ids.of(column.name),
        "name": column.name,
        "required": column.required,
        "type": iceberg_type_text(column.type, column.name, ids),
    }
    if column.description:
        field["doc"] = comment(column.description)
    return field


def _identifiers(table: Table) -> tuple[str, ...]:
    """The primary key as Iceberg's identifier; none where a part of it is optional, nested or a float, which Iceberg forbids."""
    columns = [table.column(name) for name in table.primary_key]
    fit = all(
        column.required and is_primitive(column) and not (isinstance(column.type, Primitive) and column.type.kind in _FLOATS)
        for column in columns
    )
    return table.primary_key if fit else ()


def _partition_fields(table: Table, ids: FieldIds) -> list[dict[str, Any]]:
    taken = {column.name for column in table.columns}
    fields = []
    for partition in table.partitioning:
        name = partition.column
        if partition.transform != "identity":
            name = f"{partition.column}_{re.sub(r'[^a-z0-9]+', '_', partition.transform).strip('_')}"
            while name in taken:
                name += "_part"
            taken.add(name)
        fields.append(
            {
                "fieldId": ids.of_partition(partition.column, partition.transform),
                "name": name,
                "sourceId": ids.of(partition.column),
                "transform": partition.transform,
            }
        )
    return fields
