"""A governed lake in one stack: zones, catalog, LF-Tags, grants; pipelines and workgroups are added to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from constructs_lib.catalog import ContractCatalog
from constructs_lib.core import misuse
from constructs_lib.governance import (
    CatalogPermissions,
    DatabaseGrants,
    DataLocation,
    LfTagOntology,
    TableGrants,
    associate_contracts,
    associate_databases,
    grant_optimizers,
    grant_pipeline,
)
from constructs_lib.pipeline import IngestionPipeline, PipelineFoundation, PipelineState
from constructs_lib.query import QueryWorkgroup, ResultsBucket
from constructs_lib.storage import LakeStorage
from lakemodel.config.model import Zone
from lakemodel.contracts.job_spec import job_spec
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import RemovalPolicy, Size, aws_iam as iam

    from constructs_lib.baseline import LakeAccount
    from constructs_lib.catalog import DeclaredTable, LakeDatabase
    from constructs_lib.governance import LakeGrants
    from constructs_lib.network import JobNetwork
    from constructs_lib.pipeline.dependencies import JobDependencies
    from lakemodel.contracts.model import ContractSet, DataContract
    from lakemodel.locks.placement import PlacementLock

CLASSIFICATIONS = ("public", "internal", "confidential", "restricted")


class DataLake(Construct):
    """A lake with the tables of a set of contracts, closed to everybody until a grant opens it.

    It makes the zones with their keys, a database for each domain and governed zone, each declared table with its quarantine table,
    the LF-Tags and their associations, and registers the governed buckets with Lake Formation. For a lake that spreads over stacks and
    accounts, use its parts: `stacks/` shows how.

    Args:
        account: The owner of the account's singletons; its Lake Formation settings come first.
        contracts: The data products (`lakemodel.contracts.loader.load_contracts`).
        classifications: From least to most protected; those that the contracts were read with when left out. Others may stand between
            them or after them, as the last is the class of quarantined rows.
        additional_keys: LF-Tag keys of one's own with their values, beside domain, zone and classification; none when left out.
        storage: Zones made elsewhere, or brought along; new ones when left out.
        placement: Where each table lives; computed from these contracts when left out. Pass a committed lock once the set changes.
        network: The network that jobs of pipelines run in, without a way to the internet; AWS Glue's own when left out. It needs
            `job_dependencies` that ask no index.
        job_dependencies: What jobs install before they start, see `PipelineFoundation`; from the package index that Glue knows when
            left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Attributes:
        storage: The zones.
        catalog: The databases and tables.
        ontology: The LF-Tags.
        permissions: What carries every grant and association.
        grants: Grants by LF-Tag: `lake.grants.read(role, where=LfTags.all(...))`.

    Raises:
        DataLakeError: `no_products`, if the set is empty; `classification_order`, if the contracts were read with other classes, or with
            these in another order; `unknown_tag`, if a contract's class is not in `classifications`; and those
            of the parts.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        account: LakeAccount,
        contracts: ContractSet,
        classifications: Sequence[str] | None = None,
        additional_keys: Mapping[str, Sequence[str]] | None = None,
        storage: LakeStorage | None = None,
        placement: PlacementLock | None = None,
        network: JobNetwork | None = None,
        job_dependencies: JobDependencies | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        classifications = self._classes(contracts, classifications)
        domains = sorted({contract.domain for contract in contracts.contracts})
        if not domains:
            msg = "got no data product; pass contracts with at least one (load_contracts(folder, None).require_all())"
            raise misuse(self, msg, code="no_products")
        if storage is None:
            storage = LakeStorage(self, "Storage", contracts=contracts, removal_policy=removal_policy)
        self.account = account
        self.contracts = contracts
        self.storage = storage
        self.ontology = LfTagOntology(self, "Tags", domains=domains, classifications=classifications, additional_keys=additional_keys)
        self.locations = {
            zone: DataLocation(self, f"{zone.name.title()}Location", zone=lake_zone)
            for zone, lake_zone in storage.zones.items()
            if zone.is_governed
        }
        self.catalog = ContractCatalog(
            self,
            "Catalog",
            contracts=contracts,
            zones=storage.zones,
            placement=placement,
            quarantine_classification=self.ontology.strictest,
            removal_policy=removal_policy,
        )
        self.permissions = CatalogPermissions(self, "Permissions", settings=account.settings, ontology=self.ontology)
        associate_databases(self.permissions, domains, zones=self.locations)
        associate_contracts(self.permissions, contracts, strictest=self.ontology.strictest)
        if self.catalog.optimizer_role is not None:
            grant_optimizers(self.permissions, self.catalog.optimizer_role.role, tables=self.catalog.optimized_tables)
        self._come_in_order()
        self._removal_policy = removal_policy
        self._network, self._job_dependencies = network, job_dependencies
        self._foundation: PipelineFoundation | None = None
        self._results: ResultsBucket | None = None

    def _classes(self, contracts: ContractSet, classifications: Sequence[str] | None) -> tuple[str, ...]:
        """The classes of the lake. In another order than the contracts' the last, which quarantined rows are in, could be the most open."""
        read_with = contracts.classifications
        if classifications is None:
            return read_with if len(read_with) > 0 else CLASSIFICATIONS
        known = {each.lower() for each in read_with}
        if [each.lower() for each in classifications if each.lower() in known] != [each.lower() for each in read_with]:
            msg = (
                f"got classifications {', '.join(classifications)}; the contracts were read with {', '.join(read_with)}, least protected "
                "first: leave classifications out, or keep these and their order"
            )
            raise misuse(self, msg, code="classification_order")
        return tuple(classifications)

    @property
    def grants(self) -> LakeGrants:
        """Grants by LF-Tag, on every table that carries the tags, now or later."""
        return self.permissions.grants

    def table(self, domain: str, name: str) -> LakeTable:
        """A declared table, to grant on or to look at.

        Raises:
            DataLakeError: `no_such_table`.
        """
        return LakeTable(self.catalog.table(domain, name), self.permissions)

    def database(self, domain: str, zone: Zone = Zone.CURATED) -> LakeZoneDatabase:
        """A domain's database in a zone, to grant on as a whole: every table of it, those to come as well.

        Raises:
            DataLakeError: `no_such_database`.
        """
        found = self.catalog.databases.get((domain, zone))
        if found is None:
            known = ", ".join(sorted(database.database_name for database in self.catalog.databases.values()))
            msg = f"there is no database of {domain} in the {zone.value} zone here; there are {known}: declare a contract of the domain"
            raise misuse(self, msg, code="no_such_database")
        return LakeZoneDatabase(found, self.permissions)

    def add_pipeline(self, domain: str, product: str) -> IngestionPipeline:
        """An ingestion pipeline for one product, with the grants its job needs. What pipelines share is made with the first one.

        Raises:
            DataLakeError: `no_such_product`; `pipeline_network`, see `PipelineFoundation`.
        """
        contract = self._product(domain, product)
        if self._foundation is None:
            state = PipelineState(self, "PipelineState", removal_policy=self._removal_policy)
            self._foundation = PipelineFoundation(
                self, "PipelineFoundation", state=state, network=self._network, dependencies=self._job_dependencies
            )
        pipeline = IngestionPipeline(
            self,
            f"{pascal_case(domain)}-{pascal_case(product)}Pipeline",
            contract=contract,
            job_specs={table.name: job_spec(contract, table) for table in contract.tables},
            zones=self.storage,
            foundation=self._foundation,
        )
        names = [(domain, table.name) for table in contract.tables]
        grant_pipeline(
            self.permissions,
            pipeline.job_role,
            tables=[made[name] for made in (self.catalog.tables, self.catalog.quarantine_tables) for name in names],
            locations=[self.locations[zone].resource for zone in (Zone.CURATED, Zone.QUARANTINE)],
        )
        return pipeline

    def add_workgroup(
        self, construct_id: str, *, members: Sequence[iam.IRole], name: str | None = None, scan_limit: Size | None = None
    ) -> QueryWorkgroup:
        """An Athena workgroup whose results only its members can read; the results' bucket is made with the first one.

        Args:
            construct_id: Id of the construct below this one.
            members: Who may use it. What they read is decided by grants.
            name: The workgroup's name; the construct id when left out.
            scan_limit: The most one query may scan; 100 GiB when left out.
        """
        if self._results is None:
            self._results = ResultsBucket(self, "Results", access_logs=self.storage.access_logs, removal_policy=self._removal_policy)
        name = construct_id if name is None else name
        return QueryWorkgroup(self, construct_id, name=name, results=self._results, members=members, scan_limit=scan_limit)

    def _product(self, domain: str, product: str) -> DataContract:
        for contract in self.contracts.of_domain(domain):
            if contract.product == product:
                return contract
        known = ", ".join(contract.key for contract in self.contracts.contracts)
        msg = f"there is no product {domain}.{product} here; there are {known}: declare it in a contract"
        raise misuse(self, msg, code="no_such_product")

    def _come_in_order(self) -> None:
        """Settings, then tags and locations, then the catalog: nothing is created while defaults still open it to everybody."""
        settings = self.account.settings.resource
        self.ontology.node.add_dependency(settings)
        for location in self.locations.values():
            location.node.add_dependency(settings)
            self.catalog.node.add_dependency(location)
        self.catalog.node.add_dependency(settings)
        self.permissions.node.add_dependency(self.catalog)


class LakeZoneDatabase:
    """One domain's database in one zone together with its grants.

    Args:
        database: The database.
        permissions: What carries its grants.
    """

    def __init__(self, database: LakeDatabase, permissions: CatalogPermissions) -> None:
        self.database = database
        self.permissions = permissions
        self.grants = DatabaseGrants.from_database(database, permissions)

    @property
    def database_name(self) -> str:
        """Its name in the account's catalog."""
        return self.database.database_name


class LakeTable:
    """One declared table together with its grants.

    Args:
        table: The table.
        permissions: What carries its grants.
    """

    def __init__(self, table: DeclaredTable, permissions: CatalogPermissions) -> None:
        self.table = table
        self.permissions = permissions
        self.grants = TableGrants.from_table(table, permissions)

    @property
    def database_name(self) -> str:
        """The database it is in."""
        return self.table.database_name

    @property
    def table_name(self) -> str:
        """Its name in that database."""
        return self.table.table_name

    @property
    def column_names(self) -> tuple[str, ...]:
        """All its columns, those it is partitioned by included."""
        return self.table.column_names

    @property
    def location(self) -> str:
        """Where its objects stand: `s3://bucket/prefix/`."""
        return self.table.location
