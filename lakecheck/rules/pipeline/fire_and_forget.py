"""What follows a job in a state machine follows its end, not its start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules._plain import named
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.pipeline._cases import NO_PIPELINE, job_task, machine
from lakecheck.rules.pipeline._definitions import after, definition_of, known_machines
from lakecheck.rules.pipeline._jobs import STARTS_WORK
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.rules.pipeline._definitions import State
    from lakecheck.snapshot import Snapshot

_ASKS: Final = ("get", "describe", "list", "batchGet")
"""How calls begin that ask what became of the work."""
_WITHOUT_SYNC: Final = ("emr:", "emrcontainers:", "emrserverless:", "glue:startCrawler", "redshiftdata:")
"""Calls through the SDK alone. https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html"""


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    for state in definition_of(resource, snapshot).states:
        if state.call in STARTS_WORK and not state.way:
            followers = [one for one in after(state) if one is not state]
            working = [one.path for one in followers if one.type == "Task"]
            if working and not any(_waits(one, state) for one in followers):
                has_sync = not state.call.startswith(_WITHOUT_SYNC)
                yield Complaint(
                    message=f"{state.path} calls {state.call}, which returns at once, so that what follows does not know how it ends: "
                    f"{named(working)}; allowed is {'.sync, or ' if has_sync else ''}asking until it has ended",
                    remedy="" if has_sync else "Ask for its state in a loop with a Wait: Step Functions has no .sync for this call.",
                )


def _waits(follower: State, starter: State) -> bool:
    """Whether a state waits some time, is told by a token, or asks the service: the work's end is then looked for by hand."""
    service, _, action = follower.call.partition(":")
    asks = service == starter.call.partition(":")[0] and action.startswith(_ASKS)
    return follower.type == "Wait" or follower.way == "waitForTaskToken" or asks


_PUBLISH = {"Type": "Task", "Resource": "arn:aws:states:::events:putEvents", "Arguments": {"Entries": []}, "End": True}

RULE = Rule(
    id="pipeline.fire_and_forget",
    title="States that rely on a job wait for its end",
    rationale=(
        "A call without .sync returns as soon as the job has started. The states after it then read a table that is still being written, "
        "or tell everybody that it is complete; and when the job fails, the execution succeeds."
    ),
    source="https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html",
    severity=Severity.WARNING,
    remedy="Call it with .sync, so that the state ends, or fails, with the job; or ask for its state in a loop with a Wait.",
    subjects=known_machines,
    judge=_judge,
    cases=Cases(
        compliant=(
            machine({"Load": job_task(Next="Publish"), "Publish": _PUBLISH}),
            machine({"Load": job_task("glue:startJobRun")}),
            machine(
                {
                    "Load": job_task("glue:startJobRun", Next="Pause"),
                    "Pause": {"Type": "Wait", "Seconds": 60, "Next": "Ask"},
                    "Ask": job_task("aws-sdk:glue:getJobRun"),
                }
            ),
        ),
        failing=(
            machine({"Load": job_task("glue:startJobRun", Next="Publish"), "Publish": _PUBLISH}),
            machine(
                {
                    "Each": {
                        "Type": "Map",
                        "ItemProcessor": {"StartAt": "Load", "States": {"Load": job_task("glue:startJobRun")}},
                        "Next": "Publish",
                    },
                    "Publish": _PUBLISH,
                }
            ),
        ),
        not_applicable=(NO_PIPELINE,),
    ),
)
