"""Runs the states of a machine one after the other; maps and parallel branches are in `iteration.py`.

Everything here is a generator of events: who drives it decides what happens between two of them.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.states import iteration
from lakecheck.rehearsal.states.definition import integration
from lakecheck.rehearsal.states.failures import TIMEOUT, Retries, catcher
from lakecheck.rehearsal.states.model import Event, Failed, ServiceError
from lakecheck.rehearsal.states.queries import QUERY_FAILED, Queries
from lakecheck.rehearsal.states.visit import Visit, sized

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from lakecheck.rehearsal.states.model import Failure, Services, VirtualClock
    from lakecheck.rehearsal.states.visit import Scope

    Steps = Generator[Event, None, Any]


@dataclass
class Interpreter:
    """One execution's means."""

    services: Services
    clock: VirtualClock
    rng: random.Random
    failures: Sequence[Failure]
    calls: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.queries = Queries(self.clock, self.rng)

    def machine(
        self,
        machine: dict[str, Any],
        given: Any,
        scope: Scope,
        context: dict[str, Any],
        path: tuple[str, ...] = (),
        *,
        start_at: str | None = None,
    ) -> Steps:
        """Runs a machine, a branch or an iteration to its end and returns its output.

        Args:
            machine: Its states.
            given: Input of the first one.
            scope: Its variables.
            context: The context object.
            path: The iterations that it is.
            start_at: Where to begin; its own start when left out.

        Raises:
            Failed: If a state fails and nothing catches it.
        """
        name: str | None = machine["StartAt"] if start_at is None else start_at
        while name is not None:
            here = {**context, "State": {"Name": name, "EnteredTime": self.clock.iso, "RetryCount": 0}}
            visit = Visit(name=name, state=machine["States"][name], input=given, scope=scope, context=here, path=path)
            yield self.event("entered", visit, detail=given)
            name, given = yield from self._state(visit)
            yield self.event("exited", visit, detail=given)
        return given

    def event(self, kind: str, visit: Visit, **more: Any) -> Event:
        """An event of this moment."""
        return Event(kind=kind, state=visit.name, time=self.clock.seconds, path=visit.path, attempt=visit.attempt, **more)

    def evaluate(self, template: Any, visit: Visit, **more: Any) -> Any:
        """A template's value for a visit."""
        return self.queries.evaluate(template, visit.scope.visible(), visit.states(**more))

    def sleep(self, seconds: float, visit: Visit) -> Steps:
        """Waits on the clock."""
        until = self.clock.seconds + seconds
        while self.clock.seconds < until:
            yield self.event("waiting", visit, until=until)

    def _state(self, visit: Visit) -> Generator[Event, None, tuple[str | None, Any]]:
        match visit.state["Type"]:
            case "Choice":
                return self._choice(visit)
            case "Fail":
                error = self.evaluate(visit.state.get("Error", "States.Failed"), visit)
                raise Failed(error, self.evaluate(visit.state.get("Cause", ""), visit))
            case "Wait":
                yield from self.sleep(self._seconds(visit), visit)
            case "Task" | "Map" | "Parallel":
                return (yield from self._handled(visit))
        return self._leave(visit, visit.state, default=visit.input)

    def _leave(self, visit: Visit, rule: dict[str, Any], *, default: Any, **more: Any) -> tuple[str | None, Any]:
        """Output and variables by a state, a choice or a catcher; both are made of what was there before."""
        output = self.evaluate(rule["Output"], visit, **more) if "Output" in rule else default
        assigned = self.evaluate(rule.get("Assign", {}), visit, **more)
        visit.scope.assign(assigned)
        return rule.get("Next"), sized(output)

    def _choice(self, visit: Visit) -> tuple[str | None, Any]:
        for rule in visit.state["Choices"]:
            holds = self.evaluate(rule["Condition"], visit)
            if not isinstance(holds, bool):
                raise Failed(QUERY_FAILED, f"the condition {rule['Condition']} is no boolean")
            if holds:
                return self._leave(visit, rule, default=visit.input)
        if "Default" not in visit.state:
            raise Failed("States.NoChoiceMatched", f"no rule of {visit.name} holds, and it has no Default")
        name = visit.state["Default"]
        return self._leave(visit, {**visit.state, "Next": name}, default=visit.input)

    def _seconds(self, visit: Visit) -> float:
        if "Seconds" in visit.state:
            return float(self.evaluate(visit.state["Seconds"], visit))
        moment = dt.datetime.fromisoformat(self.evaluate(visit.state["Timestamp"], visit))
        return max(0.0, moment.timestamp() - self.clock.seconds)

    def _handled(self, visit: Visit) -> Generator[Event, None, tuple[str | None, Any]]:
        """A state that can be retried and caught."""
        retries = Retries(visit.state.get("Retry", []), self.rng)
        while True:
            visit.has_result = False
            try:
                visit.result = yield from self._attempt(visit)
                visit.has_result = True
                return self._leave(visit, visit.state, default=visit.result)
            except Failed as failure:
                yield self.event("failed", visit, error=failure.error, detail=failure.cause)
                delay = retries.delay(failure.error)
                if delay is None:
                    return self._caught(visit, failure)
                yield from self.sleep(delay, visit)
                visit.attempt += 1
                visit.context["State"]["RetryCount"] = visit.attempt

    def _caught(self, visit: Visit, failure: Failed) -> tuple[str | None, Any]:
        rule = catcher(visit.state.get("Catch", []), failure.error)
        if rule is None:
            raise failure
        visit.has_result = False
        told = {"Error": failure.error, "Cause": failure.cause}
        return self._leave(visit, rule, default=told, errorOutput=told)

    def _attempt(self, visit: Visit) -> Steps:
        match visit.state["Type"]:
            case "Map":
                return (yield from iteration.run_map(self, visit))
            case "Parallel":
                return (yield from iteration.run_parallel(self, visit))
        return (yield from self._task(visit))

    def _task(self, visit: Visit) -> Steps:
        arguments = sized(self.evaluate(visit.state.get("Arguments", visit.input), visit))
        seconds = self.evaluate(visit.state["TimeoutSeconds"], visit) if "TimeoutSeconds" in visit.state else None
        deadline = None if seconds is None else self.clock.seconds + seconds
        call = integration(visit.state["Resource"])
        result = yield from self.called(visit, call.service, call.action, arguments, sync=call.sync, deadline=deadline)
        return sized(result)

    def called(
        self, visit: Visit, service: str, action: str, arguments: Any, *, sync: bool = False, deadline: float | None = None
    ) -> Steps:
        """A service's answer.

        Raises:
            Failed: If it refuses, a failure is planned, or the deadline is over.
        """
        self.calls[visit.name] += 1
        planned = next((one for one in self.failures if one.hits(visit.name, self.calls[visit.name])), None)
        error: Failed | None = None
        result: Any = None
        if planned is None or planned.after:
            try:
                answer = self.services.call(service, action, json.loads(json.dumps(arguments)), sync=sync)
                result = (yield from self._working(visit, answer, deadline)) if isinstance(answer, Generator) else answer
            except Failed as failure:
                error = failure
        if planned is not None and error is None:
            error = ServiceError(planned.error, planned.cause)
        yield self.event("called", visit, error=error.error if error else None, detail=arguments)
        if error is not None:
            raise error
        return json.loads(json.dumps(result))

    def _working(self, visit: Visit, work: Generator[float, None, Any], deadline: float | None) -> Steps:
        """A call that takes time, stopped when its task's time is over."""
        try:
            while True:
                try:
                    seconds = next(work)
                except StopIteration as done:
                    return done.value
                yield self.event("working", visit)
                until = self.clock.seconds + seconds
                while self.clock.seconds < until and (deadline is None or self.clock.seconds < deadline):
                    yield self.event("waiting", visit, until=until if deadline is None else min(until, deadline))
                if deadline is not None and self.clock.seconds >= deadline:
                    raise Failed(TIMEOUT, "the task took longer than its TimeoutSeconds")
        finally:
            work.close()
