"""How a table is partitioned: which columns, in which order, by which transform."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.model import Column, PartitionField, TableFormat
from lakemodel.contracts.nodes import flag_of, integer_of
from lakemodel.contracts.report import quoted
from lakemodel.types.model import Decimal, List, Map, Primitive, PrimitiveKind, Struct

if TYPE_CHECKING:
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path
    from lakemodel.types.model import DataType

_K = PrimitiveKind
_MOMENTS: Final = {Primitive(_K.TIMESTAMP), Primitive(_K.TIMESTAMP_NTZ)}
_DAYS: Final = _MOMENTS | {Primitive(_K.DATE)}
_WHOLE: Final = {Primitive(kind) for kind in (_K.TINYINT, _K.SMALLINT, _K.INT, _K.BIGINT)}
_TEXTS: Final = {Primitive(_K.STRING), Primitive(_K.BINARY)}
_TRANSFORM: Final = re.compile(r"(identity|years?|months?|days?|hours?|bucket|truncate)\s*(?:[\[(]\s*([0-9]{1,9})\s*[\])])?", re.IGNORECASE)
_ALLOWED: Final = "identity, year, month, day, hour, bucket[n], truncate[n]"


def partitioning(
    reading: Reading, columns: list[tuple[Path, dict[str, Any], Column]], transforms: dict[str, tuple[Path, Any]], table_format: TableFormat
) -> tuple[PartitionField, ...]:
    """The table's partition fields, outermost first.

    Args:
        reading: The contract being read.
        columns: The table's columns with their places and what is written there.
        transforms: The stated `partitionTransform` of columns by name.
        table_format: What the table is kept as.
    """
    chosen: list[tuple[int | None, int, Path, Column]] = []
    for order, (path, prop, column) in enumerate(columns):
        position = _position(reading, path, prop, "partitioned", "partitionKeyPosition")
        if position is not False:
            chosen.append((position, order, path, column))
        elif column.name in transforms:
            message = "has a partitionTransform, but the column is not partitioned"
            reading.report.error(transforms[column.name][0], "partition_transform", message, "Set partitioned: true, or remove it.")
    _check_positions(reading, [(position, path) for position, _, path, _ in chosen], "partitionKeyPosition")
    chosen.sort(key=lambda one: (one[0] is None, one[0] or 0, one[1]))
    fields = []
    for _, _, path, column in chosen:
        transform = _transform(reading, column, transforms.get(column.name))
        if transform is not None and _is_allowed(reading, path, column, transform, table_format):
            fields.append(PartitionField(column=column.name, transform=transform))
    if chosen and len(chosen) == len(columns):
        message = "every column partitions the table, so no column would be left in its files"
        reading.report.error(reading.table, "all_columns_partition", message, "Partition by fewer columns.")
    return tuple(fields)


def primary_key(reading: Reading, columns: list[tuple[Path, dict[str, Any], str, DataType]]) -> dict[str, int]:
    """Position in the primary key by column name, from 1 without gaps."""
    chosen: list[tuple[int | None, int, Path, str]] = []
    for order, (path, prop, name, data_type) in enumerate(columns):
        position = _position(reading, path, prop, "primaryKey", "primaryKeyPosition")
        if position is False:
            continue
        if isinstance(data_type, Struct | List | Map):
            message = "is part of the primary key and a nested type; only plain types can be compared"
            reading.report.error(path, "key_type", message, "Choose a plain column.")
        elif data_type in {Primitive(_K.FLOAT), Primitive(_K.DOUBLE)}:
            message = "is part of the primary key and a binary floating point number, which may differ in the last digit"
            reading.report.warning(path, "key_type", message, "Use a decimal or a string.")
        chosen.append((position, order, path, name))
    _check_positions(reading, [(position, path) for position, _, path, _ in chosen], "primaryKeyPosition")
    chosen.sort(key=lambda one: (one[0] is None, one[0] or 0, one[1]))
    return {name: index for index, (_, _, _, name) in enumerate(chosen, start=1)}


def _position(reading: Reading, path: Path, prop: dict[str, Any], flag: str, key: str) -> int | bool | None:
    """False: not part of it; None: part of it at no stated position."""
    stated, position = flag_of(prop, flag), integer_of(prop, key)
    is_placed = position is not None and position > 0
    if stated is None and is_placed:
        reading.report.warning(
            (*path, key), "position_alone", f"{key} is {position} and {flag} is absent, which is read as true", f"Set {flag}: true."
        )
        return position
    if stated is False and is_placed:
        reading.report.warning((*path, key), "position_alone", f"{key} is {position}, but {flag} is false, which decides", f"Remove {key}.")
    if not stated:
        return False
    if position == 0:
        reading.report.warning((*path, key), "position", f"{key} is 0; positions start at 1", "Count from 1.")
    return position if is_placed else None


def _check_positions(reading: Reading, chosen: list[tuple[int | None, Path]], key: str) -> None:
    stated = [position for position, _ in chosen if position is not None]
    for position, path in chosen:
        if position is not None and stated.count(position) > 1:
            message = f"{key} {position} is given to {stated.count(position)} columns"
            reading.report.error((*path, key), "position", message, "Give each its own position, from 1.")
    if len(chosen) > 1 and not stated:
        reading.report.note(
            reading.table, "position", f"no {key} is given: the order of the columns decides", f"Set {key} to fix the order."
        )
    elif stated and (len(stated) < len(chosen) or sorted(set(stated)) != list(range(1, len(set(stated)) + 1))):
        message = f"{key} has gaps: those without one follow in the order of the columns"
        reading.report.warning(reading.table, "position", message, "Give each column its own position, from 1.")


def _transform(reading: Reading, column: Column, stated: tuple[Path, Any] | None) -> str | None:
    if stated is None:
        return "identity"
    path, value = stated
    match = _TRANSFORM.fullmatch(value.strip()) if isinstance(value, str) else None
    word = match[1].lower() if match else ""
    size = int(match[2]) if match and match[2] else None
    takes_size = word in {"bucket", "truncate"}
    if not word or takes_size != (size is not None) or size == 0:
        message = f"partitionTransform is {quoted(value)}; allowed: {_ALLOWED}"
        reading.report.error(path, "partition_transform", message, "Use one of them.")
        return None
    if takes_size:
        plain = column.type if not isinstance(column.type, Decimal) else "decimal"
        fits = plain in (_WHOLE | _TEXTS | {"decimal"} | (_DAYS if word == "bucket" else set()))
        word = f"{word}[{size}]"
    else:
        word = word.rstrip("s")
        fits = word == "identity" or column.type in (_MOMENTS if word == "hour" else _DAYS)
    if not fits:
        message = f"partitionTransform {word} does not go with the type of {column.name}"
        reading.report.error(path, "partition_transform", message, "Use another transform or another column.")
        return None
    return word


def _is_allowed(reading: Reading, path: Path, column: Column, transform: str, table_format: TableFormat) -> bool:
    kind = column.type
    if isinstance(kind, Struct | List | Map):
        message = "partitions the table and is a nested type; only plain types are allowed"
        reading.report.error(path, "partition_type", message, "Partition by another column.")
        return False
    unfit = {Primitive(_K.FLOAT), Primitive(_K.DOUBLE)}
    if table_format is TableFormat.PARQUET:
        if transform != "identity":
            message = f"partitionTransform {transform} needs an Iceberg table; a Parquet table is partitioned by the values themselves"
            reading.report.error(path, "partition_transform", message, "Set tableFormat: iceberg, or remove the transform.")
            return False
        unfit |= _MOMENTS | {Primitive(_K.BINARY)}
    if transform == "identity" and kind in unfit:
        message = "partitions the table by a type whose values make no stable folder names"
        reading.report.error(path, "partition_type", message, "Partition by a date, a whole number or a string.")
        return False
    if transform == "identity" and kind in _MOMENTS:
        message = "partitions the table by single moments: one partition for each"
        reading.report.warning(path, "partition_type", message, "Set partitionTransform: day (or month, hour).")
    return True
