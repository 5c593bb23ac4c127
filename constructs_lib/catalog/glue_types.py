"""Column types as objects of the Glue L2, which takes no type strings."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from aws_cdk import aws_glue as glue

from lakemodel.contracts.catalog_text import comment
from lakemodel.errors import DataLakeError
from lakemodel.types.glue import glue_type
from lakemodel.types.model import Decimal, List, Map, Primitive, PrimitiveKind, Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakemodel.contracts.model import Column
    from lakemodel.types.model import DataType


def glue_columns(columns: Iterable[Column]) -> list[glue.Column]:
    """The columns for `glue.S3Table`; same types as `lakemodel.types.glue` spells, which a test holds.

    Raises:
        DataLakeError: `map_key`, for a map with nested keys, which Hive types do not have.
    """
    return [
        glue.Column(name=column.name, type=_schema_type(column.type), comment=comment(column.description) or None) for column in columns
    ]


# Each type is a call into Node; tables share nearly all of theirs.
@cache
def _schema_type(data_type: DataType) -> glue.Type:
    match data_type:
        case Primitive(kind):
            return _primitive(kind)
        case Decimal(precision, scale):
            return glue.Schema.decimal(precision, scale)
        case Struct(fields):
            return glue.Schema.struct([glue.Column(name=field.name, type=_schema_type(field.type)) for field in fields])
        case List(element):
            return glue.Schema.array(_schema_type(element))
        case Map(key, value):
            if not isinstance(key, Primitive | Decimal):
                msg = f"got a map whose keys are {glue_type(key)}; Glue's are not nested: deliver a list of structs, or take Iceberg"
                raise DataLakeError(msg, code="map_key")
            return glue.Schema.map(_schema_type(key), _schema_type(value))


def _primitive(kind: PrimitiveKind) -> glue.Type:
    name = {
        PrimitiveKind.TINYINT: "TINY_INT",
        PrimitiveKind.SMALLINT: "SMALL_INT",
        PrimitiveKind.INT: "INTEGER",
        PrimitiveKind.BIGINT: "BIG_INT",
        PrimitiveKind.TIMESTAMP_NTZ: "TIMESTAMP",
    }.get(kind, kind.name)
    made: glue.Type = getattr(glue.Schema, name)
    return made
