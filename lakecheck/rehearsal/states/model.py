"""What an execution is told and what it tells: services, the clock, planned failures, events, errors."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Protocol


class DefinitionError(ValueError):
    """A definition that Step Functions would refuse, or that uses what this interpreter does not know."""


class Failed(Exception):  # noqa: N818 - the language's own word for it
    """A state failed.

    Attributes:
        error: Name of the error, as `Retry` and `Catch` match it.
        cause: What there is to say of it.
    """

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class ServiceError(Failed):
    """What a service answers instead of a result, by the name that Step Functions gives it: `DynamoDB.ConditionalCheckFailedException`.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """


class Services(Protocol):
    """The services that tasks call."""

    def call(self, service: str, action: str, arguments: Any, *, sync: bool) -> Any:
        """Does one call.

        Args:
            service: As the resource has it: `dynamodb`; `aws-sdk:s3` for an SDK integration, whose errors have other names.
            action: The API action in camel case: `putItem`.
            arguments: The task's evaluated `Arguments`.
            sync: Whether the task waits for the end of what it starts (`.sync`).

        Returns:
            The result as JSON; or a generator, for a call that takes time: it yields the seconds until it goes on, and returns the result.

        Raises:
            ServiceError: If the service refuses.
        """
        ...


EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass
class VirtualClock:
    """The time of all that happens in a rehearsal; it moves when nothing can happen any more before the next moment, and never back.

    Args:
        seconds: Since 1970 in UTC; the beginning of 2026 when left out.
    """

    seconds: float = EPOCH.timestamp()

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self.advance_to(self.seconds + seconds)

    def advance_to(self, moment: float) -> None:
        """Lets time pass up to a moment; nothing happens when that is over."""
        self.seconds = max(self.seconds, moment)

    @property
    def iso(self) -> str:
        """Now, as Step Functions writes it: `2026-01-01T00:00:00.000Z`."""
        now = dt.datetime.fromtimestamp(self.seconds, dt.UTC)
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A planned failure: calls of one state that fail.

    Args:
        state: Its name.
        error: Name of the error.
        cause: What there is to say of it.
        first: The first of its calls that fails, counted over the whole execution, from 1.
        count: How many fail from there on; all of them when None.
        after: Whether the service does what it is asked and only its answer is lost; by default it does nothing.
    """

    state: str
    error: str
    cause: str = "planned"
    first: int = 1
    count: int | None = 1
    after: bool = False

    def hits(self, state: str, call: int) -> bool:
        """Whether the `call`-th call of `state` fails."""
        return self.state == state and self.first <= call and (self.count is None or call < self.first + self.count)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One step of an execution.

    Attributes:
        kind: `entered`, `called` (the service has answered, the state machine does not know yet), `working` (a call that takes time is on
            its way), `failed`, `waiting`, `caught` or `exited`.
        state: Name of the state.
        time: Seconds since 1970.
        path: Which iterations and branches it happened in: `("Objects[3]",)`.
        attempt: 0, and one more for each retry.
        error: Name of the error, for `called` and `failed`.
        until: When it goes on, for `waiting`.
        detail: Input of a state that was entered, arguments of a call, output of a state that was left.
    """

    kind: str
    state: str
    time: float
    path: tuple[str, ...] = ()
    attempt: int = 0
    error: str | None = None
    until: float | None = None
    detail: Any = field(default=None, compare=False)
