"""The CDK CLI against the emulator: found, called with nothing of this machine's AWS settings, its progress told, its end judged."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakecheck.progress import Tell

_EVENT: Final = re.compile(r"^(\S+) \|\s*(\d+/\d+|\d+) \|")
_TAIL: Final = 25
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
        msg = "found no CDK CLI beside this Python or on the PATH; install it: npm install --global aws-cdk@2"
        raise DataLakeError(msg, code="no_cdk")
    return found


def clean_environment() -> dict[str, str]:
    """This process's environment without any setting that could lead out of the machine."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_DROPPED)}
    return {**kept, "NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1"}


class Toolkit:
    """Calls the CDK CLI.

    Args:
        folder: Where it works; it must hold no cdk.json.
        environment: Credentials of the account that deploys, and the emulator's endpoint.
        tell: Is told what goes on.
        cli: The program; the one that `find_cli` finds when left out.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], tell: Tell, *, cli: str | None = None) -> None:
        self._folder = folder
        self._cli = find_cli() if cli is None else cli
        self._tell = tell
        self._environment = {
            **clean_environment(),
            **environment,
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
        try:
            for line in process.stdout or ():
                lines.append(line)
                self._follow(line)
            code = process.wait()
        except BaseException:
            _end(process)
            raise
        return Ended(exit_code=code, output="".join(lines))

    def _follow(self, line: str) -> None:
        event = _EVENT.match(line)
        if event is not None:
            self._tell(f"{event[1]}: {event[2]} resources")


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
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
