"""Casts what was delivered to the table's types; what a type does not admit exactly is NULL with a reason, never NULL without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import (
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)

from .. import cells
from ..cells import RefusedCell, nested_value
from ..errors import SpecError
from ..reading import delivered, raw
from .names import nested, typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

    from ..spec import JobSpec

NESTED = (T.StructType, T.ArrayType, T.MapType)
INTEGERS = tuple(cells.INTEGER_BITS)
FLOATS = (T.FloatType, T.DoubleType)
MOMENTS = (T.DateType, T.TimestampType, T.TimestampNTZType)
LEAVES: tuple[type[T.DataType], ...] = (T.StringType, T.BooleanType, *INTEGERS, T.DecimalType, *FLOATS, *MOMENTS, T.BinaryType)


def data_type(spark: SparkSession, name: str, ddl: str) -> T.DataType:
    """The type that `ddl` says, of the column of that name.

    Raises:
        SpecError: If Spark does not know it, or the job cannot read it.
    """
    try:
        found = spark.createDataFrame([], f"value {ddl}").schema[0].dataType
    except Exception as error:
        message = f"column {name!r} has type {ddl!r}, which Spark does not know"
        raise SpecError(message) from error
    unreadable = [leaf for leaf in _leaves(found) if not isinstance(leaf, LEAVES)]
    if unreadable:
        message = f"column {name!r}: {unreadable[0].simpleString()} is no type that the job can read"
        raise SpecError(message)
    return found


def _leaves(type_: T.DataType) -> list[T.DataType]:
    if isinstance(type_, T.StructType):
        return [leaf for field in type_.fields for leaf in _leaves(field.dataType)]
    if isinstance(type_, T.ArrayType):
        return _leaves(type_.elementType)
    if isinstance(type_, T.MapType):
        return [*_leaves(type_.keyType), *_leaves(type_.valueType)]
    return [type_]


def cast(records: DataFrame, spec: JobSpec, types: Sequence[T.DataType]) -> DataFrame:
    """The records with their typed values, `v0`, `v1`, ...; of nested columns also what is wrong with them."""
    frame = records
    readers = {
        nested(at): _nested_udf(data_type(frame.sparkSession, spec.columns[at].name, spec.columns[at].delivered_type), type_)(
            F.col(raw(at))
        )
        for at, type_ in enumerate(types)
        if isinstance(type_, NESTED)
    }
    if readers:
        frame = frame.withColumns(readers)
    as_delivered = set(records.columns)
    values = {}
    for at, (column, type_) in enumerate(zip(spec.columns, types, strict=True)):
        value = F.col(f"{nested(at)}.value") if isinstance(type_, NESTED) else cast_value(raw(at), type_, column.date_format)
        if delivered(at) in as_delivered:
            unchanged = F.col(delivered(at))
            value = F.coalesce(_in_years(unchanged, type_) if isinstance(type_, MOMENTS) else unchanged, value)
        values[typed(at)] = value
    return frame.withColumns(values)


def _in_years(value: Column, type_: T.DataType) -> Column:
    """The value, of the years 1 to 9999: those that Python and most readers of tables have; Spark's calendar goes on."""
    first, last = ("0001-01-01", "9999-12-31") if isinstance(type_, T.DateType) else ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")
    return F.when(value.between(F.lit(first).cast(type_), F.lit(last).cast(type_)), value)


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
    if isinstance(type_, INTEGERS):
        return F.when(_has_plain_ends(name), attempt)
    if isinstance(type_, T.DecimalType):
        exact = _fits(text, type_) | (_whole(text, cells.NUMBER) & (_decimals(name) <= type_.scale))
        return F.when((F.length(text) <= cells.MOST_DIGITS) & exact, attempt)
    if isinstance(type_, FLOATS):
        finite = F.abs(attempt) < F.lit(float("inf"))
        return F.when(_whole(text, cells.NUMBER) & finite, attempt)
    if isinstance(type_, MOMENTS):
        if date_format is not None:
            return _in_years(F.try_to_timestamp(text, F.lit(date_format)).cast(type_), type_)
        return F.when(_whole(text, _moment_pattern(type_)), _in_years(attempt, type_))
    return F.when(_whole(text, cells.BASE64), F.try_to_binary(text, F.lit("base64")))


def cast_problem(name: str, type_: T.DataType, value: Column) -> Column:
    """The code of what is wrong with the text column `name`, whose typed value is `value`; NULL when nothing is."""
    text = F.trim(F.col(name))
    failed = F.col(name).isNotNull() & value.isNull()
    if isinstance(type_, INTEGERS):
        code = F.when(_whole(text, cells.INTEGER), F.lit(cells.OUT_OF_RANGE)).otherwise(F.lit(cells.NOT_AN_INTEGER))
    elif isinstance(type_, T.DecimalType):
        too_many = (F.length(text) <= cells.MOST_DIGITS) & (_decimals(name) > type_.scale)
        code = (
            F.when(~_whole(text, cells.NUMBER), F.lit(cells.NOT_A_NUMBER))
            .when(too_many, F.lit(cells.TOO_MANY_DECIMALS))
            .otherwise(F.lit(cells.OUT_OF_RANGE))
        )
    elif isinstance(type_, FLOATS):
        code = F.when(_whole(text, cells.NUMBER), F.lit(cells.OUT_OF_RANGE)).otherwise(F.lit(cells.NOT_A_NUMBER))
    else:
        code = F.lit(_CODES.get(type(type_), cells.NOT_A_TIMESTAMP))
    return F.when(failed, code)


_CODES: dict[type[T.DataType], str] = {
    T.BooleanType: cells.NOT_A_BOOLEAN,
    T.DateType: cells.NOT_A_DATE,
    T.BinaryType: cells.NOT_BASE64,
}


def _whole(text: Column, pattern: str) -> Column:
    return text.rlike(rf"^(?:{pattern})\z")


def _has_plain_ends(name: str) -> Column:
    """Neither end of the text is white space or a control character: all that a cast to an integer allows beyond digits and a sign."""
    return F.expr(f"ascii(trim({name})) BETWEEN 33 AND 126 AND ascii(right(trim({name}), 1)) BETWEEN 33 AND 126")


def _moment_pattern(type_: T.DataType) -> str:
    if isinstance(type_, T.DateType):
        return cells.DATE
    return cells.INSTANT if isinstance(type_, T.TimestampType) else cells.WALL_CLOCK


def _fits(text: Column, type_: T.DecimalType) -> Column:
    """Quickly true for most numbers that need no rounding."""
    whole, fraction = type_.precision - type_.scale, type_.scale
    return _whole(text, rf"[+-]?0*[0-9]{{1,{max(whole, 1)}}}(\.[0-9]{{0,{fraction}}}0*)?")


def _decimals(name: str) -> Column:
    """How many digits after the point a number has, exponent reckoned in, trailing zeros not."""
    fraction = F.expr(f"length(trim(TRAILING '0' FROM regexp_extract({name}, '[.]([0-9]*)', 1)))")
    exponent = F.regexp_extract(F.trim(F.col(name)), r"[eE]([+-]?[0-9]+)\z", 1)
    return fraction - F.when(exponent == "", F.lit(0)).otherwise(exponent.cast("int"))
