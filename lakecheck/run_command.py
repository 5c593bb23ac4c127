"""`lakecheck run`: synthesizes if asked to, judges an assembly, prints what was found."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from lakemodel.errors import DataLakeError
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from lakecheck.progress import Progress
    from lakecheck.run import Options, Run

CHECK_NAMES = ("compliance", "cloudformation", "lint", "limits", "acknowledgements")

_WIDEST = 120
_NARROWEST = 88

_DESCRIPTION = """\
Judges a cloud assembly: the folder that `cdk synth` writes, from any CDK app, with all its stages and nested stacks.
A single template file will do, too.

  compliance        what cdk-nag's packs, or any validation plugin, reported at synth
  cloudformation    CloudFormation's own rules (cloudformation-validate)
  lint              cfn-lint, W3005 aside
  limits            resources, outputs, parameters, mappings and bytes of each template against the quotas
  acknowledgements  those that match no finding any more, have no owner, or are past their day

Templates are judged without their Metadata, so that nothing in them can silence a check.
"""

_EPILOG = """\
exit codes:
  0  nothing open
  1  findings, or the app ended with one
  2  wrong usage, or input that cannot be read

examples:
  lakecheck run                                          judge cdk.out
  lakecheck run --app "python app.py"                    synthesize into cdk.out first, then judge
  lakecheck run cdk.out --json report.json               for machines, too
  lakecheck run cdk.out --as-of 2027-01-01               what will have expired by then?
  lakecheck run cdk.out --require-pack AwsSolutions      fail if this pack left no trace
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `run` to the command's parsers."""
    parser = subparsers.add_parser(
        "run",
        help="judge a cloud assembly before it is deployed",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("assembly", nargs="?", type=Path, default=Path("cdk.out"), metavar="CDK_OUT", help="default: cdk.out")
    parser.add_argument("--app", metavar="COMMAND", help="run this command first, so that it synthesizes afresh into CDK_OUT")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON, too; - for stdout instead of the text")
    parser.add_argument("--as-of", type=_day, metavar="DATE", help="judge expiry as of this day (YYYY-MM-DD); default: today")
    parser.add_argument("--fast", action="store_true", help="leave out cfn-lint, the slow one")
    parser.add_argument("--skip", action="append", default=[], choices=CHECK_NAMES, help="leave a check out; may be repeated")
    parser.add_argument(
        "--require-pack", action="append", default=[], metavar="PACK", help="fail if the pack left no trace; may be repeated"
    )
    parser.add_argument("--fail-on", choices=("warning", "error"), default="warning", help="what fails the run; default: warning")
    parser.add_argument("--acknowledged", action="store_true", help="list each acknowledged finding with its reason and owner")
    parser.add_argument("--all", action="store_true", help="list every place of a finding, however many")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Runs the command.

    Returns:
        The exit code: 0 nothing open, 1 findings, 2 nothing that could be judged.

    Raises:
        DataLakeError: For bad input.
    """
    from lakecheck.progress import Progress  # noqa: PLC0415 - `--help` is to be quick

    progress = Progress()
    try:
        run = _run(arguments, progress)
    finally:
        progress.done()
    if isinstance(run, int):
        return run
    _report(run, arguments)
    return 0 if run.passed else 1


def _run(arguments: argparse.Namespace, progress: Progress) -> Run | int:
    from lakecheck.assembly import read_assembly  # noqa: PLC0415
    from lakecheck.run import judge  # noqa: PLC0415
    from lakecheck.snapshot import Snapshot  # noqa: PLC0415

    synth_seconds = app_exit = None
    if arguments.app is not None:
        from lakecheck.assembly.reader import MANIFEST  # noqa: PLC0415
        from lakecheck.synthesis import synthesize  # noqa: PLC0415

        synthesis = synthesize(arguments.app, arguments.assembly, progress)
        if not synthesis.written:
            older = f"; {arguments.assembly} is still that of an earlier run" if (arguments.assembly / MANIFEST).exists() else ""
            progress.line(f"lakecheck: the app ended with exit code {synthesis.exit_code} and left no assembly to judge{older}")
            return 1 if synthesis.exit_code == 1 else 2
        synth_seconds, app_exit = synthesis.seconds, synthesis.exit_code
    started = time.perf_counter()
    snapshot = Snapshot(read_assembly(arguments.assembly))
    return judge(snapshot, _options(arguments), progress=progress, started=started, synth_seconds=synth_seconds, app_exit=app_exit)


def _options(arguments: argparse.Namespace) -> Options:
    from lakecheck.run import Options  # noqa: PLC0415

    skip = dict.fromkeys(arguments.skip, "--skip")
    if arguments.fast:
        skip["lint"] = "--fast"
    return Options(
        as_of=arguments.as_of or date.today(),  # noqa: DTZ011 - the day where the user is
        skip=skip,
        require_packs=tuple(arguments.require_pack),
        fail_on=Severity(arguments.fail_on),
    )


def _report(run: Run, arguments: argparse.Namespace) -> None:
    from lakecheck.report import json, text  # noqa: PLC0415

    if arguments.json is not None and str(arguments.json) == "-":
        sys.stdout.write(json.render(run))
        return
    if arguments.json is not None:
        try:
            arguments.json.write_text(json.render(run), encoding="utf-8")
        except OSError as error:
            msg = f"the report cannot be written: {error.strerror or error}"
            raise DataLakeError(msg, code="report_not_written", where=str(arguments.json)) from None
    terminal = sys.stdout.isatty()
    style = text.Style(color=terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb")
    columns = shutil.get_terminal_size((text.WIDTH, 24)).columns if terminal else text.WIDTH
    width = max(_NARROWEST, min(columns, _WIDEST))
    shown = text.render(run, style=style, width=width, list_acknowledged=arguments.acknowledged, list_all=arguments.all)
    sys.stdout.write(shown)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"got {text!r}; allowed is a day as YYYY-MM-DD"
        raise argparse.ArgumentTypeError(msg) from None
