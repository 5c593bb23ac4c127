"""A small lake of contracts and zones for the catalog's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_kms as kms, aws_s3 as s3

from constructs_lib.storage import LakeZone
from lakemodel.config.model import Zone
from lakemodel.contracts.model import Column, ContractSet, DataContract, PartitionField, Table, TableFormat
from lakemodel.types.model import Decimal, List, Map, Primitive, PrimitiveKind, Struct, StructField

if TYPE_CHECKING:
    from constructs import Construct

    from lakemodel.types.model import DataType

TEXT = Primitive(PrimitiveKind.STRING)
GOVERNED = tuple(zone for zone in Zone if zone.is_governed)


def column(name: str, data_type: DataType = TEXT, **more: Any) -> Column:
    return Column(name=name, source_name=name, type=data_type, **{"classification": "internal", **more})


ORDER_COLUMNS = (
    column("order_id", Primitive(PrimitiveKind.BIGINT), required=True, primary_key_position=1, description="Number of\n  the order"),
    column("placed_at", Primitive(PrimitiveKind.TIMESTAMP), required=True),
    column("email", classification="restricted"),
    column("items", List(Struct((StructField("sku", TEXT), StructField("price", Decimal(10, 2)))))),
    column("labels", Map(TEXT, TEXT)),
)


def table(name: str = "orders", columns: tuple[Column, ...] = ORDER_COLUMNS, **more: Any) -> Table:
    settings = {"format": TableFormat.ICEBERG, "classification": "restricted", **more}
    return Table(name=name, source_name=name, columns=columns, **settings)


ORDERS = table(
    partitioning=(PartitionField(column="placed_at", transform="day"), PartitionField(column="order_id", transform="bucket[16]")),
    description="Every order",
)
VISITS = table(
    "visits",
    (column("country"), column("at", Primitive(PrimitiveKind.DATE)), column("page")),
    format=TableFormat.PARQUET,
    classification="internal",
    partitioning=(PartitionField(column="country"),),
)


def contract(*tables: Table, domain: str = "sales", product: str = "orders") -> DataContract:
    return DataContract(
        id=f"urn:{product}",
        domain=domain,
        product=product,
        version="1.2.0",
        status="active",
        tables=tables,
        file=f"{product}.odcs.yaml",
        owner="sales@example.com",
        steward="steward@example.com",
    )


def contracts(*made: DataContract) -> ContractSet:
    return ContractSet(contracts=made or (contract(ORDERS, VISITS),))


def zones(scope: Construct) -> dict[Zone, LakeZone]:
    key = kms.Key.from_key_arn(scope, "Key", "arn:aws:kms:eu-west-1:444444444401:key/00000000-0000-0000-0000-000000000000")
    return {
        zone: LakeZone.from_bucket(
            scope,
            zone.name.title(),
            zone=zone,
            bucket=s3.Bucket.from_bucket_name(scope, f"{zone.name.title()}Bucket", f"lake-{zone.value}"),
            key=key,
        )
        for zone in GOVERNED
    }
