"""Kinesis: data streams.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesis-stream.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, at, call, prop
from lakecheck.rehearsal.adapters.reading import joined, steps, tagged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RETENTION = 24
"""Hours that a stream keeps records when nothing is stated."""


def _arn(resource: Resource) -> str:
    return resource.arn("kinesis", f"stream/{resource.physical_id}")


def _retention(resource: Resource) -> None:
    client, wanted = resource.client("kinesis"), int(resource.get("RetentionPeriodHours", _RETENTION))
    now = client.describe_stream_summary(StreamName=resource.physical_id)["StreamDescriptionSummary"]["RetentionPeriodHours"]
    if wanted != now:
        verb = "increase" if wanted > now else "decrease"
        getattr(client, f"{verb}_stream_retention_period")(StreamName=resource.physical_id, RetentionPeriodHours=wanted)


def _encryption(resource: Resource) -> None:
    stated, before = resource.get("StreamEncryption"), resource.old_properties.get("StreamEncryption")
    if stated == before:
        return
    verb, chosen = ("start", stated) if stated else ("stop", before)
    call(f"{verb}_stream_encryption", StreamName=ID, **(chosen or {})).run(resource, "kinesis")


def _shards(resource: Resource) -> None:
    stated = resource.get("ShardCount")
    if stated is not None and stated != resource.old_properties.get("ShardCount"):
        call("update_shard_count", StreamName=ID, TargetShardCount=stated, ScalingType="UNIFORM_SCALING").run(resource, "kinesis")


def _mode(resource: Resource) -> None:
    stated = resource.get("StreamModeDetails")
    if stated is not None and stated != resource.old_properties.get("StreamModeDetails"):
        call("update_stream_mode", StreamARN=_arn, StreamModeDetails=stated).run(resource, "kinesis")


def _tag(resource: Resource, tags: Mapping[str, str]) -> None:
    resource.client("kinesis").add_tags_to_stream(StreamName=resource.physical_id, Tags=tags)


def _untag(resource: Resource, keys: Sequence[str]) -> None:
    resource.client("kinesis").remove_tags_from_stream(StreamName=resource.physical_id, TagKeys=keys)


def _read(_resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    encrypted = {"EncryptionType": found.get("EncryptionType"), "KeyId": found.get("KeyId")}
    metrics = at((found.get("EnhancedMonitoring") or [{}])[0], "ShardLevelMetrics", [])
    return {**found, "ShardCount": found["OpenShardCount"], "StreamEncryption": encrypted, "DesiredShardLevelMetrics": metrics}


ADAPTERS = (
    Adapter(
        type="AWS::Kinesis::Stream",
        service="kinesis",
        name="Name",
        longest_name=128,
        create=steps(
            "kinesis",
            call(
                "create_stream",
                StreamName=ID,
                ShardCount=prop("ShardCount"),
                StreamModeDetails=prop("StreamModeDetails"),
            ),
            tagged(_tag, _untag),  # the emulator drops those that a stream is made with
            _retention,
            _encryption,
        ),
        update=steps("kinesis", _mode, _shards, _retention, _encryption, tagged(_tag, _untag)),
        delete=call("delete_stream", StreamName=ID, EnforceConsumerDeletion=True),
        read=joined(
            "kinesis",
            Read(call("describe_stream_summary", StreamName=ID), at="StreamDescriptionSummary", words={"Name": "StreamName"}),
            tags=call("list_tags_for_stream", StreamName=ID),
            shape=_read,
        ),
        attributes={"Arn": _arn},
        note="The emulator keeps no MaxRecordSizeInKiB and no warm throughput.",
    ),
)
