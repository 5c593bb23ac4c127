"""The Lake Formation stacks of one lake account: tags and locations before the catalog, associations and grants after it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from constructs_lib.core import Placeholder, protect_stack
from constructs_lib.governance import (
    CatalogPermissions,
    DataLocation,
    LfTagOntology,
    associate_contracts,
    associate_databases,
    grant_optimizers,
    grant_personas,
)
from lakemodel.contracts.model import ContractSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from constructs import Construct

    from constructs_lib.baseline import LakeAccount
    from constructs_lib.catalog import ContractCatalog
    from constructs_lib.governance import DataPrincipal
    from constructs_lib.storage import LakeZone
    from lakemodel.config.model import LakeConfig, Zone


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
    """Which LF-Tags stand on the catalog, and which personas read it. Stateful: without it nobody reads the lake.

    Comes before the pipelines, so that a new column has its class before anything is written into it.
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
        catalogs: Sequence[ContractCatalog],
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
        earlier = self.permissions
        for number, catalog in enumerate(catalogs, start=1):
            tables = CatalogPermissions(
                self, f"Tables{'' if number == 1 else number}", settings=account.settings, ontology=locations.ontology
            )
            tables.node.add_dependency(earlier)
            associate_contracts(tables, _of_catalog(contracts, catalog), strictest=config.strictest_classification)
            if catalog.optimizer_role is not None:
                grant_optimizers(tables, catalog.optimizer_role.role, tables=catalog.optimized_tables)
            earlier = tables


def _of_catalog(contracts: ContractSet, catalog: ContractCatalog) -> ContractSet:
    """The contracts with the tables that stand in one catalog stack: each stack's tables have permissions of their own."""
    return ContractSet(
        contracts=tuple(
            replace(contract, tables=tuple(table for table in contract.tables if (contract.domain, table.name) in catalog.tables))
            for contract in contracts.contracts
        )
    )
