"""The file of the placement lock: one line for each entry, read with every fault named, written whole or not at all."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding, Place
from lakemodel.locks.weights import USUAL_PIPELINE_SLOTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RESOURCE_SUFFIXES = ("Quarantine", "Compaction", "Retention", "OrphanFiles")
"""What is put after a table's logical id to name the resources that go with it."""

_VERSION = 1
_ENTRY_KEYS = {"stack", "id", "slots", "retired"}
_PRODUCT_KEYS = {"stack", "slots"}
_TABLE_KEY = re.compile(r"^[a-z0-9_]+/[a-z0-9_]+/[a-z0-9_]+$")
_PRODUCT_KEY = re.compile(r"^[a-z0-9_]+/[a-z0-9_]+$")
_LOGICAL_ID = re.compile(r"^[A-Za-z][A-Za-z0-9]{0,199}$")
_LINE_KEY = re.compile(r'\s*("(?:[^"\\]|\\.)*")\s*:')


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

    @property
    def domain(self) -> str:
        """The table's domain."""
        return self.key.partition("/")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductPlacement:
    """Where one product's pipeline lives.

    Attributes:
        stack: Number of the pipelines stack, from 1.
        slots: How much of the stack it was reckoned to take when it was placed.
    """

    stack: int
    slots: int = USUAL_PIPELINE_SLOTS


def dumps(entries: Mapping[str, Placement], products: Mapping[str, ProductPlacement]) -> str:
    """The lock as it is written to its file: one line for each table and product, in order of the keys."""
    texts = {key: json.dumps(_as_json(entry)) for key, entry in entries.items()}
    texts |= {key: json.dumps(_product_as_json(product)) for key, product in products.items()}
    lines = [f"{json.dumps(key)}: {text}," for key, text in sorted(texts.items())]
    # The version stands last, so that every table's line ends alike and a line added at the end changes no other.
    return "\n".join(["{", *lines, f'"version": {_VERSION}', "}", ""])


def write(text: str, target: Path) -> None:
    """Writes a file whole or not at all, through a link to the file that it leads to."""
    target = target.resolve() if target.is_symlink() else target
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def parse(text: str, file: str) -> tuple[dict[str, Placement], dict[str, ProductPlacement]]:
    """Tables and products of a lock file.

    Raises:
        InvalidInput: With every fault of the file, each with its line.
    """
    lines = _Lines(text)
    findings: list[Finding] = []
    entries: dict[str, Placement] = {}
    products: dict[str, ProductPlacement] = {}
    version: object = None
    for key, value in _pairs(text, lines, file):
        if key == "version":
            version = value
            continue
        line_number = lines.of(key, again=key in entries or key in products)
        if _PRODUCT_KEY.match(key):
            findings.extend(_product(key, value, file, line_number, products))
            continue
        placement = _entry(key, value, file, line_number, findings)
        if key in entries:
            findings.append(_fault(file, line_number, key, "found twice; allowed once: keep the line that is deployed"))
        elif placement is not None:
            entries[key] = placement
    if version != _VERSION or isinstance(version, bool):
        findings.append(_fault(file, len(lines.texts), "version", f"found {version!r}; allowed is {_VERSION}"))
    findings.extend(_clashes(entries, file, lines))
    if findings:
        raise InvalidInput(findings)
    return entries, products


class _Lines:
    """Where each key stands."""

    def __init__(self, text: str) -> None:
        self.texts = text.splitlines()
        self._numbers: dict[str, list[int]] = defaultdict(list)
        for number, line in enumerate(self.texts, start=1):
            if found := _LINE_KEY.match(line):
                self._numbers[found[1]].append(number)

    def of(self, key: str, *, again: bool = False) -> int | None:
        """The line a key stands on; the last one when it is there `again`."""
        numbers = self._numbers.get(json.dumps(key))
        if not numbers:
            return None
        return numbers[-1] if again else numbers[0]


def _as_json(entry: Placement) -> dict[str, Any]:
    data: dict[str, Any] = {"stack": entry.stack, "id": entry.logical_id}
    if entry.slots != 1:
        data["slots"] = entry.slots
    if entry.retired:
        data["retired"] = True
    return data


def _product_as_json(product: ProductPlacement) -> dict[str, int]:
    return {"stack": product.stack} | ({} if product.slots == USUAL_PIPELINE_SLOTS else {"slots": product.slots})


def _product(key: str, value: object, file: str, line: int | None, products: dict[str, ProductPlacement]) -> Iterator[Finding]:
    """Adds a product's place to `products`, or says what is wrong with it."""
    data = dict(value) if isinstance(value, _Pairs) else {}
    stack, slots = data.get("stack"), data.get("slots", USUAL_PIPELINE_SLOTS)
    if key in products:
        yield _fault(file, line, key, "found twice; allowed once: keep the line that is deployed")
    elif _is_count(stack) and _is_count(slots) and isinstance(value, _Pairs) and len(data) == len(value) and data.keys() <= _PRODUCT_KEYS:
        products[key] = ProductPlacement(stack=stack, slots=slots)  # type: ignore[arg-type] # checked just now
    else:
        found = data if isinstance(value, _Pairs) else value
        yield _fault(file, line, key, f"found {found!r}; allowed is an object with stack, and slots where there are more, numbers from 1")


def _pairs(text: str, lines: _Lines, file: str) -> _Pairs:
    for number, line in enumerate(lines.texts, start=1):
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


def _clashes(entries: Mapping[str, Placement], file: str, lines: _Lines) -> Iterator[Finding]:
    """Logical ids that two tables have, also through the resources that go with a table; in any stack, since none is given twice."""
    owner: dict[str, str] = {}
    for key in sorted(entries):
        for logical_id in (entries[key].logical_id, *(entries[key].logical_id + suffix for suffix in RESOURCE_SUFFIXES)):
            other = owner.setdefault(logical_id, key)
            if other != key:
                message = f"found id {logical_id!r}, which {other} has; allowed is one that no table ever had"
                yield _fault(file, lines.of(key), key, message)
                break


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _fault(file: str, line: int | None, path: str, message: str) -> Finding:
    remedy = "Restore the committed file, then run `lakecheck contracts lock`; never edit a place that is deployed."
    return Finding(place=Place(file, line, path), code="placement.corrupt", message=message, remedy=remedy)
