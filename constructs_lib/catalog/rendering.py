"""Declared tables as properties of `AWS::Glue::Table`, in CloudFormation's own spelling. Plain data: no construct is made here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.catalog_text import comment, description, table_parameters
from lakemodel.types.glue import glue_type
from lakemodel.types.iceberg import iceberg_type_text
from lakemodel.types.model import Decimal, Primitive, PrimitiveKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakemodel.contracts.model import Column, DataContract, Table
    from lakemodel.locks.field_ids import FieldIds

ICEBERG_FORMAT_VERSION: Final = "2"
COMPRESSION: Final = "zstd"

_TRANSFORM: Final = re.compile(r"^(identity|year|month|day|hour|(?:bucket|truncate)\[[1-9][0-9]*\])$")
_FLOATS: Final = {PrimitiveKind.FLOAT, PrimitiveKind.DOUBLE}
_HIVE: Final = "org.apache.hadoop.hive.ql.io.parquet"
_FREE_KEYS: Final = {"Parameters", "Properties"}


def iceberg_table_input(contract: DataContract, table: Table, *, location: str, ids: FieldIds, sort_by: Sequence[str]) -> dict[str, Any]:
    """`OpenTableFormatInput`, the only shape that survives an update.

    With `TableInput` beside it Glue refuses the table; with the columns in `TableInput` alone the first update wipes `table_type` and
    `metadata_location`. `Schema.Type` is needed, though the resource's schema does not say so.
    See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-glue-table-icebergtableinput.html
    """
    schema: dict[str, Any] = {"Type": "struct", "Fields": [_iceberg_field(column, ids) for column in table.columns]}
    if identifiers := _identifiers(table, ids):
        schema["IdentifierFieldIds"] = [ids.of(name) for name in identifiers]
    table_input: dict[str, Any] = {"Location": location, "Schema": schema, "Properties": iceberg_properties(contract, table)}
    if table.partitioning:
        table_input["PartitionSpec"] = {"SpecId": 0, "Fields": _partition_fields(table, ids)}
    if sort_by:
        table_input["WriteOrder"] = {
            "OrderId": 1,
            "Fields": [
                {"SourceId": ids.of(name), "Transform": "identity", "Direction": "asc", "NullOrder": "nulls-first"} for name in sort_by
            ],
        }
    return {
        "IcebergInput": {"MetadataOperation": "CREATE", "Version": ICEBERG_FORMAT_VERSION, "IcebergTableInput": table_input},
    }


def parquet_table_input(
    contract: DataContract, name: str, *, columns: Sequence[Column], keys: int, location: str, said: str, classification: str
) -> dict[str, Any]:
    """`TableInput` of an external table of Parquet files; the last `keys` of the columns are its partition keys.

    Glue's own parameters `classification` and `has_encrypted_data` are those that `aws_glue.S3Table` writes.
    """
    rendered = [_hive_column(column) for column in columns]
    stored = len(rendered) - keys
    table_input: dict[str, Any] = {
        "Name": name,
        "Description": said,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "classification": "parquet",
            "parquet.compression": COMPRESSION.upper(),
            **table_parameters(contract, classification),
            "has_encrypted_data": True,
        },
        "StorageDescriptor": {
            "Location": location,
            "Compressed": False,
            "StoredAsSubDirectories": False,
            "Columns": rendered[:stored],
            "InputFormat": f"{_HIVE}.MapredParquetInputFormat",
            "OutputFormat": f"{_HIVE}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{_HIVE}.serde.ParquetHiveSerDe"},
        },
    }
    if keys:
        table_input["PartitionKeys"] = rendered[stored:]
    return table_input


def typed(properties: Any) -> Any:
    """Properties as a typed L1 takes them: keys begin small, but for those that a user chooses.

    Example:
        >>> typed({"TableInput": {"Parameters": {"Owner": "a"}, "PartitionKeys": [{"Name": "day"}]}})
        {'tableInput': {'parameters': {'Owner': 'a'}, 'partitionKeys': [{'name': 'day'}]}}
    """
    if isinstance(properties, dict):
        return {key[0].lower() + key[1:]: value if key in _FREE_KEYS else typed(value) for key, value in properties.items()}
    if isinstance(properties, list):
        return [typed(value) for value in properties]
    return properties


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
        "Id": ids.of(column.name),
        "Name": column.name,
        "Required": _is_required(column, ids),
        "Type": iceberg_type_text(column.type, column.name, ids),
    }
    if column.description:
        field["Doc"] = comment(column.description)
    return field


def _hive_column(column: Column) -> Mapping[str, str]:
    rendered = {"Name": column.name, "Type": glue_type(column.type)}
    if said := comment(column.description):
        rendered["Comment"] = said
    return rendered


def _is_required(column: Column, ids: FieldIds) -> bool:
    """Whether the table itself forbids NULL: a column that was added later, or was once optional, has rows without a value."""
    return column.required and column.name not in ids.optional


def _identifiers(table: Table, ids: FieldIds) -> tuple[str, ...]:
    """The primary key as Iceberg's identifier; none where a part of it is optional, nested or a float, which Iceberg forbids."""
    columns = [table.column(name) for name in table.primary_key]
    fit = all(
        _is_required(column, ids) and is_primitive(column) and not (isinstance(column.type, Primitive) and column.type.kind in _FLOATS)
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
                "FieldId": ids.of_partition(partition.column, partition.transform),
                "Name": name,
                "SourceId": ids.of(partition.column),
                "Transform": partition.transform,
            }
        )
    return fields
