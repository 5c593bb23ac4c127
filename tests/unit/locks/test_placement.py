"""The placement lock: places are given once, kept for ever, written so that branches merge, and never read from a broken file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from lakemodel.contracts.model import Column, ContractSet, DataContract, Table, TableFormat
from lakemodel.errors import DataLakeError, InvalidInput
from lakemodel.locks.placement import RESOURCE_SUFFIXES, Placement, PlacementLock, resolve, table_key, update
from lakemodel.locks.weights import PIPELINE_SLOTS_PER_STACK, SLOTS_PER_STACK, USUAL_PIPELINE_SLOTS, estimate_slots
from lakemodel.types.model import List, Primitive, PrimitiveKind, Struct, StructField

if TYPE_CHECKING:
    from pathlib import Path

STRING = Primitive(PrimitiveKind.STRING)


def table(name: str, columns: int = 3) -> Table:
    made = tuple(Column(name=f"c{i}", source_name=f"c{i}", type=STRING, classification="internal") for i in range(columns))
    return Table(name=name, source_name=name, format=TableFormat.ICEBERG, columns=made, classification="internal")


def contracts(*keys: str, refused: tuple[str, ...] = (), columns: int = 3) -> ContractSet:
    grouped: dict[tuple[str, str], list[str]] = {}
    for key in keys:
        domain, product, name = key.split("/")
        grouped.setdefault((domain, product), []).append(name)
    made = tuple(
        DataContract(
            id=f"{domain}-{product}",
            domain=domain,
            product=product,
            version="1.0.0",
            status="active",
            file=f"{product}.odcs.yaml",
            tables=tuple(table(name, columns) for name in names),
        )
        for (domain, product), names in sorted(grouped.items())
    )
    return ContractSet(contracts=made, refused=refused)


def places(lock: PlacementLock) -> dict[str, tuple[int, str]]:
    return {key: (entry.stack, entry.logical_id) for key, entry in lock.entries.items()}


NAMES = [f"{domain}/{product}/t{i}" for domain in ("sales", "travel") for product in ("a", "b") for i in range(30)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sets(st.sampled_from(NAMES)), min_size=1, max_size=8))
def test_no_history_moves_or_reuses_a_place(history: list[set[str]]) -> None:
    """Whatever is added and removed, in whatever order: a place once given stays, no logical id is given twice, none is lost."""
    lock = PlacementLock()
    seen: dict[str, tuple[int, str]] = {}
    for declared in history:
        lock = lock.extend(contracts(*declared))
        now = places(lock)
        assert {key: now[key] for key in seen} == seen
        seen = now
        assert len({logical_id for _, logical_id in now.values()}) == len(now)
        assert {key for key, entry in lock.entries.items() if not entry.retired} == declared


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sets(st.sampled_from(NAMES)), min_size=1, max_size=5), st.integers(min_value=1, max_value=20))
def test_no_history_overfills_a_stack(history: list[set[str]], columns: int) -> None:
    """A stack never takes more slots than it has, tables that left and may come back included."""
    lock = PlacementLock()
    for declared in history:
        lock = lock.extend(contracts(*declared, columns=columns * 10))
    used: dict[int, int] = {}
    for entry in lock.entries.values():
        used[entry.stack] = used.get(entry.stack, 0) + entry.slots
    assert all(slots <= SLOTS_PER_STACK for slots in used.values())


def test_writes_through_a_link(tmp_path: Path) -> None:
    """A lock that is kept elsewhere stays there."""
    link, kept = tmp_path / "placement.lock.json", tmp_path / "kept.json"
    kept.write_text("{}")
    link.symlink_to(kept)
    lock = PlacementLock().extend(contracts(NAMES[0]))
    lock.save(link)
    assert link.is_symlink()
    assert PlacementLock.load(kept) == lock


@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(NAMES), min_size=1))
def test_what_is_written_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, declared: set[str]) -> None:
    """Saving and loading gives the same lock, and the same text again."""
    path = tmp_path_factory.mktemp("lock") / "placement.lock.json"
    lock = PlacementLock().extend(contracts(*declared))
    lock.save(path)
    loaded = PlacementLock.load(path)
    assert loaded == lock
    assert loaded.dumps() == path.read_text()


def test_order_of_contracts_does_not_matter() -> None:
    """The same tables get the same places, however the contracts are sorted."""
    forward = contracts(*NAMES)
    backward = ContractSet(contracts=tuple(reversed(forward.contracts)))
    assert places(PlacementLock().extend(forward)) == places(PlacementLock().extend(backward))


def test_two_thousand_tables_spread_over_stacks() -> None:
    """Many small tables fill one stack after the other, each within what CloudFormation takes with five resources a table."""
    lock = PlacementLock().extend(contracts(*(f"sales/p/t{i}" for i in range(2000))))
    counts = [sum(entry.stack == stack for entry in lock.entries.values()) for stack in lock.stacks]
    assert lock.stacks == tuple(range(1, 27))
    assert max(counts) * 5 < 400


def test_wide_tables_take_more_room() -> None:
    """A table's share of a stack grows with its columns, nested ones included, and ends at a whole stack."""
    nested = List(Struct(tuple(StructField(f"f{i}", STRING) for i in range(300))))
    wide = Column(name="c", source_name="c", type=nested, classification="internal")
    deep = Table(name="t", source_name="t", format=TableFormat.ICEBERG, columns=(wide,), classification="internal")
    assert estimate_slots(table("t", 3)) == 1
    assert 1 < estimate_slots(table("t", 100)) < estimate_slots(table("t", 500))
    assert estimate_slots(deep) > 1
    assert estimate_slots(table("t", 5000)) == SLOTS_PER_STACK


def test_logical_ids_depend_on_the_table_alone() -> None:
    """Two branches that add the same table agree on its logical id; this pins the form, which is public contract."""
    alone = PlacementLock().extend(contracts("sales/orders/order_lines"))
    among = PlacementLock().extend(contracts("sales/orders/order_lines", "sales/orders/orders", "travel/routes/routes"))
    assert alone.entries["sales/orders/order_lines"].logical_id == "TableSalesOrdersOrderLinesCD2E0029"
    assert among.entries["sales/orders/order_lines"].logical_id == "TableSalesOrdersOrderLinesCD2E0029"


def test_names_that_read_alike_get_distinct_ids() -> None:
    """Where the words are the same, the digest is not."""
    lock = PlacementLock().extend(contracts("sales/a_b/c", "sales/a/b_c"))
    first, second = lock.entries.values()
    assert first.logical_id[:-8] == second.logical_id[:-8] == "TableSalesABC"
    assert first.logical_id != second.logical_id


def test_an_id_that_somebody_has_is_not_given_again() -> None:
    """Even an id taken by hand, by a retired table, is avoided."""
    natural = PlacementLock().extend(contracts("sales/a/b")).entries["sales/a/b"].logical_id
    lock = PlacementLock({"old/x/y": Placement(key="old/x/y", stack=1, logical_id=natural, retired=True)}).extend(contracts("sales/a/b"))
    assert lock.entries["sales/a/b"].logical_id != natural


def test_refused_contracts_retire_nothing() -> None:
    """While a contract cannot be read, nobody knows which tables are gone."""
    lock = PlacementLock().extend(contracts("sales/a/b", "sales/c/d"))
    assert not lock.extend(contracts("sales/a/b", refused=("c.odcs.yaml",))).entries["sales/c/d"].retired
    assert lock.extend(contracts("sales/a/b")).entries["sales/c/d"].retired


def test_one_line_for_each_table_ends_alike(tmp_path: Path) -> None:
    """A table added at the very end adds one line and changes none, so that two branches conflict no more than they must."""
    before = PlacementLock().extend(contracts("sales/a/b", "sales/c/d", "travel/z/y"))
    after = before.extend(contracts("sales/a/b", "sales/c/d", "travel/z/y", "travel/z/z"))
    added = set(after.dumps().splitlines()) - set(before.dumps().splitlines())
    assert len(added) == 1
    assert set(before.dumps().splitlines()) <= set(after.dumps().splitlines())
    assert json.loads(after.dumps())["version"] == 1


def test_update_writes_only_what_changed(tmp_path: Path) -> None:
    """The file is made, then left alone, then extended, and nothing else is left in the folder."""
    path = tmp_path / "config" / "placement.lock.json"
    assert update(path, contracts("sales/a/b"))
    stamp = path.stat().st_mtime_ns
    assert not update(path, contracts("sales/a/b"))
    assert path.stat().st_mtime_ns == stamp
    assert update(path, contracts("sales/a/b", "sales/c/d"))
    assert [file.name for file in path.parent.iterdir()] == ["placement.lock.json"]


def test_a_broken_lock_is_not_overwritten(tmp_path: Path) -> None:
    """Updating refuses a file it cannot read and leaves it as it is."""
    path = tmp_path / "placement.lock.json"
    path.write_text("{")
    with pytest.raises(InvalidInput):
        update(path, contracts("sales/a/b"))
    assert path.read_text() == "{"


def test_missing_tables_are_warned_about_and_placed_in_memory(tmp_path: Path) -> None:
    """Contracts of somebody else work without a lock: places in memory, one warning with the remedy, nothing written."""
    path = tmp_path / "placement.lock.json"
    lock, findings = resolve(path, contracts(*NAMES))
    assert len(lock) == len(NAMES)
    assert len(findings) == 1
    assert not findings[0].is_error
    assert "120 of the declared tables have no committed place" in findings[0].message
    assert "and 115 more" in findings[0].message
    assert "lakecheck contracts lock" in findings[0].remedy
    assert not path.exists()
    lock.save(path)
    assert resolve(path, contracts(*NAMES)) == (lock, ())


def test_places_of_a_stack_are_found_through_the_contracts() -> None:
    """A stack's tables come with contract and place; a table the lock does not know is an error with a code."""
    declared = contracts(*NAMES)
    lock = PlacementLock().extend(declared)
    listed = [
        table_key(contract.domain, contract.product, made.name)
        for stack in lock.stacks
        for contract, made, place in lock.tables(declared, stack)
        if place.stack == stack
    ]
    assert sorted(listed) == sorted(NAMES)
    with pytest.raises(DataLakeError, match="new/one/here has no place") as raised:
        next(lock.tables(contracts("new/one/here"), 1))
    assert raised.value.code == "placement_missing"


LINE = '"sales/a/b": {"stack": 1, "id": "TableA"},'


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ("", 3, "found None"),
        ('"sales/a/b": {"stack": 1 "id"', 2, "broken JSON"),
        ('<<<<<<< HEAD\n"version": 1', 2, "merge conflict"),
        (f'{LINE}\n{LINE}\n"version": 1', 3, "found twice"),
        (f'{LINE}\n"sales/c/d": {{"stack": 2, "id": "TableA"}},\n"version": 1', 3, "which sales/a/b has"),
        (f'{LINE}\n"sales/c/d": {{"stack": 2, "id": "TableAQuarantine"}},\n"version": 1', 3, "which sales/a/b has"),
        ('"sales/a/b": {"stack": 0, "id": "TableA"},\n"version": 1', 2, "stack 0"),
        ('"sales/a/b": {"stack": true, "id": "TableA"},\n"version": 1', 2, "stack True"),
        ('"sales/a/b": {"stack": 1, "id": "Table-A"},\n"version": 1', 2, "id 'Table-A'"),
        ('"sales/a/b": {"stack": 1},\n"version": 1', 2, "id None"),
        ('"sales/a/b": {"stack": 1, "id": "TableA", "slots": 0},\n"version": 1', 2, "slots 0"),
        ('"sales/a/b": {"stack": 1, "id": "TableA", "retired": "no"},\n"version": 1', 2, "retired 'no'"),
        ('"sales/a/b": {"stack": 1, "id": "TableA", "shard": 2},\n"version": 1', 2, "unknown 'shard'"),
        ('"sales/a/b": {"stack": 1, "stack": 2, "id": "TableA"},\n"version": 1', 2, "a key twice"),
        ('"sales/a/b": 1,\n"version": 1', 2, "allowed is an object"),
        ('"Sales/A/B": {"stack": 1, "id": "TableA"},\n"version": 1', 2, "unknown key"),
        (f'{LINE}\n"version": 2', 4, "found 2"),
        ('"version": true', 3, "found True"),
    ],
)
def test_fails_when_the_file_is_corrupt(tmp_path: Path, body: str, line: int, said: str) -> None:
    """Each fault of the file is named with its line; nothing is guessed."""
    path = tmp_path / "placement.lock.json"
    path.write_text("{\n" + body + "\n}\n")
    with pytest.raises(InvalidInput, match=r"placement\.lock\.json") as raised:
        PlacementLock.load(path)
    assert [finding.place.line for finding in raised.value.findings] == [line]
    assert said in str(raised.value)


def test_fails_when_the_file_is_no_object(tmp_path: Path) -> None:
    """A JSON list is no lock."""
    path = tmp_path / "placement.lock.json"
    path.write_text("[]")
    with pytest.raises(InvalidInput, match="no JSON object"):
        PlacementLock.load(path)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    """Two bad lines give two findings in one go."""
    path = tmp_path / "placement.lock.json"
    path.write_text('{\n"a/b/c": {"stack": 0, "id": "A"},\n"a/b/d": {"stack": 1, "id": "!"},\n"version": 1\n}\n')
    with pytest.raises(InvalidInput) as raised:
        PlacementLock.load(path)
    assert [finding.place.line for finding in raised.value.findings] == [2, 3]


def test_resource_suffixes_are_public_contract() -> None:
    """Logical ids of what belongs to a table are its own and these; a change would replace deployed resources."""
    assert RESOURCE_SUFFIXES == ("Quarantine", "Compaction", "Retention", "OrphanFiles")


def products(number: int, domain: str = "sales") -> ContractSet:
    """So many products without tables."""
    template = DataContract(id="x", domain=domain, product="x", version="1.0.0", status="active", tables=(), file="x.odcs.yaml")
    return ContractSet(contracts=tuple(replace(template, product=f"p{index:03d}") for index in range(number)))


def test_pipelines_spread_over_stacks_and_stay() -> None:
    """A stack takes as many products as fit into 500 resources; a product keeps its stack whoever comes or goes."""
    room = PIPELINE_SLOTS_PER_STACK // USUAL_PIPELINE_SLOTS
    full = PlacementLock().extend(products(room))
    assert full.pipelines_stacks_of({"sales"}) == (1,)
    more = full.extend(products(room + 1))
    assert more.pipelines_stacks_of({"sales"}) == (1, 2)
    assert more.pipelines_stacks_of({"travel"}) == (1,), "a lake without such products has the first stack alone"
    gone = more.extend(products(1))
    assert gone.pipelines_stacks_of({"sales"}) == (1, 2), "the stack of retired products has to be deployed without them"
    again = gone.extend(products(room + 1))
    for contract in products(room).contracts:
        assert again.pipelines_stack(contract) == full.pipelines_stack(contract) == 1
    assert again.pipelines_stack(products(room + 1).contracts[-1]) == 2
    assert {number: len(part.contracts) for number, part in again.by_pipelines_stack(products(room + 1)).items()} == {1: room, 2: 1}


def test_the_file_keeps_products(tmp_path: Path) -> None:
    """What is written is read again, products and tables alike."""
    lock = PlacementLock().extend(products(3))
    lock.save(tmp_path / "lock.json")
    assert PlacementLock.load(tmp_path / "lock.json") == lock
    assert PlacementLock.load(tmp_path / "lock.json") != PlacementLock()


def test_fails_for_a_product_without_a_place() -> None:
    """Nothing guesses a stack."""
    with pytest.raises(DataLakeError, match=r"product sales/p000 has no place"):
        PlacementLock().pipelines_stack(products(1).contracts[0])


@pytest.mark.parametrize(
    "entry",
    ['{"stack": 0}', '{"stack": true}', '{"stack": 1, "id": "X"}', '{"stack": 1, "slots": 0}', '{"stack": 1, "stack": 2}', "3", "{}"],
)
def test_fails_for_a_corrupt_product(tmp_path: Path, entry: str) -> None:
    """A place that is none is refused with its line."""
    file = tmp_path / "lock.json"
    file.write_text(f'{{\n"sales/p000": {entry},\n"version": 1\n}}\n')
    with pytest.raises(InvalidInput, match=r"lock\.json:2 sales/p000: found .*; allowed is an object with stack, and slots"):
        PlacementLock.load(file)


def test_fails_for_a_product_twice(tmp_path: Path) -> None:
    """A merge that kept both sides is refused."""
    file = tmp_path / "lock.json"
    file.write_text('{\n"sales/p000": {"stack": 1},\n"sales/p000": {"stack": 2},\n"version": 1\n}\n')
    with pytest.raises(InvalidInput, match=r"lock\.json:3 sales/p000: found twice"):
        PlacementLock.load(file)
