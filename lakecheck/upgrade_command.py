"""`lakecheck upgrade`: what deploying one state of an app over another, or over what is deployed, would delete, take away or weaken."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakecheck.access.sources import DEFAULT_SUPPLEMENT
from lakecheck.access_command import parameters_of, supplement_of
from lakecheck.arguments import day
from lakecheck.output import write
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakecheck.assembly import Assembly
    from lakecheck.progress import Progress
    from lakecheck.upgrade.review import UpgradeReview
    from lakemodel.approvals import Register

DEFAULT_APPROVALS: Final = Path("config/approvals.yaml")
FORMATS: Final = ("text", "json", "markdown")
_WIDEST, _NARROWEST = 160, 88
_PAIR: Final = 2

_DESCRIPTION: Final = """\
Says what deploying HEAD over BASE would do to data and to those who use it, from the templates of any CDK or CloudFormation app:

  data loss           what holds data is deleted or replaced, or keeps it for less time, or protects it less
  lost access         Lake Formation grants, LF-Tags, filters, locations and shares that go, or die with what they are on
  collision           the deployment fails, or undoes itself, because two resources are the same thing
  security weakened   something is more open, or less watched
  identity            a name changes that something outside may know; told, and passes
  harmless            everything else; counted

The first four fail unless config/approvals.yaml approves them (kind upgrade_risk). What templates leave open is told as perhaps, and fails
as well. A stack that HEAD has no more stays deployed.
"""

_EPILOG: Final = """\
exit codes:
  0  nothing is lost or weakened that was not approved
  1  something is
  2  wrong usage, or input that cannot be read

examples:
  lakecheck upgrade ../main/cdk.out cdk.out                        in a pull request
  lakecheck upgrade old.template.json new.template.yaml            two templates
  lakecheck upgrade ../main/cdk.out cdk.out --format markdown      for a comment
  lakecheck upgrade ../main/cdk.out cdk.out --as-of 2027-01-01     would it still pass then?
  lakecheck upgrade --deployed cdk.out --profile lake              against what is deployed in one account
  lakecheck upgrade --deployed cdk.out --role-name LakecheckReader in every account, by a role that may read stacks

--deployed needs the extra aws and reads only: cloudformation:DescribeStacks, GetTemplate and ListStackResources.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `upgrade` to the command's parsers."""
    parser = subparsers.add_parser(
        "upgrade",
        help="say what a deployment would delete, take away or weaken",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "states", nargs="+", type=Path, metavar="BASE HEAD", help="cloud assemblies or templates; HEAD alone with --deployed"
    )
    parser.add_argument(
        "--parameters", action="append", default=[], metavar="NAME=VALUE",
        help="a template parameter's value, by Name or Stack:Name; its default when left out; AWS::AccountId and AWS::Region for templates "
        "that are bound to none; may be repeated",
    )  # fmt: skip
    parser.add_argument("--supplement", type=Path, metavar="FILE", help=f"what templates cannot say; {DEFAULT_SUPPLEMENT} when it exists")
    parser.add_argument("--approvals", type=Path, metavar="FILE", help=f"what was approved; {DEFAULT_APPROVALS} when it exists")
    parser.add_argument("--as-of", type=day, metavar="DATE", help="judge expiry as of this day (YYYY-MM-DD); default: today")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print; text by default")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to this file instead of stdout")
    parser.add_argument("--all", action="store_true", help="every reason, identity and harmless change")
    deployed = parser.add_argument_group("what is deployed")
    deployed.add_argument("--deployed", action="store_true", help="take the stacks of HEAD as they are deployed for BASE")
    deployed.add_argument("--profile", metavar="NAME", help="AWS profile; the default credentials when left out")
    deployed.add_argument("--role-name", metavar="NAME", help="role to assume in each account; none when left out")
    deployed.add_argument("--region", metavar="REGION", help="for stacks that are bound to no Region; the profile's when left out")
    parser.set_defaults(handler=run_upgrade)


def run_upgrade(arguments: argparse.Namespace) -> int:
    """`upgrade`; returns the exit code."""
    from lakecheck.progress import Progress  # noqa: PLC0415 - `--help` is to be quick
    from lakecheck.upgrade.review import judge_upgrade  # noqa: PLC0415

    _check_usage(arguments)
    register = _register(arguments.approvals)
    given = parameters_of(arguments.parameters)
    progress = Progress()
    try:
        base, head = _snapshots(arguments, given, progress)
        progress("upgrade: comparing")
        judged = judge_upgrade(base, head, register, as_of=arguments.as_of or date.today())  # noqa: DTZ011 - the user's day
    finally:
        progress.done()
    write(_rendered(judged, arguments), arguments.output)
    return 0 if judged.passed else 1


def _check_usage(arguments: argparse.Namespace) -> None:
    """How many states are named has to fit to where BASE comes from.

    Raises:
        DataLakeError: `upgrade.usage`.
    """
    number = len(arguments.states)
    if arguments.deployed and number != 1:
        msg = f"got {number} states with --deployed; allowed is HEAD alone, as BASE is what is deployed"
        raise DataLakeError(msg, code="upgrade.usage")
    if not arguments.deployed and number != _PAIR:
        msg = f"got {number} of two states; allowed are BASE and HEAD, or --deployed and HEAD"
        raise DataLakeError(msg, code="upgrade.usage")
    for name in ("profile", "role_name", "region"):
        if getattr(arguments, name) is not None and not arguments.deployed:
            msg = f"--{name.replace('_', '-')} says how to read what is deployed; add --deployed, or leave it out"
            raise DataLakeError(msg, code="upgrade.usage")


def _snapshots(arguments: argparse.Namespace, given: Mapping[str, str], progress: Progress) -> tuple[Any, Any]:
    from lakecheck.assembly import read_assembly  # noqa: PLC0415
    from lakecheck.snapshot import Snapshot  # noqa: PLC0415

    def read(path: Path) -> Assembly:
        progress(f"upgrade: reading {path}")
        return read_assembly(path)

    supplement = supplement_of(arguments)
    head_assembly = read(arguments.states[-1])
    if arguments.deployed:
        from lakecheck.upgrade.deployed import read_deployed  # noqa: PLC0415

        found = read_deployed(
            head_assembly, profile=arguments.profile, role_name=arguments.role_name, region=arguments.region, progress=progress
        )
        base = Snapshot(found.assembly, parameters={**found.parameters, **given}, supplement=supplement, progress=progress)
        given = {**found.for_head(head_assembly), **given}
    else:
        base = Snapshot(read(arguments.states[0]), parameters=given, supplement=supplement, progress=progress)
    return base, Snapshot(head_assembly, parameters=given, supplement=supplement, progress=progress)


def _register(path: Path | None) -> Register:
    from lakemodel.approvals import Register, load_approvals  # noqa: PLC0415

    if path is None and DEFAULT_APPROVALS.is_file():
        path = DEFAULT_APPROVALS
    return Register() if path is None else load_approvals(path)


def _rendered(judged: UpgradeReview, arguments: argparse.Namespace) -> Iterable[str]:
    from lakecheck.report import upgrade_json, upgrade_markdown, upgrade_text  # noqa: PLC0415

    if arguments.format == "json":
        return upgrade_json.render(judged)
    if arguments.format == "markdown":
        return upgrade_markdown.render(judged)
    style, width = _terminal(arguments.output)
    return upgrade_text.render(judged, style=style, width=width, list_all=arguments.all)


def _terminal(output: Path | None) -> tuple[Any, int]:
    """Colours and width for whoever reads."""
    from lakecheck.report.style import WIDTH, Style  # noqa: PLC0415

    terminal = output is None and sys.stdout.isatty()
    style = Style(color=terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb")
    columns = shutil.get_terminal_size((WIDTH, 24)).columns if terminal else WIDTH
    return style, max(_NARROWEST, min(columns, _WIDEST))
