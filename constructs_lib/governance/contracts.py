"""From data contracts to LF-Tags: domain and zone on databases, the strictest class on tables, other classes on columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.catalog import LAKE_FORMATION_PERMISSIONS
from constructs_lib.governance.resources import CatalogResource
from lakemodel import naming
from lakemodel.config.model import Zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aws_cdk import aws_iam as iam

    from constructs_lib.governance.facades import GovernedTable
    from constructs_lib.governance.permissions import CatalogPermissions
    from constructs_lib.governance.principals import DataPrincipal
    from lakemodel.contracts.model import ContractSet, Table

PIPELINE = ("ALTER", "DESCRIBE", "INSERT", "SELECT")
"""What a pipeline's job may do with its own tables: its schema is the catalog's, so it may not drop them."""


def associate_databases(permissions: CatalogPermissions, domains: Iterable[str], *, zones: Iterable[Zone] | None = None) -> None:
    """Tags the databases of some domains with their domain and zone.

    Args:
        permissions: Where the associations go.
        domains: The domains.
        zones: The zones that have databases; all governed ones when left out.
    """
    zones = [zone for zone in Zone if zone.is_governed] if zones is None else list(zones)
    for domain in sorted(set(domains)):
        for zone in zones:
            tags = {naming.LF_TAG_DOMAIN: domain, naming.LF_TAG_ZONE: zone.value}
            permissions.associate(CatalogResource.database_named(naming.database_name(domain, zone)), tags)


def associate_contracts(permissions: CatalogPermissions, contracts: ContractSet, *, strictest: str) -> None:
    """Tags the declared tables and their quarantine tables.

    A table carries its strictest column's class, so that a column added by hand is as protected as any; columns of another class carry
    their own. A quarantine table carries the strictest class of all, columns included: what was rejected may hold anything.
    A table that carries no classification yet is read by nobody who is granted by class.

    Args:
        permissions: Where the associations go.
        contracts: The contracts; those of domains in this account.
        strictest: The class that counts where none is stated.
    """
    for contract, table in contracts.tables():
        database = naming.database_name(contract.domain, Zone.CURATED)
        permissions.associate(CatalogResource.table_named(database, table.name), {naming.LF_TAG_CLASSIFICATION: table.classification})
        for classification, columns in _overrides(table).items():
            resource = CatalogResource.columns_of(database, table.name, columns)
            permissions.associate(resource, {naming.LF_TAG_CLASSIFICATION: classification})
        quarantine = naming.database_name(contract.domain, Zone.QUARANTINE)
        permissions.associate(CatalogResource.table_named(quarantine, table.name), {naming.LF_TAG_CLASSIFICATION: strictest})


def grant_optimizers(permissions: CatalogPermissions, role: DataPrincipal | iam.IRole, *, tables: Iterable[GovernedTable]) -> None:
    """Lets Glue's optimizers compact and expire Iceberg tables; they reach the objects through Lake Formation.

    See https://docs.aws.amazon.com/glue/latest/dg/optimization-prerequisites.html.

    Args:
        permissions: Where the grants go.
        role: The optimizers' role (`catalog.OptimizerRole.role`).
        tables: The tables that are optimized.
    """
    for table in tables:
        permissions.grant(role, CatalogResource.table_named(table.database_name, table.table_name), LAKE_FORMATION_PERMISSIONS)


def _overrides(table: Table) -> dict[str, list[str]]:
    """The columns of each class other than the table's."""
    classes: dict[str, list[str]] = {}
    for column in table.columns:
        if column.classification != table.classification:
            classes.setdefault(column.classification, []).append(column.name)
    return classes


def grant_pipeline(
    permissions: CatalogPermissions,
    job_role: DataPrincipal | iam.IRole,
    *,
    tables: Iterable[GovernedTable],
    locations: Iterable[CatalogResource],
) -> None:
    """Lets a pipeline's job register what it writes: in its own tables, and at the locations they stand in.

    The objects themselves are read and written with the job role's own S3 rights on its product's prefix.

    Args:
        permissions: Where the grants go.
        job_role: The job's role.
        tables: The pipeline's tables, quarantine tables included.
        locations: The registered locations they stand in: `DataLocation.resource`, or `CatalogResource.location(bucket_arn)`.
    """
    for table in tables:
        permissions.grant(job_role, CatalogResource.database_named(table.database_name), ["DESCRIBE"])
        permissions.grant(job_role, CatalogResource.table_named(table.database_name, table.table_name), PIPELINE)
    for location in locations:
        permissions.grant(job_role, location, ["DATA_LOCATION_ACCESS"])
