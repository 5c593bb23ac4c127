"""SNS: topics, their policies, subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.asking import added_and_gone, ask, document, gone_tags, or_undone, paged, parsed, tell
from lakecheck.rehearsal.adapters.model import ID, Adapter, Resource, call, tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOPIC: Final = {
    "DisplayName": "",
    "KmsMasterKeyId": "",
    "ContentBasedDeduplication": "false",
    "SignatureVersion": "1",
    "TracingConfig": "PassThrough",
    "ArchivePolicy": "{}",
    "FifoThroughputScope": "Topic",
}
"""Attributes of a topic, with what each is that the template states no longer."""
_SUBSCRIPTION: Final = {
    "FilterPolicyScope": "MessageAttributes",
    "FilterPolicy": "{}",
    "DeliveryPolicy": "{}",
    "RedrivePolicy": "{}",
    "RawMessageDelivery": "false",
    "SubscriptionRoleArn": "",
}
"""The same of a subscription, the scope before the policy that is checked by it."""
_OWNERS: Final = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)
"""What the default policy of a topic lets its owner do."""
_DOCUMENTS: Final = ("ArchivePolicy", "FilterPolicy", "DeliveryPolicy", "RedrivePolicy", "Policy")


def _make_topic(resource: Resource) -> str:
    sns = resource.client("sns")
    fifo = str(resource.get("FifoTopic")).lower() == "true"
    name = resource.get("TopicName") or resource.generated_name(most=251) + (".fifo" if fifo else "")
    attributes = {key: value for key, value in resource.properties.items() if key in _TOPIC}
    if fifo:
        attributes["FifoTopic"] = "true"
    arn = str(tell(sns, "create_topic", Name=name, Attributes=attributes, Tags=tag_list(resource))["TopicArn"])
    or_undone(lambda: _subscribe(resource.named(arn)), lambda: sns.delete_topic(TopicArn=arn))
    return arn


def _subscribe(resource: Resource) -> None:
    """Brings the topic's own list of subscriptions to what is stated."""
    sns, arn = resource.client("sns"), resource.physical_id
    added, gone = added_and_gone(*map(_pairs, (resource.properties, resource.old_properties)))
    for pair in added:
        protocol, endpoint = pair.split(" ", 1)
        sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
    for one in paged(sns, "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn) if gone else []:
        if f"{one['Protocol']} {one['Endpoint']}" in gone:
            sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])


def _pairs(properties: Mapping[str, Any]) -> list[str]:
    return [f"{one['Protocol']} {one['Endpoint']}" for one in properties.get("Subscription") or []]


def _change_topic(resource: Resource) -> None:
    sns, old = resource.client("sns"), resource.old_properties
    for name, default in _TOPIC.items():
        if resource.get(name) != old.get(name):
            tell(sns, "set_topic_attributes", TopicArn=resource.physical_id, AttributeName=name, AttributeValue=resource.get(name, default))
    _subscribe(resource)
    if gone := gone_tags(resource):
        sns.untag_resource(ResourceArn=resource.physical_id, TagKeys=gone)
    if tags := tag_list(resource):
        sns.tag_resource(ResourceArn=resource.physical_id, Tags=tags)


def _read_topic(resource: Resource) -> Mapping[str, Any] | None:
    sns = resource.client("sns")
    answer = ask(sns, "get_topic_attributes", TopicArn=resource.physical_id)
    if answer is None:
        return None
    arn = answer["Attributes"]["TopicArn"]
    theirs = {one.physical_id for one in resource.others("AWS::SNS::Subscription")}
    mine = _pairs(resource.properties)
    every = paged(sns, "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
    own = [one for one in every if f"{one['Protocol']} {one['Endpoint']}" in mine or one["SubscriptionArn"] not in theirs]
    return {
        **_words(answer["Attributes"]),
        "TopicName": arn.rpartition(":")[2],
        "Subscription": own,
        "Tags": sns.list_tags_for_resource(ResourceArn=arn)["Tags"],
    }


def _words(attributes: Mapping[str, str]) -> dict[str, Any]:
    return {name: parsed(value) if name in _DOCUMENTS else value for name, value in attributes.items()}


def _put_policy(resource: Resource) -> None:
    for topic in resource.get("Topics"):
        policy = document(resource.get("PolicyDocument"))
        resource.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    for topic in added_and_gone(resource.get("Topics"), resource.old_properties.get("Topics"))[1]:
        _default_policy(resource, topic)


def _default_policy(resource: Resource, topic: str) -> None:
    """What a topic has without a policy: its owner may do everything."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in _OWNERS],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic.split(":")[4]}},
    }
    policy = document({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})
    ask(resource.client("sns"), "set_topic_attributes", TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def _remove_policy(resource: Resource) -> None:
    for topic in resource.get("Topics"):
        _default_policy(resource, topic)


def _read_policy(resource: Resource) -> Mapping[str, Any] | None:
    """The policy as it is on each topic; one that differs stands for all. The default one is no resource."""
    found = []
    for topic in resource.get("Topics"):
        answer = ask(resource.client("sns"), "get_topic_attributes", TopicArn=topic)
        policy = parsed(answer["Attributes"].get("Policy")) if answer else None
        if policy and policy.get("Id") != "__default_policy_ID":
            found.append((answer["Attributes"]["TopicArn"], policy))
    if not found:
        return None
    stated = parsed(document(resource.get("PolicyDocument")))
    differing = next((policy for _, policy in found if policy != stated), found[0][1])
    return {"Topics": [arn for arn, _ in found], "PolicyDocument": differing}


def _sns(resource: Resource) -> Any:
    """A subscription may be to a topic of another Region."""
    return resource.clients("sns", account=resource.account, region=resource.get("Region") or resource.region)


def _make_subscription(resource: Resource) -> str:
    given = {name: resource.get(name) for name in _SUBSCRIPTION if resource.get(name) is not None}
    named = {name: resource.get(name) for name in ("TopicArn", "Protocol", "Endpoint")}
    return str(tell(_sns(resource), "subscribe", **named, Attributes=given or None, ReturnSubscriptionArn=True)["SubscriptionArn"])


def _change_subscription(resource: Resource) -> None:
    for name, default in _SUBSCRIPTION.items():
        if resource.get(name) != resource.old_properties.get(name):
            given = {"SubscriptionArn": resource.physical_id, "AttributeName": name, "AttributeValue": resource.get(name, default)}
            tell(_sns(resource), "set_subscription_attributes", **given)


def _read_subscription(resource: Resource) -> Mapping[str, Any] | None:
    answer = ask(_sns(resource), "get_subscription_attributes", SubscriptionArn=resource.physical_id)
    if answer is None:
        return None
    found = _words(answer["Attributes"])
    return {**found, "Region": found["TopicArn"].split(":")[3]}


ADAPTERS = (
    Adapter(
        type="AWS::SNS::Topic",
        service="sns",
        create=_make_topic,
        update=_change_topic,
        delete=call("delete_topic", TopicArn=ID),
        read=_read_topic,
        attributes={"TopicArn": "{id}", "TopicName": "read:TopicName"},
        complete={"Subscription": None},
        note="the emulator has no data protection policies and no logging of deliveries",
    ),
    Adapter(
        type="AWS::SNS::TopicPolicy",
        service="sns",
        create=_put_policy,
        update=_put_policy,
        delete=_remove_policy,
        read=_read_policy,
        attributes={"Id": "{id}"},
        note="kept and returned, not enforced",
    ),
    Adapter(
        type="AWS::SNS::Subscription",
        service="sns",
        create=_make_subscription,
        update=_change_subscription,
        delete=lambda resource: _sns(resource).unsubscribe(SubscriptionArn=resource.physical_id),
        read=_read_subscription,
        attributes={"Arn": "{id}"},
    ),
)
