"""Turns delivered files into one DataFrame of records: where each stands, what was delivered as strings, what is wrong with it.

Text files are split in Python, as `framing` says, and reach Spark as Arrow batches; a large one is shared among tasks at places that its
survey found. Parquet files are read by Spark. The columns of the result are internal: `_file`, `_line`, `_lines`, `_problem`, `_record`,
then `r0`, `r1`, ... one a column of the table (and for Parquet `p0`, `p1`, ... where a column is delivered with exactly the type it has
in the table).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..survey import readable, survey_file
from .batches import INVALID_UNICODE, TOO_FEW_FIELDS, TOO_MANY_FIELDS, raw, text_rows
from .header import AMBIGUOUS_COLUMN, COLUMN_ORDER, MALFORMED_HEADER, MISSING_COLUMN, UNDECLARED_COLUMN
from .parquet import delivered, parquet_records
from .tasks import slices, text_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyspark.sql import (
        DataFrame,
        SparkSession,
        types as T,  # noqa: N812 - the name everybody gives it
    )

    from ..files import Storage, StoredFile
    from ..spec import JobSpec
    from ..survey import FileSurvey

__all__ = [
    "AMBIGUOUS_COLUMN",
    "COLUMN_ORDER",
    "INVALID_UNICODE",
    "MALFORMED_HEADER",
    "MISSING_COLUMN",
    "TOO_FEW_FIELDS",
    "TOO_MANY_FIELDS",
    "UNDECLARED_COLUMN",
    "delivered",
    "raw",
    "read",
    "readable",
    "survey",
    "text_rows",
    "undeclared",
]


def survey(spark: SparkSession, files: Sequence[StoredFile], storage: Storage, spec: JobSpec) -> list[FileSurvey]:
    """What each file holds, counted apart from the reading; a file that cannot be read to its end says so (`readable` refuses those)."""

    def some(part: Iterable[StoredFile]) -> Iterable[FileSurvey]:
        return (survey_file(file, storage, spec) for file in part)

    return list(spark.sparkContext.parallelize(list(files), slices(spark, len(files))).mapPartitions(some).collect())


def read(
    spark: SparkSession,
    files: Sequence[StoredFile],
    storage: Storage,
    spec: JobSpec,
    types: Sequence[T.DataType],
    surveys: Sequence[FileSurvey] | None = None,
) -> DataFrame:
    """Every record of the files, none left out.

    Args:
        spark: The session.
        files: What to read.
        storage: Where from.
        spec: How they are delivered.
        types: Of the table's columns.
        surveys: Of these files, in any order; where they are given, several tasks share a large text file.
    """
    by_path = {item.path: item for item in surveys or ()}
    if spec.source.format == "parquet":
        return parquet_records(spark, files, spec, types, by_path)
    return text_records(spark, files, storage, spec, by_path)


def undeclared(survey: FileSurvey, spec: JobSpec) -> list[str]:
    """Columns of the file's header that the table has not; their values stay in the raw zone.

    None where the first line names no column of the table: it may be a record, whose values nobody is to read in a manifest.
    """
    names = {column.source_name for column in spec.columns}
    found = [name.strip() for name in survey.header]
    return [name for name in found if name not in names] if names & set(found) else []
