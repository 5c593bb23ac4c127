"""Map and Parallel: several machines at once, each advanced by one event in turn.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

import uuid
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.states import datasets
from lakecheck.rehearsal.states.datasets import Child
from lakecheck.rehearsal.states.definition import is_distributed
from lakecheck.rehearsal.states.model import Failed
from lakecheck.rehearsal.states.visit import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lakecheck.rehearsal.states.interpreter import Interpreter, Steps
    from lakecheck.rehearsal.states.model import Event
    from lakecheck.rehearsal.states.visit import Visit

EXCEEDED = "States.ExceedToleratedFailureThreshold"


def run_parallel(interpreter: Interpreter, visit: Visit) -> Steps:
    """All branches on the same input; the outputs in their order. The first failure ends the others."""
    given = interpreter.evaluate(visit.state.get("Arguments", visit.input), visit)

    def branch(number: int, machine: dict[str, Any]) -> Steps:
        path = (*visit.path, f"{visit.name}[{number}]")
        return interpreter.machine(machine, given, Scope(visit.scope), _outside(visit), path)

    branches = visit.state["Branches"]
    together = _Together(interpreter, visit, 0, _any_failure)
    yield from together.run([partial(branch, number, machine) for number, machine in enumerate(branches)])
    return [together.ended[number].output for number in range(len(branches))]


def run_map(interpreter: Interpreter, visit: Visit) -> Steps:
    """One iteration for each item, or batch of items; the outputs of those that succeeded, or where they were written."""
    distributed = is_distributed(visit.state)
    items = yield from datasets.items(interpreter, visit)
    selected = [datasets.selected(interpreter, visit, index, item) for index, item in enumerate(items)]
    batches = list(datasets.batches(interpreter, visit, selected)) if "ItemBatcher" in visit.state else selected
    run_id = str(uuid.UUID(int=interpreter.rng.getrandbits(128), version=4)) if distributed else ""

    def iterate(index: int, given: Any) -> Steps:
        path = (*visit.path, f"{visit.name}[{index}]")
        if distributed:
            return interpreter.machine(visit.state["ItemProcessor"], given, Scope(), _child_context(interpreter, visit, given), path)
        context = {**_outside(visit), "Map": {"Item": {"Index": index, "Value": items[index]}}}
        return interpreter.machine(visit.state["ItemProcessor"], given, Scope(visit.scope), context, path)

    most = int(interpreter.evaluate(visit.state.get("MaxConcurrency", 0), visit))
    stop = _beyond(interpreter, visit, len(batches)) if distributed else _any_failure
    together = _Together(interpreter, visit, most, stop)
    yield from together.run([partial(iterate, index, given) for index, given in enumerate(batches)])
    ended = [(given, together.ended[index]) for index, given in enumerate(batches)]
    writer = interpreter.evaluate(visit.state.get("ResultWriter", {}), visit)
    if "Bucket" in writer.get("Arguments", {}):
        return (yield from datasets.write(interpreter, visit, writer["Arguments"], ended, run_id))
    return [child.output for _, child in ended if child.failure is None]


class _Together:
    """Machines that are advanced in turn, at most so many at a time (0: all), until each has ended or a failure stops them."""

    def __init__(self, interpreter: Interpreter, visit: Visit, most: int, stop: Callable[[list[Failed]], Failed | None]) -> None:
        self._interpreter = interpreter
        self._visit = visit
        self._most = most
        self._stop = stop
        self._running: dict[int, Steps] = {}
        self._until: dict[int, float] = {}
        self._failures: list[Failed] = []
        self.ended: dict[int, Child] = {}

    def run(self, machines: Sequence[Callable[[], Steps]]) -> Steps:
        """Runs all; `ended` says how each did."""
        waiting = deque(enumerate(machines))
        try:
            while waiting or self._running:
                while waiting and (self._most == 0 or len(self._running) < self._most):
                    number, start = waiting.popleft()
                    self._running[number] = start()
                now = self._interpreter.clock.seconds
                ready = [number for number in self._running if self._until.get(number, now) <= now]
                if not ready:
                    yield self._interpreter.event("waiting", self._visit, until=min(self._until.values()))
                for number in ready:
                    event = self._advance(number)
                    if event is not None:
                        yield event
        finally:
            for machine in self._running.values():
                machine.close()

    def _advance(self, number: int) -> Event | None:
        self._until.pop(number, None)
        try:
            event = next(self._running[number])
        except StopIteration as done:
            del self._running[number]
            self.ended[number] = Child(output=done.value)
            return None
        except Failed as failure:
            del self._running[number]
            self.ended[number] = Child(failure=failure)
            self._failures.append(failure)
            final = self._stop(self._failures)
            if final is not None:
                raise final from failure
            return None
        if event.kind != "waiting" or event.until is None:
            return event
        self._until[number] = event.until
        return None


def _any_failure(failures: list[Failed]) -> Failed | None:
    return failures[0]


def _beyond(interpreter: Interpreter, visit: Visit, total: int) -> Callable[[list[Failed]], Failed | None]:
    """Stops a distributed map when more fail than it tolerates: none, unless a count or a percentage says more; the stricter counts."""
    count = visit.state.get("ToleratedFailureCount")
    percentage = visit.state.get("ToleratedFailurePercentage")
    allowed = [] if count is None else [float(interpreter.evaluate(count, visit))]
    allowed += [] if percentage is None else [total * float(interpreter.evaluate(percentage, visit)) / 100]
    tolerated = min(allowed, default=0.0)

    def stop(failures: list[Failed]) -> Failed | None:
        if len(failures) <= tolerated:
            return None
        return Failed(EXCEEDED, f"The specified tolerated failure threshold was exceeded: {failures[0]}")

    return stop


def _outside(visit: Visit) -> dict[str, Any]:
    return {key: value for key, value in visit.context.items() if key != "State"}


def _child_context(interpreter: Interpreter, visit: Visit, given: Any) -> dict[str, Any]:
    """A distributed iteration is an execution: an id, an input, a start and variables of its own.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
    """
    label = visit.state.get("Label", visit.name)
    name = str(uuid.UUID(int=interpreter.rng.getrandbits(128), version=4))
    outer = visit.context["Execution"]
    machine = visit.context["StateMachine"]
    prefix = f"{machine['Id']}/{label}".replace(":stateMachine:", ":execution:")
    execution = {**outer, "Id": f"{prefix}:{name}", "Name": name, "Input": given, "StartTime": interpreter.clock.iso}
    return {"Execution": execution, "StateMachine": {**machine, "Id": f"{machine['Id']}/{label}"}}
