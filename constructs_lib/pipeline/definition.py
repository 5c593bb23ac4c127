"""The state machine of a pipeline, from the claim to the notice. What its role may do stands in `permissions.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from aws_cdk import ArnFormat, Duration, Stack, aws_stepfunctions as sfn, aws_stepfunctions_tasks as tasks

from constructs_lib.pipeline.foundation import EVENT_SOURCE, FAILED, SUCCEEDED
from constructs_lib.pipeline.state import CLAIM_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_dynamodb as dynamodb, aws_glue as glue, aws_sns as sns
    from constructs import Construct

    from constructs_lib.pipeline.zones import PipelineZones

LARGEST_COPY = 5 * 1024**3
"""Bytes that one CopyObject copies. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"""

CALL_TIMEOUT = Duration.minutes(2)
COPY_TIMEOUT = Duration.minutes(15)
QUEUE_ALLOWANCE = Duration.hours(6)
MANIFEST_FOLDER = "_manifests"

_TRANSIENT_DYNAMODB = (
    "DynamoDB.InternalServerErrorException",
    "DynamoDB.ProvisionedThroughputExceededException",
    "DynamoDB.RequestLimitExceededException",
    "DynamoDB.ThrottlingException",
    "DynamoDB.SdkClientException",
    "States.Timeout",
)
_TRANSIENT_S3 = ("S3.S3Exception", "S3.SdkClientException", "States.Timeout")  # throttling and 5xx have no names of their own
_TRANSIENT_GLUE = (
    "Glue.ConcurrentRunsExceededException",
    "Glue.InternalServiceException",
    "Glue.OperationTimeoutException",
    "Glue.ResourceNumberLimitExceededException",
    "Glue.SdkClientException",
    "Glue.ThrottlingException",
)
_TRANSIENT_SNS = (
    "SNS.InternalErrorException",
    "SNS.KMSThrottlingException",
    "SNS.ThrottledException",
    "SNS.SdkClientException",
    "States.Timeout",
)
_LONGEST_SUBJECT = 100
_TRANSIENT_EVENTS = ("EventBridge.FailedEntry", "EventBridge.InternalException", "EventBridge.SdkClientException", "States.Timeout")


_Task = TypeVar("_Task", bound=sfn.TaskStateBase | sfn.CustomState)


@dataclass(frozen=True, kw_only=True, slots=True)
class PipelineParts:
    """What a definition is about.

    Attributes:
        domain: Domain of the product.
        product: Its name.
        specs: `s3://` address of the compiled contracts of its tables.
        tables: Names of the tables, in order.
        alarm_topic: Where people hear of failures.
        job_timeout: After how long Glue stops the job.
    """

    domain: str
    product: str
    specs: str
    tables: Sequence[str]
    zones: PipelineZones
    claims: dynamodb.ITable
    job: glue.IJob
    alarm_topic: sns.ITopic
    job_timeout: Duration

    @property
    def run_timeout(self) -> Duration:
        """What an execution may take: waiting in Glue's queue, the job, and an hour for the rest."""
        return Duration.minutes(self.job_timeout.to_minutes() + QUEUE_ALLOWANCE.to_minutes() + 60)

    @property
    def lease(self) -> Duration:
        """After how long a claim without an end is free again; longer than any execution can last."""
        return Duration.minutes(self.run_timeout.to_minutes() + 60)


def definition(scope: Construct, parts: PipelineParts) -> sfn.IChainable:
    """The chain of states below `scope`; queries are JSONata."""
    record_failure = _record_failure(scope, parts)
    failed = sfn.Fail.jsonata(scope, "Failed", error="{% $failure.error %}", cause="{% $failure.cause %}")
    tell_failure = _tell(scope, parts, "TellFailure", FAILED, {"error": "{% $failure.error %}", "cause": "{% $failure.cause %}"})
    alert = _alert(scope, parts)
    alert.add_catch(failed, errors=[sfn.Errors.ALL])
    tell_failure.add_catch(alert, errors=[sfn.Errors.ALL])
    record_failure.add_catch(tell_failure, errors=[sfn.Errors.ALL])
    record_failure.next(tell_failure).next(alert).next(failed)

    already = sfn.Succeed.jsonata(scope, "AlreadyClaimed", comment="Another execution has it, or it is done")
    claim = _claim(scope, parts)
    claim.add_catch(already, errors=["DynamoDB.ConditionalCheckFailedException"])
    steps: list[sfn.TaskStateBase | sfn.CustomState] = [
        claim,
        _keep_original(scope, parts),
        _run_job(scope, parts),
        _tell(scope, parts, "TellSuccess", SUCCEEDED, {"manifest": _manifest(parts)}),
        _complete(scope, parts),
    ]
    for step in steps:
        step.add_catch(record_failure, errors=[sfn.Errors.ALL], assign={"failure": _FROM_ERROR})
    chain = sfn.Chain.start(steps[0])
    for step in steps[1:]:
        chain = chain.next(step)
    chain.next(sfn.Succeed.jsonata(scope, "Published"))
    return _identify(scope, parts).next(_admit(scope, claim, record_failure))


_FROM_ERROR = {
    "error": "{% $states.errorOutput.Error %}",
    "cause": "{% $exists($states.errorOutput.Cause) ? $substring($states.errorOutput.Cause, 0, 2000) : 'no cause was given' %}",
}


def _identify(scope: Construct, parts: PipelineParts) -> sfn.Pass:
    """Names the run after the version of the object: the same delivery is the same run, however often it is told of."""
    version = "$states.input.detail.object.`version-id`"
    identity = "$states.input.detail.bucket.name & '/' & $states.input.detail.object.key & '#' & " + version
    return sfn.Pass.jsonata(
        scope,
        "Identify",
        assign={
            "bucket": "{% $states.input.detail.bucket.name %}",
            "key": "{% $states.input.detail.object.key %}",
            "size": "{% $exists($states.input.detail.object.size) ? $states.input.detail.object.size : 0 %}",
            "version": f"{{% $exists({version}) ? {version} : '' %}}",
            "objectId": f"{{% {identity} %}}",
            "runId": f"{{% $substring($hash({identity}, 'SHA-256'), 0, 32) %}}",
            "table": "{% $split($states.input.detail.object.key, '/')[2] %}",
            "fileName": "{% $split($states.input.detail.object.key, '/')[-1] %}",
            "receivedAt": "{% $exists($states.input.time) ? $states.input.time : $states.context.Execution.StartTime %}",
            "tables": list(parts.tables),
        },
    )


def _admit(scope: Construct, claim: sfn.IChainable, refuse: sfn.IChainable) -> sfn.Choice:
    """Refuses what cannot be ingested, before anything is claimed or copied."""
    choice = sfn.Choice.jsonata(scope, "Admit")
    refusals = {
        "$version = ''": ("Lake.NotVersioned", "the landing bucket is not versioned, so the run could not be told from another"),
        "$not($table in $tables)": ("Lake.UndeclaredTable", "the contract declares no table for this prefix"),
        f"$size > {LARGEST_COPY}": (
            "Lake.ObjectTooLarge",
            "the object has more than 5 GiB, which one copy cannot take: deliver it in parts",
        ),
    }
    for condition, (error, cause) in refusals.items():
        choice.when(sfn.Condition.jsonata(f"{{% {condition} %}}"), refuse, assign={"failure": {"error": error, "cause": cause}})
    return choice.otherwise(claim)


def _claim(scope: Construct, parts: PipelineParts) -> tasks.DynamoPutItem:
    """Lets in who is first, itself again (a retried call), and anybody once the claim has failed or its lease is over."""
    value = tasks.DynamoAttributeValue
    now = "$floor($millis() / 1000)"
    state = tasks.DynamoPutItem.jsonata(
        scope,
        "Claim",
        table=parts.claims,
        item={
            CLAIM_KEY: value.from_string("{% $objectId %}"),
            "run_id": value.from_string("{% $runId %}"),
            "product": value.from_string(f"{parts.domain}.{parts.product}"),
            "table": value.from_string("{% $table %}"),
            "status": value.from_string("RUNNING"),
            "execution": value.from_string("{% $states.context.Execution.Id %}"),
            "received_at": value.from_string("{% $receivedAt %}"),
            "lease_until": value.number_from_string(f"{{% $string({now} + {parts.lease.to_seconds():.0f}) %}}"),
        },
        condition_expression=(
            "attribute_not_exists(#object) OR #execution = :execution OR #status = :failed OR (#status = :running AND #lease < :now)"
        ),
        expression_attribute_names={"#object": CLAIM_KEY, "#execution": "execution", "#status": "status", "#lease": "lease_until"},
        expression_attribute_values={
            ":execution": value.from_string("{% $states.context.Execution.Id %}"),
            ":failed": value.from_string("FAILED"),
            ":running": value.from_string("RUNNING"),
            ":now": value.number_from_string(f"{{% $string({now}) %}}"),
        },
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
        comment="Idempotency: one run for each version of an object",
    )
    return _retried(state, _TRANSIENT_DYNAMODB)


def _keep_original(scope: Construct, parts: PipelineParts) -> tasks.CallAwsService:
    """Copies what arrived, by version, to raw; the job reads that copy, so that a replay reads the same bytes."""
    state = tasks.CallAwsService.jsonata(
        scope,
        "KeepOriginal",
        service="s3",
        action="copyObject",
        iam_resources=[parts.zones.raw.bucket.arn_for_objects("*")],
        parameters={
            "CopySource": (
                "{% $bucket & '/' & $join($map($split($key, '/'), function($part) { $encodeUrlComponent($part) }), '/')"
                " & '?versionId=' & $version %}"
            ),
            "Bucket": parts.zones.raw.bucket.bucket_name,
            "Key": f"{{% {_raw_key(parts)} %}}",
            "ChecksumAlgorithm": "SHA256",
            "TaggingDirective": "REPLACE",
        },
        assign={"rawKey": f"{{% {_raw_key(parts)} %}}"},
        outputs={},
        task_timeout=sfn.Timeout.duration(COPY_TIMEOUT),
    )
    return _retried(state, _TRANSIENT_S3)


def _raw_key(parts: PipelineParts) -> str:
    return f"'{parts.domain}/{parts.product}/' & $table & '/' & $runId & '/' & $fileName"


def _run_job(scope: Construct, parts: PipelineParts) -> sfn.CustomState:
    """Runs the job, which publishes only after its accounting adds up; a failed job is not retried: the same input fails again."""
    raw = parts.zones.raw.bucket.s3_url_for_object()
    arguments = {
        "--spec": parts.specs,
        "--table": "{% $table %}",
        "--input": f"{{% '{raw}/' & $rawKey %}}",
        "--curated": parts.zones.curated.bucket.s3_url_for_object(),
        "--quarantine": parts.zones.quarantine.bucket.s3_url_for_object(),
        "--manifest": _manifest(parts),
        "--run-id": "{% $runId %}",
        "--publish": "true",
    }
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
            "Arguments": {"JobName": parts.job.job_name, "Arguments": arguments},
            "Output": {},
            "TimeoutSeconds": int(parts.job_timeout.to_seconds() + QUEUE_ALLOWANCE.to_seconds()),
        },
    )
    return _retried(state, _TRANSIENT_GLUE)


def _manifest(parts: PipelineParts) -> str:
    """Where the run's counts and reasons stand: in raw, apart from originals, and never inside a table's location."""
    folder = f"{parts.zones.raw.bucket.s3_url_for_object()}/{parts.domain}/{parts.product}/{MANIFEST_FOLDER}/"
    return f"{{% '{folder}' & $table & '/' & $runId & '.json' %}}"


def _complete(scope: Construct, parts: PipelineParts) -> tasks.DynamoUpdateItem:
    return _end_claim(scope, parts, "Complete", "SUCCEEDED", comment="After the notice: a claim is complete once its readers were told")


def _record_failure(scope: Construct, parts: PipelineParts) -> tasks.DynamoUpdateItem:
    return _end_claim(scope, parts, "RecordFailure", "FAILED", comment="Frees the claim, so that the object can be ingested again")


def _end_claim(scope: Construct, parts: PipelineParts, name: str, status: str, *, comment: str) -> tasks.DynamoUpdateItem:
    value = tasks.DynamoAttributeValue
    state = tasks.DynamoUpdateItem.jsonata(
        scope,
        name,
        table=parts.claims,
        key={CLAIM_KEY: value.from_string("{% $objectId %}")},
        update_expression="SET #status = :status, #run = :run, #execution = :execution, #ended = :ended",
        condition_expression="attribute_not_exists(#execution) OR #execution = :execution",
        expression_attribute_names={"#status": "status", "#run": "run_id", "#execution": "execution", "#ended": "ended_at"},
        expression_attribute_values={
            ":status": value.from_string(status),
            ":run": value.from_string("{% $runId %}"),
            ":execution": value.from_string("{% $states.context.Execution.Id %}"),
            ":ended": value.from_string("{% $now() %}"),
        },
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
        comment=comment,
    )
    return _retried(state, _TRANSIENT_DYNAMODB)


def _tell(scope: Construct, parts: PipelineParts, name: str, detail_type: str, more: Mapping[str, Any]) -> tasks.EventBridgePutEvents:
    detail = {
        "product": f"{parts.domain}.{parts.product}",
        "table": "{% $table %}",
        "run_id": "{% $runId %}",
        "object": "{% $objectId %}",
        "execution": "{% $states.context.Execution.Id %}",
        **more,
    }
    state = tasks.EventBridgePutEvents.jsonata(
        scope,
        name,
        entries=[tasks.EventBridgePutEventsEntry(detail=sfn.TaskInput.from_object(detail), detail_type=detail_type, source=EVENT_SOURCE)],
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    return _retried(state, _TRANSIENT_EVENTS)


def _alert(scope: Construct, parts: PipelineParts) -> tasks.SnsPublish:
    """Tells people what failed and why, which an alarm does not."""
    state = tasks.SnsPublish.jsonata(
        scope,
        "Alert",
        topic=parts.alarm_topic,
        subject=f"Ingestion failed: {parts.domain}.{parts.product}"[:_LONGEST_SUBJECT],
        message=sfn.TaskInput.from_object(
            {
                "product": f"{parts.domain}.{parts.product}",
                "table": "{% $table %}",
                "object": "{% $objectId %}",
                "error": "{% $failure.error %}",
                "cause": "{% $failure.cause %}",
                "execution": "{% $states.context.Execution.Id %}",
            }
        ),
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    return _retried(state, _TRANSIENT_SNS)


def _retried(state: _Task, errors: Sequence[str]) -> _Task:
    """Retries what passes by itself, with full jitter so that many runs do not come back at once."""
    state.add_retry(
        errors=list(errors),
        interval=Duration.seconds(2),
        backoff_rate=2,
        max_attempts=6,
        max_delay=Duration.minutes(2),
        jitter_strategy=sfn.JitterType.FULL,
    )
    return state
