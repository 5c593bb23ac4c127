"""`lakecheck contracts compile`: a contract as the ingestion job reads it, to run the job on a laptop; or as Glue's quality rules."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakecheck.contract_inputs import OK, REFUSED, MisuseError, add_config_arguments, contract_paths, lock_roots, misused, read_config
from lakecheck.output import write
from lakemodel.contracts.job_spec import SPEC_VERSION, job_spec
from lakemodel.contracts.loader import load_contract_files
from lakemodel.dqdl import ruleset
from lakemodel.errors import InvalidInput
from lakemodel.findings import errors

if TYPE_CHECKING:
    from lakemodel.contracts.model import DataContract

_DESCRIPTION: Final = """\
Prints what a contract compiles to: the job spec of its tables (JSON), which the ingestion job takes as --spec, or with --to dqdl the rules
of one table in Glue's Data Quality Definition Language.
"""
_EPILOG: Final = """\
examples:
  lakecheck contracts compile config/contracts/travel/airports.odcs.yaml --output airports.json
  lakecheck contracts compile config/contracts/travel/airports.odcs.yaml --to dqdl --table airports

exit codes:
  0  written
  1  the contract is refused
  2  wrong usage, or input that cannot be read
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `compile` to `lakecheck contracts`."""
    parser = commands.add_parser(
        "compile",
        help="print a contract as the ingestion job reads it",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("contract", type=Path, metavar="CONTRACT", help="one contract")
    parser.add_argument("--to", choices=("job-spec", "dqdl"), default="job-spec", help="what to print; job-spec by default")
    parser.add_argument("--table", metavar="NAME", help="one table of the contract; by default every one, for dqdl the only one")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there instead of printing")
    add_config_arguments(parser)
    parser.set_defaults(handler=run_compile)


def run_compile(arguments: argparse.Namespace) -> int:
    """`contracts compile`; returns the exit code."""
    try:
        config, _ = read_config(arguments)
        found = load_contract_files(_one_contract(arguments.contract), config, roots=lock_roots([arguments.contract]))
        if found.refused or not found.contracts:
            for finding in errors(found.findings):
                print(f"ERROR {finding}", file=sys.stderr)
            return REFUSED
        text = _compiled(found.contracts[0], arguments)
    except (InvalidInput, MisuseError) as error:
        return misused(error)
    write([text], arguments.output)
    return OK


def _one_contract(path: Path) -> list[Path]:
    files = contract_paths([path])
    if len(files) != 1:
        msg = f"{path} holds {len(files)} contracts; name one"
        raise MisuseError(msg)
    return files


def _compiled(contract: DataContract, arguments: argparse.Namespace) -> str:
    tables = {table.name: table for table in contract.tables}
    wanted = arguments.table
    if wanted is not None and wanted not in tables:
        msg = f"{contract.key} has no table {wanted}; it has {', '.join(sorted(tables))}"
        raise MisuseError(msg)
    if arguments.to == "dqdl":
        if wanted is None and len(tables) > 1:
            msg = f"{contract.key} has {len(tables)} tables; name one with --table: {', '.join(sorted(tables))}"
            raise MisuseError(msg)
        return ruleset(tables[wanted if wanted is not None else next(iter(tables))]) + "\n"
    specs = {name: job_spec(contract, table) for name, table in tables.items() if wanted in {None, name}}
    data: dict[str, Any] = {"spec_version": SPEC_VERSION, "tables": specs} if wanted is None else specs[wanted]
    return json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
