"""Runs inside a function's process: gives AWS's runtime client the surroundings that Lambda gives, and ends when the emulator does.

It is started as a file, by an interpreter without site-packages, and imports nothing but the standard library and `awslambdaric`:
a function sees its own code, its layers, and the libraries that Lambda's Python brings, so one that forgot to package a library fails
here as it fails there. It reaches this machine alone: a connection to anything else is refused, whoever makes it in Python.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
"""

from __future__ import annotations

import http.client
import importlib.machinery
import importlib.util
import ipaddress
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec

# What Lambda's Python has besides the standard library, and what the runtime client is made of.
BROUGHT = frozenset(
    (
        *("awslambdaric", "runtime_client", "snapshot_restore_py", "simplejson"),
        *("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"),
    )
)

_PYTHON = "/var/lang/bin/python"


def main() -> None:
    """Becomes the runtime of one function; the only argument is a JSON object, see `process`."""
    given = json.loads(sys.argv[1])
    _die_with(given["alive"], given["root"])
    sys.path[:0] = given["path"]
    sys.meta_path.append(BroughtLibraries(given["libraries"]))
    sys.addaudithook(_stay_here)
    _executables_of_layers(given["layers"])
    if given["plain_client"] or importlib.util.find_spec("runtime_client") is None:
        sys.modules["runtime_client"] = plain_client()
    from awslambdaric.__main__ import main as run  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        run(["awslambdaric", given["handler"]])
    finally:
        # The Runtime API may be gone a moment before the pipe is.
        if select.select([given["alive"]], [], [], 0.2)[0]:
            _end(given["root"])


class BroughtLibraries:
    """Finds what Lambda's Python brings among the libraries of this machine, and nothing else of them.

    Args:
        folders: Where this machine has libraries.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The module, if Lambda has it as well."""
        if path is not None or name not in BROUGHT:
            return None
        return importlib.machinery.PathFinder.find_spec(name, self._folders, target)


def _die_with(descriptor: int, root: str) -> None:
    """Ends this process and all that it started once nobody holds the other end of a pipe, which is the emulator's alone."""

    def watch() -> None:
        os.read(descriptor, 1)
        _end(root)

    threading.Thread(target=watch, daemon=True).start()


def _end(root: str) -> None:
    shutil.rmtree(root, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def _stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        msg = f"{host} is not on this machine, and a rehearsed function reaches nothing else"
        raise ConnectionRefusedError(msg)


def _is_here(host: Any) -> bool:
    text = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if text == "localhost" or text.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _executables_of_layers(folder: str) -> None:
    """Lets a program below /opt be started where the layers were unpacked, a Python program by this interpreter."""
    start = subprocess.Popen.__init__

    def __init__(self: Any, args: Any, *more: Any, **named: Any) -> None:  # noqa: N807 - it takes the place of one
        if isinstance(args, (list, tuple)) and args:
            args = [*_program(folder, str(args[0])), *args[1:]]
        start(self, args, *more, **named)

    subprocess.Popen.__init__ = __init__  # type: ignore[method-assign]


def _program(folder: str, name: str) -> list[str]:
    """How a program is started that has a place in Lambda."""
    if name.startswith(_PYTHON):
        return [sys.executable]
    if not name.startswith("/opt/"):
        return [name]
    path = Path(folder, name.removeprefix("/opt/"))
    try:
        with path.open("rb") as program:
            first = program.readline()
    except OSError:
        first = b""
    return [sys.executable, str(path)] if first.startswith(b"#!" + _PYTHON.encode()) else [str(path)]


def plain_client() -> types.ModuleType:
    """What `awslambdaric` has in C++ on Linux alone: the module that speaks with the Runtime API."""
    address = os.environ["AWS_LAMBDA_RUNTIME_API"]

    def asked(method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[bytes, dict[str, str]]:
        connection = http.client.HTTPConnection(address)
        try:
            connection.request(method, f"/2018-06-01/runtime/{path}", body, headers or {})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            msg = f"the Runtime API answered {answer.status} to {path}"
            raise RuntimeError(msg)
        return content, dict(answer.headers)

    def post_invocation_result(invoke_id: str, data: bytes, content_type: str, _invocation_id: str | None = None) -> None:
        asked("POST", f"invocation/{invoke_id}/response", data, {"Content-Type": content_type})

    def post_error(invoke_id: str, data: str, xray_fault: str, _invocation_id: str | None = None) -> None:
        headers = {"Lambda-Runtime-Function-Error-Type": "Unhandled", "Lambda-Runtime-Function-XRay-Error-Cause": xray_fault}
        asked("POST", f"invocation/{invoke_id}/error", data.encode(), headers)

    module: Any = types.ModuleType("runtime_client")
    module.initialize_client = lambda _agent: None
    module.next = lambda: asked("GET", "invocation/next")
    module.post_invocation_result = post_invocation_result
    module.post_error = post_error
    return module  # type: ignore[no-any-return]


if __name__ == "__main__":
    main()
