"""Lets calls of the emulator's APIs fail on demand, in each service's own protocol, and counts all calls.

What happens inside meets faults too: CloudFormation's own calls, and those of executions, go over the same APIs.
"""

from __future__ import annotations

import collections
import contextlib
import http
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.emulator.error_answers import answer
from lakecheck.rehearsal.emulator.fault_specs import FaultSpec, parsed
from lakecheck.rehearsal.emulator.operations import recognised
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakecheck.rehearsal.emulator.operations import Call


class Planned:
    """A fault that was asked for, and what became of it.

    Attributes:
        spec: What was asked for.
        seen: How many calls it is about came since it was set.
        hits: How many of them failed.
    """

    def __init__(self, spec: FaultSpec) -> None:
        self.spec = spec
        self.seen = self.hits = 0

    def takes(self, call: Call) -> bool:
        """Whether this call fails; counts it."""
        if not self.spec.is_about(call):
            return False
        self.seen += 1
        if self.seen <= self.spec.skip or (self.spec.count is not None and self.hits >= self.spec.count):
            return False
        self.hits += 1
        return True


class Faults:
    """Stands in front of the services and fails what it is told to.

    Args:
        services: The AWS APIs, a WSGI application.
    """

    def __init__(self, services: Any) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._planned: list[Planned] = []
        self._calls: collections.Counter[str] = collections.Counter()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answers one request, or fails it."""
        call = recognised(environ)
        fault = self._fault(call)
        if call is None or fault is None:
            return self._passed(environ, start_response)
        return self._failed(call, fault, environ, start_response)

    def control(self, path: str, body: Any) -> tuple[int, Any]:
        """What is asked below `/rehearsal/faults/`: `set` with a list of specs in place of all before, `clear`, `list`."""
        try:
            match path:
                case "set":
                    self.set(body)
                case "clear":
                    self.set([])
                case "list":
                    pass
                case _:
                    return http.HTTPStatus.NOT_FOUND, {"error": f"nothing at faults/{path}"}
        except DataLakeError as error:
            return http.HTTPStatus.BAD_REQUEST, {"error": str(error), "code": error.code}
        return http.HTTPStatus.OK, {"faults": self.told()}

    def set(self, specs: Sequence[str]) -> None:
        """Plans faults in place of all that were planned before. Of several about a call, the first that has calls left fails it."""
        if not isinstance(specs, list) or not all(isinstance(one, str) for one in specs):
            msg = f"faults are a list of texts, got {specs!r}"
            raise DataLakeError(msg, code="bad_fault")
        planned = [Planned(parsed(text)) for text in specs]
        with self._lock:
            self._planned = planned

    def told(self) -> list[dict[str, Any]]:
        """What is planned, and how often each was met."""
        with self._lock:
            return [{"fault": one.spec.text, "seen": one.seen, "hits": one.hits} for one in self._planned]

    def calls(self) -> dict[str, int]:
        """How often each operation was called since the start, failed calls too; a restored emulator counts on from its checkpoint."""
        with self._lock:
            return dict(sorted(self._calls.items()))

    def _fault(self, call: Call | None) -> FaultSpec | None:
        if call is None:
            return None
        with self._lock:
            self._calls[str(call)] += 1
            taken = None
            for one in self._planned:
                if taken is None and one.takes(call):
                    taken = one.spec
        return taken

    def _passed(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        done: Iterable[bytes] = self._services(environ, start_response)
        return done

    def _failed(self, call: Call, fault: FaultSpec, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        match fault.kind:
            case "slow":
                time.sleep(float(fault.value))
                return self._passed(environ, start_response)
            case "lost":
                _exhaust(self._passed(environ, lambda *_: None))
                _hang_up(environ)
            case "drop":
                _hang_up(environ)
        told = answer(call, fault.kind, fault.value)
        start_response(f"{told.status} {http.HTTPStatus(told.status).phrase}", list(told.headers.items()))
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [told.body]


def _exhaust(done: Iterable[bytes]) -> None:
    """Takes an answer to its end, since some of them work while they are read."""
    try:
        collections.deque(done, maxlen=0)
    finally:
        if (close := getattr(done, "close", None)) is not None:
            close()


def _hang_up(environ: dict[str, Any]) -> None:
    """Closes the connection without a word."""
    with contextlib.suppress(OSError):
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    msg = "a fault of the rehearsal"
    raise ConnectionAbortedError(msg)
