"""Buckets send the events that rules listen to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lakecheck.estate.sources import at, listed
from lakecheck.rules._lake import buckets_by_name, is_unclear
from lakecheck.rules.base import Cases, Complaint, Rule, is_open, once
from lakecheck.rules.storage._cases import bucket
from lakecheck.values import generated_holes, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_NOTIFICATION = "NotificationConfiguration"
_SENT = "EventBridgeConfiguration"


def _pattern(rule: Resource) -> Any:
    found = rule.properties.get("EventPattern")
    if isinstance(found, str):
        try:
            return json.loads(found)
        except (ValueError, RecursionError):
            return None
    return found


def _listened(rule: Resource) -> list[str]:
    """The buckets, by name, whose events of S3 itself a rule waits for."""
    pattern = _pattern(rule)
    kinds = listed(at(pattern, "detail-type"))
    if rule.properties.get("State") == "DISABLED" or "aws.s3" not in listed(at(pattern, "source")):
        return []
    if kinds and not any(isinstance(kind, str) and kind.startswith("Object ") for kind in kinds):
        return []
    names = listed(at(pattern, "detail", "bucket", "name"))
    return [name for name in names if isinstance(name, str) and (not is_unclear(name) or generated_holes(name))]


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for rule in snapshot.by_type.get("AWS::Events::Rule", ()):
        if any(name in buckets_by_name(snapshot) for name in _listened(rule)):
            yield rule


@once
def _notified(snapshot: Snapshot) -> Mapping[str, Any]:
    """By bucket, what CDK's custom resource sets as its notifications."""
    found = {}
    for each in snapshot.by_type.get("Custom::S3BucketNotifications", ()):
        name = each.properties.get("BucketName")
        if isinstance(name, str):
            found[name] = each.properties.get(_NOTIFICATION)
    return found


def _judge(rule: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    for name in _listened(rule):
        found = buckets_by_name(snapshot).get(name)
        if found is None:
            continue
        stated = found.properties.get(_NOTIFICATION)
        sent = at(stated, _SENT)
        enabled = at(sent, "EventBridgeEnabled")
        custom = _notified(snapshot).get(name)
        if at(custom, _SENT) is not None:
            continue
        if is_open(stated) or is_open(sent) or is_open(enabled) or is_open(custom):
            yield Complaint(
                at="EventPattern", message=f"whether {found.origin} sends its events to EventBridge is not known", is_unknown=True
            )
        elif sent is None or enabled is False or enabled == "false":
            yield Complaint(
                at="EventPattern",
                message=f"waits for events of {shown(str(found.origin))}, which sends none: its {_NOTIFICATION} has no {_SENT} that is on",
            )


def _rule(**changes: Any) -> dict[str, Any]:
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": ["lake"]}}, **changes}
    return {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern}}}


_ON: dict[str, Any] = {_NOTIFICATION: {_SENT: {"EventBridgeEnabled": True}}}
_BY_CDK = {
    "Notifications": {
        "Type": "Custom::S3BucketNotifications",
        "Properties": {"ServiceToken": "function", "BucketName": "lake", _NOTIFICATION: {_SENT: {}}},
    }
}

RULE = Rule(
    id="storage.events_sent",
    title="A bucket whose events a rule waits for sends them to EventBridge",
    rationale=(
        "S3 sends nothing to EventBridge unless the bucket is told to. The rule deploys and never fires: files arrive and no pipeline "
        "starts, without an error anywhere."
    ),
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html",
    severity=Severity.ERROR,
    remedy="Set NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled to true on the bucket.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=({**bucket(**_ON), **_rule()}, {**bucket(), **_rule(), **_BY_CDK}),
        failing=(
            {**bucket(), **_rule()},
            {**bucket(NotificationConfiguration={_SENT: {"EventBridgeEnabled": False}}), **_rule()},
        ),
        not_applicable=(bucket(), {**bucket(), **_rule(**{"detail-type": ["AWS API Call via CloudTrail"]})}, _rule()),
    ),
)
