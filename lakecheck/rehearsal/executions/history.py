"""An execution's history as GetExecutionHistory tells it, made of the interpreter's events.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html. What happens in the iterations of a distributed map
is in no history of AWS's either: they are executions of their own, which this emulator does not list.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.rehearsal.states import Event

_LONGEST: Final = 262144


def states_of(definition: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """All states of a definition by name, those inside maps and branches too."""
    found: dict[str, dict[str, Any]] = {}
    for name, state in definition.get("States", {}).items():
        found[name] = state
        for inner in [state.get("ItemProcessor", {}), *state.get("Branches", [])]:
            found.update(states_of(inner))
    return found


class History:
    """The events of one execution, each told as it happens.

    Args:
        states: The definition's states by name.
        events: Where they are kept.
    """

    def __init__(self, states: Mapping[str, Mapping[str, Any]], events: list[dict[str, Any]]) -> None:
        self._states = states
        self.events = events

    def began(self, given: str, role: str, seconds: float) -> None:
        """The execution has begun."""
        details = {"input": given, "inputDetails": {"truncated": False}, "roleArn": role}
        self._add("ExecutionStarted", seconds, executionStarted=details)

    def ended(self, status: str, seconds: float, *, output: str | None = None, error: str | None = None, cause: str | None = None) -> None:
        """The execution has ended."""
        kind = {"SUCCEEDED": "Succeeded", "FAILED": "Failed", "TIMED_OUT": "TimedOut", "ABORTED": "Aborted"}[status]
        why = {name: value for name, value in (("error", error), ("cause", cause)) if value is not None}
        told = {"output": output, "outputDetails": {"truncated": False}} if status == "SUCCEEDED" else why
        self._add(f"Execution{kind}", seconds, **{f"execution{kind}": told})

    def tell(self, event: Event) -> None:
        """One of the interpreter's events."""
        if self._is_childs(event):
            return
        state = self._states.get(event.state, {})
        kind = str(state.get("Type", "Task"))
        match event.kind:
            case "entered":
                details = {"name": event.state, "input": _text(event.detail), "inputDetails": {"truncated": False}}
                self._add(f"{kind}StateEntered", event.time, stateEntered=details)
            case "exited":
                details = {"name": event.state, "output": _text(event.detail), "outputDetails": {"truncated": False}}
                self._add(f"{kind}StateExited", event.time, stateExited=details)
            case "called" if kind == "Task":
                self._called(event, str(state.get("Resource", "")))
            case "failed" if kind == "Task":
                resource = self._resource(str(state.get("Resource", "")))
                self._add(
                    "TaskFailed", event.time, taskFailed={**resource, "error": event.error, "cause": str(event.detail or "")[:_LONGEST]}
                )

    def _called(self, event: Event, resource: str) -> None:
        named = self._resource(resource)
        self._add("TaskScheduled", event.time, taskScheduled={**named, "region": "", "parameters": _text(event.detail)})
        self._add("TaskStarted", event.time, taskStarted=named)
        if event.error is None:
            self._add("TaskSucceeded", event.time, taskSucceeded=named)

    def _resource(self, arn: str) -> dict[str, str]:
        service, _, action = arn.partition(":::")[2].rpartition(":")
        return {"resourceType": service, "resource": action}

    def _is_childs(self, event: Event) -> bool:
        """Whether it happens in an iteration of a distributed map."""
        maps = [self._states.get(step.rpartition("[")[0], {}) for step in event.path]
        return any(one.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED" for one in maps)

    def _add(self, kind: str, seconds: float, **details: Any) -> None:
        number = len(self.events) + 1
        told = {f"{name}EventDetails": value for name, value in details.items()}
        moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
        self.events.append({"timestamp": moment, "type": kind, "id": number, "previousEventId": number - 1, **told})


def _text(value: Any) -> str:
    return json.dumps(value)[:_LONGEST]
