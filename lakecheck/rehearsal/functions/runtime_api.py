"""The Runtime API of one function's process, on loopback: what the process is to do next, and what came of it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import queue
import threading
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

_PREFIX: Final = "/2018-06-01/runtime/"
_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """One call of a function.

    Attributes:
        payload: The event, as it was sent.
        arn: By which ARN it was called.
        deadline: When the function has to have ended, in milliseconds since 1970.
        client_context: What the caller sent along, as JSON; empty for nothing.
        id: The request's id.
    """

    payload: bytes
    arn: str
    deadline: int
    client_context: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of a call.

    Attributes:
        payload: What the function returned, or the error, as JSON.
        error: Empty for success, else what the header `X-Amz-Function-Error` says: `Unhandled`.
        is_over: Whether the process cannot be used again.
    """

    payload: bytes
    error: str = ""
    is_over: bool = False

    @classmethod
    def failed(cls, kind: str, message: str, *, is_over: bool = True) -> Outcome:
        """An error that the service gives, not the function."""
        return cls(payload=json.dumps({"errorType": kind, "errorMessage": message}).encode(), error="Unhandled", is_over=is_over)


class RuntimeApi:
    """Serves one process until it is closed."""

    def __init__(self) -> None:
        self._next: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[tuple[str, Outcome]] = queue.SimpleQueue()
        self.asked = threading.Event()
        """Set once the process has asked for work, so its module has been imported, or has told that it cannot be."""
        self.init_error: Outcome | None = None
        self._server = _Server(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": _POLL_SECONDS}, daemon=True).start()

    @property
    def address(self) -> str:
        """What AWS_LAMBDA_RUNTIME_API says."""
        return f"127.0.0.1:{self._server.server_port}"

    def give(self, invocation: Invocation) -> None:
        """Lets the process have a call."""
        self._next.put(invocation)

    def outcome(self, invocation: Invocation, seconds: float) -> Outcome | None:
        """What came of a call; None if nothing came within a time."""
        try:
            identity, outcome = self._outcomes.get(timeout=max(seconds, 0))
        except queue.Empty:
            return None
        return outcome if identity == invocation.id else None

    def close(self) -> None:
        """Ends."""
        self._next.put(None)
        self._server.shutdown()
        self._server.server_close()

    def waited(self) -> Invocation | None:
        """The next call; None once this is closed."""
        self.asked.set()
        return self._next.get()

    def told(self, path: list[str], body: bytes) -> bool:
        """Takes what the process tells; whether it is something that a process tells."""
        match path:
            case ["init", "error"]:
                self.init_error = Outcome(payload=body, error="Unhandled", is_over=True)
                self.asked.set()
            case ["invocation", identity, "response"]:
                self._outcomes.put((identity, Outcome(payload=body)))
            case ["invocation", identity, "error"]:
                self._outcomes.put((identity, Outcome(payload=body, error="Unhandled")))
            case _:
                return False
        return True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                if self.path != f"{_PREFIX}invocation/next":
                    self._answer(404, b"{}")
                    return
                invocation = api.waited()
                if invocation is None:
                    self.close_connection = True
                    return
                headers = {
                    "Lambda-Runtime-Aws-Request-Id": invocation.id,
                    "Lambda-Runtime-Deadline-Ms": str(invocation.deadline),
                    "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
                    "Lambda-Runtime-Trace-Id": f"Root=1-{invocation.id[:8]}-{invocation.id.replace('-', '')[8:]};Sampled=0",
                }
                if invocation.client_context:
                    headers["Lambda-Runtime-Client-Context"] = invocation.client_context
                self._answer(200, invocation.payload, headers)

            def do_POST(self) -> None:
                body = received(self)
                is_known = self.path.startswith(_PREFIX) and api.told(self.path.removeprefix(_PREFIX).split("/"), body)
                self._answer(202 if is_known else 404, b'{"status":"OK"}' if is_known else b"{}")

            def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
                answer(self, status, body, headers)

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_arguments: Any) -> None:
        """A process that was killed leaves its connection; that is no fault."""


def received(request: BaseHTTPRequestHandler) -> bytes:
    """A request's body, also where it comes in chunks, as the runtime client sends it."""
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    parts = []
    while size := int(request.rfile.readline().split(b";")[0], 16):
        parts.append(request.rfile.read(size))
        request.rfile.readline()
    while request.rfile.readline().strip():
        pass
    return b"".join(parts)


def answer(request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    """Answers a request."""
    request.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)
    request.wfile.flush()
