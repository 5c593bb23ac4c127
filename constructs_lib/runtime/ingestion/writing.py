"""Writes a run's rows below a prefix of its own, so that no run can touch what another wrote.

`<zone>/<table prefix>run_id=<run>/` holds Parquet with zstd: good rows with the table's types, partition columns as directories below;
quarantined rows as they were delivered, all strings, with `_reasons`, `_source_file`, `_source_line`, and `_source_record`: the whole
text of a record that could not be split into columns, NULL otherwise. Writing the same run again replaces exactly its own prefix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pyspark.sql import (
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)

from .errors import SpecError
from .files import join
from .reading import raw
from .validation import GOOD, OUTCOME, QUARANTINED, REASONS, typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession

    from .files import Storage
    from .spec import JobSpec

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Partition:
    """One directory of a run: the values of the partition columns, in their order, and where the files stand."""

    values: tuple[str, ...]
    location: str


def run_location(root: str, spec: JobSpec, run_id: str) -> str:
    """Where a run's files of the table stand in a zone.

    Raises:
        SpecError: If the run id could not be the name of a directory.
    """
    if not _RUN_ID.fullmatch(run_id):
        message = f"run id {run_id!r}: expected 1 to 128 letters, digits, dots, underscores or hyphens, a letter or digit first"
        raise SpecError(message)
    return join(root, spec.prefix, f"run_id={run_id}")


def write_good(judged: DataFrame, spec: JobSpec, location: str) -> None:
    """Writes the good rows with the table's columns and types."""
    rows = judged.where(F.col(OUTCOME) == GOOD).select(*(F.col(typed(at)).alias(column.name) for at, column in enumerate(spec.columns)))
    if spec.partition_columns:
        # few files a partition, without one task that gets all of a large one; the method `hint` takes no columns
        names = ", ".join(f"`{name}`" for name in spec.partition_columns)
        rows = rows.sparkSession.sql(f"SELECT /*+ REBALANCE({names}) */ * FROM {{rows}}", rows=rows)  # noqa: S608 - names of the contract
    rows.write.mode("overwrite").option("compression", "zstd").partitionBy(*spec.partition_columns).parquet(location)


def write_quarantined(judged: DataFrame, spec: JobSpec, location: str) -> None:
    """Writes the quarantined rows as delivered, with all their reasons and where they come from."""
    rows = judged.where(F.col(OUTCOME) == QUARANTINED).select(
        *(F.col(raw(at)).alias(column.name) for at, column in enumerate(spec.columns)),
        F.col(REASONS),
        F.col("_file").alias("_source_file"),
        F.col("_line").alias("_source_line"),
        F.col("_record").alias("_source_record"),
    )
    rows.write.mode("overwrite").option("compression", "zstd").parquet(location)


def count_good(spark: SparkSession, spec: JobSpec, types: Sequence[T.DataType], location: str) -> int:
    """How many good rows the files at `location` hold, read back."""
    fields = [T.StructField(column.name, type_) for column, type_ in zip(spec.columns, types, strict=True)]
    return spark.read.schema(T.StructType(fields)).parquet(location).count()


def count_quarantined(spark: SparkSession, location: str) -> int:
    """How many quarantined rows the files at `location` hold, read back."""
    return spark.read.schema("_source_file string, _source_line bigint").parquet(location).count()


def partitions(storage: Storage, spec: JobSpec, location: str) -> list[Partition]:
    """The partitions that a run's good rows made; a table without partition columns has one, or none when there are no rows' files."""
    found = {}
    for file in storage.files(location):
        folders = file.path[len(location) :].strip("/").split("/")[:-1]
        if not file.path.endswith(".parquet") or len(folders) != len(spec.partition_columns):
            continue
        # the writer escapes what a path cannot hold as %XX; the catalog wants the value
        values = tuple(unquote(folder.partition("=")[2]) for folder in folders)
        found[values] = Partition(values=values, location=join(location, *folders))
    return [found[values] for values in sorted(found)]
