"""Gives the Iceberg tables of a contract the field ids of the lock beside it, and refuses the contract where the two disagree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakemodel.contracts.model import TableFormat
from lakemodel.contracts.product import UNDECLARED_DOMAIN
from lakemodel.errors import InvalidInput
from lakemodel.locks.field_ids import FieldIdLock, disagreements, fresh_ids, ids_of, lock_path

if TYPE_CHECKING:
    from pathlib import Path

    from lakemodel.contracts.model import DataContract, Table
    from lakemodel.contracts.report import Report
    from lakemodel.findings import Finding
    from lakemodel.locks.field_id_files import LockedElsewhere

_RUN: Final = "Run `lakecheck contracts lock` and commit the lock file."
_KEEP: Final = "`lakecheck contracts lock --keep-ids`"


def with_field_ids(
    contract: DataContract, path: Path, name: str, report: Report, elsewhere: LockedElsewhere
) -> tuple[DataContract | None, tuple[Finding, ...]]:
    """The contract with the locked ids of its Iceberg tables.

    Args:
        contract: As it was read.
        path: Its file.
        name: How findings name the file.
        report: What was said of it so far.
        elsewhere: Where else its tables may have ids.

    Returns:
        The contract, or None when it contradicts its lock; and all that is to be said about it.
    """
    place = lock_path(path)
    iceberg = [table for table in contract.tables if table.format is TableFormat.ICEBERG]
    if not iceberg:
        return contract, report.finished()
    positions = {table.name: index for index, table in _table_positions(contract, report)}
    try:
        lock = elsewhere.beside(place, display=str(lock_path(name)))
        moved = {
            table.name: elsewhere.of(contract.domain, table.name, besides=place)
            for table in iceberg
            if lock is None or table.name not in lock.tables
        }
    except InvalidInput as refusal:
        return None, (*report.finished(), *refusal.findings)
    _say_whose(contract, place, lock, moved, report)
    for table in iceberg if lock is not None else ():
        if table.name not in moved and (other := elsewhere.too(contract.domain, table.name, besides=place)) is not None:
            report.error(("schema", positions.get(table.name, 0)), "locked_twice", *held_twice(table.name, other))
    tables = [_locked(table, lock, positions, moved, report) if table in iceberg else table for table in contract.tables]
    findings = report.finished()
    return (None if report.has_errors else replace(contract, tables=tuple(tables))), findings


def _say_whose(contract: DataContract, place: Path, lock: FieldIdLock | None, moved: dict[str, Path | None], report: Report) -> None:
    if lock is None and not any(moved.values()):
        message = f"there is no {place.name} beside the contract: the field ids of its Iceberg tables are numbered anew each time"
        report.warning((), "no_lock", message, _RUN)
    elif lock is not None and is_of_another(lock, contract):
        message = f"{place.name} holds the field ids of {lock.product}, and the contract is {contract.key}"
        remedy = f"If the product was renamed, run {_KEEP}; if the lock was copied along with a contract, remove it and lock."
        report.error((), "lock_of_another", message, remedy)


def is_of_another(lock: FieldIdLock, contract: DataContract) -> bool:
    """Whether the lock was written for a product of another name; domains are compared where both are known."""
    domain, _, product = lock.product.partition(".")
    if not product:
        return False
    return product != contract.product or (domain != contract.domain and UNDECLARED_DOMAIN not in {domain, contract.domain})


def held_twice(table: str, other: Path) -> tuple[str, str]:
    """What is wrong, and the remedy, where the lock beside a contract holds the ids of a table that another lock holds too."""
    message = f"the field ids of table {table} stand in {other} too: one of the two would show its columns' data under wrong names"
    remedy = "Keep the ids that are deployed: take the table out of the other lock, or remove that lock if it holds no other table"
    return message, f"{remedy}; then run {_KEEP}."


def _table_positions(contract: DataContract, report: Report) -> list[tuple[int, Table]]:
    nodes = report.document.data.get("schema")
    written = [node.get("name") if isinstance(node, dict) else None for node in nodes] if isinstance(nodes, list) else []
    found = []
    for table in contract.tables:
        index = next((at for at, one in enumerate(written) if one in {table.name, table.source_name}), 0)
        found.append((index, table))
    return found


def _locked(table: Table, lock: FieldIdLock | None, positions: dict[str, int], moved: dict[str, Path | None], report: Report) -> Table:
    where = ("schema", positions.get(table.name, 0))
    holder = moved.get(table.name)
    if holder is not None:
        message = f"the field ids of table {table.name} stand in {holder}: other ids would show its columns' data under wrong names"
        remedy = f"Move that lock along with its contract, or run {_KEEP} to move the table's ids; or name the table otherwise."
        report.error(where, "lock_elsewhere", message, remedy)
    locked = None if lock is None else lock.tables.get(table.name)
    if locked is None:
        if lock is not None and holder is None:
            report.error(where, "lock_disagrees", f"the table {table.name} is not in the lock of field ids", _RUN)
        return replace(table, field_ids=fresh_ids(table))
    for _, message, remedy in disagreements(locked, table):
        report.error(where, "lock_disagrees", message, remedy)
    return replace(table, field_ids=ids_of(table, locked))
