"""The emulator's process: moto's APIs with what is ours in them, on loopback alone, until it is told to end."""

from __future__ import annotations

import argparse
import json
import logging
import os
import warnings
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.emulator.checkpoint import Checkpoints, Gate, TakeOverError, renew_process
from lakecheck.rehearsal.emulator.lifeline import Lifeline
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lakecheck.rehearsal.emulator.faults import Faults

    Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

NAME: Final = "governed-lake"
"""How an emulator of ours is known to one that finds its port taken."""
HOST: Final = "127.0.0.1"
_TICK: Final = 0.05
CONTROL: Final = "/rehearsal/"
"""What begins with this is no AWS API: health, stacks, faults."""


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until it is ended; prints `ready <port>` once it answers."""
    parser = argparse.ArgumentParser(prog="python -m lakecheck.rehearsal.emulator", description="Emulates AWS on loopback.")
    parser.add_argument("--port", type=int, default=0, help="a free one when left out")
    parser.add_argument("--lifeline", action="store_true", help="end, with all children, when standard input ends")
    arguments = parser.parse_args(argv)
    lifeline = Lifeline() if arguments.lifeline else None
    if lifeline is not None:
        lifeline.watch()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("werkzeug", "botocore", "urllib3", "boto3", "s3transfer"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    warnings.simplefilter("ignore")
    serve(arguments.port, lifeline)
    return 0


def serve(port: int, lifeline: Lifeline | None = None) -> None:
    """Serves on a port of loopback; a free one for 0."""
    late = LateApplication()
    server = _server(port, late)
    os.environ["MOTO_PORT"] = str(server.server_port)
    late.application = front = application(f"http://localhost:{server.server_port}", lifeline)
    while True:
        if lifeline is None:
            print(f"ready {server.server_port}", flush=True)
        else:
            lifeline.announce(server.server_port)
            server.service_actions = front.checkpoints.tick
        try:
            server.serve_forever(poll_interval=_TICK)
        except TakeOverError:
            assert lifeline is not None  # noqa: S101 - without one nobody makes checkpoints
            server = _restored(server.server_port, front, lifeline)
        else:
            return


def _restored(port: int, front: Front, lifeline: Lifeline) -> Any:
    """The server of a copy that takes over."""
    try:
        renew_process()
        lifeline.watch()
        server = _server(port, front)
        front.renew()
    except BaseException:
        lifeline.announce_failure()
        raise
    return server


def _server(port: int, served: Wsgi) -> Any:
    from moto.moto_server.werkzeug_app import MotoRequestHandler  # noqa: PLC0415 - an extra brings it
    from werkzeug.serving import make_server  # noqa: PLC0415

    return make_server(HOST, port, served, threaded=True, request_handler=MotoRequestHandler)


class LateApplication:
    """An application that is only made once the port is known."""

    application: Wsgi

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answers."""
        return self.application(environ, start_response)


def application(endpoint: str, lifeline: Lifeline | None = None) -> Front:
    """The application: moto's with what is ours in it."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415

    from lakecheck.rehearsal.cloudformation import stacks  # noqa: PLC0415
    from lakecheck.rehearsal.emulator import repairs  # noqa: PLC0415
    from lakecheck.rehearsal.emulator.clients import EmulatorClients  # noqa: PLC0415
    from lakecheck.rehearsal.emulator.faults import Faults  # noqa: PLC0415

    clients = EmulatorClients(endpoint)
    repairs.install()
    surroundings = stacks.install(clients, custom=None)
    gate = Gate(DomainDispatcherApplication(create_backend_app))
    checkpoints = Checkpoints(gate, -1 if lifeline is None else lifeline.announcements)

    def begin() -> None:
        from lakecheck.rehearsal import executions, functions  # noqa: PLC0415 - an extra brings the emulator

        clients.forget()
        surroundings.custom = functions.install(clients, endpoint)
        executions.install(clients, endpoint)

    begin()
    return Front(Faults(gate), gate, checkpoints, begin)


class Front:
    """Answers what is asked of the rehearsal itself, and leaves the rest to the services.

    Args:
        services: The AWS APIs, with what makes them fail.
        gate: What counts the requests that are inside them.
        checkpoints: Makes checkpoints of this process.
        begin: Starts what has threads and processes of its own.
    """

    def __init__(self, services: Faults, gate: Gate, checkpoints: Checkpoints, begin: Callable[[], None]) -> None:
        self._services = services
        self._gate = gate
        self.checkpoints = checkpoints
        self._begin = begin

    def renew(self) -> None:
        """Starts anew in a copy of the process what the copy lacks, and ends what nobody drives any more."""
        from lakecheck.rehearsal import executions  # noqa: PLC0415 - an extra brings the emulator

        self._gate.renew()
        self.checkpoints.renew()
        self._begin()
        executions.abort_running()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answers one request."""
        path = str(environ.get("PATH_INFO", ""))
        if not path.startswith(CONTROL):
            return self._services(environ, start_response)
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = json.loads(environ["wsgi.input"].read(size)) if size else None
        return _answer(start_response, *self.control(path.removeprefix(CONTROL), body))

    def control(self, path: str, body: Any) -> tuple[int, Any]:  # noqa: PLR0911 - a table of paths
        """What the rehearsal asks of its emulator."""
        match path.split("/"):
            case ["health"]:
                return 200, {"emulator": NAME, "pid": os.getpid()}
            case ["stacks"]:
                return 200, {"stacks": list(told_stacks())}
            case ["calls"]:
                return 200, {"calls": self._services.calls()}
            case ["checkpoint"]:
                return self._checkpoint()
            case ["organization"]:
                from lakecheck.rehearsal.emulator.organization import found  # noqa: PLC0415 - an extra brings the emulator

                found(body)
                return 200, {}
            case ["faults", *rest]:
                return self._services.control("/".join(rest), body)
            case ["executions", *rest]:
                from lakecheck.rehearsal.executions.control import control  # noqa: PLC0415 - an extra brings the emulator

                return control("/".join(rest), body)
        return 404, {"error": f"nothing at {path}"}

    def _checkpoint(self) -> tuple[int, Any]:
        if not self.checkpoints.is_possible:
            return 409, {"error": "checkpoints need a parent that restores them; start the emulator with Emulator", "code": "no_parent"}
        try:
            return 200, {"pid": self.checkpoints.take()}
        except DataLakeError as error:
            return 409, {"error": str(error), "code": error.code}


def told_stacks() -> Iterable[dict[str, Any]]:
    """Every stack with its resources, their resolved properties, and who made each."""
    from moto.cloudformation import models  # noqa: PLC0415 - an extra brings it

    for account, regions in list(models.cloudformation_backends.items()):
        for region, backend in list(regions.items()):
            for stack in [*backend.stacks.values(), *backend.deleted_stacks.values()]:
                yield {
                    "account": account,
                    "region": region,
                    "name": stack.name,
                    "id": stack.stack_id,
                    "status": stack.status,
                    "reason": stack.stack_status_reason,
                    "protected": stack.enable_termination_protection,
                    "operations": stack.operations,
                    "tags": stack.tags,
                    "retained": [
                        {"logical_id": one.logical_id, "type": one.type, "physical_id": one.physical_id} for one in stack.resources.retained
                    ],
                    "resources": [
                        {
                            "logical_id": one.logical_id,
                            "type": one.type,
                            "physical_id": one.made.physical_id,
                            "by": one.made.by.value,
                            "properties": one.properties,
                            "path": (one.raw.get("Metadata") or {}).get("aws:cdk:path", ""),
                            "missing_attributes": one.missing_attributes,
                            "note": one.made.state if isinstance(one.made.state, str) else "",
                        }
                        for one in stack.resources.deployed.values()
                    ],
                }


def _answer(start_response: Any, status: int, body: Any) -> Iterable[bytes]:
    content = json.dumps(body, default=str).encode()
    start_response(f"{status} {HTTPStatus(status).phrase}", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
    return [content]
