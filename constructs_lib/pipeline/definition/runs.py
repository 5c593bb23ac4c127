"""Runs: the job is started and waited for, what it says of itself is read, measured and decided by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Stack, aws_stepfunctions as sfn, aws_stepfunctions_tasks as tasks

from constructs_lib.pipeline.definition.common import (
    CALL_TIMEOUT,
    QUEUE_ALLOWANCE,
    TRANSIENT_GLUE,
    TRANSIENT_S3,
    query,
    report_key,
    retried,
    waiting_its_turn,
)
from constructs_lib.pipeline.foundation import HELD, SUCCEEDED
from constructs_lib.pipeline.metrics import TRANSIENT_CLOUDWATCH, put_metrics_arguments

if TYPE_CHECKING:
    from constructs import Construct

    from constructs_lib.pipeline.definition.common import PipelineParts


def run_job(scope: Construct, parts: PipelineParts) -> sfn.CustomState:
    """Runs the job, which publishes only after its accounting adds up; a failed job is not retried: the same input fails again."""
    raw = parts.zones.raw.bucket.s3_url_for_object()
    constant = {
        "--spec": parts.specs,
        "--curated": parts.zones.curated.bucket.s3_url_for_object(),
        "--quarantine": parts.zones.quarantine.bucket.s3_url_for_object(),
        "--catalog": "glue",
        "--publish": "true",
    }
    computed = {
        "--table": "$table",
        "--input": f"'{raw}/' & $rawKey",
        "--manifest": report(".json"),
        "--run-id": "$runId",
        "--release": "$string($release)",
        "--execution": "$states.context.Execution.Id",
    }
    fields = [f"'{name}': '{text}'" for name, text in constant.items()] + [f"'{name}': {text}" for name, text in computed.items()]
    # Not tasks.GlueStartJobRun: it passes the task's timeout on as the job's, and gives the state none.
    state = sfn.CustomState(
        scope,
        "RunJob",
        state_json={
            "Type": "Task",
            "Resource": Stack.of(scope).format_arn(
                service="states",
                region="",
                account="",
                resource="glue",
                resource_name="startJobRun.sync",
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            ),
            "Arguments": {"JobName": parts.job.job_name, "Arguments": query(f"$merge([{{{', '.join(fields)}}}, $arguments])")},
            "Assign": {"jobRun": "{% $states.result %}"},
            "Output": {},
            "TimeoutSeconds": int(parts.job_timeout.to_seconds() + QUEUE_ALLOWANCE.to_seconds()),
        },
    )
    return waiting_its_turn(retried(state, TRANSIENT_GLUE))


def report(ending: str) -> str:
    """JSONata for the address of one of the run's reports: `.json`, `.outcome.json` or `.lineage.json`."""
    return f"$report & '{ending}'"


def read_outcome(scope: Construct, parts: PipelineParts) -> tasks.CallAwsService:
    """Reads what the job says of the run; it keeps below the 256 KiB that a state takes."""
    state = tasks.CallAwsService.jsonata(
        scope,
        "ReadOutcome",
        service="s3",
        action="getObject",
        iam_resources=[parts.zones.raw.bucket.arn_for_objects("*")],
        parameters={"Bucket": parts.zones.raw.bucket.bucket_name, "Key": query(f"'{report_key(parts)} & '.outcome.json'")},
        assign={"outcome": "{% $parse($states.result.Body) %}"},
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    return retried(state, TRANSIENT_S3)


def put_metrics(scope: Construct, parts: PipelineParts) -> tasks.CallAwsService:
    """Sends the run's numbers. Whatever fails here fails no run: readers may see it already."""
    state = tasks.CallAwsService.jsonata(
        scope,
        "PutMetrics",
        service="cloudwatch",
        action="putMetricData",
        iam_resources=["*"],
        parameters=put_metrics_arguments(parts.key, received_at="($way != 'replay' ? $receivedAt)"),
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    return retried(state, TRANSIENT_CLOUDWATCH)


def gate(scope: Construct, *, then: sfn.IChainable, otherwise: sfn.IChainable) -> sfn.Choice:
    """Goes on with what the job decided; nothing but `published` and `held` ends a run."""
    choice = sfn.Choice.jsonata(scope, "Gate")
    for status, ended, told in (("published", "SUCCEEDED", SUCCEEDED), ("held", "HELD", HELD)):
        choice.when(sfn.Condition.jsonata(f"{{% $outcome.status = '{status}' %}}"), then, assign={"status": ended, "told": told})
    unclear = {"failure": {"Error": "Lake.NotPublished", "Cause": "the job ended well and says neither that the run is published nor held"}}
    choice.when(sfn.Condition.jsonata("{% true %}"), otherwise, assign=unclear)
    return choice
