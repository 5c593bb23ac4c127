"""The placement lock: which stack and which logical id each declared table has, for ever, and which stack each product's pipeline.

A table's stack and logical id decide whether CloudFormation updates it or replaces it, so they are not derived from what else is
declared but recorded once, in a file that only grows: a table that is gone stays as *retired*, keeps its place, and finds it again when
it comes back. A renamed table is a new table.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from lakemodel.errors import DataLakeError, InvalidInput
from lakemodel.findings import Finding, Place, Severity, errors
from lakemodel.locks.crowding import crowded_catalogs, crowded_pipelines
from lakemodel.locks.placement_file import RESOURCE_SUFFIXES, Placement, ProductPlacement, dumps, parse, write
from lakemodel.locks.weights import PIPELINE_SLOTS_PER_STACK, SLOTS_PER_STACK, estimate_pipeline_slots, estimate_slots

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from lakemodel.contracts.model import ContractSet, DataContract, Table

__all__ = ["DEFAULT_FILE", "RESOURCE_SUFFIXES", "Placement", "PlacementLock", "ProductPlacement", "resolve", "table_key", "update"]

DEFAULT_FILE = "config/placement.lock.json"

_NAME_LENGTH = 120
_DIGEST_LENGTH = 8
_SHOWN_KEYS = 5
_REMEDY_LOCK = "Run `lakecheck contracts lock` and commit the file."


def table_key(domain: str, product: str, table: str) -> str:
    """How the lock names a table.

    Example:
        >>> table_key("sales", "orders", "order_lines")
        'sales/orders/order_lines'
    """
    return f"{domain}/{product}/{table}"


def product_key(contract: DataContract) -> str:
    """How the lock names a product."""
    return f"{contract.domain}/{contract.product}"


class PlacementLock:
    """An immutable lock. `extend` returns a new one that has a place for every declared table.

    Args:
        entries: Placements of tables by key.
        products: Placements of products' pipelines, by `domain/product`.
        file: Where it stands, for messages.

    Example:
        >>> lock = PlacementLock()
        >>> lock.stacks
        ()
    """

    def __init__(
        self,
        entries: Mapping[str, Placement] | None = None,
        *,
        products: Mapping[str, ProductPlacement] | None = None,
        file: str = DEFAULT_FILE,
    ) -> None:
        self._entries = MappingProxyType(dict(sorted((entries or {}).items())))
        self._products = MappingProxyType(dict(sorted((products or {}).items())))
        self.file = file

    @property
    def entries(self) -> Mapping[str, Placement]:
        """Every placement ever given, by key, in order of the keys."""
        return self._entries

    @property
    def products(self) -> Mapping[str, ProductPlacement]:
        """Every place ever given to a product's pipeline, by `domain/product`."""
        return self._products

    @property
    def stacks(self) -> tuple[int, ...]:
        """Numbers of the stacks that hold a table at present, in order."""
        return tuple(sorted({entry.stack for entry in self._entries.values() if not entry.retired}))

    @property
    def domains(self) -> frozenset[str]:
        """Domains of all tables and products that ever had a place."""
        return frozenset(key.partition("/")[0] for key in (*self._entries, *self._products))

    def stacks_of(self, domains: Collection[str]) -> tuple[int, ...]:
        """Numbers of the stacks that hold tables of these domains, or held some: what is left in those has to go from AWS."""
        return tuple(sorted({entry.stack for entry in self._entries.values() if entry.domain in domains}))

    def pipelines_stacks_of(self, domains: Collection[str]) -> tuple[int, ...]:
        """Numbers of the pipelines stacks of these domains, at least the first; those that are empty by now as well."""
        return tuple(sorted({1, *(place.stack for key, place in self._products.items() if key.partition("/")[0] in domains)}))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlacementLock) and (self._entries, self._products) == (other._entries, other._products)

    def __hash__(self) -> int:
        return hash((tuple(self._entries.values()), tuple(self._products.items())))

    def __len__(self) -> int:
        return len(self._entries)

    @classmethod
    def load(cls, path: Path | str) -> PlacementLock:
        """The lock in that file; an empty one when there is no such file.

        Raises:
            InvalidInput: With every fault of the file, each with its line.
        """
        file = Path(path)
        if not file.exists():
            return cls(file=str(path))
        entries, products = parse(file.read_text(encoding="utf-8"), str(path))
        return cls(entries, products=products, file=str(path))

    def extend(self, contracts: ContractSet) -> PlacementLock:
        """A lock with a place for every table of `contracts`; no place that was given before changes.

        New tables take, in order of their keys, the first stack with room; retired tables keep taking theirs, and one that has grown takes
        what it takes now. Pass all contracts of the lake: tables that are missing from them are marked retired, unless some contract was
        refused: nobody knows what that one declares.
        """
        declared = {table_key(contract.domain, contract.product, table.name): table for contract, table in contracts.tables()}
        slots = {key: estimate_slots(table) for key, table in declared.items()}
        entries = {
            key: entry if key in declared or contracts.refused else replace(entry, retired=True) for key, entry in self._entries.items()
        }
        room = _Room(SLOTS_PER_STACK)
        for key, entry in entries.items():
            room.take(entry.stack, max(entry.slots, slots.get(key, 0)))
        taken = {entry.logical_id for entry in entries.values()}
        for key in sorted(declared):
            if key in entries:
                if entries[key].retired:
                    entries[key] = replace(entries[key], retired=False)
                continue
            entries[key] = Placement(key=key, stack=room.find(slots[key]), logical_id=_free_id(key, taken), slots=slots[key])
            taken.add(entries[key].logical_id)
        return PlacementLock(entries, products=self._products_with(contracts), file=self.file)

    def _products_with(self, contracts: ContractSet) -> dict[str, ProductPlacement]:
        """The products' places; new ones take the first stack with room. A retired product keeps its place, and the room it takes."""
        slots = {product_key(contract): estimate_pipeline_slots(contract) for contract in contracts.contracts}
        products = dict(self._products)
        room = _Room(PIPELINE_SLOTS_PER_STACK)
        for key, place in products.items():
            room.take(place.stack, max(place.slots, slots.get(key, 0)))
        for key in sorted(slots.keys() - products.keys()):
            products[key] = ProductPlacement(stack=room.find(slots[key]), slots=slots[key])
        return products

    def pipelines_stack(self, contract: DataContract) -> int:
        """Number of the stack that holds the product's pipeline, from 1.

        Raises:
            DataLakeError: `placement_missing`, if the lock has no place for it: call `extend` first.
        """
        key = product_key(contract)
        if key not in self._products:
            msg = f"product {key} has no place; extend the lock with its contract first, or run `lakecheck contracts lock`"
            raise DataLakeError(msg, code="placement_missing", where=self.file)
        return self._products[key].stack

    def place(self, contract: DataContract, table: Table) -> Placement:
        """Where that table lives.

        Raises:
            DataLakeError: `placement_missing`, if the lock has no place for it: call `extend` first.
        """
        key = table_key(contract.domain, contract.product, table.name)
        try:
            return self._entries[key]
        except KeyError:
            msg = f"table {key} has no place; extend the lock with its contract first, or run `lakecheck contracts lock`"
            raise DataLakeError(msg, code="placement_missing", where=self.file) from None

    def tables(self, contracts: ContractSet, stack: int) -> Iterator[tuple[DataContract, Table, Placement]]:
        """The declared tables of one stack, in order of the contracts."""
        for contract, table in contracts.tables():
            placement = self.place(contract, table)
            if placement.stack == stack:
                yield contract, table, placement

    def by_stack(self, contracts: ContractSet) -> dict[int, ContractSet]:
        """The contracts taken apart: for each catalog stack the contracts with the tables that stand in it.

        Raises:
            DataLakeError: `placement_missing`, if the lock has no place for a table.
        """
        parts: dict[int, list[DataContract]] = defaultdict(list)
        for contract in contracts.contracts:
            tables: dict[int, list[Table]] = defaultdict(list)
            for table in contract.tables:
                tables[self.place(contract, table).stack].append(table)
            for stack, those in tables.items():
                parts[stack].append(contract if len(tables) == 1 else replace(contract, tables=tuple(those)))
        return {stack: replace(contracts, contracts=tuple(those)) for stack, those in sorted(parts.items())}

    def by_pipelines_stack(self, contracts: ContractSet) -> dict[int, ContractSet]:
        """The contracts of each pipelines stack.

        Raises:
            DataLakeError: `placement_missing`, if the lock has no place for a product.
        """
        parts: dict[int, list[DataContract]] = defaultdict(list)
        for contract in contracts.contracts:
            parts[self.pipelines_stack(contract)].append(contract)
        return {stack: replace(contracts, contracts=tuple(those)) for stack, those in sorted(parts.items())}

    def findings(self, contracts: ContractSet) -> tuple[Finding, ...]:
        """One warning when the lock, as it is, lacks tables of `contracts`; none otherwise."""
        missing = sorted(
            key
            for key in (table_key(contract.domain, contract.product, table.name) for contract, table in contracts.tables())
            if key not in self._entries
        )
        if not missing:
            return ()
        shown = ", ".join(missing[:_SHOWN_KEYS]) + (f" and {len(missing) - _SHOWN_KEYS} more" if len(missing) > _SHOWN_KEYS else "")
        message = f"{len(missing)} of the declared tables have no committed place, theirs is computed in memory and can still move: {shown}"
        return (Finding(place=Place(self.file), code="placement.missing", message=message, remedy=_REMEDY_LOCK, severity=Severity.WARNING),)

    def crowding(self, contracts: ContractSet, *, lakes: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
        """What is to be said of stacks that hold too much: after tables grew, or after two branches filled the same one.

        Args:
            contracts: All contracts, each with a place.
            lakes: The lake that each domain lives in, since each lake has stacks of its own; one lake for all when left out.

        Returns:
            A warning for each stack above four fifths of what CloudFormation takes, by estimate; an error for one that it would refuse.
        """
        lakes = {} if lakes is None else lakes
        tables = [(lakes.get(contract.domain, ""), self.place(contract, table), table) for contract, table in contracts.tables()]
        products = [(lakes.get(contract.domain, ""), self.pipelines_stack(contract), contract) for contract in contracts.contracts]
        return (*crowded_catalogs(tables, self.file), *crowded_pipelines(products, self.file))

    def save(self, path: Path | str) -> None:
        """Writes the lock, whole or not at all: one line for each table, in order of the keys, so that branches merge line by line."""
        write(self.dumps(), Path(path))

    def dumps(self) -> str:
        """The lock as it is written to its file."""
        return dumps(self._entries, self._products)


def update(path: Path | str, contracts: ContractSet) -> bool:
    """Extends the lock in that file by `contracts` and writes it when it changed; tells whether it did.

    Raises:
        InvalidInput: If the file is there and no valid lock.
    """
    before = PlacementLock.load(path)
    after = before.extend(contracts)
    if after == before and Path(path).exists():
        return False
    after.save(path)
    return True


def resolve(
    path: Path | str, contracts: ContractSet, *, lakes: Mapping[str, str] | None = None
) -> tuple[PlacementLock, tuple[Finding, ...]]:
    """The lock to synthesize with: the committed one, extended in memory by what it lacks, and what is to be said about it.

    Args:
        path: The committed lock.
        contracts: All contracts.
        lakes: The lake that each domain lives in; one lake for all when left out.

    Returns:
        The lock, and warnings: when it lacks tables, and for stacks that are nearly full.

    Raises:
        InvalidInput: If the file is there and no valid lock, or puts more into a stack than CloudFormation takes.
    """
    committed = PlacementLock.load(path)
    extended = committed.extend(contracts)
    crowding = extended.crowding(contracts, lakes=lakes)
    if refused := errors(crowding):
        raise InvalidInput(refused)
    return extended, (*committed.findings(contracts), *crowding)


class _Room:
    """What is taken of each stack, and the first that still has so much room: looked for from where the last search ended."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._taken: dict[int, int] = defaultdict(int)
        self._first: dict[int, int] = {}

    def take(self, stack: int, slots: int) -> None:
        self._taken[stack] += slots

    def find(self, slots: int) -> int:
        """Takes so much of the first stack that has it. Rooms only shrink, so a stack that was too full for as much is not asked again."""
        stack = self._first.get(slots, 1)
        while self._taken.get(stack, 0) + slots > self._capacity:
            stack += 1
        self._first[slots] = stack
        self.take(stack, slots)
        return stack


def _free_id(key: str, taken: set[str]) -> str:
    """A readable, unique logical id that depends on the key alone, unless somebody else has it already."""
    words = "".join(word.capitalize() for word in re.split(r"[^a-z0-9]+", key))[:_NAME_LENGTH]
    for attempt in range(len(taken) + 1):
        digest = hashlib.sha256((key if attempt == 0 else f"{key}#{attempt}").encode()).hexdigest()[:_DIGEST_LENGTH].upper()
        candidate = f"Table{words}{digest}"
        if candidate not in taken:
            return candidate
    raise AssertionError("unreachable: there is one candidate more than there are ids taken")  # pragma: no cover
