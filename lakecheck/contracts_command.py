"""`lakecheck contracts`: judges data contracts by the rules of a lake; its other commands are in modules of their own beside it."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakecheck import contracts_adopt, contracts_compile, contracts_diff_command, contracts_lock
from lakecheck.contract_inputs import (
    DEFAULT_CONFIG,
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
)
from lakemodel.contracts.checks import unnamed_personas
from lakemodel.contracts.loader import load_contract_files
from lakemodel.contracts.tables import formats_note
from lakemodel.errors import InvalidInput
from lakemodel.findings import Severity
from lakemodel.growth import growth_findings
from lakemodel.locks.placement import DEFAULT_FILE, resolve
from lakemodel.types.glue import glue_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakemodel.config.model import LakeConfig
    from lakemodel.contracts.model import ContractSet, DataContract
    from lakemodel.findings import Finding

_SAID: Final = {Severity.ERROR: "ERROR", Severity.WARNING: "warning", Severity.NOTE: "note"}

_VALIDATE: Final = """\
Reads data contracts (Open Data Contract Standard 3) and says of each what the lake would make of it: tables, columns, types, classes,
and everything that is lost, unclear or not enforced, with its place and a remedy.
"""
_VALIDATE_CODES: Final = """\
exit codes:
  0  every contract can be built
  1  one is refused
  2  wrong usage, or input that cannot be read
"""
_CONTRACTS: Final = (
    "Judges data contracts by the rules of a lake, compares two states of them, and keeps the locks of their field ids and places."
)
_PLACEMENT: Final = f"""\
the lock of every table's stack, to say which stacks the given contracts overfill and what the lake outgrows; they have to be all of the
lake's. By default {DEFAULT_FILE} when the contracts are those of {DEFAULT_CONTRACTS}, else none
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `contracts` with its subcommands to the command line."""
    contracts = subparsers.add_parser("contracts", help="judge data contracts, compare them, lock their field ids", description=_CONTRACTS)
    commands = contracts.add_subparsers(dest="contracts_command", required=True, metavar="COMMAND")
    form = argparse.RawDescriptionHelpFormatter
    about, codes = "say what the lake makes of contracts", _VALIDATE_CODES
    validate = commands.add_parser("validate", help=about, description=_VALIDATE, epilog=codes, formatter_class=form)
    validate.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a contract, or a folder of contracts with its subfolders")
    add_config_arguments(validate)
    validate.add_argument("--placement", type=Path, metavar="FILE", help=_PLACEMENT)
    validate.add_argument("--format", choices=("text", "json"), default="text", help="how to print; text by default")
    validate.set_defaults(handler=run_validate)
    contracts_lock.add_parser(commands)
    contracts_adopt.add_parser(commands)
    contracts_diff_command.add_parser(commands)
    contracts_compile.add_parser(commands)


def run_validate(arguments: argparse.Namespace) -> int:
    """`contracts validate`; returns the exit code."""
    try:
        config, rules = read_config(arguments)
        files = contract_paths(arguments.paths)
    except (InvalidInput, MisuseError) as error:
        return misused(error)
    found = load_contract_files(files, config, roots=lock_roots(arguments.paths))
    folders = [str(path) for path in arguments.paths if path.is_dir()]
    if config is not None and folders and not found.refused:
        found = replace(found, findings=(*found.findings, *unnamed_personas(found.contracts, config, ", ".join(folders))))
    if config is not None and not found.refused:
        found = _with_size(found, config, arguments)
    if arguments.format == "json":
        print(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    else:
        print(as_text(found, rules))
    return REFUSED if found.refused else OK


def _with_size(found: ContractSet, config: LakeConfig, arguments: argparse.Namespace) -> ContractSet:
    """Adds what is to be said of stacks that are crowded and of quotas that the lake outgrows, when these are the contracts of a lake."""
    placement = arguments.placement
    if placement is None and arguments.paths == [DEFAULT_CONTRACTS]:
        placement = Path(DEFAULT_FILE)
    if placement is None or not placement.is_file():
        return found
    lakes = {name: domain.lake for name, domain in config.domains.items()}
    try:
        lock, said = resolve(placement, found, lakes=lakes)
        said = (*said, *growth_findings(config, found, lock, file=str(arguments.config or DEFAULT_CONFIG)))
    except InvalidInput as refusal:
        said = refusal.findings
    refused = {finding.place.file for finding in said if finding.is_error}
    return replace(found, findings=(*found.findings, *said), refused=tuple(sorted(refused)))


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
    said = ", ".join(number(count, severity.value) for severity, count in counts.items())
    built_up = f"{number(len(found.contracts), 'product')} with {number(len(tables), 'table')} and {number(columns, 'column')}"
    lines += [f"{built_up}; {len(found.refused)} refused; {said}", f"Judged by {rules}."]
    return "\n".join(lines)


def _file_as_text(file: str, contract: DataContract | None, findings: list[Finding], *, is_refused: bool) -> list[str]:
    is_left_out = any(finding.code == "contract.not_a_contract" for finding in findings)
    lines = [f"{file}: refused" if is_refused else f"{file}: left out" if is_left_out else f"{file}:"]
    if contract is not None:
        lines = [f"{file}: {contract.key} {contract.version}".rstrip()]
        for table in contract.tables:
            size = number(len(table.columns), "column")
            lines.append(f"  {table.name}: {size}, {formats_note(table)}, {table.classification}")
    for finding in sorted(findings, key=lambda one: (list(_SAID).index(one.severity), one.place.line or 0, one.place.path, one.code)):
        line = "" if finding.place.line is None else f":{finding.place.line}"
        where = f"{line} {finding.place.path}".strip() or "the whole file"
        lines.append(f"  {_SAID[finding.severity]} {where}: {finding.message}. {finding.remedy}".rstrip() + f" [{finding.code}]")
    return [*lines, ""]


def _counts(findings: Sequence[Finding]) -> dict[Severity, int]:
    counted = Counter(finding.severity for finding in findings)
    return {severity: counted[severity] for severity in Severity}
