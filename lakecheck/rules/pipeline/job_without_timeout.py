"""A Glue job that hangs is ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.pipeline._cases import NO_PIPELINE, job
from lakecheck.rules.pipeline._jobs import JOB, STREAMING, kind, runs_of
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


_WITHOUT_END: Final = (STREAMING, "glueray")
"""Streams run until they are stopped; jobs of Ray take no timeout."""


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    yield from (one for one in snapshot.by_type.get(JOB, ()) if kind(one) not in _WITHOUT_END)


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    if resource.properties.get("Timeout") is not None:
        return
    started = runs_of(resource, snapshot)
    if started and all(run.state.arguments("Timeout") is not None for run in started):
        return  # each run is told its own
    yield Complaint(
        at="Timeout",
        message="is not set, so that a run that hangs is paid for 2,880 minutes; allowed is what a run may take, in minutes",
    )


RULE = Rule(
    id="pipeline.job_without_timeout",
    title="A Glue job has a timeout",
    rationale="A job run that hangs holds its workers for 48 hours, the default, and nobody learns of it before: no failure, no row.",
    source="https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html",
    severity=Severity.WARNING,
    remedy="Set Timeout to a few times what a run takes, in minutes.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(job(Timeout=120),),
        failing=(job(),),
        not_applicable=(job(Command={"Name": STREAMING, "ScriptLocation": "s3://scripts/stream.py"}), NO_PIPELINE),
    ),
)
