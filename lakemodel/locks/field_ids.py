"""The field ids of Iceberg tables, kept for good in a file beside each contract.

A reader finds a column in a data file by its id. An id that moved to another column shows that column's data under the wrong name, so ids
are handed out once, never renumbered and never reused, not even after a column is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.model import TableFormat
from lakemodel.errors import DataLakeError
from lakemodel.locks.field_id_files import load_lock, lock_path, save_lock
from lakemodel.locks.field_id_lock import (
    FIRST_PARTITION_ID,
    FieldIdLock,
    LockedField,
    LockedPartition,
    LockedTable,
    RetiredField,
    can_become,
    is_inside,
    only_extends,
)
from lakemodel.types.iceberg import KEY, FieldIdSource, iceberg_type, nested_parts
from lakemodel.types.model import List, Map, Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakemodel.contracts.model import DataContract, Table
    from lakemodel.types.model import DataType

__all__ = [
    "FIRST_PARTITION_ID",
    "FieldIdLock",
    "FieldIds",
    "LockedField",
    "LockedPartition",
    "LockedTable",
    "RetiredField",
    "can_become",
    "disagreements",
    "extend",
    "extend_table",
    "field_ids_for",
    "fresh_ids",
    "ids_of",
    "load_lock",
    "lock_path",
    "once_partitioned",
    "only_extends",
    "parts_of",
    "refusals",
    "save_lock",
]

_RUN: Final = "Run `lakecheck contracts lock` and commit the lock file."
_CHANGED: Final = "Give the column with the new type another name; keep the old one, or remove it and lock, before its name is used again."
_STILL_PARTITIONS: Final = "First take it out of the partitioning, lock and deploy; then remove the column."
_MAP_KEY: Final = "Leave the map's keys as they are; give the map with other keys another name."


@dataclass(frozen=True, slots=True)
class FieldIds(FieldIdSource):
    """The ids of one table.

    Attributes:
        fields: From path (`items[].sku`) to id.
        partitions: From (column, transform) to id.
        is_locked: Whether a committed file holds them; False for ids that were only just numbered.
        optional: Columns that the contract requires and the table may not: it began without them, or with them optional. The job holds each
            row against the contract all the same.
        s3_tables: What the table was created with as one of S3 Tables; None for one that was not recorded so.
    """

    fields: Mapping[str, int]
    partitions: Mapping[tuple[str, str], int] = field(default_factory=dict)
    is_locked: bool = True
    optional: frozenset[str] = frozenset()
    s3_tables: Mapping[str, Any] | None = None

    def of(self, path: str) -> int:
        """The id of a column or a nested part; raises KeyError when there is none."""
        return self.fields[path]

    def of_partition(self, column: str, transform: str) -> int:
        """The id of a partition field, 1000 or above; raises KeyError when there is none."""
        return self.partitions[column, transform]


def parts_of(table: Table) -> dict[str, str]:
    """Every path of a table that needs an id, with its Iceberg type: columns first in order, then what is nested in them."""
    nested: dict[str, str] = {}
    columns: dict[str, str] = {}
    for column in table.columns:
        columns[column.name] = _type_word(column.type)
        nested.update((path, _type_word(part)) for path, part in nested_parts(column.type, column.name))
    return columns | nested


def _type_word(data_type: DataType) -> str:
    match data_type:
        case Struct():
            return "struct"
        case List():
            return "list"
        case Map():
            return "map"
    return str(iceberg_type(data_type, "", FieldIds({})))


def ids_of(table: Table, locked: LockedTable, *, is_locked: bool = True) -> FieldIds:
    """The table's ids out of its lock; those the lock does not hold are absent."""
    wanted = parts_of(table)
    return FieldIds(
        fields={path: one.id for path, one in locked.fields.items() if path in wanted},
        partitions={(one.column, one.transform): one.id for one in locked.partitions},
        is_locked=is_locked,
        optional=frozenset(
            column.name
            for column in table.columns
            if column.required and (column.name not in locked.fields or not locked.fields[column.name].required)
        ),
        s3_tables=locked.s3_tables,
    )


def fresh_ids(table: Table) -> FieldIds:
    """Ids for a table that has no lock yet, as a first lock would number them."""
    return ids_of(table, extend_table(LockedTable(), table), is_locked=False)


def field_ids_for(contract: DataContract, table: Table) -> FieldIds:
    """The ids that were read with the contract; fresh ones for a table made in code.

    Raises:
        DataLakeError: The table is no Iceberg table, so it has none.
    """
    if table.format is not TableFormat.ICEBERG:
        found = f"a {table.format} table has no field ids; only an iceberg table does"
        raise DataLakeError(found, code="lock.no_field_ids", where=f"{contract.key}.{table.name}")
    return fresh_ids(table) if table.field_ids is None else table.field_ids


def disagreements(locked: LockedTable, table: Table) -> Iterator[tuple[str, str, str]]:
    """What keeps a table from being built on its lock, as (path, what is wrong, remedy)."""
    wanted = parts_of(table)
    required = {column.name for column in table.columns if column.required}
    for path, spelled in wanted.items():
        known = locked.fields.get(path)
        if known is None and _map_of(path) in locked.fields:
            yield path, f"{path} has come into the keys of a map, and Iceberg never changes those", _MAP_KEY
        elif known is None:
            yield path, f"{path} has no field id in the lock", _RUN
        elif known.type != spelled and KEY in path and known.type not in {"struct", "list", "map"}:
            yield path, f"{path} was {known.type} and is now {spelled}: Iceberg never changes the keys of a map", _MAP_KEY
        elif not can_become(known.type, spelled):
            yield path, f"{path} was {known.type} and is now {spelled}: Iceberg cannot change the one into the other", _CHANGED
        elif known.type != spelled:
            yield path, f"{path} was {known.type} and is now {spelled}, which the lock does not say yet", _RUN
        elif known.required and path not in required:
            yield path, f"{path} was required and is now optional, which the lock does not say yet", _RUN
    yield from (_gone(locked, path, wanted) for path in locked.fields if path not in wanted)
    keys = {(one.column, one.transform) for one in table.partitioning}
    have = {(one.column, one.transform) for one in locked.partitions}
    for column, transform in sorted(keys ^ have):
        state = "has no id in the lock" if (column, transform) in keys else "is gone, but still stands in the lock"
        yield column, f"the partition field {transform}({column}) {state}", _RUN


def _gone(locked: LockedTable, path: str, wanted: Mapping[str, str]) -> tuple[str, str, str]:
    blocked = ", ".join(f"{one.transform}({one.column})" for one in locked.partitions if is_inside(one.column, path))
    if blocked:
        return path, f"{path} is gone, but the table is still partitioned by {blocked}", _STILL_PARTITIONS
    if _map_of(path) in wanted:
        return path, f"{path} is gone from the keys of a map, and Iceberg never changes those", _MAP_KEY
    return path, f"{path} is gone, but the lock still holds it as a column", _RUN


def _map_of(path: str) -> str:
    """The key of the map that the path is a part of; empty when it is a part of none."""
    head, key, inner = path.rpartition(KEY)
    return head + key if inner else ""


def refusals(locked: LockedTable, table: Table) -> list[tuple[str, str, str]]:
    """Those disagreements that extending the lock cannot settle."""
    return [one for one in disagreements(locked, table) if one[2] != _RUN]


def once_partitioned(locked: LockedTable, table: Table) -> list[str]:
    """Columns that are gone and by which the table was partitioned before.

    Files of that time still stand under the old partitioning, and engines have failed to read a table whose old partitioning names a column
    that is gone: rewrite those files and expire the snapshots first. See https://github.com/apache/iceberg/issues/10234
    """
    gone = locked.fields.keys() - parts_of(table).keys()
    return sorted({one.column for one in locked.retired_partitions if one.column in gone})


def extend_table(locked: LockedTable, table: Table) -> LockedTable:
    """The lock with ids for what is new and what is gone retired; ask `refusals` first.

    A name that was retired and comes back is a new column with a new id.
    """
    wanted = parts_of(table)
    required = {column.name for column in table.columns if column.required}
    begins = locked.last_field_id == 0
    last = locked.last_field_id
    fields = {
        path: LockedField(id=known.id, type=wanted[path], required=known.required and path in required)
        for path, known in locked.fields.items()
        if path in wanted
    }
    for path, spelled in wanted.items():
        if path not in fields:
            last += 1
            fields[path] = LockedField(id=last, type=spelled, required=begins and path in required)
    gone = tuple(RetiredField(path=path, id=one.id, type=one.type) for path, one in locked.fields.items() if path not in wanted)
    keys = [(one.column, one.transform) for one in table.partitioning]
    kept = tuple(one for one in locked.partitions if (one.column, one.transform) in keys)
    dropped = tuple(one for one in locked.partitions if one not in kept)
    held = {(one.column, one.transform) for one in kept}
    added = [key for key in keys if key not in held]
    new = [
        LockedPartition(id=number, column=column, transform=transform)
        for number, (column, transform) in enumerate(added, start=locked.last_partition_id + 1)
    ]
    return LockedTable(
        last_field_id=last,
        last_partition_id=locked.last_partition_id + len(new),
        fields=fields,
        partitions=(*kept, *new),
        retired=(*locked.retired, *gone),
        retired_partitions=(*locked.retired_partitions, *dropped),
        s3_tables=locked.s3_tables,
    )


def extend(lock: FieldIdLock, tables: Iterable[Table], *, product: str | None = None) -> FieldIdLock:
    """The lock extended for these tables; tables it holds and that are not given stay as they are.

    Args:
        lock: What was given so far.
        tables: The contract's Iceberg tables.
        product: `domain.product` of the contract; the lock's own when left out.
    """
    extended = dict(lock.tables)
    for table in tables:
        extended[table.name] = extend_table(extended.get(table.name, LockedTable()), table)
    return FieldIdLock(product=lock.product if product is None else product, tables=extended)
