"""Glue's tables, partitions and optimizers against moto in this process, and Iceberg's metadata in its S3."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pyiceberg.table.metadata import TableMetadataUtil

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, lacking, make, round_trip

OTHER = "222222222222"
TABLE = "AWS::Glue::Table"
NESTED = (
    '{"type":"list","element-id":5,"element-required":false,'
    '"element":{"type":"struct","fields":[{"id":6,"name":"sku","required":false,"type":"string"}]}}'
)
HIVE = {
    "CatalogId": ACCOUNT,
    "DatabaseName": "sales",
    "TableInput": {
        "Name": "orders",
        "Description": "one",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet", "has_encrypted_data": True},
        "PartitionKeys": [{"Name": "day", "Type": "string", "Comment": "when"}],
        "StorageDescriptor": {
            "Location": "s3://lake/sales/orders/",
            "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "items", "Type": "array<struct<sku:string,price:decimal(12,2)>>"}],
            "InputFormat": "parquet",
            "Compressed": False,
            "SerdeInfo": {"SerializationLibrary": "serde"},
        },
    },
}
ICEBERG = {
    "CatalogId": ACCOUNT,
    "DatabaseName": "sales",
    "Name": "orders",
    "OpenTableFormatInput": {
        "IcebergInput": {
            "MetadataOperation": "CREATE",
            "Version": "2",
            "IcebergTableInput": {
                "Location": "s3://lake/sales/orders/",
                "Properties": {"comment": "Orders.", "write.parquet.compression-codec": "zstd"},
                "Schema": {
                    "Type": "struct",
                    "IdentifierFieldIds": [1],
                    "Fields": [
                        {"Id": 1, "Name": "id", "Required": True, "Type": "long", "Doc": "Number."},
                        {"Id": 2, "Name": "at", "Required": False, "Type": "timestamptz"},
                        {"Id": 3, "Name": "total", "Required": False, "Type": "decimal(12, 2)"},
                        {"Id": 4, "Name": "items", "Required": False, "Type": NESTED},
                    ],
                },
                "PartitionSpec": {"SpecId": 0, "Fields": [{"FieldId": 1000, "Name": "at_month", "SourceId": 2, "Transform": "month"}]},
                "WriteOrder": {
                    "OrderId": 1,
                    "Fields": [{"SourceId": 1, "Transform": "identity", "Direction": "asc", "NullOrder": "nulls-first"}],
                },
            },
        }
    },
}


@pytest.fixture
def lake():
    """Clients of an account with a bucket and a database."""
    with emulated() as clients:
        clients("s3", account=ACCOUNT, region=REGION).create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
        make(clients, "AWS::Glue::Database", {"DatabaseInput": {"Name": "sales"}})
        yield clients


def iceberg(**parts: Any) -> dict[str, Any]:
    """The Iceberg table with other parts."""
    other = copy.deepcopy(ICEBERG)
    other["OpenTableFormatInput"]["IcebergInput"]["IcebergTableInput"].update(parts)
    return other


def metadata(clients, name="orders"):
    """The table's metadata file, as PyIceberg reads it."""
    shown = clients("glue", account=ACCOUNT, region=REGION).get_table(DatabaseName="sales", Name=name)["Table"]
    bucket, _, key = shown["Parameters"]["metadata_location"].removeprefix("s3://").partition("/")
    content = clients("s3", account=ACCOUNT, region=REGION).get_object(Bucket=bucket, Key=key)["Body"].read()
    return TableMetadataUtil.parse_raw(content.decode()), shown


def test_a_hive_table_comes_back_as_stated(lake):
    changed = copy.deepcopy(HIVE)
    changed["TableInput"]["Description"] = "two"
    trip = round_trip(lake, TABLE, HIVE, changed)
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)


def test_an_iceberg_table_comes_back_from_its_metadata(lake):
    trip = round_trip(lake, TABLE, ICEBERG)
    assert (trip.lacks, trip.is_deleted) == ((), True)
    assert trip.made.physical_id == "orders"


def test_metadata_that_was_tampered_with_is_noticed(lake):
    made = make(lake, TABLE, ICEBERG)
    _, shown = metadata(lake)
    bucket, _, key = shown["Parameters"]["metadata_location"].removeprefix("s3://").partition("/")
    s3 = lake("s3", account=ACCOUNT, region=REGION)
    content = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    content["schemas"][0]["fields"][0]["type"] = "int"
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(content).encode())
    lacks = lacking(ICEBERG, adapters()[TABLE].look(made), adapters()[TABLE].unread)
    assert lacks == ("OpenTableFormatInput.IcebergInput.IcebergTableInput.Schema.Fields[0].Type",)


def test_pyiceberg_reads_the_metadata_of_an_iceberg_table(lake):
    make(lake, TABLE, ICEBERG)
    read, shown = metadata(lake)
    assert shown["Parameters"]["table_type"] == "ICEBERG"
    assert [(field.field_id, field.name, field.required) for field in read.schema().fields] == [
        (1, "id", True),
        (2, "at", False),
        (3, "total", False),
        (4, "items", False),
    ]
    assert read.schema().find_field("items.element.sku").field_id == 6
    assert (read.last_column_id, read.schema().identifier_field_ids) == (6, [1])
    assert (read.spec().fields[0].field_id, read.spec().fields[0].source_id, str(read.spec().fields[0].transform)) == (1000, 2, "month")
    assert read.sort_order().fields[0].source_id == 1
    assert read.current_snapshot() is None


def test_glue_shows_an_iceberg_tables_columns_in_hives_words(lake):
    make(lake, TABLE, ICEBERG)
    columns = metadata(lake)[1]["StorageDescriptor"]["Columns"]
    assert [column["Type"] for column in columns] == ["bigint", "timestamp", "decimal(12,2)", "array<struct<sku:string>>"]
    assert columns[0]["Comment"] == "Number."
    assert columns[0]["Parameters"] == {"iceberg.field.current": "true", "iceberg.field.id": "1", "iceberg.field.optional": "false"}


def test_a_change_in_icebergs_words_keeps_what_was_written(lake):
    made = make(lake, TABLE, ICEBERG)
    before, shown = metadata(lake)
    fields = [*iceberg()["OpenTableFormatInput"]["IcebergInput"]["IcebergTableInput"]["Schema"]["Fields"]]
    fields.append({"Id": 7, "Name": "note", "Required": False, "Type": "string"})
    schema = {"Type": "struct", "IdentifierFieldIds": [1], "Fields": fields}
    changed = iceberg(Schema=schema, PartitionSpec={"Fields": []}, Properties={"comment": "Other."})
    adapters()[TABLE].change(replace(made, properties=changed, old_properties=ICEBERG))
    after, shown_after = metadata(lake)
    assert shown_after["Parameters"]["previous_metadata_location"] == shown["Parameters"]["metadata_location"]
    assert "/00001-" in shown_after["Parameters"]["metadata_location"]
    assert (after.table_uuid, len(after.schemas), after.last_column_id) == (before.table_uuid, 2, 7)
    assert after.schema().find_field("note").field_id == 7
    assert after.properties == {"comment": "Other.", "write.parquet.compression-codec": "zstd"}
    assert [entry.metadata_file for entry in after.metadata_log] == [shown["Parameters"]["metadata_location"]]
    assert "note" in [column["Name"] for column in shown_after["StorageDescriptor"]["Columns"]]


def test_a_change_that_changes_nothing_adds_no_schema(lake):
    made = make(lake, TABLE, ICEBERG)
    adapters()[TABLE].change(replace(made, old_properties=ICEBERG))
    after, _ = metadata(lake)
    assert (len(after.schemas), len(after.partition_specs), len(after.sort_orders)) == (1, 1, 1)
    assert lacking(ICEBERG, adapters()[TABLE].look(made), adapters()[TABLE].unread) == ()


def test_an_iceberg_table_that_is_declared_by_columns_is_one_too(lake):
    stated = copy.deepcopy(HIVE)
    del stated["TableInput"]["PartitionKeys"]
    stated["OpenTableFormatInput"] = {"IcebergInput": {"MetadataOperation": "CREATE", "Version": "2"}}
    make(lake, TABLE, stated)
    read, _ = metadata(lake)
    assert [str(field.field_type) for field in read.schema().fields] == [
        "long",
        "list<struct<4: sku: optional string, 5: price: optional decimal(12, 2)>>",
    ]


def test_such_a_table_loses_its_metadata_with_an_update_as_in_aws(lake):
    stated = copy.deepcopy(HIVE)
    stated["OpenTableFormatInput"] = {"IcebergInput": {"MetadataOperation": "CREATE", "Version": "2"}}
    made = make(lake, TABLE, stated)
    adapters()[TABLE].change(replace(made, old_properties=stated))
    shown = lake("glue", account=ACCOUNT, region=REGION).get_table(DatabaseName="sales", Name="orders")["Table"]
    assert "metadata_location" not in shown["Parameters"]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"Location": "s3://nowhere/orders/"}, "bucket that exists"),
        ({"PartitionSpec": {"Fields": [{"Name": "x", "SourceId": 99, "Transform": "month"}]}}, "no fields of the schema"),
        ({"Schema": {"Type": "struct", "Fields": []}}, "has fields"),
        (
            {
                "Schema": {
                    "Type": "struct",
                    "Fields": [
                        {"Id": 1, "Name": "a", "Type": "long", "Required": False},
                        {"Id": 1, "Name": "b", "Type": "long", "Required": False},
                    ],
                }
            },
            "used twice",
        ),
        (
            {
                "Schema": {
                    "Type": "struct",
                    "IdentifierFieldIds": [1],
                    "Fields": [{"Id": 1, "Name": "a", "Type": "long", "Required": False}],
                }
            },
            "have to be required",
        ),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(lake, parts, said):
    with pytest.raises(ClientError, match=said):
        make(lake, TABLE, iceberg(**{"PartitionSpec": None, "WriteOrder": None, **parts}))


def test_a_table_is_declared_in_one_way_alone(lake):
    with pytest.raises(ClientError, match="not by both"):
        make(lake, TABLE, {**ICEBERG, "TableInput": HIVE["TableInput"]})


def test_of_two_writers_the_later_is_refused(lake):
    make(lake, TABLE, HIVE)
    glue = lake("glue", account=ACCOUNT, region=REGION)
    version = glue.get_table(DatabaseName="sales", Name="orders")["Table"]["VersionId"]
    glue.update_table(DatabaseName="sales", TableInput={"Name": "orders"}, VersionId=version)
    with pytest.raises(glue.exceptions.ConcurrentModificationException):
        glue.update_table(DatabaseName="sales", TableInput={"Name": "orders"}, VersionId=version)
    glue.update_table(DatabaseName="sales", TableInput={"Name": "orders"})


def test_a_partition_comes_back_as_stated(lake):
    make(lake, TABLE, HIVE)
    where = {"CatalogId": ACCOUNT, "DatabaseName": "sales", "TableName": "orders"}
    stated = {**where, "PartitionInput": {"Values": ["2026-01-01"], "Parameters": {"a": "b"}}}
    changed = {**where, "PartitionInput": {"Values": ["2026-01-01"], "Parameters": {"a": "c"}}}
    trip = round_trip(lake, "AWS::Glue::Partition", stated, changed)
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)


def test_tables_and_partitions_are_found_through_a_link_to_their_database(lake):
    make(lake, TABLE, HIVE)
    partition = {"DatabaseName": "sales", "TableName": "orders", "PartitionInput": {"Values": ["1"]}}
    make(lake, "AWS::Glue::Partition", partition)
    link = {"DatabaseInput": {"Name": "shared", "TargetDatabase": {"CatalogId": ACCOUNT, "DatabaseName": "sales"}}}
    make(lake, "AWS::Glue::Database", link, account=OTHER)
    glue = lake("glue", account=OTHER, region=REGION)
    found = glue.get_table(DatabaseName="shared", Name="orders")["Table"]
    assert (found["DatabaseName"], found["CatalogId"]) == ("sales", ACCOUNT)
    assert [one["Name"] for one in glue.get_tables(DatabaseName="shared")["TableList"]] == ["orders"]
    (there,) = glue.get_partitions(DatabaseName="shared", TableName="orders")["Partitions"]
    assert (there["Values"], there["CatalogId"]) == (["1"], ACCOUNT)
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        glue.get_table(DatabaseName="sales", Name="orders")


def test_a_table_made_through_a_link_is_in_the_database_behind_it(lake):
    link = {"DatabaseInput": {"Name": "shared", "TargetDatabase": {"CatalogId": ACCOUNT, "DatabaseName": "sales"}}}
    make(lake, "AWS::Glue::Database", link, account=OTHER)
    make(lake, TABLE, {"DatabaseName": "shared", "TableInput": {"Name": "made"}}, account=OTHER)
    found = lake("glue", account=ACCOUNT, region=REGION).get_table(DatabaseName="sales", Name="made")["Table"]
    assert found["CatalogId"] == ACCOUNT


def test_a_link_to_a_table_shows_the_table(lake):
    make(lake, TABLE, HIVE)
    make(lake, "AWS::Glue::Partition", {"DatabaseName": "sales", "TableName": "orders", "PartitionInput": {"Values": ["1"]}})
    make(lake, "AWS::Glue::Database", {"DatabaseInput": {"Name": "mine"}}, account=OTHER)
    target = {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders"}
    stated = {"DatabaseName": "mine", "TableInput": {"Name": "linked", "TargetTable": target}}
    made = make(lake, TABLE, stated, account=OTHER)
    glue = lake("glue", account=OTHER, region=REGION)
    found = glue.get_table(DatabaseName="mine", Name="linked")["Table"]
    assert (found["Name"], found["Description"], found["TargetTable"]) == ("linked", "one", target)
    assert len(glue.get_partitions(DatabaseName="mine", TableName="linked")["Partitions"]) == 1
    assert lacking(stated, adapters()[TABLE].look(made)) == ()


OPTIMIZER = {
    "CatalogId": ACCOUNT,
    "DatabaseName": "sales",
    "TableName": "orders",
    "Type": "retention",
    "TableOptimizerConfiguration": {
        "Enabled": True,
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/Optimizer",
        "RetentionConfiguration": {"IcebergConfiguration": {"SnapshotRetentionPeriodInDays": 7, "CleanExpiredFiles": True}},
    },
}


def test_an_optimizer_of_an_iceberg_table_comes_back_as_stated(lake):
    make(lake, TABLE, ICEBERG)
    changed = copy.deepcopy(OPTIMIZER)
    changed["TableOptimizerConfiguration"]["Enabled"] = False
    trip = round_trip(lake, "AWS::Glue::TableOptimizer", OPTIMIZER, changed)
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)


def test_only_a_table_of_icebergs_is_optimized(lake):
    make(lake, TABLE, HIVE)
    with pytest.raises(ClientError, match="no Iceberg table"):
        make(lake, "AWS::Glue::TableOptimizer", OPTIMIZER)
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        make(lake, "AWS::Glue::TableOptimizer", {**OPTIMIZER, "TableName": "absent"})


def test_optimizers_go_with_their_table(lake):
    table = make(lake, TABLE, ICEBERG)
    made = make(lake, "AWS::Glue::TableOptimizer", OPTIMIZER)
    adapters()[TABLE].remove(table)
    make(lake, TABLE, ICEBERG)
    assert adapters()["AWS::Glue::TableOptimizer"].look(made) is None
