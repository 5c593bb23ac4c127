"""A Parquet table whose partitions are registered: a run's directories become visible by one registration.

A table's last partition key is `_run_id`: several runs can then add to the same day or country without one hiding the other. A table that
is partitioned by its declared columns alone takes each of their values from one run only; a second one is refused. A run of more than 100
partitions is refused before anything is registered: the catalog takes no more in one call, and readers would see a part of the run.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812 - the name everybody gives it

from ..errors import PublishError, StaleTableError
from ..files import as_pattern
from .arrow_files import check_files, write_files
from .base import DATA_FILE, Written
from .clustering import together
from .iceberg_reading import path_of
from .places import absolute, is_below, remove_below, run_of, shown
from .registries import BATCH, RUN_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from ..files import Storage
    from .arrow_files import Key
    from .base import DataFile
    from .registries import PartitionRegistry, Values

HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
"""The value of a partition whose column is NULL."""
_KEY = "_partition_{}"
_ESCAPED = re.compile(r"""[\x00-\x20"#%'*/:=?\\\x7f{}\[\]^+]""")
"""What the name of a directory does not say plainly: Hive's list, and what means something in a URI."""


@dataclass(frozen=True)
class DirectoryLayout:
    """Rows as files below directories `<column>=<value>`; the columns themselves are not in the files. Travels to executors."""

    columns: tuple[str, ...]

    def arrange(self, table: pa.Table) -> tuple[list[pa.Array], pa.Table]:
        """The text of each partition column for every row, and the rows without those columns."""
        names = [_KEY.format(at) for at in range(len(self.columns))]
        keys = [table.column(name).combine_chunks() for name in names]
        return keys, table.drop_columns([*names, *self.columns]) if names else table

    def folder(self, key: Key) -> str:
        """The directory of the values."""
        return "/".join(f"{escape(column)}={escape(value or HIVE_NULL)}" for column, value in zip(self.columns, key, strict=True))


class ParquetTable:
    """See `base.PublishedTable`. Rows cannot be replaced: a published file is never touched.

    Args:
        registry: Where partitions are registered.
        columns: Names and types of all columns, in order.
        partition_columns: Those whose values are directories.
        storage: Reads and writes files, on executors too.
        spread: Whether rows come straight from the delivered files, a task each, and are spread over as many files as their size is worth.
    """

    def __init__(
        self,
        registry: PartitionRegistry,
        columns: StructType,
        storage: Storage,
        *,
        partition_columns: Sequence[str] = (),
        spread: bool = False,
    ) -> None:
        self._registry = registry
        self._columns = columns
        self._partition_columns = tuple(partition_columns)
        self._storage = storage
        self._spread = spread
        self._judged: dict[Values, str] | None = None

    def version(self) -> str:
        """A digest of the registered partitions and their places."""
        return digest(self._registry.partitions())

    def published_as(self, run_id: str) -> str | None:
        """The version now, when partitions of the run are registered; that all of them are, `publish` knows."""
        partitions = self._registry.partitions()
        return digest(partitions) if _of_run(partitions, run_id) else None

    def rows(self, spark: SparkSession, columns: Sequence[str]) -> DataFrame | None:
        """What stands in the directories that were registered when this was first asked for; after `publish`, now."""
        partitions = self._seen()
        if not partitions:
            return None
        stored = [field for field in self._columns.fields if field.name in columns and field.name not in self._partition_columns]
        keys = [name for name in self._partition_columns if name in columns]
        frame = (
            spark.read.schema(type(self._columns)(stored or self._own_columns()[:1]))
            .option("recursiveFileLookup", "true")
            .parquet(*map(as_pattern, sorted(partitions.values())))
            .withColumn(DATA_FILE, path_of(F.input_file_name()))
        )
        if keys:
            frame = self._with_partition_columns(spark, frame, partitions)
        return frame.select(*(F.col(f"`{name}`") for name in columns), F.col(DATA_FILE))

    def write(self, good: DataFrame, location: str, *, replaced: DataFrame | None = None) -> Written:
        """Writes the rows below directories of their partition values.

        Raises:
            PublishError: If the run is published already, or rows are to be replaced.
        """
        if replaced is not None:
            message = f"{self._registry.name} is a Parquet table, whose published rows cannot be replaced; make it an Iceberg table"
            raise PublishError(message)
        location = absolute(location)
        partitions = self._seen()
        self._keys()
        if any(is_below(place, location) for place in self._registry.partitions().values()):
            message = f"run {run_of(location)} is published in {self._registry.name}; give another run another id"
            raise PublishError(message)
        remove_below(self._storage, location)
        keys = [F.col(f"`{name}`").cast("string") for name in self._partition_columns]
        keyed = good.withColumns({_KEY.format(at): key for at, key in enumerate(keys)}) if keys else good
        names = [F.col(_KEY.format(at)) for at in range(len(keys))]
        layout = DirectoryLayout(self._partition_columns)
        files = write_files(keyed, layout, location, self._storage, arrange=lambda frame: together(frame, names, spread=self._spread))
        return Written(files=files, rows=sum(file.rows for file in files), base_version=digest(partitions))

    def audit(self, written: Written) -> None:
        """Holds the files against what was written, and the directories against the files: a reader of one sees all that stands in it.

        Raises:
            PublishError: If a file is missing or has other rows, if others stand beside it, or if there are too many partitions.
        """
        if not written.files:
            return
        check_files(written.files, self._storage)
        self._wanted(run_of(written.files[0].path), written)
        known = {file.path for file in written.files}
        folders = {_folder(file) for file in written.files}
        others = [file.path for folder in folders for file in self._storage.files(folder) if file.path not in known]
        visible = [path for path in others if not path.rpartition("/")[2].startswith((".", "_"))]
        if visible:
            message = (
                f"{shown(visible[0])} and {len(visible) - 1} more files stand beside those that the run wrote; ingest the original again"
            )
            raise PublishError(message)

    def publish(self, run_id: str, written: Written) -> str:
        """Registers the directories of the run's files."""
        wanted = self._wanted(run_id, written)
        standing = self._registry.partitions()
        if all(standing.get(values) == place for values, place in wanted.items()):
            return digest(standing)
        self._judged = None
        self._registry.register(wanted, lambda now: self._require_base(now, wanted, written.base_version))
        return self.version()

    def withdraw(self, run_id: str, location: str) -> None:
        """Takes a run from readers and removes its files, so that it is written anew. Of quarantine only: what readers have, they keep."""
        doomed = [values for values, place in self._registry.partitions().items() if run_of(place) == run_id]
        if doomed:
            self._registry.remove(doomed)
        self._judged = None
        remove_below(self._storage, absolute(location))

    def _wanted(self, run_id: str, written: Written) -> dict[Values, str]:
        """Locations by the values that the table's keys want."""
        suffix = self._keys()
        wanted = {}
        for file in written.files:
            if run_of(file.path) != run_id:
                message = f"the files of run {run_of(file.path)} cannot be published as run {run_id}"
                raise PublishError(message)
            values = tuple(HIVE_NULL if value is None else value for value in file.partition)
            wanted[values + ((run_id,) if suffix else ())] = _folder(file)
        if len(wanted) > BATCH:
            message = (
                f"run {run_id} makes {len(wanted)} partitions of {self._registry.name}; the catalog shows at most {BATCH} in one step: "
                "make it an Iceberg table, partition it by fewer values, or deliver less at once"
            )
            raise PublishError(message)
        return wanted

    def _require_base(self, standing: Mapping[Values, str], wanted: Mapping[Values, str], base_version: str) -> None:
        """What the run itself registered before a crash does not count."""
        others = {values: place for values, place in standing.items() if wanted.get(values) != place}
        if digest(others) != base_version:
            message = (
                f"readers of {self._registry.name} see other partitions than the rows were judged against: "
                "somebody else published meanwhile; judge again"
            )
            raise StaleTableError(message)

    def _seen(self) -> dict[Values, str]:
        if self._judged is None:
            self._judged = self._registry.partitions()
        return self._judged

    def _keys(self) -> bool:
        """Whether the table's last key is the run's."""
        keys, columns = self._registry.keys(), list(self._partition_columns)
        if keys == [*columns, RUN_KEY]:
            return True
        if columns and keys == columns:
            return False
        message = f"{self._registry.name} is partitioned by {keys}; the job registers {[*columns, RUN_KEY]}"
        raise PublishError(message)

    def _own_columns(self) -> list[Any]:
        return [field for field in self._columns.fields if field.name not in self._partition_columns]

    def _with_partition_columns(self, spark: SparkSession, frame: DataFrame, partitions: Mapping[Values, str]) -> DataFrame:
        """The values out of the registry: it is what readers go by."""
        count = len(self._partition_columns)
        table = [(place, *(None if value == HIVE_NULL else value for value in values[:count])) for values, place in partitions.items()]
        names = [f"_value_{at}" for at in range(count)]
        known = spark.createDataFrame(table, ", ".join(["_place string", *(f"{name} string" for name in names)]))
        joined = frame.withColumn("_folder", F.regexp_replace(F.col(DATA_FILE), "/[^/]*$", "")).join(
            F.broadcast(known), F.col("_folder") == F.col("_place")
        )
        typed = {name: F.col(names[at]).cast(self._columns[name].dataType) for at, name in enumerate(self._partition_columns)}
        return joined.withColumns(typed)


def digest(partitions: Mapping[Values, str]) -> str:
    """A short name of exactly these partitions; empty when there is none."""
    if not partitions:
        return ""
    text = json.dumps(sorted([list(values), place] for values, place in partitions.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def escape(text: str) -> str:
    """A value as the name of a directory, as Hive and Spark write it."""
    return _ESCAPED.sub(lambda match: f"%{ord(match.group()):02X}", text)


def _folder(file: DataFile) -> str:
    return file.path.rpartition("/")[0]


def _of_run(partitions: Mapping[Values, str], run_id: str) -> bool:
    return any(f"/run_id={run_id}/" in f"{place}/" for place in partitions.values())
