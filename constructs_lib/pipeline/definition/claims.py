"""Claims: who may ingest what. The rules that make it sound stand in the package's docstring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_stepfunctions as sfn, aws_stepfunctions_tasks as tasks

from constructs_lib.pipeline.definition.common import (
    CALL_TIMEOUT,
    CANCELLED,
    RUN_KEY,
    TRANSIENT_DYNAMODB,
    TRANSIENT_TRANSACTION,
    query,
    report_key,
    retried,
)
from constructs_lib.pipeline.state import CLAIM_KEY

if TYPE_CHECKING:
    from constructs import Construct

    from constructs_lib.pipeline.definition.common import PipelineParts

NOT_MINE = "DynamoDB.ConditionalCheckFailedException"
_NOW = "$floor($millis() / 1000)"
_CAN_BEGIN = "#status IN (:failed, :again) OR (#status = :running AND (execution = :execution OR lease_until < :now))"
"""What can be begun: a run that failed, that did nothing or that somebody releases; one that is this execution's or was abandoned."""


def run_key(parts: PipelineParts, run_id: str = "$runId") -> str:
    """JSONata for the key of a run's item."""
    return f"'{RUN_KEY}{parts.prefix}' & $table & '/' & {run_id}"


def open_run(scope: Construct, parts: PipelineParts) -> tasks.DynamoUpdateItem:
    """Lets in who is first, itself again (a retried call), and anybody once the run has failed or its lease is over.

    The folder of the run's originals is remembered from its first start: a later one may come on another day.
    """
    value = tasks.DynamoAttributeValue
    folder = f"'{parts.prefix}' & $table & '/'"
    dated = f"{folder} & $replace($substring($receivedAt, 0, 10), '-', '/') & '/' & $runId & '/'"
    state = tasks.DynamoUpdateItem.jsonata(
        scope,
        "Open",
        table=parts.claims,
        key={CLAIM_KEY: value.from_string(query(run_key(parts)))},
        update_expression=(
            "SET run_id = :run, product = :product, #table = :table, #status = :running, execution = :execution, "
            "lease_until = :lease, received_at = if_not_exists(received_at, :received), raw_key = if_not_exists(raw_key, :raw)"
        ),
        condition_expression=query(
            "($given = '' ? 'attribute_not_exists(#object) OR ' : 'attribute_exists(#object) AND attribute_exists(held_at) AND ')"
            f" & '({_CAN_BEGIN})'"
        ),
        expression_attribute_names={"#object": CLAIM_KEY, "#status": "status", "#table": "table"},
        expression_attribute_values={
            ":run": value.from_string("{% $runId %}"),
            ":product": value.from_string(parts.key),
            ":table": value.from_string("{% $table %}"),
            ":running": value.from_string("RUNNING"),
            ":failed": value.from_string("FAILED"),
            ":again": value.from_string("{% $release ? 'HELD' : 'EMPTY' %}"),
            ":execution": value.from_string("{% $states.context.Execution.Id %}"),
            ":lease": value.number_from_string(query(f"$string({_NOW} + {parts.lease.to_seconds():.0f})")),
            ":received": value.from_string("{% $receivedAt %}"),
            ":raw": value.from_string(query(f"$way = 'replay' ? {folder} : {dated}")),
            ":now": value.number_from_string(query(f"$string({_NOW})")),
        },
        return_values=tasks.DynamoReturnValues.ALL_NEW,
        assign={
            "rawKey": "{% $states.result.Attributes.raw_key.S %}",
            "report": query(f"'{parts.zones.raw.bucket.s3_url_for_object()}/{report_key(parts)}"),
        },
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
        comment="One execution at a time for a run",
    )
    return retried(state, TRANSIENT_DYNAMODB)


def claim(scope: Construct, name: str, parts: PipelineParts) -> tasks.DynamoPutItem:
    """Gives the object of `$objectId` to the run of `$runId`, unless another run has it."""
    value = tasks.DynamoAttributeValue
    state = tasks.DynamoPutItem.jsonata(
        scope,
        name,
        table=parts.claims,
        item={key: value.from_string(text) for key, text in _CLAIM.items()},
        condition_expression="attribute_not_exists(#object) OR run_id = :run",
        expression_attribute_names={"#object": CLAIM_KEY},
        expression_attribute_values={":run": value.from_string("{% $runId %}")},
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
        comment="Idempotency: one run for each version of an object",
    )
    return retried(state, TRANSIENT_DYNAMODB)


_CLAIM = {
    CLAIM_KEY: "{% $objectId %}",
    "run_id": "{% $runId %}",
    "table": "{% $table %}",
    "received_at": "{% $receivedAt %}",
    "raw_key": "{% $rawKey %}",
}


def find_owner(scope: Construct, parts: PipelineParts) -> tasks.DynamoGetItem:
    """Whose the object is."""
    value = tasks.DynamoAttributeValue
    state = tasks.DynamoGetItem.jsonata(
        scope,
        "FindOwner",
        table=parts.claims,
        key={CLAIM_KEY: value.from_string("{% $objectId %}")},
        consistent_read=True,
        assign={"owner": "{% $states.result.Item.run_id.S & '' %}"},
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    return retried(state, TRANSIENT_DYNAMODB)


def find_run(scope: Construct, parts: PipelineParts) -> tasks.DynamoGetItem:
    """Whether the object's run lets go of it: nearly none does, and a look costs less than a transaction that is cancelled.

    Then a cancelled one is worth trying again, which it has to be: those that look at one run at a time get into each other's way, and
    are told as those whose condition does not hold.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
    """
    value = tasks.DynamoAttributeValue
    over = f"$r.status.S = 'RUNNING' and $number($r.lease_until.N) < {_NOW}"
    state = tasks.DynamoGetItem.jsonata(
        scope,
        "FindRun",
        table=parts.claims,
        key={CLAIM_KEY: value.from_string(query(run_key(parts, "$owner")))},
        consistent_read=True,
        assign={
            "free": query(
                f"( $r := $states.result.Item; $exists($r) and $not($exists($r.held_at))"
                f" and ($retryFailed and $r.status.S = 'FAILED' or {over}) )"
            )
        },
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    return retried(state, TRANSIENT_DYNAMODB)


def take_over(scope: Construct, parts: PipelineParts, *, lost: sfn.IChainable) -> tasks.CallAwsService:
    """Gives the object to this run if its owner was abandoned, or has failed and that is asked for: judged and done in one transaction.

    A run that was held once keeps its objects: somebody may still release it. When the condition does not hold any more, the way leads to
    `lost`; a transaction that others keep cancelling fails.
    """
    name = parts.claims.table_name
    state = tasks.CallAwsService.jsonata(
        scope,
        "TakeOver",
        service="dynamodb",
        action="transactWriteItems",
        iam_resources=[parts.claims.table_arn],
        parameters={
            "TransactItems": [
                {
                    "ConditionCheck": {
                        "TableName": name,
                        "Key": {CLAIM_KEY: {"S": query(run_key(parts, "$owner"))}},
                        "ConditionExpression": (
                            "attribute_not_exists(held_at) AND (#status = :failed OR (#status = :running AND lease_until < :now))"
                        ),
                        "ExpressionAttributeNames": {"#status": "status"},
                        "ExpressionAttributeValues": {
                            ":failed": {"S": "{% $retryFailed ? 'FAILED' : '-' %}"},
                            ":running": {"S": "RUNNING"},
                            ":now": {"N": query(f"$string({_NOW})")},
                        },
                    }
                },
                {
                    "Put": {
                        "TableName": name,
                        "Item": {key: {"S": text} for key, text in _CLAIM.items()},
                        "ConditionExpression": "run_id IN (:owner, :run)",  # itself again: a retried call whose answer was lost
                        "ExpressionAttributeValues": {":owner": {"S": "{% $owner %}"}, ":run": {"S": "{% $runId %}"}},
                    }
                },
            ]
        },
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    refused = sfn.Choice.jsonata(scope, "Lost")
    refused.when(sfn.Condition.jsonata("{% $contains($reasons, 'ConditionalCheckFailed') %}"), lost)
    refused.otherwise(sfn.Fail.jsonata(scope, "NotTaken", error=CANCELLED, cause="{% $reasons %}"))
    retried(state, TRANSIENT_TRANSACTION)
    state.add_catch(refused, errors=[CANCELLED], assign={"reasons": "{% $string($states.errorOutput.Cause) %}"})
    return state


def close_run(scope: Construct, parts: PipelineParts) -> tasks.DynamoUpdateItem:
    """Ends the run, after the notice: a run is complete once its readers were told."""
    return _end(
        scope,
        parts,
        "Close",
        status="{% $status %}",
        update="{% 'SET #status = :status, ended_at = :ended' & ($status = 'HELD' ? ', held_at = :ended' : '') %}",
    )


def record_failure(scope: Construct, parts: PipelineParts) -> tasks.DynamoUpdateItem:
    """Frees the run, so that it can be begun again."""
    return _end(scope, parts, "RecordFailure", status="FAILED", update="SET #status = :status, ended_at = :ended")


def _end(scope: Construct, parts: PipelineParts, name: str, *, status: str, update: str) -> tasks.DynamoUpdateItem:
    value = tasks.DynamoAttributeValue
    values: dict[str, Any] = {
        ":status": value.from_string(status),
        ":execution": value.from_string("{% $states.context.Execution.Id %}"),
        ":ended": value.from_string("{% $now() %}"),
    }
    state = tasks.DynamoUpdateItem.jsonata(
        scope,
        name,
        table=parts.claims,
        key={CLAIM_KEY: value.from_string(query(run_key(parts)))},
        update_expression=update,
        condition_expression="execution = :execution",
        expression_attribute_names={"#status": "status"},
        expression_attribute_values=values,
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    return retried(state, TRANSIENT_DYNAMODB)
