"""SQS: queues and their policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.asking import added_and_gone, ask, document, gone_tags, parsed, tell
from lakecheck.rehearsal.adapters.model import ID, Adapter, Resource, call, tag_map

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULTS: Final = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    "KmsMasterKeyId": "",
    "KmsDataKeyReusePeriodSeconds": "300",
    "RedrivePolicy": "",
    "RedriveAllowPolicy": "",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
    "SqsManagedSseEnabled": "true",
}
"""What a property is that the template states no longer: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""
_ABSENT: Final = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_DOCUMENTS: Final = ("RedrivePolicy", "RedriveAllowPolicy", "Policy")


def _make(resource: Resource) -> str:
    fifo = str(resource.get("FifoQueue")).lower() == "true"
    name = resource.get("QueueName") or (resource.generated_name(most=75) + ".fifo" if fifo else resource.generated_name(most=80))
    attributes = {key: value for key, value in resource.properties.items() if key in _DEFAULTS}
    if fifo:
        attributes["FifoQueue"] = "true"
    return str(tell(resource.client("sqs"), "create_queue", QueueName=name, Attributes=attributes, tags=tag_map(resource))["QueueUrl"])


def _change(resource: Resource) -> None:
    sqs, old = resource.client("sqs"), resource.old_properties
    changed = {name: resource.get(name, default) for name, default in _DEFAULTS.items() if resource.get(name) != old.get(name)}
    if changed:
        tell(sqs, "set_queue_attributes", QueueUrl=resource.physical_id, Attributes=changed)
    if gone := gone_tags(resource):
        sqs.untag_queue(QueueUrl=resource.physical_id, TagKeys=gone)
    if tags := tag_map(resource):
        sqs.tag_queue(QueueUrl=resource.physical_id, Tags=tags)


def _read(resource: Resource) -> Mapping[str, Any] | None:
    sqs = resource.client("sqs")
    answer = ask(sqs, "get_queue_attributes", QueueUrl=resource.physical_id, AttributeNames=["All"], absent=_ABSENT)
    if answer is None:
        return None
    attributes = {name: parsed(value) if name in _DOCUMENTS else value for name, value in answer["Attributes"].items()}
    tags = sqs.list_queue_tags(QueueUrl=resource.physical_id).get("Tags") or {}
    return {**attributes, "QueueName": attributes["QueueArn"].rpartition(":")[2], "Tags": tags}


def _put_policy(resource: Resource) -> None:
    sqs = resource.client("sqs")
    for queue in resource.get("Queues"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document(resource.get("PolicyDocument"))})
    for queue in added_and_gone(resource.get("Queues"), resource.old_properties.get("Queues"))[1]:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})


def _remove_policy(resource: Resource) -> None:
    for queue in resource.get("Queues"):
        ask(resource.client("sqs"), "set_queue_attributes", QueueUrl=queue, Attributes={"Policy": ""}, absent=_ABSENT)


def _read_policy(resource: Resource) -> Mapping[str, Any] | None:
    """The policy as it is on each queue; one that differs stands for all."""
    sqs, found = resource.client("sqs"), []
    for queue in resource.get("Queues"):
        answer = ask(sqs, "get_queue_attributes", QueueUrl=queue, AttributeNames=["All"], absent=_ABSENT)
        if answer is not None and answer["Attributes"].get("Policy"):
            name, owner = answer["Attributes"]["QueueArn"].split(":")[:3:-1]
            url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=owner)["QueueUrl"]
            found.append((url, parsed(answer["Attributes"]["Policy"])))
    if not found:
        return None
    stated = parsed(document(resource.get("PolicyDocument")))
    differing = next((policy for _, policy in found if policy != stated), found[0][1])
    return {"Queues": [url for url, _ in found], "PolicyDocument": differing}


ADAPTERS = (
    Adapter(
        type="AWS::SQS::Queue",
        service="sqs",
        create=_make,
        update=_change,
        delete=call("delete_queue", QueueUrl=ID),
        read=_read,
        attributes={"Arn": "read:QueueArn", "QueueName": "read:QueueName", "QueueUrl": "{id}"},
    ),
    Adapter(
        type="AWS::SQS::QueuePolicy",
        service="sqs",
        create=_put_policy,
        update=_put_policy,
        delete=_remove_policy,
        read=_read_policy,
        attributes={"Id": "{id}"},
        note="kept and returned, not enforced",
    ),
)
