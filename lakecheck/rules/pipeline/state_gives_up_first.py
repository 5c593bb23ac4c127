"""A state waits as long as the job that it runs may take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.rules._plain import number, period
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.pipeline._cases import job, job_task, machine
from lakecheck.rules.pipeline._jobs import kind, runs
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.rules.pipeline._jobs import Run
    from lakecheck.snapshot import Snapshot


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    seen = {id(run.definition.machine): run.definition.machine for run in runs(snapshot)}
    yield from seen.values()


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    for run in runs(snapshot):
        if run.definition.machine is resource:
            waits, works = number(run.state.body.get("TimeoutSeconds")), _longest(run)
            if waits is not None and works is not None and waits < works:
                yield Complaint(
                    message=f"{run.state.path} gives up after {period(waits)}, while {run.job.origin} may work for {period(works)}; "
                    "allowed is as long or longer"
                )


def _longest(run: Run) -> float | None:
    """Seconds that a run may take; None when nothing says so, which is another rule's."""
    minutes = number(run.state.arguments("Timeout"))
    found = number(run.job.properties.get("Timeout")) if minutes is None else minutes
    return None if found is None or kind(run.job) == "gluestreaming" else found * 60


RULE = Rule(
    id="pipeline.state_gives_up_first",
    title="A state waits until the job that it runs must have ended",
    rationale=(
        "A state that times out before its job takes the job for failed: the claim is freed, the next attempt starts, and the first run "
        "may still be writing."
    ),
    source="https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html",
    severity=Severity.WARNING,
    remedy="Make the state's TimeoutSeconds longer than the job's Timeout, which counts minutes, with room for queued runs.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=({**machine({"Run": job_task(TimeoutSeconds=9000)}), **job(Timeout=120)},),
        failing=({**machine({"Run": job_task(TimeoutSeconds=3600)}), **job(Timeout=120)},),
        not_applicable=(machine({"Run": job_task(TimeoutSeconds=3600)}), job(Timeout=120)),
    ),
)
