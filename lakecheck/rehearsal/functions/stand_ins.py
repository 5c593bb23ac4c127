"""What is done where a custom resource's function is not Python but what it does is known: the CDK's own, by what their code does.

https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.model import is_absent
from lakecheck.rehearsal.functions import provider_framework, sdk_calls

if TYPE_CHECKING:
    from lakecheck.rehearsal.adapters.model import Resource
    from lakecheck.rehearsal.functions.emulated import Functions

StandIn = Callable[["Functions", "Resource", dict[str, Any]], tuple[str, Mapping[str, Any], str]]
"""Does a request's work: physical id, attributes, and what was not as in AWS."""


def stand_in_of(resource: Resource, deployed: Any) -> StandIn | None:
    """What stands in for a function; None where the function itself is to be run."""
    if str(deployed.run_time or "").startswith("python"):
        return None
    if provider_framework.ON_EVENT in (deployed.environment_vars or {}):
        return lambda functions, _resource, request: provider_framework.done(functions, deployed.environment_vars, request)
    if sdk_calls.is_call(resource.properties) or sdk_calls.is_call(resource.old_properties):
        return lambda functions, resource, request: sdk_calls.done(functions.clients, resource, request)
    return _KNOWN.get(resource.type)


def _empty_bucket(_functions: Functions, resource: Resource, request: dict[str, Any]) -> tuple[str, Mapping[str, Any], str]:
    """On deletion, empties a bucket that has the tag by which it asks for that."""
    bucket, kind = str(resource.properties.get("BucketName", "")), request["RequestType"]
    if kind == "Delete" and bucket:
        client = resource.client("s3")
        if _asks_to_be_emptied(client, bucket):
            for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
                found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if found:
                    named = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
                    client.delete_objects(Bucket=bucket, Delete={"Objects": named})
    physical = {"Create": request["RequestId"], "Update": bucket}.get(kind, resource.physical_id)
    return physical, {}, "Its Node function was left out; it was emptied by calls of the same API"


def _asks_to_be_emptied(client: Any, bucket: str) -> bool:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    try:
        tags = client.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if not is_absent(error):
            raise
        return False
    return {"Key": "aws-cdk:auto-delete-objects", "Value": "true"} in tags


def _log_retention(functions: Functions, resource: Resource, request: dict[str, Any]) -> tuple[str, Mapping[str, Any], str]:
    """Makes a log group and says how long it keeps events."""
    name, days = str(resource.get("LogGroupName")), resource.get("RetentionInDays")
    client = functions.clients("logs", account=resource.account, region=str(resource.get("LogGroupRegion") or resource.region))
    if request["RequestType"] == "Delete":
        if resource.get("RemovalPolicy") == "destroy":
            _unless(lambda: client.delete_log_group(logGroupName=name), "ResourceNotFoundException")
    else:
        _unless(lambda: client.create_log_group(logGroupName=name), "ResourceAlreadyExistsException")
        if days:
            client.put_retention_policy(logGroupName=name, retentionInDays=int(days))
        else:
            client.delete_retention_policy(logGroupName=name)
    return name, {"LogGroupName": name}, "Its Node function was left out; the same calls were made"


def _write_exports(functions: Functions, resource: Resource, request: dict[str, Any]) -> tuple[str, Mapping[str, Any], str]:
    """Writes a stack's outputs into parameters of another Region, where stacks read them."""
    stated = resource.get("WriterProps", {})
    client = functions.clients("ssm", account=resource.account, region=str(stated["region"]))
    kind, wanted = request["RequestType"], dict(stated.get("exports", {}))
    before = dict(resource.old_properties.get("WriterProps", {}).get("exports", {})) if kind == "Update" else {}
    gone = sorted(wanted) if kind == "Delete" else sorted(set(before) - set(wanted))
    for name in gone:
        client.delete_parameters(Names=[name])
    for name, value in wanted.items() if kind != "Delete" else ():
        if name not in before:
            client.put_parameter(Name=name, Value=str(value), Type="String", Overwrite=True)
    return resource.physical_id or request["RequestId"], {}, "Its Node function was left out; the same calls were made"


def _read_exports(_functions: Functions, resource: Resource, request: dict[str, Any]) -> tuple[str, Mapping[str, Any], str]:
    """Hands on what was read from the parameters; the tags that keep them from being deleted are not set."""
    imports = dict(resource.get("ReaderProps.imports", {}))
    return resource.physical_id or request["RequestId"], imports, "Its Node function was left out; its values were handed on"


def _unless(make: Callable[[], Any], code: str) -> None:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    try:
        make()
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise


_KNOWN: Final[Mapping[str, StandIn]] = {
    "Custom::S3AutoDeleteObjects": _empty_bucket,
    "Custom::LogRetention": _log_retention,
    "Custom::CrossRegionExportWriter": _write_exports,
    "Custom::CrossRegionExportReader": _read_exports,
}
