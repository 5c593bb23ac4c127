"""All declared tables of a lake, or those of one catalog stack of it."""

from __future__ import annotations

from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from constructs import Construct

from constructs_lib.catalog.databases import DomainDatabases
from constructs_lib.catalog.declarations import Declaration
from constructs_lib.catalog.fragments import Fragment, check_removal_policy
from constructs_lib.catalog.optimizers import OptimizerRole, optimizer_properties, optimizers_available
from constructs_lib.core import misuse, removal_policy as checked_removal_policy
from lakemodel.config.model import Zone
from lakemodel.contracts.model import TableFormat
from lakemodel.locks.placement import PlacementLock
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import RemovalPolicy, aws_glue as glue

    from constructs_lib.catalog.databases import LakeDatabase
    from constructs_lib.catalog.declarations import RenderedTable
    from constructs_lib.storage import LakeZone
    from lakemodel.contracts.model import ContractSet, DataContract, Table


class ContractCatalog(Construct):
    """The declared tables with their quarantine tables and optimizers, each at the logical id that the placement lock gives it.

    Args:
        contracts: Whose tables.
        zones: The lake's zones; curated and quarantine are needed.
        placement: Where each table lives; places are computed for these contracts alone when left out, which suits an app with a fixed set.
        shard: Number of the catalog stack whose tables to make; all tables when left out. Of many stacks give each the contracts
            of its own tables instead (`PlacementLock.by_stack`), so that not all are looked through once for each stack.
        databases: By domain and zone, from `DomainDatabases` or imported; made here when left out. Where there is more than one shard, make
            them once, in a stack of their own.
        quarantine: Whether each table gets a quarantine table; True when left out.
        quarantine_classification: What quarantine tables count as; the declared table's class when left out. Give the lake's strictest.
        optimizers: Whether Iceberg tables are optimized; where the Region has optimizers when left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `zone_missing`, `database_missing`, `placement_missing`, `destroy_not_allowed`, `removal_policy`, and those of the
            tables.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        contracts: ContractSet,
        zones: Mapping[Zone, LakeZone],
        placement: PlacementLock | None = None,
        shard: int | None = None,
        databases: Mapping[tuple[str, Zone], LakeDatabase] | None = None,
        quarantine: bool | None = None,
        quarantine_classification: str | None = None,
        optimizers: bool | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        placement = PlacementLock().extend(contracts) if placement is None else placement
        quarantine = True if quarantine is None else quarantine
        optimizers = optimizers_available(self) if optimizers is None else optimizers
        self._removal_policy = check_removal_policy(self, checked_removal_policy(self, removal_policy))
        for zone in (Zone.CURATED, Zone.QUARANTINE) if quarantine else (Zone.CURATED,):
            if zone not in zones:
                msg = f"got no {zone.value} zone; pass the zones of LakeStorage, or a LakeZone.from_bucket for it"
                raise misuse(self, msg, code="zone_missing")
        if databases is None:
            domains = {contract.domain for contract in contracts.contracts}
            databases = DomainDatabases(self, "Databases", domains=domains, zones=zones, removal_policy=removal_policy).databases
        self.databases = databases
        self._zones = zones
        self._fragments: dict[tuple[str, Zone], Fragment] = {}
        self._tables: dict[tuple[str, str], DeclaredTable] = {}
        self._quarantine_tables: dict[tuple[str, str], DeclaredTable] = {}
        for contract, table in contracts.tables():
            place = placement.place(contract, table)
            if shard is None or place.stack == shard:
                self._add(contract, table, place.logical_id)
                if quarantine:
                    self._add_quarantine(contract, table, place.logical_id, quarantine_classification)
        self.optimizer_role = self._add_optimizers() if optimizers else None
        self._include()

    @property
    def tables(self) -> Mapping[tuple[str, str], DeclaredTable]:
        """The curated tables by domain and name."""
        return MappingProxyType(self._tables)

    @property
    def quarantine_tables(self) -> Mapping[tuple[str, str], DeclaredTable]:
        """The quarantine tables by domain and name of the table whose rows they take."""
        return MappingProxyType(self._quarantine_tables)

    @property
    def optimized_tables(self) -> tuple[DeclaredTable, ...]:
        """The tables that `optimizer_role` needs its permissions on; empty without optimizers."""
        return () if self.optimizer_role is None else self._iceberg_tables()

    def table(self, domain: str, name: str) -> DeclaredTable:
        """One curated table.

        Raises:
            DataLakeError: `no_such_table`.
        """
        if (domain, name) not in self._tables:
            known = ", ".join(f"{one}.{other}" for one, other in list(self._tables)[:10])
            msg = f"there is no table {domain}.{name} here; there are {known or 'none'}: declare it in a contract, or ask its own shard"
            raise misuse(self, msg, code="no_such_table")
        return self._tables[domain, name]

    def _add(self, contract: DataContract, table: Table, logical_id: str) -> None:
        declaration = self._declaration(contract, table, Zone.CURATED)
        rendered = declaration.iceberg() if table.format is TableFormat.ICEBERG else declaration.parquet()
        self._tables[contract.domain, table.name] = self._emit(declaration, rendered, logical_id)

    def _add_quarantine(self, contract: DataContract, table: Table, logical_id: str, classification: str | None) -> None:
        declaration = self._declaration(contract, table, Zone.QUARANTINE)
        rendered = declaration.quarantine(table.classification if classification is None else classification)
        self._quarantine_tables[contract.domain, table.name] = self._emit(declaration, rendered, f"{logical_id}Quarantine")

    def _declaration(self, contract: DataContract, table: Table, zone: Zone) -> Declaration:
        if (contract.domain, zone) not in self.databases:
            msg = (
                f"got no database for domain {contract.domain}, zone {zone.value}; make it with DomainDatabases, or import it, "
                "and pass it along"
            )
            raise misuse(self, msg, code="database_missing")
        database = self.databases[contract.domain, zone]
        return Declaration(scope=self, database=database, contract=contract, table=table, zone=self._zones[zone])

    def _emit(self, declaration: Declaration, rendered: RenderedTable, logical_id: str) -> DeclaredTable:
        fragment = self._fragments.setdefault((declaration.contract.domain, declaration.database.zone), Fragment())
        fragment.add(logical_id, "AWS::Glue::Table", rendered.properties, removal_policy=self._removal_policy)
        return DeclaredTable(declaration, rendered, fragment, logical_id)

    def _add_optimizers(self) -> OptimizerRole | None:
        tables = self._iceberg_tables()
        if not tables:
            return None
        databases = {table.database_name: table.database for table in tables}
        role = OptimizerRole(self, "OptimizerRole", databases=list(databases.values()))
        role_arn = role.role.role_arn
        for table in tables:
            fragment = self._fragments[table.contract.domain, Zone.CURATED]
            for name, properties in optimizer_properties(table.database, table.table_name, role_arn).items():
                fragment.add(table.logical_id + name, "AWS::Glue::TableOptimizer", properties, depends_on=[table.logical_id])
        return role

    def _include(self) -> None:
        """A fragment for each database: what comes before its tables is then said once for all of them."""
        optimized = {table.contract.domain for table in self.optimized_tables}
        for (domain, zone), fragment in self._fragments.items():
            included = fragment.include(self, pascal_case(domain) + zone.value.title())
            self.databases[domain, zone].precede(included)
            if self.optimizer_role is not None and zone is Zone.CURATED and domain in optimized:
                included.node.add_dependency(*self.optimizer_role.policies)  # Glue refuses the role without them

    def _iceberg_tables(self) -> tuple[DeclaredTable, ...]:
        return tuple(table for table in self._tables.values() if table.table.format is TableFormat.ICEBERG)


class DeclaredTable:
    """A table of a `ContractCatalog`. Its resource is emitted with those of many others; this says what it is.

    Attributes:
        contract: The contract that declares it.
        table: The declaration.
        database: The database it is in.
        database_name: That database's name.
        table_name: Its name there.
        column_names: All its columns, those it is partitioned by included.
        column_types: The type of each.
        prefix_columns: Those whose values stand in the objects' prefixes; none of an Iceberg table.
        location: Where its objects stand: `s3://bucket/prefix/`.
        logical_id: Its id in the template, from the placement lock.
    """

    def __init__(self, declaration: Declaration, rendered: RenderedTable, fragment: Fragment, logical_id: str) -> None:
        self.contract = declaration.contract
        self.table = declaration.table
        self.database = declaration.database
        self.database_name = declaration.database.database_name
        self.table_name = declaration.table.name
        self.column_names = rendered.column_names
        self.column_types = rendered.column_types
        self.prefix_columns = rendered.prefix_columns
        self.location = rendered.location
        self.logical_id = logical_id
        self._fragment = fragment

    @cached_property
    def resource(self) -> glue.CfnTable:
        """Its typed L1, the escape hatch, and what others depend on."""
        return cast("glue.CfnTable", self._fragment.resource(self.logical_id))
