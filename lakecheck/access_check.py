"""`lakecheck access check`: judges the invariants of access.yaml over one or many assemblies."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse

    from lakecheck.access.invariants.loader import LoadedRules
    from lakecheck.access.invariants.verdicts import Judgement

DESCRIPTION: Final = """\
Judges the invariants of access.yaml: what nobody may be able to do, what somebody has to be able to do.

  PROVED    in no request that the templates allow, under the assumptions that are listed
  REFUTED   a request shows it; it is printed, and the concrete evaluator allows it
  UNKNOWN   it depends on what no template tells; estate.yaml can tell it
"""

EPILOG: Final = """\
exit codes:
  0  everything is proved
  1  something is refuted, or not known (--allow-unknown lets that pass)
  2  wrong usage, or input that cannot be read

examples:
  lakecheck access check cdk.out
  lakecheck access check cdk.out --invariants config/access.yaml --format markdown
  lakecheck access check lake/cdk.out consumer/cdk.out --supplement estate.yaml
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `check` takes beside the assemblies, their parameters and the supplement."""
    parser.add_argument("--invariants", type=Path, default=Path("config/access.yaml"), metavar="FILE", help="default: config/access.yaml")
    parser.add_argument("--config", type=Path, metavar="FILE", help="lake.yaml, instead of the one that the invariants name")
    parser.add_argument("--contracts", type=Path, metavar="FOLDER", help="data contracts, instead of those that the invariants name")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="how to say it; default: text")
    parser.add_argument("--allow-unknown", action="store_true", help="do not fail on what is not known")
    parser.add_argument("--all", action="store_true", help="name every exempted principal and every assumption")


def rules(arguments: argparse.Namespace) -> LoadedRules:
    """The invariants with what they name, or what is named instead.

    Raises:
        InvalidInput: If any of it cannot be read.
    """
    from lakecheck.access.invariants.loader import load_rules  # noqa: PLC0415 - `--help` is to be quick
    from lakemodel.config.loader import load_config  # noqa: PLC0415
    from lakemodel.contracts.loader import load_contracts  # noqa: PLC0415

    lake = load_config(arguments.config) if arguments.config is not None else None
    if arguments.contracts is None:
        return load_rules(arguments.invariants, lake=lake)
    lake = load_rules(arguments.invariants, lake=lake).lake if lake is None else lake
    return load_rules(arguments.invariants, lake=lake, contracts=load_contracts(arguments.contracts, lake))


def report(judgement: Judgement, arguments: argparse.Namespace) -> int:
    """Prints the verdicts; returns the exit code."""
    from lakecheck.access.invariants.verdicts import State  # noqa: PLC0415 - `--help` is to be quick
    from lakecheck.report import style as styles, verdicts_json, verdicts_markdown, verdicts_text  # noqa: PLC0415

    if arguments.format == "json":
        sys.stdout.write(verdicts_json.render(judgement))
    elif arguments.format == "markdown":
        sys.stdout.write(verdicts_markdown.render(judgement))
    else:
        terminal = sys.stdout.isatty()
        style = styles.Style(color=terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb")
        width = shutil.get_terminal_size((styles.WIDTH, 24)).columns if terminal else styles.WIDTH
        sys.stdout.write(verdicts_text.render(judgement, style=style, width=max(width, 80), list_all=arguments.all))
    failed = judgement.count(State.REFUTED) + (0 if arguments.allow_unknown else judgement.count(State.UNKNOWN))
    return 1 if failed else 0
