"""Small state machines, and services that tests steer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lakecheck.rehearsal.states import ServiceError

TASK = "arn:aws:states:::test:work"


def machine(states: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A JSONata machine that starts at its first state."""
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **more}


def task(**more: Any) -> dict[str, Any]:
    """A task that ends the machine unless it goes on."""
    return {"Type": "Task", "Resource": TASK, **({} if "Next" in more else {"End": True}), **more}


class Scripted:
    """Answers calls in turn: a result, an error, a function of the arguments, or a generator function for what takes time."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, str, Any, bool]] = []

    def call(self, service: str, action: str, arguments: Any, *, sync: bool) -> Any:
        """Notes the call; the last answer goes on for ever."""
        self.calls.append((service, action, arguments, sync))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(arguments) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]


def fails(error: str) -> ServiceError:
    """What a service refuses with."""
    return ServiceError(error, "as told")
