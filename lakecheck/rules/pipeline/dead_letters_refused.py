"""EventBridge may put events into the queue that is meant for them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import listed
from lakecheck.rules._services import either, lets, policies_on
from lakecheck.rules.base import Cases, Complaint, Rule, is_open, once
from lakecheck.rules.pipeline._events import QUEUE, RULE as EVENT_RULE, targets
from lakecheck.values import outline
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_SERVICE: Final = "events.amazonaws.com"
_SOURCE_TESTS: Final = frozenset({"ArnEquals", "ArnLike", "StringEquals", "StringLike"})


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    queues = _queues(snapshot)
    for rule in snapshot.by_type.get(EVENT_RULE, ()):
        if any(target.dead_letters in queues for target in targets(rule) if isinstance(target.dead_letters, str)):
            yield rule


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    queues = _queues(snapshot)
    for target in targets(resource):
        arn = target.dead_letters
        queue = queues.get(arn) if isinstance(arn, str) else None
        if queue is None:
            continue
        meant = [each for each in _statements(snapshot).get(queue.ref, ()) if _is_meant(each, resource)]
        let_in = either(lets(each, _SERVICE, "sqs:SendMessage") for each in meant)
        if let_in is not True:
            yield Complaint(
                at=f"{target.at}.DeadLetterConfig",
                message=f"the policy of {queue.origin} does not let {_SERVICE} send to it for this rule; allowed is sqs:SendMessage",
                is_unknown=let_in is None,
            )


@once
def _queues(snapshot: Snapshot) -> Mapping[str, Resource]:
    return {queue.arn: queue for queue in snapshot.by_type.get(QUEUE, ()) if queue.arn}


@once
def _statements(snapshot: Snapshot) -> Mapping[str, list[Any]]:
    """The statements of a queue's policies, by its URL."""
    return policies_on(snapshot, "AWS::SQS::QueuePolicy", "Queues")


def _is_meant(statement: Any, rule: Resource) -> bool:
    """Whether the source that a statement's condition names, where it names one, is the rule."""
    condition = statement.get("Condition") if isinstance(statement, dict) else None
    for test, keys in condition.items() if isinstance(condition, dict) else ():
        if test in _SOURCE_TESTS and isinstance(keys, dict):
            sources = [
                each for key, value in keys.items() if isinstance(key, str) and key.lower() == "aws:sourcearn" for each in listed(value)
            ]
            if sources and not any(_matches(rule.arn, each) for each in sources):
                return False
    return True


def _matches(arn: str, pattern: Any) -> bool:
    if not isinstance(pattern, str):
        return is_open(pattern)
    return arn == pattern or ("*" in pattern and fnmatchcase(arn, outline(pattern)))


def _case(*statements: dict[str, Any]) -> dict[str, Any]:
    goal = {
        "Id": "Load",
        "Arn": "arn:aws:states:eu-west-1:444455556666:stateMachine:load",
        "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Missed", "Arn"]}},
    }
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return {
        "Rule": {"Type": EVENT_RULE, "Properties": {"ScheduleExpression": "rate(1 day)", "Targets": [goal]}},
        "Missed": {"Type": QUEUE},
        "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Missed"}], "PolicyDocument": document}},
    }


def _send(source: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": _SERVICE},
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": ["Missed", "Arn"]},
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }


RULE = Rule(
    id="pipeline.dead_letters_refused",
    title="EventBridge may send to the dead-letter queues of its rules",
    rationale=(
        "EventBridge sends by the queue's own policy, not as a role. A queue that does not let it in stays empty, and the events are lost."
    ),
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html",
    severity=Severity.ERROR,
    remedy="Allow events.amazonaws.com sqs:SendMessage in the queue's policy, with the rule's ARN as aws:SourceArn.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_case(_send({"Fn::GetAtt": ["Rule", "Arn"]})),),
        failing=(_case(_send("arn:aws:events:eu-west-1:444455556666:rule/another")), _case()),
        not_applicable=({"Missed": {"Type": QUEUE}},),
    ),
)
