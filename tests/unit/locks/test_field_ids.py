"""The lock of field ids: append-only, never reused, refused when it is broken."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from lakemodel.contracts.model import Column, DataContract, PartitionField, Table, TableFormat
from lakemodel.errors import DataLakeError, InvalidInput
from lakemodel.locks.field_ids import (
    FieldIdLock,
    LockedField,
    LockedPartition,
    LockedTable,
    RetiredField,
    can_become,
    disagreements,
    extend,
    extend_table,
    field_ids_for,
    fresh_ids,
    ids_of,
    load_lock,
    lock_path,
    once_partitioned,
    only_extends,
    parts_of,
    refusals,
    save_lock,
)
from lakemodel.types.model import DataType, Decimal, List, Map, Primitive, PrimitiveKind, Struct, StructField
from tests.unit.types.types_strategy import NAMES, TYPES

STRING, INT, BIGINT = (Primitive(kind) for kind in (PrimitiveKind.STRING, PrimitiveKind.INT, PrimitiveKind.BIGINT))


def table(columns: dict[str, DataType], partitions: list[tuple[str, str]] | None = None) -> Table:
    return Table(
        name="t",
        source_name="t",
        format=TableFormat.ICEBERG,
        columns=tuple(Column(name=name, source_name=name, type=kind, classification="public") for name, kind in columns.items()),
        classification="public",
        partitioning=tuple(PartitionField(column=column, transform=transform) for column, transform in partitions or []),
    )


def struct(**fields: DataType) -> Struct:
    return Struct(tuple(StructField(name, kind) for name, kind in fields.items()))


FIRST = table({"id": INT, "customer": struct(id=INT, email=STRING), "tags": List(STRING)}, [("id", "bucket[4]")])


def locked(*tables: Table) -> LockedTable:
    found = LockedTable()
    for one in tables:
        found = extend_table(found, one)
    return found


def test_numbers_columns_first_then_what_is_nested():
    """A first lock counts from 1; partition fields count from 1000."""
    assert {path: one.id for path, one in locked(FIRST).fields.items()} == {
        "id": 1,
        "customer": 2,
        "tags": 3,
        "customer.id": 4,
        "customer.email": 5,
        "tags[]": 6,
    }
    assert [(one.id, one.column, one.transform) for one in locked(FIRST).partitions] == [(1000, "id", "bucket[4]")]


def test_adds_a_column_without_moving_nested_ids():
    """The shift that made a reader return an e-mail address as an id cannot happen."""
    wider = table(
        {"id": INT, "new": STRING, "customer": struct(id=INT, name=STRING, email=STRING), "tags": List(STRING)}, [("id", "bucket[4]")]
    )
    before, after = locked(FIRST), locked(FIRST, wider)
    assert {path: after.fields[path] for path in before.fields} == before.fields
    assert {after.fields[path].id for path in ("new", "customer.name")} == {7, 8}


def test_never_gives_a_retired_id_again():
    """A name that comes back is a new column."""
    without = table({"id": INT, "tags": List(STRING)}, [("id", "bucket[4]")])
    gone = locked(FIRST, without)
    assert {one.path: one.id for one in gone.retired} == {"customer": 2, "customer.id": 4, "customer.email": 5}
    back = locked(FIRST, without, FIRST)
    assert {back.fields[path].id for path in ("customer", "customer.id", "customer.email")} == {7, 8, 9}
    assert back.retired == gone.retired


def test_never_gives_a_retired_partition_id_again():
    """Changed partitioning gets new ids from 1001."""
    changed = locked(FIRST, table({"id": INT, "customer": struct(id=INT, email=STRING), "tags": List(STRING)}, [("id", "identity")]))
    assert [(one.id, one.transform) for one in changed.partitions] == [(1001, "identity")]
    assert [one.id for one in changed.retired_partitions] == [1000]


def test_extends_nothing_when_nothing_changed():
    """Locking twice changes no byte."""
    assert extend_table(locked(FIRST), FIRST) == locked(FIRST)
    assert list(disagreements(locked(FIRST), FIRST)) == []


def test_keeps_tables_that_are_gone():
    """A product that is brought back finds its ids."""
    lock = extend(FieldIdLock(), [FIRST])
    assert extend(lock, []) == lock


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("int", "int", True),
    ("int", "long", True),
    ("float", "double", True),
    ("decimal(10, 2)", "decimal(12, 2)", True),
    ("long", "int", False),
    ("int", "string", False),
    ("decimal(10, 2)", "decimal(10, 3)", False),
    ("decimal(12, 2)", "decimal(10, 2)", False),
    ("date", "timestamp", False),
    ("struct", "list", False),
])  # fmt: skip
def test_knows_what_iceberg_can_change(old: str, new: str, *, expected: bool):
    """Only changes that lose nothing are made in place."""
    assert can_become(old, new) is expected


def test_refuses_a_change_of_type_that_loses_data():
    """No lock can settle it, only another name."""
    changed = table({"id": STRING, "customer": struct(id=INT, email=STRING), "tags": List(STRING)}, [("id", "bucket[4]")])
    found = refusals(locked(FIRST), changed)
    assert [path for path, _, _ in found] == ["id"]
    assert "was int and is now string" in found[0][1]


def test_takes_a_wider_type_once_it_is_locked():
    """Int to long is fine, but said until the lock says it too."""
    wider = table({"id": BIGINT, "customer": struct(id=INT, email=STRING), "tags": List(STRING)}, [("id", "bucket[4]")])
    assert refusals(locked(FIRST), wider) == []
    assert [path for path, _, _ in disagreements(locked(FIRST), wider)] == ["id"]
    assert list(disagreements(locked(FIRST, wider), wider)) == []
    assert locked(FIRST, wider).fields["id"].id == locked(FIRST).fields["id"].id


def test_refuses_to_drop_a_column_that_still_partitions():
    """The order is: out of the partitioning, deploy, then out of the table."""
    without = table({"customer": struct(id=INT, email=STRING), "tags": List(STRING)})
    assert [path for path, _, _ in refusals(locked(FIRST), without)] == ["id"]
    unpartitioned = table({"id": INT, "customer": struct(id=INT, email=STRING), "tags": List(STRING)})
    assert refusals(locked(FIRST, unpartitioned), without) == []


def test_tells_every_disagreement():
    """A new column, a gone one and a new partition field are each told."""
    other = table({"id": INT, "fresh": Decimal(5, 2), "tags": List(STRING)}, [("id", "bucket[4]"), ("fresh", "identity")])
    told = [path for path, _, _ in disagreements(locked(FIRST), other)]
    assert told == ["fresh", "customer", "customer.id", "customer.email", "fresh"]


def test_stands_beside_its_contract():
    """One lock per contract, by its name."""
    assert lock_path("a/orders.odcs.yaml") == Path("a/orders.lock.json")
    assert lock_path("a/orders.v2.odcs.yml") == Path("a/orders.v2.lock.json")
    assert lock_path("orders.yaml") == Path("orders.lock.json")


def test_comes_back_as_it_was_saved(tmp_path: Path):
    """Saving and loading changes nothing, and the same lock gives the same bytes."""
    lock = extend(FieldIdLock(), [FIRST])
    save_lock(lock, tmp_path / "t.lock.json")
    first = (tmp_path / "t.lock.json").read_bytes()
    assert load_lock(tmp_path / "t.lock.json") == lock
    save_lock(lock, tmp_path / "t.lock.json")
    assert (tmp_path / "t.lock.json").read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["t.lock.json"]


def test_writes_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """When the disk fails, the old lock stays whole and nothing lies about."""
    path = tmp_path / "t.lock.json"
    save_lock(extend(FieldIdLock(), [FIRST]), path)
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no space"):
        save_lock(FieldIdLock(), path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["t.lock.json"]


def test_is_absent_without_a_file(tmp_path: Path):
    """No file is no lock, not an empty one."""
    assert load_lock(tmp_path / "none.lock.json") is None


PARTITIONED = '{"partitions": [{"id": 1000, "column": "a", "transform": "day"}], "last_partition_id": 1000}'
TWICE = '{"version": 1, "tables": {"t": {"last_field_id": 1, "fields": {"a": {"id": 1, "type": "int"}, "b": {"id": 1, "type": "int"}}}}}'


@pytest.mark.parametrize(("text", "said"), [
    ("", "not a lock file"),
    ("[]", "not a lock file"),
    ("{}", "no version"),
    ('{"tables": {"t": {}}}', "no version"),
    ('{"version": 1, "product": "sales.things", "tables": {}}', "no table"),
    ('{"version": 0, "tables": {}}', "version"),
    ('{"version": 1, "tabels": {}}', "tabels"),
    (TWICE, "twice"),
    ('{"version": 1, "tables": {"t": {"last_field_id": 1, "fields": {"a": {"id": 2, "type": "int"}}}}}', "above its last_field_id"),
    ('{"version": 1, "tables": {"t": {"fields": {"a": {"id": "1", "type": "int"}}}}}', "a.id"),
    ('{"version": 1, "tables": {"t": {"last_partition_id": 5}}}', "last_partition_id"),
    ("[" * 100_000, "not a lock file"),
    ('{"version": 1, "tables": {"t": {}, "t": {}}}', "t stands in it twice"),
    (f'{{"version": 1, "tables": {{"t": {PARTITIONED}}}}}', "no such column"),
    ('{"version": 1, "tables": {"t": {"digest": "0"}}}', "edited by hand"),
])  # fmt: skip
def test_fails_when_broken(tmp_path: Path, text: str, said: str):
    """A lock that was edited or merged badly is refused, never repaired by guessing."""
    path = tmp_path / "t.lock.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=said) as caught:
        load_lock(path)
    assert all("version control" in finding.remedy for finding in caught.value.findings)


def test_leaves_a_lock_of_a_newer_version_alone(tmp_path: Path):
    """It is whole, and restoring an older one would lose ids: the remedy is another lakecheck."""
    path = tmp_path / "t.lock.json"
    path.write_text('{"version": 2, "columns": []}')
    with pytest.raises(InvalidInput, match="of version 2, written by a newer lakecheck") as caught:
        load_lock(path)
    assert [(finding.code, finding.remedy.partition(" to ")[0]) for finding in caught.value.findings] == [
        ("lock.newer", "Update lakecheck")
    ]


def test_writes_through_a_link(tmp_path: Path):
    """A lock that is kept elsewhere stays there; a link to nothing is no contract without a lock."""
    (tmp_path / "kept").mkdir()
    link, kept = tmp_path / "t.lock.json", tmp_path / "kept/t.lock.json"
    link.symlink_to(kept)
    with pytest.raises(InvalidInput, match="a link to a file that is not there"):
        load_lock(link)
    save_lock(extend(FieldIdLock(), [FIRST]), kept)
    wider = extend(FieldIdLock(), [FIRST], product="sales.things")
    save_lock(wider, link)
    assert link.is_symlink()
    assert load_lock(kept) == wider
    assert [one.name for one in kept.parent.iterdir()] == ["t.lock.json"]


def test_sees_two_ids_that_changed_places(tmp_path: Path):
    """Both ids are taken once and of one type: only the digest knows."""
    path = tmp_path / "t.lock.json"
    save_lock(extend(FieldIdLock(), [table({"a": STRING, "b": STRING})]), path)
    text = path.read_text()
    path.write_text(text.replace('"id": 1', '"id": 0').replace('"id": 2', '"id": 1').replace('"id": 0', '"id": 2'))
    with pytest.raises(InvalidInput, match="table t is not as it was written: edited by hand"):
        load_lock(path)


def test_sees_a_digest_that_was_taken_out(tmp_path: Path):
    """A lock that names its product had one for each table: without it, ids that changed places would pass."""
    path = tmp_path / "t.lock.json"
    save_lock(extend(FieldIdLock(), [table({"a": STRING, "b": STRING})], product="sales.things"), path)
    data = json.loads(path.read_text())
    del data["tables"]["t"]["digest"]
    path.write_text(json.dumps(data))
    with pytest.raises(InvalidInput, match="table t is not as it was written: edited by hand"):
        load_lock(path)


def test_reads_a_lock_of_an_earlier_version(tmp_path: Path):
    """One without digests, over several lines, with a byte order mark or other line ends, is read as it is."""
    lock = extend(FieldIdLock(), [FIRST])
    path = tmp_path / "t.lock.json"
    path.write_text("\ufeff" + json.dumps(lock.model_dump(mode="json", exclude={"product"}), indent=4), newline="\r\n")
    assert load_lock(path) == lock


def test_keeps_an_id_to_a_line(tmp_path: Path):
    """So that a review shows what was given, and git merges by the line."""
    save_lock(extend(FieldIdLock(), [FIRST], product="sales.things"), tmp_path / "t.lock.json")
    lines = (tmp_path / "t.lock.json").read_text().splitlines()
    assert '        "customer.email": {"id": 5, "type": "string"},' in lines
    assert '        {"id": 1000, "column": "id", "transform": "bucket[4]"}' in lines


def required(*names: str, base: Table = FIRST) -> Table:
    return replace(base, columns=tuple(replace(one, required=one.name in names) for one in base.columns))


def test_a_table_requires_what_it_began_with_alone():
    """Files from before a column have no value for it, and Iceberg makes nothing required later."""
    began = locked(required("id"))
    assert ids_of(required("id"), began).optional == frozenset()
    later = locked(required("id"), required("id", "tags"))
    assert ids_of(required("id", "tags"), later).optional == {"tags"}
    assert list(disagreements(began, required("id", "tags"))) == []
    added = table({"id": INT, "customer": struct(id=INT, email=STRING), "tags": List(STRING), "new": INT}, [("id", "bucket[4]")])
    assert ids_of(required("id", "new", base=added), locked(required("id"), required("id", "new", base=added))).optional == {"new"}


def test_what_became_optional_stays_optional():
    """Files with NULLs are there by then; the lock has to say it before."""
    relaxed = locked(required("id"), required())
    assert [path for path, _, _ in disagreements(locked(required("id")), required())] == ["id"]
    assert refusals(locked(required("id")), required()) == []
    assert ids_of(required("id"), extend_table(relaxed, required("id"))).optional == {"id"}


def test_never_changes_the_keys_of_a_map():
    """Not even to a wider type; its values may become wider."""

    def of(key: DataType, value: DataType) -> Table:
        return table({"m": Map(key, value)})

    assert [path for path, _, _ in refusals(locked(of(INT, INT)), of(BIGINT, INT))] == ["m{key}"]
    assert refusals(locked(of(INT, INT)), of(INT, BIGINT)) == []
    assert [path for path, _, _ in refusals(locked(of(struct(a=INT), INT)), of(struct(b=INT), INT))] == ["m{key}.b", "m{key}.a"]
    assert refusals(locked(of(struct(a=INT), INT)), table({"n": Map(INT, INT)})) == []


def test_tells_of_columns_that_once_partitioned():
    """Files of that time may still be listed under the old partitioning when the column goes."""
    unpartitioned = locked(FIRST, replace(FIRST, partitioning=()))
    without = table({"customer": struct(id=INT, email=STRING), "tags": List(STRING)})
    assert once_partitioned(unpartitioned, without) == ["id"]
    assert once_partitioned(unpartitioned, FIRST) == []


def one(number: int, kind: str = "int", *, required: bool = False) -> LockedField:
    return LockedField(id=number, type=kind, required=required)


OLD = LockedTable(
    last_field_id=3,
    last_partition_id=1001,
    fields={"a": one(1), "b": one(2, "string")},
    partitions=(LockedPartition(id=1001, column="a", transform="identity"),),
    retired=(RetiredField(path="c", id=3, type="int"),),
    retired_partitions=(LockedPartition(id=1000, column="b", transform="identity"),),
)


@pytest.mark.parametrize(("change", "said"), [
    ({"fields": {"a": one(2, "string"), "b": one(1, "string")}}, "a had id 1 and has 2"),
    ({"fields": {"a": one(1)}}, "b had id 2 and has none"),
    ({"fields": {"a": one(1, "string"), "b": one(2, "string")}}, "a (id 1) was int and is now string"),
    ({"fields": {"a": one(1, required=True), "b": one(2, "string")}}, "a (id 1) was optional and is now required"),
    ({"fields": {**OLD.fields, "c": one(3)}, "retired": ()}, "c has id 3, which was given before"),
    ({"fields": {**OLD.fields, "d": one(4, required=True)}, "last_field_id": 4}, "d (id 4) was added as required"),
    ({"retired": ()}, "id 3 of c was retired and is no more"),
    ({"retired": (RetiredField(path="d", id=3, type="int"),)}, "id 3 of c was retired and is no more"),
    ({"last_field_id": 2}, "last_field_id went back from 3 to 2"),
    ({"last_partition_id": 1000}, "last_partition_id went back from 1001 to 1000"),
    ({"partitions": ()}, "partition field identity(a) had id 1001"),
    ({"retired_partitions": ()}, "partition field identity(b) had id 1000"),
    ({"partitions": OLD.partitions + OLD.retired_partitions, "retired_partitions": ()}, "has id 1000, which was retired"),
    ({"fields": {"b": one(2, "string")}, "retired": (*OLD.retired, RetiredField(path="a", id=1, type="int")), "partitions": (),
      "retired_partitions": (*OLD.retired_partitions, *OLD.partitions)}, "a is gone in one step with the partitioning by it"),
])  # fmt: skip
def test_tells_why_a_lock_extends_no_other(change: dict[str, object], said: str):
    """Each way to take an id back is found, and named."""
    assert list(only_extends(OLD, OLD)) == []
    assert any(said in found for found in only_extends(OLD, OLD.model_copy(update=change)))


def test_fails_for_a_parquet_table():
    """Parquet has no field ids to ask for."""
    contract = DataContract(id="x", domain="sales", product="p", version="1", status="active", tables=(), file="f")
    parquet = Table(name="t", source_name="t", format=TableFormat.PARQUET, columns=FIRST.columns, classification="public")
    with pytest.raises(DataLakeError, match="no field ids"):
        field_ids_for(contract, parquet)
    assert field_ids_for(contract, FIRST) == fresh_ids(FIRST)
    assert not field_ids_for(contract, FIRST).is_locked


_TABLES = st.dictionaries(NAMES, TYPES, min_size=1, max_size=5).map(table)


@settings(max_examples=150)
@given(st.lists(_TABLES, min_size=1, max_size=6))
def test_holds_for_every_history(history: list[Table]):
    """Through any evolution: an id belongs to one path for good, what stays keeps its id, all of the table has one."""
    owner: dict[int, str] = {}
    lock = LockedTable()
    for step in history:
        if refusals(lock, step):
            continue
        before, lock = lock, extend_table(lock, step)
        ids = ids_of(step, lock)
        assert ids.fields.keys() == parts_of(step).keys()
        for path, one in lock.fields.items():
            assert owner.setdefault(one.id, path) == path
            if path in before.fields:
                assert before.fields[path].id == one.id
        retired = {one.id for one in lock.retired}
        assert not retired & {one.id for one in lock.fields.values()}
        assert {one.id for one in before.retired} <= retired
        assert lock.last_field_id >= before.last_field_id
        assert FieldIdLock.model_validate_json(json.dumps(FieldIdLock(tables={"t": lock}).model_dump(mode="json"))).tables["t"] == lock
