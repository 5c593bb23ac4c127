"""S3: buckets with what they are configured with, and their policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.buckets import change_parts, read_parts
from lakecheck.rehearsal.adapters.model import ID, Adapter, Resource, call, is_absent, prop, tag_list

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
    try:
        change_parts(client, resource.physical_id, _stated(resource), {})
        _tag(resource)
    except Exception:
        client.delete_bucket(Bucket=resource.physical_id)
        raise


def _change_bucket(resource: Resource) -> None:
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
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    client = resource.client("s3")
    try:
        client.head_bucket(Bucket=resource.physical_id)
    except ClientError as error:
        if is_absent(error):
            return None
        raise
    found = {"BucketName": resource.physical_id, **read_parts(client, resource.physical_id)}
    if found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled":
        found["ObjectLockEnabled"] = True
    try:
        found["Tags"] = client.get_bucket_tagging(Bucket=resource.physical_id)["TagSet"]
    except ClientError as error:
        if not is_absent(error):
            raise
    return found


def _read_policy(resource: Resource) -> Mapping[str, Any] | None:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    try:
        policy = resource.client("s3").get_bucket_policy(Bucket=resource.physical_id)["Policy"]
    except ClientError as error:
        if is_absent(error):
            return None
        raise
    return {"Bucket": resource.physical_id, "PolicyDocument": json.loads(policy)}


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
        update=_change_bucket,
        delete=call("delete_bucket", Bucket=ID),
        read=_read_bucket,
        attributes={
            "Arn": lambda resource: resource.arn("s3", resource.physical_id, region="", account=""),
            "DomainName": lambda resource: f"{resource.physical_id}.s3.{_suffix(resource)}",
            "DualStackDomainName": lambda resource: f"{resource.physical_id}.s3.dualstack.{resource.region}.{_suffix(resource)}",
            "RegionalDomainName": lambda resource: f"{resource.physical_id}.s3.{resource.region}.{_suffix(resource)}",
            "WebsiteURL": _website,
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
