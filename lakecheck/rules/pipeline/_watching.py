"""Whether somebody learns that an execution has failed: an alarm, an EventBridge rule, a state machine that waits for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._alarms import metrics
from lakecheck.rules._plain import at, listed
from lakecheck.rules.base import once
from lakecheck.rules.pipeline._definitions import definitions
from lakecheck.values import Unknown

if TYPE_CHECKING:
    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_FAILURES: Final = frozenset({"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionsSucceeded"})


def is_watched(machine: Resource, snapshot: Snapshot) -> bool:
    """Whether anything in the snapshot looks at how executions of a state machine end, as far as can be told."""
    watched = _watched(snapshot)
    return machine.ref in watched or (machine.account, "*") in watched


@once
def _watched(snapshot: Snapshot) -> frozenset[Any]:
    found: set[Any] = set()
    for metric in metrics(snapshot):
        if metric.namespace == "AWS/States" and metric.name in _FAILURES and metric.dimensions:
            found |= {value for value in metric.dimensions.values() if isinstance(value, str)}
    for rule in snapshot.by_type.get("AWS::Events::Rule", ()):
        pattern = pattern_of(rule)
        if isinstance(pattern, dict) and "aws.states" in texts(pattern.get("source")):
            named = at(pattern, "detail.stateMachineArn")
            found |= {(rule.account, "*")} if named is None or isinstance(named, Unknown) else texts(named)
    for definition in definitions(snapshot).values():
        for state in definition.states:
            if state.call == "states:startExecution" and state.way == "sync":
                found |= texts(state.arguments("StateMachineArn"))
    return frozenset(found)


def texts(data: Any) -> set[str]:
    """The texts of a list, or the only one."""
    return {each for each in listed(data) if isinstance(each, str)}


def pattern_of(rule: Resource) -> Any:
    """A rule's event pattern, also where a template has it as a text."""
    pattern = rule.properties.get("EventPattern")
    if isinstance(pattern, str):
        try:
            return json.loads(pattern)
        except (ValueError, RecursionError):
            return Unknown("an event pattern that cannot be read as JSON")
    return pattern
