"""The snippets of constructs_lib/governance/README.md; each function takes a stack and runs in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_lakeformation as lakeformation

from constructs_lib.governance import (
    Account,
    CatalogPermissions,
    CatalogResource,
    CatalogShare,
    Columns,
    DataLocation,
    DataPrincipal,
    LakeFormationSettings,
    LfTagOntology,
    LfTags,
    NativePermissions,
    SharedDatabase,
    SharedTable,
    TableGrants,
    associate_contracts,
    associate_databases,
)

if TYPE_CHECKING:
    from aws_cdk import Stack, aws_iam as iam

    from constructs_lib.catalog import IcebergTable, LakeDatabase
    from constructs_lib.storage import LakeStorage
    from lakemodel.contracts.model import ContractSet


def simplest(self: Stack, data_admin: iam.Role, analyst: iam.Role) -> None:
    settings = LakeFormationSettings(self, "LakeFormation", admins=[data_admin])
    permissions = CatalogPermissions(self, "Permissions", settings=settings)
    permissions.grants.read(analyst, where=LfTags.all(domain="sales", classification=["public", "internal"]))


def lake(self: Stack, data_admin: iam.Role, storage: LakeStorage, contracts: ContractSet) -> None:
    classes = ["public", "internal", "confidential", "restricted"]
    settings = LakeFormationSettings(self, "LakeFormation", admins=[data_admin])
    tags = LfTagOntology(self, "Tags", domains=["sales", "travel"], classifications=classes, settings=settings)
    DataLocation(self, "CuratedLocation", zone=storage.curated, settings=settings)
    permissions = CatalogPermissions(self, "Permissions", settings=settings, ontology=tags)
    associate_databases(permissions, ["sales", "travel"])
    associate_contracts(permissions, contracts, strictest=tags.strictest)


def by_name(self: Stack, data_admin: iam.Role, orders: IcebergTable, partner: iam.Role) -> None:
    settings = LakeFormationSettings(self, "LakeFormation", admins=[data_admin])
    permissions = CatalogPermissions(self, "Permissions", settings=settings)
    grants = TableGrants.from_table(orders, permissions)
    grants.read(partner, columns=Columns.all_but("delivery_note"), rows="state = 'shipped'")
    grants.write(DataPrincipal.permission_set("OrderDesk"))
    permissions.grant(
        DataPrincipal.role_arn("arn:aws:iam::444455556666:role/Auditor"), CatalogResource.database_named("sales"), ["DESCRIBE"]
    )


def by_tag(self: Stack, data_admin: iam.Role, analyst: iam.Role, engineer: iam.Role) -> None:
    settings = LakeFormationSettings(self, "LakeFormation", admins=[data_admin])
    tags = LfTagOntology(
        self,
        "Tags",
        domains=["sales", "travel"],
        classifications=["public", "internal", "confidential", "restricted"],
        additional_keys={"review": ["open", "passed"]},
        settings=settings,
    )
    permissions = CatalogPermissions(self, "Permissions", settings=settings, ontology=tags)
    permissions.grants.read(analyst, where=LfTags.all(domain="sales", review="passed", classification=tags.up_to("internal")))
    permissions.grants.write(engineer, where=LfTags.all(domain="travel"))


def on_database(self: Stack, data_admin: iam.Role, database: LakeDatabase, analyst: iam.Role, engineer: iam.Role) -> None:
    settings = LakeFormationSettings(self, "LakeFormation", admins=[data_admin])
    permissions = CatalogPermissions(self, "Permissions", settings=settings)
    permissions.on_database(database).read(analyst)
    permissions.on_database(database).create_tables(engineer)


def native(self: Stack, data_admin: iam.Role, orders: IcebergTable, analyst: iam.Role) -> None:
    settings = LakeFormationSettings(self, "LakeFormation", admins=[data_admin])
    permissions = NativePermissions(self, "Permissions", settings=settings)
    permissions.grants.read(analyst, where=LfTags.all(domain="sales", classification="public"))
    permissions.on_table(orders).read(analyst, columns=Columns.only("order_id", "total"))


def share(self: Stack, data_admin: iam.Role, orders: IcebergTable) -> None:
    settings = LakeFormationSettings(self, "LakeFormation", admins=[data_admin])
    permissions = CatalogPermissions(self, "Permissions", settings=settings)
    CatalogShare(
        self,
        "ToMarketing",
        consumer=Account("777788889999"),
        tables=[SharedTable(orders, columns=Columns.all_but("delivery_note"), rows="state = 'shipped'")],
        where=LfTags.all(zone="curated", classification="public"),
        permissions=permissions,
    )


def consumer(self: Stack, data_admin: iam.Role, analyst: iam.Role) -> None:
    settings = LakeFormationSettings(self, "LakeFormation", admins=[data_admin], shares=False)
    permissions = CatalogPermissions(self, "Permissions", settings=settings)
    sales = SharedDatabase(self, "Sales", catalog_id="444455556666", database_name="sales", permissions=permissions)
    sales.grants.read(analyst, table="orders", columns=Columns.only("order_id", "total"))
    sales.grants.read(analyst, where=LfTags.all(zone="curated", classification="public"))


def escape_hatch(self: Stack, data_admin: iam.Role, analyst: iam.Role) -> None:
    settings = LakeFormationSettings(self, "LakeFormation", admins=[data_admin])
    database = lakeformation.CfnPrincipalPermissions.DatabaseResourceProperty(catalog_id=self.account, name="sales")
    native = lakeformation.CfnPrincipalPermissions(
        self,
        "Native",
        principal=lakeformation.CfnPrincipalPermissions.DataLakePrincipalProperty(data_lake_principal_identifier=analyst.role_arn),
        resource=lakeformation.CfnPrincipalPermissions.ResourceProperty(database=database),
        permissions=["DESCRIBE"],
        permissions_with_grant_option=[],
    )
    native.node.add_dependency(settings.resource)
