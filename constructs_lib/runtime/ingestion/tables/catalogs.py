"""Opens tables in Glue's catalog (AWS) or in a folder (a laptop): everything else is the same code.

In a folder, tables are created on first use from the job spec: Iceberg tables in PyIceberg's SQL catalog on sqlite, Parquet tables as a
JSON file. In Glue they are declared by CloudFormation and have to exist.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.errors import ParseException
from pyspark.sql import types as T  # noqa: N812 - the name everybody gives it

from ..errors import SpecError
from ..files import Storage, join
from .file_io import io_properties
from .iceberg import IcebergTable
from .parquet import ParquetTable
from .places import absolute
from .registries import RUN_KEY, FolderRegistry, GlueRegistry

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyiceberg.catalog import Catalog

    from ..spec import JobSpec
    from .base import PublishedTable
    from .registries import PartitionRegistry

GLUE = "glue"
"""The catalog that is no folder."""

_OF_QUARANTINE = T.StructType(
    [
        T.StructField("_reasons", T.ArrayType(T.StringType())),
        T.StructField("_source_file", T.StringType()),
        T.StructField("_source_line", T.LongType()),
        T.StructField("_source_record", T.StringType()),
    ]
)


def open_table(
    spec: JobSpec, catalog: str, *, storage: Storage, curated_root: str, glue_client: Callable[[], Any] | None = None
) -> PublishedTable:
    """The published table of the spec.

    Args:
        spec: The table's.
        catalog: `glue`, or a folder that holds the catalog.
        storage: Reads and writes files.
        curated_root: Root of the zone where a table in a folder is created.
        glue_client: Makes the Glue client; the storage's factory when left out. Called for the catalog `glue` only.
    """
    client = (lambda: storage.client_factory("glue")) if glue_client is None else glue_client
    if spec.format == "iceberg":
        create_at = None if catalog == GLUE else join(absolute(curated_root), spec.prefix)
        return IcebergTable(spec, iceberg_catalog(catalog, storage=storage, glue_client=client), storage, create_at=create_at)
    registry = _registry(catalog, spec.database, spec.table, spec.partition_columns, client)
    columns = T.StructType([_field(column.name, column.type) for column in spec.columns])
    spread = spec.duplicates.equal_rows == "keep"
    return ParquetTable(registry, columns, storage, partition_columns=spec.partition_columns, spread=spread)


def open_quarantine(spec: JobSpec, catalog: str, *, storage: Storage, glue_client: Callable[[], Any] | None = None) -> ParquetTable:
    """The table of the spec's quarantined rows, as `quarantine.quarantined_rows` gives them; arguments as of `open_table`."""
    client = (lambda: storage.client_factory("glue")) if glue_client is None else glue_client
    registry = _registry(catalog, spec.quarantine_database, spec.table, (), client)
    texts = [T.StructField(column.name, T.StringType()) for column in spec.columns]
    return ParquetTable(registry, T.StructType([*texts, *_OF_QUARANTINE.fields]), storage, spread=True)


def iceberg_catalog(catalog: str, *, storage: Storage, glue_client: Callable[[], Any]) -> Catalog:
    """PyIceberg's catalog, over the job's own storage.

    Glue keeps the last 100,000 versions of a table unless told otherwise; Iceberg has a history of its own, so they are skipped.
    https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html
    """
    properties = io_properties(storage)
    if catalog == GLUE:
        from pyiceberg.catalog.glue import GLUE_SKIP_ARCHIVE, GlueCatalog  # noqa: PLC0415 - needs boto3, which a laptop may lack

        return GlueCatalog(GLUE, client=glue_client(), **{**properties, GLUE_SKIP_ARCHIVE: "true"})
    from pyiceberg.catalog.sql import SqlCatalog  # noqa: PLC0415 - Glue's side needs no SQLAlchemy
    from sqlalchemy import URL  # noqa: PLC0415

    folder = Path(catalog).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    uri = URL.create("sqlite", database=str(folder / "iceberg.db"))
    return SqlCatalog("folder", **{**properties, "uri": uri.render_as_string(), "warehouse": str(folder)})


def _registry(catalog: str, database: str, table: str, columns: tuple[str, ...], client: Callable[[], Any]) -> PartitionRegistry:
    if catalog == GLUE:
        return GlueRegistry(client(), database, table)
    return FolderRegistry(absolute(catalog), database, table, (*columns, RUN_KEY))


def _field(name: str, ddl: str) -> T.StructField:
    try:
        return T.StructField(name, T._parse_datatype_string(ddl))  # noqa: SLF001 - Spark has no public name for it
    except ParseException as error:
        message = f"column {name!r} has type {ddl!r}, which Spark does not know"
        raise SpecError(message) from error
