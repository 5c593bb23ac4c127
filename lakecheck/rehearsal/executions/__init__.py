"""Runs state machines, jobs and the targets of events in the emulator, each as the deployed resources say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakecheck.rehearsal.adapters.model import Clients


def install(clients: Clients, endpoint: str) -> None:
    """Lets the emulator of this process run what StartExecution, StartJobRun and events start."""
    del clients, endpoint
