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
    from collections.abc import Iterable

    from lakemodel.locks.field_id_lock import LockedTable

LOCK_ENDING: Final = ".lock.json"
_CONTRACT_ENDINGS: Final = re.compile(r"(\.odcs)?\.(ya?ml|json)$", re.IGNORECASE)
_CONFLICT: Final = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( |$)", re.MULTILINE)
_RESTORE: Final = "Restore it from version control; never edit it by hand."
_VERSION: Final = 1
_UPDATE: Final = "Update lakecheck to the version that wrote it, or a later one, and leave the file as it is."
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
            `lock.unreadable`, `lock.broken`, `lock.conflict`; or a later version of this project wrote it: `lock.newer`.
    """
    place = Place(str(path) if display is None else display)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        if not path.is_symlink():
            return None
        found = "the lock file is a link to a file that is not there"
        raise InvalidInput([Finding(place, "lock.unreadable", found, "Restore the file that it leads to.")]) from None
    except (OSError, ValueError) as error:
        raise InvalidInput([Finding(place, "lock.unreadable", f"the lock file cannot be read: {error}", _RESTORE)]) from None
    if marker := _CONFLICT.search(text):
        line = text.count("\n", 0, marker.start()) + 1
        found = "holds an unresolved merge conflict: two branches gave ids in one table"
        raise InvalidInput([Finding(Place(place.file, line), "lock.conflict", found, _MERGE)])
    lock, digests = _parsed(text, place)
    if problems := list(contradictions(lock)):
        raise InvalidInput([Finding(place, "lock.broken", problem, f"{_RESTORE} After a merge: {_MERGE}") for problem in problems])
    allowed = set() if lock.product else {None}
    if changed := [name for name, table in lock.tables.items() if digests.get(name) not in {digest(name, table), *allowed}]:
        found = f"table {', '.join(changed)} is not as it was written: edited by hand, or merged from two branches"
        raise InvalidInput([Finding(place, "lock.broken", found, f"{_RESTORE} After a merge: {_MERGE}")])
    return lock


def _parsed(text: str, place: Place) -> tuple[FieldIdLock, dict[str, str]]:
    """The lock and the digests of its tables."""
    try:
        data = json.loads(text, object_pairs_hook=_no_name_twice)
        version = data.get("version") if isinstance(data, dict) else None
        if not (isinstance(version, int) and version > _VERSION):
            digests = _take_digests(data)
            return _complete(FieldIdLock.model_validate_json(json.dumps(data))), digests
    except (ValueError, RecursionError) as error:
        found = f"this is not a lock file: {_told(error)}"
        raise InvalidInput([Finding(place, "lock.broken", found, _RESTORE)]) from None
    found = f"the lock file is of version {version}, written by a newer lakecheck; this one reads version {_VERSION}"
    raise InvalidInput([Finding(place, "lock.newer", found, _UPDATE)])


def _complete(lock: FieldIdLock) -> FieldIdLock:
    """The lock, which has to state its version and a table: none was ever written without, and ids would be numbered anew."""
    if "version" not in lock.model_fields_set:
        msg = "it states no version"
        raise ValueError(msg)
    if not lock.tables:
        msg = "it holds no table"
        raise ValueError(msg)
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
    """Writes the lock whole or not at all, through a link to the file that it leads to; the same lock gives the same bytes."""
    target = path.resolve() if path.is_symlink() else path
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(lock_text(lock))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
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
    """Knows which locks of a lake hold a table's ids: another one than that beside its contract, when the contract or the table has moved.

    Args:
        roots: Folders whose locks are read, when the first table is asked for.

    Example:
        >>> LockedElsewhere([]).of("sales", "orders", besides=Path("orders.lock.json")) is None
        True
    """

    def __init__(self, roots: Iterable[Path]) -> None:
        self._roots = tuple(roots)
        self._locks: dict[Path, FieldIdLock] | None = None
        self._holders: dict[tuple[str, str], list[Path]] = {}
        self._unreadable: InvalidInput | None = None

    def of(self, domain: str, table: str, *, besides: Path) -> Path | None:
        """Another lock than `besides`, which does not hold the table of that domain, that does; None when there is none.

        Raises:
            InvalidInput: A lock cannot be read, so that nobody knows what it holds.
        """
        other = self.too(domain, table, besides=besides)
        if self._unreadable is not None:
            raise self._unreadable
        return other

    def too(self, domain: str, table: str, *, besides: Path) -> Path | None:
        """Another lock than `besides`, which holds the table of that domain, that does too; those that cannot be read are left aside."""
        self._all()
        own = besides.resolve()
        return next((path for path in self._holders.get((domain, table), ()) if path.resolve() != own), None)

    def beside(self, path: Path, *, display: str | None = None) -> FieldIdLock | None:
        """The lock at that path, which is not read twice; as `load_lock`."""
        known = self._all().get(path)
        return load_lock(path, display=display) if known is None else known

    def wrote(self, path: Path, lock: FieldIdLock | None) -> None:
        """Takes note of a lock that was written, or removed when it is None."""
        locks = self._all()
        target = path.resolve()
        for same in [one for one in locks if one == path or one.resolve() == target]:
            self._hold(same, locks.pop(same), holds=False)
        if lock is not None:
            locks[path] = lock
            self._hold(path, lock, holds=True)

    def _all(self) -> dict[Path, FieldIdLock]:
        if self._locks is None:
            self._locks = {}
            links_last = sorted(lock_files(self._roots), key=Path.is_symlink)
            for path in {path.resolve(): path for path in links_last}.values():  # a link stands for the file it leads to
                try:
                    lock = load_lock(path)
                except InvalidInput as refusal:
                    if self._unreadable is None and '"last_field_id"' in path.read_text(encoding="utf-8", errors="replace"):
                        self._unreadable = refusal  # nobody knows which ids it holds
                    continue  # or a lock of another kind
                if lock is not None:
                    self._locks[path] = lock
                    self._hold(path, lock, holds=True)
        return self._locks

    def _hold(self, path: Path, lock: FieldIdLock, *, holds: bool) -> None:
        domain = lock.product.partition(".")[0]
        for name in lock.tables:
            holders = self._holders.setdefault((domain, name), [])
            if holds:
                holders.append(path)
            else:
                holders.remove(path)
