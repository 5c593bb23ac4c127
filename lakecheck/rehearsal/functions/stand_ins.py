"""What is done where a custom resource's function is not Python but what it does is known: the CDK's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakecheck.rehearsal.adapters.model import Resource
    from lakecheck.rehearsal.functions.emulated import Functions

StandIn = Callable[["Functions", "Resource", dict[str, Any]], tuple[str, Mapping[str, Any], str]]
"""Does a request's work: physical id, attributes, and what was not as in AWS."""


def stand_in_of(resource: Resource, deployed: Any) -> StandIn | None:
    """What stands in for a function; None where the function itself is to be run."""
    del resource, deployed
    return None
