"""Notices: events for programs, messages for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_stepfunctions as sfn, aws_stepfunctions_tasks as tasks

from constructs_lib.pipeline.definition.common import CALL_TIMEOUT, TRANSIENT_EVENTS, TRANSIENT_SNS, query, retried
from constructs_lib.pipeline.definition.runs import report
from constructs_lib.pipeline.foundation import EVENT_SOURCE, FAILED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from constructs_lib.pipeline.definition.common import PipelineParts

_LONGEST_SUBJECT = 100
_FAILURE = {
    "error": "{% $failure.Error %}",
    "cause": "{% $exists($failure.Cause) ? $substring($failure.Cause, 0, 2000) : 'no cause was given' %}",
}
_INPUT = "$states.context.Execution.Input"


def tell(scope: Construct, parts: PipelineParts) -> tasks.EventBridgePutEvents:
    """Tells programs of a run that ended: published or held."""
    numbers = {name: f"{{% $outcome.{name} %}}" for name in ("counts", "gate", "refused")}
    reports = {"manifest": query(report(".json")), "lineage": query(report(".lineage.json"))}
    return _event(scope, parts, "Tell", "{% $told %}", {"status": "{% $status %}", **numbers, **reports})


def tell_failure(scope: Construct, parts: PipelineParts) -> tasks.EventBridgePutEvents:
    """Tells programs of a failure."""
    return _event(scope, parts, "TellFailure", FAILED, _FAILURE)


def _event(scope: Construct, parts: PipelineParts, name: str, detail_type: str, more: Mapping[str, Any]) -> tasks.EventBridgePutEvents:
    detail = sfn.TaskInput.from_object({**_about(parts), **more})
    state = tasks.EventBridgePutEvents.jsonata(
        scope,
        name,
        entries=[tasks.EventBridgePutEventsEntry(detail=detail, detail_type=detail_type, source=EVENT_SOURCE)],
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    return retried(state, TRANSIENT_EVENTS)


def notify(scope: Construct, parts: PipelineParts) -> tasks.SnsPublish:
    """Tells people of a run that is held, or that left files out; and with what input it is released.

    `left_behind` counts what stays in landing: objects above 5 GiB, and those without a version.
    """
    again = f"$merge([{_INPUT}, {{'release': true}}, $way = 'event' ? {{}} : {{'run': $runId}}])"
    return _message(
        scope,
        parts,
        "Notify",
        "$told",
        {
            "status": "{% $status %}",
            "failed_rules": "{% $outcome.failed_rules %}",
            "refused_files": "{% $outcome.refused_files %}",
            "left_behind": "{% $leftBehind %}",
            "manifest": query(report(".json")),
            "to_release_start_with": query(f"$status = 'HELD' ? {again} : {{}}"),
        },
    )


def alert(scope: Construct, parts: PipelineParts) -> tasks.SnsPublish:
    """Tells people what failed and why, which an alarm does not, and with what input to try again."""
    failed = f"$merge([{_INPUT}, {{'sweep': $merge([{_INPUT}.sweep, {{'retry_failed': true}}])}}])"
    again = query(f"$way = 'sweep' and $given = '' ? {failed} : {_INPUT}")
    return _message(scope, parts, "Alert", f"'{FAILED}'", {**_FAILURE, "to_try_again_start_with": again})


def _message(scope: Construct, parts: PipelineParts, name: str, what: str, more: Mapping[str, Any]) -> tasks.SnsPublish:
    state = tasks.SnsPublish.jsonata(
        scope,
        name,
        topic=parts.alarm_topic,
        subject=query(f"$substring({what} & ': {parts.key}', 0, {_LONGEST_SUBJECT})"),
        message=sfn.TaskInput.from_object({**_about(parts), **more}),
        outputs={},
        task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
    )
    return retried(state, TRANSIENT_SNS)


def _about(parts: PipelineParts) -> dict[str, str]:
    return {
        "product": parts.key,
        "table": "{% $table %}",
        "run_id": "{% $runId %}",
        "object": "{% $objectId %}",
        "execution": "{% $states.context.Execution.Id %}",
    }
