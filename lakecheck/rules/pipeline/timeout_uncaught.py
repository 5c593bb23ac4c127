"""The state machine's own timeout, which nothing can catch, comes after those of its states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.rules._plain import named, number, period
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.pipeline._cases import NO_PIPELINE, job_task, machine
from lakecheck.rules.pipeline._definitions import definition_of, known_machines
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    yield from (machine for machine in known_machines(snapshot) if definition_of(machine, snapshot).timeout is not None)


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    definition = definition_of(resource, snapshot)
    whole = definition.timeout or 0.0
    longer = [state.path for state in definition.states if (number(state.body.get("TimeoutSeconds")) or 0.0) >= whole]
    if longer:
        yield Complaint(message=f"ends after {period(whole)}, before the timeouts of {named(longer)}; allowed is more than each of them")


RULE = Rule(
    id="pipeline.timeout_uncaught",
    title="A state machine outlasts the timeouts of its states",
    rationale=(
        "A state's timeout is an error that a Catch can handle; the state machine's own timeout ends the execution at once, and no Catch "
        "runs. A state that may take as long as the whole machine is therefore never cleaned up after."
    ),
    source="https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html",
    severity=Severity.WARNING,
    remedy="Raise the state machine's TimeoutSeconds above the timeouts of its states, with room for the states around them.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(machine({"Load": job_task(TimeoutSeconds=7200)}, TimeoutSeconds=9000),),
        failing=(machine({"Load": job_task(TimeoutSeconds=7200)}, TimeoutSeconds=3600),),
        not_applicable=(machine({"Load": job_task(TimeoutSeconds=7200)}), NO_PIPELINE),
    ),
)
