"""Lock files of field ids: where they stand, how they are written so that a bad merge shows, and how they are read."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding, Place
from lakemodel.locks.field_id_lock import FieldIdLock, contradictions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakemodel.locks.field_id_lock import LockedTable

LOCK_ENDING: Final = ".lock.json"
_CONTRACT_ENDINGS: Final = re.compile(r"(\.odcs)?\.(ya?ml|json)$", re.IGNORECASE)
_CONFLICT: Final = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( |$)", re.MULTILINE)
_RESTORE: Final = "Restore it from version control; never edit it by hand."
_MERGE: Final = (
    "Take one side's file whole, the one whose tables are deployed, then run `lakecheck contracts lock`: it numbers the other side's "
    "columns after it."
)


def lock_path(contract_file: str | Path) -> Path:
    """Where a contract's lock stands: beside it, `orders.odcs.yaml` with `orders.lock.json`."""
    path = Path(contract_file)
    return path.with_name(_CONTRACT_ENDINGS.sub("", path.name) + LOCK_ENDING)


def load_lock(path: Path, *, display: str | None = None) -> FieldIdLock | None:
    """Reads a lock file; None when there is none.

    Raises:
        InvalidInput: It cannot be read, is no lock file, holds a merge conflict, contradicts itself, or is not as it was written:
            `lock.unreadable`, `lock.broken`, `lock.conflict`.
    """
    place = Place(str(path) if display is None else display)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InvalidInput([Finding(place, "lock.unreadable", f"the lock file cannot be read: {error}", _RESTORE)]) from None
    if marker := _CONFLICT.search(text):
        line = text.count("\n", 0, marker.start()) + 1
        found = "holds an unresolved merge conflict: two branches gave ids in one table"
        raise InvalidInput([Finding(Place(place.file, line), "lock.conflict", found, _MERGE)])
    try:
        data = json.loads(text, object_pairs_hook=_no_name_twice)
        digests = _take_digests(data)
        lock = FieldIdLock.model_validate_json(json.dumps(data))
    except (ValueError, RecursionError) as error:
        found = f"this is not a lock file: {_told(error)}"
        raise InvalidInput([Finding(place, "lock.broken", found, _RESTORE)]) from None
    if problems := list(contradictions(lock)):
        raise InvalidInput([Finding(place, "lock.broken", problem, f"{_RESTORE} After a merge: {_MERGE}") for problem in problems])
    allowed = set() if lock.product else {None}
    if changed := [name for name, table in lock.tables.items() if digests.get(name) not in {digest(name, table), *allowed}]:
        found = f"table {', '.join(changed)} is not as it was written: edited by hand, or merged from two branches"
        raise InvalidInput([Finding(place, "lock.broken", found, f"{_RESTORE} After a merge: {_MERGE}")])
    return lock


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            msg = f"{name} stands in it twice"
            raise ValueError(msg)
        found[name] = value
    return found


def _take_digests(data: Any) -> dict[str, str]:
    """Removes the digest of each table and returns it; a lock that an earlier version wrote has none, and names no product."""
    tables = data.get("tables") if isinstance(data, dict) else None
    found = {}
    for name, table in tables.items() if isinstance(tables, dict) else ():
        if isinstance(table, dict) and isinstance(table.get("digest"), str):
            found[name] = table.pop("digest")
    return found


def _told(error: ValueError | RecursionError) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}".strip() for one in error.errors()[:5])
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)


def digest(name: str, table: LockedTable) -> str:
    """A digest of a table's name and of all that the lock says of it.

    It makes two branches that give ids in one table change one and the same line, so that git reports a conflict even where the rest would
    merge. It shows what was edited by hand, such as two ids that changed places, and what git put into another table, because it takes
    equal lines of two tables for the same.
    """
    return hashlib.sha256(json.dumps({name: _table_data(table)}, sort_keys=True).encode()).hexdigest()[:16]


def _table_data(table: LockedTable) -> dict[str, Any]:
    data = table.model_dump(mode="json")
    for one in data["fields"].values():
        if not one["required"]:
            del one["required"]
    if data["s3_tables"] is None:
        del data["s3_tables"]
    return data


def lock_text(lock: FieldIdLock) -> str:
    """The lock as it is written: one line for each id, tables by name, what is in them in the order of their ids."""
    tables = [f"    {json.dumps(name)}: {_table_text(name, lock.tables[name])}" for name in sorted(lock.tables)]
    head = ['  "version": 1', *([f'  "product": {json.dumps(lock.product)}'] if lock.product else [])]
    inner = "{\n" + ",\n".join(tables) + "\n  }" if tables else "{}"
    return "{\n" + ",\n".join([*head, f'  "tables": {inner}']) + "\n}\n"


def _table_text(name: str, table: LockedTable) -> str:
    data = _table_data(table)
    fields = {path: data["fields"][path] for path, _ in sorted(table.fields.items(), key=lambda one: one[1].id)}
    texts = {
        "fields": _lines("{}", [f"{json.dumps(path, ensure_ascii=False)}: {json.dumps(one)}" for path, one in fields.items()]),
        **{
            kind: _lines("[]", [json.dumps(one, ensure_ascii=False) for one in data[kind]])
            for kind in ("partitions", "retired", "retired_partitions")
        },
        "last_field_id": str(table.last_field_id),
        "last_partition_id": str(table.last_partition_id),
        **({"s3_tables": json.dumps(data["s3_tables"])} if table.s3_tables is not None else {}),
        "digest": json.dumps(digest(name, table)),
    }
    return "{\n" + ",\n".join(f'      "{key}": {text}' for key, text in texts.items()) + "\n    }"


def _lines(brackets: str, lines: list[str]) -> str:
    if not lines:
        return brackets
    return brackets[0] + "\n" + ",\n".join(f"        {line}" for line in lines) + f"\n      {brackets[1]}"


def save_lock(lock: FieldIdLock, path: Path) -> None:
    """Writes the lock whole or not at all; the same lock gives the same bytes."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(lock_text(lock))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def lock_files(roots: Iterable[Path]) -> list[Path]:
    """The files below these folders that may be locks of field ids, sorted; hidden ones are left out."""
    found = {
        path
        for root in roots
        for path in root.rglob(f"*{LOCK_ENDING}")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
    }
    return sorted(found)


class LockedElsewhere:
    """Finds the lock that holds a table's ids when the one beside its contract does not: the contract, or the table, has moved.

    Args:
        roots: Folders whose locks are read, when the first table is asked for.

    Example:
        >>> LockedElsewhere([]).of("sales", "orders", besides=Path("orders.lock.json")) is None
        True
    """

    def __init__(self, roots: Iterable[Path]) -> None:
        self._roots = tuple(roots)
        self._holders: Mapping[tuple[str, str], list[Path]] | None = None

    def of(self, domain: str, table: str, *, besides: Path) -> Path | None:
        """Another lock than `besides` that holds the table of that domain; None when there is none.

        Raises:
            InvalidInput: A lock cannot be read, so that nobody knows what it holds.
        """
        if self._holders is None:
            self._holders = self._read()
        return next((path for path in self._holders.get((domain, table), ()) if path.resolve() != besides.resolve()), None)

    def _read(self) -> Mapping[tuple[str, str], list[Path]]:
        holders: dict[tuple[str, str], list[Path]] = {}
        for path in lock_files(self._roots):
            try:
                lock = load_lock(path)
            except InvalidInput:
                if '"last_field_id"' in path.read_text(encoding="utf-8", errors="replace"):
                    raise  # nobody knows which ids it holds
                continue  # a lock of another kind
            domain = "" if lock is None else lock.product.partition(".")[0]
            for name in {} if lock is None else lock.tables:
                holders.setdefault((domain, name), []).append(path)
        return holders
