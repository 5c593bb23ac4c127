"""`lakecheck contracts adopt`: what CloudFormation is told to adopt when a retired product is brought back."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakecheck.contract_inputs import (
    DEFAULT_CONTRACTS,
    OK,
    MisuseError,
    add_config_arguments,
    contract_paths,
    lock_roots,
    misused,
    read_config,
)
from lakemodel.contracts.loader import load_contract_files
from lakemodel.errors import DataLakeError, InvalidInput
from lakemodel.locks.adoption import import_mappings
from lakemodel.locks.placement import DEFAULT_FILE, PlacementLock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakemodel.contracts.model import ContractSet, DataContract

_ADOPT: Final = """\
Prints, as JSON for `cdk import --resource-mapping FILE`, which tables of the catalog the stack of a product is to adopt: those of the
product, quarantine tables included, each with its logical id from the placement lock. Reads files only; whether the tables are there is for
CloudFormation to find out.
"""
_CODES: Final = """\
exit codes:
  0  the mapping is written
  2  wrong usage, or input of which no mapping can be made
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `adopt` to the commands about contracts."""
    form = argparse.RawDescriptionHelpFormatter
    about = "say what to import when a product is brought back"
    adopt = commands.add_parser("adopt", help=about, description=_ADOPT, epilog=_CODES, formatter_class=form)
    adopt.add_argument("product", metavar="DOMAIN.PRODUCT", help="the product that comes back; its contract has to be there again")
    adopt.add_argument("--account", required=True, metavar="ID", help="the lake's account, whose catalog holds the tables")
    adopt.add_argument("--stack", type=int, metavar="N", help="the number of the catalog stack; needed when the tables stand in several")
    adopt.add_argument("--contracts", type=Path, default=DEFAULT_CONTRACTS, metavar="PATH", help=f"{DEFAULT_CONTRACTS} by default")
    adopt.add_argument("--placement", type=Path, default=Path(DEFAULT_FILE), metavar="FILE", help=f"{DEFAULT_FILE} by default")
    adopt.add_argument("--output", type=Path, metavar="FILE", help="where to write the mapping; stdout by default")
    add_config_arguments(adopt)
    adopt.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """`contracts adopt`; returns the exit code."""
    try:
        config, _ = read_config(arguments)
        files = contract_paths([arguments.contracts])
        found = load_contract_files(files, config, roots=lock_roots([arguments.contracts]))
        contract = _contract(found, arguments.product)
        if not re.fullmatch("[0-9]{12}", arguments.account):
            msg = f"got account {arguments.account}; an account has twelve digits"
            raise MisuseError(msg)  # noqa: TRY301 - said like the others
        mappings = import_mappings(contract, PlacementLock.load(arguments.placement), account=arguments.account)
        text = json.dumps(_of_stack(mappings, arguments.stack), indent=2)
    except (InvalidInput, DataLakeError, MisuseError) as error:
        return misused(error)
    if arguments.output is None:
        print(text)
    else:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    return OK


def _contract(found: ContractSet, product: str) -> DataContract:
    for contract in found.contracts:
        if contract.key == product:
            return contract
    known = ", ".join(contract.key for contract in found.contracts) or "none"
    refused = f"; refused: {', '.join(found.refused)}" if found.refused else ""
    msg = f"there is no product {product}; there are {known}{refused}. Restore its contract and its lock first"
    raise MisuseError(msg)


def _of_stack(mappings: Mapping[int, Mapping[str, Mapping[str, str]]], stack: int | None) -> Mapping[str, Mapping[str, str]]:
    if stack is None and len(mappings) == 1:
        return next(iter(mappings.values()))
    if stack is None or stack not in mappings:
        found = "no --stack" if stack is None else f"--stack {stack}"
        msg = f"got {found}; the product's tables stand in the catalog stacks {', '.join(map(str, sorted(mappings)))}: name one"
        raise MisuseError(msg)
    return mappings[stack]
