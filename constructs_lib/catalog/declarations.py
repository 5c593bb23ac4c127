"""What a declaration becomes in the catalog: every check of it, its columns, its properties. No construct is made here.

Both ways to make a table go through here: a construct for one table, a fragment for all of a catalog.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn
from weakref import WeakKeyDictionary

from constructs_lib.catalog import rendering
from constructs_lib.catalog.databases import check_name
from lakemodel import naming
from lakemodel.contracts.catalog_text import description
from lakemodel.contracts.quarantine import RUN_ID, check_reserved, quarantine_columns, run_column
from lakemodel.errors import DataLakeError
from lakemodel.locks.field_ids import field_ids_for
from lakemodel.types.glue import MAX_TYPE_LENGTH, glue_type
from lakemodel.types.model import Decimal, List, Map, Primitive, Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

    from constructs_lib.catalog.databases import LakeDatabase
    from constructs_lib.storage import LakeZone
    from lakemodel.contracts.model import Column, DataContract, Table
    from lakemodel.types.model import DataType

_IDENTITY: Final = "identity"
_BUCKET_NAMES: WeakKeyDictionary[LakeZone, str] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A table that one declares, and where it goes.

    Attributes:
        scope: The construct that makes it, named in complaints.
        database: Where it goes.
        contract: The contract that declares it.
        table: The declaration.
        zone: The zone its objects stand in.
    """

    scope: Construct
    database: LakeDatabase
    contract: DataContract
    table: Table
    zone: LakeZone

    @property
    def location(self) -> str:
        """Where its objects stand: `s3://bucket/prefix/`."""
        return f"s3://{_bucket_name(self.zone)}/{naming.table_prefix(self.contract.domain, self.contract.product, self.table.name)}"

    def iceberg(self, sort_by: Sequence[str] | None = None) -> RenderedTable:
        """It as an Iceberg table.

        Raises:
            DataLakeError: `catalog_name`, `columns`, `type_too_long`, `partitioning`, `sorting`.
        """
        table = self.table
        sort_by = rendering.sortable(table) if sort_by is None else tuple(sort_by)
        types = self._check_columns(table.columns)
        self._check_transforms()
        self._check_sorting(sort_by)
        location = self.location
        table_input = rendering.iceberg_table_input(
            self.contract, table, location=location, ids=field_ids_for(self.contract, table), sort_by=sort_by
        )
        return self._rendered(types, location, {"Name": table.name, "OpenTableFormatInput": table_input})

    def parquet(self) -> RenderedTable:
        """It as a table of Parquet files with a partition for each run.

        Raises:
            DataLakeError: `catalog_name`, `columns`, `type_too_long`, `map_key`, `partitioning`, `reserved_column`.
        """
        keys = [partition.column for partition in self.table.partitioning]
        self._check_keys(keys)
        run = run_column(self.table.classification)
        check_reserved(self.table, (run,))
        said = description(self.table.description) or f"Table {self.table.name}"
        return self._files((*self.table.columns, run), [*keys, RUN_ID], said, self.table.classification)

    def quarantine(self, classification: str) -> RenderedTable:
        """The table for those of its rows that break the contract.

        Raises:
            DataLakeError: `catalog_name`, `columns`, `reserved_column`.
        """
        said = f"Rows that break the contract of {self.database.domain}.{self.table.name}, as delivered, with the reasons"
        return self._files(quarantine_columns(self.table, classification), [RUN_ID], said, classification)

    def _files(self, columns: Sequence[Column], keys: Sequence[str], said: str, classification: str) -> RenderedTable:
        ordered = [column for column in columns if column.name not in keys]
        ordered += [column for key in keys for column in columns if column.name == key]
        types = self._check_columns(ordered)
        if len(ordered) == len(keys):
            msg = f"is partitioned by all its columns ({', '.join(keys[:-1])}); at least one has to be left for the files"
            self._refuse(msg, code="partitioning")
        for column in ordered:
            self._check_map_keys(column.type)
        location = self.location
        table_input = rendering.parquet_table_input(
            self.contract,
            self.table.name,
            columns=ordered,
            keys=len(keys),
            location=location,
            said=said,
            classification=classification,
        )
        return self._rendered(types, location, {"TableInput": table_input}, prefix_columns=keys)

    def _rendered(
        self, types: Mapping[str, DataType], location: str, properties: dict[str, Any], *, prefix_columns: Sequence[str] = ()
    ) -> RenderedTable:
        return RenderedTable(
            column_names=tuple(types),
            column_types=types,
            prefix_columns=tuple(prefix_columns),
            location=location,
            properties={"CatalogId": self.database.catalog_id, "DatabaseName": self.database.database_name, **properties},
        )

    def _check_columns(self, columns: Sequence[Column]) -> Mapping[str, DataType]:
        check_name(self.scope, "table", self.table.name)
        for column in columns:
            check_name(self.scope, "column", column.name, of=self.table.name)
            length = len(glue_type(column.type))
            if length > MAX_TYPE_LENGTH:
                msg = (
                    f"column {column.name} has a type of {length:,} characters; Glue takes {MAX_TYPE_LENGTH:,}: "
                    "split it into several columns, or deliver the nested part as a string"
                )
                self._refuse(msg, code="type_too_long")
        types = {column.name: column.type for column in columns}
        if not types or len(types) != len(columns):
            msg = f"got columns {', '.join(column.name for column in columns) or 'none'}; needed is at least one, each name once"
            self._refuse(msg, code="columns")
        return types

    def _check_transforms(self) -> None:
        for partition in self.table.partitioning:
            column = self._column(partition.column)
            if column is None or not rendering.is_primitive(column) or not rendering.is_transform(partition.transform):
                msg = (
                    f"got partition field {partition.transform}({partition.column}); allowed are identity, year, month, day, hour, "
                    "bucket[n] and truncate[n] of a column of the table that is not nested"
                )
                self._refuse(msg, code="partitioning")

    def _check_sorting(self, sort_by: Sequence[str]) -> None:
        allowed = [column.name for column in self.table.columns if rendering.is_primitive(column)]
        unknown = [name for name in sort_by if name not in allowed]
        if unknown:
            msg = f"got sort_by {', '.join(unknown)}; allowed are columns of the table that are not nested: {', '.join(allowed)}"
            self._refuse(msg, code="sorting")

    def _check_keys(self, keys: Sequence[str]) -> None:
        for partition in self.table.partitioning:
            column = self._column(partition.column)
            if column is None or not rendering.is_primitive(column) or partition.transform != _IDENTITY or keys.count(partition.column) > 1:
                msg = (
                    f"got partition field {partition.transform}({partition.column}); a Parquet table is partitioned by columns of its own, "
                    "as they are, each once and not nested: take Iceberg for transforms"
                )
                self._refuse(msg, code="partitioning")

    def _check_map_keys(self, data_type: DataType) -> None:
        """Hive types have no map with nested keys."""
        match data_type:
            case Map(key, value):
                if not isinstance(key, Primitive | Decimal):
                    msg = f"got a map whose keys are {glue_type(key)}; Glue's are not nested: deliver a list of structs, or take Iceberg"
                    self._refuse(msg, code="map_key")
                self._check_map_keys(value)
            case List(element):
                self._check_map_keys(element)
            case Struct(fields):
                for field in fields:
                    self._check_map_keys(field.type)

    def _column(self, name: str) -> Column | None:
        return next((column for column in self.table.columns if column.name == name), None)

    def _refuse(self, message: str, *, code: str) -> NoReturn:
        raise DataLakeError(message, code=code, where=f"{self.scope.node.path}, table {self.table.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedTable:
    """A declared table that passed its checks.

    Attributes:
        column_names: All its columns, those it is partitioned by last.
        column_types: What type each has.
        prefix_columns: Those of them whose values stand in the objects' prefixes; none of an Iceberg table.
        location: Where its objects stand.
        properties: Those of `AWS::Glue::Table`, in CloudFormation's spelling.
    """

    column_names: tuple[str, ...]
    column_types: Mapping[str, DataType]
    prefix_columns: tuple[str, ...]
    location: str
    properties: dict[str, Any]


def _bucket_name(zone: LakeZone) -> str:
    """The name of a zone's bucket, asked for once: each time is a call into Node, and a lake has thousands of tables."""
    if zone not in _BUCKET_NAMES:
        _BUCKET_NAMES[zone] = zone.bucket.bucket_name
    return _BUCKET_NAMES[zone]
