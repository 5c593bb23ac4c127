"""The definitions of Step Functions state machines, parsed once: `Definition`, `DefinitionString`, substitutions, holes.

States that a definition has inside of Map and Parallel states are states like the others. JSONPath and JSONata differ in nothing that is
read here. https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import listed, number
from lakecheck.rules.base import once
from lakecheck.values import Unknown, has_hole, hole, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

MACHINE: Final = "AWS::StepFunctions::StateMachine"
_HOLE: Final = re.compile("\ue000[^\ue001]*\ue001")
_TEXT_OR_HOLE: Final = re.compile('"(?:[^"\\\\]|\\\\.)*+(?:"|\\\\?\\Z)|(\ue000[^\ue001]*\ue001)', re.DOTALL)
_WAYS: Final = re.compile(r"\.(sync(?::2)?|waitForTaskToken)$")


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """One state.

    Attributes:
        name: Its name in its scope.
        body: Its fields.
        parent: The Map or Parallel state that it runs in; None at the top.
        scope: The states beside it, by name.
        start: The scope's first state.
    """

    name: str
    body: Mapping[str, Any]
    parent: State | None
    scope: Mapping[str, State]
    start: Any

    @property
    def path(self) -> str:
        """Its name after those of the states around it."""
        return self.name if self.parent is None else f"{self.parent.path}/{self.name}"

    @property
    def type(self) -> str:
        """`Task`, `Map`, ...; empty when it is not known."""
        return _text(self.body.get("Type"))

    @property
    def call(self) -> str:
        """What a Task calls: `glue:startJobRun`, `activity:Name`; empty for a function's ARN and for other states.

        A call through `aws-sdk` is the same call.
        """
        found = self._target.removeprefix("aws-sdk:")
        return _WAYS.sub("", found)

    @property
    def way(self) -> str:
        """How the Task waits for what it started: `sync`, `waitForTaskToken`, or empty when it does not."""
        found = _WAYS.search(self._target)
        return found[1].removesuffix(":2") if found else ""

    @property
    def around(self) -> Iterator[State]:
        """It and the states that it runs in, from the inside out."""
        state: State | None = self
        while state is not None:
            yield state
            state = state.parent

    def arguments(self, name: str) -> Any:
        """What a Task passes: of JSONata's `Arguments` or JSONPath's `Parameters`; None when it is computed or not there."""
        for key in ("Arguments", "Parameters"):
            inside = self.body.get(key)
            if isinstance(inside, dict) and name in inside:
                found = inside[name]
                return None if isinstance(found, str) and found.startswith("{%") else found
        return None

    def next(self, *, caught: bool = True) -> Iterator[State]:
        """The states of its scope that may follow, after a failure too unless told otherwise."""
        names = [self.body.get("Next"), self.body.get("Default")]
        branches = [*listed(self.body.get("Choices")), *(listed(self.body.get("Catch")) if caught else ())]
        names += [branch.get("Next") for branch in branches if isinstance(branch, dict)]
        yield from (self.scope[name] for name in names if isinstance(name, str) and name in self.scope)

    @property
    def _target(self) -> str:
        parts = _text(self.body.get("Resource")).split(":", 5)
        return parts[5] if len(parts) > 5 and parts[2] == "states" and self.type == "Task" else ""  # noqa: PLR2004 - an ARN's parts


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """What a state machine does.

    Attributes:
        machine: The state machine.
        body: The definition; empty when it is not known.
        unknown: Why it is not known; empty when it is.
        states: Every state, those inside of others too, after the ones that they are in.
    """

    machine: Resource
    body: Mapping[str, Any] = field(default_factory=dict)
    unknown: str = ""
    states: tuple[State, ...] = ()

    @property
    def is_express(self) -> bool:
        """Whether executions last five minutes at most."""
        return self.machine.properties.get("StateMachineType") == "EXPRESS"

    @property
    def timeout(self) -> float | None:
        """Seconds that an execution has; None when it has no end."""
        return number(self.body.get("TimeoutSeconds"))

    @property
    def regular(self) -> tuple[State, ...]:
        """The states that run when nothing fails."""
        reached: set[int] = set()
        for state in self.states:  # outer ones come first
            if state.name == state.start and (state.parent is None or id(state.parent) in reached):
                todo = [state]
                while todo:
                    one = todo.pop()
                    if id(one) not in reached:
                        reached.add(id(one))
                        todo += one.next(caught=False)
        return tuple(state for state in self.states if id(state) in reached)


@once
def definitions(snapshot: Snapshot) -> dict[int, Definition]:
    """The definition of each state machine, by the identity of its resource."""
    return {id(machine): _read(machine) for machine in snapshot.by_type.get(MACHINE, ())}


def definition_of(machine: Resource, snapshot: Snapshot) -> Definition:
    """The definition of one state machine."""
    return definitions(snapshot)[id(machine)]


def known_machines(snapshot: Snapshot) -> Iterator[Resource]:
    """Subjects: the state machines whose definition is known; `pipeline.no_catch_all` tells the others."""
    yield from (one.machine for one in definitions(snapshot).values() if not one.unknown)


def after(state: State) -> Iterator[State]:
    """Every state that may run once this one has succeeded, in its scope and in those around it."""
    seen: set[int] = set()
    for one in state.around:
        todo = list(one.next(caught=False))
        while todo:
            follower = todo.pop()
            if id(follower) in seen:
                continue
            seen.add(id(follower))
            yield follower
            todo += follower.next(caught=False)


def errors(entry: Any) -> tuple[frozenset[str], bool]:
    """The error names of a retrier or catcher, and whether they are all known."""
    names = listed(entry.get("ErrorEquals")) if isinstance(entry, dict) else [entry]
    told = frozenset(name for name in names if isinstance(name, str) and not _HOLE.search(name))
    return told, len(told) == len(set(map(str, names)))


def _read(machine: Resource) -> Definition:
    properties = machine.properties
    body = properties.get("Definition")
    text = properties.get("DefinitionString")
    if body is None and text is None:
        return Definition(machine, unknown="it stands in an object of S3, not in the template")
    written = json.dumps(body, default=_as_hole, ensure_ascii=False) if body is not None else text
    if isinstance(written, Unknown):
        return Definition(machine, unknown=written.reason)
    if not isinstance(written, str):
        return Definition(machine, unknown=f"DefinitionString is no text but {shown(written)[:40]}")
    try:
        parsed = json.loads(_readable(_substituted(written, properties.get("DefinitionSubstitutions"))))
        states = tuple(_states(parsed))
    except (ValueError, RecursionError) as error:
        return Definition(machine, unknown=f"it cannot be read as JSON: {shown(str(error))[:120]}")
    if not states:
        is_open = isinstance(parsed, str) and has_hole(parsed)
        return Definition(machine, unknown=f"it is {shown(parsed)}" if is_open else "it has no States")
    return Definition(machine, body=parsed, states=states)


def _substituted(text: str, values: Any) -> str:
    """The text with CloudFormation's substitutions made; one that is not known is a hole."""
    if isinstance(values, dict):
        for name, value in values.items():
            told = (
                _as_hole(value) if isinstance(value, Unknown) else value if isinstance(value, str) else json.dumps(value, default=_as_hole)
            )
            text = text.replace(f"${{{name}}}", told)
    return text


def _readable(text: str) -> str:
    """The text with each hole inside of a JSON text, whatever the hole is for."""
    tame = _HOLE.sub(lambda found: re.sub(r'["\\\x00-\x1f]', "'", found[0]), text)
    return _TEXT_OR_HOLE.sub(lambda found: f'"{found[1]}"' if found[1] else found[0], tame)


def _as_hole(value: Any) -> str:
    return hole(value.reason if isinstance(value, Unknown) else type(value).__name__)


def _states(parsed: Any) -> Iterator[State]:
    todo: deque[tuple[Any, State | None]] = deque([(parsed, None)])
    while todo:
        machine, parent = todo.popleft()
        bodies = machine.get("States") if isinstance(machine, dict) else None
        scope: dict[str, State] = {}
        for name, body in bodies.items() if isinstance(bodies, dict) else ():
            if not isinstance(body, dict):
                continue
            scope[name] = State(name, body, parent, scope, machine.get("StartAt"))
            inner = [*listed(body.get("Branches")), body.get("ItemProcessor"), body.get("Iterator")]
            todo += [(each, scope[name]) for each in inner if isinstance(each, dict)]
        yield from scope.values()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
