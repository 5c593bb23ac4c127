"""Somebody learns when something is put aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules._alarms import computes_blindly, metrics
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.pipeline._cases import NO_PIPELINE
from lakecheck.rules.pipeline._events import QUEUE, dead_letter_queues, taken_queues
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_DEPTH: Final = frozenset({"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"})
_SENT: Final = "NumberOfMessagesSent"
"""Does not count what a queue moves to its dead-letter queue, only what a service sends there."""


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    name = resource.arn.rpartition(":")[2]
    seen = _seen(snapshot)
    is_sent_to = not all(use.is_redriven for use in dead_letter_queues(snapshot)[resource.arn])
    wanted = _DEPTH | {_SENT} if is_sent_to else _DEPTH
    if resource.arn in _emptied(snapshot) or any((resource.account, resource.region, name, metric) in seen for metric in wanted):
        return
    yield Complaint(
        message="takes what failed, and no alarm looks at how much is in it; allowed is an alarm on ApproximateNumberOfMessagesVisible",
        is_unknown=None in seen,
    )


@once
def _seen(snapshot: Snapshot) -> frozenset[object]:
    """Account, Region, queue name and metric that alarms look at; None among them when an alarm may look at any."""
    found: set[object] = set()
    for metric in metrics(snapshot):
        if metric.namespace == "AWS/SQS":
            queue = None if metric.dimensions is None else metric.dimensions.get("QueueName")
            looked_at = (metric.account, metric.alarm.region, queue, metric.name)
            found.add(looked_at if all(isinstance(each, str) for each in looked_at) else None)
    if any(computes_blindly(alarm) for alarm in snapshot.by_type.get("AWS::CloudWatch::Alarm", ())):
        found.add(None)
    return frozenset(found)


@once
def _emptied(snapshot: Snapshot) -> frozenset[object]:
    """The queues that something reads by itself."""
    mappings = snapshot.by_type.get("AWS::Lambda::EventSourceMapping", ())
    pipes = snapshot.by_type.get("AWS::Pipes::Pipe", ())
    read = [*(each.properties.get("EventSourceArn") for each in mappings), *(each.properties.get("Source") for each in pipes)]
    return frozenset(each for each in read if isinstance(each, str))


_QUEUES = {
    "Missed": {"Type": QUEUE, "Properties": {"QueueName": "missed"}},
    "Work": {
        "Type": QUEUE,
        "Properties": {"RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Missed", "Arn"]}, "maxReceiveCount": 3}},
    },
}


def _alarm(metric: str) -> dict[str, object]:
    return {
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "Namespace": "AWS/SQS",
                "MetricName": metric,
                "Dimensions": [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Missed", "QueueName"]}}],
            },
        }
    }


RULE = Rule(
    id="pipeline.dead_letters_unseen",
    title="A dead-letter queue has an alarm",
    rationale="What is put aside waits for somebody who knows of it. Without an alarm on the queue it waits until it expires.",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-alarms-cloudwatch.html",
    severity=Severity.WARNING,
    remedy=(
        "Add an alarm on the queue's ApproximateNumberOfMessagesVisible that tells somebody; NumberOfMessagesSent does not count what "
        "another queue moves there."
    ),
    subjects=taken_queues,
    judge=_judge,
    cases=Cases(
        compliant=(
            {**_QUEUES, **_alarm("ApproximateNumberOfMessagesVisible")},
            {
                **_QUEUES,
                "Again": {
                    "Type": "AWS::Lambda::EventSourceMapping",
                    "Properties": {"FunctionName": "again", "EventSourceArn": {"Fn::GetAtt": ["Missed", "Arn"]}},
                },
            },
        ),
        failing=(_QUEUES, {**_QUEUES, **_alarm("NumberOfMessagesSent")}),
        not_applicable=({"Work": {"Type": QUEUE}}, NO_PIPELINE),
    ),
)
