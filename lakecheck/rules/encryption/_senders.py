"""Who sends to topics and queues as a service, so that the service itself has to be able to use their key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.sources import listed
from lakecheck.rules.base import once
from lakecheck.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_ALARM: Final = (("AlarmActions",), ("OKActions",), ("InsufficientDataActions",))
# The custom resource is what the CDK sets notifications by; it names the bucket that sends.
_SENDERS: Final[Mapping[str, tuple[str, tuple[tuple[str, ...], ...]]]] = {
    "AWS::CloudWatch::Alarm": ("cloudwatch", _ALARM),
    "AWS::CloudWatch::CompositeAlarm": ("cloudwatch", _ALARM),
    "AWS::S3::Bucket": (
        "s3",
        (("NotificationConfiguration", "TopicConfigurations", "Topic"), ("NotificationConfiguration", "QueueConfigurations", "Queue")),
    ),
    "Custom::S3BucketNotifications": (
        "s3",
        (
            ("NotificationConfiguration", "TopicConfigurations", "TopicArn"),
            ("NotificationConfiguration", "QueueConfigurations", "QueueArn"),
        ),
    ),
    "AWS::Budgets::Budget": ("budgets", (("NotificationsWithSubscribers", "Subscribers", "Address"),)),
    "AWS::SNS::Subscription": ("sns", (("Endpoint",), ("RedrivePolicy", "deadLetterTargetArn"))),
    "AWS::Events::Rule": ("events", (("Targets", "DeadLetterConfig", "Arn"),)),
}


@once
def senders(snapshot: Snapshot) -> Mapping[str, Mapping[str, Resource]]:
    """By the ARN of a topic or queue, the services that send to it, each with the first resource that makes it do so."""
    found: dict[str, dict[str, Resource]] = {}
    for kind, (service, paths) in _SENDERS.items():
        for resource in snapshot.by_type.get(kind, ()):
            for path in paths:
                for arn in gathered(resource.properties, *path):
                    found.setdefault(arn, {}).setdefault(service, resource)
    for rule in snapshot.by_type.get("AWS::Events::Rule", ()):
        for target in listed(rule.properties.get("Targets")):
            # A target with a role is reached as that role.
            if isinstance(target, dict) and target.get("RoleArn") is None:
                for arn in gathered(target, "Arn"):
                    found.setdefault(arn, {}).setdefault("events", rule)
    return found


def gathered(data: Any, *path: str) -> Iterator[str]:
    """Every text at a path through objects and lists of them."""
    if isinstance(data, Unknown):
        return
    for each in listed(data):
        if not path and isinstance(each, str):
            yield each
        elif path and isinstance(each, dict):
            yield from gathered(each.get(path[0]), *path[1:])
