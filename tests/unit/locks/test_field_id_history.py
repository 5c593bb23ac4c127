"""No sequence of edits moves a field id or gives one twice: whatever happens to columns, nested parts, partitions and whole tables."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lakemodel.contracts.model import Column, PartitionField, Table, TableFormat
from lakemodel.locks.field_ids import (
    FieldIdLock,
    LockedTable,
    disagreements,
    extend,
    ids_of,
    load_lock,
    only_extends,
    parts_of,
    refusals,
    save_lock,
)
from lakemodel.types.model import DataType, Decimal, List, Map, Primitive, PrimitiveKind, Struct, StructField

NAMES = st.sampled_from(["a", "b", "c", "d"])
TABLES = st.sampled_from(["orders", "returns"])
PLAIN = st.sampled_from([*(Primitive(kind) for kind in PrimitiveKind), Decimal(9, 2), Decimal(12, 2), Decimal(12, 3)])
WIDER = {
    Primitive(PrimitiveKind.INT): Primitive(PrimitiveKind.BIGINT),
    Primitive(PrimitiveKind.FLOAT): Primitive(PrimitiveKind.DOUBLE),
    Decimal(9, 2): Decimal(12, 2),
}
TRANSFORMS = st.sampled_from(["identity", "month", "bucket[8]"])


@dataclass
class Draft:
    """A table as somebody edits it in the contract."""

    columns: dict[str, DataType] = field(default_factory=lambda: {"a": Primitive(PrimitiveKind.INT)})
    required: set[str] = field(default_factory=set)
    partitions: list[tuple[str, str]] = field(default_factory=list)

    def copy(self) -> Draft:
        return Draft(dict(self.columns), set(self.required), list(self.partitions))

    def table(self, name: str) -> Table:
        columns = tuple(
            Column(name=one, source_name=one, type=kind, classification="public", required=one in self.required)
            for one, kind in self.columns.items()
        )
        fields = tuple(PartitionField(column=column, transform=transform) for column, transform in self.partitions)
        return Table(name=name, source_name=name, format=TableFormat.ICEBERG, columns=columns, classification="public", partitioning=fields)


class Histories(RuleBasedStateMachine):
    """Edits contracts and locks after each; what a lock refuses is taken back, as a person would."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "orders.lock.json"
        self.drafts = {"orders": Draft()}
        self.shelf: dict[str, Draft] = {}
        self.lock = FieldIdLock(product="sales.orders")
        self.owners: dict[tuple[str, int], str] = {}
        self.partition_owners: dict[tuple[str, int], tuple[str, str]] = {}
        self.relock()

    def teardown(self) -> None:
        self.folder.cleanup()

    def relock(self) -> bool:
        tables = [draft.table(name) for name, draft in self.drafts.items()]
        if any(refusals(self.lock.tables.get(one.name, LockedTable()), one) for one in tables):
            return False
        before, self.lock = self.lock, extend(self.lock, tables)
        save_lock(self.lock, self.path)
        assert load_lock(self.path) == self.lock
        for name, old in before.tables.items():
            assert list(only_extends(old, self.lock.tables[name])) == []
        for one in tables:
            self.held(one, before.tables.get(one.name, LockedTable()), self.lock.tables[one.name])
        return True

    def held(self, table: Table, before: LockedTable, after: LockedTable) -> None:
        """The law, against a ledger of its own."""
        assert list(disagreements(after, table)) == []
        assert ids_of(table, after).fields.keys() == parts_of(table).keys()
        for path, one in after.fields.items():
            is_new = (table.name, one.id) not in self.owners
            assert self.owners.setdefault((table.name, one.id), path) == path
            assert is_new is (path not in before.fields)
            assert not is_new or one.id > before.last_field_id
        gone = before.fields.keys() - after.fields.keys()
        assert {(before.fields[path].id, path) for path in gone} <= {(one.id, one.path) for one in after.retired}
        assert not any(one.column in gone for one in before.partitions)
        for one in after.partitions:
            key = (one.column, one.transform)
            assert self.partition_owners.setdefault((table.name, one.id), key) == key
            assert one in before.partitions or one.id > before.last_partition_id

    def edit(self, name: str, draft: Draft) -> None:
        kept, self.drafts[name] = self.drafts[name], draft
        if not self.relock():
            self.drafts[name] = kept

    @rule(table=TABLES, name=NAMES, kind=PLAIN, required=st.booleans(), first=st.booleans())
    def adds_a_column(self, table: str, name: str, kind: DataType, *, required: bool, first: bool) -> None:
        if table in self.drafts and name not in self.drafts[table].columns:
            draft = self.drafts[table].copy()
            draft.columns = {name: kind} | draft.columns if first else draft.columns | {name: kind}
            draft.required |= {name} if required else set()
            self.edit(table, draft)

    @rule(table=TABLES, name=NAMES)
    def drops_a_column(self, table: str, name: str) -> None:
        if table in self.drafts and name in self.drafts[table].columns and len(self.drafts[table].columns) > 1:
            draft = self.drafts[table].copy()
            del draft.columns[name]
            draft.required.discard(name)
            draft.partitions = [one for one in draft.partitions if one[0] != name]
            self.edit(table, draft)

    @rule(table=TABLES, old=NAMES, new=NAMES)
    def renames_a_column(self, table: str, old: str, new: str) -> None:
        if table in self.drafts and old in self.drafts[table].columns and new not in self.drafts[table].columns:
            draft = self.drafts[table].copy()
            draft.columns = {new if name == old else name: kind for name, kind in draft.columns.items()}
            draft.partitions = [(new if name == old else name, transform) for name, transform in draft.partitions]
            self.edit(table, draft)

    @rule(table=TABLES, name=NAMES, into=st.sampled_from(["struct", "list", "map", "wider", "other"]), kind=PLAIN)
    def changes_a_type(self, table: str, name: str, into: str, kind: DataType) -> None:
        if table in self.drafts and name in self.drafts[table].columns:
            draft = self.drafts[table].copy()
            was = draft.columns[name]
            wrapped = {
                "struct": Struct((StructField("inner", was), StructField("more", kind))),
                "list": List(was),
                "map": Map(kind, was),
                "wider": WIDER.get(was, was),  # type: ignore[call-overload]
                "other": kind,
            }
            draft.columns[name] = wrapped[into]
            self.edit(table, draft)

    @rule(table=TABLES, name=NAMES, part=st.sampled_from(["inner", "more", "fresh"]), kind=PLAIN, add=st.booleans())
    def changes_a_struct(self, table: str, name: str, part: str, kind: DataType, *, add: bool) -> None:
        found = self.drafts[table].columns.get(name) if table in self.drafts else None
        if isinstance(found, Struct):
            left = tuple(one for one in found.fields if one.name != part)
            draft = self.drafts[table].copy()
            draft.columns[name] = Struct((StructField(part, kind), *left) if add else (left or found.fields))
            self.edit(table, draft)

    @rule(table=TABLES)
    def reorders(self, table: str) -> None:
        if table in self.drafts:
            draft = self.drafts[table].copy()
            draft.columns = dict(reversed(draft.columns.items()))
            before = self.lock
            self.edit(table, draft)
            assert self.lock == before

    @rule(table=TABLES, name=NAMES, transform=TRANSFORMS)
    def partitions(self, table: str, name: str, transform: str) -> None:
        if table in self.drafts and not isinstance(self.drafts[table].columns.get(name), Struct | List | Map | None):
            draft = self.drafts[table].copy()
            draft.partitions = [*(one for one in draft.partitions if one != (name, transform)), (name, transform)]
            self.edit(table, draft)

    @rule(table=TABLES)
    def stops_partitioning(self, table: str) -> None:
        if table in self.drafts:
            draft = self.drafts[table].copy()
            draft.partitions = draft.partitions[1:]
            self.edit(table, draft)

    @rule(table=TABLES)
    def retires_a_table(self, table: str) -> None:
        if len(self.drafts) > 1 and table in self.drafts:
            self.shelf[table] = self.drafts.pop(table)
            self.relock()

    @rule(table=TABLES, as_it_was=st.booleans())
    def brings_a_table_back(self, table: str, *, as_it_was: bool) -> None:
        if table not in self.drafts:
            self.drafts[table] = self.shelf.get(table, Draft()) if as_it_was else Draft()
            if not self.relock():
                self.drafts[table] = self.shelf[table]
                assert self.relock()

    @invariant()
    def gives_no_id_to_two(self) -> None:
        for table in self.lock.tables.values():
            given = [one.id for one in table.fields.values()] + [one.id for one in table.retired]
            assert len(given) == len(set(given))
            assert max(given) <= table.last_field_id


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
