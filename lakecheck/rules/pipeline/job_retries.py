"""One retrier: the state machine that runs a job, not Glue besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules._plain import named, number
from lakecheck.rules.base import Cases, Complaint, Rule, is_open
from lakecheck.rules.pipeline._cases import job, job_task, machine
from lakecheck.rules.pipeline._jobs import orchestrated_jobs, runs_of
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT: Final = "MaxRetries"


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    retries = resource.properties.get(_AT)
    if is_open(retries):
        yield Complaint(at=_AT, message="how often Glue runs the job again is not known", is_unknown=True)
    elif (number(retries) or 0) > 0:
        states = named([run.state.path for run in runs_of(resource, snapshot)])
        yield Complaint(at=_AT, message=f"is {retries}, and a state machine runs the job too, in {states}; allowed is 0")


_MACHINE = machine({"Run": job_task(TimeoutSeconds=7200)})

RULE = Rule(
    id="pipeline.job_retries",
    title="A job that a state machine runs is retried by the state machine alone",
    rationale=(
        "Glue starts the failed job again by itself, while the state machine acts on the failure: it retries as well, or frees the claim "
        "and tells that nothing was loaded. Two runs then write the same rows."
    ),
    source="https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html",
    severity=Severity.WARNING,
    remedy="Set the job's MaxRetries to 0 and leave retries to the state machine.",
    subjects=orchestrated_jobs,
    judge=_judge,
    cases=Cases(
        compliant=({**_MACHINE, **job(Timeout=60)}, {**_MACHINE, **job(Timeout=60, MaxRetries=0)}),
        failing=({**_MACHINE, **job(Timeout=60, MaxRetries=1)},),
        not_applicable=(job(MaxRetries=1),),
    ),
)
