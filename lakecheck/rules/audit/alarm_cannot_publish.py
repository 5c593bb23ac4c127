"""An alarm's notice is let into its topic; the topic's key is judged by `encryption.topic_key_usable`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import listed
from lakecheck.rules._services import either, lets, policies_on
from lakecheck.rules.audit._cases import ALARM, alarm
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_SERVICE: Final = "cloudwatch.amazonaws.com"
_ACTIONS: Final = ("AlarmActions", "OKActions", "InsufficientDataActions")
_TOPIC: Final = "AWS::SNS::Topic"
_COMPOSITE: Final = "AWS::CloudWatch::CompositeAlarm"


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for kind in (ALARM, _COMPOSITE):
        yield from (one for one in snapshot.by_type.get(kind, ()) if any(True for _ in _topics(one, snapshot)))


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    for action, topic in _topics(resource, snapshot):
        policy = _policies(snapshot).get(topic.ref)
        let_in = True if policy is None else either(lets(each, _SERVICE, "sns:Publish") for each in policy)
        if let_in is not True:
            yield Complaint(
                at=action,
                message=f"the policy of {topic.origin} does not let {_SERVICE} publish; allowed is sns:Publish",
                is_unknown=let_in is None,
            )


def _topics(resource: Resource, snapshot: Snapshot) -> Iterator[tuple[str, Resource]]:
    """The topics of the templates that it tells, each once, with where."""
    topics = _all_topics(snapshot)
    seen: set[str] = set()
    for action in _ACTIONS:
        for arn in listed(resource.properties.get(action)):
            if isinstance(arn, str) and arn in topics and arn not in seen:
                seen.add(arn)
                yield action, topics[arn]


@once
def _all_topics(snapshot: Snapshot) -> Mapping[str, Resource]:
    return {topic.ref: topic for topic in snapshot.by_type.get(_TOPIC, ())}


@once
def _policies(snapshot: Snapshot) -> Mapping[str, list[Any]]:
    """The statements of topics that have a policy; one without lets alarms of its own account publish."""
    inline = policies_on(snapshot, "AWS::SNS::TopicInlinePolicy", "TopicArn")
    return {**policies_on(snapshot, "AWS::SNS::TopicPolicy", "Topics"), **inline}


def _case(*statements: dict[str, Any]) -> dict[str, Any]:
    metric = alarm("AWS/Lambda", "Errors", {}, AlarmActions=[{"Ref": "Told"}])
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    policy = {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [{"Ref": "Told"}], "PolicyDocument": document}}
    found = {**metric, "Told": {"Type": _TOPIC}}
    return {**found, "Policy": policy} if statements else found


def _allow(service: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish", "Resource": {"Ref": "Told"}}


RULE = Rule(
    id="audit.alarm_cannot_publish",
    title="The policy of a topic lets the alarms publish that name it",
    rationale=(
        "A topic without a policy lets alarms of its account publish. Its first policy of its own, for EventBridge or a bucket, replaces "
        "that: an alarm that it leaves out goes off, and nobody is told."
    ),
    source="https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html",
    severity=Severity.ERROR,
    remedy="Allow cloudwatch.amazonaws.com sns:Publish in the topic's policy, with the account as aws:SourceAccount.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_case(), _case(_allow(_SERVICE))),
        failing=(_case(_allow("events.amazonaws.com")),),
        not_applicable=(alarm("AWS/Lambda", "Errors", {}, AlarmActions=["arn:aws:sns:eu-west-1:444455556666:elsewhere"]),),
    ),
    controls=("NIST.800.53.R5 SI-4(5)",),
)
