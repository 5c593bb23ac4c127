"""Column types as the Glue Data Catalog spells them (Hive type strings)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakemodel.types.model import Decimal, List, Map, Primitive, PrimitiveKind, Struct

if TYPE_CHECKING:
    from lakemodel.types.model import DataType

MAX_TYPE_LENGTH = 131_072
"""Characters that a column's type may have; https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html."""


def glue_type(data_type: DataType) -> str:
    """The Hive type string of a column. Hive has one timestamp, so both kinds are `timestamp` there.

    Example:
        >>> from lakemodel.types.model import StructField
        >>> glue_type(List(Struct((StructField("sku", Primitive(PrimitiveKind.STRING)),))))
        'array<struct<sku:string>>'
    """
    match data_type:
        case Primitive(PrimitiveKind.TIMESTAMP_NTZ):
            return "timestamp"
        case Primitive(kind):
            return kind.value
        case Decimal(precision, scale):
            return f"decimal({precision},{scale})"
        case Struct(fields):
            return f"struct<{','.join(f'{field.name}:{glue_type(field.type)}' for field in fields)}>"
        case List(element):
            return f"array<{glue_type(element)}>"
        case Map(key, value):
            return f"map<{glue_type(key)},{glue_type(value)}>"
