"""Types as Glue, Spark and Iceberg spell them: nothing is lost on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from lakemodel.locks.field_ids import FieldIds
from lakemodel.types.glue import glue_type
from lakemodel.types.iceberg import iceberg_type, iceberg_type_text, nested_parts
from lakemodel.types.model import DataType, Decimal, List, Map, Primitive, PrimitiveKind, Struct, StructField
from lakemodel.types.spark import spark_type
from lakemodel.types.sql import parse_sql_type
from lakemodel.types.sql_model import Family, SqlType

from .types_strategy import TYPES


def _ids(data_type: DataType, path: str) -> FieldIds:
    return FieldIds({part: 2 + number for number, (part, _) in enumerate(nested_parts(data_type, path))})


def _without_zones(data_type: DataType) -> DataType:
    """The type as Hive can tell it: one timestamp only."""
    match data_type:
        case Primitive(PrimitiveKind.TIMESTAMP_NTZ):
            return Primitive(PrimitiveKind.TIMESTAMP)
        case Struct(fields):
            return Struct(tuple(StructField(field.name, _without_zones(field.type)) for field in fields))
        case List(element):
            return List(_without_zones(element))
        case Map(key, value):
            return Map(_without_zones(key), _without_zones(value))
    return data_type


def _from_sql(found: SqlType) -> DataType:
    if found.fields is not None:
        return Struct(tuple(StructField(name, _from_sql(inner)) for name, inner in found.fields))
    if found.element is not None:
        return List(_from_sql(found.element))
    if found.key is not None and found.value is not None:
        return Map(_from_sql(found.key), _from_sql(found.value))
    assert found.family is not Family.UNKNOWN
    assert found.type is not None
    return found.type


_ICEBERG = {
    "boolean": PrimitiveKind.BOOLEAN,
    "int": PrimitiveKind.INT,
    "long": PrimitiveKind.BIGINT,
    "float": PrimitiveKind.FLOAT,
    "double": PrimitiveKind.DOUBLE,
    "string": PrimitiveKind.STRING,
    "date": PrimitiveKind.DATE,
    "timestamptz": PrimitiveKind.TIMESTAMP,
    "timestamp": PrimitiveKind.TIMESTAMP_NTZ,
    "binary": PrimitiveKind.BINARY,
}


def _from_iceberg(found: str | dict[str, Any]) -> DataType:
    """Reads the specification's JSON anew, independently of what wrote it."""
    if isinstance(found, dict):
        if found["type"] == "struct":
            return Struct(tuple(StructField(field["name"], _from_iceberg(field["type"])) for field in found["fields"]))
        if found["type"] == "list":
            return List(_from_iceberg(found["element"]))
        return Map(_from_iceberg(found["key"]), _from_iceberg(found["value"]))
    if found.startswith("decimal("):
        precision, scale = found.removeprefix("decimal(").removesuffix(")").split(", ")
        return Decimal(int(precision), int(scale))
    return Primitive(_ICEBERG[found])


def _small_as_int(data_type: DataType) -> DataType:
    match data_type:
        case Primitive(PrimitiveKind.TINYINT | PrimitiveKind.SMALLINT):
            return Primitive(PrimitiveKind.INT)
        case Struct(fields):
            return Struct(tuple(StructField(field.name, _small_as_int(field.type)) for field in fields))
        case List(element):
            return List(_small_as_int(element))
        case Map(key, value):
            return Map(_small_as_int(key), _small_as_int(value))
    return data_type


@given(TYPES)
def test_reads_back_what_glue_is_told(data_type: DataType):
    """Hive's spelling keeps every part, precision and scale."""
    read = _from_sql(parse_sql_type(glue_type(data_type), dialect="hive"))
    assert read == _without_zones(data_type)


@given(TYPES)
def test_reads_back_what_spark_is_told(data_type: DataType):
    """Spark's spelling keeps the zone too."""
    assert _from_sql(parse_sql_type(spark_type(data_type), dialect="spark")) == data_type


@given(TYPES)
def test_reads_back_what_iceberg_is_told(data_type: DataType):
    """Iceberg's JSON keeps all but the width of small integers."""
    spelled = iceberg_type(data_type, "c", _ids(data_type, "c"))
    assert _from_iceberg(spelled) == _small_as_int(data_type)
    text = iceberg_type_text(data_type, "c", _ids(data_type, "c"))
    assert (json.loads(text) if isinstance(spelled, dict) else text) == spelled


def _ids_in(spelled: Any) -> list[int]:
    if isinstance(spelled, list):
        return [one for part in spelled for one in _ids_in(part)]
    if not isinstance(spelled, dict):
        return []
    own = [value for key, value in spelled.items() if key in {"id", "element-id", "key-id", "value-id"}]
    return own + [one for part in spelled.values() for one in _ids_in(part)]


@given(TYPES)
def test_gives_each_part_its_own_id(data_type: DataType):
    """Every nested part stands under the id of its path, none twice."""
    ids = _ids(data_type, "c")
    found = _ids_in(iceberg_type(data_type, "c", ids))
    assert sorted(found) == sorted(ids.fields.values())


def test_refuses_a_part_without_an_id():
    """An id that is not locked is never made up."""
    with pytest.raises(KeyError, match=r"c\[\]"):
        iceberg_type(List(Primitive(PrimitiveKind.INT)), "c", FieldIds({}))


def test_requires_nothing_inside_a_column():
    """One NULL inside must not make a table unwritable for good."""
    struct = Struct((StructField("a", Primitive(PrimitiveKind.INT), required=True),))
    spelled = iceberg_type(List(struct, element_required=True), "c", FieldIds({"c[]": 1, "c[].a": 2}))
    assert isinstance(spelled, dict)
    assert spelled["element-required"] is False
    assert spelled["element"]["fields"][0]["required"] is False


def test_spells_fields_as_the_producer_does_when_asked():
    """The job reads with the producer's names and stores with the catalog's."""
    struct = Struct((StructField("first_name", Primitive(PrimitiveKind.STRING), source_name="first`Name"),))
    assert spark_type(struct) == "struct<`first_name`: string>"
    assert spark_type(struct, as_delivered=True) == "struct<`first``Name`: string>"
