"""Events of the emulator: those of S3 as S3 sends them, rules that match them, and schedules, which fire when they are told to.

EventBridge delivers after the call that made an event has been answered, and at least once: `redeliver` sends an object's events again.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import time
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

from moto.events import models
from moto.s3 import notifications
from moto.s3.models import S3Backend, s3_backends
from moto.scheduler.models import scheduler_backends

from lakecheck.rehearsal.executions.inputs import text_for
from lakecheck.rehearsal.executions.runtime import current
from lakecheck.rehearsal.executions.targets import Delivery, deliver

if TYPE_CHECKING:
    from collections.abc import Callable

_REASONS: Final = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "s3:ObjectRemoved:Delete": "DeleteObject",
    "s3:ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
    "s3:ObjectRestore:Post": "POST Object restore",
}
"""The API operation behind an event: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html."""
_MOST_EVENTS: Final = 10_000

_MARKING: Final = S3Backend._set_delete_marker  # noqa: SLF001 - before it was ours

_sequence = itertools.count()


def install() -> None:
    """Lets moto's S3 and EventBridge deliver."""
    patched: Any = notifications
    patched.send_event = _object_event
    rule: Any = models.Rule
    rule.send_to_targets = _send_to_targets
    backend: Any = S3Backend
    backend._set_delete_marker = _marking(_MARKING)  # noqa: SLF001


def redeliver(bucket: str, key: str) -> int:
    """Sends the last events of an object once more; of one whose events nobody remembers, what S3 would say of it now.

    Returns:
        How many events there were.
    """
    sent = current().sent.get((bucket, key))
    if sent is None:
        found = _stored(bucket, key)
        if found is None:
            return 0
        _object_event(found[0].account_id, "s3:ObjectCreated:Put", *found)
        return 1
    for send in sent:
        send()
    return len(sent)


def fire(name: str, *, account: str, region: str) -> int:
    """Lets a rule's or a schedule's time come now.

    Returns:
        How many targets there are; 0 when there is no such schedule.
    """
    rules = [bus.rules[name] for bus in models.events_backends[account][region].event_buses.values() if name in bus.rules]
    rule = next((one for one in rules if one.scheduled_expression), None)
    if rule is not None:
        event = _event("aws.events", "Scheduled Event", {}, account=account, region=region, resources=[rule.arn])
        _to_targets(rule, event)
        return len(rule.targets)
    groups = scheduler_backends[account][region].schedule_groups.values()
    schedule = next((group.schedules[name] for group in groups if name in group.schedules), None)
    if schedule is None:
        return 0
    text = str(schedule.target.get("Input") or "{}").replace("<aws.scheduler.schedule-arn>", schedule.arn)
    text = text.replace("<aws.scheduler.scheduled-time>", _now()).replace("<aws.scheduler.execution-id>", uuid.uuid4().hex[:16])
    text = text.replace("<aws.scheduler.attempt-number>", "1")
    deliver(Delivery(source=schedule.arn, target=schedule.target, text=text, account=account, region=region))
    return 1


def dispatch_to(bus_arn: str, event: dict[str, Any]) -> None:
    """Gives an event to the rules of a bus."""
    region, account, resource = bus_arn.split(":")[3:6]
    bus = models.events_backends[account][region].event_buses.get(resource.partition("/")[2])
    for rule in list(bus.rules.values()) if bus is not None else []:
        _send_to_targets(rule, event)


def _object_event(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
    """What happened to an object, told to whom the bucket's configuration says.

    moto tells it before the call is answered, to four kinds of targets, in the wrong shape, and hides every failure.
    """
    told = bucket.notification_configuration
    name = str(getattr(event_name, "value", event_name))
    if told is None or key is None or _is_by_the_way(name):
        return
    sent: list[Callable[[], None]] = []
    facts = _facts(account_id, name, bucket, key)
    for one in [*told.cloud_function, *told.queue, *told.topic]:
        if one.matches(name, key.name):
            record = json.dumps({"Records": [_record(facts, one.id)]})
            sent.append(partial(_notify, bucket, one.arn, record, key.name))
    if told.event_bridge is not None:
        kind = notifications._detail_type(event_name)  # noqa: SLF001 - moto's table of the kinds
        event = _event("aws.s3", kind, _detail(facts), account=bucket.account_id, region=bucket.region_name, resources=[bucket.arn])
        sent.append(partial(dispatch_to, _default_bus(bucket), event))
    if not sent:
        return
    if len(current().sent) > _MOST_EVENTS:
        current().sent.clear()
    current().sent[bucket.name, key.name] = sent
    for send in sent:
        send()


def _is_by_the_way(name: str) -> bool:
    """Whether moto tells of tags or an ACL that were only stored with their object, of which S3 tells nobody."""
    from flask import has_request_context, request  # noqa: PLC0415 - what moto's server is made with

    asked = {"s3:ObjectTagging:Put": "tagging", "s3:ObjectAcl:Put": "acl"}.get(name)
    return asked is not None and has_request_context() and asked not in request.args


def _marking(original: Callable[..., Any]) -> Callable[..., Any]:
    def set_delete_marker(self: Any, bucket_name: str, key_name: str) -> Any:
        """As moto's, which tells nobody of a delete marker."""
        marker = original(self, bucket_name, key_name)
        _object_event(self.account_id, "s3:ObjectRemoved:DeleteMarkerCreated", self.get_bucket(bucket_name), marker)
        return marker

    return set_delete_marker


def _facts(account: str, name: str, bucket: Any, key: Any) -> dict[str, Any]:
    """What both shapes of an event are made of."""
    return {
        "name": name,
        "bucket": bucket,
        "key": key.name,
        "size": getattr(key, "size", None),
        "etag": str(getattr(key, "etag", "") or "").replace('"', ""),
        "version": key.version_id if bucket.is_versioned and key.version_id not in (None, "null") else None,
        "sequencer": f"{time.time_ns() // 1000:013X}{next(_sequence):05X}",
        "requester": account,
        "request": uuid.uuid4().hex[:16].upper(),
    }


def _detail(facts: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html."""
    removed = "ObjectRemoved" in facts["name"]
    stored = {"key": facts["key"]}
    if not removed:
        stored["size"] = facts["size"]
    stored["etag"] = facts["etag"]
    if facts["version"] is not None:
        stored["version-id"] = facts["version"]
    stored["sequencer"] = facts["sequencer"]
    marker = "Delete Marker Created" if facts["name"].endswith("DeleteMarkerCreated") else "Permanently Deleted"
    return {
        "version": "0",
        "bucket": {"name": facts["bucket"].name},
        "object": stored,
        "request-id": facts["request"],
        "requester": facts["requester"],
        "source-ip-address": "127.0.0.1",
        "reason": _REASONS.get(facts["name"], facts["name"].rpartition(":")[2]),
        **({"deletion-type": marker} if removed else {}),
    }


def _record(facts: dict[str, Any], configuration: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html."""
    bucket = facts["bucket"]
    stored = {"key": quote_plus(facts["key"]), "size": facts["size"], "eTag": facts["etag"], "sequencer": facts["sequencer"]}
    if facts["version"] is not None:
        stored["versionId"] = facts["version"]
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region_name,
        "eventTime": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "eventName": facts["name"].removeprefix("s3:"),
        "userIdentity": {"principalId": f"AWS:{facts['requester']}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": facts["request"], "x-amz-id-2": facts["request"]},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {"name": bucket.name, "ownerIdentity": {"principalId": bucket.account_id}, "arn": bucket.arn},
            "object": stored,
        },
    }


def _notify(bucket: Any, arn: str, text: str, key: str) -> None:
    target = {"Arn": arn}
    about = f"{bucket.name}/{key}"
    deliver(Delivery(source=bucket.arn, target=target, text=text, account=bucket.account_id, region=bucket.region_name, about=about))


def _send_to_targets(self: Any, original_event: dict[str, Any], transform_input: Any = None) -> None:
    """A rule's targets get an event that it matches, each in its own way.

    moto raises at targets that it does not know, in the middle of the call that made the event; it forgets `Input`, `InputPath`, retries
    and dead letters, that a rule can be disabled, and that one with a schedule alone matches no event.
    """
    del transform_input
    if self.state == "DISABLED" or self.event_pattern.dump() is None:
        return
    received = original_event.get("ingestion-time", time.time())
    event = {key: value for key, value in original_event.items() if key != "ingestion-time"}
    if not isinstance(event.get("time"), str):
        moment = dt.datetime.fromtimestamp(float(event.get("time") or time.time()), dt.UTC)
        event["time"] = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    if self.event_pattern.matches_event(event):
        _to_targets(self, event, received=received)


def _to_targets(rule: Any, event: dict[str, Any], *, received: float | None = None) -> None:
    moment = dt.datetime.fromtimestamp(time.time() if received is None else received, dt.UTC)
    known = {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }
    stored = event["detail"].get("object", {}) if event["source"] == "aws.s3" else {}
    about = f"{event['detail']['bucket']['name']}/{stored['key']}" if stored else ""
    for target in rule.targets:
        if target["Arn"].endswith(":::"):
            _archive(rule, target, event, moment)
            continue
        text = text_for(target, event, known)
        deliver(Delivery(source=rule.arn, target=target, text=text, account=rule.account_id, region=rule.region_name, about=about))


def _archive(rule: Any, target: dict[str, Any], event: dict[str, Any], moment: dt.datetime) -> None:
    """An archive of moto's is a rule of its own, with a target whose ARN is none."""
    template = str(target["InputTransformer"]["InputTemplate"])
    arn = template.partition('"archive-arn": "')[2].partition('"')[0]
    rule._send_to_events_archive(arn.partition(":archive/")[2], {**event, "ingestion-time": moment.timestamp()})  # noqa: SLF001


def _event(source: str, kind: str, detail: dict[str, Any], *, account: str, region: str, resources: list[str]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": account,
        "time": _now(),
        "region": region,
        "resources": resources,
        "detail": detail,
    }


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _default_bus(bucket: Any) -> str:
    return f"arn:{bucket.partition}:events:{bucket.region_name}:{bucket.account_id}:event-bus/default"


def _stored(bucket: str, key: str) -> tuple[Any, Any] | None:
    """A bucket and an object in it, in whichever account it is."""
    for regions in list(s3_backends.values()):
        for backend in list(regions.values()):
            if bucket in backend.buckets:
                found = backend.buckets[bucket].keys.get(key)
                return None if found is None else (backend.buckets[bucket], found)
    return None
