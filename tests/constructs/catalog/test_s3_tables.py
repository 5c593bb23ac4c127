"""S3 Tables: an encrypted bucket that maintains itself, and tables that no edit of a contract replaces."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import aws_kms as kms
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from jsonschema import Draft7Validator

from constructs_lib.catalog import S3Table, TableBucket
from lakemodel.contracts.loader import load_contract
from lakemodel.errors import DataLakeError
from lakemodel.locks.field_ids import load_lock, lock_path
from tests.lakecheck.test_contracts_command import status
from tests.support import ACCOUNT, REGION, new_stack, resources, template
from tests.unit.contracts.support import document

if TYPE_CHECKING:
    from pathlib import Path

FIRST = [
    {"name": "id", "logicalType": "integer", "physicalType": "bigint", "required": True, "description": "a word"},
    {"name": "at", "logicalType": "date", "partitioned": True, "customProperties": [
        {"property": "partitionTransform", "value": "month", "vendor": "governed-lake"}]},
    {"name": "customer", "logicalType": "object", "properties": [{"name": "email", "logicalType": "string", "description": "x"}]},
]  # fmt: skip
CREATED = {
    "IcebergSchemaV2": {
        "SchemaV2FieldType": "struct",
        "SchemaV2FieldList": [
            {"Id": 1, "Name": "id", "Required": True, "Type": "long"},
            {"Id": 2, "Name": "at", "Required": False, "Type": "date"},
            {
                "Id": 3,
                "Name": "customer",
                "Required": False,
                "Type": {"type": "struct", "fields": [{"id": 4, "name": "email", "required": False, "type": "string"}]},
            },
        ],
    },
    "TableProperties": {"write.parquet.compression-codec": "zstd"},
    "IcebergPartitionSpec": {"Fields": [{"FieldId": 1000, "SourceId": 2, "Transform": "month", "Name": "at_month_part"}]},
}


def locked(folder: Path, properties: list[dict[str, Any]], *options: str, **top: Any) -> Path:
    path = folder / "things.odcs.yaml"
    path.write_text(json.dumps(document(properties, **top)))
    assert status("lock", path, "--no-config", *options) == 0
    return path


def build(path: Path, **options: Any) -> dict[str, Any]:
    contract, findings = load_contract(path, None)
    assert contract is not None, list(map(str, findings))
    stack = new_stack()
    bucket = TableBucket(stack, "Bucket", bucket_name="sales-tables", key=kms.Key(stack, "Key"), namespaces=("sales",))
    S3Table(stack, "Things", bucket=bucket, contract=contract, table=contract.tables[0], **options)
    return template(stack)


@pytest.fixture
def created(tmp_path: Path) -> Path:
    """A contract whose table was recorded."""
    return locked(tmp_path, FIRST, "--s3-table", "sales.thing")


def test_creates_what_was_recorded(created: Path):
    """Real nested types, ids from the lock, and no word in it that somebody may change."""
    made = build(created)
    (table,) = resources(made, "AWS::S3Tables::Table").values()
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    properties = table["Properties"]
    assert properties["IcebergMetadata"] == CREATED
    assert (properties["Namespace"], properties["TableName"], properties["OpenTableFormat"]) == ("sales", "thing", "ICEBERG")
    assert properties["Compaction"] == {"Status": "enabled"}
    assert properties["SnapshotManagement"] == {"Status": "enabled", "MaxSnapshotAgeHours": 168, "MinSnapshotsToKeep": 5}
    tags = {one["Key"]: one["Value"] for one in properties["Tags"]}
    assert tags["lake.contract_version"] == "1.0.0"
    assert tags["lake.classification"] == "restricted"
    (namespace,) = resources(made, "AWS::S3Tables::Namespace")
    assert table["DependsOn"] == [namespace]


def test_is_what_cloudformation_takes(created: Path):
    """The properties satisfy the resource type's own schema, in which all of `IcebergMetadata` is create-only."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, "AWS::S3Tables::Table").schema
    assert "/properties/IcebergMetadata" in schema["createOnlyProperties"]
    rules = {"properties": {"IcebergMetadata": schema["properties"]["IcebergMetadata"]}, "definitions": schema["definitions"]}
    assert list(Draft7Validator(rules).iter_errors({"IcebergMetadata": CREATED})) == []
    assert list(Draft7Validator(rules).iter_errors({"IcebergMetadata": {"Schema": {}}}))


def test_encrypts_and_maintains(created: Path):
    """The account's key, which the maintenance service may use for this bucket alone."""
    made = build(created)
    (bucket,) = resources(made, "AWS::S3Tables::TableBucket").values()
    assert bucket["DeletionPolicy"] == "Retain"
    assert bucket["Properties"]["EncryptionConfiguration"]["SSEAlgorithm"] == "aws:kms"
    assert bucket["Properties"]["UnreferencedFileRemoval"] == {"Status": "Enabled", "UnreferencedDays": 7, "NoncurrentDays": 10}
    (key,) = resources(made, "AWS::KMS::Key").values()
    (statement,) = [one for one in key["Properties"]["KeyPolicy"]["Statement"] if one.get("Sid") == "TableMaintenance"]
    assert statement["Principal"] == {"Service": "maintenance.s3tables.amazonaws.com"}
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    bound = json.dumps(statement["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"])
    assert f":s3tables:{REGION}:{ACCOUNT}:bucket/sales-tables/*" in bound


def test_fails_when_nothing_was_recorded(tmp_path: Path):
    """The remedy is the command, with the table's name."""
    path = locked(tmp_path, FIRST)
    with pytest.raises(DataLakeError, match=r"run `lakecheck contracts lock --s3-table sales\.thing`"):
        build(path)


@pytest.mark.parametrize("change", [
    [*FIRST, {"name": "new", "logicalType": "string"}],
    FIRST[1:],
    [FIRST[1], FIRST[0], FIRST[2]],
    [FIRST[0] | {"required": False}, *FIRST[1:]],
    [FIRST[0], {"name": "at", "logicalType": "date"}, FIRST[2]],
])  # fmt: skip
def test_fails_when_an_edit_would_replace_the_table(created: Path, change: list[dict[str, Any]]):
    """Any edit of schema or partitioning; once an engine has made it, the template still says what it said."""
    path = locked(created.parent, change)
    with pytest.raises(DataLakeError, match="evolve it with an engine") as told:
        build(path)
    assert told.value.code == "s3_table_would_be_replaced"
    (table,) = resources(build(path, evolved_by_engine=True), "AWS::S3Tables::Table").values()
    assert table["Properties"]["IcebergMetadata"] == CREATED


def test_words_and_versions_may_change(created: Path):
    """Descriptions are left out, and the version is a tag."""
    path = locked(created.parent, [FIRST[0] | {"description": "another"}, *FIRST[1:]], version="2.0.0")
    (table,) = resources(build(path), "AWS::S3Tables::Table").values()
    assert table["Properties"]["IcebergMetadata"] == CREATED


def test_records_once(created: Path):
    """A later run does not record what the contract says by then; a name that is no table's is refused."""
    locked(created.parent, [*FIRST, {"name": "new", "logicalType": "string"}], "--s3-table", "sales.thing")
    lock = load_lock(lock_path(created))
    assert lock is not None
    assert lock.tables["thing"].s3_tables == CREATED
    assert status("lock", created, "--no-config", "--s3-table", "sales.nothing") == 1
