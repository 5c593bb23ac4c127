"""`lakecheck contracts`: holds data contracts against a lake's rules, and keeps the locks of their field ids."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakemodel.config.loader import load_config
from lakemodel.contracts.loader import contract_files, load_contract, load_contract_files
from lakemodel.contracts.model import TableFormat
from lakemodel.contracts.tables import formats_note
from lakemodel.errors import InvalidInput
from lakemodel.findings import Severity
from lakemodel.locks.field_ids import FieldIdLock, LockedTable, extend, load_lock, lock_path, refusals, save_lock
from lakemodel.locks.placement import DEFAULT_FILE, PlacementLock
from lakemodel.types.glue import glue_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakemodel.config.model import LakeConfig
    from lakemodel.contracts.model import ContractSet, DataContract
    from lakemodel.findings import Finding

DEFAULT_CONFIG: Final = Path("config/lake.yaml")
DEFAULT_CONTRACTS: Final = Path("config/contracts")
_SAID: Final = {Severity.ERROR: "ERROR", Severity.WARNING: "warning", Severity.NOTE: "note"}
_OK, _REFUSED, _MISUSE = 0, 1, 2

_VALIDATE: Final = """\
Reads data contracts (Open Data Contract Standard 3) and says of each what the lake would make of it: tables, columns, types, classes,
and everything that is lost, unclear or not enforced, with its place and a remedy.

Exit status: 0 when every contract can be built, 1 when one is refused, 2 when the command was called wrongly.
"""
_CONFIG: Final = """\
the lake.yaml whose policies, classifications, domains and personas hold. By default config/lake.yaml when it exists. Without any, every
policy is an error, the classifications are public, internal, confidential and restricted, and domains and roles are not checked
"""
_PLACEMENT: Final = f"""\
the lock of every table's stack and logical id, to extend with the tables of the given contracts, which have to be all of the lake's. By
default {DEFAULT_FILE} when the contracts are those of {DEFAULT_CONTRACTS}, else none
"""
_LOCK: Final = """\
Gives every column of the contracts' Iceberg tables a field id for good, in a lock file beside each contract (orders.odcs.yaml:
orders.lock.json), and every table a stack and a logical id for good. Both are only ever added; those of what is gone stay taken. Commit
the lock files.

Exit status: 0 when the locks hold, 1 when a contract is refused or a lock cannot follow it (or, with --check, does not yet), 2 when the
command was called wrongly.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `contracts` with its subcommands to the command line."""
    contracts = subparsers.add_parser("contracts", help="check data contracts, keep their field ids", description=__doc__)
    commands = contracts.add_subparsers(dest="contracts_command", required=True, metavar="COMMAND")
    form = argparse.RawDescriptionHelpFormatter
    validate = commands.add_parser("validate", help="say what the lake makes of contracts", description=_VALIDATE, formatter_class=form)
    validate.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a contract, or a folder of contracts with its subfolders")
    validate.add_argument("--config", type=Path, metavar="FILE", help=_CONFIG)
    validate.add_argument("--no-config", action="store_true", help="leave config/lake.yaml aside even when it exists")
    validate.add_argument("--format", choices=("text", "json"), default="text", help="how to print; text by default")
    validate.set_defaults(handler=run_validate)
    lock = commands.add_parser("lock", help="number the columns of Iceberg tables", description=_LOCK, formatter_class=form)
    lock.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=f"contracts or folders of them; {DEFAULT_CONTRACTS} by default")
    lock.add_argument("--config", type=Path, metavar="FILE", help=_CONFIG)
    lock.add_argument("--no-config", action="store_true", help="leave config/lake.yaml aside even when it exists")
    lock.add_argument("--placement", type=Path, metavar="FILE", help=_PLACEMENT)
    lock.add_argument("--check", action="store_true", help="write nothing; fail when a lock would change")
    lock.set_defaults(handler=run_lock)


def run_validate(arguments: argparse.Namespace) -> int:
    """`contracts validate`; returns the exit status."""
    try:
        config, rules = _config(arguments)
        files = _files(arguments.paths)
    except (InvalidInput, _MisuseError) as error:
        return _misused(error)
    found = load_contract_files(files, config)
    if arguments.format == "json":
        print(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    else:
        print(as_text(found, rules))
    return _REFUSED if found.refused else _OK


def run_lock(arguments: argparse.Namespace) -> int:
    """`contracts lock`; returns the exit status."""
    try:
        config, _ = _config(arguments)
        files = _files(arguments.paths or [DEFAULT_CONTRACTS])
    except (InvalidInput, _MisuseError) as error:
        return _misused(error)
    outcomes = [_lock_one(file, config, is_check=arguments.check) for file in files]
    placement = arguments.placement
    if placement is None and (arguments.paths or [DEFAULT_CONTRACTS]) == [DEFAULT_CONTRACTS]:
        placement = Path(DEFAULT_FILE)
    if placement is not None:
        outcomes.append(_place_tables(placement, load_contract_files(files, config), is_check=arguments.check))
    return _OK if all(outcomes) else _REFUSED


class _MisuseError(Exception):
    """The command was called with something that is not there."""


def _misused(error: Exception) -> int:
    print(f"lakecheck contracts: {error}", file=sys.stderr)
    return _MISUSE


def _config(arguments: argparse.Namespace) -> tuple[LakeConfig | None, str]:
    if arguments.config is not None and arguments.no_config:
        raise _MisuseError("--config and --no-config exclude each other")
    path = arguments.config
    if path is None and not arguments.no_config and DEFAULT_CONFIG.is_file():
        path = DEFAULT_CONFIG
    if path is None:
        return None, "built-in rules (no lake.yaml): domains and roles are not checked"
    return load_config(path), f"the rules of {path}"


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inner = contract_files(path)
            if not inner:
                raise _MisuseError(f"{path}: the folder holds no data contract (*.odcs.yaml)")
            found += inner
        elif path.is_file():
            found.append(path)
        else:
            raise _MisuseError(f"{path}: there is no such file or folder")
    return list(dict.fromkeys(found))


def as_json(found: ContractSet) -> dict[str, Any]:
    """What `--format json` prints."""
    return {
        "contracts": [_contract_as_json(contract) for contract in found.contracts],
        "refused": list(found.refused),
        "findings": [finding.as_dict() for finding in found.findings],
        "summary": {
            "contracts": len(found.contracts),
            "refused": len(found.refused),
            "tables": sum(len(contract.tables) for contract in found.contracts),
            "columns": sum(len(table.columns) for _, table in found.tables()),
            **{f"{severity.value}s": count for severity, count in _counts(found.findings).items()},
        },
    }


def _contract_as_json(contract: DataContract) -> dict[str, Any]:
    tables = [
        {
            "name": table.name,
            "source_name": table.source_name,
            "format": table.format.value,
            "classification": table.classification,
            "primary_key": list(table.primary_key),
            "partitioning": [{"column": one.column, "transform": one.transform} for one in table.partitioning],
            "columns": [
                {
                    "name": column.name,
                    "source_name": column.source_name,
                    "type": glue_type(column.type),
                    "classification": column.classification,
                    "required": column.required,
                    "checks": len(column.checks),
                }
                for column in table.columns
            ],
        }
        for table in contract.tables
    ]
    return {
        "file": contract.file,
        "product": contract.key,
        "version": contract.version,
        "status": contract.status,
        "retention_days": contract.retention_days,
        "freshness_hours": contract.freshness_hours,
        "roles": [role.role for role in contract.roles],
        "tables": tables,
    }


def as_text(found: ContractSet, rules: str) -> str:
    """What `--format text` prints: each file with what is made of it and what is to be said, then a summary."""
    by_file: dict[str, list[Finding]] = {}
    for finding in found.findings:
        by_file.setdefault(finding.place.file, []).append(finding)
    built = {contract.file: contract for contract in found.contracts}
    lines: list[str] = []
    for file in sorted({*by_file, *built, *found.refused}):
        lines += _file_as_text(file, built.get(file), by_file.get(file, []), is_refused=file in found.refused)
    counts = _counts(found.findings)
    tables = list(found.tables())
    columns = sum(len(table.columns) for _, table in tables)
    said = ", ".join(_number(count, severity.value) for severity, count in counts.items())
    built_up = f"{_number(len(found.contracts), 'product')} with {_number(len(tables), 'table')} and {_number(columns, 'column')}"
    lines += [f"{built_up}; {len(found.refused)} refused; {said}", f"Judged by {rules}."]
    return "\n".join(lines)


def _file_as_text(file: str, contract: DataContract | None, findings: list[Finding], *, is_refused: bool) -> list[str]:
    lines = [f"{file}: refused" if is_refused else f"{file}: left out"]
    if contract is not None:
        lines = [f"{file}: {contract.key} {contract.version}".rstrip()]
        for table in contract.tables:
            size = _number(len(table.columns), "column")
            lines.append(f"  {table.name}: {size}, {formats_note(table)}, {table.classification}")
    for finding in sorted(findings, key=lambda one: (list(_SAID).index(one.severity), one.place.line or 0, one.place.path, one.code)):
        line = "" if finding.place.line is None else f":{finding.place.line}"
        where = f"{line} {finding.place.path}".strip() or "the whole file"
        lines.append(f"  {_SAID[finding.severity]} {where}: {finding.message}. {finding.remedy}".rstrip() + f" [{finding.code}]")
    return [*lines, ""]


def _counts(findings: Sequence[Finding]) -> dict[Severity, int]:
    counted = Counter(finding.severity for finding in findings)
    return {severity: counted[severity] for severity in Severity}


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _lock_one(file: Path, config: LakeConfig | None, *, is_check: bool) -> bool:
    """Brings one contract's lock up to date; False when that cannot be done."""
    contract, findings = load_contract(file, config, with_lock=False)
    if contract is None:
        errors = [finding for finding in findings if finding.is_error]
        return _refuse(*map(str, errors)) if errors else True
    tables = [table for table in contract.tables if table.format is TableFormat.ICEBERG]
    place = lock_path(file)
    try:
        lock = load_lock(place) or FieldIdLock()
    except InvalidInput as refusal:
        return _refuse(str(refusal))
    blocked = [
        f"{file} {table.name}: {message}. {remedy}"
        for table in tables
        for _, message, remedy in refusals(lock.tables.get(table.name, LockedTable()), table)
    ]
    if blocked:
        return _refuse(*blocked)
    new = extend(lock, tables)
    if new == lock:
        if tables:
            print(f"{place}: holds")
        return True
    if is_check:
        return _refuse(f"{place}: does not hold all of the contract. Run `lakecheck contracts lock` and commit it.")
    save_lock(new, place)
    for name, table in new.tables.items():
        before = lock.tables.get(name, LockedTable())
        if table != before:
            added, retired = table.last_field_id - before.last_field_id, len(table.retired) - len(before.retired)
            print(f"{place}: {name}: {_number(added, 'new id')}, {_number(retired, 'retired id')}")
    return True


def _place_tables(file: Path, contracts: ContractSet, *, is_check: bool) -> bool:
    """Gives every table a place in the placement lock; False when that cannot be done."""
    try:
        before = PlacementLock.load(file)
    except InvalidInput as refusal:
        return _refuse(str(refusal))
    after = before.extend(contracts)
    if after == before and file.exists():
        print(f"{file}: holds")
        return True
    if is_check:
        return _refuse(f"{file}: does not hold all tables as they are. Run `lakecheck contracts lock` and commit it.")
    after.save(file)
    gone = sum(entry.retired for entry in after.entries.values())
    print(f"{file}: {_number(len(after) - len(before), 'new table')}, {_number(gone, 'retired table')}")
    return True


def _refuse(*reasons: str) -> bool:
    for reason in reasons:
        print(f"ERROR {reason}", file=sys.stderr)
    return False
