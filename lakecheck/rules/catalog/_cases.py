"""Templates that the rules of the catalog are shown by."""

from __future__ import annotations

from typing import Any, Final

BUCKET: Final = {"Bucket": {"Type": "AWS::S3::Bucket"}}
LINK: Final = {
    "Link": {
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": "444455556666",
            "DatabaseName": "sales",
            "TableInput": {"Name": "orders", "TargetTable": {"CatalogId": "111122223333", "DatabaseName": "sales", "Name": "orders"}},
        },
    }
}
_PARQUET: Final = "org.apache.hadoop.hive.ql.io.parquet"


def table(logical_id: str = "Table", *, name: str = "orders", **changes: Any) -> dict[str, Any]:
    """A table of Parquet files with one partition key; `changes` go over its `TableInput`, `storage` over its storage descriptor."""
    storage = {
        "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "total", "Type": "decimal(12,2)"}],
        "Location": f"s3://lake/sales/{name}/",
        "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
        "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
        **changes.pop("storage", {}),
    }
    given = {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet"},
        "PartitionKeys": [{"Name": "day", "Type": "date"}],
        "StorageDescriptor": storage,
        **changes,
    }
    properties = {"CatalogId": "444455556666", "DatabaseName": "sales", "TableInput": given}
    return {logical_id: {"Type": "AWS::Glue::Table", "Properties": properties}}


def projected(logical_id: str = "Table", **options: Any) -> dict[str, Any]:
    """`table` with partition projection; an option None is left out, its first `_` is a dot."""
    given = {
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.range": "2024-01-01,NOW",
        "projection.day.format": "yyyy-MM-dd",
    }
    given |= {key.replace("_", ".", 2): each for key, each in options.items()}
    return table(logical_id, Parameters={key: each for key, each in given.items() if each is not None})


def iceberg(logical_id: str = "Table", *, name: str = "orders", schema: Any = None, **changes: Any) -> dict[str, Any]:
    """An Iceberg table as CloudFormation makes it; `changes` go over its `IcebergTableInput`, `schema` over the schema."""
    fields = [
        {"Id": 1, "Name": "id", "Required": True, "Type": "long"},
        {"Id": 2, "Name": "ordered_at", "Required": True, "Type": "timestamptz"},
    ]
    given = {
        "Location": f"s3://lake/sales/{name}/",
        "Schema": {"Type": "struct", "Fields": fields, "IdentifierFieldIds": [1], **(schema if schema is not None else {})},
        "PartitionSpec": {"Fields": [{"FieldId": 1000, "Name": "month", "SourceId": 2, "Transform": "month"}]},
        **changes,
    }
    properties = {
        "CatalogId": "444455556666",
        "DatabaseName": "sales",
        "Name": name,
        "OpenTableFormatInput": {"IcebergInput": {"IcebergTableInput": given}},
    }
    return {logical_id: {"Type": "AWS::Glue::Table", "Properties": properties}}


def optimizer(kind: str, *, name: str = "orders", enabled: Any = True, **configuration: Any) -> dict[str, Any]:
    """An optimizer of an Iceberg table."""
    role = {"Fn::Sub": "arn:${AWS::Partition}:iam::444455556666:role/Optimizer"}
    properties = {
        "CatalogId": "444455556666",
        "DatabaseName": "sales",
        "TableName": name,
        "Type": kind,
        "TableOptimizerConfiguration": {"Enabled": enabled, "RoleArn": role, **configuration},
    }
    return {f"Optimizer{kind}{name}": {"Type": "AWS::Glue::TableOptimizer", "Properties": properties}}
