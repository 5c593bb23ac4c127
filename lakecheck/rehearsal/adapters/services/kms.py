"""KMS: keys, their replicas in other Regions, aliases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.asking import ask, document, gone_tags, or_undone, paged, parsed, tell
from lakecheck.rehearsal.adapters.model import ID, Adapter, Resource, call, prop, tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEAVING: Final = ("PendingDeletion", "PendingReplicaDeletion")
_UNREAD: Final = ("PendingWindowInDays", "BypassPolicyLockoutSafetyCheck")
_COMPLETE: Final = {"Enabled": True}
_NOTE: Final = "the key encrypts; its policy is kept and returned, not enforced"


def _tags(resource: Resource) -> list[dict[str, str]] | None:
    """KMS's own names of tags."""
    return [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tag_list(resource) or []] or None


def _make_key(resource: Resource) -> str:
    kms = resource.client("kms")
    given = {name: resource.get(name) for name in ("Description", "KeyUsage", "KeySpec", "MultiRegion", "Origin")}
    made = tell(kms, "create_key", **given, Policy=resource.get("KeyPolicy"), Tags=_tags(resource))
    key = str(made["KeyMetadata"]["KeyId"])
    named = resource.named(key)
    or_undone(lambda: _set_state(named), lambda: _remove_key(named))
    return key


def _set_state(resource: Resource) -> None:
    """Rotation, and whether the key may be used: what creating a key does not take."""
    kms, key, old = resource.client("kms"), resource.physical_id, resource.old_properties
    now = (_is_on(resource.properties, "EnableKeyRotation"), resource.get("RotationPeriodInDays"))
    if now != (_is_on(old, "EnableKeyRotation"), old.get("RotationPeriodInDays")):
        if now[0]:
            tell(kms, "enable_key_rotation", KeyId=key, RotationPeriodInDays=now[1])
        else:
            kms.disable_key_rotation(KeyId=key)
    enabled = _is_on(resource.properties, "Enabled", default=True)
    if enabled != _is_on(old, "Enabled", default=True):
        tell(kms, "enable_key" if enabled else "disable_key", KeyId=key)


def _is_on(properties: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    return str(properties.get(name, default)).lower() == "true"


def _change_key(resource: Resource) -> None:
    kms, key, old = resource.client("kms"), resource.physical_id, resource.old_properties
    if resource.get("Description") != old.get("Description"):
        kms.update_key_description(KeyId=key, Description=resource.get("Description") or "")
    if resource.get("KeyPolicy") not in (None, old.get("KeyPolicy")):
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document(resource.get("KeyPolicy")))
    _set_state(resource)
    if gone := gone_tags(resource):
        kms.untag_resource(KeyId=key, TagKeys=gone)
    if tags := _tags(resource):
        kms.tag_resource(KeyId=key, Tags=tags)


def _remove_key(resource: Resource) -> None:
    days = resource.get("PendingWindowInDays") or 30
    tell(resource.client("kms"), "schedule_key_deletion", KeyId=resource.physical_id, PendingWindowInDays=days)


def _read_key(resource: Resource) -> Mapping[str, Any] | None:
    """A key that waits for its deletion is gone for CloudFormation."""
    kms, key = resource.client("kms"), resource.physical_id
    answer = ask(kms, "describe_key", KeyId=key)
    if answer is None or answer["KeyMetadata"]["KeyState"] in _LEAVING:
        return None
    found = answer["KeyMetadata"]
    rotation = kms.get_key_rotation_status(KeyId=key)
    tags = [{"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in paged(kms, "list_resource_tags", "Tags", KeyId=key)]
    primary = ((found.get("MultiRegionConfiguration") or {}).get("PrimaryKey") or {}).get("Arn")
    return {
        **found,
        "KeyPolicy": parsed(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]),
        "EnableKeyRotation": rotation["KeyRotationEnabled"],
        "Tags": tags,
        **({"RotationPeriodInDays": rotation["RotationPeriodInDays"]} if "RotationPeriodInDays" in rotation else {}),
        **({"PrimaryKeyArn": primary} if primary else {}),
    }


def _make_replica(resource: Resource) -> str:
    primary = str(resource.get("PrimaryKeyArn"))
    source = resource.clients("kms", account=resource.account, region=primary.split(":")[3])
    given = {"Description": resource.get("Description"), "Policy": resource.get("KeyPolicy"), "Tags": _tags(resource)}
    made = tell(source, "replicate_key", KeyId=primary.rpartition("/")[2], ReplicaRegion=resource.region, **given)
    named = resource.named(str(made["ReplicaKeyMetadata"]["KeyId"]))
    _change_key(named)  # the emulator copies the primary key and forgets the rest
    return named.physical_id


def _read_alias(resource: Resource) -> Mapping[str, Any] | None:
    found = paged(resource.client("kms"), "list_aliases", "Aliases")
    return next((one for one in found if one["AliasName"] == resource.physical_id), None)


_KEY = Adapter(
    type="AWS::KMS::Key",
    service="kms",
    create=_make_key,
    update=_change_key,
    delete=_remove_key,
    read=_read_key,
    attributes={"Arn": "read:Arn", "KeyId": "{id}"},
    unread=_UNREAD,
    complete=_COMPLETE,
    note=_NOTE,
)

ADAPTERS = (
    _KEY,
    replace(_KEY, type="AWS::KMS::ReplicaKey", create=_make_replica),
    Adapter(
        type="AWS::KMS::Alias",
        service="kms",
        name="AliasName",
        create=call("create_alias", AliasName=ID, TargetKeyId=prop("TargetKeyId")),
        update=call("update_alias", AliasName=ID, TargetKeyId=prop("TargetKeyId")),
        delete=call("delete_alias", AliasName=ID),
        read=_read_alias,
    ),
)
