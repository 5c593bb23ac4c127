"""Runs Lambda functions for real: AWS's own runtime client for Python, behind a small Runtime API on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakecheck.rehearsal.adapters.model import Clients
    from lakecheck.rehearsal.cloudformation.handlers import Handler


def install(clients: Clients, endpoint: str) -> Handler | None:
    """Lets the emulator of this process run functions, and returns what runs the handlers of custom resources."""
    from lakecheck.rehearsal.functions import emulated  # noqa: PLC0415 - an extra brings the emulator
    from lakecheck.rehearsal.functions.custom_resources import CustomResources  # noqa: PLC0415
    from lakecheck.rehearsal.functions.responses import Responses  # noqa: PLC0415

    responses = Responses()
    functions = emulated.Functions(clients, endpoint, responses.certificate)
    emulated.install(functions)
    return CustomResources(functions, responses)
