"""Starts the emulator as a process of its own, talks to it, kills it, and leaves nothing of it behind."""

from __future__ import annotations

import contextlib
import errno
import http.client
import importlib.metadata
import importlib.util
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import lakecheck
from lakecheck.rehearsal.emulator.clients import EmulatorClients
from lakecheck.rehearsal.emulator.server import HOST, NAME
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

MOTO: Final = "5.2.5"
"""The only version: this emulator reaches inside it."""
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 3.0
LEAST_FREE: Final = 500_000_000
"""Bytes: assets, Spark's scratch files and objects of a rehearsal need about this much."""
_INSTALL: Final = "pip install 'governed-lake[rehearsal]'"


class Emulator:
    """The emulator, from `start()` to `stop()`; best used with `with`.

    Args:
        port: Of loopback; a free one when left out.
        folder: Where its log is written; it must exist or be made.
        temporary: Where it and what it starts write what nobody keeps; this machine's place when left out.

    Attributes:
        port: Where it serves; 0 before it was started.
        clients: boto3's clients of any of its accounts.
        log: What it writes.
        keeper: The process that keeps the newest checkpoint; 0 without one.
    """

    clients: EmulatorClients

    def __init__(self, port: int = 0, *, folder: Path, temporary: Path | None = None) -> None:
        self.port = port
        self.log = folder / "emulator.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._serving = self.keeper = 0
        self._temporary = {} if temporary is None else {"TMPDIR": str(temporary)}
        self._received = b""
        self._lifeline = self._announcements = -1

    @property
    def endpoint(self) -> str:
        """Its address: by name, since the CDK CLI misreads one that begins with digits."""
        return f"http://localhost:{self.port}"

    def start(self) -> Self:
        """Starts it, and returns once it answers.

        Raises:
            DataLakeError: `no_moto`, `wrong_moto`, `no_disk`, `port_taken`, `emulator_died`.
        """
        check_installed()
        self._check_disk()
        if self.port:
            _check_port(self.port)
        try:
            self._launch()
            self._await_ready()
            self._identify()
        except BaseException:
            self.stop()
            raise
        self.clients = EmulatorClients(self.endpoint)
        return self

    def stop(self) -> None:
        """Ends it with everything that it started. May be called again."""
        process = self._process
        if process is None:
            return
        groups = {self._serving, self.keeper}
        try:
            os.close(self._lifeline)
            self._signal(signal.SIGTERM, groups)
            self._await_end(STOP_SECONDS)
        finally:
            self._signal(signal.SIGKILL, groups)
            process.wait()
            os.close(self._announcements)
            self._process = None
            self._serving = self.keeper = 0

    def wait(self) -> None:
        """Returns when it has ended by itself; Ctrl-C breaks off the wait, and nothing else."""
        with contextlib.suppress(KeyboardInterrupt):
            while self._serving and _answers(self.port):
                time.sleep(1.0)

    def checkpoint(self) -> None:
        """Keeps everything as it is now, for `restore`; an older checkpoint is given up.

        Raises:
            DataLakeError: `busy` when requests never ended for a minute, and as `control` does.
        """
        self.keeper = int(self.control("checkpoint", {})["pid"])

    def kill(self) -> None:
        """Kills the serving process, as a machine that fails: nothing of it ends in order. Calls are refused from now on."""
        self._signal(signal.SIGKILL, {self._serving})
        if self._process is not None and self._process.pid == self._serving:
            self._process.wait()
        deadline = time.monotonic() + STOP_SECONDS
        while _answers(self.port) and time.monotonic() < deadline:
            time.sleep(0.01)
        self._serving = 0

    def restore(self) -> None:
        """Lets the newest checkpoint serve on the same port. It can be restored again later.

        What came after the checkpoint is lost, credentials too, so take clients anew; executions that were running are aborted.

        Raises:
            DataLakeError: `no_checkpoint`, `not_killed`, `port_taken`, `emulator_died`.
        """
        if not self.keeper:
            raise DataLakeError("there is no checkpoint to restore; call checkpoint() before kill()", code="no_checkpoint")
        if self._serving:
            raise DataLakeError(f"the emulator on port {self.port} still serves; call kill() before restore()", code="not_killed")
        os.write(self._lifeline, b"r")
        self._await_ready()
        self._identify()
        self.clients.forget()

    def control(self, path: str, body: Any = None) -> Any:
        """Asks something below `/rehearsal/`: with GET, or with POST when there is a body.

        Raises:
            DataLakeError: `emulator_gone` when nobody answers, `emulator_refused`, or a code of its own, with what it said.
        """
        try:
            status, answer = _ask(self.port, path, body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            msg = f"the emulator on port {self.port} does not answer to {path} ({error}); its log: {self.log}{self._last_lines()}"
            raise DataLakeError(msg, code="emulator_gone") from error
        if status >= http.HTTPStatus.BAD_REQUEST:
            told = answer if isinstance(answer, dict) else {"error": answer}
            raise DataLakeError(str(told.get("error", told)), code=str(told.get("code", "emulator_refused")))
        return answer

    def __enter__(self) -> Self:
        """Starts it."""
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Ends it."""
        self.stop()

    def _check_disk(self) -> None:
        with self._disk():
            self.log.parent.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.log.parent).free
        if free < LEAST_FREE:
            least = LEAST_FREE // 1_000_000
            msg = f"{free // 1_000_000} MB are free in {self.log.parent}, a rehearsal needs {least}; make room or name another folder"
            raise DataLakeError(msg, code="no_disk")

    @contextlib.contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            msg = f"no space is left in {self.log.parent}; make room or name another folder"
            raise DataLakeError(msg, code="no_disk") from error

    def _launch(self) -> None:
        command = [sys.executable, "-P", "-m", "lakecheck.rehearsal.emulator", "--port", str(self.port), "--lifeline"]
        self._received = b""
        theirs_in, self._lifeline = os.pipe()
        self._announcements, theirs_out = os.pipe()
        try:
            with self._disk(), self.log.open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with our own module
                    command,
                    stdin=theirs_in,
                    stdout=theirs_out,
                    stderr=log,
                    cwd=self.log.parent,
                    env={**environment(), **self._temporary},
                    start_new_session=True,
                )
        except BaseException:
            os.close(self._lifeline)
            os.close(self._announcements)
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        self._serving = self._process.pid

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while b"\n" not in self._received:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._died(f"was not ready within {START_SECONDS:.0f} seconds")
            if not self._receive(left):
                raise self._died("ended before it was ready")
        line, _, self._received = self._received.partition(b"\n")
        if not line.startswith(b"ready "):
            raise self._died("could not serve again")
        self.port = int(line.removeprefix(b"ready "))

    def _receive(self, seconds: float) -> bool:
        """Reads what was announced; whether there is still somebody who could announce."""
        ready, _, _ = select.select([self._announcements], [], [], seconds)
        if not ready:
            return True
        read = os.read(self._announcements, 4096)
        self._received += read
        return bool(read)

    def _await_end(self, seconds: float) -> None:
        """Waits until every process that serves or keeps a checkpoint is gone: then the announcements end."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not self._receive(left):
                return

    def _identify(self) -> None:
        """Learns who serves: the name `localhost` must lead to this emulator, not to another program on the other loopback address."""
        (ours, _), (named, _) = _health(self.port), _health(self.port, host="localhost")
        if ours is None or ours != named:
            msg = f"localhost:{self.port} leads to another program than the emulator on {HOST}; end that program, or take another port"
            raise DataLakeError(msg, code="port_taken")
        self._serving = int(ours["pid"])

    def _signal(self, number: signal.Signals, groups: Iterable[int]) -> None:
        for group in groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses for a group of which all have ended
                if group:
                    os.killpg(group, number)

    def _died(self, how: str) -> DataLakeError:
        lines = self._last_lines()
        if "No space left on device" in lines:
            return DataLakeError(f"no space is left on the disk; make room, or name another folder than {self.log.parent}", code="no_disk")
        if "Address already in use" in lines:
            return _taken(self.port)
        return DataLakeError(f"the emulator {how}; its log: {self.log}{lines}", code="emulator_died")

    def _last_lines(self, most: int = 15) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-most:]
        except OSError:
            return ""
        return "".join(f"\n  {line}" for line in lines)


def environment() -> dict[str, str]:
    """The environment of the emulator: nothing of this machine's AWS configuration, no proxy, no settings of moto from outside."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_", "BOTO_")) and name != "TEST_SERVER_MODE"
    }
    package = str(Path(lakecheck.__file__).parents[1])
    paths = [path for path in (kept.get("PYTHONPATH"), package) if path]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(paths),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "NO_PROXY": "*",
        "no_proxy": "*",
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS ends forks of processes that have asked it for anything
    }


def check_installed() -> None:
    """Looks for moto.

    Raises:
        DataLakeError: `no_moto`, `wrong_moto`.
    """
    try:
        version = importlib.metadata.version("moto")
    except importlib.metadata.PackageNotFoundError:
        version = ""
    if not version or not all(map(importlib.util.find_spec, ("boto3", "flask", "flask_cors"))):
        raise DataLakeError(f"a rehearsal needs moto's server, which is not installed: {_INSTALL}", code="no_moto")
    if version != MOTO:
        msg = f"moto {version} is installed, a rehearsal needs exactly {MOTO}, because it reaches inside it: {_INSTALL}"
        raise DataLakeError(msg, code="wrong_moto")


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            msg = f"port {port} may not be used by this user; take one above 1023, or none for a free one"
            raise DataLakeError(msg, code="port_taken") from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise _taken(port) from error


def _taken(port: int) -> DataLakeError:
    found, answers = _health(port)
    if found is not None:
        pid = found.get("pid")
        msg = f"port {port} is taken by an emulator of an earlier rehearsal, process {pid}; end it with `kill {pid}`, or take another port"
    elif answers:
        msg = f"port {port} is taken by another HTTP server; end it, or take another port, or none for a free one"
    else:
        msg = f"port {port} is taken by another program; end it, or take another port, or none for a free one"
    return DataLakeError(msg, code="port_taken")


def _health(port: int, host: str = HOST) -> tuple[dict[str, Any] | None, bool]:
    """What an emulator of ours says of itself, None when it is none; and whether it speaks HTTP at all."""
    try:
        _, answer = _ask(port, "health", seconds=2, host=host)
    except ValueError:
        return None, True
    except (OSError, http.client.HTTPException):
        return None, False
    return (answer, True) if isinstance(answer, dict) and answer.get("emulator") == NAME else (None, True)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _ask(port: int, path: str, body: Any = None, *, seconds: float = 120, host: str = HOST) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    with contextlib.closing(connection):
        if body is None:
            connection.request("GET", f"/rehearsal/{path}")
        else:
            connection.request("POST", f"/rehearsal/{path}", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
