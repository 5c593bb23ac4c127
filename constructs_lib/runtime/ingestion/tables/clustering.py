"""Brings rows of the same partition together before they are written, so that few files come of many tasks.

Only where rows end up is decided here; which partition a row belongs to, the task that writes it asks PyIceberg.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyiceberg.transforms import BucketTransform, DayTransform, HourTransform, MonthTransform, TruncateTransform, YearTransform
from pyspark.sql import (
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyiceberg.partitioning import PartitionField
    from pyiceberg.table import Table
    from pyspark.sql import Column, DataFrame

_PERIODS = {YearTransform: "year", MonthTransform: "month", DayTransform: "day", HourTransform: "hour"}


def cluster(rows: DataFrame, table: Table, *, spread: bool) -> DataFrame:
    """The rows by the table's partition fields.

    Args:
        rows: With the table's columns.
        table: Says by which columns, and how.
        spread: Whether the rows come straight from the delivered files, a task each, and not out of a search for duplicates.
    """
    schema = table.schema()
    keys = [_key(field, f"`{schema.find_column_name(field.source_id)}`", table) for field in table.spec().fields]
    return together(rows, keys, spread=spread)


def together(rows: DataFrame, keys: Sequence[Column], *, spread: bool) -> DataFrame:
    """Rows of equal keys in as few tasks as their size allows, one key after the other; `spread` evens out tasks without keys."""
    if not keys:
        return _rebalanced(rows, []) if spread else rows
    names = [f"_key_{at}" for at in range(len(keys))]
    keyed = rows.withColumns(dict(zip(names, keys, strict=True)))
    return _rebalanced(keyed, names).sortWithinPartitions(*names).select(*(F.col(f"`{name}`") for name in rows.columns))


def _rebalanced(rows: DataFrame, names: Sequence[str]) -> DataFrame:
    # few files a partition, without one task that gets all of a large one; the method `hint` takes no columns
    hint = f"REBALANCE({', '.join(names)})" if names else "REBALANCE"
    return rows.sparkSession.sql(f"SELECT /*+ {hint} */ * FROM {{rows}}", rows=rows)  # noqa: S608 - names of ours


def _key(field: PartitionField, name: str, table: Table) -> Column:
    """What is the same for rows of the same partition, as Spark can tell most cheaply."""
    transform: Any = field.transform
    source = table.schema().find_type(field.source_id)
    if type(transform) in _PERIODS:
        return F.date_trunc(_PERIODS[type(transform)], F.col(name))
    if isinstance(transform, BucketTransform):
        apply = transform.transform(source)
        bucket = F.udf(lambda value: None if value is None else apply(_plain(value)), T.IntegerType())
        return bucket(_number(name, str(source)))
    if isinstance(transform, TruncateTransform):
        if str(source) in {"string", "binary"}:
            return F.substring(F.col(name), 1, transform.width)
        if str(source) in {"int", "long"}:
            return F.col(name) - F.pmod(F.col(name), F.lit(transform.width))
    return F.col(name)


def _number(name: str, source: str) -> Column:
    """Dates and moments as the numbers that Iceberg hashes."""
    if source == "date":
        return F.unix_date(F.col(name))
    if source in {"timestamp", "timestamptz"}:
        return F.unix_micros(F.col(name).cast("timestamp"))
    return F.col(name)


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, bytearray) else value
