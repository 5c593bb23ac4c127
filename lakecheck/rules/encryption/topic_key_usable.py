"""Services that publish to an encrypted topic may use its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.encryption._cases import KEY_ARN, key
from lakecheck.rules.encryption._keys import is_managed, key_of, not_known, refused, use
from lakecheck.rules.encryption._senders import senders
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT = "KmsMasterKeyId"
_TOPIC = "AWS::SNS::Topic"
_SILENT: Final = "events"
_SOURCES: Final = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for topic in snapshot.by_type.get(_TOPIC, ()):
        if topic.properties.get(_AT) is not None and topic.ref in senders(snapshot):
            yield topic


def _source(service: str, sender: Resource) -> dict[str, tuple[str, ...]]:
    """What a service says of whom it publishes for; EventBridge says nothing of it to the key of a topic."""
    if service == _SILENT:
        return dict.fromkeys(_SOURCES, ())
    return {"aws:sourceaccount": (sender.account,), **({"aws:sourcearn": (sender.arn,)} if sender.arn else {})}


def _judge(topic: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    written = topic.properties.get(_AT)
    used = key_of(written, topic, snapshot)
    for service, sender in senders(snapshot)[topic.ref].items():
        if is_managed(written):
            message = (
                f"{shown(written)} lets no service publish, and {service}.amazonaws.com does, for {sender.origin}; its messages vanish"
            )
            yield Complaint(at=_AT, message=message)
        elif used is None:
            yield not_known(written, _AT)
        else:
            context = {**_source(service, sender), "kms:encryptioncontext:aws:sns:topicarn": (topic.ref,)}
            said = use((f"{service}.amazonaws.com",), used, snapshot, context=context)
            then = f"messages of {sender.origin} vanish"
            yield from refused(said, f"{service}.amazonaws.com", used, path=_AT, then=then)


def _topic(arn: Any) -> dict[str, Any]:
    return {"Topic": {"Type": _TOPIC, "Properties": {"KmsMasterKeyId": arn}}}


_ALARM = {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmActions": [{"Ref": "Topic"}], "MetricName": "Errors"}}}
_CALLED = {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"Targets": [{"Id": "T", "Arn": {"Ref": "Topic"}}]}}}
_CLOUDWATCH, _EVENTS = "cloudwatch.amazonaws.com", "events.amazonaws.com"

RULE = Rule(
    id="encryption.topic_key_usable",
    title="The key of a topic lets every service use it that publishes to the topic",
    rationale=(
        "An alarm or a rule publishes as its service, and SNS refuses the message if that service may not use the topic's key. Nobody is "
        "told: the alarm is in state ALARM and no mail comes. EventBridge does not tell the key for whom it asks, so that a condition on "
        "the source refuses it. The AWS managed key alias/aws/sns lets no service in at all."
    ),
    source="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
    severity=Severity.ERROR,
    remedy=(
        "Encrypt with a key of your own whose policy allows the service kms:GenerateDataKey* and kms:Decrypt; EventBridge without a "
        "condition on aws:SourceAccount or aws:SourceArn."
    ),
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            {**key(_CLOUDWATCH), **_topic(KEY_ARN), **_ALARM},
            {**key(_CLOUDWATCH, condition={"StringEquals": {"aws:SourceAccount": "444455556666"}}), **_topic(KEY_ARN), **_ALARM},
        ),
        failing=(
            {**key(), **_topic(KEY_ARN), **_ALARM},
            {**key(_CLOUDWATCH), **_topic(KEY_ARN), **_CALLED},
            {**key(_EVENTS, actions=["kms:Decrypt"]), **_topic(KEY_ARN), **_CALLED},
            {**key(_EVENTS, condition={"StringEquals": {"aws:SourceAccount": "444455556666"}}), **_topic(KEY_ARN), **_CALLED},
            {**_topic("alias/aws/sns"), **_ALARM},
        ),
        not_applicable=({**key(), **_topic(KEY_ARN)}, {"Topic": {"Type": _TOPIC, "Properties": {}}, **_ALARM}),
    ),
    controls=("NIST.800.53.R5 SI-4(5)",),
)
