"""`lakecheck rehearse`: deploys an assembly into a local emulator, runs its pipelines, and says what of it was rehearsed."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakecheck.output import write
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakecheck.progress import Progress
    from lakecheck.rehearsal.course import Options, Stage
    from lakecheck.rehearsal.model import Report, Step

DEFAULT_SAMPLES: Final = Path("config/samples")
_HIGHEST_PORT: Final = 65_535
_ALL: Final = 100.0
_NARROWEST: Final = 88
_WIDEST: Final = 120

_OUTCOMES: Final = {"passed": "passed", "failed": "failed", "skipped": "left out"}

_DESCRIPTION = """\
Deploys a cloud assembly into an emulator on this machine, with the real CDK CLI, and shows what becomes of it. No AWS account, no network.

  bootstrap   every account of the environment, with the CLI's own template
  deploy      every stack: assets published, roles assumed, custom resources' Python handlers run
  compare     each resource of each template with what the services' plain APIs return, property by property
  pipeline    samples go to landing; state machines, functions and Spark jobs run as they were deployed
  bad-file    a file that cannot be read takes the failure path
  read        the consumer account reads the tables, with DuckDB and with awswrangler
  faults      once more with failing calls, an emulator that is killed, events that come twice: the same tables
  update      a changed version; then the same again, which must change nothing
  destroy     what may be destroyed, and what was retained

An emulator is not AWS. The report says of every resource whether it was rehearsed by the emulator, by an adapter of ours, or not, and what
the emulator is known to leave out: it evaluates no IAM, encrypts nothing, and enforces no Lake Formation right.
"""

_EPILOG = """\
exit codes:
  0  every step passed, and as much was rehearsed as --require demands
  1  a step failed, or less was rehearsed
  2  wrong usage, or the rehearsal could not begin

examples:
  lakecheck rehearse cdk.out --environment Dev            the whole course
  lakecheck rehearse --environment Dev --require 90       fail when less than 90 % of the resources are rehearsed
  lakecheck rehearse cdk.out --base ../main/cdk.out       deploy main first, then this as the update
  lakecheck rehearse --samples deliveries/                files at <domain>/<product>/<table>/<name>
  lakecheck rehearse --fault glue:StartJobRun:throttle:2  the first two calls are throttled
  lakecheck rehearse --keep                               leave the emulator running to look around, until Ctrl-C

needs: pip install 'governed-lake[rehearsal]', and the CDK CLI (npm install --global aws-cdk@2)
"""

_REPORTS: Final = {
    "json": "everything, for machines; its schema is lakecheck/report/rehearsal.schema.json",
    "markdown": "for a comment on a pull request",
    "html": "one self-contained page",
}
_RENDERERS: Final = {"json": "rehearsal_json", "markdown": "rehearsal_markdown", "html": "page.rehearsal"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `rehearse` to the command's parsers."""
    parser = subparsers.add_parser(
        "rehearse",
        help="deploy into a local emulator and run the pipelines",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("assembly", nargs="?", type=Path, default=Path("cdk.out"), metavar="CDK_OUT", help="default: cdk.out")
    parser.add_argument("--environment", metavar="STAGE", help="the stage to deploy, such as Dev; needed where there are several")
    parser.add_argument("--base", type=Path, metavar="BASE", help="deploy this assembly first, so that CDK_OUT is an update of it")
    parser.add_argument(
        "--samples", type=Path, metavar="FOLDER", help=f"what is delivered, see docs; default: {DEFAULT_SAMPLES}, if there is one"
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="SPEC",
        help="let calls fail while a pipeline runs: service:Operation:kind[:count], such as dynamodb:Put*:throttle:3; may be repeated",
    )
    parser.add_argument("--require", type=_percentage, metavar="PERCENT", help="fail when fewer of the resources were rehearsed")
    parser.add_argument("--keep", action="store_true", help="destroy nothing and keep the emulator running until Ctrl-C")
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="the emulator's port on loopback; default: a free one")
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="work and leave logs here; default: a temporary folder, removed")
    for name, what in _REPORTS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write {what}; - for stdout instead of the text")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Runs the command.

    Args:
        arguments: Those of the parser.

    Returns:
        The exit code: 0 rehearsed, 1 a step failed or too little was rehearsed.

    Raises:
        DataLakeError: For what keeps the rehearsal from beginning.
    """
    from lakecheck.progress import Progress  # noqa: PLC0415 - `--help` is to be quick
    from lakecheck.rehearsal.course import rehearse  # noqa: PLC0415

    _check_reports(arguments)
    progress = Progress(patience=0)  # it takes long in any case

    def keep(stage: Stage, report: Report) -> None:
        progress.done()
        _write(report, arguments)
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):  # that is how one ends it
            _keep(stage, progress)

    try:
        report = rehearse(
            _options(arguments), progress, began=progress.begin, ended=_shown(progress), keep=keep if arguments.keep else None
        )
    finally:
        progress.done()
    if not arguments.keep:
        _write(report, arguments)
    return 0 if report.is_enough else 1


def _check_reports(arguments: argparse.Namespace) -> None:
    """What would only be said when everything is done."""
    wanted = {name: path for name in _REPORTS if (path := getattr(arguments, name)) is not None}
    to_stdout = [f"--{name}" for name, path in wanted.items() if str(path) == "-"]
    if len(to_stdout) > 1:
        msg = f"got {' and '.join(to_stdout)} for stdout; only one report can go there, write the others to files"
        raise DataLakeError(msg, code="report_not_written")
    for path in wanted.values():
        if str(path) != "-" and (path.is_dir() or not path.absolute().parent.is_dir() or not os.access(path.absolute().parent, os.W_OK)):
            msg = "the report cannot be written there; name a file in a folder that is there and can be written to"
            raise DataLakeError(msg, code="report_not_written", where=str(path))


def _options(arguments: argparse.Namespace) -> Options:
    from lakecheck.rehearsal.course import Options  # noqa: PLC0415
    from lakecheck.rehearsal.emulator.fault_specs import parsed  # noqa: PLC0415
    from lakecheck.rehearsal.lake.samples import load_samples  # noqa: PLC0415

    for spec in arguments.fault:
        parsed(spec)
    samples = arguments.samples
    if samples is None and DEFAULT_SAMPLES.is_dir():
        samples = DEFAULT_SAMPLES
    if arguments.fault and samples is None:
        msg = "got --fault and no samples; faults are set while a pipeline runs: give it files with --samples"
        raise DataLakeError(msg, code="bad_fault")
    return Options(
        assembly=arguments.assembly,
        environment=arguments.environment,
        base=arguments.base,
        deliveries=() if samples is None else load_samples(samples),
        only_known=arguments.samples is None,
        faults=tuple(arguments.fault),
        port=arguments.port,
        folder=arguments.folder,
        required=arguments.require,
        destroy=not arguments.keep,
    )


def _shown(progress: Progress) -> Callable[[Step], None]:
    def shown(step: Step) -> None:
        reason = f": {step.reason.splitlines()[0]}" if step.reason else ""
        progress.line(f"{_OUTCOMES[step.outcome]:9}{step.title} ({step.seconds:.0f} s){reason}")

    return shown


def _keep(stage: Stage, progress: Progress) -> None:
    """Tells how to call the emulator, in lines that can be pasted, and waits until somebody interrupts."""
    progress.line(f"the emulator answers at {stage.emulator.endpoint} until Ctrl-C; to call it as an account, in another terminal:")
    for account, region in stage.chosen.places:
        file = stage.temporary / f"{account}-{region}.sh"
        values = stage.clients.credentials(account).environment(stage.emulator.endpoint, region)
        lines = ["unset AWS_PROFILE AWS_DEFAULT_PROFILE", *(f"export {name}={shlex.quote(value)}" for name, value in values.items())]
        file.write_text("\n".join([*lines, "export NO_PROXY=localhost no_proxy=localhost", ""]), encoding="utf-8")
        progress.line(f"  . {shlex.quote(str(file))}")
    progress.line(f"then, for example: aws cloudformation list-stacks; the log: {stage.emulator.log}")
    stage.emulator.wait()


def _write(report: Report, arguments: argparse.Namespace) -> None:
    """Writes every report that was asked for; the text too, unless one of them goes to stdout."""
    wanted = {name: path for name in _REPORTS if (path := getattr(arguments, name)) is not None}
    for name, path in wanted.items():
        rendered = importlib.import_module(f"lakecheck.report.{_RENDERERS[name]}").render(report)
        write((rendered,) if isinstance(rendered, str) else rendered, path)
    if any(str(path) == "-" for path in wanted.values()):
        return
    from lakecheck.report import rehearsal_text, style as styles  # noqa: PLC0415

    terminal = sys.stdout.isatty()
    style = styles.Style(color=terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb")
    columns = shutil.get_terminal_size((styles.WIDTH, 24)).columns if terminal else styles.WIDTH
    sys.stdout.write(rehearsal_text.render(report, style=style, width=max(_NARROWEST, min(columns, _WIDEST))))


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= _HIGHEST_PORT:
        return int(text)
    msg = f"got {text!r}; allowed is a number from 1 to {_HIGHEST_PORT}"
    raise argparse.ArgumentTypeError(msg)


def _percentage(text: str) -> float:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if 0 <= value <= _ALL:
        return value
    msg = f"got {text!r}; allowed is a number from 0 to 100"
    raise argparse.ArgumentTypeError(msg)
