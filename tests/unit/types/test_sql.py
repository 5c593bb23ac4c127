"""Type expressions of many systems, and that no text can break the parser."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings, strategies as st

from lakemodel.types.glue import glue_type
from lakemodel.types.model import Decimal, Primitive, PrimitiveKind
from lakemodel.types.sql import parse_sql_type
from lakemodel.types.sql_model import Family

PLAIN = {
    "tinyint": "tinyint",
    "byte": "tinyint",
    "smallint": "smallint",
    "int2": "smallint",
    "smallserial": "smallint",
    "short": "smallint",
    "int": "int",
    "INT4": "int",
    "serial": "int",
    "int(11)": "int",
    "mediumint": "int",
    "integer": "bigint",
    "int8": "bigint",
    "INT64": "bigint",
    "long": "bigint",
    "bigserial": "bigint",
    "pg_catalog.int4": "int",
    "Edm.Int32": "int",
    "int not null": "int",
    "bigint auto_increment primary key": "bigint",
    "int unsigned": "bigint",
    "UInt8": "smallint",
    "uint64": "decimal(20,0)",
    "decimal(10,2)": "decimal(10,2)",
    "NUMERIC(5)": "decimal(5,0)",
    "number(38, 0)": "decimal(38,0)",
    "NUMBER(*,2)": "decimal(38,2)",
    "number(5,-2)": "decimal(7,0)",
    "number(3,5)": "decimal(5,5)",
    "Decimal32(2)": "decimal(9,2)",
    "Decimal64(4)": "decimal(18,4)",
    "Nullable(Decimal128(10))": "decimal(38,10)",
    "decimal128(20, 6)": "decimal(20,6)",
    "money": "decimal(21,4)",
    "smallmoney": "decimal(10,4)",
    "real": "float",
    "float4": "float",
    "float(24)": "float",
    "float(53)": "double",
    "double": "double",
    "double precision": "double",
    "FLOAT64": "double",
    "binary_double": "double",
    "bool": "boolean",
    "bit": "boolean",
    "bit(1)": "boolean",
    "text": "string",
    "varchar": "string",
    "character varying(20)": "string",
    "nvarchar(max)": "string",
    "VARCHAR2(200 CHAR)": "string",
    "varchar(10) collate nocase": "string",
    "LowCardinality(String)": "string",
    "Nullable(FixedString(3))": "string",
    "uuid": "string",
    "jsonb": "string",
    "xml": "string",
    "time": "string",
    "time with time zone": "string",
    "inet": "string",
    "enum('a','b')": "string",
    "bytea": "binary",
    "varbinary(16)": "binary",
    "long raw": "binary",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp(3)": "timestamp",
    "timestamp with time zone": "timestamp",
    "timestamptz": "timestamp",
    "datetime": "timestamp",
    "timestamp_ntz": "timestamp",
    "timestamp-micros": "timestamp",
}


@pytest.mark.parametrize(("text", "expected"), PLAIN.items())
def test_reads_plain_types(text: str, expected: str):
    """Each spelling means the type that holds all its values."""
    found = parse_sql_type(text)
    assert found.type is not None
    assert glue_type(found.type) == expected
    assert found.text == " ".join(text.split())


@pytest.mark.parametrize(("text", "dialect", "expected"), [
    ("float", None, PrimitiveKind.DOUBLE),
    ("float", "databricks", PrimitiveKind.FLOAT),
    ("float", "snowflake", PrimitiveKind.DOUBLE),
    ("real", "mysql", PrimitiveKind.DOUBLE),
    ("long", "oracle", PrimitiveKind.STRING),
    ("date", "oracle", PrimitiveKind.TIMESTAMP_NTZ),
    ("tinyint", "sqlserver", PrimitiveKind.SMALLINT),
    ("timestamp", "sqlserver", PrimitiveKind.BINARY),
    ("timestamp", "postgres", PrimitiveKind.TIMESTAMP),
    *(("INTEGER", one, PrimitiveKind.INT) for one in (
        "postgres", "postgresql", "MySQL", "redshift", "databricks", "trino", "athena", "glue", "hive", "sqlserver", "duckdb", "db2")),
    *(("integer", one, PrimitiveKind.BIGINT) for one in (None, "bigquery", "snowflake", "oracle", "sqlite", "vertica", "kafka")),
    *((name, one, PrimitiveKind.BIGINT) for one in ("bigquery", "snowflake", "oracle", "sqlite") for name in ("int", "smallint")),
    ("int", "postgres", PrimitiveKind.INT),
    ("integer not null", "postgres", PrimitiveKind.INT),
    ("integer unsigned", "mysql", PrimitiveKind.BIGINT),
])  # fmt: skip
def test_reads_names_as_their_system_means_them(text: str, dialect: str | None, expected: PrimitiveKind):
    """One name, several meanings: the system decides, and without one the type that holds them all."""
    assert parse_sql_type(text, dialect=dialect).type == Primitive(expected)


def test_says_when_an_ambiguous_name_was_widened():
    """`float` without a system is told."""
    assert "32 bits" in parse_sql_type("float").remark
    assert parse_sql_type("float", dialect="spark").remark == ""


@pytest.mark.parametrize("text", ["number", "numeric", "decimal", "NUMBER(*)", "dec", "BigDecimal"])
def test_gives_no_precision_where_none_is_stated(text: str):
    """A number without precision has no type, so that nobody takes a default."""
    found = parse_sql_type(text)
    assert (found.family, found.type) == (Family.DECIMAL, None)


def test_takes_bigquerys_numeric_for_what_it_is():
    """There the name alone says 38 digits, 9 after the point."""
    assert parse_sql_type("NUMERIC", dialect="bigquery").type == Decimal(38, 9)


@pytest.mark.parametrize(
    "text", ["variant", "super", "interval day to second", "interval", "geography", "geometry(Point,4326)", "hugeint", "bignumeric",
             "decimal(39,2)", "number(30,-10)", "bit(8)", "bit varying(3)", "sql_variant"]
)  # fmt: skip
def test_refuses_what_no_type_holds(text: str):
    """Nothing is squeezed into a type that loses values."""
    found = parse_sql_type(text)
    assert found.family is Family.UNSUPPORTED
    assert found.type is None
    assert found.reason


@pytest.mark.parametrize(
    "text", ["", " ", "Name", "com.acme.Address", "varchar(", "varchar)", "decimal(a,b)", "decimal(1,2,3)", "decimal(0)",
    "array<", "map<int>",
             "struct<>", "struct<a>", "struct<a:int,A:int>", "int int", "string unsigned", "date with time zone",
             "['null','string']", "9", "int;drop"]
)  # fmt: skip
def test_does_not_guess(text: str):
    """What is not understood as a whole is unknown, never half read."""
    assert parse_sql_type(text).family is Family.UNKNOWN


def test_keeps_what_a_type_says_beside_the_type():
    """Lengths, values, signs and zones become rules or remarks."""
    assert parse_sql_type("varchar(18)").max_length == 18
    assert parse_sql_type("varchar[15]").max_length == 15
    assert parse_sql_type("nvarchar(max)").max_length is None
    assert parse_sql_type("varchar(2147483647)").max_length is None
    assert parse_sql_type("enum('a', 'it''s')").values == ("a", "it's")
    assert parse_sql_type("int unsigned").unsigned
    assert parse_sql_type("decimal(5,2) unsigned").unsigned
    assert parse_sql_type("int NOT NULL").not_null
    assert not parse_sql_type("int NULL").not_null
    assert parse_sql_type("timestamp").zoned is None
    assert parse_sql_type("timestamp without time zone").zoned is False
    assert parse_sql_type("timestamp(9)").remark == "has 9 digits of a second; the lake keeps 6"
    assert "offset" in parse_sql_type("timestamp_tz").remark
    assert parse_sql_type("uuid").kept_as_text == "uuid"


@pytest.mark.parametrize(("text", "names"), [
    ("struct<a:int,b:array<string>>", ["a", "b"]),
    ("STRUCT<a INT64 NOT NULL, `b c` STRING COMMENT 'x, y'>", ["a", "b c"]),
    ("ROW(a integer, b varchar(3))", ["a", "b"]),
    ('STRUCT("Mixed Case" INT, timestamp timestamp)', ["Mixed Case", "timestamp"]),
])  # fmt: skip
def test_reads_structs(text: str, names: list[str]):
    """Fields with colon or space, quoted or not."""
    found = parse_sql_type(text)
    assert found.family is Family.STRUCT
    assert [name for name, _ in found.fields or ()] == names


@pytest.mark.parametrize("text", ["int[]", "int[3]", "integer array", "array<int>", "ARRAY(INTEGER)", "list<int>", "int repeated"])
def test_reads_lists(text: str):
    """Every way to write a list."""
    found = parse_sql_type(text)
    assert found.family is Family.LIST
    assert found.element is not None
    assert found.element.family is Family.INTEGER


@pytest.mark.parametrize(("text", "element"), [("vector(3)", "float"), ("VECTOR(FLOAT, 256)", "float"), ("vector(INT, 4)", "int")])
def test_reads_vectors(text: str, element: str):
    """A vector is a list; its size is a remark."""
    found = parse_sql_type(text)
    assert found.element is not None
    assert found.element.type is not None
    assert glue_type(found.element.type) == element
    assert "dimensions" in found.remark


def test_reads_bare_containers_without_making_up_parts():
    """`array`, `record` and `map` alone say nothing about what is in them."""
    assert parse_sql_type("array").element is None
    assert parse_sql_type("RECORD").fields is None
    assert parse_sql_type("map").key is None


@settings(max_examples=400)
@given(st.text(max_size=60) | st.text(alphabet="abcint<>()[],:' 0123456789vrdecml", max_size=60))
@example("²" * 3)
@example("decimal(" + "9" * 5000 + ")")
@example("varchar(" + "9" * 5000 + ")")
@example("array<" * 500)
@example("a" * 200_000)
@example("float(²)")
def test_never_raises(text: str):
    """Any text gives an answer."""
    found = parse_sql_type(text)
    assert (found.type is None) or isinstance(found.family, Family)
    assert not (found.family in {Family.UNKNOWN, Family.UNSUPPORTED} and found.type is not None)
