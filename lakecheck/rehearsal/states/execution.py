"""Starts executions and drives them: to the end, step by step, to a planned crash, or several in turn."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.states.definition import check
from lakecheck.rehearsal.states.failures import TIMEOUT
from lakecheck.rehearsal.states.interpreter import Interpreter
from lakecheck.rehearsal.states.model import Event, Failed, VirtualClock
from lakecheck.rehearsal.states.visit import Scope, sized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lakecheck.rehearsal.states.model import Failure, Services

RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED = "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"
MACHINE_ARN = "arn:{partition}:states:eu-west-1:000000000000:stateMachine:rehearsed"


class Execution:
    """One execution of a definition.

    Attributes:
        arn: Its id, as `$states.context.Execution.Id` tells it.
        status: `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
        output: What it returned, once it has succeeded.
        error: Name of the error, once it has failed.
        cause: What there is to say of it.
        history: All that happened, in order.
        clock: The time it lives in.
        waiting_until: Before which moment it has nothing to do; None when it can go on.
    """

    def __init__(
        self,
        definition: dict[str, Any],
        given: Any,
        services: Services,
        *,
        clock: VirtualClock,
        name: str | None = None,
        failures: Sequence[Failure] = (),
        machine_arn: str | None = None,
        seed: int = 0,
    ) -> None:
        check(definition)
        rng = random.Random(seed)  # noqa: S311 - the same seed has to give the same history
        self.name = str(uuid.UUID(int=rng.getrandbits(128), version=4)) if name is None else name
        machine = MACHINE_ARN.format(partition="aws") if machine_arn is None else machine_arn
        self.arn = f"{machine.replace(':stateMachine:', ':execution:')}:{self.name}"
        self.status = RUNNING
        self.output: Any = None
        self.error: str | None = None
        self.cause: str | None = None
        self.history: list[Event] = []
        self.waiting_until: float | None = None
        self.clock = clock
        self._definition = definition
        self._context: dict[str, Any] = {
            "Execution": {"Id": self.arn, "Name": self.name, "Input": given, "StartTime": clock.iso, "RedriveCount": 0},
            "StateMachine": {"Id": machine, "Name": machine.rpartition(":")[2]},
        }
        self._interpreter = Interpreter(services, clock, rng, failures)
        self._scope = Scope()
        self._begin(json.loads(json.dumps(sized(given))), start_at=None)

    def _begin(self, given: Any, *, start_at: str | None) -> None:
        self.status = RUNNING
        self.error = self.cause = self.waiting_until = None
        seconds = self._definition.get("TimeoutSeconds")
        self._deadline = None if seconds is None else self.clock.seconds + seconds
        self._steps: Iterator[Event] = self._interpreter.machine(self._definition, given, self._scope, self._context, start_at=start_at)

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self.status != RUNNING

    def step(self) -> Event | None:
        """Goes on to the next event, over the wait before it if there is one; None when it has ended with that."""
        if self.done:
            return None
        if self.waiting_until is not None:
            self.clock.advance_to(self.waiting_until)
            self.waiting_until = None
        if self._deadline is not None and self.clock.seconds >= self._deadline:
            self._end(TIMED_OUT, error=TIMEOUT)
            return None
        try:
            event = next(self._steps)
        except StopIteration as returned:
            self.output = returned.value
            self.status = SUCCEEDED
            return None
        except Failed as failure:
            self._end(FAILED, error=failure.error, cause=failure.cause)
            return None
        self.history.append(event)
        if event.kind == "waiting" and event.until is not None:
            self.waiting_until = event.until if self._deadline is None else min(event.until, self._deadline)
        return event

    def abort(self) -> None:
        """Ends it where it stands, as StopExecution or the end of a machine would; what it did stays done."""
        if not self.done:
            self._end(ABORTED)

    def lose(self, services: Services) -> None:
        """What drove it is gone, with the machine that it ran on: it is ABORTED if it had not ended, and can be redriven.

        Args:
            services: What its tasks call from then on.
        """
        if not self.done:
            self._steps = iter(())  # what stood still in the middle of a step cannot be closed
            self.status, self.error, self.cause = ABORTED, None, None
        self._interpreter.services = services

    def redrive(self) -> None:
        """Begins again at the state where it ended, with the variables and under the id that it had.

        A distributed map there goes through all of its items once more, where Step Functions leaves out those that succeeded.
        https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html

        Raises:
            ValueError: If it has not ended without success.
        """
        if self.status in (RUNNING, SUCCEEDED):
            message = f"got an execution that is {self.status}; one that failed, timed out or was aborted can be redriven"
            raise ValueError(message)
        self._context["Execution"]["RedriveCount"] += 1
        entered = [event for event in self.history if event.kind == "entered" and not event.path]
        if entered:
            self._begin(entered[-1].detail, start_at=entered[-1].state)
        else:
            self._begin(self._context["Execution"]["Input"], start_at=None)

    def finish(self, *, crash_after: int | None = None, after_step: Callable[[Event], None] | None = None) -> Execution:
        """Drives it to its end.

        Args:
            crash_after: After how many more events it is aborted; never when left out.
            after_step: Called with each event, to look at the world in between.
        """
        while not self.done:
            if crash_after is not None and crash_after <= 0:
                self.abort()
                break
            event = self.step()
            if event is not None:
                if after_step is not None:
                    after_step(event)
                if crash_after is not None and event.kind != "waiting":  # waiting changes nothing: crashing there is no case of its own
                    crash_after -= 1
        return self

    def visited(self, kind: str = "entered") -> list[str]:
        """Names of the states that were entered (or of another kind of event), in order."""
        return [event.state for event in self.history if event.kind == kind]

    def _end(self, status: str, *, error: str | None = None, cause: str | None = None) -> None:
        if isinstance(self._steps, Generator):
            self._steps.close()
        self.status, self.error, self.cause = status, error, cause


def start(definition: dict[str, Any], given: Any, services: Services, *, clock: VirtualClock | None = None, **options: Any) -> Execution:
    """An execution that has not done anything yet.

    Args:
        definition: The state machine, as data.
        given: Its input.
        services: What its tasks call.
        clock: The time; one of its own when left out. Executions that go together share one.
        options: `name` (one drawn from the seed when left out), `failures` (none), `machine_arn` (an invented one), `seed` (0).

    Raises:
        DefinitionError: If the definition cannot be executed.
    """
    return Execution(definition, given, services, clock=VirtualClock() if clock is None else clock, **options)


def run(
    definition: dict[str, Any],
    given: Any,
    services: Services,
    *,
    clock: VirtualClock | None = None,
    crash_after: int | None = None,
    after_step: Callable[[Event], None] | None = None,
    **options: Any,
) -> Execution:
    """Executes a definition to its end, or to a crash; see `start` and `Execution.finish`."""
    return start(definition, given, services, clock=clock, **options).finish(crash_after=crash_after, after_step=after_step)


def interleave(
    executions: Sequence[Execution], *, after_step: Callable[[Event], None] | None = None, rng: random.Random | None = None
) -> None:
    """Drives executions that share a clock, one event of each in turn, or in an order that `rng` draws; time passes when all wait."""
    while True:
        alive = [one for one in executions if not one.done]
        if not alive:
            return
        clock = alive[0].clock  # the one they share
        ready = [one for one in alive if one.waiting_until is None or one.waiting_until <= clock.seconds]
        if not ready:
            ready = [min(alive, key=lambda one: one.waiting_until or 0.0)]
        for one in [rng.choice(ready)] if rng is not None else ready:
            event = one.step()
            if event is not None and after_step is not None:
                after_step(event)
