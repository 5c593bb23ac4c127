"""What a rehearsal finds: its steps, and for each resource of each template who made it and what the plain APIs return of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Rehearsed(StrEnum):
    """How far a resource was rehearsed.

    A resource is rehearsed when the service's plain API returns every property that the template states, as it states it. What an adapter
    remembers does not count.
    """

    BY_EMULATOR = "emulator"
    BY_ADAPTER = "adapter"
    NOT = "none"
    NOWHERE = "nowhere"
    """It is in no API, in AWS either, such as `AWS::CDK::Metadata`: it counts neither way."""


class Outcome(StrEnum):
    """How a step ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A property that the plain API does not return as the template states it.

    Attributes:
        path: Dotted path in the properties: `LifecycleConfiguration.Rules[0].Status`.
        stated: What the template says, resolved.
        found: What the API returns; None when it returns nothing there.
        is_returned: Whether the API returns anything there.
    """

    path: str
    stated: Any
    found: Any = None
    is_returned: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceResult:
    """One resource of one deployed template.

    Attributes:
        account: Twelve digits.
        region: Its Region.
        stack: Name of its stack.
        logical_id: Its id in the template.
        type: Its type.
        physical_id: What `Ref` gives.
        path: Its construct path; empty when the template has none.
        rehearsed: How far it was rehearsed.
        properties: How many properties the template states, counted at their leaves.
        returned: How many of them the plain API returns as they are stated.
        differences: The others.
        unread: Properties that no API returns in AWS either; they count neither way.
        reason: Why it is not rehearsed; empty when it is.
        note: What the emulator lacks or does wrong with this type, if that is known.
        added: Operations that read it which the emulator lacks and this project added to it: `glue:get_table_optimizer`.
    """

    account: str
    region: str
    stack: str
    logical_id: str
    type: str
    physical_id: str
    path: str = ""
    rehearsed: Rehearsed
    properties: int
    returned: int
    differences: tuple[Difference, ...] = ()
    unread: tuple[str, ...] = ()
    reason: str = ""
    note: str = ""
    added: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of a rehearsal, in the order in which they were done.

    Attributes:
        name: Stable: `bootstrap`, `deploy`, `compare`, `pipeline`, `bad-file`, `read`, `update`, `again`, `faults`, `destroy`.
        title: What was done, for people.
        outcome: How it ended.
        seconds: How long it took.
        facts: What was seen, a sentence each.
        reason: Why it failed or was left out; empty when it passed.
    """

    name: str
    title: str
    outcome: Outcome
    seconds: float
    facts: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Retained:
    """What destroying the stacks left in an account."""

    account: str
    region: str
    stack: str
    logical_id: str
    type: str
    physical_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A whole rehearsal.

    Attributes:
        assembly: The folder that was rehearsed, as it was given.
        environment: The stage, or empty for all.
        accounts: Its accounts.
        emulator: Name and version: `moto 5.2.5`.
        steps: What was done.
        resources: Every resource of the templates as first deployed.
        retained: What was left after destroying.
        rewritten: What was changed in the copy of the assembly to please the emulator, a sentence each.
        untruths: What the emulator is known to leave out, a sentence each.
        required: The percentage of resources that had to be rehearsed; None without a demand.
    """

    assembly: str
    environment: str
    accounts: tuple[str, ...]
    emulator: str
    steps: tuple[Step, ...]
    resources: tuple[ResourceResult, ...] = ()
    retained: tuple[Retained, ...] = ()
    rewritten: tuple[str, ...] = ()
    untruths: tuple[str, ...] = ()
    required: float | None = None

    @property
    def percentage(self) -> float | None:
        """How many of the resources were rehearsed, of a hundred, rounded down to a tenth; None when none was compared.

        What is in no API counts neither way.
        """
        counted = [one for one in self.resources if one.rehearsed is not Rehearsed.NOWHERE]
        if not counted:
            return None
        return 1000 * sum(one.rehearsed is not Rehearsed.NOT for one in counted) // len(counted) / 10

    @property
    def is_enough(self) -> bool:
        """Whether every step that was not left out passed, and as much was rehearsed as was demanded; nothing compared is not enough."""
        passed = all(step.outcome is not Outcome.FAILED for step in self.steps)
        return passed and (self.required is None or (self.percentage is not None and self.percentage >= self.required))
