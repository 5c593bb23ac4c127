"""The CDK CLI against the emulator: found, called with nothing of this machine's AWS settings, its progress told, its end judged."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakecheck.progress import Tell
    from lakecheck.rehearsal.workplace import Guard

_EVENT: Final = re.compile(r"^(\S+) \|\s*(\d+/\d+|\d+) \|")
_TAIL: Final = 25
INSTALL_CLI: Final = "npm install --global aws-cdk@2"
LONGEST_SILENCE: Final = 1000.0
"""Seconds without a word after which the CLI counts as hanging; a custom resource's function may take 900."""
_DROPPED: Final = ("AWS_", "CDK_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NODE_OPTIONS")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a call ended.

    Attributes:
        exit_code: Of the CLI.
        output: Everything it printed.
    """

    exit_code: int
    output: str

    @property
    def tail(self) -> str:
        """The last lines that say anything."""
        return "\n".join([line for line in self.output.splitlines() if line.strip()][-_TAIL:])


def find_cli() -> str:
    """The CDK CLI: the one beside this Python, else the first on the PATH.

    Raises:
        DataLakeError: `no_cdk`.
    """
    beside = Path(sys.executable).with_name("cdk")
    found = str(beside) if beside.exists() else shutil.which("cdk")
    if found is None:
        msg = f"found no CDK CLI beside this Python or on the PATH; install it: {INSTALL_CLI}"
        raise DataLakeError(msg, code="no_cdk")
    return found


def clean_environment() -> dict[str, str]:
    """This process's environment without any setting that could lead out of the machine."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_DROPPED)}
    return {**kept, "NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1"}


def _home(folder: Path) -> dict[str, str]:
    """Another home for somebody who has settings in `~/.cdk.json`: a profile or a role there would be taken."""
    with contextlib.suppress(RuntimeError, OSError):  # there is no home
        if (Path.home() / ".cdk.json").exists():
            return {"HOME": str(folder)}
    return {}


class Toolkit:
    """Calls the CDK CLI.

    Args:
        folder: Where it works; it must hold no cdk.json.
        environment: Credentials of the account that deploys, and the emulator's endpoint.
        tell: Is told what goes on.
        cli: The program; the one that `find_cli` finds when left out.
        guard: Ends the CLI when this process is killed; nobody does when left out.

    Attributes:
        tell: Is told what goes on; may be changed.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], tell: Tell, *, cli: str | None = None, guard: Guard | None = None
    ) -> None:
        self._folder = folder
        self._guard = guard
        self._cli = find_cli() if cli is None else cli
        self.tell = tell
        self._environment = {
            **clean_environment(),
            **_home(folder / "home"),
            **environment,
            "CDK_HOME": str(folder / "home"),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "1",
            "CI": "true",
            "NO_COLOR": "1",
        }

    def bootstrap_template(self) -> str:
        """The template that the CLI bootstraps accounts with.

        Raises:
            DataLakeError: `cdk_failed`.
        """
        return self._checked("bootstrap", "--show-template").output

    def deploy(self, app: Path, selector: str) -> Ended:
        """Deploys the stacks of an assembly that match."""
        return self._call("deploy", selector, "--app", str(app), "--require-approval", "never", "--progress", "events")

    def destroy(self, app: Path, selector: str) -> Ended:
        """Destroys the stacks of an assembly that match."""
        return self._call("destroy", selector, "--app", str(app), "--force")

    def _checked(self, *arguments: str) -> Ended:
        ended = self._call(*arguments)
        if ended.exit_code != 0:
            msg = f"cdk {arguments[0]} ended with exit code {ended.exit_code}:\n{ended.tail}"
            raise DataLakeError(msg, code="cdk_failed")
        return ended

    def _call(self, *arguments: str) -> Ended:
        command = [self._cli, *arguments, "--no-notices", "--output", str(self._folder / "cdk.out")]
        lines: list[str] = []
        process = _started(command, self._folder, self._environment)
        alarm = _Alarm(process)
        try:
            if self._guard is not None:
                self._guard.watch(process.pid)
            for line in process.stdout or ():
                alarm.put_off()
                lines.append(line)
                self._follow(line)
            code = process.wait()
        except BaseException:
            _end(process)
            raise
        finally:
            alarm.cancel()
            if self._guard is not None:
                self._guard.forget(process.pid)
        if alarm.has_rung:
            lines.append(f"the CDK CLI was ended: it had said nothing for {LONGEST_SILENCE:.0f} seconds\n")
        return Ended(exit_code=code, output="".join(lines))

    def _follow(self, line: str) -> None:
        event = _EVENT.match(line)
        if event is not None:
            self.tell(f"{event[1]}: {event[2]} resources")


class _Alarm:
    """Ends the CLI when it has said nothing for long: its waiting for something that never comes has no end of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._heard = time.monotonic()
        self._over = threading.Event()
        self.has_rung = False
        threading.Thread(target=self._wait, name="cdk-alarm", daemon=True).start()

    def put_off(self) -> None:
        """It has said something."""
        self._heard = time.monotonic()

    def cancel(self) -> None:
        """It has ended."""
        self._over.set()

    def _wait(self) -> None:
        while not self._over.wait(max(self._heard + LONGEST_SILENCE - time.monotonic(), 0.01)):
            if time.monotonic() - self._heard >= LONGEST_SILENCE:
                self.has_rung = True
                _kill(self._process)
                return


def _started(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - the program that was found, and its own arguments
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def _end(process: subprocess.Popen[str]) -> None:
    """Ends the CLI and everything that it started."""
    if process.poll() is None:
        _kill(process)
        process.wait()


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
