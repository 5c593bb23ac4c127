"""Runs somebody's CDK app so that a fresh assembly stands where the old one was, or the old one stays untouched.

The app writes into a new directory beside the old one; only a whole assembly takes its place.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakecheck.assembly.reader import MANIFEST, REPORT
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.progress import Progress

_OWN_REPORT = re.compile(r"^(ERROR|WARNING|INFO) \S")
_PLACE = re.compile(r"^\S+:\d+$")
_DETAIL = "   "


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What running the app came to.

    Attributes:
        exit_code: The app's.
        written: Whether a new assembly took the old one's place.
        seconds: Wall-clock time.
    """

    exit_code: int
    written: bool
    seconds: float


def synthesize(command: str, outdir: Path, progress: Progress, *, folder: Path | None = None) -> Synthesis:
    """Runs `command` with `CDK_OUTDIR` set, passing on what it prints as it comes, except for the CDK's own list of findings.

    `LAKECHECK=1` tells the app that its findings are going to be listed here.
    What the app leaves is kept when it ended well, or when it left an assembly with a validation report to judge.

    Args:
        command: The app's command line; split as a shell would, but no shell runs it.
        outdir: Where the assembly shall stand. Absent, empty, or an assembly: nothing else is ever replaced.
        progress: Where the app's output goes.
        folder: Where the app runs; here when left out.

    Raises:
        DataLakeError: `outdir_in_use`, `app_command`, if `outdir` is something else or the command cannot be started.
    """
    check_replaceable(outdir)
    words = _split(command)
    started = time.monotonic()
    parent = outdir.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{outdir.name}.", dir=parent))
    fresh.chmod(0o755)
    try:
        exit_code, held = _run(words, fresh, outdir, progress, folder)
        written = (fresh / MANIFEST).exists() and (exit_code == 0 or (fresh / REPORT).exists())
        if written:
            _swap(fresh, outdir)
        if not written or exit_code == 0:
            for line in held:
                progress.line(line)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Synthesis(exit_code, written, time.monotonic() - started)


def check_replaceable(outdir: Path) -> None:
    """Raises unless `outdir` is absent, an empty directory, or a cloud assembly."""
    remedy = "give the path of a cloud assembly, or one where nothing is yet"
    if outdir.is_symlink():
        raise DataLakeError(f"got a link; it would be replaced, not what it leads to: {remedy}", code="outdir_in_use", where=str(outdir))
    if not outdir.exists():
        return
    if not outdir.is_dir():
        raise DataLakeError(f"got a file: {remedy}", code="outdir_in_use", where=str(outdir))
    if any(outdir.iterdir()) and not (outdir / MANIFEST).is_file() and not (outdir / "cdk.out").is_file():
        raise DataLakeError(f"the directory holds something else than a cloud assembly: {remedy}", code="outdir_in_use", where=str(outdir))


def _split(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise DataLakeError(f"the command cannot be read: {error}", code="app_command", where=command) from None
    if not words:
        raise DataLakeError("got an empty command; allowed is what starts the app, such as 'python app.py'", code="app_command")
    return words


def _run(words: list[str], fresh: Path, outdir: Path, progress: Progress, folder: Path | None) -> tuple[int, list[str]]:
    environment = {**os.environ, "CDK_OUTDIR": str(fresh), "PYTHONUNBUFFERED": "1", "LAKECHECK": "1"}
    # Where a finding stems from; costs nothing measurable.
    environment.setdefault("JSII_HOST_STACK_TRACES", "1")
    try:
        process = subprocess.Popen(  # noqa: S603 - running the user's own command is the point
            words,
            env=environment,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            process_group=own_group(),
        )
    except OSError as error:
        raise DataLakeError(f"the app cannot be started: {error.strerror or error}", code="app_command", where=words[0]) from None
    with process:
        try:
            held = _pass_on((line.rstrip("\n") for line in process.stdout or ()), str(fresh), str(outdir), progress)
        except BaseException:
            stop(process)
            raise
    return process.returncode, held


def own_group() -> int | None:
    """For `Popen`: a group, to be ended as a whole; none on a terminal, where only the group in front may ask something."""
    return None if sys.stdin is not None and sys.stdin.isatty() else 0


def stop(process: subprocess.Popen[Any]) -> None:
    """Ends what was started, and what that has started, where it has a group of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _pass_on(lines: Iterable[str], fresh: str, outdir: str, progress: Progress) -> list[str]:
    """Shows lines as they come, with the final directory's name; keeps back what CDK lists as findings, which our report says better."""
    held: list[str] = []
    listing = False
    for raw in lines:
        line = raw.replace(fresh, outdir).replace(Path(fresh).name, Path(outdir).name)
        starts = bool(_OWN_REPORT.match(line) or _PLACE.match(line))
        listing = starts or (listing and (not line or line.startswith(_DETAIL)))
        if listing:
            held.append(line)
        else:
            progress.line(line)
    return held


def _swap(fresh: Path, outdir: Path) -> None:
    if not outdir.exists():
        fresh.rename(outdir)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{outdir.name}.old.", dir=fresh.parent))
    try:
        outdir.rename(old / "assembly")
        try:
            fresh.rename(outdir)
        except OSError:
            (old / "assembly").rename(outdir)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
