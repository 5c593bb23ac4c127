"""The field ids of Iceberg tables, kept for good in a file beside each contract.

A reader finds a column in a data file by its id. An id that moved to another column shows that column's data under the wrong name, so ids
are handed out once, never renumbered and never reused, not even after a column is gone.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lakemodel.contracts.model import TableFormat
from lakemodel.errors import DataLakeError, InvalidInput
from lakemodel.findings import Finding, Place
from lakemodel.types.iceberg import FieldIdSource, iceberg_type, nested_parts
from lakemodel.types.model import List, Map, Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakemodel.contracts.model import DataContract, Table
    from lakemodel.types.model import DataType

FIRST_PARTITION_ID: Final = 1000
"""Partition fields are numbered from here; https://iceberg.apache.org/spec/#partition-specs."""

_CONTRACT_ENDINGS: Final = re.compile(r"(\.odcs)?\.(ya?ml|json)$", re.IGNORECASE)
_DECIMAL: Final = re.compile(r"decimal\((\d+), (\d+)\)")
_MAX_COLUMN_ID: Final = FIRST_PARTITION_ID * 1000


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


FieldId = Annotated[int, Field(ge=1, le=_MAX_COLUMN_ID)]
PartitionId = Annotated[int, Field(ge=FIRST_PARTITION_ID)]


class LockedField(_Model):
    """One column or nested part: its id and its Iceberg type (`struct`, `list` or `map` for one with parts)."""

    id: FieldId
    type: str


class LockedPartition(_Model):
    """One partition field: its id, the column it is made from and how."""

    id: PartitionId
    column: str
    transform: str


class RetiredField(_Model):
    """A column or nested part that is gone; its id stays taken."""

    path: str
    id: FieldId
    type: str


class LockedTable(_Model):
    """The ids of one table. `last_field_id` and `last_partition_id` only ever grow."""

    last_field_id: Annotated[int, Field(ge=0, le=_MAX_COLUMN_ID)] = 0
    last_partition_id: Annotated[int, Field(ge=FIRST_PARTITION_ID - 1)] = FIRST_PARTITION_ID - 1
    fields: dict[str, LockedField] = {}
    partitions: tuple[LockedPartition, ...] = ()
    retired: tuple[RetiredField, ...] = ()
    retired_partitions: tuple[LockedPartition, ...] = ()


class FieldIdLock(_Model):
    """A lock file: the tables of one contract, gone ones included."""

    version: Literal[1] = 1
    tables: dict[str, LockedTable] = {}


@dataclass(frozen=True, slots=True)
class FieldIds(FieldIdSource):
    """The ids of one table.

    Attributes:
        fields: From path (`items[].sku`) to id.
        partitions: From (column, transform) to id.
        is_locked: Whether a committed file holds them; False for ids that were only just numbered.
    """

    fields: Mapping[str, int]
    partitions: Mapping[tuple[str, str], int] = field(default_factory=dict)
    is_locked: bool = True

    def of(self, path: str) -> int:
        """The id of a column or a nested part; raises KeyError when there is none."""
        return self.fields[path]

    def of_partition(self, column: str, transform: str) -> int:
        """The id of a partition field, 1000 or above; raises KeyError when there is none."""
        return self.partitions[column, transform]


def lock_path(contract_file: str | Path) -> Path:
    """Where a contract's lock stands: beside it, `orders.odcs.yaml` with `orders.lock.json`."""
    path = Path(contract_file)
    return path.with_name(_CONTRACT_ENDINGS.sub("", path.name) + ".lock.json")


def load_lock(path: Path, *, display: str | None = None) -> FieldIdLock | None:
    """Reads a lock file; None when there is none.

    Raises:
        InvalidInput: It cannot be read, is no lock file, or contradicts itself.
    """
    place = Place(str(path) if display is None else display)
    remedy = "Restore it from version control; never edit it by hand."
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InvalidInput([Finding(place, "lock.unreadable", f"the lock file cannot be read: {error}", remedy)]) from None
    try:
        lock = FieldIdLock.model_validate_json(text)
    except (ValidationError, RecursionError) as error:
        details = error.errors() if isinstance(error, ValidationError) else []
        found = "; ".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}".strip() for one in details[:5]) or "it is nested too deep"
        raise InvalidInput([Finding(place, "lock.broken", f"this is not a lock file: {found}", remedy)]) from None
    if problems := list(_contradictions(lock)):
        raise InvalidInput([Finding(place, "lock.broken", problem, remedy) for problem in problems])
    return lock


def _contradictions(lock: FieldIdLock) -> Iterator[str]:
    for name, table in lock.tables.items():
        taken = [one.id for one in table.fields.values()] + [one.id for one in table.retired]
        if len(taken) != len(set(taken)):
            yield f"table {name} gives one field id twice"
        if taken and max(taken) > table.last_field_id:
            yield f"table {name} holds a field id above its last_field_id {table.last_field_id}"
        partitions = [one.id for one in (*table.partitions, *table.retired_partitions)]
        if len(partitions) != len(set(partitions)):
            yield f"table {name} gives one partition field id twice"
        if partitions and max(partitions) > table.last_partition_id:
            yield f"table {name} holds a partition field id above its last_partition_id {table.last_partition_id}"


def save_lock(lock: FieldIdLock, path: Path) -> None:
    """Writes the lock whole or not at all; the same lock gives the same bytes."""
    data = lock.model_dump(mode="json")
    data["tables"] = {name: data["tables"][name] for name in sorted(data["tables"])}
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


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


def can_become(old: str, new: str) -> bool:
    """Whether Iceberg can change a type in place; https://iceberg.apache.org/spec/#schema-evolution."""
    if old == new or (old, new) in {("int", "long"), ("float", "double")}:
        return True
    before, after = _DECIMAL.fullmatch(old), _DECIMAL.fullmatch(new)
    return bool(before and after and before[2] == after[2] and int(before[1]) <= int(after[1]))


def ids_of(table: Table, locked: LockedTable, *, is_locked: bool = True) -> FieldIds:
    """The table's ids out of its lock; those the lock does not hold are absent."""
    wanted = parts_of(table)
    return FieldIds(
        fields={path: one.id for path, one in locked.fields.items() if path in wanted},
        partitions={(one.column, one.transform): one.id for one in locked.partitions},
        is_locked=is_locked,
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
    run = "Run `lakecheck contracts lock` and commit the lock file."
    for path, spelled in parts_of(table).items():
        known = locked.fields.get(path)
        if known is None:
            yield path, f"{path} has no field id in the lock", run
        elif not can_become(known.type, spelled):
            yield path, f"{path} was {known.type} and is now {spelled}: Iceberg cannot change the one into the other", _CHANGED
        elif known.type != spelled:
            yield path, f"{path} was {known.type} and is now {spelled}, which the lock does not say yet", run
    gone = [path for path in locked.fields if path not in parts_of(table)]
    for path in gone:
        blocked = _partitioned_by(locked, path)
        if blocked:
            yield path, f"{path} is gone, but the table is still partitioned by {blocked}", _STILL_PARTITIONS
        else:
            yield path, f"{path} is gone, but the lock still holds it as a column", run
    wanted = {(one.column, one.transform) for one in table.partitioning}
    have = {(one.column, one.transform) for one in locked.partitions}
    for column, transform in sorted(wanted ^ have):
        state = "has no id in the lock" if (column, transform) in wanted else "is gone, but still stands in the lock"
        yield column, f"the partition field {transform}({column}) {state}", run


_CHANGED = "Give the column with the new type another name; keep the old one, or remove it and lock, before its name is used again."
_STILL_PARTITIONS = "First take it out of the partitioning, lock and deploy; then remove the column."


def _partitioned_by(locked: LockedTable, path: str) -> str:
    names = [f"{one.transform}({one.column})" for one in locked.partitions if one.column == path]
    return ", ".join(names)


def refusals(locked: LockedTable, table: Table) -> list[tuple[str, str, str]]:
    """Those disagreements that extending the lock cannot settle."""
    return [one for one in disagreements(locked, table) if one[2] in {_CHANGED, _STILL_PARTITIONS}]


def extend_table(locked: LockedTable, table: Table) -> LockedTable:
    """The lock with ids for what is new and what is gone retired; ask `refusals` first.

    A name that was retired and comes back is a new column with a new id.
    """
    wanted = parts_of(table)
    last = locked.last_field_id
    fields: dict[str, LockedField] = {}
    for path, known in locked.fields.items():
        if path in wanted:
            fields[path] = LockedField(id=known.id, type=wanted[path])
    for path, spelled in wanted.items():
        if path not in fields:
            last += 1
            fields[path] = LockedField(id=last, type=spelled)
    gone = tuple(RetiredField(path=path, id=one.id, type=one.type) for path, one in locked.fields.items() if path not in wanted)
    keys = [(one.column, one.transform) for one in table.partitioning]
    kept = tuple(one for one in locked.partitions if (one.column, one.transform) in keys)
    dropped = tuple(one for one in locked.partitions if one not in kept)
    last_partition = locked.last_partition_id
    new = []
    for column, transform in keys:
        if (column, transform) not in {(one.column, one.transform) for one in kept}:
            last_partition += 1
            new.append(LockedPartition(id=last_partition, column=column, transform=transform))
    return LockedTable(
        last_field_id=last,
        last_partition_id=last_partition,
        fields=fields,
        partitions=(*kept, *new),
        retired=(*locked.retired, *gone),
        retired_partitions=(*locked.retired_partitions, *dropped),
    )


def extend(lock: FieldIdLock, tables: Iterable[Table]) -> FieldIdLock:
    """The lock extended for these tables; tables it holds and that are not given stay as they are."""
    extended = dict(lock.tables)
    for table in tables:
        extended[table.name] = extend_table(extended.get(table.name, LockedTable()), table)
    return FieldIdLock(tables=extended)
