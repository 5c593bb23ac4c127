"""Tables: the one safe shape of Iceberg, Parquet without projection, quarantine as text; never deleted, said who answers for them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import CfnResource, RemovalPolicy, aws_glue as glue, aws_s3 as s3

from constructs_lib.catalog import IcebergTable, ImportedTable, LakeDatabase, ParquetTable, QuarantineTable, rendering
from constructs_lib.runtime.ingestion.tables.registries import RUN_KEY
from lakemodel.config.model import Zone
from lakemodel.contracts.model import PartitionField, TableFormat
from lakemodel.errors import DataLakeError
from lakemodel.types.glue import glue_type
from lakemodel.types.model import Decimal, List, Map, Primitive, PrimitiveKind, Struct, StructField
from tests.constructs.catalog.lake import ORDERS, TEXT, VISITS, column, contract, table, zones
from tests.support import ACCOUNT, REGION, new_stack, resources, template

if TYPE_CHECKING:
    from constructs import Construct

EVERY_TYPE = table(
    "every_type",
    (
        *(column(kind.value, Primitive(kind)) for kind in PrimitiveKind),
        column("amount", Decimal(18, 4)),
        column("nested", List(Struct((StructField("a", Map(TEXT, List(Decimal(5, 0)))), StructField("b", TEXT))))),
    ),
    format=TableFormat.PARQUET,
)


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """One table of each kind, with its template and the constructs."""
    stack = new_stack()
    lake = zones(stack)
    curated = LakeDatabase(stack, "Sales", domain="sales", zone=Zone.CURATED)
    rejected = LakeDatabase(stack, "SalesRejected", domain="sales", zone=Zone.QUARANTINE)
    source = contract(ORDERS, VISITS, EVERY_TYPE)
    common: dict[str, Any] = {"contract": source, "zone": lake[Zone.CURATED], "database": curated}
    constructs = {
        "orders": IcebergTable(stack, "Orders", table=ORDERS, logical_id="TableOrders", **common),
        "unsorted": IcebergTable(stack, "Unsorted", table=replace(ORDERS, name="unsorted", partitioning=()), sort_by=(), **common),
        "visits": ParquetTable(stack, "Visits", table=VISITS, **common),
        "every_type": ParquetTable(stack, "EveryType", table=EVERY_TYPE, **common),
        "rejected": QuarantineTable(
            stack, "Rejected", database=rejected, contract=source, table=ORDERS, zone=lake[Zone.QUARANTINE], classification="secret"
        ),
    }
    synthesized = template(stack)
    tables = {}
    for logical_id, resource in resources(synthesized, "AWS::Glue::Table").items():
        properties = resource["Properties"]
        name = properties.get("Name") or properties["TableInput"]["Name"]
        key = "rejected" if properties["DatabaseName"] == "sales_quarantine" else name
        tables[key] = {"id": logical_id, **resource}
    return {"constructs": constructs, "template": synthesized, "tables": tables}


def iceberg(made: dict[str, Any], name: str = "orders") -> dict[str, Any]:
    found: dict[str, Any] = made["tables"][name]["Properties"]["OpenTableFormatInput"]["IcebergInput"]["IcebergTableInput"]
    return found


def test_iceberg_is_emitted_in_the_one_safe_shape(made: dict[str, Any]) -> None:
    """Name, database and OpenTableFormatInput alone: a TableInput beside it is refused, or wipes the table at its first update."""
    properties = made["tables"]["orders"]["Properties"]
    assert set(properties) == {"CatalogId", "DatabaseName", "Name", "OpenTableFormatInput"}
    assert set(properties["OpenTableFormatInput"]["IcebergInput"]) == {"MetadataOperation", "Version", "IcebergTableInput"}
    assert properties["OpenTableFormatInput"]["IcebergInput"]["MetadataOperation"] == "CREATE"
    assert properties["OpenTableFormatInput"]["IcebergInput"]["Version"] == "2"
    assert iceberg(made)["Schema"]["Type"] == "struct"
    assert iceberg(made)["Location"] == "s3://lake-curated/sales/orders/orders/"


def test_iceberg_columns_have_their_ids_and_types(made: dict[str, Any]) -> None:
    """Top-level ids first, then nested ones, spelled as the specification's JSON; comments on one line."""
    fields = iceberg(made)["Schema"]["Fields"]
    assert [(field["Id"], field["Name"], field["Required"]) for field in fields] == [
        (1, "order_id", True),
        (2, "placed_at", True),
        (3, "email", False),
        (4, "items", False),
        (5, "labels", False),
    ]
    assert [field["Type"] for field in fields[:3]] == ["long", "timestamptz", "string"]
    assert fields[0]["Doc"] == "Number of the order"
    assert "Doc" not in fields[1]
    assert json.loads(fields[3]["Type"]) == {
        "type": "list",
        "element-id": 6,
        "element-required": False,
        "element": {
            "type": "struct",
            "fields": [
                {"id": 7, "name": "sku", "required": False, "type": "string"},
                {"id": 8, "name": "price", "required": False, "type": "decimal(10, 2)"},
            ],
        },
    }


def test_iceberg_partitions_sorts_and_identifies(made: dict[str, Any]) -> None:
    """Partition ids start at 1000 and point at their column; the primary key sorts and identifies."""
    assert iceberg(made)["PartitionSpec"] == {
        "SpecId": 0,
        "Fields": [
            {"FieldId": 1000, "Name": "placed_at_day", "SourceId": 2, "Transform": "day"},
            {"FieldId": 1001, "Name": "order_id_bucket_16", "SourceId": 1, "Transform": "bucket[16]"},
        ],
    }
    assert iceberg(made)["WriteOrder"]["Fields"] == [
        {"SourceId": 1, "Transform": "identity", "Direction": "asc", "NullOrder": "nulls-first"}
    ]
    assert iceberg(made)["Schema"]["IdentifierFieldIds"] == [1]


def test_iceberg_without_partitions_or_order_says_nothing_of_them(made: dict[str, Any]) -> None:
    """What is not asked for is absent, not empty."""
    assert "PartitionSpec" not in iceberg(made, "unsorted")
    assert "WriteOrder" not in iceberg(made, "unsorted")


def test_iceberg_properties_say_who_answers(made: dict[str, Any]) -> None:
    """Compression, contract, owner, steward and class stand in the table's properties."""
    assert iceberg(made)["Properties"] == {
        "write.parquet.compression-codec": "zstd",
        "comment": "Every order",
        "lake.domain": "sales",
        "lake.product": "orders",
        "lake.contract": "urn:orders",
        "lake.contract_version": "1.2.0",
        "lake.owner": "sales@example.com",
        "lake.steward": "steward@example.com",
        "lake.classification": "restricted",
    }


def test_parquet_is_partitioned_by_registered_columns(made: dict[str, Any]) -> None:
    """The partition column leaves the files' columns, and nothing of projection is there: with it nothing can be published atomically."""
    table_input = made["tables"]["visits"]["Properties"]["TableInput"]
    assert [one["Name"] for one in table_input["PartitionKeys"]] == ["country", "_run_id"]
    assert [one["Name"] for one in table_input["StorageDescriptor"]["Columns"]] == ["at", "page"]
    assert table_input["StorageDescriptor"]["Location"] == "s3://lake-curated/sales/orders/visits/"
    assert table_input["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")
    assert "projection" not in json.dumps(made["template"])
    assert made["constructs"]["visits"].column_names == ("at", "page", "country", "_run_id")


def test_parquet_parameters_say_who_answers(made: dict[str, Any]) -> None:
    """Glue's own classification stays the file format; the contract's stands under its own key."""
    parameters = made["tables"]["visits"]["Properties"]["TableInput"]["Parameters"]
    assert parameters["classification"] == "parquet"
    assert parameters["parquet.compression"] == "ZSTD"
    assert parameters["lake.classification"] == "internal"
    assert parameters["lake.owner"] == "sales@example.com"
    assert parameters["lake.contract_version"] == "1.2.0"


def test_parquet_types_are_those_of_the_model(made: dict[str, Any]) -> None:
    """Every type is spelled as `glue_type` does."""
    columns = made["tables"]["every_type"]["Properties"]["TableInput"]["StorageDescriptor"]["Columns"]
    assert {one["Name"]: one["Type"] for one in columns} == {one.name: glue_type(one.type) for one in EVERY_TYPE.columns}


def test_a_parquet_table_has_a_partition_for_each_run(made: dict[str, Any]) -> None:
    """Without declared partitions the run is the only key; the job registers the very same name."""
    keys = made["tables"]["every_type"]["Properties"]["TableInput"]["PartitionKeys"]
    assert [(one["Name"], one["Type"]) for one in keys] == [(RUN_KEY, "string")]


def test_quarantine_takes_everything_as_text(made: dict[str, Any]) -> None:
    """Columns as delivered, then why, from where and which line; a partition for each run; in the class that was asked for."""
    table_input = made["tables"]["rejected"]["Properties"]["TableInput"]
    columns = {one["Name"]: one["Type"] for one in table_input["StorageDescriptor"]["Columns"]}
    assert columns == {
        **dict.fromkeys(("order_id", "placed_at", "email", "items", "labels"), "string"),
        "_reasons": "array<string>",
        "_source_file": "string",
        "_source_line": "bigint",
        "_source_record": "string",
    }
    assert [(one["Name"], one["Type"]) for one in table_input["PartitionKeys"]] == [("_run_id", "string")]
    assert table_input["Parameters"]["lake.classification"] == "secret"
    assert table_input["Name"] == "orders"
    assert table_input["StorageDescriptor"]["Location"] == "s3://lake-quarantine/sales/orders/orders/"
    assert made["constructs"]["rejected"].column_names[-1] == "_run_id"


def test_tables_are_retained(made: dict[str, Any]) -> None:
    """No kind of table goes with its stack, nor when it would be replaced."""
    for one in made["tables"].values():
        assert (one["DeletionPolicy"], one["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_tables_wait_for_their_database(made: dict[str, Any]) -> None:
    """The name is text, so the order is said: each table depends on its database and on no other."""
    databases = {
        value["Properties"]["DatabaseInput"]["Name"]: key for key, value in resources(made["template"], "AWS::Glue::Database").items()
    }
    for one in made["tables"].values():
        assert one["DependsOn"] == [databases[one["Properties"]["DatabaseName"]]]


def test_the_logical_id_is_the_one_given(made: dict[str, Any]) -> None:
    """A placement's logical id goes into the template as it is."""
    assert made["tables"]["orders"]["id"] == "TableOrders"


def test_a_table_tells_what_grants_need(made: dict[str, Any]) -> None:
    """Database, name, columns and location are plain text."""
    orders = made["constructs"]["orders"]
    assert (orders.database_name, orders.table_name) == ("sales", "orders")
    assert orders.column_names == ("order_id", "placed_at", "email", "items", "labels")
    assert orders.location == "s3://lake-curated/sales/orders/orders/"
    assert orders.node.default_child.logical_id is not None


def test_an_existing_table_makes_no_resource() -> None:
    """Importing tells the same things and emits nothing."""
    stack = new_stack()
    imported = IcebergTable.from_attributes(
        stack, "Orders", database_name="sales", table_name="orders", column_names=["a"], location="s3://lake/orders/"
    )
    assert isinstance(imported, ImportedTable)
    assert (imported.database_name, imported.table_name, imported.column_names) == ("sales", "orders", ("a",))
    assert not any(CfnResource.is_cfn_resource(one) for one in stack.node.find_all())


def build(kind: type, declared: Any, **more: Any) -> Construct:
    stack = new_stack()
    database = LakeDatabase(stack, "Sales", domain="sales", zone=Zone.CURATED)
    made: Construct = kind(
        stack, "Table", database=database, contract=contract(declared), table=declared, zone=zones(stack)[Zone.CURATED], **more
    )
    return made


@pytest.mark.parametrize(
    ("kind", "declared", "more", "said", "code"),
    [
        (IcebergTable, table("Orders"), {}, "table name 'Orders'", "catalog_name"),
        (IcebergTable, table(columns=(column("Email"),)), {}, "column name 'Email'", "catalog_name"),
        (IcebergTable, table(columns=()), {}, "got columns none", "columns"),
        (IcebergTable, table(columns=(column("a"), column("a"))), {}, "got columns a, a", "columns"),
        (IcebergTable, table(partitioning=(PartitionField(column="nope"),)), {}, r"identity\(nope\)", "partitioning"),
        (IcebergTable, table(partitioning=(PartitionField(column="items"),)), {}, r"identity\(items\)", "partitioning"),
        (IcebergTable, table(partitioning=(PartitionField(column="email", transform="bucket[0]"),)), {}, r"bucket\[0\]", "partitioning"),
        (IcebergTable, table(), {"sort_by": ["items"]}, "sort_by items", "sorting"),
        (IcebergTable, table(), {"removal_policy": RemovalPolicy.DESTROY}, "would delete data", "destroy_not_allowed"),
        (ParquetTable, replace(VISITS, partitioning=(PartitionField(column="at", transform="day"),)), {}, r"day\(at\)", "partitioning"),
        (ParquetTable, replace(VISITS, partitioning=(PartitionField(column="at"),) * 2), {}, "each once", "partitioning"),
        (
            ParquetTable,
            replace(VISITS, partitioning=tuple(PartitionField(column=one.name) for one in VISITS.columns)),
            {},
            "partitioned by all its columns",
            "partitioning",
        ),
        (QuarantineTable, table(columns=(column("_reasons"),)), {}, "belong to the pipeline", "reserved_column"),
        (
            ParquetTable,
            table(columns=(column("_run_id"), column("a")), format=TableFormat.PARQUET),
            {},
            "got columns _run_id",
            "reserved_column",
        ),
    ],
)
def test_fails_when_the_declaration_cannot_be_a_table(kind: type, declared: Any, more: dict[str, Any], said: str, code: str) -> None:
    """Each misuse is refused at synth with what was got and what is allowed."""
    with pytest.raises(DataLakeError, match=said) as raised:
        build(kind, declared, **more)
    assert raised.value.code == code


def test_fails_when_a_map_has_nested_keys() -> None:
    """Hive types have no such map; Iceberg does."""
    odd = table(columns=(column("a", Map(List(TEXT), TEXT)),), format=TableFormat.PARQUET)
    with pytest.raises(DataLakeError, match="array<string>") as raised:
        build(ParquetTable, odd)
    assert raised.value.code == "map_key"
    assert build(IcebergTable, replace(odd, format=TableFormat.ICEBERG)).node.default_child is not None


def test_fails_when_a_type_is_longer_than_glue_takes() -> None:
    """A struct of thousands of fields does not fit into Glue's type text."""
    huge = Struct(tuple(StructField(f"field_number_{number}", TEXT) for number in range(7000)))
    with pytest.raises(DataLakeError, match="Glue takes 131,072") as raised:
        build(ParquetTable, table(columns=(column("a", huge),), format=TableFormat.PARQUET))
    assert raised.value.code == "type_too_long"


def test_an_optional_or_floating_key_identifies_nothing() -> None:
    """Iceberg forbids identifiers that may be missing or are floats; the key still sorts."""
    key = column("price", Primitive(PrimitiveKind.DOUBLE), required=True, primary_key_position=1)
    made = build(IcebergTable, table(columns=(key,)))
    table_input = next(iter(resources(template(made.node.scope), "AWS::Glue::Table").values()))["Properties"]["OpenTableFormatInput"]
    rendered = table_input["IcebergInput"]["IcebergTableInput"]
    assert "IdentifierFieldIds" not in rendered["Schema"]
    assert [field["SourceId"] for field in rendered["WriteOrder"]["Fields"]] == [1]


def test_a_partition_field_never_takes_a_columns_name() -> None:
    """Iceberg wants partition names apart from column names."""
    columns = (column("at", Primitive(PrimitiveKind.DATE)), column("at_day"))
    made = build(IcebergTable, table(columns=columns, partitioning=(PartitionField(column="at", transform="day"),)))
    rendered = json.dumps(template(made.node.scope))
    assert '"Name": "at_day_part"' in rendered


def test_parquet_is_what_the_l2_makes() -> None:
    """Serde, formats, table type and Glue's own parameters are those that `aws_glue.S3Table` writes for Parquet."""
    declared = table("visits", (column("page", description="Which page"),), format=TableFormat.PARQUET, classification="internal")
    ours = build(ParquetTable, declared)
    theirs = new_stack(name="Theirs")
    parameters = rendering.parquet_table_input(
        contract(declared), "visits", columns=(), keys=0, location="", said="", classification="internal"
    )["Parameters"]
    glue.S3Table(
        theirs,
        "Visits",
        database=glue.Database.from_database_arn(theirs, "Sales", f"arn:aws:glue:{REGION}:{ACCOUNT}:database/sales"),
        table_name="visits",
        description="Table visits",
        columns=[glue.Column(name="page", type=glue.Schema.STRING, comment="Which page")],
        partition_keys=[glue.Column(name="_run_id", type=glue.Schema.STRING, comment="The run of the pipeline that wrote the row.")],
        data_format=glue.DataFormat.PARQUET,
        storage=glue.S3TableStorage.from_bucket(s3.Bucket.from_bucket_name(theirs, "Bucket", "lake-curated")),
        s3_prefix="sales/orders/visits/",
        parameters={key: value for key, value in parameters.items() if key not in {"classification", "has_encrypted_data"}},
    )
    (made,) = resources(template(ours.node.scope), "AWS::Glue::Table").values()
    (expected,) = resources(template(theirs), "AWS::Glue::Table").values()
    assert made["Properties"] == expected["Properties"]


def test_keys_that_a_user_chooses_stay_as_they_are() -> None:
    """A typed L1 takes properties that begin small; the names of a table's parameters are no properties."""
    spelled = {"TableInput": {"Parameters": {"Owner": "a"}, "PartitionKeys": [{"Name": "day"}]}, "Properties": {"Key": {"Inner": 1}}}
    assert rendering.typed(spelled) == {
        "tableInput": {"parameters": {"Owner": "a"}, "partitionKeys": [{"name": "day"}]},
        "properties": {"Key": {"Inner": 1}},
    }
