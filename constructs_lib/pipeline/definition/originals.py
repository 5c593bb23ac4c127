"""Originals: what was delivered is kept in raw, one object of an event or everything that a sweep finds waiting in landing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_stepfunctions as sfn, aws_stepfunctions_tasks as tasks

from constructs_lib.pipeline.definition.claims import NOT_MINE, claim, find_owner, find_run, take_over
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
_STRAYS = 10

CLAIMED, KNOWN, LEFT_BEHIND = 1, 0, 2
"""What a child of a sweep answers, one digit so that the answers of a hundred thousand objects are no state's limit of 256 KiB."""

LONGEST_NAME = 100
"""Characters of a file's name that its original keeps, the last ones: below the run's folder a longer one may be too long a key."""

_ITEM = "$states.context.Map.Item.Value"


def keep_original(scope: Construct, name: str, parts: PipelineParts) -> tasks.CallAwsService:
    """Copies what arrived, by version, to raw; the job reads that copy, so that a replay reads the same bytes.

    Each original has a folder of its own, named after its claim: the same file name may be delivered twice. What is named like a folder,
    and is none because it has content, gets a name: the job passes folders over.
    """
    name_of_file = f"$n := $split($key, '/')[-1]; $n := $n in ['', '.', '..'] ? 'unnamed' : $substring($n, -{LONGEST_NAME})"
    state = tasks.CallAwsService.jsonata(
        scope,
        name,
        service="s3",
        action="copyObject",
        iam_resources=[parts.zones.raw.bucket.arn_for_objects("*")],
        parameters={
            "CopySource": copy_source("$bucket", "$key", "$version"),
            "Bucket": parts.zones.raw.bucket.bucket_name,
            "Key": query(f"( {name_of_file}; $rawKey & $claim & '/' & $n )"),
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


def look_for_strays(scope: Construct, parts: PipelineParts) -> tasks.CallAwsService:
    """Counts what waits below the product's prefix and below no table's: no sweep would ever see it, and it would expire unseen.

    A page takes some entries more than there are tables: where it is full, there is something else in it.
    """
    result = "$states.result"
    folders = f"$count({result}.CommonPrefixes[$not($split(Prefix, '/')[2] in $tables)])"
    state = tasks.CallAwsService.jsonata(
        scope,
        "LookForStrays",
        service="s3",
        action="listObjectsV2",
        iam_resources=[parts.zones.landing.bucket.bucket_arn],
        parameters={
            "Bucket": parts.zones.landing.bucket.bucket_name,
            "Prefix": parts.prefix,
            "Delimiter": "/",
            "MaxKeys": len(parts.tables) + _STRAYS,
        },
        assign={"strays": query(f"{folders} + $count({result}.Contents[Size > 0])")},
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    return retried(state, TRANSIENT_S3)


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
            "leftBehind": query(f"$count($states.result[$ = {LEFT_BEHIND}])"),
        },
        outputs={},
    )
    return every.item_processor(_one_waiting(scope, parts))


def _one_waiting(scope: Construct, parts: PipelineParts) -> sfn.Choice:
    known = sfn.Pass.jsonata(scope, "Known", outputs=query(f"{KNOWN}"))
    left_behind = sfn.Pass.jsonata(scope, "LeftBehind", outputs=query(f"{LEFT_BEHIND}"))
    look = _look(scope, parts)
    mine = claim(scope, "ClaimWaiting", parts)
    keep = keep_original(scope, "KeepWaiting", parts)
    free = sfn.Choice.jsonata(scope, "Free")
    free.when(sfn.Condition.jsonata("{% $free %}"), take_over(scope, parts, lost=known).next(keep))
    free.otherwise(known)
    mine.add_catch(find_owner(scope, parts).next(find_run(scope, parts)).next(free), errors=[NOT_MINE])
    waits = sfn.Choice.jsonata(scope, "Waits", comment="Without a version of its own, one object cannot be told from the next")
    waits.when(sfn.Condition.jsonata("{% $version = '' %}"), known)
    waits.when(sfn.Condition.jsonata("{% $version = 'null' %}"), left_behind)
    look.next(waits.otherwise(mine.next(keep)))
    sort = sfn.Choice.jsonata(scope, "Sort", comment="Empty objects mark folders")
    sort.when(sfn.Condition.jsonata("{% $states.input.size = 0 %}"), known)
    sort.when(sfn.Condition.jsonata(query(f"$states.input.size > {LARGEST_COPY}")), left_behind)
    return sort.otherwise(look)


def _look(scope: Construct, parts: PipelineParts) -> tasks.CallAwsService:
    """Which version waits: the listing of objects does not say. None, when the object was deleted meanwhile.

    Not HeadObject: it answers 403 for an object that is gone, unless the role may list the whole bucket.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    bucket = parts.zones.landing.bucket
    current = "($v := $states.result.Versions[0]; $v.Key = $states.input.key ? $v.VersionId : '')"
    identity = f"'{bucket.bucket_name}/' & $states.input.key & '#' & {current}"
    state = tasks.CallAwsService.jsonata(
        scope,
        "Look",
        service="s3",
        action="listObjectVersions",
        iam_resources=[bucket.bucket_arn],
        parameters={"Bucket": bucket.bucket_name, "Prefix": "{% $states.input.key %}", "MaxKeys": 1},
        assign={
            **{name: f"{{% $states.input.{name} %}}" for name in ("key", "table", "runId", "rawKey", "receivedAt", "retryFailed")},
            "bucket": bucket.bucket_name,
            "version": query(current),
            "objectId": query(identity),
            "claim": query(f"$substring($hash({identity}, 'SHA-256'), 0, 32)"),
        },
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    return retried(state, TRANSIENT_S3)
