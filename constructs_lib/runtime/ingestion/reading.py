"""Turns delivered files into one DataFrame of records: where each stands, what was delivered as strings, what is wrong with it.

Text files are framed by `framing` in Python, one task a file, so that every record has its exact line and none is dropped. Parquet files
are read by Spark. The columns of the result are internal: `_file`, `_line`, `_lines`, `_problem`, `_record`, then `r0`, `r1`, ... one a
column of the table (and for Parquet `p0`, `p1`, ... where a column is delivered with exactly the type it has in the table).
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import (
    DataFrame,
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)

from .errors import UnreadableInput
from .framing import UNDECODABLE, is_undecodable, json_record, json_text, lines_of, printable
from .survey import FileSurvey, frames_of, is_record, survey_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pyspark.sql import Column, SparkSession

    from .files import Storage, StoredFile
    from .framing import Frame
    from .spec import JobSpec

    Row = tuple[str | int | None, ...]

TOO_FEW_FIELDS = "too_few_fields"
TOO_MANY_FIELDS = "too_many_fields"
MALFORMED_HEADER = "malformed_header"
INVALID_UNICODE = "invalid_unicode"
MISSING_COLUMN = "missing_column:"
AMBIGUOUS_COLUMN = "ambiguous_column:"
FILES_PER_TASK_SLOT = 8


def raw(position: int) -> str:
    """Name of the column that holds what was delivered for the table's column of that position."""
    return f"r{position}"


def delivered(position: int) -> str:
    """Name of the column that holds the same unchanged, where a Parquet file has it in the table's own type; NULL elsewhere."""
    return f"p{position}"


def survey(spark: SparkSession, files: Sequence[StoredFile], storage: Storage, spec: JobSpec) -> list[FileSurvey]:
    """What each file holds, counted apart from the reading.

    Raises:
        UnreadableInput: If a file cannot be read to its end; names all of them.
    """
    if spec.source.format == "parquet":
        return [_survey_parquet(spark, file) for file in files]

    def one(file: StoredFile) -> FileSurvey:
        return survey_file(file, storage, spec)

    found = spark.sparkContext.parallelize(list(files), _slices(spark, files)).map(one).collect()
    broken = [f"{item.path}: {item.error}" for item in found if item.error]
    if broken:
        raise UnreadableInput("; ".join(broken))
    return found


def read(spark: SparkSession, files: Sequence[StoredFile], storage: Storage, spec: JobSpec, types: Sequence[T.DataType]) -> DataFrame:
    """Every record of the files, none left out. `types` are the types of the table's columns."""
    if spec.source.format == "parquet":
        parts = [_parquet_rows(spark, file, spec, types) for file in files]
        return reduce(DataFrame.unionByName, parts)

    def rows(part: Iterable[StoredFile]) -> Iterator[Row]:
        for file in part:
            yield from text_rows(file, storage, spec)

    fields = [
        T.StructField("_file", T.StringType(), nullable=False),
        T.StructField("_line", T.LongType(), nullable=False),
        T.StructField("_lines", T.LongType(), nullable=False),
        T.StructField("_problem", T.StringType()),
        T.StructField("_record", T.StringType()),
        *(T.StructField(raw(position), T.StringType()) for position in range(len(spec.columns))),
    ]
    records = spark.sparkContext.parallelize(list(files), _slices(spark, files)).mapPartitions(rows)
    return spark.createDataFrame(records, T.StructType(fields), verifySchema=False)


def text_rows(file: StoredFile, storage: Storage, spec: JobSpec) -> Iterator[Row]:
    """The records of one CSV or JSON lines file as rows of the DataFrame. `_record` holds the text of a record that has a problem."""
    with storage.open_plain(file) as stream:
        frames = frames_of(lines_of(stream, spec.source.encoding), spec.source)
        values = _json_values(spec) if spec.source.format == "jsonl" else _csv_values(spec, frames)
        for frame in frames:
            if not is_record(frame, spec):
                continue
            cells, problem = values(frame)
            text = None
            if is_undecodable(frame.text):
                problem = problem or UNDECODABLE
                cells = [None if cell is None else printable(cell) for cell in cells]
            if problem is not None:
                text = printable(frame.text)
            yield (file.path, frame.line, frame.lines, problem, text, *cells)


def _csv_values(spec: JobSpec, frames: Iterator[Frame]) -> Callable[[Frame], tuple[list[str | None], str | None]]:
    """How a frame becomes one cell a column; reads the header, if there is one, from the frames."""
    width, marker = len(spec.columns), spec.source.null_marker
    empty: list[str | None] = [None] * width
    order: list[int] | None = None
    trouble: str | None = None
    expected = width
    if spec.source.header:
        header = next((frame.fields for frame in frames if frame.fields != []), [])
        order, trouble = header_order(header, [column.source_name for column in spec.columns])
        expected = len(header or [])

    def values(frame: Frame) -> tuple[list[str | None], str | None]:
        fields = frame.fields
        if fields is None:
            return empty, frame.problem
        if trouble is not None:
            return empty, trouble
        problem = None
        fields = fields or [""]  # an empty line is a record in a table of one column only
        if len(fields) != expected:
            problem = TOO_FEW_FIELDS if len(fields) < expected else TOO_MANY_FIELDS
            fields += [marker] * (expected - len(fields))
        if order is not None:
            fields = [fields[place] for place in order]
        elif len(fields) != width:
            fields = fields[:width]
        return [None if field == marker else field for field in fields], problem

    return values


def header_order(header: Sequence[str] | None, names: Sequence[str]) -> tuple[list[int] | None, str | None]:
    """For each named column its place in the header, or the problem that all records of the file have. Spaces around a name are ignored."""
    if header is None:
        return None, MALFORMED_HEADER
    found = [name.strip() for name in header]
    for name in names:
        if name not in found:
            return None, MISSING_COLUMN + name
        if found.count(name) > 1:
            return None, AMBIGUOUS_COLUMN + name
    return [found.index(name) for name in names], None


def undeclared(survey: FileSurvey, spec: JobSpec) -> list[str]:
    """Columns of the file's header that the table has not; their values stay in the raw zone."""
    names = {column.source_name for column in spec.columns}
    return [name.strip() for name in survey.header if name.strip() not in names]


def _json_values(spec: JobSpec) -> Callable[[Frame], tuple[list[str | None], str | None]]:
    names = [column.source_name for column in spec.columns]
    empty: list[str | None] = [None] * len(names)

    def values(frame: Frame) -> tuple[list[str | None], str | None]:
        record, problem = json_record(frame.text)
        if record is None:
            return empty, problem
        cells = [json_text(record.get(name)) for name in names]
        if "\\u" in frame.text and any(cell is not None and is_undecodable(cell) for cell in cells):
            return empty, INVALID_UNICODE
        return cells, None

    return values


def _slices(spark: SparkSession, files: Sequence[StoredFile]) -> int:
    return max(1, min(len(files), spark.sparkContext.defaultParallelism * FILES_PER_TASK_SLOT))


def _survey_parquet(spark: SparkSession, file: StoredFile) -> FileSurvey:
    frame = spark.read.parquet(file.path)
    return FileSurvey(path=file.path, size=file.size, sha256="", records=frame.count(), header=tuple(frame.columns))


def _parquet_rows(spark: SparkSession, file: StoredFile, spec: JobSpec, types: Sequence[T.DataType]) -> DataFrame:
    frame = spark.read.parquet(file.path)
    trouble = header_order(frame.columns, [column.source_name for column in spec.columns])[1]
    columns: list[Column] = [
        F.lit(file.path).alias("_file"),
        (F.col("_metadata.row_index") + 1).alias("_line"),
        F.lit(1).cast("bigint").alias("_lines"),
        F.lit(trouble).cast("string").alias("_problem"),
        F.lit(None).cast("string").alias("_record"),
    ]
    for position, (column, type_) in enumerate(zip(spec.columns, types, strict=True)):
        if trouble is not None:
            columns += [F.lit(None).cast("string").alias(raw(position)), F.lit(None).cast(type_).alias(delivered(position))]
            continue
        value = F.col(f"`{column.source_name}`")
        kind = frame.schema[column.source_name].dataType
        unchanged = value if kind.simpleString() == type_.simpleString() else F.lit(None).cast(type_)
        columns += [_as_string(value, kind).alias(raw(position)), unchanged.alias(delivered(position))]
    return frame.select(*columns)


def _as_string(value: Column, kind: T.DataType) -> Column:
    if isinstance(kind, (T.StructType, T.ArrayType, T.MapType)):
        return F.to_json(value)
    if isinstance(kind, T.BinaryType):
        return F.base64(value)
    return value.cast("string")
