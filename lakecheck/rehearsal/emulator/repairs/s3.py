"""S3: policies that lock everybody out, configurations that are kept but not returned, requests that are taken for others."""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import MissingInventoryConfig, PreconditionFailed, S3ClientError
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_UNKNOWN: Final = ("metrics", "analytics", "intelligent-tiering", "requestPayment", "metadataConfiguration", "metadataTable", "abac")
"""Parts of a bucket that moto has no answer for."""

_COMPLETING: Final = ContextVar("completing", default=False)
"""Whether an upload in parts is being completed."""


class UnknownPartError(S3ClientError):  # type: ignore[misc] # moto is untyped to mypy
    """What is asked for is not in the emulator."""

    code = "NotImplemented"
    status_code = 501


def install() -> None:
    """Mends moto's S3."""
    _never_deny()
    _take_log_targets()
    _refuse_unknown_parts()
    _tell_once_of_uploads_in_parts()
    _copy_on_conditions()
    _keep_whole_lifecycles()
    _keep_whole_inventories()
    _return_what_is_kept()


def _never_deny() -> None:
    """A policy with a Deny for everybody closes the bucket, whatever the condition (TLS, organization, endpoint): moto knows none.

    So nothing is denied here. Policies are kept and returned.
    """
    original = FakeBucket.get_permission

    def get_permission(self: Any, action: str, resource: str) -> Any:
        found = original(self, action, resource)
        return PermissionResult.NEUTRAL if found == PermissionResult.DENIED else found

    _put(FakeBucket, "get_permission", get_permission)


def _take_log_targets() -> None:
    """Logging fails in moto when the target's policy is not there yet, or has the principal `*`.

    AWS looks at grants of a target only where it has access control lists; new buckets have none, and a template may make the policy later.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    original = FakeBucket._log_permissions_enabled_policy  # noqa: SLF001 - what is mended

    def permitted(target_bucket: Any, target_prefix: str | None) -> bool:
        if target_bucket.ownership_rule in (None, "BucketOwnerEnforced"):
            return True
        statements = json.loads(target_bucket.policy or b'{"Statement": []}')["Statement"]
        if any(not isinstance(one.get("Principal", {}), dict) for one in statements):
            return False
        return bool(original(target_bucket, target_prefix))

    FakeBucket._log_permissions_enabled_policy = staticmethod(permitted)  # noqa: SLF001


def _refuse_unknown_parts() -> None:
    """A request for a part of a bucket that moto does not know is taken for one for the bucket itself: it makes, lists or deletes it.

    Its DeleteBucketInventoryConfiguration is such a one: it deletes the bucket.
    """

    def refuse(query: Mapping[str, Any]) -> None:
        for part in _UNKNOWN:
            if part in query:
                msg = f"the emulator has no {part} of buckets"
                raise UnknownPartError(msg)

    get, put, delete = S3Response._bucket_response_get, S3Response._bucket_response_put, S3Response._bucket_response_delete  # noqa: SLF001

    def bucket_get(self: Any, bucket_name: str, querystring: Mapping[str, Any]) -> Any:
        refuse(querystring)
        return get(self, bucket_name, querystring)

    def bucket_put(self: Any, request: Any, bucket_name: str, querystring: Mapping[str, Any]) -> Any:
        refuse(querystring)
        answer = put(self, request, bucket_name, querystring)
        if "lifecycle" in querystring:
            # moto leaves this header out of account
            self.backend.get_bucket(bucket_name).least_size = request.headers.get("x-amz-transition-default-minimum-object-size")
        return answer

    def bucket_delete(self: Any, bucket_name: str, querystring: Mapping[str, Any]) -> Any:
        refuse(querystring)
        if "inventory" not in querystring:
            return delete(self, bucket_name, querystring)
        if self.backend.get_bucket(bucket_name).inventory_configs.pop(querystring["id"][0], None) is None:
            raise MissingInventoryConfig
        return 204, {}, ""

    _put(S3Response, "_bucket_response_get", bucket_get)
    _put(S3Response, "_bucket_response_put", bucket_put)
    _put(S3Response, "_bucket_response_delete", bucket_delete)


def _tell_once_of_uploads_in_parts() -> None:
    """An object uploaded in parts is told of twice by moto, as put and as completed; AWS tells of it once, as completed."""
    backend: Any = S3Backend
    put, complete = backend.put_object, backend.complete_multipart_upload

    def put_object(self: Any, *given: Any, disable_notification: bool = False, **named: Any) -> Any:
        return put(self, *given, disable_notification=disable_notification or _COMPLETING.get(), **named)

    def complete_multipart_upload(self: Any, *given: Any, **named: Any) -> Any:
        token = _COMPLETING.set(True)
        try:
            return complete(self, *given, **named)
        finally:
            _COMPLETING.reset(token)

    backend.put_object, backend.complete_multipart_upload = put_object, complete_multipart_upload


def _copy_on_conditions() -> None:
    """Conditions on the target are left out of account by moto when objects are copied, which it holds when they are put.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    original = S3Response.copy_object

    def copy_object(self: Any) -> Any:
        there = self.backend.get_object(self.bucket_name, self.parse_key_name())
        wanted = self.headers.get("If-Match")
        if self.headers.get("If-None-Match") == "*" and there is not None:
            raise PreconditionFailed("If-None-Match")
        if wanted and (there is None or wanted.replace('"', "") != there.etag.replace('"', "")):
            raise PreconditionFailed("If-Match")
        return original(self)

    _put(S3Response, "copy_object", copy_object)


def _keep_whole_lifecycles() -> None:
    """Lifecycle rules of moto have no sizes of objects, and forget how many older versions stay."""
    original = FakeBucket.set_lifecycle

    def set_lifecycle(self: Any, rules: list[dict[str, Any]]) -> None:
        original(self, rules)
        for kept, stated in zip(self.rules, rules, strict=True):
            where = stated.get("Filter") or {}
            kept.sizes = {name: value for name in _SIZES if (value := {**where, **(where.get("And") or {})}.get(name)) is not None}
            kept.newer_versions = (stated.get("NoncurrentVersionExpiration") or {}).get("NewerNoncurrentVersions")

    _put(FakeBucket, "set_lifecycle", set_lifecycle)


def _keep_whole_inventories() -> None:
    """Inventories of moto forget which versions they list."""
    original = S3Backend.put_bucket_inventory_configuration

    def put_inventory(self: Any, bucket_name: str, inventory_configuration: dict[str, Any]) -> None:
        original(self, bucket_name, inventory_configuration)
        kept = self.get_bucket(bucket_name).inventory_configs[inventory_configuration["Id"]]
        kept.included_object_versions = inventory_configuration["IncludedObjectVersions"]

    _put(S3Backend, "put_bucket_inventory_configuration", put_inventory)


def _return_what_is_kept() -> None:
    """There is more kept in moto than it returns; its answers are completed from what it keeps, before they are written."""
    original = S3Response.serialized

    def serialized(self: Any, action_result: Any) -> Any:
        complete = _COMPLETED.get(self.data.get("Action", ""))
        if complete is not None and isinstance(action_result.result, dict):
            complete(self.backend.get_bucket(self.bucket_name), action_result.result)
        return original(self, action_result)

    _put(S3Response, "serialized", serialized)


def _log_format(bucket: Any, answer: dict[str, Any]) -> None:
    """The format of the keys of log objects."""
    key_format = (bucket.logging or {}).get("TargetObjectKeyFormat")
    if key_format and "LoggingEnabled" in answer:
        answer["LoggingEnabled"]["TargetObjectKeyFormat"] = {name: value or {} for name, value in key_format.items()}


def _event_bridge(bucket: Any, answer: dict[str, Any]) -> None:
    """That events go to EventBridge."""
    if bucket.notification_configuration.event_bridge is not None:
        answer["EventBridgeConfiguration"] = {}


def _encryption(bucket: Any, answer: dict[str, Any]) -> None:
    """Which kinds of encryption are refused."""
    blocked = bucket.encryption["Rule"].get("BlockedEncryptionTypes")
    if blocked:
        rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]
        rule["BlockedEncryptionTypes"] = {"EncryptionType": _listed(blocked["EncryptionType"])}


def _inventory(bucket: Any, answer: dict[str, Any]) -> None:
    """Which versions inventories list; the optional fields as a list, as which the list of inventories lacks them."""
    for told in answer.get("InventoryConfigurationList") or [answer.get("InventoryConfiguration")]:
        if told:
            kept = bucket.inventory_configs[told["Id"]]
            told["IncludedObjectVersions"] = getattr(kept, "included_object_versions", "All")
            told["IsEnabled"] = str(kept.is_enabled).lower() == "true"
            if kept.optional_fields:
                fields = kept.optional_fields
                told["OptionalFields"] = _listed(fields["Field"] if isinstance(fields, dict) else fields)


def _replication(bucket: Any, answer: dict[str, Any]) -> None:
    """Filters, delete markers and the choice of sources, for which moto answers constants."""
    for told, kept in zip(answer["ReplicationConfiguration"]["Rules"], bucket.replication["Rule"], strict=True):
        for name in ("DeleteMarkerReplication", "Filter", "Prefix", "SourceSelectionCriteria", "ExistingObjectReplication"):
            told.pop(name, None)
            if name in kept:
                told[name] = kept[name] or ({"Prefix": ""} if name == "Filter" else {})
        several = (told.get("Filter") or {}).get("And")
        if several and "Tag" in several:
            told["Filter"] = {"And": {**{key: value for key, value in several.items() if key != "Tag"}, "Tags": _listed(several["Tag"])}}


def _lifecycle(bucket: Any, answer: dict[str, Any]) -> None:
    """Sizes of objects, how many older versions stay, the least size that moves."""
    if getattr(bucket, "least_size", None):
        answer["TransitionDefaultMinimumObjectSize"] = bucket.least_size
    for told, kept in zip(answer["Rules"], bucket.rules, strict=True):
        if sizes := getattr(kept, "sizes", None):
            where = told.setdefault("Filter", {})
            where.get("And", where).update(sizes)
        if newer := getattr(kept, "newer_versions", None):
            told["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = newer


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _put(owner: Any, name: str, function: Any) -> None:
    setattr(owner, name, function)


_SIZES: Final = ("ObjectSizeGreaterThan", "ObjectSizeLessThan")
_COMPLETED: Final[Mapping[str, Callable[[Any, dict[str, Any]], None]]] = {
    "GetBucketLogging": _log_format,
    "GetBucketNotificationConfiguration": _event_bridge,
    "GetBucketEncryption": _encryption,
    "GetBucketInventoryConfiguration": _inventory,
    "ListBucketInventoryConfigurations": _inventory,
    "GetBucketReplication": _replication,
    "GetBucketLifecycleConfiguration": _lifecycle,
}
