"""`lakecheck pull-request`: synthesizes an app as it is and as it was, compares both, and writes every report for a CI."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakecheck import run_command
from lakemodel.errors import DataLakeError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly import Acknowledgement
    from lakecheck.progress import Progress

REPORTS: Final = {
    "json": "lakecheck.json",
    "junit": "lakecheck.junit.xml",
    "sarif": "lakecheck.sarif",
    "markdown": "lakecheck.md",
    "html": "lakecheck.html",
    "evidence": "lakecheck-evidence.csv",
}
"""What is written into the folder, by the option of `lakecheck run`."""

_BASES: Final = ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CODEBUILD_WEBHOOK_BASE_REF", "CHANGE_TARGET")
"""Variables in which GitHub, GitLab, CodeBuild and Jenkins name the branch that a pull request goes to."""

NOT_COMPARED: Final = 2
"""Nothing is wrong with the app as it is, and nothing is known of the change: that is no success."""

_FETCH: Final = "fetch the base with its history (fetch-depth: 0), or name another --base"

_DESCRIPTION = """\
Judges a change as a pull request brings it: synthesizes the app here, and as it was where this branch left the base branch (in a worktree
of its own; nothing here is touched), runs `lakecheck run` over both, and writes every report into one folder.
"""

_EPILOG = """\
exit codes: those of `lakecheck run`; 2 as well when the base leaves no assembly to compare with

examples:
  lakecheck pull-request --app "python app.py"                         the base branch is known in most CIs
  lakecheck pull-request --app "python app.py" --base origin/main      on a laptop
  lakecheck pull-request --app "npx cdk synth --quiet" --setup "npm ci"

Both synths run with the programs of this environment. If the app depends on what is installed from the repository itself, --setup prepares
the base's worktree. The whole history is needed up to where the branches part (`fetch-depth: 0`).
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `pull-request` to the command's parsers."""
    parser = subparsers.add_parser(
        "pull-request",
        help="judge a change against the branch it goes to, for CI",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--app", required=True, metavar="COMMAND", help="what synthesizes the app; CDK_OUTDIR tells it where to")
    parser.add_argument("--base", metavar="REF", help="the branch or commit it goes to; default: what the CI says")
    parser.add_argument("--setup", metavar="COMMAND", help="run this in the base's worktree first")
    parser.add_argument("--output", type=Path, default=Path("lakecheck-report"), metavar="FOLDER", help="default: lakecheck-report")
    run_command.add_judging(parser)
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code of `lakecheck run`, or 2 when the change itself could not be judged.

    Raises:
        DataLakeError: `pull_request.*`, when there is no base, no git, no common history; what `lakecheck run` raises.
        InvalidInput: For bad input.
    """
    from lakecheck.progress import Progress  # noqa: PLC0415 - `--help` is to be quick

    progress = Progress()
    output: Path = arguments.output
    commit = _merge_base(_base_of(arguments))
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the folder for reports cannot be made: {error.strerror or error}; name another one with --output"
        raise DataLakeError(msg, code="pull_request.output", where=str(output)) from None
    with _worktree(commit) as (root, inside):
        is_new = not (root / inside).is_dir()
        if arguments.setup is not None and not is_new:
            progress.line(f"lakecheck: preparing the base, {commit[:12]}")
            _prepare(arguments.setup, root / inside)
        if not is_new:
            progress.line(f"lakecheck: synthesizing the base, {commit[:12]}")
        known = not is_new and _synthesized(arguments.app, output / "base", progress, root / inside)
        before = _acknowledged_in(root / inside, arguments.config)
        progress.done()
    run = argparse.Namespace(**vars(arguments), base_acknowledgements=before)
    run.assembly, run.base, run.app = output / "head", output / "base" if known else None, arguments.app
    for option, name in REPORTS.items():
        setattr(run, option, output / name)
    if known:
        return run_command.handle(run)
    why = "the base has no such folder, so that all of it is new" if is_new else "the app as it was leaves no assembly to compare with"
    progress.line(f"lakecheck: {why}")
    run.impossible = {"upgrade": why}
    code = run_command.handle(run)
    return code if is_new or code else NOT_COMPARED


def _base_of(arguments: argparse.Namespace) -> str:
    if arguments.base is not None:
        return str(arguments.base)
    named = next((os.environ[name] for name in _BASES if os.environ.get(name)), None)
    if named is None:
        msg = "no base branch is known; name it with --base, such as --base origin/main"
        raise DataLakeError(msg, code="pull_request.base")
    branch = named.removeprefix("refs/heads/")
    return f"origin/{branch}"


def _merge_base(base: str) -> str:
    """The commit at which this branch left the base."""
    if shutil.which("git") is None:
        msg = "git is not installed, and the app as it was cannot be had without"
        raise DataLakeError(msg, code="pull_request.git")
    _git("rev-parse", "--is-inside-work-tree")
    for name, remedy in ((base, _FETCH), ("HEAD", "commit the app first")):
        if not _succeeds("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"):
            msg = f"{name} is no commit that is known here; {remedy}"
            raise DataLakeError(msg, code="pull_request.history")
    found = _run_git("merge-base", base, "HEAD")
    if found.returncode or not found.stdout.strip():
        msg = f"HEAD and {base} have no common history here; {_FETCH}"
        raise DataLakeError(msg, code="pull_request.history")
    return found.stdout.strip()


@contextmanager
def _worktree(commit: str) -> Iterator[tuple[Path, Path]]:
    """A worktree of a commit beside everything else, and where in it we are; it is gone afterwards."""
    inside = Path(_git("rev-parse", "--show-prefix"))
    parent = Path(tempfile.mkdtemp(prefix="lakecheck-base-"))
    root = parent / "base"
    try:
        _git("worktree", "add", "--detach", str(root), commit)
        yield root, inside
    finally:
        _run_git("worktree", "remove", "--force", str(root))
        shutil.rmtree(parent, ignore_errors=True)


def _git(*words: str) -> str:
    found = _run_git(*words)
    if found.returncode:
        msg = f"git {words[0]} failed: {' '.join(found.stderr.split())}"
        raise DataLakeError(msg, code="pull_request.git")
    return found.stdout.strip()


def _succeeds(*words: str) -> bool:
    return _run_git(*words).returncode == 0


def _run_git(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607 - the git that the user has


def _acknowledged_in(folder: Path, config: Path | None) -> tuple[Acknowledgement, ...]:
    """What the base's own lakecheck.yaml acknowledged: what is only in HEAD's is new."""
    from lakecheck.settings import DEFAULT_FILES, load_settings  # noqa: PLC0415

    named = DEFAULT_FILES if config is None else (config,)
    found = next((folder / each for each in named if not each.is_absolute() and (folder / each).is_file()), None)
    try:
        return () if found is None else load_settings(found).acknowledgements
    except InvalidInput:
        return ()  # it could not be read then, so that nothing held


def _prepare(command: str, folder: Path) -> None:
    from lakecheck.synthesis import own_group, stop  # noqa: PLC0415 - `--help` is to be quick

    with subprocess.Popen(command, shell=True, cwd=folder, process_group=own_group()) as prepared:  # noqa: S602 - the user's own command line
        try:
            prepared.wait()
        except BaseException:
            stop(prepared)
            raise
    if prepared.returncode:
        msg = f"--setup ended with exit code {prepared.returncode} in the base's worktree"
        raise DataLakeError(msg, code="pull_request.setup", where=command)


def _synthesized(command: str, outdir: Path, progress: Progress, folder: Path) -> bool:
    """Whether the app as it was has an assembly now; its findings are no matter of this change."""
    from lakecheck.synthesis import synthesize  # noqa: PLC0415

    program, space, rest = command.partition(" ")
    if os.sep in program and Path(program).exists():  # such as .venv/bin/python, which the worktree has not
        command = f"{Path(program).absolute()}{space}{rest}"
    return synthesize(command, outdir.absolute(), progress, folder=folder).written
