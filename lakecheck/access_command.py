"""`lakecheck access`: who can reach which data through which door, what changed of it, and whether invariants hold."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakecheck import access_check
from lakecheck.access.sources import DEFAULT_SUPPLEMENT
from lakecheck.arguments import day
from lakecheck.output import write
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lakecheck.access.model import Access, Matrix
    from lakecheck.progress import Progress
    from lakemodel.approvals import Register

DEFAULT_ASSEMBLY: Final = Path("cdk.out")
DEFAULT_APPROVALS: Final = Path("config/approvals.yaml")
FORMATS: Final = ("table", "json", "markdown", "html")
_WIDEST, _NARROWEST = 160, 88
_FILTERS: Final = (
    ("principal", "GLOB", "these, by name or ARN"),
    ("table", "GLOB", "this data: database.table or s3://bucket/prefix"),
    ("column", "GLOB", "what reaches these columns"),
    ("environment", "NAME", "data of this Stage"),
    ("door", "DOOR", "through this door, such as s3"),
    ("action", "ACTION", "read, write, alter, drop or grant"),
)

_DESCRIPTION: Final = """\
Says who can do what to which columns of which table, through which door, from the templates of any CDK or CloudFormation app, before
anything is deployed. Doors: Lake Formation, S3 with its keys, access points, replicas, results of queries, roles to assume, and more.

  lakecheck access CDK_OUT...             prints the matrix
  lakecheck access diff BASE HEAD         says who gains and who loses; exit 1 on a gain that nobody approved
  lakecheck access check CDK_OUT...       judges the invariants of config/access.yaml

What the templates do not tell is never taken for a no: it is marked, and named at the end.
"""

_EPILOG: Final = """\
exit codes:
  0  printed
  2  wrong usage, or input that cannot be read

examples:
  lakecheck access cdk.out                                      every environment
  lakecheck access cdk.out --table 'sales.*' --column email     who reaches email, in any table of sales
  lakecheck access cdk.out --principal '*Analyst' --action read
  lakecheck access cdk.out --format html --output access.html   one page, with filters
  lakecheck access cdk.out --format json --output access.json   to compare with later
  lakecheck access lake/cdk.out consumers/cdk.out               accounts that several apps build

A folder called diff or check is written ./diff.
"""

_DIFF_DESCRIPTION: Final = """\
Compares two states of an app, and says who gains and who loses access to what, through which door.

A gain is a new column, action or door, a weaker condition, more rows, a shorter way, or the certainty of what was not known. It passes
when config/approvals.yaml approves it (kind access_gain). What the lake's own machinery and an account's administrators reach of new data,
for the reasons for which they reached the old, is told and passes.
"""

_DIFF_EPILOG: Final = """\
exit codes:
  0  nobody gains what was not approved
  1  somebody does
  2  wrong usage, or input that cannot be read

examples:
  lakecheck access diff ../base/cdk.out cdk.out
  lakecheck access diff access.json cdk.out --format markdown    for a pull request
  lakecheck access diff base.json head.json --as-of 2027-01-01   would it still pass then?

BASE and HEAD are cloud assemblies, templates, or what `lakecheck access --format json` wrote of all rows.
"""


class _Parser(argparse.ArgumentParser):
    """Has commands beside its own arguments: the first word decides."""

    commands: dict[str, argparse.ArgumentParser]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As every parser's, by the command that the first word names, or by this parser itself."""
        words = list(sys.argv[1:] if args is None else args)
        if words and words[0] in self.commands:
            return self.commands[words[0]].parse_known_args(words[1:], namespace)
        return super().parse_known_args(words, namespace)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `access` and its own commands to the command's parsers."""
    listed = subparsers.add_parser("access", help="say who can read which column, through which door")
    parser = _Parser(prog=listed.prog, description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.commands = {"diff": _diff_parser(listed.prog), "check": _check_parser(listed.prog)}
    subparsers.choices["access"] = parser
    parser.add_argument("assemblies", nargs="*", type=Path, metavar="CDK_OUT", help="cloud assemblies or templates; default: cdk.out")
    _add_inputs(parser)
    parser.add_argument("--format", choices=FORMATS, default="table", help="how to print; table by default")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to this file instead of stdout")
    for option, word, what in _FILTERS:
        parser.add_argument(f"--{option}", action="append", default=[], metavar=word, help=f"only {what}; may be repeated")
    parser.add_argument("--all", action="store_true", help="also the lake's own machinery, assumptions, and every line of long lists")
    parser.add_argument("--dead", action="store_true", help="only grants that give nothing")
    parser.set_defaults(handler=run_access)


def _diff_parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"{prog} diff", description=_DIFF_DESCRIPTION, epilog=_DIFF_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", type=Path, metavar="BASE", help="what holds: a cloud assembly, a template or a saved matrix")
    parser.add_argument("head", type=Path, metavar="HEAD", help="what is to hold")
    _add_inputs(parser)
    parser.add_argument("--approvals", type=Path, metavar="FILE", help=f"what was approved; {DEFAULT_APPROVALS} when it exists")
    parser.add_argument("--as-of", type=day, metavar="DATE", help="judge expiry as of this day (YYYY-MM-DD); default: today")
    parser.add_argument("--format", choices=FORMATS[:3], default="table", help="how to print; table by default")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to this file instead of stdout")
    parser.add_argument("--all", action="store_true", help="print losses, and what follows for machinery, in full")
    parser.set_defaults(handler=run_diff)
    return parser


def _check_parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"{prog} check",
        description=access_check.DESCRIPTION,
        epilog=access_check.EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("assemblies", nargs="*", type=Path, metavar="CDK_OUT", help="cloud assemblies or templates; default: cdk.out")
    _add_inputs(parser)
    access_check.add_arguments(parser)
    parser.set_defaults(handler=run_check)
    return parser


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--parameters", action="append", default=[], metavar="NAME=VALUE",
        help="a template parameter's value, by Name or Stack:Name; its default when left out; AWS::AccountId and AWS::Region for templates "
        "that are bound to none; may be repeated",
    )  # fmt: skip
    parser.add_argument("--supplement", type=Path, metavar="FILE", help=f"what templates cannot say; {DEFAULT_SUPPLEMENT} when it exists")


def run_access(arguments: argparse.Namespace) -> int:
    """`access`; returns the exit code."""
    from lakecheck.progress import Progress  # noqa: PLC0415

    _check_words(arguments)
    progress = Progress()
    try:
        whole = _matrix(arguments.assemblies or [DEFAULT_ASSEMBLY], arguments, progress)
        matrix = _filtered(whole, arguments)
    finally:
        progress.done()
    for warning in _about_nothing(whole, arguments):
        print(f"lakecheck: {warning}", file=sys.stderr)
    write(_rendered(matrix, arguments), arguments.output)
    return 0


def run_diff(arguments: argparse.Namespace) -> int:
    """`access diff`; returns the exit code."""
    from lakecheck.access.difference import difference  # noqa: PLC0415
    from lakecheck.access.review import review  # noqa: PLC0415
    from lakecheck.progress import Progress  # noqa: PLC0415
    from lakecheck.report import access_diff, access_diff_markdown, access_diff_text  # noqa: PLC0415

    register = _register(arguments.approvals)
    progress = Progress()
    try:
        base, head = (_state(path, arguments, progress) for path in (arguments.base, arguments.head))
        progress("access: comparing")
        judged = review(difference(base, head), register, as_of=arguments.as_of or date.today())  # noqa: DTZ011 - the user's day
    finally:
        progress.done()
    if arguments.format == "json":
        write(access_diff.render(judged), arguments.output)
    elif arguments.format == "markdown":
        write(access_diff_markdown.render(judged), arguments.output)
    else:
        style, width = _terminal(arguments.output)
        write(access_diff_text.render(judged, style=style, width=width, list_all=arguments.all), arguments.output)
    return 0 if judged.passed else 1


def run_check(arguments: argparse.Namespace) -> int:
    """`access check`; returns the exit code."""
    from lakecheck.access.check import check_access  # noqa: PLC0415
    from lakecheck.progress import Progress  # noqa: PLC0415

    progress = Progress()
    try:
        judgement = check_access(
            arguments.assemblies or [DEFAULT_ASSEMBLY],
            access_check.rules(arguments),
            parameters=parameters_of(arguments.parameters),
            supplement=supplement_of(arguments),
            progress=progress,
        )
    finally:
        progress.done()
    return access_check.report(judgement, arguments)


def parameters_of(words: Sequence[str]) -> dict[str, str]:
    """`Stack:Name=Value` words as a mapping.

    Raises:
        DataLakeError: `access.parameter` for one without `=`.
    """
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            msg = f"--parameters: got {word!r}; allowed is Name=Value or Stack:Name=Value"
            raise DataLakeError(msg, code="access.parameter")
        found[name] = value
    return found


def supplement_of(arguments: argparse.Namespace) -> Path | None:
    """The supplement that is meant: the one that is named, or the default one when it is there."""
    if arguments.supplement is not None:
        return Path(arguments.supplement)
    return DEFAULT_SUPPLEMENT if DEFAULT_SUPPLEMENT.is_file() else None


def _matrix(assemblies: Sequence[Path], arguments: argparse.Namespace, progress: Progress) -> Matrix:
    from lakecheck.access.matrix import build_matrix  # noqa: PLC0415
    from lakecheck.access.sources import read_estate  # noqa: PLC0415

    estate = read_estate(assemblies, parameters_of(arguments.parameters), supplement_of(arguments), progress=progress)
    return build_matrix(estate, progress=progress)


def _state(path: Path, arguments: argparse.Namespace, progress: Progress) -> Matrix:
    """One side of a comparison: a saved matrix, or what an assembly gives."""
    if path.suffix == ".json" and path.is_file():
        from lakecheck.access.saved import is_saved, read_matrix  # noqa: PLC0415

        if is_saved(path):
            return read_matrix(path)
    return _matrix([path], arguments, progress)


def _register(path: Path | None) -> Register:
    from lakemodel.approvals import Register, load_approvals  # noqa: PLC0415

    if path is None and DEFAULT_APPROVALS.is_file():
        path = DEFAULT_APPROVALS
    return Register() if path is None else load_approvals(path)


def _check_words(arguments: argparse.Namespace) -> None:
    """Doors and actions have to exist: a report that is empty for a slip of the pen would say that nobody reaches anything.

    Raises:
        DataLakeError: `access.unknown_word`.
    """
    from lakecheck.access.model import Action, Door  # noqa: PLC0415
    from lakemodel.config.wording import listed, meant  # noqa: PLC0415

    for option, known in (("door", Door), ("action", Action)):
        allowed = [str(one.value) for one in known]
        for word in getattr(arguments, option):
            if word not in allowed:
                hint = meant(word, allowed, f"Allowed: {listed(allowed)}.")
                msg = f"--{option}: got {word!r}, which is no {option}. {hint}"
                raise DataLakeError(msg, code="access.unknown_word")


def _about_nothing(matrix: Matrix, arguments: argparse.Namespace) -> Iterable[str]:
    """The filters that fit nothing there is: an empty report would say that nobody reaches it."""
    from lakecheck.values import shown  # noqa: PLC0415

    columns = {shown(name) for names in matrix.columns.values() for name in names}
    tables = {shown(dataset.name) for dataset in matrix.datasets}
    environments = sorted({dataset.environment for dataset in matrix.datasets})
    for option, names in (("table", tables), ("column", columns)):
        for glob in getattr(arguments, option):
            if not any(fnmatchcase(name, glob) for name in names):
                yield f"--{option}: {glob!r} fits no {'data' if option == 'table' else option} of these templates"
    for name in arguments.environment:
        if name.lower() not in {each.lower() for each in environments}:
            yield f"--environment: {name!r} has no data; there are {', '.join(environments) or 'none'}"


def _filtered(matrix: Matrix, arguments: argparse.Namespace) -> Matrix:
    """The rows that are asked for, and who of them can become whom."""
    from dataclasses import replace  # noqa: PLC0415

    tests = list(_tests(matrix, arguments))
    if arguments.dead:
        return replace(matrix, accesses=())
    if not tests:
        return matrix
    accesses = tuple(access for access in matrix.accesses if all(test(access) for test in tests))
    concerned = {id(access.principal) for access in accesses}
    return replace(matrix, accesses=accesses, edges=tuple(edge for edge in matrix.edges if id(edge.source) in concerned))


def _tests(matrix: Matrix, arguments: argparse.Namespace) -> Iterable[Callable[[Access], bool]]:
    from lakecheck.values import shown  # noqa: PLC0415

    def fits(globs: Sequence[str], *names: str) -> bool:
        return any(fnmatchcase(shown(name), glob) for name in names for glob in globs)

    if arguments.principal:
        yield lambda access: fits(
            arguments.principal, access.principal.name, access.principal.arn, access.principal.name.rpartition("/")[2]
        )
    if arguments.table:
        yield lambda access: fits(arguments.table, access.dataset.name)
    if arguments.column:
        yield lambda access: fits(
            arguments.column, *(access.columns if access.columns is not None else matrix.columns.get(access.dataset, ()))
        )
    if arguments.environment:
        names = {name.lower() for name in arguments.environment}
        yield lambda access: access.dataset.environment.lower() in names
    if arguments.door:
        yield lambda access: access.door in arguments.door or any(step.door in arguments.door for step in access.via)
    if arguments.action:
        yield lambda access: access.action in arguments.action


def _rendered(matrix: Matrix, arguments: argparse.Namespace) -> Iterable[str]:
    from lakecheck.report import access_html, access_json, access_markdown, access_text  # noqa: PLC0415

    if arguments.format == "json":
        return access_json.render(matrix)
    if arguments.format == "markdown":
        return access_markdown.render(matrix, list_all=arguments.all)
    if arguments.format == "html":
        return access_html.render(matrix)
    style, width = _terminal(arguments.output)
    return access_text.render(matrix, style=style, width=width, list_all=arguments.all, only_dead=arguments.dead)


def _terminal(output: Path | None) -> tuple[Any, int]:
    """Colours and width for whoever reads."""
    from lakecheck.report.style import WIDTH, Style  # noqa: PLC0415

    terminal = output is None and sys.stdout.isatty()
    style = Style(color=terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb")
    columns = shutil.get_terminal_size((WIDTH, 24)).columns if terminal else WIDTH
    return style, max(_NARROWEST, min(columns, _WIDEST))
