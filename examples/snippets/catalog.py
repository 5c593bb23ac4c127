"""The snippets of constructs_lib/catalog/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack, aws_glue as glue

from constructs_lib.catalog import (
    ContractCatalog,
    DeclaredTable,
    DomainDatabases,
    IcebergTable,
    LakeDatabase,
    ProjectedTable,
    Projection,
    S3Table,
    TableBucket,
)
from lakemodel.config.model import Zone
from lakemodel.contracts.model import Column
from lakemodel.types.model import Primitive, PrimitiveKind

if TYPE_CHECKING:
    from aws_cdk import App, aws_kms as kms, aws_s3 as s3

    from constructs_lib.storage import LakeStorage
    from lakemodel.contracts.model import ContractSet, DataContract, Table
    from lakemodel.locks.placement import PlacementLock


def simplest(self: Stack, contracts: ContractSet, storage: LakeStorage) -> DeclaredTable:
    catalog = ContractCatalog(self, "Catalog", contracts=contracts, zones=storage.zones)
    orders = catalog.table("sales", "orders")
    return orders  # noqa: RET504


def several_stacks(app: App, base_stack: Stack, contracts: ContractSet, storage: LakeStorage, placement: PlacementLock) -> None:
    # --8<-- [start:several_stacks]
    databases = DomainDatabases(base_stack, "Databases", domains=["sales", "travel"], zones=storage.zones).databases
    for shard, own in placement.by_stack(contracts).items():
        stack = Stack(app, f"Catalog{shard}")
        ContractCatalog(stack, "Catalog", contracts=own, zones=storage.zones, placement=placement, databases=databases)
    # --8<-- [end:several_stacks]


def by_hand(self: Stack, storage: LakeStorage, contract: DataContract, table: Table) -> None:
    # --8<-- [start:by_hand]
    database = LakeDatabase.from_database_name(self, "Sales", domain="sales", zone=Zone.CURATED)
    IcebergTable(self, "Orders", database=database, contract=contract, table=table, zone=storage.curated)
    # --8<-- [end:by_hand]


def appended_by_others(self: Stack, bucket: s3.IBucket) -> None:
    database = LakeDatabase.from_database_name(self, "Web", domain="web", zone=Zone.CONSUMPTION)
    # --8<-- [start:appended_by_others]
    ProjectedTable(
        self,
        "Clicks",
        database=database,
        table_name="clicks",
        bucket=bucket,
        prefix="web/clicks/",
        columns=[Column(name="page", source_name="page", type=Primitive(PrimitiveKind.STRING), classification="internal")],
        partitions={"region": Projection.enum("eu", "us"), "day": Projection.date("yyyy/MM/dd", "2024/01/01")},
        data_format=glue.DataFormat.JSON,
        owner="web@example.com",
        classification="internal",
    )
    # --8<-- [end:appended_by_others]


def maintained_by_s3_tables(self: Stack, key: kms.IKey, contract: DataContract, recorded_table: Table) -> None:
    tables = TableBucket(self, "Tables", bucket_name="acme-sales-tables", key=key, namespaces=("sales",))
    S3Table(self, "Orders", bucket=tables, contract=contract, table=recorded_table)


def escape_hatch(orders: DeclaredTable) -> None:
    orders.resource.add_property_override(
        "OpenTableFormatInput.IcebergInput.IcebergTableInput.Properties.history\\.expire\\.min-snapshots-to-keep", "10"
    )
