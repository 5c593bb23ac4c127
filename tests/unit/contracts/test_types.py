"""How logical and physical types are read together, and what the policies make of what is left open."""

from __future__ import annotations

import pytest

from lakemodel.types.glue import glue_type
from lakemodel.types.model import Primitive, PrimitiveKind

from .support import codes, column_of, document, finding_of, lake, read, table_of

LOGICAL = [
    ({"logicalType": "string"}, "string"),
    ({"logicalType": "integer"}, "bigint"),
    ({"logicalType": "integer", "logicalTypeOptions": {"format": "i8"}}, "tinyint"),
    ({"logicalType": "integer", "logicalTypeOptions": {"format": "i32"}}, "int"),
    ({"logicalType": "integer", "logicalTypeOptions": {"format": "u32"}}, "bigint"),
    ({"logicalType": "integer", "logicalTypeOptions": {"format": "u64"}}, "decimal(20,0)"),
    ({"logicalType": "number", "logicalTypeOptions": {"format": "f32"}}, "float"),
    ({"logicalType": "number", "logicalTypeOptions": {"format": "f64"}}, "double"),
    ({"logicalType": "boolean"}, "boolean"),
    ({"logicalType": "date"}, "date"),
    ({"logicalType": "timestamp"}, "timestamp"),
    ({"logicalType": "time"}, "string"),
    ({"logicalType": "vector", "logicalTypeOptions": {"dimensions": 3}}, "array<float>"),
    ({"logicalType": "vector", "logicalTypeOptions": {"dimensions": 3, "elementType": "float64"}}, "array<double>"),
    ({"logicalType": "vector", "physicalType": "double[]", "logicalTypeOptions": {"dimensions": 3}}, "array<double>"),
    ({"logicalType": "array", "items": {"logicalType": "integer", "physicalType": "int"}}, "array<int>"),
    ({"logicalType": "map", "map": {"key": {"logicalType": "string"}, "value": {"logicalType": "date"}}}, "map<string,date>"),
    ({"logicalType": "object", "properties": [{"name": "x", "logicalType": "date"}]}, "struct<x:date>"),
]

BOTH = [
    ("number", "int4", "int", None),
    ("number", "float8", "double", None),
    ("integer", "number(38,0)", "decimal(38,0)", None),
    ("integer", "NUMBER", "decimal(38,0)", "integer_as_decimal"),
    ("integer", "decimal(10,2)", "decimal(10,2)", "type_conflict"),
    ("integer", "varchar(10)", "string", "type_conflict"),
    ("date", "timestamp", "timestamp", "type_conflict"),
    ("date", "time", "string", "type_conflict"),
    ("date", "varchar(10)", "string", "type_conflict"),
    ("date", "int", "int", "type_conflict"),
    ("timestamp", "date", "timestamp", "type_conflict"),
    ("timestamp", "bigint", "bigint", "type_conflict"),
    ("string", "int", "string", "type_conflict"),
    ("string", "NUMBER", "string", "type_conflict"),
    ("string", "bytea", "binary", None),
    ("string", "uuid", "string", "kept_as_text"),
    ("string", "FancyName", "string", "unknown_physical_type"),
    ("string", "text[]", "array<string>", "type_conflict"),
    ("integer", "FancyInt", "bigint", "unknown_physical_type"),
    ("boolean", "tinyint(1)", "boolean", None),
    ("boolean", "tinyint", "tinyint", "type_conflict"),
    ("boolean", "char(1)", "string", "type_conflict"),
    ("time", "varchar(8)", "string", None),
    ("object", "jsonb", "string", "kept_as_text"),
    ("array", "json", "string", "kept_as_text"),
    ("array", "bytes", "binary", None),
    ("array", "int[]", "array<int>", None),
    ("object", "struct<a:int>", "struct<a:int>", None),
    ("", "map<string,int>", "map<string,int>", None),
]


@pytest.mark.parametrize(("prop", "expected"), LOGICAL)
def test_reads_the_logical_type_alone(prop: dict, expected: str):
    """The table of types in the documentation."""
    assert glue_type(column_of(prop).type) == expected


@pytest.mark.parametrize(("logical", "physical", "expected", "code"), BOTH)
def test_weighs_the_two_types(logical: str, physical: str, expected: str, code: str | None):
    """The type that holds the values of both is used, and a difference is told."""
    source = document([{"name": "a", "physicalType": physical} | ({"logicalType": logical} if logical else {})])
    assert glue_type(table_of(source).columns[0].type) == expected
    assert (code in codes(source)) if code else set(codes(source)) <= {"source_format"}


@pytest.mark.parametrize(("logical", "physical"), [
    ("integer", "double"),
    ("integer", "boolean"),
    ("boolean", "timestamp"),
    ("number", "date"),
    ("date", "boolean"),
    ("string", "array"),
    ("array", "int"),
    ("object", "date"),
])  # fmt: skip
def test_fails_when_each_type_would_lose_values_of_the_other(logical: str, physical: str):
    """No guess is made between two that contradict each other."""
    contract, findings = read(document([{"name": "a", "logicalType": logical, "physicalType": physical}]))
    assert contract is None
    assert {finding.code for finding in findings if finding.is_error} == {"contract.type_conflict"}


@pytest.mark.parametrize(
    "prop", [{"logicalType": "number"}, {"physicalType": "numeric"}, {"logicalType": "number", "physicalType": "NUMBER"}]
)
def test_settles_numbers_without_precision_by_policy(prop: dict):
    """An error, unless the team has decided which decimal holds its numbers."""
    source = document([{"name": "total"} | prop])
    found = finding_of(source, "number_without_precision", lake())
    assert found.is_error
    assert found.place.path == "schema.thing.properties.total"
    assert found.message == "number has no precision; a default would lose cents"
    decided = lake(number_without_precision={"decimal": "38,9"})
    assert glue_type(table_of(source, decided).columns[0].type) == "decimal(38,9)"
    assert codes(source, decided) == ["number_without_precision"]


@pytest.mark.parametrize("prop", [
    {},
    {"physicalType": "FancyName"},
    {"logicalType": "object"},
    {"logicalType": "object", "physicalType": "Name"},
    {"logicalType": "object", "physicalType": "map"},
    {"logicalType": "array"},
    {"logicalType": "array", "physicalType": "array"},
    {"physicalType": "map"},
])  # fmt: skip
def test_settles_unknown_types_by_policy(prop: dict):
    """An error, unless the team keeps such columns as text."""
    source = document([{"name": "a"} | prop, {"name": "b", "logicalType": "string"}])
    assert finding_of(source, "unknown_type", lake()).is_error
    decided = lake(unknown_type="string")
    assert glue_type(table_of(source, decided).columns[0].type) == "string"
    assert codes(source, decided) == ["unknown_type"]


@pytest.mark.parametrize("physical", ["VARIANT", "interval", "geography", "decimal(40,2)", "hugeint"])
def test_fails_for_what_no_type_holds_whatever_the_policy(physical: str):
    """`unknown_type: string` is not asked about types that are known."""
    assert finding_of(document([{"name": "a", "physicalType": physical}]), "unsupported_type", lake(unknown_type="string")).is_error


def test_reads_precision_from_custom_properties():
    """Importers write it there; a default would lose it."""
    custom = [{"property": "precision", "value": 18}, {"property": "scale", "value": "4"}]
    assert glue_type(column_of({"logicalType": "number", "customProperties": custom}).type) == "decimal(18,4)"
    wrong = [{"property": "precision", "value": 50}, {"property": "scale", "value": 4}]
    assert "number_without_precision" in codes(document([{"name": "a", "logicalType": "number", "customProperties": wrong}]))


def test_takes_the_wider_of_format_and_physical_type():
    """`format: i64` over `int` holds 64 bits."""
    prop = {"logicalType": "integer", "physicalType": "int", "logicalTypeOptions": {"format": "i64"}}
    assert glue_type(column_of(prop).type) == "bigint"
    assert "type_conflict" in codes(document([{"name": "a"} | prop]))
    narrower = {"logicalType": "integer", "physicalType": "bigint", "logicalTypeOptions": {"format": "i32"}}
    assert glue_type(column_of(narrower).type) == "bigint"


def test_keeps_the_time_of_day():
    """A date whose format has hours is a timestamp; one that stays a date is told."""
    prop = {"logicalType": "date", "logicalTypeOptions": {"format": "yyyy-MM-dd HH:mm:ss"}}
    assert glue_type(column_of(prop).type) == "timestamp"
    assert "type_conflict" in codes(document([{"name": "a"} | prop]))
    assert "precision_cut" in codes(document([{"name": "a", "physicalType": "date"} | prop]))


def test_says_nothing_of_date_for_timestamp_in_versions_without_timestamps():
    """Before 3.1, `date` was the only word for both."""
    source = document([{"name": "a", "logicalType": "date", "physicalType": "timestamp"}])
    assert "type_conflict" in codes(source)
    assert "type_conflict" not in codes(source | {"apiVersion": "v3.0.2"})
    assert glue_type(table_of(source | {"apiVersion": "v3.0.2"}).columns[0].type) == "timestamp"


@pytest.mark.parametrize(("physical", "timezone", "kind"), [
    ("", None, PrimitiveKind.TIMESTAMP),
    ("", False, PrimitiveKind.TIMESTAMP_NTZ),
    ("timestamp", False, PrimitiveKind.TIMESTAMP_NTZ),
    ("timestamp", True, PrimitiveKind.TIMESTAMP),
    ("timestamp_ntz", None, PrimitiveKind.TIMESTAMP_NTZ),
    ("timestamptz", None, PrimitiveKind.TIMESTAMP),
    ("timestamptz", False, PrimitiveKind.TIMESTAMP),
])  # fmt: skip
def test_knows_moments_from_wall_clocks(physical: str, kind: PrimitiveKind, *, timezone: bool | None):
    """`timezone` settles what the physical type leaves open, and nothing else."""
    prop = {"name": "a", "logicalType": "timestamp"} | ({"physicalType": physical} if physical else {})
    prop |= {} if timezone is None else {"logicalTypeOptions": {"timezone": timezone}}
    assert table_of(document([prop])).columns[0].type == Primitive(kind)
    assert ("type_conflict" in codes(document([prop]))) is (physical == "timestamptz" and timezone is False)


def test_lends_the_physical_type_to_the_parts_it_describes():
    """Items and properties without a type of their own get that of the type around them."""
    items = {"logicalType": "array", "physicalType": "array<decimal(5,2)>", "items": {"logicalType": "number"}}
    assert glue_type(column_of(items).type) == "array<decimal(5,2)>"
    inner = {"logicalType": "object", "physicalType": "struct<A:decimal(5,2),b:int>"}
    properties = [{"name": "a", "physicalName": "A", "logicalType": "number"}, {"name": "b", "logicalType": "integer"}]
    assert glue_type(column_of(inner | {"properties": properties}).type) == "struct<a:decimal(5,2),b:int>"


def test_fails_when_a_physical_field_is_described_by_no_property():
    """It would be lost."""
    prop = {"logicalType": "object", "physicalType": "struct<a:int,secret:string>", "properties": [{"name": "a", "logicalType": "integer"}]}
    found = finding_of(document([{"name": "x"} | prop]), "undescribed_field")
    assert found.is_error
    assert "'secret'" in found.message


def test_tells_when_the_parts_of_a_document_are_kept_only():
    """What a JSON document holds beyond the described properties is not kept, and that is said."""
    prop = {"logicalType": "object", "physicalType": "VARIANT", "properties": [{"name": "a", "logicalType": "string"}]}
    assert glue_type(column_of(prop).type) == "struct<a:string>"
    assert "document_parts" in codes(document([{"name": "x"} | prop]))


def test_fails_when_the_key_of_a_map_is_nested():
    """A map is looked up by plain keys."""
    key = {"logicalType": "array", "items": {"logicalType": "string"}}
    prop = {"logicalType": "map", "map": {"key": key, "value": {"logicalType": "string"}}}
    assert "map_key" in codes(document([{"name": "x"} | prop]))


def test_tells_of_digits_that_are_cut():
    """Nanoseconds become microseconds, aloud."""
    found = finding_of(document([{"name": "a", "logicalType": "timestamp", "physicalType": "timestamp(9)"}]), "precision_cut")
    assert "a (timestamp(9))" in found.message
