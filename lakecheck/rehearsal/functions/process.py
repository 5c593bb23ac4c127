"""One warm process of one function: its code unpacked, its surroundings as Lambda's, one call after the other.

What is not as in Lambda: the interpreter is this one, whatever version the runtime names; memory is not limited; `/tmp` is this machine's
(`tempfile` gets a folder of its own); loading the module may take a minute and does not count as the function's time.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import select
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import uuid
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakecheck.rehearsal.functions.runtime_api import Invocation, Outcome, RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG = logging.getLogger(__name__)
INIT_SECONDS: Final = 60.0
_LAUNCHER: Final = Path(__file__).with_name("launcher.py")
_TAIL_BYTES: Final = 4096
_SEEN_SECONDS: Final = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """What a process needs to know of a function.

    Attributes:
        arn: Without a qualifier.
        name: Its name.
        version: `$LATEST` or a number.
        handler: `module.function`.
        runtime: As it was deployed: `python3.13`.
        timeout: Seconds.
        memory: Megabytes; told to the function, not enforced.
        environment: Its own variables.
        role: ARN of its role.
        log_group: Where its events go.
        code: Its zip.
        digest: Of code and layers.
        layers: The zips of its layers, the first below the others.
        most: How many processes it may have at once.
    """

    arn: str
    name: str
    handler: str
    runtime: str
    timeout: float
    role: str
    code: bytes = field(repr=False)
    digest: str
    version: str = "$LATEST"
    memory: int = 128
    environment: Mapping[str, str] = field(default_factory=dict)
    log_group: str = ""
    layers: tuple[bytes, ...] = field(default=(), repr=False)
    most: int = 4

    @property
    def account(self) -> str:
        """Its account."""
        return self.arn.split(":")[4]

    @property
    def region(self) -> str:
        """Its Region."""
        return self.arn.split(":")[3]

    @property
    def key(self) -> tuple[object, ...]:
        """What a process is made for: with anything else here it has to be another one."""
        return (
            self.arn,
            self.version,
            self.digest,
            self.handler,
            self.runtime,
            self.memory,
            tuple(sorted(self.environment.items())),
            self.role,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Called:
    """What came of a call of a function.

    Attributes:
        outcome: What it returned.
        log: What it wrote while it ran, with the lines that Lambda adds.
        id: The request's id.
        stream: The log stream of the process.
    """

    outcome: Outcome
    log: str
    id: str
    stream: str

    @property
    def tail(self) -> str:
        """The last 4 KB of the log, as `LogResult` has them."""
        return self.log.encode()[-_TAIL_BYTES:].decode(errors="ignore")


class FunctionProcess:
    """One process.

    Args:
        function: What it runs.
        root: A folder where code may be unpacked.
        surroundings: Environment variables of the emulator: credentials, endpoint, Region.
        plain_client: Whether the runtime client's C++ part is left out, as where there is none for the platform.
    """

    def __init__(self, function: Function, root: Path, surroundings: Mapping[str, str], *, plain_client: bool = False) -> None:
        self.function = function
        self.stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{function.version}]{uuid.uuid4().hex}"
        self.is_usable = True
        self._api = RuntimeApi()
        self._output = bytearray()
        self._reading = threading.Lock()
        self._started = time.monotonic()
        folder = _unpacked(function, root)
        self._folder = folder
        alive, self._alive = os.pipe()
        temporary = tempfile.mkdtemp(dir=root, prefix="tmp-")
        given = {
            "handler": function.handler,
            "alive": alive,
            "root": str(root),
            "path": [
                str(folder / "task"),
                *_layer_paths(folder / "opt"),
                *filter(None, function.environment.get("PYTHONPATH", "").split(":")),
            ],
            "layers": str(folder / "opt"),
            "libraries": _libraries(),
            "plain_client": plain_client,
        }
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the interpreter that runs this, and a file of ours
                [sys.executable, "-I", "-S", "-X", "utf8", str(_LAUNCHER), json.dumps(given)],
                cwd=folder / "task",
                env=self._environment(surroundings, folder, temporary),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(alive,),
                start_new_session=True,
            )
        finally:
            os.close(alive)
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        self._pipe = self._process.stdout.fileno()
        os.set_blocking(self._pipe, False)
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def call(self, payload: bytes, *, arn: str = "", client_context: str = "", timeout: float | None = None) -> Called:
        """Calls the function.

        Args:
            payload: The event.
            arn: By which ARN it was called; the function's when left out.
            client_context: What the caller sent along, as JSON.
            timeout: Seconds; the function's when left out.
        """
        seconds = self.function.timeout if timeout is None else timeout
        init = self._loaded()
        begun = time.monotonic()
        deadline = int((time.time() + seconds) * 1000)
        invocation = Invocation(payload=payload, arn=arn or self.function.arn, deadline=deadline, client_context=client_context)
        self._note(f"START RequestId: {invocation.id} Version: {self.function.version}\n")
        outcome = init or self._done(invocation, begun, seconds)
        self._drain()
        took, memory = (time.monotonic() - begun) * 1000, self.function.memory
        if outcome.is_over:
            self._note(f"{invocation.id} {json.loads(outcome.payload)['errorMessage']}\n")
        self._note(
            f"END RequestId: {invocation.id}\nREPORT RequestId: {invocation.id}\tDuration: {took:.2f} ms\tMemory Size: {memory} MB\n"
        )
        if outcome.is_over:
            self.end()
        return Called(outcome=outcome, log=self._taken(), id=invocation.id, stream=self.stream)

    def end(self) -> None:
        """Ends the process and whatever it started."""
        if not self.is_usable:
            return
        self.is_usable = False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._alive)
        self._api.close()

    def _loaded(self) -> Outcome | None:
        """Waits until the module is loaded; the error, if it cannot be."""
        limit = self._started + INIT_SECONDS
        while not self._api.asked.wait(_SEEN_SECONDS):
            if self._process.poll() is not None and not self._api.asked.is_set():
                return self._exited("")
            if time.monotonic() > limit:
                return Outcome.failed("Sandbox.Timedout", f"Init phase timed out after {INIT_SECONDS:.0f} seconds")
        return self._api.init_error

    def _done(self, invocation: Invocation, begun: float, seconds: float) -> Outcome:
        self._api.give(invocation)
        while True:
            left = begun + seconds - time.monotonic()
            outcome = self._api.outcome(invocation, min(left, _SEEN_SECONDS))
            if outcome is not None:
                return outcome
            if left <= 0:
                return Outcome.failed("Sandbox.Timedout", f"RequestId: {invocation.id} Error: Task timed out after {seconds:.2f} seconds")
            if self._process.poll() is not None:
                return self._api.outcome(invocation, 0) or self._exited(invocation.id)

    def _exited(self, identity: str) -> Outcome:
        code = self._process.wait()
        how = f"exit status {code}" if code >= 0 else f"signal: {signal.Signals(-code).name}"
        return Outcome.failed("Runtime.ExitError", f"RequestId: {identity} Error: Runtime exited with error: {how}")

    def _environment(self, surroundings: Mapping[str, str], folder: Path, temporary: str) -> dict[str, str]:
        function = self.function
        own = {name: value for name, value in function.environment.items() if not name.startswith("AWS_ENDPOINT_URL")}
        return {
            **own,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(folder / "opt" / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]),
            "LANG": "en_US.UTF-8",
            "TZ": own.get("TZ", ":UTC"),
            "HOME": temporary,
            "TMPDIR": temporary,
            "LAMBDA_TASK_ROOT": str(folder / "task"),
            "LAMBDA_RUNTIME_DIR": str(_LAUNCHER.parent),
            "LD_LIBRARY_PATH": f"{folder / 'task' / 'lib'}:{folder / 'opt' / 'lib'}",
            "_HANDLER": function.handler,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.stream,
            **surroundings,
        }

    def _read(self) -> None:
        """Takes what the process writes, so that it never waits for a full pipe."""
        while self._drain():
            select.select([self._pipe], [], [], 1.0)

    def _drain(self) -> bool:
        """Takes what there is; whether there can be more."""
        with self._reading:
            while True:
                try:
                    part = os.read(self._pipe, 65536)
                except BlockingIOError:
                    return True
                except OSError:
                    return False
                if not part:
                    return False
                self._output += part

    def _note(self, text: str) -> None:
        with self._reading:
            self._output += text.encode()

    def _taken(self) -> str:
        with self._reading:
            text = self._output.decode(errors="replace").replace("\r", "\n")
            self._output.clear()
        return text


def _unpacked(function: Function, root: Path) -> Path:
    """Where a function's code and layers are, unpacked once for all its processes."""
    folder = root / function.digest
    if not folder.exists():
        making = Path(tempfile.mkdtemp(dir=root, prefix="new-"))
        for name, archives in (("task", (function.code,)), ("opt", function.layers)):
            (making / name).mkdir()
            for archive in archives:
                _unzip(archive, making / name)
        try:
            making.rename(folder)
        except OSError:  # another process of the same function was faster
            if not folder.exists():
                raise
    return folder


def _unzip(archive: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for item in opened.infolist():
            made = Path(opened.extract(item, folder))
            mode = (item.external_attr >> 16) & 0o777
            if mode and not item.is_dir():
                made.chmod(mode | 0o600)


def _layer_paths(opt: Path) -> list[str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html."""
    sites = sorted(opt.glob("python/lib/python3.*/site-packages"))
    return [str(each) for each in [opt / "python", *sites] if each.is_dir()]


def _libraries() -> list[str]:
    standard = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    return [each for each in sys.path if each and each not in standard and Path(each).is_dir()]
