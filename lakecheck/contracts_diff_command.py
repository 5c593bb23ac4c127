"""`lakecheck contracts diff`: says what changed between two states of contracts, whom it breaks, and whether it may pass."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakecheck.arguments import day
from lakecheck.contract_inputs import MisuseError, add_config_arguments, misused, read_config
from lakemodel.errors import InvalidInput

if TYPE_CHECKING:
    from lakemodel.approvals import Register
    from lakemodel.contracts.diff.verdict import Review

DEFAULT_APPROVALS: Final = Path("config/approvals.yaml")
_WIDEST, _NARROWEST = 120, 88

_DESCRIPTION: Final = """\
Compares two states of a data contract, or of a folder of them, and says of every change whom it concerns:

  compatible               nobody has to do anything
  breaking_for_consumers   queries fail, or mean something else
  breaking_for_producers   deliveries that were good are rejected
  governance               a protection or a right is lost, or given

What breaks somebody passes when the contract's major version rises (the minor one, while the major one is 0), or when it is approved.
What concerns governance passes only when it is approved, in config/approvals.yaml.
"""

_EPILOG: Final = """\
exit codes:
  0  nothing is open
  1  a change needs a new major version or an approval, or HEAD has an error that BASE has not
  2  wrong usage, or input that cannot be read

BASE and HEAD are files or folders; nothing here knows git. Check the base branch out beside your own:
  git worktree add ../base origin/main
  lakecheck contracts diff ../base/config/contracts config/contracts
  git worktree remove ../base

For one contract, `git show origin/main:config/contracts/sales/orders.odcs.yaml > base.odcs.yaml` will do.

examples:
  lakecheck contracts diff base.odcs.yaml config/contracts/sales/orders.odcs.yaml
  lakecheck contracts diff ../base/config/contracts config/contracts --format markdown    for a pull request
  lakecheck contracts diff ../base/config/contracts config/contracts --as-of 2027-01-01   would it still pass then?
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `diff` to the commands of `lakecheck contracts`."""
    parser = commands.add_parser(
        "diff",
        help="say what changed, and whom it breaks",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("base", type=Path, metavar="BASE", help="what holds: a contract, or a folder of contracts with its subfolders")
    parser.add_argument("head", type=Path, metavar="HEAD", help="what is to hold, of the same kind")
    add_config_arguments(parser)
    parser.add_argument("--approvals", type=Path, metavar="FILE", help=f"what was approved; {DEFAULT_APPROVALS} when it exists")
    parser.add_argument("--as-of", type=day, metavar="DATE", help="judge expiry as of this day (YYYY-MM-DD); default: today")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="how to print; text by default")
    parser.set_defaults(handler=run_diff)


def run_diff(arguments: argparse.Namespace) -> int:
    """`contracts diff`; returns the exit status."""
    from lakemodel.contracts.diff.compare import diff_contracts  # noqa: PLC0415 - `--help` is to be quick
    from lakemodel.contracts.diff.verdict import review  # noqa: PLC0415

    try:
        config, rules = read_config(arguments)
        register = _register(arguments)
        _check(arguments.base, arguments.head)
        found = diff_contracts(arguments.base, arguments.head, config)
    except (InvalidInput, MisuseError) as error:
        return misused(error)
    if not found.products and not found.refused and not found.base_findings:
        return misused(MisuseError(f"{arguments.base} and {arguments.head}: neither holds a data contract (*.odcs.yaml)"))
    judged = review(found, register, as_of=arguments.as_of or date.today())  # noqa: DTZ011 - the day where the user is
    sys.stdout.write(_rendered(judged, rules, arguments.format))
    return 0 if judged.passed else 1


def _rendered(judged: Review, rules: str, layout: str) -> str:
    from lakecheck.report import contracts_diff, contracts_diff_markdown, contracts_diff_text  # noqa: PLC0415
    from lakecheck.report.style import WIDTH, Style  # noqa: PLC0415

    if layout == "json":
        return contracts_diff.render(judged)
    if layout == "markdown":
        return contracts_diff_markdown.render(judged)
    terminal = sys.stdout.isatty()
    style = Style(color=terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb")
    columns = shutil.get_terminal_size((WIDTH, 24)).columns if terminal else WIDTH
    return contracts_diff_text.render(judged, rules, style=style, width=max(_NARROWEST, min(columns, _WIDEST)))


def _register(arguments: argparse.Namespace) -> Register:
    from lakemodel.approvals import Register, load_approvals  # noqa: PLC0415

    path = arguments.approvals
    if path is None and DEFAULT_APPROVALS.is_file():
        path = DEFAULT_APPROVALS
    return Register() if path is None else load_approvals(path)


def _check(base: Path, head: Path) -> None:
    """Both have to be there and of one kind.

    Raises:
        MisuseError: When they are not.
    """
    for path in (base, head):
        if not path.is_dir() and not path.is_file():
            msg = f"{path}: there is no such file or folder"
            raise MisuseError(msg)
    if base.is_dir() != head.is_dir():
        folder, file = (base, head) if base.is_dir() else (head, base)
        msg = f"{folder} is a folder and {file} a file; give two files or two folders"
        raise MisuseError(msg)
