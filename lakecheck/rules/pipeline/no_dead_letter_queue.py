"""An event that could not start what it should start is kept.

The Serverless pack of cdk-nag asks for a queue on every target of every rule that CDK types; this one asks it of what starts work, of
schedules of jobs and state machines too, in any template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.pipeline._cases import NO_PIPELINE, rule
from lakecheck.rules.pipeline._events import SCHEDULE, starting, targets
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.rules.pipeline._events import Target
    from lakecheck.snapshot import Snapshot

_FUNCTION: Final = ":lambda:"


def _is_tick(target: Target) -> bool:
    """Whether a function is called by the clock: most of those tidy up, and the next call does what one could not."""
    source, arn = target.source, target.body.get("Arn")
    by_clock = source.type == SCHEDULE or (source.properties.get("EventPattern") is None and "ScheduleExpression" in source.properties)
    return by_clock and isinstance(arn, str) and _FUNCTION in arn


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for source in starting(snapshot):
        if any(target.starts is not False and not _is_tick(target) for target in targets(source)):
            yield source


def _judge(resource: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    for target in targets(resource):
        if target.starts is not False and target.dead_letters is None and not _is_tick(target):
            arn = target.body.get("Arn")
            what = shown(arn) if isinstance(arn, str) else "a target that is not known"
            yield Complaint(
                at=target.at,
                message=f"starts {what} and has no queue for what cannot be started; allowed is a DeadLetterConfig",
                is_unknown=target.starts is None,
            )


_DAILY = {"Type": "AWS::Scheduler::Schedule"}
_TIDY = "arn:aws:lambda:eu-west-1:444455556666:function:tidy"
_QUEUE = {"DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-1:444455556666:missed"}}
_GOAL = {"Arn": "arn:aws:states:eu-west-1:444455556666:stateMachine:load", "RoleArn": "arn:aws:iam::444455556666:role/Start"}
_PATTERN = {"source": ["aws.s3"], "detail": {"bucket": {"name": ["landing"]}}}
_TIMES = {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}}

RULE = Rule(
    id="pipeline.no_dead_letter_queue",
    title="What starts a pipeline keeps the events that could not",
    rationale=(
        "EventBridge gives an event up after 24 hours of attempts, and at once when a right is missing. Without a dead-letter queue the "
        "event is gone, and the file that it told of is never loaded."
    ),
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html",
    severity=Severity.WARNING,
    remedy="Give the target a DeadLetterConfig with a queue, and the queue an alarm.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            rule(_PATTERN, **_QUEUE),
            {"Daily": {**_DAILY, "Properties": {**_TIMES, "Target": {**_GOAL, **_QUEUE}}}},
        ),
        failing=(rule(_PATTERN), {"Daily": {**_DAILY, "Properties": {**_TIMES, "Target": _GOAL}}}),
        not_applicable=(
            rule(_PATTERN, Arn="arn:aws:sns:eu-west-1:444455556666:told"),
            {"Hourly": {**_DAILY, "Properties": {**_TIMES, "Target": {**_GOAL, "Arn": _TIDY}}}},
            NO_PIPELINE,
        ),
    ),
)
