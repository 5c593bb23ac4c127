"""Originals: what was delivered is kept in raw, one object of an event or everything that a sweep finds waiting in landing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_stepfunctions as sfn, aws_stepfunctions_tasks as tasks

from constructs_lib.pipeline.definition.claims import NOT_MINE, claim, find_owner, take_over
from constructs_lib.pipeline.definition.common import (
    CALL_TIMEOUT,
    COPY_TIMEOUT,
    TRANSIENT_S3,
    TRANSIENT_STATES,
    copy_source,
    query,
    retried,
)

if TYPE_CHECKING:
    from constructs import Construct

    from constructs_lib.pipeline.definition.common import PipelineParts

LARGEST_COPY = 5 * 1024**3
"""Bytes that one CopyObject copies. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"""

COLLECT_LABEL = "Collect"
"""Part of the ARNs of the child executions. https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html"""
SWEEP_CONCURRENCY = 40
"""Objects that a sweep claims and copies at a time: far below what S3 takes for one prefix."""
_TABLES_AT_A_TIME = 10

CLAIMED, KNOWN, TOO_LARGE = 1, 0, 2
"""What a child of a sweep answers, one digit so that the answers of a hundred thousand objects are no state's limit of 256 KiB."""

_ITEM = "$states.context.Map.Item.Value"


def keep_original(scope: Construct, name: str, parts: PipelineParts) -> tasks.CallAwsService:
    """Copies what arrived, by version, to raw; the job reads that copy, so that a replay reads the same bytes.

    Each original has a folder of its own, named after its claim: the same file name may be delivered twice.
    """
    state = tasks.CallAwsService.jsonata(
        scope,
        name,
        service="s3",
        action="copyObject",
        iam_resources=[parts.zones.raw.bucket.arn_for_objects("*")],
        parameters={
            "CopySource": copy_source("$bucket", "$key", "$version"),
            "Bucket": parts.zones.raw.bucket.bucket_name,
            "Key": "{% $rawKey & $claim & '/' & $split($key, '/')[-1] %}",
            "ChecksumAlgorithm": "SHA256",
            "TaggingDirective": "REPLACE",
        },
        outputs=query(f"{CLAIMED}"),
        task_timeout=sfn.Timeout.duration(COPY_TIMEOUT),
    )
    return retried(state, TRANSIENT_S3)


def sweep_every_table(scope: Construct) -> sfn.Map:
    """Starts an execution of this state machine for each table: each is a run with a log, an end and a redrive of its own.

    They have names, so that a retried or redriven start does not start a second one.
    """
    start = tasks.CallAwsService.jsonata(
        scope,
        "StartSweep",
        service="sfn",
        action="startExecution",
        iam_resources=["*"],  # the role's policies are not CDK's
        parameters={
            "StateMachineArn": "{% $states.context.StateMachine.Id %}",
            "Name": "{% $substring($hash($states.context.Execution.Id & ' ' & $states.input, 'SHA-256'), 0, 32) %}",
            "Input": "{% $string({'sweep': {'table': $states.input, 'retry_failed': $retryFailed}}) %}",
        },
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    started = sfn.Pass.jsonata(scope, "StartedBefore", outputs={})
    retried(start, TRANSIENT_STATES).add_catch(started, errors=["Sfn.ExecutionAlreadyExistsException"])
    every = sfn.Map.jsonata(
        scope, "EachTable", items=sfn.ProvideItems.jsonata("{% $tables %}"), max_concurrency=_TABLES_AT_A_TIME, outputs={}
    )
    return every.item_processor(start)


def collect(scope: Construct, parts: PipelineParts) -> sfn.DistributedMap:
    """Claims and keeps every object that waits below the table's prefix in landing, in child executions of their own.

    They run as standard workflows: a copy may take longer than the five minutes of an express one.
    """
    every = sfn.DistributedMap.jsonata(
        scope,
        "Collect",
        label=COLLECT_LABEL,
        map_execution_type=sfn.StateMachineType.STANDARD,
        item_reader=sfn.S3ObjectsItemReader(bucket=parts.zones.landing.bucket, prefix=query(f"'{parts.prefix}' & $table & '/'")),
        # variables of the machine do not reach into a distributed map
        item_selector={
            "key": query(f"{_ITEM}.Key"),
            "size": query(f"{_ITEM}.Size"),
            "table": "{% $table %}",
            "runId": "{% $runId %}",
            "rawKey": "{% $rawKey %}",
            "receivedAt": "{% $receivedAt %}",
            "retryFailed": "{% $retryFailed %}",
        },
        max_concurrency=SWEEP_CONCURRENCY,
        assign={
            "claimed": query(f"$count($states.result[$ = {CLAIMED}])"),
            "leftBehind": query(f"$count($states.result[$ = {TOO_LARGE}])"),
        },
        outputs={},
    )
    return every.item_processor(_one_waiting(scope, parts))


def _one_waiting(scope: Construct, parts: PipelineParts) -> sfn.Choice:
    known = sfn.Pass.jsonata(scope, "Known", outputs=query(f"{KNOWN}"))
    too_large = sfn.Pass.jsonata(scope, "TooLarge", outputs=query(f"{TOO_LARGE}"))
    look = _look(scope, parts)
    look.add_catch(known, errors=["S3.NoSuchKeyException"])
    mine = claim(scope, "ClaimWaiting", parts)
    keep = keep_original(scope, "KeepWaiting", parts)
    taken = take_over(scope, parts)
    taken.add_catch(known, errors=["DynamoDb.TransactionCanceledException"])
    mine.add_catch(find_owner(scope, parts).next(taken).next(keep), errors=[NOT_MINE])
    look.next(mine).next(keep)
    sort = sfn.Choice.jsonata(scope, "Sort", comment="Empty objects mark folders")
    sort.when(sfn.Condition.jsonata("{% $states.input.size = 0 %}"), known)
    sort.when(sfn.Condition.jsonata(query(f"$states.input.size > {LARGEST_COPY}")), too_large)
    return sort.otherwise(look)


def _look(scope: Construct, parts: PipelineParts) -> tasks.CallAwsService:
    """Which version waits: a listing does not say."""
    bucket = parts.zones.landing.bucket
    identity = f"'{bucket.bucket_name}/' & $states.input.key & '#' & $states.result.VersionId"
    state = tasks.CallAwsService.jsonata(
        scope,
        "Look",
        service="s3",
        action="headObject",
        iam_resources=[bucket.arn_for_objects("*")],
        parameters={"Bucket": bucket.bucket_name, "Key": "{% $states.input.key %}"},
        assign={
            **{name: f"{{% $states.input.{name} %}}" for name in ("key", "table", "runId", "rawKey", "receivedAt", "retryFailed")},
            "bucket": bucket.bucket_name,
            "version": "{% $states.result.VersionId %}",
            "objectId": query(identity),
            "claim": query(f"$substring($hash({identity}, 'SHA-256'), 0, 32)"),
        },
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    return retried(state, TRANSIENT_S3)
