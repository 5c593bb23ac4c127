"""The placement lock: which stack and which logical id each declared table has, for ever. Pure; files are read and written here only.

A table's stack and logical id decide whether CloudFormation updates it or replaces it, so they are not derived from what else is
declared but recorded once, in a file that only grows: a table that is gone stays as *retired*, keeps its place, and finds it again when
it comes back. A renamed table is a new table.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lakemodel.errors import DataLakeError, InvalidInput
from lakemodel.findings import Finding, Place, Severity
from lakemodel.types.model import List, Map, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakemodel.contracts.model import ContractSet, DataContract, Table
    from lakemodel.types.model import DataType

DEFAULT_FILE = "config/placement.lock.json"

SLOTS_PER_STACK = 80
"""How much one stack takes. A slot is at most five resources (table, its quarantine table, three optimizers), so that a full stack holds
400 of CloudFormation's 500 and leaves the rest to databases and roles."""

PIPELINES_PER_STACK = 18
"""How many products' pipelines one stack takes. A pipeline is eleven resources and some 35 KB of template, about 50 KB with 17 tables, so
that a full stack stays below CloudFormation's 1 MB; `make test-full` holds it."""

BYTES_PER_SLOT = 8_000
"""Template bytes one slot stands for: 80 of them fill two thirds of CloudFormation's 1 MB, so that tables can grow where they are."""

RESOURCE_SUFFIXES = ("Quarantine", "Compaction", "Retention", "OrphanFiles")
"""What is put after a table's logical id to name the resources that go with it."""

_VERSION = 1
_ENTRY_KEYS = {"stack", "id", "slots", "retired"}
_TABLE_KEY = re.compile(r"^[a-z0-9_]+/[a-z0-9_]+/[a-z0-9_]+$")
_PRODUCT_KEY = re.compile(r"^[a-z0-9_]+/[a-z0-9_]+$")
_LOGICAL_ID = re.compile(r"^[A-Za-z][A-Za-z0-9]{0,199}$")
_NAME_LENGTH = 120
_DIGEST_LENGTH = 8
_SHOWN_KEYS = 5
_REMEDY_LOCK = "Run `lakecheck contracts lock` and commit the file."


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """Where one table lives.

    Attributes:
        key: `domain/product/table`.
        stack: Number of the catalog stack, from 1.
        logical_id: Logical id of the table's resource in that stack; others that belong to it add one of `RESOURCE_SUFFIXES`.
        slots: How much of the stack it was reckoned to take when it was placed.
        retired: Whether no contract declares it at present.
    """

    key: str
    stack: int
    logical_id: str
    slots: int = 1
    retired: bool = False


def table_key(domain: str, product: str, table: str) -> str:
    """How the lock names a table.

    Example:
        >>> table_key("sales", "orders", "order_lines")
        'sales/orders/order_lines'
    """
    return f"{domain}/{product}/{table}"


class PlacementLock:
    """An immutable lock. `extend` returns a new one that has a place for every declared table.

    Args:
        entries: Placements of tables by key.
        products: Number of the pipelines stack of each product, by `domain/product`.
        file: Where it stands, for messages.

    Example:
        >>> lock = PlacementLock()
        >>> lock.stacks
        ()
    """

    def __init__(
        self, entries: Mapping[str, Placement] | None = None, *, products: Mapping[str, int] | None = None, file: str = DEFAULT_FILE
    ) -> None:
        self._entries = MappingProxyType(dict(sorted((entries or {}).items())))
        self._products = MappingProxyType(dict(sorted((products or {}).items())))
        self.file = file

    @property
    def entries(self) -> Mapping[str, Placement]:
        """Every placement ever given, by key, in order of the keys."""
        return self._entries

    @property
    def stacks(self) -> tuple[int, ...]:
        """Numbers of the stacks that hold a table at present, in order."""
        return tuple(sorted({entry.stack for entry in self._entries.values() if not entry.retired}))

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
        return _parse(file.read_text(encoding="utf-8"), str(path))

    def extend(self, contracts: ContractSet) -> PlacementLock:
        """A lock with a place for every table of `contracts`; no place that was given before changes.

        New tables take, in order of their keys, the first stack with room; retired tables keep taking theirs. Pass all contracts of the
        lake: tables that are missing from them are marked retired, unless some contract was refused: nobody knows what that one declares.
        """
        declared = {table_key(contract.domain, contract.product, table.name): table for contract, table in contracts.tables()}
        entries = {
            key: entry if key in declared or contracts.refused else replace(entry, retired=True) for key, entry in self._entries.items()
        }
        used: dict[int, int] = {}
        for entry in entries.values():
            used[entry.stack] = used.get(entry.stack, 0) + entry.slots
        taken = {entry.logical_id for entry in entries.values()}
        for key in sorted(declared):
            if key in entries:
                entries[key] = replace(entries[key], retired=False)
                continue
            slots = estimate_slots(declared[key])
            stack = _first_with_room(used, slots)
            used[stack] = used.get(stack, 0) + slots
            entries[key] = Placement(key=key, stack=stack, logical_id=_free_id(key, taken), slots=slots)
            taken.add(entries[key].logical_id)
        return PlacementLock(entries, products=self._products_with(contracts), file=self.file)

    @property
    def pipelines_stacks(self) -> tuple[int, ...]:
        """Numbers of the pipelines stacks, at least one; those whose products are all gone as well: what they hold has to go from AWS."""
        return tuple(range(1, max(self._products.values(), default=1) + 1))

    def pipelines_stack(self, contract: DataContract) -> int:
        """Number of the stack that holds the product's pipeline, from 1.

        Raises:
            DataLakeError: `placement_missing`, if the lock has no place for it: call `extend` first.
        """
        key = f"{contract.domain}/{contract.product}"
        if key not in self._products:
            msg = f"product {key} has no place; extend the lock with its contract first, or run `lakecheck contracts lock`"
            raise DataLakeError(msg, code="placement_missing", where=self.file)
        return self._products[key]

    def _products_with(self, contracts: ContractSet) -> dict[str, int]:
        """The products' places; new ones take the first stack with room. A retired product keeps its place, and the room it takes."""
        products = dict(self._products)
        used: dict[int, int] = {}
        for stack in products.values():
            used[stack] = used.get(stack, 0) + 1
        for key in sorted({f"{contract.domain}/{contract.product}" for contract in contracts.contracts} - products.keys()):
            stack = 1
            while used.get(stack, 0) >= PIPELINES_PER_STACK:
                stack += 1
            used[stack] = used.get(stack, 0) + 1
            products[key] = stack
        return products

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

    def save(self, path: Path | str) -> None:
        """Writes the lock, whole or not at all: one line for each table, in order of the keys, so that branches merge line by line."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(self.dumps())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def dumps(self) -> str:
        """The lock as it is written to its file."""
        texts = {key: json.dumps(_as_json(entry)) for key, entry in self._entries.items()}
        texts |= {key: json.dumps({"stack": stack}) for key, stack in self._products.items()}
        lines = [f"{json.dumps(key)}: {text}," for key, text in sorted(texts.items())]
        # The version stands last, so that every table's line ends alike and a line added at the end changes no other.
        return "\n".join(["{", *lines, f'"version": {_VERSION}', "}", ""])


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


def resolve(path: Path | str, contracts: ContractSet) -> tuple[PlacementLock, tuple[Finding, ...]]:
    """The lock to synthesize with: the committed one, extended in memory by what it lacks, and a warning when it lacks something.

    Raises:
        InvalidInput: If the file is there and no valid lock.
    """
    committed = PlacementLock.load(path)
    return committed.extend(contracts), committed.findings(contracts)


def estimate_slots(table: Table) -> int:
    """How much of a stack a table takes, reckoned from its columns and their descriptions; no table takes more than a whole stack."""
    size = 3_000 + sum(
        400 + len(column.name) * 2 + min(len(column.description), 255) * 2 + _type_size(column.type) for column in table.columns
    )
    return max(1, min(SLOTS_PER_STACK, -(-size // BYTES_PER_SLOT)))


def _type_size(data_type: DataType) -> int:
    match data_type:
        case Struct(fields=fields):
            return sum(90 + 2 * len(part.name) + len(part.description) + _type_size(part.type) for part in fields)
        case List(element=element):
            return 90 + _type_size(element)
        case Map(key=key, value=value):
            return 120 + _type_size(key) + _type_size(value)
        case _:
            return 20


def _first_with_room(used: Mapping[int, int], slots: int) -> int:
    stack = 1
    while used.get(stack, 0) + slots > SLOTS_PER_STACK:
        stack += 1
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


def _as_json(entry: Placement) -> dict[str, Any]:
    data: dict[str, Any] = {"stack": entry.stack, "id": entry.logical_id}
    if entry.slots != 1:
        data["slots"] = entry.slots
    if entry.retired:
        data["retired"] = True
    return data


def _parse(text: str, file: str) -> PlacementLock:
    lines = text.splitlines()
    findings: list[Finding] = []
    entries: dict[str, Placement] = {}
    products: dict[str, int] = {}
    version: object = None
    for key, value in _pairs(text, lines, file):
        if key == "version":
            version = value
            continue
        line_number = _line_of(lines, key, again=key in entries or key in products)
        if _PRODUCT_KEY.match(key):
            findings.extend(_product(key, value, file, line_number, products))
            continue
        placement = _entry(key, value, file, line_number, findings)
        if key in entries:
            findings.append(_fault(file, line_number, key, "found twice; allowed once: keep the line that is deployed"))
        elif placement is not None:
            entries[key] = placement
    if version != _VERSION or isinstance(version, bool):
        findings.append(_fault(file, len(lines), "version", f"found {version!r}; allowed is {_VERSION}"))
    findings.extend(_clashes(entries, file, lines))
    if findings:
        raise InvalidInput(findings)
    return PlacementLock(entries, products=products, file=file)


def _product(key: str, value: object, file: str, line: int | None, products: dict[str, int]) -> Iterator[Finding]:
    """Adds a product's place to `products`, or says what is wrong with it."""
    stack = dict(value).get("stack") if isinstance(value, _Pairs) and [name for name, _ in value] == ["stack"] else None
    if key in products:
        yield _fault(file, line, key, "found twice; allowed once: keep the line that is deployed")
    elif isinstance(stack, int) and _is_count(stack):
        products[key] = stack
    else:
        found = dict(value) if isinstance(value, _Pairs) else value
        yield _fault(file, line, key, f"found {found!r}; allowed is an object with stack alone, a number from 1")


def _pairs(text: str, lines: list[str], file: str) -> _Pairs:
    for number, line in enumerate(lines, start=1):
        if line.startswith(("<<<<<<<", ">>>>>>>", "=======")):
            raise InvalidInput([_fault(file, number, "", "found a merge conflict; keep the lines of both sides")])
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
    except json.JSONDecodeError as error:
        raise InvalidInput([_fault(file, error.lineno, "", f"found broken JSON: {error.msg}")]) from error
    if not isinstance(pairs, _Pairs):
        raise InvalidInput([_fault(file, 1, "", "found no JSON object; allowed is one, with an entry for each table")])
    return pairs


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it stands, repeated keys included."""


def _entry(key: str, value: object, file: str, line: int | None, findings: list[Finding]) -> Placement | None:
    if not _TABLE_KEY.match(key):
        findings.append(_fault(file, line, key, "found an unknown key; allowed are version, domain/product and domain/product/table"))
        return None
    if not isinstance(value, _Pairs):
        findings.append(_fault(file, line, key, f"found {value!r}; allowed is an object with stack and id"))
        return None
    data = dict(value)
    faults = [f"found unknown {name!r}; allowed are {', '.join(sorted(_ENTRY_KEYS))}" for name in sorted(data.keys() - _ENTRY_KEYS)]
    if len(data) != len(value):
        faults.append("found a key twice in the entry; allowed once")
    stack, logical_id, slots, retired = data.get("stack"), data.get("id"), data.get("slots", 1), data.get("retired", False)
    if not _is_count(stack):
        faults.append(f"found stack {stack!r}; allowed is a number from 1")
    if not isinstance(logical_id, str) or not _LOGICAL_ID.match(logical_id):
        faults.append(f"found id {logical_id!r}; allowed is a logical id of letters and digits, at most 200")
    if not _is_count(slots):
        faults.append(f"found slots {slots!r}; allowed is a number from 1")
    if not isinstance(retired, bool):
        faults.append(f"found retired {retired!r}; allowed is true or false")
    findings.extend(_fault(file, line, key, fault) for fault in faults)
    if faults:
        return None
    return Placement(key=key, stack=stack, logical_id=logical_id, slots=slots, retired=retired)  # type: ignore[arg-type] # checked above


def _clashes(entries: Mapping[str, Placement], file: str, lines: list[str]) -> Iterator[Finding]:
    """Logical ids that two tables have, also through the resources that go with a table; in any stack, since none is given twice."""
    owner: dict[str, str] = {}
    for key in sorted(entries):
        for logical_id in (entries[key].logical_id, *(entries[key].logical_id + suffix for suffix in RESOURCE_SUFFIXES)):
            other = owner.setdefault(logical_id, key)
            if other != key:
                message = f"found id {logical_id!r}, which {other} has; allowed is one that no table ever had"
                yield _fault(file, _line_of(lines, key), key, message)
                break


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _line_of(lines: list[str], key: str, *, again: bool = False) -> int | None:
    """The line a key stands on; the last one when it is there `again`."""
    quoted = json.dumps(key)
    numbers = [number for number, line in enumerate(lines, start=1) if line.lstrip().startswith(quoted)]
    if not numbers:
        return None
    return numbers[-1] if again else numbers[0]


def _fault(file: str, line: int | None, path: str, message: str) -> Finding:
    remedy = "Restore the committed file, then run `lakecheck contracts lock`; never edit a place that is deployed."
    return Finding(place=Place(file, line, path), code="placement.corrupt", message=message, remedy=remedy)
