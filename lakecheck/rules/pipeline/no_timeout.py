"""A state that waits for something else does not wait for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules._plain import named
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.pipeline._cases import NO_PIPELINE, job_task, machine
from lakecheck.rules.pipeline._definitions import definition_of, known_machines
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.rules.pipeline._definitions import State
    from lakecheck.snapshot import Snapshot

_TASK: Final = ("TimeoutSeconds", "TimeoutSecondsPath")
_HEARTBEAT: Final = ("HeartbeatSeconds", "HeartbeatSecondsPath")


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    definition = definition_of(resource, snapshot)
    if definition.is_express or "TimeoutSeconds" in definition.body:
        return
    endless = [state.path for state in definition.states if _waits_for_ever(state)]
    if endless:
        yield Complaint(message=f"waits without an end in {named(endless)}; allowed is a TimeoutSeconds there or of the whole machine")


def _waits_for_ever(state: State) -> bool:
    is_activity = state.call.startswith("activity:")
    if not (state.way or is_activity):
        return False  # every other call returns by itself, a function's within 15 minutes
    ends = _TASK if state.way == "sync" else (*_TASK, *_HEARTBEAT)
    return not any(name in state.body for name in ends)


_TOKEN = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Arguments": {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/444455556666/asked", "MessageBody": "{% $states.context.Task.Token %}"},
    "End": True,
}

RULE = Rule(
    id="pipeline.no_timeout",
    title="What a state machine waits for has an end",
    rationale=(
        "Without a timeout a task waits as long as an execution may last, which is a year: an answer that never comes keeps the run open, "
        "its claims held, and nobody is told."
    ),
    source="https://docs.aws.amazon.com/step-functions/latest/dg/sfn-stuck-execution.html",
    severity=Severity.WARNING,
    remedy="Set TimeoutSeconds on the state, or on the state machine.",
    subjects=known_machines,
    judge=_judge,
    cases=Cases(
        compliant=(
            machine({"Load": job_task(TimeoutSeconds=7200)}),
            machine({"Load": job_task()}, TimeoutSeconds=7200),
            machine({"Approve": {**_TOKEN, "HeartbeatSeconds": 600}}),
            machine({"Start": job_task("lambda:invoke")}),
            machine({"Load": job_task()}, kind="EXPRESS"),
        ),
        failing=(machine({"Load": job_task()}), machine({"Approve": _TOKEN})),
        not_applicable=(NO_PIPELINE,),
    ),
)
