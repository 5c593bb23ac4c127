"""Locked ids on real files: what was written under an older version of a contract is read right under a later one, by two engines."""

from __future__ import annotations

import zlib
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

from lakemodel.locks.field_ids import LockedTable, fresh_ids
from lakemodel.types.model import List, Primitive, PrimitiveKind, Struct, StructField
from tests.constructs.catalog.iceberg_files import (
    catalog,
    create,
    evolve,
    lock_step,
    read_with_duckdb,
    read_with_pyiceberg,
    rendered,
    write,
)
from tests.unit.contracts.support import document, read

if TYPE_CHECKING:
    from pathlib import Path

    from lakemodel.contracts.model import DataContract, Table

READERS = [read_with_pyiceberg, read_with_duckdb]


def prop(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "logicalType": "object" if "properties" in more else "string", "physicalType": kind} | more


def contract(*properties: dict[str, Any]) -> tuple[DataContract, Table]:
    found, findings = read(document(list(properties)))
    assert found is not None, list(map(str, findings))
    return found, found.tables[0]


def number(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "logicalType": "integer" if "int" in kind else "number", "physicalType": kind} | more


def struct(name: str, *parts: str) -> dict[str, Any]:
    return {"name": name, "logicalType": "object", "properties": [{"name": one, "logicalType": "string"} for one in parts]}


def text(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "logicalType": "string"} | more


def items(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"name": "items", "logicalType": "array", "items": {"logicalType": "object", "properties": list(parts)}}


FIRST = [
    number("id", "int", required=True),
    text("country", partitioned=True),
    struct("customer", "id", "email"),
    items(text("sku"), number("amount", "decimal(9,2)")),
    text("note"),
    number("weight", "float"),
]
SECOND = [  # columns in front and behind, another order, a nested part in between, wider types, one column gone
    text("channel", required=True),
    struct("customer", "email", "name", "id"),
    number("id", "bigint", required=True),
    items(number("amount", "decimal(12,2)"), number("discount", "decimal(5,2)"), text("sku")),
    text("country", partitioned=True),
    number("weight", "double"),
]
THIRD = [*SECOND, text("note")]  # a name that comes back

OLD = {
    "id": 1,
    "country": "DE",
    "customer": {"id": "c-1", "email": "one@example.com"},
    "items": [{"sku": "A", "amount": Decimal("1.50")}],
    "note": "old",
    "weight": 0.5,
}
NEW = {
    "channel": "web",
    "customer": {"email": "two@example.com", "name": "Two", "id": "c-2"},
    "id": 2**40,
    "items": [{"amount": Decimal("1234567890.25"), "discount": Decimal("0.10"), "sku": "B"}],
    "country": "FR",
    "weight": 2.5,
}
OLD_AS_READ = {
    "channel": None,
    "customer": {"email": "one@example.com", "name": None, "id": "c-1"},
    "id": 1,
    "items": [{"amount": Decimal("1.50"), "discount": None, "sku": "A"}],
    "country": "DE",
    "weight": 0.5,
}


@pytest.mark.parametrize("reader", READERS)
def test_old_rows_are_read_right_after_every_change(tmp_path: Path, reader: Any):
    """Added, dropped, reordered, nested, widened, brought back: each row has its own values under every name."""
    made, locked = catalog(tmp_path), LockedTable()
    for version, (properties, row) in enumerate([(FIRST, OLD), (SECOND, NEW), (THIRD, NEW | {"id": 2**41, "note": "new"})]):
        product, table = contract(*properties)
        locked, ids = lock_step(locked, table)
        table_input = rendered(product, table, ids)
        files = create(made, tmp_path, table_input) if version == 0 else evolve(made, table_input)
        write(files, [row])
    assert sorted(reader(files), key=lambda row: row["id"]) == [
        OLD_AS_READ | {"note": None},
        NEW | {"note": None},
        NEW | {"id": 2**41, "note": "new"},
    ]


@pytest.mark.parametrize("reader", READERS)
def test_ids_numbered_anew_return_another_columns_values(tmp_path: Path, reader: Any):
    """What the lock is for: nested ids after the top-level ones shift by one when a column comes, and the e-mail is read as the id."""
    made = catalog(tmp_path)
    first = [text("order_id"), struct("customer", "id", "email")]
    product, table = contract(*first)
    write(create(made, tmp_path, rendered(product, table)), [{"order_id": "1", "customer": {"id": "c-1", "email": "one@example.com"}}])
    product, wider = contract(*first, text("new"))
    naive = evolve(made, rendered(product, wider, fresh_ids(wider)))
    assert reader(naive, "customer") == [{"customer": {"id": "one@example.com", "email": None}}]
    _, ids = lock_step(lock_step(LockedTable(), table)[0], wider)
    right = evolve(made, rendered(product, wider, ids))
    assert reader(right) == [{"order_id": "1", "customer": {"id": "c-1", "email": "one@example.com"}, "new": None}]


PLAIN = [Primitive(kind) for kind in (PrimitiveKind.INT, PrimitiveKind.BIGINT, PrimitiveKind.STRING, PrimitiveKind.DOUBLE)]
WIDER = {Primitive(PrimitiveKind.INT): Primitive(PrimitiveKind.BIGINT)}


def structs(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.dictionaries(st.sampled_from("pqr"), parts, min_size=1, max_size=3)
    return named.map(lambda found: Struct(tuple(StructField(name, kind) for name, kind in found.items())))


KINDS = st.recursive(st.sampled_from(PLAIN), lambda inner: structs(inner) | inner.map(List), max_leaves=4)
COLUMNS = st.dictionaries(st.sampled_from("abcd"), KINDS, min_size=1, max_size=4)


def evolved(data: st.DataObject, kind: Any) -> Any:
    """The type as a later version may have it: wider, with other parts in another order, one of the old ones at least."""
    match kind:
        case Primitive():
            return data.draw(st.sampled_from([kind, WIDER.get(kind, kind)]))
        case List(element):
            return List(evolved(data, element))
    kept = [replace(one, type=evolved(data, one.type)) for one in kind.fields[data.draw(st.integers(0, len(kind.fields) - 1)) :]]
    new = [StructField(name, PLAIN[2]) for name in sorted(data.draw(st.sets(st.sampled_from("xyz"), max_size=2)))]
    return Struct(tuple(data.draw(st.permutations(kept + new))))


def value_of(kind: Any, path: str) -> Any:
    """A value that no other path has."""
    match kind:
        case Struct(fields):
            return {one.name: value_of(one.type, f"{path}.{one.name}") for one in fields}
        case List(element):
            return [value_of(element, f"{path}[]")]
    number = zlib.crc32(path.encode()) % 1_000_000
    return path if kind == PLAIN[2] else number + 0.5 if kind == PLAIN[3] else number


def as_read(old: Any, new: Any, path: str) -> Any:
    """What a value of the old type is under the new one: parts by name, for within one step a name is a part's own."""
    match old, new:
        case Struct(before), Struct(after):
            had = {one.name: one.type for one in before}
            return {one.name: as_read(had[one.name], one.type, f"{path}.{one.name}") if one.name in had else None for one in after}
        case List(before), List(after):
            return [as_read(before, after, f"{path}[]")]
    return value_of(old, path)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(COLUMNS, st.data())
def test_any_change_reads_old_rows_right(tmp_path_factory: pytest.TempPathFactory, columns: dict[str, Any], data: st.DataObject):
    """Small random tables, random changes that the lock accepts: both engines read each value, old and new, under its own name."""
    product, plain = contract(text("x"))
    kept = {name: evolved(data, kind) for name, kind in columns.items() if name == min(columns) or data.draw(st.booleans())}
    new = dict.fromkeys(sorted(data.draw(st.sets(st.sampled_from("uvw"), max_size=2))), PLAIN[2])
    order = data.draw(st.permutations(list((kept | new).items())))
    tables = [
        replace(plain, columns=tuple(replace(plain.columns[0], name=name, type=kind) for name, kind in version.items()), field_ids=None)
        for version in (columns, dict(order))
    ]
    folder = tmp_path_factory.mktemp("lake")
    made = catalog(folder)
    locked, ids = lock_step(LockedTable(), tables[0])
    write(create(made, folder, rendered(product, tables[0], ids)), [{name: value_of(kind, name) for name, kind in columns.items()}])
    _, ids = lock_step(locked, tables[1])
    files = evolve(made, rendered(product, tables[1], ids))
    write(files, [{name: value_of(kind, f"new_{name}") for name, kind in order}])
    old = {name: as_read(columns[name], kind, name) if name in columns else None for name, kind in order}
    expected = [old, {name: value_of(kind, f"new_{name}") for name, kind in order}]
    for reader in READERS:
        assert sorted(reader(files), key=str) == sorted(expected, key=str)
