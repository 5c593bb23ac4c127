"""What a bucket is configured with: each property of `AWS::S3::Bucket` with the calls that put, return and remove it, and how S3 words it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakecheck.rehearsal.adapters.lifecycles import lifecycle_of, lifecycle_to
from lakecheck.rehearsal.adapters.model import is_absent
from lakecheck.rehearsal.adapters.shapes import fit

Words = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One property of a bucket.

    Attributes:
        property: Its name in the template.
        put: The operation that sets it.
        to: The operation's parameters, besides the bucket, for a value of the property.
        get: The operation that returns it.
        of: The property's value in that operation's answer; None when it is not set.
        clear: The operation that removes it; `put` with `cleared` where S3 has none.
        cleared: The parameters of `put` that remove it.
    """

    property: str
    put: str
    to: Callable[[Any], Mapping[str, Any]]
    get: str
    of: Callable[[Mapping[str, Any]], Any]
    clear: str = ""
    cleared: Mapping[str, Any] | None = None

    def change(self, client: Any, bucket: str, value: Any, old: Any) -> None:
        """Sets the property, or removes it where the new value is None."""
        del old
        if value is not None:
            _call(client, self.put, {"Bucket": bucket, **self.to(value)})
        elif self.clear:
            _call(client, self.clear, {"Bucket": bucket})
        elif self.cleared is not None:
            _call(client, self.put, {"Bucket": bucket, **self.cleared})

    def read(self, client: Any, bucket: str) -> Any:
        """What S3 returns of it; None when it is not set."""
        return self.of(_call(client, self.get, {"Bucket": bucket}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Inventories:
    """The inventories of a bucket, of which each is set and removed by itself."""

    property: str = "InventoryConfigurations"

    def change(self, client: Any, bucket: str, value: Any, old: Any) -> None:
        """Sets those that are stated and removes the others."""
        stated = {each["Id"]: each for each in value or []}
        for name, inventory in stated.items():
            given = {"Bucket": bucket, "Id": name, "InventoryConfiguration": _inventory_to(inventory)}
            _call(client, "put_bucket_inventory_configuration", given)
        for gone in {each["Id"] for each in old or []} - stated.keys():
            _call(client, "delete_bucket_inventory_configuration", {"Bucket": bucket, "Id": gone})

    def read(self, client: Any, bucket: str) -> Any:
        """All of them."""
        answer = _call(client, "list_bucket_inventory_configurations", {"Bucket": bucket})
        return [_inventory_of(each) for each in answer.get("InventoryConfigurationList") or []] or None


def change_parts(client: Any, bucket: str, properties: Mapping[str, Any], old: Mapping[str, Any]) -> None:
    """Sets the properties that differ from the old ones, and removes those that are stated no longer."""
    for part in PARTS:
        value, was = properties.get(part.property), old.get(part.property)
        if value != was:
            part.change(client, bucket, value, was)


def read_parts(client: Any, bucket: str) -> dict[str, Any]:
    """Every property that is set."""
    found = {part.property: _unless_absent(part.read, client, bucket) for part in PARTS}
    return {name: value for name, value in found.items() if value is not None}


def _unless_absent(read: Callable[[Any, str], Any], client: Any, bucket: str) -> Any:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    try:
        return read(client, bucket)
    except ClientError as error:
        if is_absent(error):
            return None
        raise


def _call(client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
    return getattr(client, operation)(**fit(client, operation, parameters))


def renamed(value: Any, words: Words) -> Any:
    """A value with keys called otherwise, at any depth."""
    if isinstance(value, Mapping):
        return {words.get(key, key): renamed(item, words) for key, item in value.items()}
    return [renamed(item, words) for item in value] if isinstance(value, list) else value


def _reverse(words: Words) -> dict[str, str]:
    return {new: old for old, new in words.items()}


def _same(property_: str, noun: str, *, parameter: str = "", words: Words | None = None, clear: bool = True) -> Part:
    """A part whose operations have one noun, and whose value is worded alike in S3."""
    name, known = parameter or property_, words or {}
    return Part(
        property=property_,
        put=f"put_{noun}",
        to=lambda value: {name: renamed(value, known)},
        get=f"get_{noun}",
        of=lambda answer: renamed(answer[name], _reverse(known)) if answer.get(name) else None,
        clear=f"delete_{noun}" if clear else "",
    )


_ENCRYPTION: Final = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
_LOGGING: Final = {"DestinationBucketName": "TargetBucket", "LogFilePrefix": "TargetPrefix"}
_CORS: Final = {"Id": "ID", "ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}
_REPLICATION: Final = {"Id": "ID", "TagFilters": "Tags", "TagFilter": "Tag"}
_ROUTING: Final = {"RedirectRule": "Redirect", "RoutingRuleCondition": "Condition"}
_TARGETS: Final = {
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
}


def _encryption_of(answer: Mapping[str, Any]) -> Any:
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return {"ServerSideEncryptionConfiguration": renamed(rules, _reverse(_ENCRYPTION))}


def _logging_of(answer: Mapping[str, Any]) -> Any:
    enabled = answer.get("LoggingEnabled")
    return renamed(enabled, _reverse(_LOGGING)) if enabled else None


def _inventory_to(stated: Mapping[str, Any]) -> dict[str, Any]:
    where = renamed(stated["Destination"], {"BucketArn": "Bucket", "BucketAccountId": "AccountId"})
    return {
        "Id": stated["Id"],
        "IsEnabled": stated["Enabled"],
        "IncludedObjectVersions": stated["IncludedObjectVersions"],
        "Destination": {"S3BucketDestination": where},
        "Schedule": {"Frequency": stated["ScheduleFrequency"]},
        "OptionalFields": stated.get("OptionalFields"),
        "Filter": {"Prefix": stated["Prefix"]} if "Prefix" in stated else None,
    }


def _inventory_of(found: Mapping[str, Any]) -> dict[str, Any]:
    where = renamed(found["Destination"]["S3BucketDestination"], {"Bucket": "BucketArn", "AccountId": "BucketAccountId"})
    words = {
        "Id": found["Id"],
        "Enabled": found["IsEnabled"],
        "IncludedObjectVersions": found["IncludedObjectVersions"],
        "Destination": where,
        "ScheduleFrequency": found["Schedule"]["Frequency"],
        "OptionalFields": found.get("OptionalFields"),
        "Prefix": (found.get("Filter") or {}).get("Prefix"),
    }
    return {key: value for key, value in words.items() if value is not None}


def _notification_to(stated: Mapping[str, Any]) -> dict[str, Any]:
    """S3's words: several events to a target, where CloudFormation has one; EventBridge is on where it is named at all."""
    told: dict[str, Any] = {}
    bridge = stated.get("EventBridgeConfiguration")
    if bridge is not None and str(bridge.get("EventBridgeEnabled", True)).lower() == "true":
        told["EventBridgeConfiguration"] = {}
    for name, (s3_name, target, arn) in _TARGETS.items():
        for one in stated.get(name) or []:
            rules = ((one.get("Filter") or {}).get("S3Key") or {}).get("Rules")
            given = {arn: one[target], "Events": [one["Event"]], "Filter": {"Key": {"FilterRules": rules}} if rules else None}
            told.setdefault(s3_name, []).append(given)
    return {"NotificationConfiguration": told}


def _notification_of(answer: Mapping[str, Any]) -> Any:
    words: dict[str, Any] = {}
    if "EventBridgeConfiguration" in answer:
        words["EventBridgeConfiguration"] = {"EventBridgeEnabled": True}
    for name, (s3_name, target, arn) in _TARGETS.items():
        for one in answer.get(s3_name) or []:
            rules = ((one.get("Filter") or {}).get("Key") or {}).get("FilterRules")
            filtered = {"Filter": {"S3Key": {"Rules": rules}}} if rules else {}
            words.setdefault(name, []).extend({target: one[arn], "Event": event, **filtered} for event in one["Events"])
    return words or None


def _website_to(stated: Mapping[str, Any]) -> dict[str, Any]:
    told = renamed(stated, _ROUTING)
    for name, inner in (("ErrorDocument", "Key"), ("IndexDocument", "Suffix")):
        if name in told:
            told[name] = {inner: told[name]}
    return {"WebsiteConfiguration": told}


def _website_of(answer: Mapping[str, Any]) -> Any:
    found = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    words = renamed(found, _reverse(_ROUTING))
    for name, inner in (("ErrorDocument", "Key"), ("IndexDocument", "Suffix")):
        if name in words:
            words[name] = words[name].get(inner)
    return words


_CANNED: Final[Mapping[str, frozenset[tuple[str, str]]]] = {
    "Private": frozenset(),
    "PublicRead": frozenset({("AllUsers", "READ")}),
    "PublicReadWrite": frozenset({("AllUsers", "READ"), ("AllUsers", "WRITE")}),
    "AuthenticatedRead": frozenset({("AuthenticatedUsers", "READ")}),
    "LogDeliveryWrite": frozenset({("LogDelivery", "READ_ACP"), ("LogDelivery", "WRITE")}),
}
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl"""


def _acl_to(stated: str) -> dict[str, Any]:
    return {"ACL": "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in stated).lstrip("-")}


def _acl_of(answer: Mapping[str, Any]) -> Any:
    """The canned list that has these grants besides the owner's own."""
    grants: Iterable[Mapping[str, Any]] = answer.get("Grants") or []
    others = {(one["Grantee"]["URI"].rpartition("/")[2], one["Permission"]) for one in grants if one["Grantee"].get("URI")}
    return next((name for name, granted in _CANNED.items() if granted == others), None)


PARTS: Final = (
    Part(
        property="BucketEncryption",
        put="put_bucket_encryption",
        to=lambda value: {"ServerSideEncryptionConfiguration": {"Rules": renamed(value["ServerSideEncryptionConfiguration"], _ENCRYPTION)}},
        get="get_bucket_encryption",
        of=_encryption_of,
        clear="delete_bucket_encryption",
    ),
    Part(
        property="VersioningConfiguration",
        put="put_bucket_versioning",
        to=lambda value: {"VersioningConfiguration": value},
        get="get_bucket_versioning",
        of=lambda answer: {"Status": answer["Status"]} if answer.get("Status") else None,
        cleared={"VersioningConfiguration": {"Status": "Suspended"}},
    ),
    _same("PublicAccessBlockConfiguration", "public_access_block"),
    _same("OwnershipControls", "bucket_ownership_controls"),
    Part(
        property="AccessControl",
        put="put_bucket_acl",
        to=_acl_to,
        get="get_bucket_acl",
        of=_acl_of,
        cleared={"ACL": "private"},
    ),
    Part(
        property="LifecycleConfiguration",
        put="put_bucket_lifecycle_configuration",
        to=lifecycle_to,
        get="get_bucket_lifecycle_configuration",
        of=lifecycle_of,
        clear="delete_bucket_lifecycle",
    ),
    Part(
        property="LoggingConfiguration",
        put="put_bucket_logging",
        to=lambda value: {"BucketLoggingStatus": {"LoggingEnabled": {"TargetPrefix": "", **renamed(value, _LOGGING)}}},
        get="get_bucket_logging",
        of=_logging_of,
        cleared={"BucketLoggingStatus": {}},
    ),
    Inventories(),
    Part(
        property="NotificationConfiguration",
        put="put_bucket_notification_configuration",
        to=_notification_to,
        get="get_bucket_notification_configuration",
        of=_notification_of,
        cleared={"NotificationConfiguration": {}},
    ),
    _same("ReplicationConfiguration", "bucket_replication", words=_REPLICATION),
    _same("ObjectLockConfiguration", "object_lock_configuration", clear=False),
    Part(
        property="CorsConfiguration",
        put="put_bucket_cors",
        to=lambda value: {"CORSConfiguration": {"CORSRules": renamed(value["CorsRules"], _CORS)}},
        get="get_bucket_cors",
        of=lambda answer: {"CorsRules": renamed(answer["CORSRules"], _reverse(_CORS))},
        clear="delete_bucket_cors",
    ),
    Part(
        property="WebsiteConfiguration",
        put="put_bucket_website",
        to=_website_to,
        get="get_bucket_website",
        of=_website_of,
        clear="delete_bucket_website",
    ),
    Part(
        property="AccelerateConfiguration",
        put="put_bucket_accelerate_configuration",
        to=lambda value: {"AccelerateConfiguration": {"Status": value["AccelerationStatus"]}},
        get="get_bucket_accelerate_configuration",
        of=lambda answer: {"AccelerationStatus": answer["Status"]} if answer.get("Status") else None,
        cleared={"AccelerateConfiguration": {"Status": "Suspended"}},
    ),
)
"""In the order in which they are set: replication and object lock need versions, and who may own objects is said before an ACL."""
