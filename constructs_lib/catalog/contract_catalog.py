"""All declared tables of a lake, or those of one catalog stack of it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from constructs import Construct

from constructs_lib.catalog.databases import DomainDatabases
from constructs_lib.catalog.optimizers import OptimizerRole, TableOptimizers, optimizers_available
from constructs_lib.catalog.tables import IcebergTable, ParquetTable, QuarantineTable
from constructs_lib.core import misuse
from lakemodel.config.model import Zone
from lakemodel.contracts.model import TableFormat
from lakemodel.locks.placement import PlacementLock
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import RemovalPolicy

    from constructs_lib.catalog.databases import LakeDatabase
    from constructs_lib.storage import LakeZone
    from lakemodel.contracts.model import ContractSet, DataContract, Table
    from lakemodel.locks.placement import Placement


class ContractCatalog(Construct):
    """The declared tables with their quarantine tables and optimizers, each at the logical id that the placement lock gives it.

    Args:
        contracts: Whose tables.
        zones: The lake's zones; curated and quarantine are needed.
        placement: Where each table lives; places are computed for these contracts alone when left out, which suits an app with a fixed set.
        shard: Number of the catalog stack (`PlacementLock.stacks`) whose tables to make; all tables when left out.
        databases: By domain and zone, from `DomainDatabases` or imported; made here when left out. Where there is more than one shard, make
            them once, in a stack of their own.
        quarantine: Whether each table gets a quarantine table; True when left out.
        quarantine_classification: What quarantine tables count as; the declared table's class when left out. Give the lake's strictest.
        optimizers: Whether Iceberg tables are optimized; where the Region has optimizers when left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Raises:
        DataLakeError: `zone_missing`, `database_missing`, `placement_missing`, and those of the tables.
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
        for zone in (Zone.CURATED, Zone.QUARANTINE) if quarantine else (Zone.CURATED,):
            if zone not in zones:
                msg = f"got no {zone.value} zone; pass the zones of LakeStorage, or a LakeZone.from_bucket for it"
                raise misuse(self, msg, code="zone_missing")
        if databases is None:
            domains = {contract.domain for contract in contracts.contracts}
            databases = DomainDatabases(self, "Databases", domains=domains, zones=zones, removal_policy=removal_policy).databases
        self.databases = databases
        self._zones = zones
        self._quarantine_classification = quarantine_classification
        self._removal_policy = removal_policy
        self._groups: dict[str, Construct] = {}
        self._tables: dict[tuple[str, str], IcebergTable | ParquetTable] = {}
        self._quarantine_tables: dict[tuple[str, str], QuarantineTable] = {}
        self.optimizer_role: OptimizerRole | None = None
        self._to_optimize: list[tuple[IcebergTable, Placement]] = []
        for contract, table in contracts.tables():
            place = placement.place(contract, table)
            if shard is None or place.stack == shard:
                self._add(contract, table, place, quarantine=quarantine)
        if optimizers:
            self._optimize()

    @property
    def tables(self) -> Mapping[tuple[str, str], IcebergTable | ParquetTable]:
        """The curated tables by domain and name."""
        return MappingProxyType(self._tables)

    @property
    def quarantine_tables(self) -> Mapping[tuple[str, str], QuarantineTable]:
        """The quarantine tables by domain and name of the table whose rows they take."""
        return MappingProxyType(self._quarantine_tables)

    def table(self, domain: str, name: str) -> IcebergTable | ParquetTable:
        """One curated table.

        Raises:
            DataLakeError: `no_such_table`.
        """
        if (domain, name) not in self._tables:
            known = ", ".join(f"{one}.{other}" for one, other in list(self._tables)[:10])
            msg = f"there is no table {domain}.{name} here; there are {known or 'none'}: declare it in a contract, or ask its own shard"
            raise misuse(self, msg, code="no_such_table")
        return self._tables[domain, name]

    def _add(self, contract: DataContract, table: Table, place: Placement, *, quarantine: bool) -> None:
        kind = IcebergTable if table.format is TableFormat.ICEBERG else ParquetTable
        made = kind(
            self._group(contract.domain, Zone.CURATED),
            place.logical_id,
            database=self._database(contract.domain, Zone.CURATED),
            contract=contract,
            table=table,
            zone=self._zones[Zone.CURATED],
            removal_policy=self._removal_policy,
            logical_id=place.logical_id,
        )
        self._tables[contract.domain, table.name] = made
        if isinstance(made, IcebergTable):
            self._to_optimize.append((made, place))
        if quarantine:
            self._quarantine_tables[contract.domain, table.name] = QuarantineTable(
                self._group(contract.domain, Zone.QUARANTINE),
                place.logical_id,
                database=self._database(contract.domain, Zone.QUARANTINE),
                contract=contract,
                table=table,
                zone=self._zones[Zone.QUARANTINE],
                classification=self._quarantine_classification,
                removal_policy=self._removal_policy,
                logical_id=f"{place.logical_id}Quarantine",
            )

    def _optimize(self) -> None:
        if not self._to_optimize:
            return
        databases = {table.database_name: table.database for table, _ in self._to_optimize}
        role = OptimizerRole(self, "OptimizerRole", databases=list(databases.values()))
        for table, place in self._to_optimize:
            TableOptimizers(table, "Optimizers", table=table, role=role, logical_id=place.logical_id)
        self.optimizer_role = role

    def _database(self, domain: str, zone: Zone) -> LakeDatabase:
        if (domain, zone) not in self.databases:
            msg = f"got no database for domain {domain}, zone {zone.value}; make it with DomainDatabases, or import it, and pass it along"
            raise misuse(self, msg, code="database_missing")
        return self.databases[domain, zone]

    def _group(self, domain: str, zone: Zone) -> Construct:
        """A scope for the tables of one database: one dependency on the database then serves them all."""
        name = pascal_case(domain) + zone.value.title()
        if name not in self._groups:
            self._groups[name] = Construct(self, name)
            self._database(domain, zone).precede(self._groups[name])
        return self._groups[name]
