"""Casting in plain Python, and that Spark's casts give the same verdicts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st
from pyspark.sql import (
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)

from constructs_lib.runtime.ingestion.cells import RefusedCell, leaf_value, nested_value
from constructs_lib.runtime.ingestion.judging.casting import cast_problem, cast_value
from constructs_lib.runtime.ingestion.session import SESSION

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TYPES: list[T.DataType] = [
    T.BooleanType(),
    T.ByteType(),
    T.ShortType(),
    T.IntegerType(),
    T.LongType(),
    T.FloatType(),
    T.DoubleType(),
    T.DecimalType(5, 2),
    T.DecimalType(38, 0),
    T.DecimalType(2, 2),
    T.DateType(),
    T.TimestampType(),
    T.TimestampNTZType(),
    T.BinaryType(),
]
HOSTILE = [
    *("", " ", "0", "1", "-1", "+7", " 42 ", "42\n", "\t42", "4 2", "007", "1_000", "1,5", "0x10", "1d", "1f", "1L", "²", "٣", "--1"),
    *("127", "128", "-128", "-129", "32768", "2147483647", "2147483648", "-9223372036854775808", "9223372036854775808", "9" * 40),
    *("1.0", "1.", ".5", ".", "-.5", "1.005", "1.10", "999.99", "999.995", "1000", "1000.00", "0.01", "0.001", "00012.50", "1.5000"),
    *("1e2", "1E-2", "1.25e1", "1e400", "-1e400", "1e-400", "1e39", "3.5e38", "e5", "1e", "0e9999", "12e-2", "1.0E3", "-0", "0.0"),
    *("NaN", "nan", "Infinity", "-Infinity", "inf", "null", "NULL", "None", "\\N"),
    *("true", "TRUE", "t", "f", "yes", "No", "y", "n", "on", "off", "tru", "2"),
    *("2024-02-29", "2023-02-29", "2024-2-9", "2024", "2024-02", "20240229", "0001-01-01", "9999-12-31", "10000-01-01", "1582-10-10"),
    *("2024-02-29T10:00", "2024-02-29 10:00:00", "2024-02-29T10:00:00Z", "2024-02-29T10:00:00.123456+02:00", "2024-02-29T25:00"),
    *(
        "2024-02-29T10:00:00.1234567",
        "2024-02-29T10",
        "10:00:00",
        "2024-02-29T10:00:60",
        "2024-02-29 10:00:00 UTC",
        "2024-02-29T10:00+0200",
    ),
    *("0000-01-01", "0000-12-31T20:00:00-10:00", "0001-01-01T00:00:00+10:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"),
    *("9999-12-31T23:59:59.999999-12:00", "0001-01-01T10:00:00+10:00"),
    *("0" * 4096, "0" * 4097, "1." + "0" * 5000, "\x7f5", "5\x85", "+5", "1e00002"),
    *("2024-02-29T10:00:00+02:00x", "2024-02-29x", "now", "today", "epoch", "aGk=", "aGk", "a b", "ä", "\x00", "1\x00", "\x1f5", "5\u00a0"),
]


def verdict(text: str, type_: T.DataType) -> tuple[Any, str | None]:
    try:
        return leaf_value(text, type_), None
    except RefusedCell as refused:
        return None, refused.code


def plain(value: Any) -> Any:
    if isinstance(value, bytearray):
        return bytes(value)
    return value


@pytest.mark.spark
@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.simpleString())
def test_spark_casts_as_the_python_rules_do(spark: SparkSession, type_: T.DataType) -> None:
    """For every hostile text: the same value, or the same reason; never a NULL without one."""
    for key, value in SESSION.items():
        spark.conf.set(key, value)
    frame = spark.createDataFrame([(text,) for text in HOSTILE], "r0 string").withColumn("v", cast_value("r0", type_))
    shown = F.unix_micros("v") if isinstance(type_, T.TimestampType) else F.col("v")
    rows = frame.select("r0", shown.alias("v"), cast_problem("r0", type_, F.col("v")).alias("problem")).collect()
    found = {row["r0"]: (plain(row["v"]), row["problem"]) for row in rows}
    expected = {}
    for text in HOSTILE:
        value, problem = verdict(text, type_)
        if isinstance(value, dt.datetime) and value.tzinfo:
            value = (value - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
        if isinstance(type_, T.FloatType) and value is not None:
            value = pytest.approx(value, rel=1e-6)
        expected[text] = (value, problem)
    assert found == expected
    assert all((value is None) != (problem is None) for value, problem in found.values())


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**6), max_value=10**6))
def test_a_decimal_is_exact_or_refused(number: Decimal) -> None:
    """A value comes out as it went in, or not at all."""
    value, problem = verdict(str(number), T.DecimalType(7, 2))
    fits = number == round(number, 2) and abs(number) < 10**5
    assert (value == number) if fits else (problem in {"too_many_decimals", "out_of_range"})


@given(st.integers(min_value=-(2**70), max_value=2**70))
def test_an_integer_is_exact_or_refused(number: int) -> None:
    """The limits of 64 bits hold on both sides."""
    value, problem = verdict(str(number), T.LongType())
    assert (value == number) if -(2**63) <= number < 2**63 else (problem == "out_of_range")


@given(st.text(max_size=12), st.sampled_from(TYPES))
def test_any_text_is_a_value_or_has_a_reason(text: str, type_: T.DataType) -> None:
    """No text makes a cast raise anything else."""
    value, problem = verdict(text, type_)
    assert (value is None) != (problem is None)


ORDER = T.StructType(
    [
        T.StructField("id", T.LongType()),
        T.StructField(
            "lines", T.ArrayType(T.StructType([T.StructField("price", T.DecimalType(10, 2)), T.StructField("on", T.DateType())]))
        ),
        T.StructField("tags", T.MapType(T.StringType(), T.IntegerType())),
    ]
)


def test_reads_nested_values() -> None:
    """Structs by name and in order, lists, maps; what is missing is NULL."""
    text = '{"lines": [{"price": 1.10, "on": "2024-02-29"}, {"price": null}], "id": "7", "tags": {"a": 1}}'
    assert nested_value(text, ORDER) == (7, [(Decimal("1.10"), dt.date(2024, 2, 29)), (None, None)], {"a": 1})


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ('{"id": 1.5}', ".id", "not_an_integer"),
        ('{"lines": [{"price": 1.005}]}', ".lines[].price", "too_many_decimals"),
        ('{"lines": [{"on": "2023-02-29"}]}', ".lines[].on", "not_a_date"),
        ('{"lines": {}}', ".lines", "not_a_list"),
        ('{"lines": [3]}', ".lines[]", "not_a_struct"),
        ('{"tags": {"a": "x"}}', ".tags[]", "not_an_integer"),
        ('{"tags": []}', ".tags", "not_a_map"),
        ('{"id": {}}', ".id", "not_an_integer"),
        ("[]", "", "not_a_struct"),
        ("{", "", "not_json"),
    ],
)
def test_a_bad_part_of_a_nested_value_is_named(text: str, path: str, code: str) -> None:
    """Nothing inside becomes NULL without a word; the path says where it is."""
    with pytest.raises(RefusedCell) as refused:
        nested_value(text, ORDER)
    assert (refused.value.path, refused.value.code) == (path, code)
