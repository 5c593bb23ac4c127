"""Which states run which Glue job, and which calls start work that goes on after the call has returned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import at
from lakecheck.rules.base import once
from lakecheck.rules.pipeline._definitions import definitions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.rules.pipeline._definitions import Definition, State
    from lakecheck.snapshot import Snapshot

JOB: Final = "AWS::Glue::Job"
STREAMING: Final = "gluestreaming"
SPARK: Final = frozenset({"glueetl", STREAMING})

STARTS_WORK: Final = frozenset(
    {
        "athena:startQueryExecution", "batch:submitJob", "codebuild:startBuild", "databrew:startJobRun", "ecs:runTask",
        "elasticmapreduce:addStep", "emr:addJobFlowSteps", "emr-containers:startJobRun", "emrcontainers:startJobRun",
        "emr-serverless:startJobRun", "emrserverless:startJobRun", "glue:startCrawler", "glue:startJobRun",
        "redshiftdata:batchExecuteStatement", "redshiftdata:executeStatement", "sagemaker:createProcessingJob",
        "sagemaker:createTrainingJob", "sagemaker:createTransformJob",
    }
)  # fmt: skip
"""Calls that return once the work has begun. https://docs.aws.amazon.com/step-functions/latest/dg/connect-supported-services.html"""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A state that runs a job of the estate and waits for it."""

    definition: Definition
    state: State
    job: Resource


@once
def runs(snapshot: Snapshot) -> tuple[Run, ...]:
    """Every state that runs a Glue job of its account and waits for its end."""
    jobs = {(job.account, job.region, job.ref): job for job in snapshot.by_type.get(JOB, ())}
    found = []
    for definition in definitions(snapshot).values():
        machine = definition.machine
        for state in definition.states:
            if state.call == "glue:startJobRun" and state.way == "sync":
                name: Any = state.arguments("JobName")
                job = jobs.get((machine.account, machine.region, name)) if isinstance(name, str) else None
                if job is not None:
                    found.append(Run(definition, state, job))
    return tuple(found)


def runs_of(job: Resource, snapshot: Snapshot) -> list[Run]:
    """The states that run a job."""
    return [run for run in runs(snapshot) if run.job is job]


def orchestrated_jobs(snapshot: Snapshot) -> Iterator[Resource]:
    """Subjects: the jobs that a state machine runs and waits for."""
    seen = {id(run.job): run.job for run in runs(snapshot)}
    yield from seen.values()


def kind(job: Resource) -> Any:
    """`glueetl`, `gluestreaming`, `pythonshell`, ..."""
    return at(job.properties, "Command.Name")


def spark_jobs(snapshot: Snapshot) -> Iterator[Resource]:
    """Subjects: the jobs that run Spark."""
    yield from (job for job in snapshot.by_type.get(JOB, ()) if any(kind(job) == each for each in SPARK))
