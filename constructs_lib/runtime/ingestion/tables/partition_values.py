"""Values of partition fields: made of rows by PyIceberg's own transforms, as text in manifests, and back as Iceberg keeps them.

Dates and moments are ISO 8601, binary is hexadecimal; everything else, the numbers of years, months, hours and buckets since 1970 among
it, is what Iceberg has. https://iceberg.apache.org/spec/#partition-transforms
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.transforms import DayTransform, HourTransform, MonthTransform, YearTransform
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    StringType,
    TimestampType,
    TimestamptzType,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyiceberg.partitioning import PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import Transform
    from pyiceberg.types import IcebergType

_EPOCH_DAY = dt.date(1970, 1, 1)
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - moments are compared as Iceberg keeps them: UTC without saying so
_MICROSECOND = dt.timedelta(microseconds=1)
_OF_TIME = (YearTransform, MonthTransform, DayTransform, HourTransform)
_MOMENTS = (TimestampType, TimestamptzType)
_BYTES = (BinaryType, FixedType)

_TO_TEXT: tuple[tuple[tuple[type, ...], Callable[[Any], str]], ...] = (
    ((DateType,), lambda value: (_EPOCH_DAY + dt.timedelta(days=value)).isoformat()),
    (_MOMENTS, lambda value: (_EPOCH + value * _MICROSECOND).isoformat()),
    (_BYTES, lambda value: bytes(value).hex()),
    ((BooleanType,), lambda value: "true" if value else "false"),
)
_FROM_TEXT: tuple[tuple[tuple[type, ...], Callable[[str], Any]], ...] = (
    ((DateType,), lambda text: (dt.date.fromisoformat(text) - _EPOCH_DAY).days),
    (_MOMENTS, lambda text: (dt.datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND),
    (_BYTES, bytes.fromhex),
    ((BooleanType,), lambda text: text == "true"),
    ((StringType,), str),
    ((DecimalType,), Decimal),
    ((FloatType, DoubleType), float),
)


def to_text(value: Any, type_: IcebergType) -> str | None:
    """A partition value as Iceberg keeps it (dates are days, moments microseconds), as text."""
    if value is None:
        return None
    for kinds, spell in _TO_TEXT:
        if isinstance(type_, kinds):
            return spell(value)
    return str(value)


def from_text(text: str | None, type_: IcebergType) -> Any:
    """The other way round."""
    if text is None:
        return None
    for kinds, read in _FROM_TEXT:
        if isinstance(type_, kinds):
            return read(text)
    return int(text)


def field_types(spec: PartitionSpec, schema: Schema) -> list[IcebergType]:
    """The types of the partition fields' values, in their order."""
    return [field.transform.result_type(schema.find_type(field.source_id)) for field in spec.fields]


def partition_texts(table: pa.Table, spec: PartitionSpec, schema: Schema) -> list[pa.Array]:
    """For each partition field the text of every row's value."""
    found = []
    for field in spec.fields:
        source = schema.find_type(field.source_id)
        column = table.column(schema.find_column_name(field.source_id)).combine_chunks()
        found.append(_texts(column, field.transform, source))
    return found


def _texts(column: Any, transform: Transform[Any, Any], source: IcebergType) -> pa.Array:
    if isinstance(source, _MOMENTS) and isinstance(transform, _OF_TIME):
        column = pc.floor_temporal(column, unit="hour")  # all that these transforms look at: few values to transform
    coded = pc.dictionary_encode(_plain(column, source))
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    apply, result = transform.transform(source), transform.result_type(source)
    texts = pa.array([to_text(apply(value), result) for value in coded.dictionary.to_pylist()], pa.string())
    return texts.take(coded.indices)


def _plain(column: Any, source: IcebergType) -> Any:
    """Dates and moments as the numbers that Iceberg keeps."""
    if isinstance(source, DateType):
        return column.cast(pa.int32())
    return column.cast(pa.int64()) if isinstance(source, _MOMENTS) else column
