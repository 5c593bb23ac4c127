"""A Spark job says how many workers it takes, in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules._plain import number
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.pipeline._cases import job
from lakecheck.rules.pipeline._jobs import spark_jobs
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_WORKERS: Final = ("NumberOfWorkers", "WorkerType")
_UNITS: Final = ("MaxCapacity", "AllocatedCapacity")
_WORKERS_SINCE: Final = 2.0
"""The version of Glue from which jobs take workers alone, as AWS documents it."""


def _judge(resource: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    workers = [name for name in _WORKERS if resource.properties.get(name) is not None]
    units = [name for name in _UNITS if resource.properties.get(name) is not None]
    if workers and units:
        yield Complaint(at=units[0], message=f"stands beside {workers[0]}, which Glue refuses; allowed is one of the two ways")
    elif len(workers) == 1:
        missing = next(name for name in _WORKERS if name not in workers)
        yield Complaint(at=missing, message=f"is not set beside {workers[0]}; allowed are both")
    elif units and (version := number(resource.properties.get("GlueVersion"))) is not None and version >= _WORKERS_SINCE:
        yield Complaint(at=units[0], message=f"is documented for Glue 1.0 and earlier alone; allowed are {_WORKERS[1]} and {_WORKERS[0]}")
    elif not workers and not units:
        yield Complaint(at=_WORKERS[0], message="is not set, so that a run takes ten units; allowed is a number of workers and their type")


RULE = Rule(
    id="pipeline.job_capacity",
    title="A Spark job says how many workers it may take",
    rationale=(
        "NumberOfWorkers is what a run costs, and with auto scaling its upper bound. A job that says nothing takes ten data processing "
        "units for a file of a few kilobytes; one that says it twice, or by half, is refused, and units are "
        "documented for Glue 1.0 and earlier alone."
    ),
    source="https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html",
    severity=Severity.WARNING,
    remedy="Set WorkerType and NumberOfWorkers, and --enable-auto-scaling where the input varies; remove MaxCapacity.",
    subjects=spark_jobs,
    judge=_judge,
    cases=Cases(
        compliant=(job(WorkerType="G.1X", NumberOfWorkers=4), job(MaxCapacity=4)),
        failing=(
            job(),
            job(WorkerType="G.1X"),
            job(WorkerType="G.1X", NumberOfWorkers=4, MaxCapacity=4),
            job(MaxCapacity=4, GlueVersion="5.0"),
        ),
        not_applicable=(job(Command={"Name": "pythonshell", "ScriptLocation": "s3://scripts/load.py"}),),
    ),
)
