"""The placement lock over random histories: two branches that add, remove, rename, widen and bring back tables, and merge line by line."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lakemodel.contracts.model import Column, ContractSet, DataContract, Table, TableFormat
from lakemodel.locks.placement import PlacementLock
from lakemodel.locks.weights import (
    CROWDED,
    EMPTY_CATALOG,
    EMPTY_PIPELINES,
    PIPELINE_SLOTS_PER_STACK,
    SLOTS_PER_STACK,
    USUAL_PIPELINE_SLOTS,
    estimate_pipeline_slots,
    estimate_slots,
    pipeline_weight,
    table_weight,
)
from lakemodel.types.model import Primitive, PrimitiveKind

if TYPE_CHECKING:
    from collections.abc import Mapping

STRING = Primitive(PrimitiveKind.STRING)
WIDEST = 500
PRODUCTS = [f"{domain}/{product}" for domain in ("sales", "travel") for product in ("a", "b", "c")]
NAMES = [f"t{number}" for number in range(40)]
KEYS = st.tuples(st.sampled_from(PRODUCTS), st.sampled_from(NAMES)).map("/".join)
BATCHES = st.dictionaries(KEYS, st.integers(1, WIDEST), min_size=1, max_size=40)


def contracts(tables: Mapping[str, int]) -> ContractSet:
    """Contracts that declare tables of so many columns."""
    column = Column(name="c", source_name="c", type=STRING, classification="internal")
    products: dict[tuple[str, str], list[Table]] = {}
    for key, columns in sorted(tables.items()):
        domain, product, name = key.split("/")
        made = Table(name=name, source_name=name, format=TableFormat.ICEBERG, columns=(column,) * columns, classification="internal")
        products.setdefault((domain, product), []).append(made)
    bare = DataContract(id="x", domain="x", product="x", version="1.0.0", status="active", tables=(), file="x.odcs.yaml")
    return ContractSet(
        contracts=tuple(
            replace(bare, domain=domain, product=product, tables=tuple(made)) for (domain, product), made in sorted(products.items())
        )
    )


def loaded(text: str) -> PlacementLock:
    """The lock in a file of that text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "placement.lock.json"
        path.write_text(text)
        return PlacementLock.load(path)


def merged(base: str, ours: str, theirs: str) -> str:
    """What a merge by lines makes of two branches: each line that either added, none that either took away."""
    before, one, other = (dict(line.split(":", 1) for line in text.splitlines() if ":" in line) for text in (base, ours, theirs))
    lines = {}
    for key in one.keys() | other.keys():
        mine, yours = one.get(key), other.get(key)
        # a line that both changed is a conflict; a person keeps the one that is in use
        kept = yours if mine == before.get(key) or mine is None else mine
        if mine is not None and yours is not None and mine != yours and before.get(key) not in {mine, yours}:
            kept = mine if '"retired"' not in mine else yours
        if kept is not None:
            lines[key] = kept
    version = lines.pop('"version"')
    return "\n".join(["{", *(f"{key}:{text}" for key, text in sorted(lines.items())), f'"version":{version}', "}", ""])


class Branches(RuleBasedStateMachine):
    """Two branches of one lake's contracts and lock."""

    @initialize()
    def start(self) -> None:
        """Nothing is declared yet."""
        self.tables: list[dict[str, int]] = [{}, {}]
        self.locks = [PlacementLock(), PlacementLock()]
        self.base = ({}, PlacementLock().dumps())
        self.places: dict[str, tuple[int, str]] = {}
        self.pipelines: dict[str, int] = {}
        self.is_merged = self.has_grown = False

    def lock(self, branch: int) -> None:
        """Extends the branch's lock as `lakecheck contracts lock` does, and reads it back from its file."""
        before = self.locks[branch]
        full = self.overfull(before, self.tables[branch])
        after = before.extend(contracts(self.tables[branch]))
        for key, entry in before.entries.items():
            assert after.entries[key] == replace(entry, retired=key not in self.tables[branch]), "a place moved"
        assert {key: after.products[key] for key in before.products} == before.products
        new = [entry for key, entry in after.entries.items() if key not in before.entries]
        assert full.isdisjoint(entry.stack for entry in new), "something was put into a stack that is full"
        self.locks[branch] = loaded(after.dumps())
        assert self.locks[branch] == after
        assert self.locks[branch].extend(contracts(self.tables[branch])) == after, "a lock that holds is not changed"

    @staticmethod
    def overfull(lock: PlacementLock, tables: Mapping[str, int]) -> set[int]:
        """Stacks without room, with what retired tables take and with what grown ones take now."""
        slots = {f"{c.domain}/{c.product}/{t.name}": estimate_slots(t) for c, t in contracts(tables).tables()}
        used: Counter[int] = Counter()
        for key, entry in lock.entries.items():
            used[entry.stack] += max(entry.slots, slots.get(key, 0))
        return {stack for stack, taken in used.items() if taken >= SLOTS_PER_STACK}

    @rule(branch=st.integers(0, 1), batch=BATCHES)
    def add(self, branch: int, batch: dict[str, int]) -> None:
        """Declares tables that are new, or gone; those that are there stay as wide as they are."""
        self.tables[branch] = batch | self.tables[branch]
        self.lock(branch)

    @precondition(lambda self: any(self.tables))
    @rule(branch=st.integers(0, 1), data=st.data())
    def remove(self, branch: int, data: st.DataObject) -> None:
        """Takes one table out."""
        if self.tables[branch]:
            del self.tables[branch][data.draw(st.sampled_from(sorted(self.tables[branch])))]
            self.lock(branch)

    @precondition(lambda self: any(self.tables))
    @rule(branch=st.integers(0, 1), name=st.sampled_from(NAMES), data=st.data())
    def rename(self, branch: int, name: str, data: st.DataObject) -> None:
        """Gives one table another name in its product, unless a table has it."""
        if self.tables[branch]:
            key = data.draw(st.sampled_from(sorted(self.tables[branch])))
            new = f"{key.rpartition('/')[0]}/{name}"
            if new not in self.tables[branch]:
                self.tables[branch][new] = self.tables[branch].pop(key)
                self.lock(branch)

    @precondition(lambda self: any(self.tables))
    @rule(branch=st.integers(0, 1), columns=st.integers(1, WIDEST), data=st.data())
    def widen(self, branch: int, columns: int, data: st.DataObject) -> None:
        """Adds columns to one table, which stays where it is."""
        if self.tables[branch]:
            self.tables[branch][data.draw(st.sampled_from(sorted(self.tables[branch])))] += columns
            self.has_grown = True
            self.lock(branch)

    @rule()
    def merge(self) -> None:
        """Brings both branches together; then both go on from there."""
        text = merged(self.base[1], self.locks[0].dumps(), self.locks[1].dumps())
        ours, theirs, before = self.tables[0], self.tables[1], self.base[0]
        gone = {key for key in before if key not in ours or key not in theirs}
        tables = {key: max(ours.get(key, 0), theirs.get(key, 0)) for key in ours.keys() | theirs.keys() if key not in gone}
        try:
            lock = loaded(text)
        except ValueError:
            raise AssertionError(f"a merge by lines gave no lock:\n{text}") from None
        for side in (0, 1):
            self.tables[side], self.locks[side] = dict(tables), lock
            self.lock(side)
        assert self.locks[0] == self.locks[1]
        self.base = (dict(tables), self.locks[0].dumps())
        self.is_merged = True
        for key, entry in self.locks[0].entries.items():
            assert self.places.setdefault(key, (entry.stack, entry.logical_id)) == (entry.stack, entry.logical_id)
        for key, product in self.locks[0].products.items():
            assert self.pipelines.setdefault(key, product.stack) == product.stack

    @invariant()
    def no_logical_id_is_given_twice(self) -> None:
        """Not even to a table that took the place of a retired one."""
        for lock in self.locks:
            ids = [entry.logical_id for entry in lock.entries.values()]
            assert len(set(ids)) == len(ids)

    @invariant()
    def no_stack_takes_more_than_it_has(self) -> None:
        """By what was reckoned when things were placed; only a merge can put more together."""
        if self.is_merged:
            return
        for lock in self.locks:
            for capacity, placed in ((SLOTS_PER_STACK, lock.entries), (PIPELINE_SLOTS_PER_STACK, lock.products)):
                used: Counter[int] = Counter()
                for entry in placed.values():
                    used[entry.stack] += entry.slots
                assert max(used.values(), default=0) <= capacity

    @invariant()
    def what_cannot_be_deployed_is_said(self) -> None:
        """A stack that CloudFormation would refuse by the estimate is an error, one nearly full a warning, any other nothing."""
        for lock, tables in zip(self.locks, self.tables, strict=True):
            declared = contracts(tables)
            shares = [
                sum((table_weight(t) for _, t in part.tables()), start=EMPTY_CATALOG).share for part in lock.by_stack(declared).values()
            ] + [
                sum(map(pipeline_weight, part.contracts), start=EMPTY_PIPELINES).share
                for part in lock.by_pipelines_stack(declared).values()
            ]
            said = lock.crowding(declared)
            assert len(said) == sum(share >= CROWDED for share in shares)
            assert sum(finding.is_error for finding in said) == sum(share > 1 for share in shares)
            if not (self.is_merged or self.has_grown):
                assert not any(
                    finding.is_error for finding in said if "1 tables" not in finding.message and "1 products" not in finding.message
                )


Branches.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestBranches = Branches.TestCase


def test_a_product_that_grows_keeps_its_stack_and_lets_no_other_in() -> None:
    """Room is reckoned with what a product takes now, though its line in the lock still says what it took."""
    small = {f"sales/p{number}/t": 3 for number in range(PIPELINE_SLOTS_PER_STACK // USUAL_PIPELINE_SLOTS - 1)}
    lock = PlacementLock().extend(contracts(small))
    grown = small | {f"sales/p0/t{number}": 3 for number in range(100)}
    after = lock.extend(contracts(grown))
    assert after.products.items() >= lock.products.items()
    (product,) = [c for c in contracts(grown).contracts if c.product == "p0"]
    assert estimate_pipeline_slots(product) > after.products["sales/p0"].slots
    assert lock.extend(contracts({**small, "sales/z/t": 3})).products["sales/z"].stack == 1
    assert after.extend(contracts({**grown, "sales/z/t": 3})).products["sales/z"].stack == 2
