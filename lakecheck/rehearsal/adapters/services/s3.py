"""S3: buckets with what they are configured with, and their policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.asking import ask, or_undone, paged
from lakecheck.rehearsal.adapters.buckets import change_parts, read_parts
from lakecheck.rehearsal.adapters.lifecycles import worded_like
from lakecheck.rehearsal.adapters.model import ID, Adapter, Resource, call, prop, tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping

_DASHED: Final = frozenset(
    {"us-east-1", "us-west-1", "us-west-2", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "eu-west-1", "sa-east-1", "us-gov-west-1"}
)
"""Regions whose website endpoints are older: https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints"""


def _create_bucket(resource: Resource) -> None:
    given: dict[str, Any] = {"Bucket": resource.physical_id}
    if resource.region != "us-east-1":
        given["CreateBucketConfiguration"] = {"LocationConstraint": resource.region}
    if resource.get("ObjectLockEnabled"):
        given["ObjectLockEnabledForBucket"] = True
    client = resource.client("s3")
    client.create_bucket(**given)
    or_undone(lambda: _complete(resource), lambda: client.delete_bucket(Bucket=resource.physical_id))


def _complete(resource: Resource) -> None:
    old = _stated(resource, resource.old_properties)
    change_parts(resource.client("s3"), resource.physical_id, _stated(resource), old)
    _tag(resource)


def _stated(resource: Resource, properties: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The properties; logs go to the bucket itself where no other is named."""
    stated = dict(resource.properties if properties is None else properties)
    if "LoggingConfiguration" in stated:
        stated["LoggingConfiguration"] = {"DestinationBucketName": resource.physical_id, **stated["LoggingConfiguration"]}
    return stated


def _tag(resource: Resource) -> None:
    tags, client = tag_list(resource), resource.client("s3")
    if tags:
        client.put_bucket_tagging(Bucket=resource.physical_id, Tagging={"TagSet": tags})
    elif resource.old_properties.get("Tags"):
        client.delete_bucket_tagging(Bucket=resource.physical_id)


def _read_bucket(resource: Resource) -> Mapping[str, Any] | None:
    client, name = resource.client("s3"), _name(resource, resource.physical_id)
    if name is None:
        return None
    found = {"BucketName": name, **read_parts(client, name)}
    if found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled":
        found["ObjectLockEnabled"] = True
    if tags := ask(client, "get_bucket_tagging", Bucket=name):
        found["Tags"] = tags["TagSet"]
    if "LifecycleConfiguration" in found:
        found["LifecycleConfiguration"] = worded_like(resource.get("LifecycleConfiguration", {}), found["LifecycleConfiguration"])
    if not any(one.properties.get("Bucket") == name for one in resource.others("AWS::S3::BucketPolicy")):
        # A template states it in a resource of its own; where there is none, the bucket is to have none.
        found |= {"Policy": json.loads(policy["Policy"])} if (policy := ask(client, "get_bucket_policy", Bucket=name)) else {}
    return found


def _name(resource: Resource, bucket: str) -> str | None:
    """A bucket's name as S3 lists it; None when the account has none of that name."""
    listed = paged(resource.client("s3"), "list_buckets", "Buckets", Prefix=bucket)
    return next((one["Name"] for one in listed if one["Name"] == bucket), None)


def _read_policy(resource: Resource) -> Mapping[str, Any] | None:
    bucket = _name(resource, resource.physical_id)
    answer = None if bucket is None else ask(resource.client("s3"), "get_bucket_policy", Bucket=bucket)
    return None if answer is None else {"Bucket": bucket, "PolicyDocument": json.loads(answer["Policy"])}


def _suffix(resource: Resource) -> str:
    return "amazonaws.com.cn" if resource.region.startswith("cn-") else "amazonaws.com"


def _website(resource: Resource) -> str:
    dash = "-" if resource.region in _DASHED else "."
    return f"http://{resource.physical_id}.s3-website{dash}{resource.region}.{_suffix(resource)}"


_PUT_POLICY: Final = call("put_bucket_policy", Bucket=prop("Bucket"), Policy=prop("PolicyDocument"))

ADAPTERS = (
    Adapter(
        type="AWS::S3::Bucket",
        service="s3",
        name="BucketName",
        longest_name=63,
        lower_name=True,
        create=_create_bucket,
        update=_complete,
        delete=call("delete_bucket", Bucket=ID),
        read=_read_bucket,
        attributes={
            "Arn": lambda resource: resource.arn("s3", resource.physical_id, region="", account=""),
            "DomainName": lambda resource: f"{resource.physical_id}.s3.{_suffix(resource)}",
            "DualStackDomainName": lambda resource: f"{resource.physical_id}.s3.dualstack.{resource.region}.{_suffix(resource)}",
            "RegionalDomainName": lambda resource: f"{resource.physical_id}.s3.{resource.region}.{_suffix(resource)}",
            "WebsiteURL": _website,
        },
        complete={
            "AccessControl": "Private",
            **dict.fromkeys(("LifecycleConfiguration", "LifecycleConfiguration.Rules.*.*", "ReplicationConfiguration")),
            **dict.fromkeys(("CorsConfiguration", "WebsiteConfiguration", "InventoryConfigurations", "Policy")),
        },
        note=(
            "the emulator holds the configuration and acts on none of it but versions, default encryption, object lock and notifications: "
            "nothing expires, moves, is logged, inventoried or replicated. It has no metrics, analytics, intelligent tiering and metadata "
            "configurations of buckets"
        ),
    ),
    Adapter(
        type="AWS::S3::BucketPolicy",
        service="s3",
        name="Bucket",
        create=_PUT_POLICY,
        update=_PUT_POLICY,
        delete=call("delete_bucket_policy", Bucket=ID),
        read=_read_policy,
        note="kept and returned, not enforced: the emulator does not know conditions, so that a Deny without TLS would deny everything",
    ),
)
