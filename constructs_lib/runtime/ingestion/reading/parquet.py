"""Reads Parquet files by Spark: values as text for those that have to be cast, unchanged where they have the table's own type."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import (
    DataFrame,
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)

from ..files import as_pattern
from .batches import raw
from .header import AMBIGUOUS_COLUMN, Layout, layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, SparkSession

    from ..files import StoredFile
    from ..spec import JobSpec
    from ..survey import FileSurvey


def delivered(position: int) -> str:
    """Name of the column that holds the same unchanged, where a Parquet file has it in the table's own type; NULL elsewhere."""
    return f"p{position}"


def parquet_records(
    spark: SparkSession, files: Sequence[StoredFile], spec: JobSpec, types: Sequence[T.DataType], surveys: Mapping[str, FileSurvey]
) -> DataFrame:
    """The records of Parquet files."""
    if not files:
        return _columns(spark.range(0), "", F.col("id"), Layout(width=0, trouble=""), types)
    return reduce(DataFrame.unionByName, [_records(spark, file, spec, types, surveys.get(file.path)) for file in files])


def _records(spark: SparkSession, file: StoredFile, spec: JobSpec, types: Sequence[T.DataType], survey: FileSurvey | None) -> DataFrame:
    alike = _alike(survey.header, spec) if survey is not None else None
    if survey is not None and alike is not None:  # Spark reads no file whose columns differ by case alone
        frame, line = spark.range(survey.records), F.col("id") + 1
        how = Layout(width=len(survey.header), trouble=AMBIGUOUS_COLUMN + alike)
    else:
        frame = spark.read.parquet(as_pattern(file.path))
        how, line = layout(frame.columns, spec), F.col("_metadata.row_index") + 1
    return _columns(frame, file.path, line, how, types, nanoseconds=() if survey is None else survey.nanoseconds)


def _columns(
    frame: DataFrame, path: str, line: Column, how: Layout, types: Sequence[T.DataType], *, nanoseconds: Sequence[str] = ()
) -> DataFrame:
    """The columns of records out of a file's own."""
    columns: list[Column] = [
        F.lit(path).alias("_file"),
        line.alias("_line"),
        F.lit(1).cast("bigint").alias("_lines"),
        F.lit(how.trouble).cast("string").alias("_problem"),
        F.lit(None).cast("string").alias("_record"),
    ]
    for position, type_ in enumerate(types):
        place = how.places[position] if how.trouble is None else None
        if place is None:
            columns += [F.lit(None).cast("string").alias(raw(position)), F.lit(None).cast(type_).alias(delivered(position))]
            continue
        field = frame.schema[place]
        name = "`" + field.name.replace("`", "``") + "`"
        value = F.col(name)
        if field.name in nanoseconds and isinstance(field.dataType, T.LongType):
            columns += [_moment(name).alias(raw(position)), F.lit(None).cast(type_).alias(delivered(position))]
            continue
        unchanged = value if field.dataType.simpleString() == type_.simpleString() else F.lit(None).cast(type_)
        columns += [_as_string(value, field.dataType).alias(raw(position)), unchanged.alias(delivered(position))]
    return frame.select(*columns)


def _moment(name: str) -> Column:
    """Nanoseconds as Spark writes a moment; with nine digits, which no type here holds, where there are parts of a microsecond."""
    parts = F.pmod(F.col(name), F.lit(1000))
    moment = F.timestamp_micros(F.expr(f"({name} - pmod({name}, 1000)) div 1000"))
    exact = F.concat(F.date_format(moment, "yyyy-MM-dd HH:mm:ss.SSSSSS"), F.lpad(parts.cast("string"), 3, "0"))
    return F.when(parts == 0, moment.cast("string")).otherwise(exact)


def _alike(header: Sequence[str], spec: JobSpec) -> str | None:
    """A name that stands in the header twice, but for upper and lower case: the contract's where it is one of its columns."""
    lowered = [name.lower() for name in header]
    twice = [name for name in lowered if lowered.count(name) > 1]
    if not twice:
        return None
    return next((column.source_name for column in spec.columns if column.source_name.lower() in twice), "")


def _as_string(value: Column, kind: T.DataType) -> Column:
    if isinstance(kind, (T.StructType, T.ArrayType, T.MapType)):
        return F.to_json(value)
    if isinstance(kind, T.BinaryType):
        return F.base64(value)
    return value.cast("string")
