"""Every state that can fail has somebody who catches whatever it fails of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import listed, named
from lakecheck.rules.base import Cases, Complaint, Rule, of_type
from lakecheck.rules.pipeline._cases import NO_PIPELINE, job_task, machine
from lakecheck.rules.pipeline._definitions import MACHINE, definition_of, errors
from lakecheck.rules.pipeline._watching import is_watched
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.rules.pipeline._definitions import State
    from lakecheck.snapshot import Snapshot

_ALL: Final = (frozenset({"States.ALL"}), frozenset({"States.TaskFailed", "States.Timeout"}))
"""Sets of names that stand for every error; no set stands for `States.DataLimitExceeded` and `States.Runtime`."""


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    definition = definition_of(resource, snapshot)
    if definition.unknown:
        yield Complaint(message=f"what its states do is not known: {definition.unknown}", is_unknown=True)
        return
    if definition.is_express:  # its caller gets the error, or its log has it
        return
    caught = {id(state): _catches_all(state) for state in definition.states}
    able = [state for state in definition.regular if _can_fail(state)]
    uncaught = [state for state in able if not any(caught[id(one)] for one in state.around)]
    perhaps = [state for state in uncaught if any(caught[id(one)] is None for one in state.around)]
    sure = [state.path for state in uncaught if state not in perhaps]
    if perhaps:
        what = named([state.path for state in perhaps])
        yield Complaint(message=f"which errors are caught is not known: {what}", is_unknown=True)
    if not sure:
        return
    if any(listed(state.body.get("Catch")) for state in definition.states):
        yield Complaint(message=f"some failures are caught, but not every one of {named(sure)}; allowed is a Catch of States.ALL")
    elif not is_watched(resource, snapshot):
        yield Complaint(message=f"catches no failure, and nothing watches its executions: {named(sure)}; allowed is a Catch of States.ALL")


def _can_fail(state: State) -> bool:
    """Tasks, and Maps that read and write on their own; other Maps and Parallels fail through what is in them."""
    if state.type == "Map":
        processor = state.body.get("ItemProcessor")
        mode = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
        is_distributed = isinstance(mode, dict) and mode.get("Mode") == "DISTRIBUTED"
        return is_distributed or "ItemReader" in state.body or "ResultWriter" in state.body
    return state.type == "Task"


def _catches_all(state: State) -> bool | None:
    names: set[str] = set()
    is_known = True
    for catcher in listed(state.body.get("Catch")):
        told, all_told = errors(catcher)
        names |= told
        is_known &= all_told
    return True if any(every <= names for every in _ALL) else False if is_known else None


_CAUGHT: dict[str, Any] = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}]}
_FAILED = {"Failed": {"Type": "Fail"}}
_ONE_CAUGHT: dict[str, Any] = {"Clean": job_task(**_CAUGHT, Next="Load"), "Load": job_task(), **_FAILED}

RULE = Rule(
    id="pipeline.no_catch_all",
    title="Every state that can fail is caught",
    rationale=(
        "An error that nobody catches ends the execution at once: claims stay taken, nobody is told, half of the work is left. "
        "States.ALL catches every error but States.DataLimitExceeded and States.Runtime, so that executions need an alarm besides."
    ),
    source="https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html",
    severity=Severity.WARNING,
    remedy="Give the state, or the Map or Parallel around it, a Catch of States.ALL that cleans up and tells somebody.",
    subjects=of_type(MACHINE),
    judge=_judge,
    cases=Cases(
        compliant=(
            machine({"Load": job_task(**_CAUGHT), **_FAILED}),
            machine(
                {
                    "Each": {
                        "Type": "Map",
                        "ItemProcessor": {"StartAt": "Load", "States": {"Load": job_task()}},
                        **_CAUGHT,
                        "End": True,
                    },
                    **_FAILED,
                }
            ),
            machine({"Load": job_task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Tell"}]), "Tell": job_task("sns:publish")}),
            machine({"Load": job_task()}, kind="EXPRESS"),
        ),
        failing=(
            machine(_ONE_CAUGHT),
            machine({"Load": job_task()}),
            machine({"Load": job_task(Catch=[{"ErrorEquals": ["States.Timeout"], "Next": "Failed"}]), **_FAILED}),
        ),
        not_applicable=(NO_PIPELINE,),
    ),
)
