"""What a definition may hold: everything else is refused before anything runs, because what is passed over would be a false green."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.states.failures import ALL
from lakecheck.rehearsal.states.model import DefinitionError
from lakecheck.rehearsal.states.queries import compiled, is_query

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMON = {"Type", "Comment", "QueryLanguage"}
_GOES_ON = {"Next", "End", "Output", "Assign"}
_HANDLES = {"Retry", "Catch"}
FIELDS = {
    "Task": _COMMON | _GOES_ON | _HANDLES | {"Resource", "Arguments", "TimeoutSeconds"},
    "Pass": _COMMON | _GOES_ON,
    "Wait": _COMMON | _GOES_ON | {"Seconds", "Timestamp"},
    "Choice": _COMMON | {"Choices", "Default", "Output", "Assign"},
    "Succeed": _COMMON | {"Output"},
    "Fail": _COMMON | {"Error", "Cause"},
    "Parallel": _COMMON | _GOES_ON | _HANDLES | {"Branches", "Arguments"},
    "Map": _COMMON
    | _GOES_ON
    | _HANDLES
    | {"Items", "ItemReader", "ItemSelector", "ItemBatcher", "ItemProcessor", "Label", "MaxConcurrency", "ResultWriter"}
    | {"ToleratedFailureCount", "ToleratedFailurePercentage"},
}
MACHINE = {"Comment", "StartAt", "States", "QueryLanguage", "TimeoutSeconds", "Version"}
BRANCH = {"Comment", "StartAt", "States", "QueryLanguage"}
PROCESSOR = BRANCH | {"ProcessorConfig"}
RETRIER = {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment"}
CATCHER = {"ErrorEquals", "Next", "Assign", "Output", "Comment"}
CHOICE = {"Condition", "Next", "Assign", "Output", "Comment"}
READER = {"Resource", "Arguments", "ReaderConfig"}
READER_CONFIG = {"InputType", "MaxItems"}
BATCHER = {"MaxItemsPerBatch", "MaxInputBytesPerBatch", "BatchInput"}
WRITER = {"Resource", "Arguments", "WriterConfig"}
READERS = {"s3:listObjectsV2": None, "s3:getObject": ("JSON", "JSONL")}
DISTRIBUTED_ONLY = {"ItemReader", "ItemBatcher", "Label", "ResultWriter", "ToleratedFailureCount", "ToleratedFailurePercentage"}

_RESOURCE = re.compile(r"arn:[^:]+:states:[^:]*:[^:]*:(?P<service>(aws-sdk:)?[\w-]+):(?P<action>\w+)(?P<pattern>\..*)?")
_SYNC = (".sync", ".sync:2")


@dataclass(frozen=True, slots=True)
class Integration:
    """What a task's resource names."""

    service: str
    action: str
    sync: bool


def integration(resource: str) -> Integration:
    """The service call that a resource ARN stands for.

    Raises:
        DefinitionError: If it is none, or waits for a callback, which nobody would send here.
    """
    found = _RESOURCE.fullmatch(resource)
    pattern = found["pattern"] if found else None
    if found is None or (pattern is not None and pattern not in _SYNC):
        message = f"got the resource {resource}; allowed: arn:<partition>:states:::[aws-sdk:]<service>:<action>, with .sync or without"
        raise DefinitionError(message)
    return Integration(service=found["service"], action=found["action"], sync=pattern is not None)


def check(definition: dict[str, Any]) -> None:
    """Refuses what cannot be executed.

    Raises:
        DefinitionError: Names everything that is wrong.
    """
    if definition.get("QueryLanguage") != "JSONata":
        message = f"got QueryLanguage {definition.get('QueryLanguage')}; this interpreter reads JSONata"
        raise DefinitionError(message)
    found = [*_unknown("the state machine", definition, MACHINE), *_machine_problems(definition, "")]
    if found:
        raise DefinitionError("; ".join(found))


def _machine_problems(machine: dict[str, Any], path: str) -> Iterator[str]:
    states = machine.get("States", {})
    if machine.get("StartAt") not in states:
        yield f"{path or 'the state machine'} starts at {machine.get('StartAt')}, which is none of its states"
    for name, state in states.items():
        kind = state.get("Type")
        if kind not in FIELDS:
            yield f"{path}{name} has the type {kind}; allowed: {', '.join(FIELDS)}"
            continue
        yield from _unknown(f"{path}{name}", state, FIELDS[kind])
        if state.get("QueryLanguage", "JSONata") != "JSONata":
            yield f"{path}{name} is not written in JSONata"
        yield from (f"{path}{name} goes to {target}, which is no state beside it" for target in _targets(state) if target not in states)
        if "Next" in FIELDS[kind] and ("Next" in state) == bool(state.get("End")):
            yield f"{path}{name} needs either Next or End"
        yield from _queries(state, f"{path}{name}")
        yield from _state_problems(state, f"{path}{name}")


def _targets(state: dict[str, Any]) -> list[str]:
    rules = [*state.get("Choices", []), *state.get("Catch", [])]
    direct = [state[key] for key in ("Next", "Default") if key in state]
    return [*direct, *(rule.get("Next") for rule in rules)]


def _queries(value: Any, place: str) -> Iterator[str]:
    """Complains of expressions that are no JSONata."""
    if is_query(value):
        try:
            compiled(value)
        except DefinitionError as error:
            yield f"{place}: {error}"
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("ItemProcessor", "Branches"):  # their states are looked at by themselves
                yield from _queries(item, place)
    elif isinstance(value, list):
        for item in value:
            yield from _queries(item, place)


def _state_problems(state: dict[str, Any], place: str) -> Iterator[str]:
    for key, allowed in (("Retry", RETRIER), ("Catch", CATCHER), ("Choices", CHOICE)):
        for rule in state.get(key, []):
            yield from _unknown(f"{place}.{key}", rule, allowed)
    for key in ("Retry", "Catch"):
        rules = state.get(key, [])
        for number, rule in enumerate(rules, 1):
            names = rule.get("ErrorEquals", [])
            if not names or (ALL in names and (len(names) > 1 or number < len(rules))):
                yield f"{place}.{key}: {ALL} stands alone and last, and every rule names an error"
    if state["Type"] == "Task":
        try:
            integration(state.get("Resource", ""))
        except DefinitionError as error:
            yield f"{place}: {error}"
    for number, branch in enumerate(state.get("Branches", [])):
        yield from _unknown(f"{place}[{number}]", branch, BRANCH)
        yield from _machine_problems(branch, f"{place}[{number}].")
    if state["Type"] == "Map":
        yield from _map_problems(state, place)


def _map_problems(state: dict[str, Any], place: str) -> Iterator[str]:
    processor = state.get("ItemProcessor", {})
    yield from _unknown(f"{place}.ItemProcessor", processor, PROCESSOR)
    yield from _machine_problems(processor, f"{place}.")
    if not is_distributed(state):
        yield from (f"{place} has {key}, which only a distributed map has" for key in sorted(DISTRIBUTED_ONLY & set(state)))
    yield from _unknown(f"{place}.ItemBatcher", state.get("ItemBatcher", {}), BATCHER)
    yield from _unknown(f"{place}.ResultWriter", state.get("ResultWriter", {}), WRITER)
    reader = state.get("ItemReader")
    if reader is None:
        return
    yield from _unknown(f"{place}.ItemReader", reader, READER)
    config = reader.get("ReaderConfig", {})
    yield from _unknown(f"{place}.ReaderConfig", config, READER_CONFIG)
    resource = ":".join(reader.get("Resource", "").split(":")[-2:])
    types = READERS.get(resource)
    if resource not in READERS or (types is not None and config.get("InputType") not in types):
        yield f"{place} reads {resource} as {config.get('InputType')}; allowed: s3:listObjectsV2, s3:getObject as JSON or JSONL"


def is_distributed(state: dict[str, Any]) -> bool:
    """Whether each iteration of a map is an execution of its own."""
    mode: str = state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode", "INLINE")
    return mode == "DISTRIBUTED"


def _unknown(place: str, given: dict[str, Any], allowed: set[str]) -> Iterator[str]:
    return (f"{place} has {key}, which is not known here" for key in sorted(set(given) - allowed))
