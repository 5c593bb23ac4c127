"""Shares text files among Spark's tasks and brings their batches into a DataFrame."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pyspark.sql import (
    functions as F,  # noqa: N812 - the name everybody gives it
)

from ..arrow import map_in_arrow
from ..survey import has_header
from .batches import Piece, piece_batches, raw
from .header import layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from ..files import Storage, StoredFile
    from ..spec import JobSpec
    from ..survey import FileSurvey

TASKS_PER_SLOT = 8
CUTS_PER_TASK = 8
"""The most: 64 MiB of plain text a task."""


def slices(spark: SparkSession, things: int) -> int:
    """Into how many tasks so many things go."""
    return max(1, min(things, spark.sparkContext.defaultParallelism * TASKS_PER_SLOT))


def text_records(
    spark: SparkSession, files: Sequence[StoredFile], storage: Storage, spec: JobSpec, surveys: Mapping[str, FileSurvey]
) -> DataFrame:
    """The records of CSV or JSON lines files."""
    parts = pieces(files, storage, spec, surveys, spark.sparkContext.defaultParallelism)

    def rows(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            for at in batch.column(0).to_pylist():
                yield from piece_batches(parts[at], storage, spec)

    columns = ["_number int", "_line bigint", "_lines bigint", "_problem string", "_record string"]
    columns += [f"{raw(position)} string" for position in range(len(spec.columns))]
    numbers = spark.range(0, len(parts), 1, slices(spark, len(parts)))
    found = map_in_arrow(numbers, rows, ", ".join(columns))
    # a number a row instead of a path: Spark folds the list into one value of the plan
    paths = F.from_json(F.lit(json.dumps([file.path for file in files])), "array<string>")
    return found.select(paths[F.col("_number")].alias("_file"), *(name for name in found.columns if name != "_number"))


def pieces(
    files: Sequence[StoredFile], storage: Storage, spec: JobSpec, surveys: Mapping[str, FileSurvey], parallelism: int
) -> list[Piece]:
    """What the tasks read: whole files, and parts of those that have places to cut at."""
    total = sum(len(item.cuts) + 1 for item in surveys.values())
    step = max(1, min(CUTS_PER_TASK, total // (parallelism * TASKS_PER_SLOT)))
    found = []
    for number, file in enumerate(files):
        known = surveys.get(file.path)
        cuts = list(known.cuts) if known is not None and _may_be_cut(known, spec) else []
        # whoever reads a later part of a compressed file decompresses what comes before it
        one = max(step, -(-len(cuts) // parallelism)) if cuts and storage.is_compressed(file) else step
        starts = [(0, 1), *cuts[one - 1 :: one]]
        ends = [*(start for start, _ in starts[1:]), None]
        header = known.header if known is not None else ()
        found += [
            Piece(file=file, number=number, start=start, end=end, line=line, header=header)
            for (start, line), end in zip(starts, ends, strict=True)
        ]
    return found


def _may_be_cut(survey: FileSurvey, spec: JobSpec) -> bool:
    """Whether every part of the file can be told its header."""
    return not has_header(spec) or (bool(survey.header) and layout(survey.header, spec).trouble is None)
