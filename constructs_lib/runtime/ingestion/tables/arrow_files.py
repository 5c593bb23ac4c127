"""Writes the rows of a frame as Parquet, in Spark's tasks, with pyarrow: zstd, statistics, and an Iceberg schema's field ids throughout.

Why not Spark's own writer: it gives field ids to columns and to fields of structs only, not to a list's elements or a map's keys and
values, and without those other engines cannot read an Iceberg table's nested columns. Measured side by side on nine columns, 1.5 million
rows, two cores: as fast as Spark's writer or faster. What a batch of very wide rows could do to memory is bounded by `rows_per_batch`.
Rehearsed on a laptop as it runs in Glue, but for S3, where the same code runs against an emulation only.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import (
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)

from ..arrow import map_in_arrow
from ..errors import PublishError, StaleTableError
from ..files import Storage, join
from .base import DataFile
from .file_io import StorageFileIO, io_properties
from .outgoing import Outgoing, complete
from .places import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pyspark.sql import DataFrame

TARGET_SIZE = 128 * 1024 * 1024
"""Bytes after which a task begins another file."""
ROW_GROUP = 64 * 1024 * 1024
"""Bytes of rows in memory, before compression, that make a row group."""
BATCH_BYTES = 512 * 1024 * 1024
BATCH_ROWS = 10_000
READERS = 16
"""Footers read at the same time."""

_ARROW_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"
_RESULT = T.StructType([T.StructField("pending", T.StringType())])

Key = tuple[str | None, ...]


class Layout(Protocol):
    """How rows become files; travels to executors."""

    def arrange(self, table: pa.Table) -> tuple[list[pa.Array], pa.Table]:
        """The text of each partition field for every row, and the rows as they are stored."""
        ...

    def folder(self, key: Key) -> str:
        """Where below the location the files of that partition stand; empty for the location itself."""
        ...


def write_files(
    rows: DataFrame, layout: Layout, location: str, storage: Storage, *, arrange: Callable[[DataFrame], DataFrame]
) -> tuple[DataFile, ...]:
    """Writes the rows below the location and returns the files, their rows read back from the footers.

    Args:
        rows: What is written; read twice, so persist what is dear.
        layout: How rows become files.
        location: A prefix of the run's own.
        storage: On executors too.
        arrange: Brings rows of the same partition together: a task writes one partition after the other.

    Raises:
        PublishError: If a footer tells other numbers than the task that wrote it.
    """
    writer = TaskWriter(layout, location, storage, TARGET_SIZE, ROW_GROUP)
    conf = rows.sparkSession.conf
    before = str(conf.get(_ARROW_BATCH))
    conf.set(_ARROW_BATCH, str(rows_per_batch(rows)))
    try:
        answers = map_in_arrow(arrange(rows), writer, _RESULT).collect()
    finally:
        conf.set(_ARROW_BATCH, before)
    return finish([json.loads(answer["pending"]) for answer in answers], storage)


def finish(pending: Sequence[dict[str, Any]], storage: Storage) -> tuple[DataFile, ...]:
    """Makes the files appear whose descriptions arrived, and reads their footers back."""
    complete(storage, pending)
    counted = dict(zip((one["path"] for one in pending), footers([one["path"] for one in pending], storage), strict=True))
    wrong = [one["path"] for one in pending if counted[one["path"]].num_rows != one["rows"]]
    if wrong:
        message = f"{len(wrong)} files have other rows than were written to them, {shown(wrong[0])} the first"
        raise PublishError(message)
    files = (
        DataFile(
            path=one["path"],
            rows=counted[one["path"]].num_rows,
            size=one["size"],
            partition=tuple(one["partition"]),
            sha256=one["sha256"],
        )
        for one in pending
    )
    return tuple(sorted(files, key=lambda file: (tuple(part or "" for part in file.partition), file.path)))


def footers(paths: Sequence[str], storage: Storage) -> list[Any]:
    """The Parquet metadata of each file, in order.

    Raises:
        StaleTableError: If one is missing or no Parquet file: what cannot be published has to be written again.
    """
    if not paths:
        return []
    files = StorageFileIO(io_properties(storage))
    files.client(paths[0])  # made once, before threads ask for it

    def read(path: str) -> Any:
        try:
            with files.new_input(path).open() as stream:
                return pq.read_metadata(stream)
        except (FileNotFoundError, pa.ArrowInvalid) as error:
            message = f"{shown(path)} is missing or no Parquet file: what the run wrote is not there; judge again"
            raise StaleTableError(message) from error

    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(read, paths))


def check_files(files: Sequence[DataFile], storage: Storage) -> list[Any]:
    """Holds the files against what was written, and returns their footers.

    Raises:
        StaleTableError: If one is missing.
        PublishError: If one has other rows.
    """
    found = footers([file.path for file in files], storage)
    for file, footer in zip(files, found, strict=True):
        if footer.num_rows != file.rows:
            message = f"{shown(file.path)} has {footer.num_rows} rows, the run wrote {file.rows}; ingest the original again"
            raise PublishError(message)
    return found


def rows_per_batch(rows: DataFrame) -> int:
    """As many rows as Arrow may hand over at once: fewer where one of them is very wide."""
    wide = [field.name for field in rows.schema.fields if isinstance(field.dataType, (T.StringType, T.BinaryType))]
    if not wide:
        return BATCH_ROWS
    width = sum((F.coalesce(F.octet_length(F.col(f"`{name}`")), F.lit(0)).cast("long") for name in wide), F.lit(0).cast("long"))
    widest = rows.agg(F.max(width).alias("widest")).collect()[0]["widest"]
    return max(1, min(BATCH_ROWS, BATCH_BYTES // max(1, int(widest or 0))))


@dataclass(frozen=True)
class TaskWriter:
    """What a task does with its rows; yields a description of each file, none of which is visible yet."""

    layout: Layout
    location: str
    storage: Storage
    target_size: int
    row_group: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Writes the batches of one task."""
        pending = list(self.write(batches))
        yield pa.RecordBatch.from_arrays([pa.array([json.dumps(one) for one in pending], pa.string())], ["pending"])

    def write(self, batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
        """The same, as plain descriptions."""
        current: _Partition | None = None
        try:
            for batch in batches:
                if not batch.num_rows:
                    continue
                keys, stored = self.layout.arrange(pa.Table.from_batches([batch]))
                for key, part in split(keys, stored):
                    if current is None or current.key != key:
                        if current is not None:
                            yield from current.end()
                        current = _Partition(self, key)
                    yield from current.add(part)
            if current is not None:
                yield from current.end()
        except BaseException:
            if current is not None:
                current.discard()
            raise


def split(keys: Sequence[pa.Array], table: pa.Table) -> Iterator[tuple[Key, pa.Table]]:
    """The rows by their keys, in the order in which keys first appear."""
    if not keys:
        yield (), table
        return
    names = [f"k{at}" for at in range(len(keys))]
    indexed = pa.table([*keys, pa.array(range(table.num_rows), pa.int64())], [*names, "at"])
    groups = indexed.group_by(names, use_threads=False).aggregate([("at", "list")]).to_pylist()
    for group in sorted(groups, key=lambda one: one["at_list"][0]):
        yield tuple(group[name] for name in names), table if len(groups) == 1 else table.take(group["at_list"])


class _Partition:
    """The files of one partition that one task writes, one after the other."""

    def __init__(self, task: TaskWriter, key: Key) -> None:
        self.key = key
        self._task = task
        self._rows: list[pa.Table] = []
        self._bytes = 0
        self._count = 0
        self._out: Outgoing | None = None
        self._writer: pq.ParquetWriter | None = None

    def add(self, table: pa.Table) -> Iterator[dict[str, Any]]:
        self._rows.append(table)
        self._bytes += table.nbytes
        if self._bytes >= self._task.row_group:
            self._flush()
            if self._out is not None and self._out.size >= self._task.target_size:
                yield self._close()

    def end(self) -> Iterator[dict[str, Any]]:
        self._flush()
        if self._writer is not None:
            yield self._close()

    def discard(self) -> None:
        if self._out is not None:
            with contextlib.suppress(Exception):
                self._out.discard()

    def _flush(self) -> None:
        if not self._rows:
            return
        table = pa.concat_tables(self._rows)
        if self._writer is None:
            self._out = Outgoing(self._task.storage, self._path())
            self._writer = pq.ParquetWriter(
                self._out, table.schema, compression="zstd", compression_level=3, store_decimal_as_integer=True, store_schema=False
            )
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self._count += table.num_rows
        self._rows, self._bytes = [], 0

    def _path(self) -> str:
        folder = self._task.layout.folder(self.key)
        return join(self._task.location, *([folder] if folder else []), f"{uuid.uuid4()}.parquet")

    def _close(self) -> dict[str, Any]:
        if self._writer is None or self._out is None:
            message = "no file is open"
            raise AssertionError(message)
        self._writer.close()
        described = {**self._out.finish(), "rows": self._count, "partition": list(self.key)}
        self._writer, self._out, self._count = None, None, 0
        return described
