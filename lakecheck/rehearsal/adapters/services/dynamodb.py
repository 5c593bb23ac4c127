"""DynamoDB: tables, and global tables as far as the replica in the stack's own Region goes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.asking import ask, document, gone_tags, or_undone, paged, parsed, tell
from lakecheck.rehearsal.adapters.model import ID, Adapter, Resource, call, tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping

_CREATED: Final = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableClass",
    "WarmThroughput",
)
_UPDATED: Final = (
    "BillingMode",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableClass",
    "WarmThroughput",
)


def _encryption(properties: Mapping[str, Any]) -> dict[str, Any] | None:
    stated = properties.get("SSESpecification")
    if not stated:
        return None
    told = {"Enabled": stated.get("SSEEnabled"), "SSEType": stated.get("SSEType"), "KMSMasterKeyId": stated.get("KMSMasterKeyId")}
    return {name: value for name, value in told.items() if value is not None}


def _stream(properties: Mapping[str, Any]) -> dict[str, Any] | None:
    stated = properties.get("StreamSpecification")
    return {"StreamEnabled": True, "StreamViewType": stated["StreamViewType"]} if stated else None


def _make(resource: Resource) -> None:
    client, given = resource.client("dynamodb"), {name: resource.get(name) for name in _CREATED}
    told = {"SSESpecification": _encryption(resource.properties), "StreamSpecification": _stream(resource.properties)}
    tell(client, "create_table", TableName=resource.physical_id, **given, **told, Tags=tag_list(resource))
    or_undone(lambda: _set_rest(resource), lambda: _undo(resource))


def _undo(resource: Resource) -> None:
    client = resource.client("dynamodb")
    client.update_table(TableName=resource.physical_id, DeletionProtectionEnabled=False)
    client.delete_table(TableName=resource.physical_id)


def _set_rest(resource: Resource) -> None:
    """What is put to a table that is there: recovery, time to live, its policy."""
    client, name, old = resource.client("dynamodb"), resource.physical_id, resource.old_properties
    recovery = resource.get("PointInTimeRecoverySpecification")
    if recovery != old.get("PointInTimeRecoverySpecification"):
        given = recovery or {"PointInTimeRecoveryEnabled": False}
        tell(client, "update_continuous_backups", TableName=name, PointInTimeRecoverySpecification=given)
    living, before = resource.get("TimeToLiveSpecification"), old.get("TimeToLiveSpecification")
    if living != before:
        given = living or {**(before or {}), "Enabled": False}
        tell(client, "update_time_to_live", TableName=name, TimeToLiveSpecification=given)
    policy = resource.get("ResourcePolicy.PolicyDocument")
    if policy != (old.get("ResourcePolicy") or {}).get("PolicyDocument"):
        arn = client.describe_table(TableName=name)["Table"]["TableArn"]
        if policy:
            client.put_resource_policy(ResourceArn=arn, Policy=document(policy))
        else:
            client.delete_resource_policy(ResourceArn=arn)


def _change(resource: Resource) -> None:
    client, name, old = resource.client("dynamodb"), resource.physical_id, resource.old_properties
    changed = {each: resource.get(each) for each in _UPDATED if resource.get(each) != old.get(each)}
    if "DeletionProtectionEnabled" in changed:
        changed["DeletionProtectionEnabled"] = bool(resource.get("DeletionProtectionEnabled"))
    if _encryption(resource.properties) != _encryption(old):
        changed["SSESpecification"] = _encryption(resource.properties) or {"Enabled": False}
    if any(value is not None for value in changed.values()):
        tell(client, "update_table", TableName=name, **changed)
    if _stream(resource.properties) != _stream(old):
        if _stream(old):
            client.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
        if _stream(resource.properties):
            client.update_table(TableName=name, StreamSpecification=_stream(resource.properties))
    for update in _index_updates(resource.properties, old):
        definitions = resource.get("AttributeDefinitions")
        tell(client, "update_table", TableName=name, AttributeDefinitions=definitions, GlobalSecondaryIndexUpdates=[update])
    _set_rest(resource)
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    if gone := gone_tags(resource):
        client.untag_resource(ResourceArn=arn, TagKeys=gone)
    if tags := tag_list(resource):
        client.tag_resource(ResourceArn=arn, Tags=tags)


def _index_updates(properties: Mapping[str, Any], old: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Indexes one at a time, as DynamoDB takes them."""
    now = {one["IndexName"]: one for one in properties.get("GlobalSecondaryIndexes") or []}
    before = {one["IndexName"]: one for one in old.get("GlobalSecondaryIndexes") or []}
    gone = [{"Delete": {"IndexName": name}} for name in before if name not in now]
    added = [{"Create": one} for name, one in now.items() if name not in before]
    capacity = [
        {"Update": {"IndexName": name, "ProvisionedThroughput": one["ProvisionedThroughput"]}}
        for name, one in now.items()
        if name in before and one.get("ProvisionedThroughput") not in (None, before[name].get("ProvisionedThroughput"))
    ]
    return [*gone, *added, *capacity]


def _read(resource: Resource) -> Mapping[str, Any] | None:
    client, name = resource.client("dynamodb"), resource.physical_id
    answer = ask(client, "describe_table", TableName=name)
    if answer is None:
        return None
    table = answer["Table"]
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    living = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    encryption, stream = table.get("SSEDescription"), table.get("StreamSpecification")
    found = {
        **table,
        "BillingMode": (table.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED"),
        "PointInTimeRecoverySpecification": {
            **backups,
            "PointInTimeRecoveryEnabled": backups["PointInTimeRecoveryStatus"] == "ENABLED",
        },
        "TimeToLiveSpecification": {**living, "Enabled": living.get("TimeToLiveStatus") == "ENABLED"},
        "StreamSpecification": stream,
        "TableClass": (table.get("TableClassSummary") or {}).get("TableClass"),
        "Tags": paged(client, "list_tags_of_resource", "Tags", ResourceArn=table["TableArn"]),
    }
    if encryption:
        found["SSESpecification"] = {
            "SSEEnabled": encryption["Status"] in ("ENABLED", "ENABLING"),
            "SSEType": encryption["SSEType"],
            "KMSMasterKeyId": encryption["KMSMasterKeyArn"],
        }
    if policy := ask(client, "get_resource_policy", ResourceArn=table["TableArn"]):
        found["ResourcePolicy"] = {"PolicyDocument": parsed(policy["Policy"])}
    return {key: value for key, value in found.items() if value is not None}


_OF_REPLICAS: Final = (
    "DeletionProtectionEnabled",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "TableClass",
    "Tags",
)


def _as_table(resource: Resource) -> Resource:
    """A global table's replica in this Region, as a table."""
    return replace(resource, properties=_replica(resource, resource.properties), old_properties=_replica(resource, resource.old_properties))


def _replica(resource: Resource, properties: Mapping[str, Any]) -> dict[str, Any]:
    if not properties:
        return {}
    mine: Mapping[str, Any] = next((one for one in properties.get("Replicas") or [] if one["Region"] == resource.region), {})
    told = {**properties, **{name: mine[name] for name in _OF_REPLICAS if name in mine}}
    if "SSESpecification" in told:
        told["SSESpecification"] = {**told["SSESpecification"], **mine.get("SSESpecification", {})}
    return told


def _read_global(resource: Resource) -> Mapping[str, Any] | None:
    table = _read(_as_table(resource))
    if table is None:
        return None
    replica = {"Region": table["TableArn"].split(":")[3], **{name: table[name] for name in _OF_REPLICAS if name in table}}
    if "SSESpecification" in table:
        replica["SSESpecification"] = {"KMSMasterKeyId": table["SSESpecification"]["KMSMasterKeyId"]}
    return {**table, "Replicas": [replica]}


_ATTRIBUTES: Final = {"Arn": "read:TableArn", "StreamArn": "read:LatestStreamArn", "TableId": "read:TableId"}
_LACKS: Final = "the emulator has no table classes, contributor insights, on-demand limits and Kinesis streams of tables"

ADAPTERS = (
    Adapter(
        type="AWS::DynamoDB::Table",
        service="dynamodb",
        name="TableName",
        longest_name=255,
        create=_make,
        update=_change,
        delete=call("delete_table", TableName=ID),
        read=_read,
        attributes=_ATTRIBUTES,
        unread=("ImportSourceSpecification",),
        note=_LACKS,
    ),
    Adapter(
        type="AWS::DynamoDB::GlobalTable",
        service="dynamodb",
        name="TableName",
        longest_name=255,
        create=lambda resource: _make(_as_table(resource)),
        update=lambda resource: _change(_as_table(resource)),
        delete=call("delete_table", TableName=ID),
        read=_read_global,
        attributes=_ATTRIBUTES,
        note=f"{_LACKS}, and no replicas: the table is made in the stack's Region alone",
    ),
)
