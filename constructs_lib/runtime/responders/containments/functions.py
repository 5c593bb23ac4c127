"""A Lambda function that does what it should not: no invocation of it begins any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..access import ChangedSinceError, Need, NothingToDoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..access import Target


class StoppedFunction:
    """The reserved concurrency of a function."""

    def look(self, target: Target) -> dict[str, Any]:
        """What is reserved for it, if anything."""
        reserved = _reserved(target)
        if reserved == 0:
            msg = f"{target.resource} is stopped already"
            raise NothingToDoError(msg)
        return {"reserved": reserved}

    def plan(self, target: Target, before: Mapping[str, Any]) -> str:
        """Says what it is instead of."""
        instead = "none" if before["reserved"] is None else before["reserved"]
        return (
            f"set the reserved concurrency of {target.resource} to 0, instead of {instead}: events for it wait, or are lost after a while"
        )

    def apply(self, target: Target, before: Mapping[str, Any]) -> dict[str, Any]:
        """Reserves nothing."""
        del before
        _client(target).put_function_concurrency(FunctionName=target.resource.name, ReservedConcurrentExecutions=0)
        return {"reserved": 0}

    def undo(self, target: Target, before: Mapping[str, Any]) -> str:
        """Gives back what was reserved, if nothing is now."""
        reserved, former = _reserved(target), before["reserved"]
        if reserved == former:
            return f"{target.resource} was as before already"
        if reserved != 0:
            msg = f"{target.resource} has a reserved concurrency of {reserved} since; it stays"
            raise ChangedSinceError(msg)
        if former is None:
            _client(target).delete_function_concurrency(FunctionName=target.resource.name)
        else:
            _client(target).put_function_concurrency(FunctionName=target.resource.name, ReservedConcurrentExecutions=former)
        return f"{target.resource} runs again"


def _client(target: Target) -> Any:
    arn = target.arn("lambda", f"function:{target.resource.name}", region=target.resource.region)
    needed = ("lambda:DeleteFunctionConcurrency", "lambda:GetFunctionConcurrency", "lambda:PutFunctionConcurrency")
    return target.client("lambda", Need(needed, [arn]))


def _reserved(target: Target) -> int | None:
    found = _client(target).get_function_concurrency(FunctionName=target.resource.name).get("ReservedConcurrentExecutions")
    return None if found is None else int(found)
