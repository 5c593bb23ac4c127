"""Services that send to an encrypted queue may use its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
_QUEUE = "AWS::SQS::Queue"


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for queue in snapshot.by_type.get(_QUEUE, ()):
        if queue.properties.get(_AT) is not None and queue.arn in senders(snapshot):
            yield queue


def _judge(queue: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    written = queue.properties.get(_AT)
    used = key_of(written, queue, snapshot)
    for service, sender in senders(snapshot)[queue.arn].items():
        if is_managed(written):
            message = f"{shown(written)} lets no service send, and {service}.amazonaws.com does, for {sender.origin}; what it sends is lost"
            yield Complaint(at=_AT, message=message)
        elif used is None:
            yield not_known(written, _AT)
        else:
            context = {"aws:sourceaccount": (sender.account,), "kms:encryptioncontext:aws:sqs:arn": (queue.arn,)}
            if sender.arn:
                context["aws:sourcearn"] = (sender.arn,)
            said = use((f"{service}.amazonaws.com",), used, snapshot, context=context)
            then = f"what {sender.origin} sends is lost"
            yield from refused(said, f"{service}.amazonaws.com", used, path=_AT, then=then)


def _queue(arn: Any) -> dict[str, Any]:
    return {"Queue": {"Type": _QUEUE, "Properties": {"KmsMasterKeyId": arn}}}


def _rule(role: str | None = None) -> dict[str, Any]:
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    target = {"Id": "T", "Arn": queue} if role is not None else {"Id": "T", "Arn": "machine", "DeadLetterConfig": {"Arn": queue}}
    given = {} if not role else {"RoleArn": role}
    return {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"Targets": [{**target, **given}]}}}


_EVENTS = "events.amazonaws.com"
_NOTIFYING = {
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "NotificationConfiguration": {
                "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["Queue", "Arn"]}}]
            }
        },
    }
}

RULE = Rule(
    id="encryption.queue_key_usable",
    title="The key of a queue lets every service use it that sends to the queue",
    rationale=(
        "EventBridge, S3 and SNS send as services. If the key of a dead-letter queue does not let them encrypt, an event that could not "
        "be delivered is dropped without a trace: the file that started it is never ingested. alias/aws/sqs lets no service in at all."
    ),
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
    severity=Severity.ERROR,
    remedy="Encrypt with SSE-SQS, or with a key of your own whose policy allows the service kms:GenerateDataKey and kms:Decrypt.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=({**key(_EVENTS), **_queue(KEY_ARN), **_rule()}, {**key("s3.amazonaws.com"), **_queue(KEY_ARN), **_NOTIFYING}),
        failing=(
            {**key(), **_queue(KEY_ARN), **_rule()},
            {**key("sns.amazonaws.com"), **_queue(KEY_ARN), **_rule("")},
            {**_queue("alias/aws/sqs"), **_rule()},
            {**key(_EVENTS), **_queue(KEY_ARN), **_NOTIFYING},
        ),
        not_applicable=(
            {**key(), **_queue(KEY_ARN)},
            {"Queue": {"Type": _QUEUE, "Properties": {}}, **_rule()},
            {**key(), **_queue(KEY_ARN), **_rule("Sender")},
        ),
    ),
)
