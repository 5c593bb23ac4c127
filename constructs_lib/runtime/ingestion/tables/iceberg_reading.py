"""The rows of an Iceberg table as a Spark frame, each with the file it stands in.

Spark reads the Parquet files itself, finding columns by field id: a column that was added later is NULL in older files, a renamed one is
found under its old name. What Spark cannot read so goes through PyIceberg, in Spark's tasks: files that another writer put delete files
beside, and tables whose columns were widened or whose files have no ids. Equality deletes neither can read; a table that has them is
refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import ManifestContent
from pyiceberg.table.metadata import TableMetadataUtil
from pyspark.sql import (
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)

from ..arrow import map_in_arrow
from ..errors import PublishError
from ..files import as_pattern
from .base import DATA_FILE
from .file_io import StorageFileIO, io_properties
from .schemas import spark_struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyiceberg.table import FileScanTask, Table
    from pyspark.sql import Column, DataFrame, SparkSession

    from ..files import Storage

READ_BY_ID = "spark.sql.parquet.fieldId.read.enabled"
_NAME_MAPPING = "schema.name-mapping.default"


def plan(table: Table, snapshot_id: int) -> list[FileScanTask]:
    """The files that a reader of the snapshot sees.

    Raises:
        PublishError: If the table has equality deletes.
    """
    try:
        return list(table.scan(snapshot_id=snapshot_id).plan_files())
    except ValueError as error:
        if "equality deletes" not in str(error):
            raise
        message = f"{'.'.join(table.name())} has equality deletes, which only the engine that wrote them can read: have it compacted"
        raise PublishError(message) from error


def read(spark: SparkSession, table: Table, tasks: Sequence[FileScanTask], columns: Sequence[str], storage: Storage) -> DataFrame:
    """The rows of these files with the columns and `_data_file`."""
    fields = [table.schema().find_field(name) for name in columns]
    schema = spark_struct(fields)
    by_us = [task for task in tasks if task.delete_files or _needs_pyiceberg(table, [field.field_id for field in fields])]
    by_spark = [task.file.file_path for task in tasks if task not in by_us]
    frames = []
    if by_spark:
        spark.conf.set(READ_BY_ID, "true")
        frames.append(spark.read.schema(schema).parquet(*map(as_pattern, by_spark)).withColumn(DATA_FILE, path_of(F.input_file_name())))
    if by_us:
        frames.append(_read_by_pyiceberg(spark, table, by_us, schema, storage))
    frame = frames[0]
    for other in frames[1:]:
        frame = frame.unionByName(other)
    return frame.select(*(F.col(f"`{name}`") for name in columns), F.col(DATA_FILE))


def path_of(uri: Column) -> Column:
    """What Spark calls a file, as the catalog does: a path on disk or an `s3://` URI, without escapes."""
    plain = F.url_decode(F.regexp_replace(uri, r"\+", "%2B"))
    return F.regexp_replace(plain, "^file:/+", "/")


def _needs_pyiceberg(table: Table, field_ids: Sequence[int]) -> bool:
    """Whether files may hold a column under another type than now, or without an id."""
    if _NAME_MAPPING in table.properties:
        return True
    now = table.schema()
    wanted = {part for field_id in field_ids for part in _parts(now.find_field(field_id).field_type, field_id)}
    for old in table.schemas().values():
        for field_id in wanted & set(old.field_ids):
            before, after = old.find_type(field_id), now.find_type(field_id)
            if before.is_primitive and before != after:
                return True
    return False


def _parts(type_: Any, field_id: int) -> Iterator[int]:
    yield field_id
    for field in getattr(type_, "fields", ()):
        yield from _parts(field.field_type, field.field_id)


def _read_by_pyiceberg(
    spark: SparkSession, table: Table, tasks: Sequence[FileScanTask], schema: T.StructType, storage: Storage
) -> DataFrame:
    reader = _Reader(table.metadata.model_dump_json(), tuple(tasks), tuple(field.name for field in schema.fields), storage)
    numbers = spark.range(0, len(tasks), 1, min(len(tasks), 2 * spark.sparkContext.defaultParallelism))
    return map_in_arrow(numbers, reader, T.StructType([*schema.fields, T.StructField(DATA_FILE, T.StringType())]))


@dataclass(frozen=True)
class _Reader:
    """Reads files in a task, deletes applied."""

    metadata: str
    tasks: tuple[FileScanTask, ...]
    columns: tuple[str, ...]
    storage: Storage

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The rows of the files whose numbers are in the batches."""
        metadata = TableMetadataUtil.parse_raw(self.metadata)
        scan = ArrowScan(metadata, StorageFileIO(io_properties(self.storage)), metadata.schema().select(*self.columns), AlwaysTrue())
        for batch in batches:
            for number in batch.column(0).to_pylist():
                task = self.tasks[number]
                for found in scan.to_record_batches([task]):
                    names = pa.array([task.file.file_path] * found.num_rows, pa.string())
                    arrays = [_small(found.column(name)) for name in self.columns]
                    yield pa.RecordBatch.from_arrays([*arrays, names], [*self.columns, DATA_FILE])


def _small(array: Any) -> Any:
    """Texts as Spark takes them."""
    if pa.types.is_large_string(array.type):
        return array.cast(pa.string())
    return array.cast(pa.binary()) if pa.types.is_large_binary(array.type) else array


def has_deletes(table: Table, snapshot_id: int) -> bool:
    """Whether some other writer put delete files beside data files."""
    snapshot = table.snapshot_by_id(snapshot_id)
    return snapshot is not None and any(one.content == ManifestContent.DELETES for one in snapshot.manifests(table.io))
