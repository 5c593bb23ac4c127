"""One visit to a state: what it was given, which variables it sees."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.states.model import DefinitionError, Failed
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Mapping


class Scope:
    """Variables, and those around them: an inline map or a branch sees the outer ones and cannot assign to them.

    https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """

    def __init__(self, outer: Scope | None = None) -> None:
        self._outer = outer
        self._own: dict[str, Any] = {}

    def visible(self) -> dict[str, Any]:
        """All variables that can be read, by name."""
        return {**(self._outer.visible() if self._outer else {}), **self._own}

    def assign(self, values: Mapping[str, Any]) -> None:
        """Sets variables.

        Raises:
            DefinitionError: If one is an outer scope's.
        """
        taken = sorted(set(values) & set(self._outer.visible())) if self._outer else []
        if taken:
            message = f"got an assignment to {', '.join(taken)} of an outer scope; an inner one needs names of its own"
            raise DefinitionError(message)
        self._own.update(values)


@dataclass(kw_only=True)
class Visit:
    """One visit to a state.

    Attributes:
        context: What `$states.context` is.
        path: The iterations that it happens in.
        result: What `$states.result` is, once there is one.
        attempt: How often the state was retried.
    """

    name: str
    state: dict[str, Any]
    input: Any
    scope: Scope
    context: dict[str, Any]
    path: tuple[str, ...] = ()
    result: Any = None
    has_result: bool = False
    attempt: int = 0

    def states(self, **more: Any) -> dict[str, Any]:
        """What `$states` is."""
        found = {"input": self.input, "context": self.context, **more}
        return {**found, "result": self.result} if self.has_result else found


def sized(value: Any) -> Any:
    """The value, unless Step Functions would not take it along.

    Raises:
        Failed: `States.DataLimitExceeded`.
    """
    quota = limit(Quota.STATE_PAYLOAD_BYTES)
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    if size > quota.value:
        raise Failed("States.DataLimitExceeded", f"got {size} bytes; {quota}")
    return value
