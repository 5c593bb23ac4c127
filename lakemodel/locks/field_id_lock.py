"""What a lock of field ids holds, and whether one only extends another. Files and contracts are the business of the modules beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_PARTITION_ID: Final = 1000
"""Partition fields are numbered from here; https://iceberg.apache.org/spec/#partition-specs."""

_MAX_COLUMN_ID: Final = FIRST_PARTITION_ID * 1000
_DECIMAL: Final = re.compile(r"decimal\((\d+), (\d+)\)")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


FieldId = Annotated[int, Field(ge=1, le=_MAX_COLUMN_ID)]
PartitionId = Annotated[int, Field(ge=FIRST_PARTITION_ID)]


class LockedField(_Model):
    """One column or nested part.

    Attributes:
        id: For good.
        type: Its Iceberg type; `struct`, `list` or `map` for one with parts.
        required: Whether the table itself forbids NULL. Only a column that the table began with can: files written before a column was
            added have none of its values, and Iceberg never makes an optional column required.
    """

    id: FieldId
    type: str
    required: bool = False


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
    """The ids of one table. `last_field_id` and `last_partition_id` only ever grow.

    Attributes:
        s3_tables: What `AWS::S3Tables::Table` was created with, which may not change: its `IcebergMetadata` without the table's properties.
            None for a table that was never recorded as one.
    """

    last_field_id: Annotated[int, Field(ge=0, le=_MAX_COLUMN_ID)] = 0
    last_partition_id: Annotated[int, Field(ge=FIRST_PARTITION_ID - 1)] = FIRST_PARTITION_ID - 1
    fields: dict[str, LockedField] = {}
    partitions: tuple[LockedPartition, ...] = ()
    retired: tuple[RetiredField, ...] = ()
    retired_partitions: tuple[LockedPartition, ...] = ()
    s3_tables: dict[str, Any] | None = None


class FieldIdLock(_Model):
    """A lock file: the tables of one contract, gone ones included.

    Attributes:
        product: `domain.product` of the contract it belongs to; empty in a lock that was never saved for one.
    """

    version: Literal[1] = 1
    product: str = ""
    tables: dict[str, LockedTable] = {}


def contradictions(lock: FieldIdLock) -> Iterator[str]:
    """What cannot be true of any lock that this project wrote."""
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
        for one in table.partitions:
            if one.column not in table.fields:
                yield f"table {name} is partitioned by {one.transform}({one.column}), and holds no such column"


def can_become(old: str, new: str) -> bool:
    """Whether Iceberg can change a type in place; https://iceberg.apache.org/spec/#schema-evolution."""
    if old == new or (old, new) in {("int", "long"), ("float", "double")}:
        return True
    before, after = _DECIMAL.fullmatch(old), _DECIMAL.fullmatch(new)
    return bool(before and after and before[2] == after[2] and int(before[1]) <= int(after[1]))


def is_inside(path: str, column: str) -> bool:
    """Whether the path is that column or a part of it."""
    return path == column or path.startswith((f"{column}.", f"{column}[", f"{column}{{"))


def only_extends(old: LockedTable, new: LockedTable) -> Iterator[str]:
    """Why `new` is no later state of `old`; nothing when it is one.

    Every id that `old` gave is still given to the same path, or retired with it; retired ids stay retired; what is new has ids above those
    that were given; types only widen; nothing became required; no column left in the same step as the partitioning by it.

    Example:
        >>> list(only_extends(LockedTable(), LockedTable(last_field_id=1, fields={"a": LockedField(id=1, type="int")})))
        []
    """
    yield from _counters(old, new)
    yield from _fields(old, new)
    yield from _partitions(old, new)
    if old.s3_tables is not None and old.s3_tables != new.s3_tables:
        yield "what the S3 table was created with is not what it was"


def _counters(old: LockedTable, new: LockedTable) -> Iterator[str]:
    if new.last_field_id < old.last_field_id:
        yield f"last_field_id went back from {old.last_field_id} to {new.last_field_id}"
    if new.last_partition_id < old.last_partition_id:
        yield f"last_partition_id went back from {old.last_partition_id} to {new.last_partition_id}"


def _fields(old: LockedTable, new: LockedTable) -> Iterator[str]:
    retired = {one.id: one for one in new.retired}
    for path, was in old.fields.items():
        now = new.fields.get(path)
        if now is not None and now.id == was.id:
            if not can_become(was.type, now.type):
                yield f"{path} (id {was.id}) was {was.type} and is now {now.type}"
            if now.required and not was.required:
                yield f"{path} (id {was.id}) was optional and is now required"
        elif was.id not in retired or retired[was.id].path != path:
            found = "none" if now is None else now.id
            yield f"{path} had id {was.id} and has {found}, and no retired id {was.id} tells of it"
        elif any(is_inside(one.column, path) for one in old.partitions):
            yield f"{path} is gone in one step with the partitioning by it; unpartition, deploy, and only then remove it"
    for gone in old.retired:
        if retired.get(gone.id) != gone:
            yield f"id {gone.id} of {gone.path} was retired and is no more"
    yield from _new_fields(old, new)


def _new_fields(old: LockedTable, new: LockedTable) -> Iterator[str]:
    for path, now in new.fields.items():
        if now.id <= old.last_field_id and (path not in old.fields or old.fields[path].id != now.id):
            yield f"{path} has id {now.id}, which was given before"
        if now.required and now.id > old.last_field_id > 0:
            yield f"{path} (id {now.id}) was added as required; files written before have no value for it"


def _partitions(old: LockedTable, new: LockedTable) -> Iterator[str]:
    after = {one.id: one for one in (*new.partitions, *new.retired_partitions)}
    gone = {one.id for one in old.retired_partitions}
    for one in (*old.partitions, *old.retired_partitions):
        if after.get(one.id) != one:
            yield f"partition field {one.transform}({one.column}) had id {one.id} and has it no more"
    for one in new.partitions:
        if one.id in gone:
            yield f"partition field {one.transform}({one.column}) has id {one.id}, which was retired"
        elif one.id <= old.last_partition_id and one not in old.partitions:
            yield f"partition field {one.transform}({one.column}) has id {one.id}, which was given before"
