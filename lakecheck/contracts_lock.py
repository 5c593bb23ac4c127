"""`lakecheck contracts lock`: gives field ids and places for good, and proves that nobody took one back."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakecheck.contract_inputs import (
    DEFAULT_CONTRACTS,
    OK,
    REFUSED,
    MisuseError,
    add_config_arguments,
    contract_paths,
    lock_roots,
    misused,
    number,
    read_config,
    refuse,
)
from lakemodel.contracts.loader import load_contract, load_contract_files
from lakemodel.contracts.locked_ids import held_twice, is_of_another
from lakemodel.contracts.model import TableFormat
from lakemodel.errors import InvalidInput
from lakemodel.locks.field_id_files import LockedElsewhere, lock_files, lock_text
from lakemodel.locks.field_ids import (
    FieldIdLock,
    LockedTable,
    extend,
    load_lock,
    lock_path,
    once_partitioned,
    only_extends,
    refusals,
    save_lock,
)
from lakemodel.locks.placement import DEFAULT_FILE, PlacementLock
from lakemodel.locks.s3_tables import recorded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakemodel.config.model import LakeConfig
    from lakemodel.contracts.model import ContractSet, DataContract, Table

_PLACEMENT: Final = f"""\
the lock of every table's stack and logical id, to extend with the tables of the given contracts, which have to be all of the lake's. By
default {DEFAULT_FILE} when the contracts are those of {DEFAULT_CONTRACTS}, else none
"""
_LOCK: Final = """\
Gives every column of the contracts' Iceberg tables a field id for good, in a lock file beside each contract (orders.odcs.yaml:
orders.lock.json), and every table a stack and a logical id for good. Both are only ever added; those of what is gone stay taken. Commit
the lock files.
"""
_CODES: Final = """\
exit codes:
  0  the locks hold
  1  a contract is refused, or a lock cannot follow it; with --check does not yet; with --against does not only extend the old one
  2  wrong usage, or input that cannot be read
"""
_KEEP: Final = "a product, its file or a table of it has moved or been renamed: keep the ids, and move those that stand in another lock"
_S3_TABLE: Final = "record what this table is created with in S3 Tables, where it can never change; once, may be repeated"
_AGAINST: Final = (
    "a lock file, or a folder of them, of an earlier state: fail when an id of it has moved, is gone, or was given to another column"
)


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `lock` to the commands about contracts."""
    form = argparse.RawDescriptionHelpFormatter
    about = "give columns their field ids and tables their places, for good"
    lock = commands.add_parser("lock", help=about, description=_LOCK, epilog=_CODES, formatter_class=form)
    lock.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=f"contracts or folders of them; {DEFAULT_CONTRACTS} by default")
    add_config_arguments(lock)
    lock.add_argument("--placement", type=Path, metavar="FILE", help=_PLACEMENT)
    lock.add_argument("--check", action="store_true", help="write nothing; fail when a lock would change")
    lock.add_argument("--keep-ids", action="store_true", help=_KEEP)
    lock.add_argument("--s3-table", action="append", default=[], metavar="DOMAIN.TABLE", help=_S3_TABLE)
    lock.add_argument("--against", type=Path, metavar="OLD", help=_AGAINST)
    lock.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """`contracts lock`; returns the exit code."""
    paths = arguments.paths or [DEFAULT_CONTRACTS]
    try:
        config, _ = read_config(arguments)
        files = contract_paths(paths)
        if arguments.against is not None and not arguments.against.exists():
            msg = f"{arguments.against}: there is no such file or folder"
            raise MisuseError(msg)  # noqa: TRY301 - said like the others
    except (InvalidInput, MisuseError) as error:
        return misused(error)
    locking = _Locking(
        config, lock_roots(paths), is_check=arguments.check, keeps_ids=arguments.keep_ids, s3_tables=frozenset(arguments.s3_table)
    )
    outcomes = [locking.lock(file) for file in files]
    outcomes += [refuse(f"--s3-table {name}: no Iceberg table of that name is locked here") for name in locking.unknown(arguments.s3_table)]
    placement = arguments.placement
    if placement is None and paths == [DEFAULT_CONTRACTS]:
        placement = Path(DEFAULT_FILE)
    if placement is not None:
        found = load_contract_files(files, config, roots=locking.roots)
        outcomes.append(_place_tables(placement, found, is_check=arguments.check))
    if arguments.against is not None:
        outcomes.append(_compare(arguments.against, locking.roots))
    return OK if all(outcomes) else REFUSED


@dataclass(frozen=True, slots=True)
class _Locking:
    """Brings the locks of contracts up to date, one by one."""

    config: LakeConfig | None
    roots: Sequence[Path]
    is_check: bool
    keeps_ids: bool
    s3_tables: frozenset[str]
    elsewhere: LockedElsewhere = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "elsewhere", LockedElsewhere(self.roots))

    def lock(self, file: Path) -> bool:
        """Brings one contract's lock up to date; False when that cannot be done."""
        contract, findings = load_contract(file, self.config, with_lock=False)
        if contract is None:
            errors = [finding for finding in findings if finding.is_error]
            return refuse(*map(str, errors)) if errors else True
        tables = [table for table in contract.tables if table.format is TableFormat.ICEBERG]
        place = lock_path(file)
        try:
            before = load_lock(place) or FieldIdLock()
            lock, moved = self._gathered(before, tables, contract, place)
        except InvalidInput as refusal:
            return refuse(str(refusal))
        if blocked := [f"{file}: {one}" for one in self._objections(lock, tables, contract, moved, place)]:
            return refuse(*blocked)
        new = self._recorded(extend(lock, tables, product=contract.key if tables or lock.tables else None), tables, contract)
        if new == FieldIdLock() or (new == before and not moved and place.read_text(encoding="utf-8-sig") == lock_text(new)):
            if tables:
                print(f"{place}: holds")
            return True
        if self.is_check:
            return refuse(f"{place}: does not hold all of the contract. Run `lakecheck contracts lock` and commit it.")
        save_lock(new, place)
        self.elsewhere.wrote(place, new)
        for other, name in moved:
            self.elsewhere.wrote(other, _give_up(other, name))
            print(f"{place}: {name}: took its ids over from {other}")
        _tell(place, before, lock, new, tables)
        return True

    def unknown(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that no lock below the roots records as a table of S3 Tables by now, unless nothing was to be written."""
        held = {
            f"{lock.product.partition('.')[0]}.{name}"
            for _, lock in (_locks(self.roots) if names and not self.is_check else ())
            for name, table in lock.tables.items()
            if table.s3_tables is not None
        }
        return [name for name in names if name not in held and not self.is_check]

    def _recorded(self, lock: FieldIdLock, tables: Sequence[Table], contract: DataContract) -> FieldIdLock:
        """The lock with what the named tables are created with in S3 Tables."""
        named = {
            table.name: recorded(lock.tables[table.name], table) for table in tables if f"{contract.domain}.{table.name}" in self.s3_tables
        }
        return lock.model_copy(update={"tables": {**lock.tables, **named}})

    def _gathered(
        self, lock: FieldIdLock, tables: Sequence[Table], contract: DataContract, place: Path
    ) -> tuple[FieldIdLock, list[tuple[Path, str]]]:
        """The lock with what other locks hold of these tables, and from which of them it came."""
        gathered, moved = dict(lock.tables), []
        for table in tables:
            other = None if table.name in gathered else self.elsewhere.of(contract.domain, table.name, besides=place)
            held = None if other is None else load_lock(other)
            if other is not None and held is not None:
                gathered[table.name] = held.tables[table.name]
                moved.append((other, table.name))
        return lock.model_copy(update={"tables": gathered}), moved

    def _objections(
        self, lock: FieldIdLock, tables: Sequence[Table], contract: DataContract, moved: list[tuple[Path, str]], place: Path
    ) -> Iterator[str]:
        keep = "`lakecheck contracts lock --keep-ids`"
        if tables and is_of_another(lock, contract) and not self.keeps_ids:
            remedy = f"If the product was renamed, run {keep}; if the lock was copied along with a contract, remove it and lock."
            yield f"the lock beside it holds the field ids of {lock.product}, and the contract is {contract.key}. {remedy}"
        for other, name in moved if not self.keeps_ids else ():
            remedy = f"Move that lock along with its contract, or run {keep} to move the table's ids; or name the table otherwise."
            yield f"{name}: the field ids of table {name} stand in {other}. {remedy}"
        held = [table.name for table in tables if table.name in lock.tables and table.name not in {name for _, name in moved}]
        for name in held:
            if (twice := self.elsewhere.too(contract.domain, name, besides=place)) is not None:
                yield "{}: {}. {}".format(name, *held_twice(name, twice))
        for table in tables:
            for _, message, remedy in refusals(lock.tables.get(table.name, LockedTable()), table):
                yield f"{table.name}: {message}. {remedy}"


def _give_up(path: Path, table: str) -> FieldIdLock | None:
    """Removes a table from a lock whose ids stand in another by now, and the lock when nothing is left in it; what is left."""
    lock = load_lock(path)
    left = {} if lock is None else {name: one for name, one in lock.tables.items() if name != table}
    if lock is None or not left:
        target = path.resolve()
        path.unlink()
        target.unlink(missing_ok=True)  # where the path was a link
        return None
    rest = lock.model_copy(update={"tables": left})
    save_lock(rest, path)
    return rest


def _tell(place: Path, before: FieldIdLock, gathered: FieldIdLock, new: FieldIdLock, tables: Sequence[Table]) -> None:
    declared = {table.name: table for table in tables}
    if new.tables == before.tables:
        print(f"{place}: written as it is written today; no id has changed")
    for name, table in new.tables.items():
        had = gathered.tables.get(name, LockedTable())
        if table == had:
            continue
        added, retired = table.last_field_id - had.last_field_id, len(table.retired) - len(had.retired)
        print(f"{place}: {name}: {number(added, 'new id')}, {number(retired, 'retired id')}")
        late = [one.name for one in declared[name].columns if one.required and not table.fields[one.name].required]
        if had.last_field_id and late:
            print(f"{place}: {name}: {', '.join(late)}: required by the contract, optional in the table, which has rows without")
        for column in once_partitioned(had, declared[name]):
            found = f"{column} is gone, and files of the time when the table was partitioned by it may still be there"
            print(f"{place}: {name}: {found}. Rewrite them and expire the snapshots before you deploy this.")


def _compare(old: Path, roots: Sequence[Path]) -> bool:
    """Whether the locks below `roots` only extend those of an earlier state."""
    try:
        earlier = {path.relative_to(old) if old.is_dir() else Path(path.name): lock for path, lock in _locks([old])}
        today = dict(_locks(roots))
    except InvalidInput as refusal:
        return refuse(str(refusal))
    problems = [
        f"{old if old.is_file() else old / where}: {name}: {problem}"
        for where, lock in earlier.items()
        for name, table in lock.tables.items()
        for problem in _problems(table, _successor(where, lock, name, today, roots))
    ]
    if problems:
        return refuse(*problems)
    print(f"{old}: {number(sum(len(lock.tables) for lock in earlier.values()), 'table')} of it, each id where it was")
    return True


def _locks(roots: Sequence[Path]) -> Iterator[tuple[Path, FieldIdLock]]:
    files = [root for root in roots if root.is_file()] + lock_files(root for root in roots if root.is_dir())
    for path in files:
        if '"fields"' in path.read_text(encoding="utf-8", errors="replace") or path in roots:
            lock = load_lock(path)
            if lock is not None:
                yield path, lock


def _successor(where: Path, lock: FieldIdLock, name: str, today: dict[Path, FieldIdLock], roots: Sequence[Path]) -> LockedTable | None:
    """The table in the lock at the same place, else in another lock of its domain."""
    for root in roots:
        if (same := today.get(root / where)) is not None and name in same.tables:
            return same.tables[name]
    domain = lock.product.partition(".")[0]
    others = (one.tables[name] for one in today.values() if name in one.tables and one.product.partition(".")[0] == domain)
    return next(others, None)


def _problems(old: LockedTable, new: LockedTable | None) -> Iterator[str]:
    if new is None:
        yield "its ids are in no lock any more"
    else:
        yield from only_extends(old, new)


def _place_tables(file: Path, contracts: ContractSet, *, is_check: bool) -> bool:
    """Gives every table a place in the placement lock; False when that cannot be done."""
    try:
        before = PlacementLock.load(file)
    except InvalidInput as refusal:
        return refuse(str(refusal))
    after = before.extend(contracts)
    if after == before and file.exists():
        print(f"{file}: holds")
        return True
    if is_check:
        return refuse(f"{file}: does not hold all tables as they are. Run `lakecheck contracts lock` and commit it.")
    after.save(file)
    gone = sum(entry.retired for entry in after.entries.values())
    print(f"{file}: {number(len(after) - len(before), 'new table')}, {number(gone, 'retired table')}")
    return True
