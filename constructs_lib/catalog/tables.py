"""One declared table as a construct: Iceberg, Parquet with registered partitions, and the quarantine of either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from aws_cdk import aws_glue as glue
from constructs import Construct

from constructs_lib.catalog.databases import check_name
from constructs_lib.catalog.declarations import Declaration
from constructs_lib.catalog.rendering import typed
from constructs_lib.core import removal_policy as checked_removal_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import RemovalPolicy

    from constructs_lib.catalog.databases import LakeDatabase
    from constructs_lib.catalog.declarations import RenderedTable
    from constructs_lib.storage import LakeZone
    from lakemodel.contracts.model import DataContract, Table


class CatalogTable(Protocol):
    """A table of the catalog, made here or elsewhere: what grants, pipelines and queries need to know of it."""

    @property
    def database_name(self) -> str:
        """The database it is in."""

    @property
    def table_name(self) -> str:
        """Its name in that database."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """All its columns, those it is partitioned by included."""

    @property
    def location(self) -> str:
        """Where its objects stand: `s3://bucket/prefix/`."""


class ImportedTable(Construct):
    """A table that exists already; makes no resource.

    Args:
        database_name: The database it is in.
        table_name: Its name in that database.
        column_names: All its columns, those it is partitioned by included.
        location: Where its objects stand.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, database_name: str, table_name: str, column_names: Sequence[str], location: str
    ) -> None:
        super().__init__(scope, construct_id)
        check_name(self, "database", database_name)
        check_name(self, "table", table_name)
        self.database_name = database_name
        self.table_name = table_name
        self.column_names = tuple(column_names)
        self.location = location


class _SingleTable(Construct):
    """What the kinds of tables have in common."""

    def __init__(self, scope: Construct, construct_id: str, *, contract: DataContract, table: Table, database: LakeDatabase) -> None:
        super().__init__(scope, construct_id)
        self.contract = contract
        self.table = table
        self.database = database
        self.database_name = database.database_name
        self.table_name = table.name
        if not database.precedes(scope):
            database.precede(self)

    @staticmethod
    def from_attributes(
        scope: Construct, construct_id: str, *, database_name: str, table_name: str, column_names: Sequence[str], location: str
    ) -> ImportedTable:
        """A table that exists already; makes no resource. See `ImportedTable`."""
        return ImportedTable(
            scope, construct_id, database_name=database_name, table_name=table_name, column_names=column_names, location=location
        )

    def _make(self, rendered: RenderedTable, removal_policy: RemovalPolicy | None, logical_id: str | None) -> glue.CfnTable:
        """The typed L1: no L2 knows Iceberg. Dictionaries, because every jsii struct on the way costs as much as the whole call."""
        self.column_names = rendered.column_names
        self.column_types = rendered.column_types
        self.prefix_columns = rendered.prefix_columns
        self.location = rendered.location
        properties: dict[str, Any] = rendered.properties
        resource = glue.CfnTable(
            self,
            "Resource",
            catalog_id=properties["CatalogId"],
            database_name=properties["DatabaseName"],
            name=properties.get("Name"),
            open_table_format_input=typed(properties.get("OpenTableFormatInput")),
            table_input=typed(properties.get("TableInput")),
        )
        resource.apply_removal_policy(checked_removal_policy(self, removal_policy))
        if logical_id is not None:
            resource.override_logical_id(logical_id)
        return resource


class IcebergTable(_SingleTable):
    """An Iceberg table (format version 2, Parquet files with zstd), its field ids those of the contract's lock.

    What belongs to the table itself changes through CloudFormation: columns, comments, properties, partitioning, sort order. Its data and
    snapshots do not. An existing table of that name is not adopted: import it into the stack.

    Args:
        database: Where it goes.
        contract: The contract that declares it.
        table: The declaration.
        zone: The zone its objects stand in, at `naming.table_prefix`.
        sort_by: Columns that writers sort each file by; the primary key when left out, an empty sequence for none.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.
        logical_id: The resource's logical id, from the placement lock; made from the construct's path when left out.

    Raises:
        DataLakeError: `catalog_name`, `columns`, `type_too_long`, `partitioning`, `sorting`, `destroy_not_allowed`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: LakeDatabase,
        contract: DataContract,
        table: Table,
        zone: LakeZone,
        sort_by: Sequence[str] | None = None,
        removal_policy: RemovalPolicy | None = None,
        logical_id: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id, contract=contract, table=table, database=database)
        declaration = Declaration(scope=self, database=database, contract=contract, table=table, zone=zone)
        self.resource = self._make(declaration.iceberg(sort_by), removal_policy, logical_id)


class ParquetTable(_SingleTable):
    """A table of Parquet files with zstd, whose partitions the pipeline registers; no partition projection.

    Its last partition key is `_run_id`: a run's rows stand under a prefix of their own and appear when its partitions are registered.

    Args:
        database: Where it goes.
        contract: The contract that declares it.
        table: The declaration; it may be partitioned by columns of its own, as they are, before the run.
        zone: The zone its objects stand in, at `naming.table_prefix`.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.
        logical_id: The resource's logical id, from the placement lock; made from the construct's path when left out.

    Raises:
        DataLakeError: `catalog_name`, `columns`, `type_too_long`, `map_key`, `partitioning`, `reserved_column`, `destroy_not_allowed`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: LakeDatabase,
        contract: DataContract,
        table: Table,
        zone: LakeZone,
        removal_policy: RemovalPolicy | None = None,
        logical_id: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id, contract=contract, table=table, database=database)
        declaration = Declaration(scope=self, database=database, contract=contract, table=table, zone=zone)
        self.resource = self._make(declaration.parquet(), removal_policy, logical_id)


class QuarantineTable(_SingleTable):
    """Where the rows of a declared table go that break its contract: as delivered, as text, with the reasons, a partition for each run.

    Its columns are those of the table, all `string`, then `_reasons`, `_source_file`, `_source_line`, `_source_record`; it is partitioned
    by `_run_id`.

    Args:
        database: Where it goes.
        contract: The contract that declares the table.
        table: The declared table, whose name this one has too.
        zone: The zone its objects stand in, at `naming.table_prefix`.
        classification: What all of it counts as; the declared table's class when left out. Give the lake's strictest: a rejected row may
            hold anything anywhere.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.
        logical_id: The resource's logical id, from the placement lock; made from the construct's path when left out.

    Raises:
        DataLakeError: `reserved_column`, if the table has a column of such a name; those of `ParquetTable`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: LakeDatabase,
        contract: DataContract,
        table: Table,
        zone: LakeZone,
        classification: str | None = None,
        removal_policy: RemovalPolicy | None = None,
        logical_id: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id, contract=contract, table=table, database=database)
        self.classification = table.classification if classification is None else classification
        declaration = Declaration(scope=self, database=database, contract=contract, table=table, zone=zone)
        self.resource = self._make(declaration.quarantine(self.classification), removal_policy, logical_id)
