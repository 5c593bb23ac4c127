"""Column types as Spark's DDL spells them, for the ingestion job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakemodel.types.model import Decimal, List, Map, Primitive, Struct

if TYPE_CHECKING:
    from lakemodel.types.model import DataType


def spark_type(data_type: DataType, *, as_delivered: bool = False) -> str:
    """The Spark DDL of a type; names of struct fields stand in backticks, so that any name is safe.

    Every part may be NULL: Spark refuses to cast what may be NULL to what may not.

    Args:
        data_type: The type.
        as_delivered: Spell struct fields as the producer does instead of as the catalog does.

    Example:
        >>> spark_type(List(Decimal(10, 2)))
        'array<decimal(10,2)>'
    """
    match data_type:
        case Primitive(kind):
            return kind.value
        case Decimal(precision, scale):
            return f"decimal({precision},{scale})"
        case Struct(fields):
            parts = []
            for field in fields:
                name = (field.delivered_as if as_delivered else field.name).replace("`", "``")
                parts.append(f"`{name}`: {spark_type(field.type, as_delivered=as_delivered)}")
            return f"struct<{', '.join(parts)}>"
        case List(element):
            return f"array<{spark_type(element, as_delivered=as_delivered)}>"
        case Map(key, value):
            return f"map<{spark_type(key, as_delivered=as_delivered)}, {spark_type(value, as_delivered=as_delivered)}>"
