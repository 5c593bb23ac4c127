"""Lets calls of the emulator's APIs fail on demand, in each service's own protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class Faults:
    """Stands in front of the services and fails what it is told to.

    Args:
        services: The AWS APIs, a WSGI application.
    """

    def __init__(self, services: Any) -> None:
        self._services = services

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answers one request, or fails it."""
        answer: Iterable[bytes] = self._services(environ, start_response)
        return answer

    def control(self, path: str, body: Any) -> tuple[int, Any]:
        """What is asked below `/rehearsal/faults/`."""
        del body
        return 404, {"error": f"nothing at faults/{path}"}
