"""Two branches that give ids: git reports a conflict, or the loader does, or the merged lock is right. Never is a wrong one accepted."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from lakemodel.contracts.model import Column, PartitionField, Table, TableFormat
from lakemodel.errors import InvalidInput
from lakemodel.locks.field_id_files import lock_text
from lakemodel.locks.field_ids import FieldIdLock, LockedTable, extend, load_lock, only_extends, refusals
from lakemodel.types.model import DataType, List, Primitive, PrimitiveKind, Struct, StructField

STRING, INT, BIGINT = (Primitive(kind) for kind in (PrimitiveKind.STRING, PrimitiveKind.INT, PrimitiveKind.BIGINT))
BASE = {"id": INT, "total": INT, "customer": Struct((StructField("id", INT), StructField("email", STRING))), "tags": List(STRING)}
KINDS = st.sampled_from([STRING, INT, BIGINT])


def table(name: str, columns: dict[str, DataType], partitions: tuple[str, ...] = ()) -> Table:
    made = tuple(Column(name=one, source_name=one, type=kind, classification="public") for one, kind in columns.items())
    fields = tuple(PartitionField(column=one, transform="identity") for one in partitions)
    return Table(name=name, source_name=name, format=TableFormat.ICEBERG, columns=made, classification="public", partitioning=fields)


def locked(lock: FieldIdLock, *tables: Table) -> FieldIdLock:
    fit = [one for one in tables if not refusals(lock.tables.get(one.name, LockedTable()), one)]
    return extend(lock, fit, product="sales.orders")


START = locked(FieldIdLock(), table("orders", BASE), table("returns", {"id": INT}))


def merged(base: FieldIdLock, ours: FieldIdLock, theirs: FieldIdLock, *options: str) -> tuple[int, str]:
    """What git makes of three versions: the number of conflicts and the text."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("ours", "base", "theirs")]
        for file, lock in zip(files, (ours, base, theirs), strict=True):
            file.write_text(lock_text(lock))
        done = subprocess.run(["git", "merge-file", "-p", *options, *files], capture_output=True, text=True, check=False)
        assert 0 <= done.returncode < 128, done.stderr
        return done.returncode, done.stdout


def read(text: str) -> FieldIdLock:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.lock.json"
        path.write_text(text)
        lock = load_lock(path)
        assert lock is not None
        return lock


@st.composite
def edits(draw: st.DrawFn) -> list[Table]:
    """What one branch makes of the tables, commit by commit."""
    steps = []
    columns = dict(BASE)
    for _ in range(draw(st.integers(1, 3))):
        for name in draw(st.sets(st.sampled_from(list(columns)), max_size=1)):
            if len(columns) > 1:
                del columns[name]
        columns |= draw(st.dictionaries(st.sampled_from(["x", "y", "total", "z"]), KINDS, max_size=2))
        plain = [name for name, kind in columns.items() if isinstance(kind, Primitive)]
        partitions = tuple(draw(st.lists(st.sampled_from(plain), max_size=1))) if plain else ()
        name = draw(st.sampled_from(["orders", "orders", "returns", "archive", "zones"]))
        steps.append(table(name, columns, partitions))
    return steps


def branch(steps: list[Table]) -> FieldIdLock:
    lock = START
    for step in steps:
        lock = locked(lock, step)
    return lock


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits(), edits(), st.sampled_from(["", "--union", "--ours", "--theirs", "--diff3"]))
def test_never_accepts_a_wrong_merge(ours: list[Table], theirs: list[Table], option: str):
    """However git is told to merge: what is accepted is, table by table, what one side wrote; and when git decides, it has both sides."""
    one, other = branch(ours), branch(theirs)
    conflicts, text = merged(START, one, other, *[option] if option else [])
    if conflicts:
        with pytest.raises(InvalidInput, match="unresolved merge conflict"):
            read(text)
        return
    try:
        result = read(text)
    except InvalidInput:
        return
    for name, found in result.tables.items():
        assert found in [lock.tables.get(name) for lock in (START, one, other)]
    if not option:
        for lock in (START, one, other):
            for name, before in lock.tables.items():
                assert list(only_extends(before, result.tables[name])) == []


def test_two_new_columns_are_a_conflict():
    """The usual case: each branch adds a column, both get the same id, and git stops."""
    one, other = branch([table("orders", BASE | {"x": STRING})]), branch([table("orders", BASE | {"y": INT})])
    assert one.tables["orders"].fields["x"].id == other.tables["orders"].fields["y"].id
    conflicts, text = merged(START, one, other)
    assert conflicts
    with pytest.raises(
        InvalidInput, match=r"orders\.lock\.json:\d+: holds an unresolved merge conflict.*Take one side's file whole"
    ) as told:
        read(text)
    assert told.value.findings[0].code == "lock.conflict"


def test_two_far_apart_edits_are_a_conflict():
    """A column gone here, another wider there: nothing of it overlaps but the digest, and that is enough."""
    without = {name: kind for name, kind in BASE.items() if name != "tags"}
    one, other = branch([table("orders", without)]), branch([table("orders", BASE | {"id": BIGINT})])
    conflicts, _ = merged(START, one, other)
    assert conflicts


def test_the_same_edit_twice_merges():
    """Both branches did the same: one lock, no conflict."""
    one = branch([table("orders", BASE | {"x": STRING})])
    conflicts, text = merged(START, one, one)
    assert not conflicts
    assert read(text) == one


def test_edits_of_two_tables_merge():
    """Ids are each table's own, so branches that edit different tables need not wait for each other."""
    one, other = branch([table("archive", {"id": INT})]), branch([table("returns", {"id": INT, "why": STRING})])
    conflicts, text = merged(START, one, other)
    assert not conflicts
    result = read(text)
    assert result.tables["archive"] == one.tables["archive"]
    assert result.tables["returns"] == other.tables["returns"]


def test_what_belongs_to_another_table_is_refused():
    """Lines of two tables look alike, and git may take one for the other: the digest knows whose they are."""
    text = lock_text(START).replace('"orders"', '"_"').replace('"returns"', '"orders"').replace('"_"', '"returns"')
    with pytest.raises(InvalidInput, match="table returns, orders is not as it was written"):
        read(text)


def test_a_conflict_settled_by_keeping_both_is_refused():
    """Somebody removes the markers and keeps both lines: one id for two columns."""
    one, other = branch([table("orders", BASE | {"x": STRING})]), branch([table("orders", BASE | {"y": INT})])
    _, text = merged(START, one, other, "--union")
    with pytest.raises(InvalidInput):
        read(text)


def test_taking_one_side_and_locking_again_settles_it():
    """The remedy that the message gives: the other side's column is numbered after."""
    one = branch([table("orders", BASE | {"x": STRING})])
    both = locked(one, table("orders", BASE | {"x": STRING, "y": INT}))
    assert both.tables["orders"].fields["y"].id == one.tables["orders"].fields["x"].id + 1
    assert list(only_extends(one.tables["orders"], both.tables["orders"])) == []
