"""Declared tables: Iceberg, Parquet with registered partitions, and the quarantine of either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from aws_cdk import aws_glue as glue
from constructs import Construct

from constructs_lib.catalog import rendering
from constructs_lib.catalog.databases import check_name
from constructs_lib.catalog.glue_types import glue_columns
from constructs_lib.core import misuse, removal_policy as checked_removal_policy
from lakemodel import naming
from lakemodel.contracts.catalog_text import description, table_parameters
from lakemodel.contracts.quarantine import RUN_ID, check_reserved, quarantine_columns, run_column
from lakemodel.locks.field_ids import field_ids_for
from lakemodel.types.glue import MAX_TYPE_LENGTH, glue_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aws_cdk import RemovalPolicy

    from constructs_lib.catalog.databases import LakeDatabase
    from constructs_lib.storage import LakeZone
    from lakemodel.contracts.model import Column, DataContract, Table

_IDENTITY = "identity"
_BUCKET_NAMES: WeakKeyDictionary[LakeZone, str] = WeakKeyDictionary()


def _bucket_name(zone: LakeZone) -> str:
    """The name of a zone's bucket, asked for once: each time is a call into Node, and a lake has thousands of tables."""
    if zone not in _BUCKET_NAMES:
        _BUCKET_NAMES[zone] = zone.bucket.bucket_name
    return _BUCKET_NAMES[zone]


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


class _DeclaredTable(Construct):
    """What the kinds of tables have in common."""

    resource: glue.CfnTable

    def __init__(
        self, scope: Construct, construct_id: str, *, database: LakeDatabase, contract: DataContract, table: Table, zone: LakeZone
    ) -> None:
        super().__init__(scope, construct_id)
        check_name(self, "table", table.name)
        self.contract = contract
        self.table = table
        self.database = database
        self.database_name = database.database_name
        self.table_name = table.name
        self.location = f"s3://{_bucket_name(zone)}/{naming.table_prefix(contract.domain, contract.product, table.name)}"
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

    def _finish(self, resource: glue.CfnTable, removal_policy: RemovalPolicy | None, logical_id: str | None) -> None:
        resource.apply_removal_policy(checked_removal_policy(self, removal_policy))
        if logical_id is not None:
            resource.override_logical_id(logical_id)
        self.resource = resource

    def _check_columns(self, columns: Iterable[Column]) -> tuple[str, ...]:
        names = []
        for column in columns:
            check_name(self, "column", column.name)
            length = len(glue_type(column.type))
            if length > MAX_TYPE_LENGTH:
                msg = (
                    f"column {column.name} has a type of {length:,} characters; Glue takes {MAX_TYPE_LENGTH:,}: "
                    "split it into several columns, or deliver the nested part as a string"
                )
                raise misuse(self, msg, code="type_too_long")
            names.append(column.name)
        if not names or len(set(names)) != len(names):
            msg = f"got columns {', '.join(names) or 'none'}; needed is at least one, each name once"
            raise misuse(self, msg, code="columns")
        return tuple(names)


class IcebergTable(_DeclaredTable):
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
        super().__init__(scope, construct_id, database=database, contract=contract, table=table, zone=zone)
        sort_by = rendering.sortable(table) if sort_by is None else tuple(sort_by)
        self.column_names = self._check_columns(table.columns)
        self._check_partitioning(table)
        self._check_sorting(table, sort_by)
        # The typed L1: no L2 knows Iceberg. Plain dictionaries, because every jsii struct on the way costs as much as the whole call.
        resource = glue.CfnTable(
            self,
            "Resource",
            catalog_id=database.catalog_id,
            database_name=self.database_name,
            name=self.table_name,
            open_table_format_input=rendering.iceberg_table_input(
                contract, table, location=self.location, ids=field_ids_for(contract, table), sort_by=sort_by
            ),
        )
        self._finish(resource, removal_policy, logical_id)

    def _check_partitioning(self, table: Table) -> None:
        for partition in table.partitioning:
            column = next((one for one in table.columns if one.name == partition.column), None)
            if column is None or not rendering.is_primitive(column) or not rendering.is_transform(partition.transform):
                msg = (
                    f"got partition field {partition.transform}({partition.column}); allowed are identity, year, month, day, hour, "
                    "bucket[n] and truncate[n] of a column of the table that is not nested"
                )
                raise misuse(self, msg, code="partitioning")

    def _check_sorting(self, table: Table, sort_by: Sequence[str]) -> None:
        allowed = [column.name for column in table.columns if rendering.is_primitive(column)]
        unknown = [name for name in sort_by if name not in allowed]
        if unknown:
            msg = f"got sort_by {', '.join(unknown)}; allowed are columns of the table that are not nested: {', '.join(allowed)}"
            raise misuse(self, msg, code="sorting")


class ParquetTable(_DeclaredTable):
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
        super().__init__(scope, construct_id, database=database, contract=contract, table=table, zone=zone)
        keys = [partition.column for partition in table.partitioning]
        self._check_partitioning(table, keys)
        run = run_column(table.classification)
        check_reserved(table, (run,))
        said = description(table.description) or f"Table {table.name}"
        self.s3_table = self._make((*table.columns, run), [*keys, RUN_ID], zone, said, table.classification)
        self._finish(self.s3_table.node.default_child, removal_policy, logical_id)  # type: ignore[arg-type] # a CfnTable

    def _make(self, columns: Sequence[Column], keys: Sequence[str], zone: LakeZone, said: str, classification: str) -> glue.S3Table:
        ordered = [column for column in columns if column.name not in keys]
        ordered += [column for key in keys for column in columns if column.name == key]
        self.column_names = self._check_columns(ordered)
        if len(ordered) == len(keys):
            msg = f"is partitioned by all its columns ({', '.join(keys[:-1])}); at least one has to be left for the files"
            raise misuse(self, msg, code="partitioning")
        rendered = glue_columns(ordered)
        return glue.S3Table(
            self,
            "Resource",
            database=self.database.database,
            table_name=self.table_name,
            description=said,
            columns=rendered[: len(rendered) - len(keys)],
            partition_keys=rendered[len(rendered) - len(keys) :] or None,
            data_format=glue.DataFormat.PARQUET,
            storage=glue.S3TableStorage.from_bucket(zone.bucket),
            s3_prefix=naming.table_prefix(self.contract.domain, self.contract.product, self.table_name),
            parameters={"parquet.compression": rendering.COMPRESSION.upper(), **table_parameters(self.contract, classification)},
        )

    def _check_partitioning(self, table: Table, keys: Sequence[str]) -> None:
        for partition in table.partitioning:
            column = next((one for one in table.columns if one.name == partition.column), None)
            if column is None or not rendering.is_primitive(column) or partition.transform != _IDENTITY or keys.count(partition.column) > 1:
                msg = (
                    f"got partition field {partition.transform}({partition.column}); a Parquet table is partitioned by columns of its own, "
                    "as they are, each once and not nested: take Iceberg for transforms"
                )
                raise misuse(self, msg, code="partitioning")


class QuarantineTable(ParquetTable):
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
        _DeclaredTable.__init__(self, scope, construct_id, database=database, contract=contract, table=table, zone=zone)
        self.classification = table.classification if classification is None else classification
        said = f"Rows that break the contract of {database.domain}.{table.name}, as delivered, with the reasons"
        self.s3_table = self._make(quarantine_columns(table, self.classification), [RUN_ID], zone, said, self.classification)
        self._finish(self.s3_table.node.default_child, removal_policy, logical_id)  # type: ignore[arg-type] # a CfnTable
