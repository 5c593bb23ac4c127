"""Judges each record: casts its columns, applies the contract's checks, finds duplicates; no value becomes NULL without a reason.

A reason reads `column:code` (`altitude:not_an_integer`, `stops:maximum`; `.` and `[]` lead into nested values) or `_record:code`, and
never holds a delivered value. A row keeps **all** its reasons; a record that could not be split has no columns to complain of. The rules:

- A delivered text equal to the null marker, quoted or not, is NULL. Anything else is cast; what its type does not admit exactly is a
  reason: an integer too large, a decimal that would have to be rounded, a date that does not exist, infinity and NaN. Spaces around
  anything but a string are ignored.
- NULL satisfies every check but `required`; columns of the primary key are required.
- Among rows without a reason, ordered by file and line: a row that equals the first of its key in every column is a **duplicate**: it is
  left out and counted. A row of the same key with other values is quarantined (`_record:key_conflict`), since leaving it out would
  lose what it says; the first is kept. Without a primary key, rows equal in every column are duplicates.
- A value of a `unique` column that an earlier row without a reason had is a reason too (`column:not_unique`).
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pyspark.sql import (
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)
from pyspark.sql.window import Window

from . import cells
from .cells import RefusedCell, nested_value
from .errors import SpecError
from .reading import delivered, raw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

    from .spec import CheckSpec, ColumnSpec, JobSpec

GOOD, QUARANTINED, DUPLICATE = "good", "quarantined", "duplicate"
OUTCOME, REASONS = "_outcome", "_reasons"
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
_NESTED = (T.StructType, T.ArrayType, T.MapType)
_INTEGERS = tuple(cells.INTEGER_BITS)


def typed(position: int) -> str:
    """Name of the column that holds the typed value of the table's column of that position."""
    return f"v{position}"


def column_types(spark: SparkSession, spec: JobSpec) -> list[T.DataType]:
    """The types of the table's columns as Spark has them.

    Raises:
        SpecError: If one is no Spark type; names the column.
    """
    return [_data_type(spark, column.name, column.type) for column in spec.columns]


def _data_type(spark: SparkSession, name: str, ddl: str) -> T.DataType:
    try:
        return spark.createDataFrame([], f"value {ddl}").schema[0].dataType
    except Exception as error:
        message = f"column {name!r} has type {ddl!r}, which Spark does not know"
        raise SpecError(message) from error


def judge(records: DataFrame, spec: JobSpec, types: Sequence[T.DataType]) -> DataFrame:
    """The records with their typed values (`v0`, ...), all their reasons (`_reasons`) and their outcome (`_outcome`)."""
    cast = _cast(records, spec, types)
    return _deduplicate(cast.withColumn(REASONS, _reasons(spec, types)), spec, types)


def _cast(records: DataFrame, spec: JobSpec, types: Sequence[T.DataType]) -> DataFrame:
    has_delivered = delivered(0) in records.columns
    frame = records
    nested = [position for position, type_ in enumerate(types) if isinstance(type_, _NESTED)]
    if nested:
        spark = frame.sparkSession
        read = {at: _nested_udf(_data_type(spark, spec.columns[at].name, spec.columns[at].delivered_type), types[at]) for at in nested}
        frame = frame.withColumns({f"n{position}": udf(F.col(raw(position))) for position, udf in read.items()})
    values = {}
    for position, (column, type_) in enumerate(zip(spec.columns, types, strict=True)):
        value = F.col(f"n{position}.value") if position in nested else cast_value(raw(position), type_, column.date_format)
        values[typed(position)] = F.coalesce(F.col(delivered(position)), value) if has_delivered else value
    return frame.withColumns(values)


def _nested_udf(delivered_type: T.DataType, type_: T.DataType) -> Any:
    """Reads what is delivered by its names there; the parts of a struct come out in order, whatever they are called here."""
    result = T.StructType([T.StructField("value", type_), T.StructField("problem", T.StringType())])

    def read(text: str | None) -> tuple[Any, str | None]:
        if text is None:
            return None, None
        try:
            return nested_value(text, delivered_type), None
        except RefusedCell as refused:
            return None, f"{refused.path}:{refused.code}"

    return F.udf(read, result)


def cast_value(name: str, type_: T.DataType, date_format: str | None = None) -> Column:  # noqa: PLR0911 - one a type
    """The typed value of the text column `name`, NULL where `cast_problem` has something to say."""
    if isinstance(type_, T.StringType):
        return F.col(name)
    text = F.trim(F.col(name))
    attempt = F.expr(f"try_cast(trim({name}) AS {type_.simpleString()})")
    if isinstance(type_, T.BooleanType):
        return F.when(F.lower(text).isin(*cells.TRUE), F.expr("true")).when(F.lower(text).isin(*cells.FALSE), F.expr("false"))
    if isinstance(type_, _INTEGERS):
        return F.when(_whole(text, cells.INTEGER), attempt)
    if isinstance(type_, T.DecimalType):
        return F.when(_fits(text, type_) | (_whole(text, cells.NUMBER) & (_decimals(text) <= type_.scale)), attempt)
    if isinstance(type_, (T.FloatType, T.DoubleType)):
        finite = F.abs(attempt) < F.lit(float("inf"))
        return F.when(_whole(text, cells.NUMBER) & finite, attempt)
    if isinstance(type_, (T.DateType, T.TimestampType, T.TimestampNTZType)):
        if date_format is not None:
            return F.try_to_timestamp(text, F.lit(date_format)).cast(type_)
        return F.when(_whole(text, _moment_pattern(type_)), attempt)
    if isinstance(type_, T.BinaryType):
        return F.when(_whole(text, cells.BASE64), F.try_to_binary(text, F.lit("base64")))
    message = f"{type_.simpleString()} is no type that the job can read"
    raise SpecError(message)


def cast_problem(name: str, type_: T.DataType, value: Column) -> Column:
    """The code of what is wrong with the text column `name`, whose typed value is `value`; NULL when nothing is."""
    text = F.trim(F.col(name))
    failed = F.col(name).isNotNull() & value.isNull()
    if isinstance(type_, _INTEGERS):
        code = F.when(_whole(text, cells.INTEGER), F.lit(cells.OUT_OF_RANGE)).otherwise(F.lit(cells.NOT_AN_INTEGER))
    elif isinstance(type_, T.DecimalType):
        code = (
            F.when(~_whole(text, cells.NUMBER), F.lit(cells.NOT_A_NUMBER))
            .when(_decimals(text) > type_.scale, F.lit(cells.TOO_MANY_DECIMALS))
            .otherwise(F.lit(cells.OUT_OF_RANGE))
        )
    elif isinstance(type_, (T.FloatType, T.DoubleType)):
        code = F.when(_whole(text, cells.NUMBER), F.lit(cells.OUT_OF_RANGE)).otherwise(F.lit(cells.NOT_A_NUMBER))
    elif isinstance(type_, T.BooleanType):
        code = F.lit(cells.NOT_A_BOOLEAN)
    elif isinstance(type_, T.DateType):
        code = F.lit(cells.NOT_A_DATE)
    elif isinstance(type_, T.BinaryType):
        code = F.lit(cells.NOT_BASE64)
    else:
        code = F.lit(cells.NOT_A_TIMESTAMP)
    return F.when(failed, code)


def _whole(text: Column, pattern: str) -> Column:
    return text.rlike(rf"^(?:{pattern})\z")


def _moment_pattern(type_: T.DataType) -> str:
    if isinstance(type_, T.DateType):
        return cells.DATE
    return cells.INSTANT if isinstance(type_, T.TimestampType) else cells.WALL_CLOCK


def _fits(text: Column, type_: T.DecimalType) -> Column:
    """Quickly true for most numbers that need no rounding."""
    whole, fraction = type_.precision - type_.scale, type_.scale
    return _whole(text, rf"[+-]?0*[0-9]{{1,{max(whole, 1)}}}(\.[0-9]{{0,{fraction}}}0*)?")


def _decimals(text: Column) -> Column:
    """How many digits after the point a number has, exponent reckoned in, trailing zeros not."""
    fraction = F.length(F.regexp_extract(text, r"\.([0-9]*?)0*([eE]|\z)", 1))
    exponent = F.regexp_extract(text, r"[eE]([+-]?[0-9]+)\z", 1)
    return fraction - F.when(exponent == "", F.lit(0)).otherwise(exponent.cast("int"))


def _reasons(spec: JobSpec, types: Sequence[T.DataType]) -> Column:
    record = F.when(F.col("_problem").isNotNull(), F.concat(F.lit("_record:"), F.col("_problem")))
    found = [F.lit(None).cast("string")]  # so that it is an array of strings even when there is nothing to check
    for position, (column, type_) in enumerate(zip(spec.columns, types, strict=True)):
        found += _column_reasons(position, column, type_, spec)
    of_columns = F.array_compact(F.array(*found))
    # a record that could not be split has no cells to complain of
    return F.when(F.col("_problem").isNotNull(), F.array(record)).otherwise(of_columns)


def _column_reasons(position: int, column: ColumnSpec, type_: T.DataType, spec: JobSpec) -> list[Column]:
    value = F.col(typed(position))
    found = []
    if isinstance(type_, _NESTED):
        problem = F.col(f"n{position}.problem")
        found.append(F.when(problem.isNotNull() & value.isNull(), F.concat(F.lit(column.name), problem)))
    elif not isinstance(type_, T.StringType):
        found.append(F.concat(F.lit(f"{column.name}:"), cast_problem(raw(position), type_, value)))
    if column.required or column.name in spec.primary_key:
        found.append(F.when(F.col(raw(position)).isNull(), F.lit(f"{column.name}:required")))
    if column.name in spec.partition_columns and isinstance(type_, T.StringType):
        # the name of a directory can say neither: both would be read as NULL
        found.append(F.when(value.isin("", HIVE_NULL), F.lit(f"{column.name}:not_a_partition_value")))
    found += [
        F.when(
            value.isNotNull() & ~F.coalesce(_passes(value, type_, check, column.name), F.expr("false")),
            F.lit(f"{column.name}:{check.kind}"),
        )
        for check in column.checks
    ]
    return found


def _passes(value: Column, type_: T.DataType, check: CheckSpec, name: str) -> Column:
    if check.kind == "enum":
        allowed = check.value if isinstance(check.value, tuple) else (check.value,)
        return value.isin(*[_literal(item, type_, name) for item in allowed])
    if isinstance(check.value, tuple):
        message = f"column {name!r}: {check.kind} has several values"
        raise SpecError(message)
    if check.kind == "pattern":
        return value.cast("string").rlike(str(check.value))
    if check.kind in {"min_length", "max_length"}:
        length = F.size(value) if isinstance(type_, (T.ArrayType, T.MapType)) else F.length(value)
        return length >= int(check.value) if check.kind == "min_length" else length <= int(check.value)
    limit = _literal(check.value, type_, name)
    return {
        "minimum": value >= limit,
        "maximum": value <= limit,
        "exclusive_minimum": value > limit,
        "exclusive_maximum": value < limit,
    }[check.kind]


def _literal(value: Any, type_: T.DataType, name: str) -> Column:
    """A value of the contract as Spark compares it with the column's, without rounding it to the column's type first."""
    try:
        if isinstance(type_, (*_INTEGERS, T.DecimalType)):
            return F.lit(Decimal(str(value)))
        if isinstance(type_, (T.FloatType, T.DoubleType)):
            return F.lit(float(value)).cast(type_)
        if isinstance(type_, T.BooleanType):
            return F.lit(cells.leaf_value(str(value), type_))
        if isinstance(type_, (T.DateType, T.TimestampType, T.TimestampNTZType)):
            cells.leaf_value(str(value), type_)
            return F.lit(str(value)).cast(type_)
    except (ValueError, InvalidOperation) as error:
        message = f"column {name!r} of type {type_.simpleString()} cannot be compared with {value!r}"
        raise SpecError(message) from error
    return F.lit(str(value))


def _deduplicate(frame: DataFrame, spec: JobSpec, types: Sequence[T.DataType]) -> DataFrame:
    clean = F.size(REASONS) == 0
    comparable = [_comparable(F.col(typed(position)), type_) for position, type_ in enumerate(types)]
    keys = [comparable[spec.index_of(name)] for name in spec.primary_key] or comparable
    same_key = _among_clean(clean, keys)
    whole = F.struct(*comparable)
    marked = frame.withColumn("_repeated", clean & (F.row_number().over(same_key) > 1))
    marked = marked.withColumn("_equal", whole.eqNullSafe(F.first(whole).over(same_key)) if spec.primary_key else F.expr("true"))
    more = [F.when(F.col("_repeated") & ~F.col("_equal"), F.lit("_record:key_conflict"))]
    for position, column in enumerate(spec.columns):
        if not column.unique or spec.primary_key == (column.name,):
            continue
        value = F.col(typed(position))
        # of rows that say the same, only the first counts: the others are duplicates
        seen = F.row_number().over(_among_clean(clean & value.isNotNull(), [comparable[position]])) > 1
        more.append(F.when(clean & value.isNotNull() & seen, F.lit(f"{column.name}:not_unique")))
    duplicate = F.col("_repeated") & F.col("_equal")
    marked = marked.withColumn(
        REASONS, F.when(duplicate, F.col(REASONS)).otherwise(F.concat(F.col(REASONS), F.array_compact(F.array(*more))))
    )
    outcome = F.when(duplicate, F.lit(DUPLICATE)).when(F.size(REASONS) > 0, F.lit(QUARANTINED)).otherwise(F.lit(GOOD))
    return marked.withColumn(OUTCOME, outcome)


def _among_clean(clean: Column, values: Sequence[Column]) -> Any:
    """Rows without a reason that agree in `values`, in delivered order; any other row is alone."""
    alone = [F.when(~clean, F.col("_file")), F.when(~clean, F.col("_line"))]
    return Window.partitionBy(*alone, *(F.when(clean, value) for value in values)).orderBy("_file", "_line")


def _comparable(value: Column, type_: T.DataType) -> Column:
    """Spark compares no maps."""
    return F.to_json(value) if "map<" in type_.simpleString() else value
