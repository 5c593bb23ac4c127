"""When two values are the same: what rows are compared, grouped and hashed by.

NULL equals NULL, -0.0 equals 0.0, decimals are equal by value, timestamps as instants, maps by what they hold, in whatever order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import (
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)

if TYPE_CHECKING:
    from pyspark.sql import Column


def comparable(value: Column, type_: T.DataType) -> Column:
    """`value` as Spark can compare it: Spark compares no maps, so each becomes the sorted list of its entries."""
    if "map<" not in type_.simpleString():
        return value
    if isinstance(type_, T.ArrayType):
        item_type = type_.elementType
        return F.transform(value, lambda item: comparable(item, item_type))
    if isinstance(type_, T.StructType):
        fields = F.struct(*(comparable(value.getField(field.name), field.dataType).alias(field.name) for field in type_.fields))
        return F.when(value.isNotNull(), fields)
    if not isinstance(type_, T.MapType):
        return value
    key_type, value_type = type_.keyType, type_.valueType

    def entry(item: Column) -> Column:
        return F.struct(comparable(item["key"], key_type).alias("key"), comparable(item["value"], value_type).alias("value"))

    return F.array_sort(F.transform(F.map_entries(value), entry))
