"""`lakecheck run`: synthesizes if asked to, judges an assembly, prints what was found."""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from lakecheck.arguments import day
from lakecheck.output import write
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.access.invariants.loader import LoadedRules
    from lakecheck.progress import Progress
    from lakecheck.run import Options, Run
    from lakecheck.settings import Settings
    from lakecheck.snapshot import Snapshot

CHECK_NAMES = ("compliance", "cloudformation", "lint", "rules", "limits", "access", "upgrade", "acknowledgements")

_WIDEST = 120
_NARROWEST = 88

_DESCRIPTION = """\
Judges a cloud assembly: the folder that `cdk synth` writes, from any CDK app, with all its stages and nested stacks.
A single template file will do, too. Nothing has to be configured.

  compliance        what cdk-nag's packs, or any validation plugin, reported at synth
  cloudformation    CloudFormation's own rules (cloudformation-validate), and Guard rules of yours
  lint              cfn-lint, W3005 aside
  rules             what no other tool looks at: Lake Formation, catalog, encryption, pipelines, queries; and rules of yours
  limits            resources, policies, definitions, accounts against the quotas; what is near one warns and does not fail
  access            the invariants of access.yaml; without one, whether anybody at all reaches data
  upgrade           with --base: what would be lost, taken away or weakened, and who gains access
  acknowledgements  those that match no finding any more, have no owner, are past their day, or are new

Templates are judged without their Metadata, so that nothing in them can silence a check.
"""

_EPILOG = """\
exit codes:
  0  nothing open
  1  findings, or the app ended with one
  2  wrong usage, or input that cannot be read

examples:
  lakecheck run                                          judge cdk.out
  lakecheck run cdk.out --base ../main/cdk.out           in a pull request: what would the change do?
  lakecheck run --app "python app.py"                    synthesize into cdk.out first, then judge
  lakecheck run cdk.out --html report.html               one page for people, with everything in it
  lakecheck run cdk.out --sarif lakecheck.sarif          for code scanning
  lakecheck run cdk.out --as-of 2027-01-01               what will have expired by then?
  lakecheck run cdk.out --require-pack AwsSolutions      fail if this pack left no trace
"""

_REPORTS = {
    "json": "everything, for machines; its schema is lakecheck/report/run.schema.json",
    "junit": "for a CI's test report",
    "sarif": "SARIF 2.1.0, for code scanning",
    "markdown": "for a comment on a pull request, short first",
    "html": "one self-contained page",
    "evidence": "for auditors each control, the resources it was shown on, and the result: CSV, or JSON if it ends so",
}
_RENDERERS = {
    "json": "json.render",
    "junit": "junit.render",
    "sarif": "sarif.render",
    "markdown": "run_markdown.render",
    "html": "page.render",
    "evidence": "coverage.evidence_csv",
    "evidence_json": "coverage.evidence_json",
}


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
    parser.add_argument("--base", type=Path, metavar="BASE", help="the assembly or template that is deployed, to compare with")
    for name, what in _REPORTS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write {what}; - for stdout instead of the text")
    add_judging(parser)
    parser.set_defaults(handler=handle)


def add_judging(parser: argparse.ArgumentParser) -> None:
    """Adds how to judge, and how to print it."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="default: lakecheck.yaml or config/lakecheck.yaml, if there is one")
    parser.add_argument("--contracts", type=Path, metavar="FOLDER", help="data contracts, instead of those that access.yaml names")
    parser.add_argument("--as-of", type=day, metavar="DATE", help="judge expiry as of this day (YYYY-MM-DD); default: today")
    parser.add_argument("--fast", action="store_true", help="leave out cfn-lint, the slow one")
    parser.add_argument("--skip", action="append", default=[], choices=CHECK_NAMES, help="leave a check out; may be repeated")
    parser.add_argument(
        "--require-pack", action="append", default=[], metavar="PACK", help="fail if the pack left no trace; may be repeated"
    )
    parser.add_argument(
        "--fail-on", choices=("warning", "error"), help="what fails the run; default: what lakecheck.yaml says, else warning"
    )
    parser.add_argument("--acknowledged", action="store_true", help="list each acknowledged finding with its reason and owner")
    parser.add_argument("--all", action="store_true", help="list every place of a finding, however many")


def handle(arguments: argparse.Namespace) -> int:
    """Runs the command.

    Args:
        arguments: Those of the parser; `impossible` may have checks that cannot run, each with the reason that reports give,
            `base_acknowledgements` those of the base's own lakecheck.yaml.

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
    from lakecheck.run import judge  # noqa: PLC0415
    from lakecheck.settings import load_settings  # noqa: PLC0415

    settings = load_settings(arguments.config)
    options = _options(arguments, settings)
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
    snapshot = _snapshot(arguments.assembly, settings, progress)
    before = replace(settings, acknowledgements=vars(arguments).get("base_acknowledgements", settings.acknowledgements))
    base = None if arguments.base is None else _snapshot(arguments.base, before, progress)
    return judge(snapshot, options, base=base, progress=progress, started=started, synth_seconds=synth_seconds, app_exit=app_exit)


def _snapshot(location: Path, settings: Settings, progress: Progress) -> Snapshot:
    from lakecheck.assembly import read_assembly  # noqa: PLC0415
    from lakecheck.snapshot import Snapshot  # noqa: PLC0415

    assembly = read_assembly(location)
    assembly = replace(assembly, acknowledgements=(*assembly.acknowledgements, *settings.acknowledgements))
    return Snapshot(assembly, parameters=settings.parameters, supplement=settings.estate, progress=progress)


def _options(arguments: argparse.Namespace, settings: Settings) -> Options:
    from lakecheck.rules import all_rules  # noqa: PLC0415
    from lakecheck.rules.own import own_rules  # noqa: PLC0415
    from lakecheck.run import Options  # noqa: PLC0415
    from lakemodel.approvals import load_approvals  # noqa: PLC0415

    skip = dict.fromkeys(settings.skip, settings.file) | dict.fromkeys(arguments.skip, "--skip") | vars(arguments).get("impossible", {})
    if arguments.fast:
        skip["lint"] = "--fast"
    rules = all_rules()
    return Options(
        as_of=arguments.as_of or date.today(),  # noqa: DTZ011 - the day where the user is
        skip=skip,
        require_packs=(*settings.require_packs, *arguments.require_pack),
        fail_on=Severity(arguments.fail_on) if arguments.fail_on is not None else settings.fail_on,
        rules=(*rules, *own_rules(settings.python_rules, beside=rules)),
        guard=settings.guard_rules,
        quotas=settings.quotas,
        invariants=None if settings.access is None or "access" in skip else _invariants(settings.access, arguments.contracts),
        register=None if settings.approvals is None else load_approvals(settings.approvals),
    )


def _invariants(path: Path, contracts: Path | None) -> LoadedRules:
    from lakecheck.access.invariants.loader import load_rules  # noqa: PLC0415
    from lakemodel.contracts.loader import load_contracts  # noqa: PLC0415

    loaded = load_rules(path)
    if contracts is None:
        return loaded
    return load_rules(path, lake=loaded.lake, contracts=load_contracts(contracts, loaded.lake))


def _report(run: Run, arguments: argparse.Namespace) -> None:
    """Writes every report that was asked for; the text too, unless one of them goes to stdout."""
    wanted = {name: path for name in _REPORTS if (path := getattr(arguments, name)) is not None}
    for name, path in wanted.items():
        as_json = name == "evidence" and path.suffix == ".json"
        write(_rendered("evidence_json" if as_json else name, run), path)
    if any(str(path) == "-" for path in wanted.values()):
        return
    from lakecheck.report import style as styles, text  # noqa: PLC0415

    terminal = sys.stdout.isatty()
    style = styles.Style(color=terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb")
    columns = shutil.get_terminal_size((styles.WIDTH, 24)).columns if terminal else styles.WIDTH
    width = max(_NARROWEST, min(columns, _WIDEST))
    shown = text.render(run, style=style, width=width, list_acknowledged=arguments.acknowledged, list_all=arguments.all)
    sys.stdout.write(shown)


def _rendered(name: str, run: Run) -> Iterable[str]:
    """One report; its module is loaded only where it is asked for."""
    module, _, function = _RENDERERS[name].partition(".")
    rendered = getattr(importlib.import_module(f"lakecheck.report.{module}"), function)(run)
    return (rendered,) if isinstance(rendered, str) else rendered
