"""The Lake Formation stacks of one lake account: tags and locations before the catalog, associations and grants after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.core import Placeholder, protect_stack
from constructs_lib.governance import (
    CatalogPermissions,
    DataLocation,
    LfTagOntology,
    associate_contracts,
    associate_databases,
    grant_contract_roles,
    grant_optimizers,
    grant_personas,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from constructs import Construct

    from constructs_lib.baseline import LakeAccount
    from constructs_lib.catalog import ContractCatalog
    from constructs_lib.governance import DataPrincipal
    from constructs_lib.storage import LakeZone
    from lakemodel.config.model import LakeConfig, Zone
    from lakemodel.contracts.model import ContractSet

TABLE_PARTS = 8
"""Over how many custom resources the permissions of a catalog stack's tables are spread. For good: with another number entries would
move from one to another. A full stack has 78 tables (`lakemodel.locks.weights`) with three entries each, one more for each further class
of columns and for each persona that reads by name: 8 parts of 300 take twenty for every table, unevenly spread as they are."""


class LocationsStack(Stack):
    """The LF-Tags of the account, and its governed buckets registered as data locations. Stateful: tags on tables depend on it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        zones: Mapping[Zone, LakeZone],
        domains: Iterable[str],
        classifications: Sequence[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        self.ontology = LfTagOntology(self, "Tags", domains=domains, classifications=classifications)
        self.locations = {zone: DataLocation(self, f"{zone.name.title()}Location", zone=zones[zone]) for zone in zones if zone.is_governed}


class GrantsStack(Stack):
    """What holds for the whole account, LF-Tags of databases and grants of personas, and the LF-Tags of the first catalog stack's tables.

    Stateful: without it nobody reads the lake. Comes before the pipelines, so that a new column has its class before anything is written
    into it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: LakeConfig,
        environment: str,
        lake: str,
        domains: Iterable[str],
        contracts: ContractSet,
        account: LakeAccount,
        locations: LocationsStack,
        catalog: ContractCatalog | None,
        principals: Mapping[str, DataPrincipal],
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        self.permissions = CatalogPermissions(self, "Permissions", settings=account.settings, ontology=locations.ontology)
        associate_databases(self.permissions, domains)
        grant_personas(self.permissions, config, environment=environment, lake=lake, principals=principals)
        if not self.permissions.node.children:
            Placeholder(self, "NoDomain")
        if catalog is not None:
            tables = _new_permissions(self, account, locations)
            tables.node.add_dependency(self.permissions)
            _classify(tables, contracts, catalog, locations)
            grant_contract_roles(
                tables, config, contracts, environment=environment, lake=lake, principals=principals, database_permissions=self.permissions
            )


class TableGrantsStack(Stack):
    """What holds for the tables of one further catalog stack: their LF-Tags, and what is granted on them by name. Stateful as well.

    A stack for each catalog stack: the tables of several would not fit into one template, and a table's tags stay where its place in the
    lock put them.

    Args:
        contracts: The contracts with the tables of that catalog stack alone.
        database_permissions: Those of the account, in `GrantsStack`: they carry the rights on databases, which tables of other stacks
            are in too.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: LakeConfig,
        environment: str,
        lake: str,
        contracts: ContractSet,
        account: LakeAccount,
        locations: LocationsStack,
        catalog: ContractCatalog,
        principals: Mapping[str, DataPrincipal],
        database_permissions: CatalogPermissions,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        protect_stack(self)
        self.permissions = _new_permissions(self, account, locations)
        _classify(self.permissions, contracts, catalog, locations)
        grant_contract_roles(
            self.permissions,
            config,
            contracts,
            environment=environment,
            lake=lake,
            principals=principals,
            database_permissions=database_permissions,
        )
        if not contracts.contracts:
            Placeholder(self, "NoTable")


def _new_permissions(scope: Construct, account: LakeAccount, locations: LocationsStack) -> CatalogPermissions:
    return CatalogPermissions(scope, "Tables", settings=account.settings, ontology=locations.ontology, parts=TABLE_PARTS)


def _classify(permissions: CatalogPermissions, contracts: ContractSet, catalog: ContractCatalog, locations: LocationsStack) -> None:
    """Tags the tables of one catalog stack, and lets its optimizers work on them."""
    associate_contracts(permissions, contracts, strictest=locations.ontology.strictest)
    if catalog.optimizer_role is not None:
        grant_optimizers(permissions, catalog.optimizer_role.role, tables=catalog.optimized_tables)
