"""Secrets Manager: secrets, their policies, when they are changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.asking import ask, document, gone_tags, parsed, tell
from lakecheck.rehearsal.adapters.model import ID, Adapter, Resource, call, prop, tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping


def _value(resource: Resource) -> str | None:
    """The stated value, or a generated one: alone, or as a key of the template that is stated for it."""
    wanted = resource.get("GenerateSecretString")
    if wanted is None:
        stated = resource.get("SecretString")
        return None if stated is None else str(stated)
    given = {name: value for name, value in wanted.items() if name not in ("SecretStringTemplate", "GenerateStringKey")}
    password = str(tell(resource.client("secretsmanager"), "get_random_password", **given)["RandomPassword"])
    if "SecretStringTemplate" not in wanted:
        return password
    return json.dumps({**json.loads(wanted["SecretStringTemplate"]), wanted["GenerateStringKey"]: password})


def _make(resource: Resource) -> str:
    given = {name: resource.get(name) for name in ("Description", "KmsKeyId")}
    name = resource.get("Name") or resource.generated_name()
    more = {"SecretString": _value(resource), "AddReplicaRegions": resource.get("ReplicaRegions"), "Tags": tag_list(resource)}
    return str(tell(resource.client("secretsmanager"), "create_secret", Name=name, **given, **more)["ARN"])


def _change(resource: Resource) -> None:
    client, arn, old = resource.client("secretsmanager"), resource.physical_id, resource.old_properties
    given = {name: resource.get(name) for name in ("Description", "KmsKeyId") if resource.get(name) != old.get(name)}
    if any(resource.get(name) != old.get(name) for name in ("SecretString", "GenerateSecretString")):
        given["SecretString"] = _value(resource)
    if any(value is not None for value in given.values()):
        tell(client, "update_secret", SecretId=arn, **given)
    if gone := gone_tags(resource):
        client.untag_resource(SecretId=arn, TagKeys=gone)
    if tags := tag_list(resource):
        client.tag_resource(SecretId=arn, Tags=tags)


def _read(resource: Resource) -> Mapping[str, Any] | None:
    client = resource.client("secretsmanager")
    found = ask(client, "describe_secret", SecretId=resource.physical_id)
    if found is None or "DeletedDate" in found:
        return None
    replicas = [{"Region": one["Region"], "KmsKeyId": one.get("KmsKeyId")} for one in found.get("ReplicationStatus") or []]
    value = ask(client, "get_secret_value", SecretId=resource.physical_id)
    return {**found, "ReplicaRegions": replicas, **({"SecretString": value["SecretString"]} if value else {})}


def _put_policy(resource: Resource) -> str:
    policy = document(resource.get("ResourcePolicy"))
    given = {"SecretId": resource.get("SecretId"), "ResourcePolicy": policy, "BlockPublicPolicy": resource.get("BlockPublicPolicy")}
    return str(tell(resource.client("secretsmanager"), "put_resource_policy", **given)["ARN"])


def _read_policy(resource: Resource) -> Mapping[str, Any] | None:
    found = ask(resource.client("secretsmanager"), "get_resource_policy", SecretId=resource.physical_id)
    if found is None or not found.get("ResourcePolicy"):
        return None
    return {"SecretId": found["ARN"], "ResourcePolicy": parsed(found["ResourcePolicy"])}


def _rotate(resource: Resource) -> str:
    named = {"RotationLambdaARN": resource.get("RotationLambdaARN"), "RotationRules": resource.get("RotationRules")}
    now = resource.get("RotateImmediatelyOnUpdate")
    return str(
        tell(resource.client("secretsmanager"), "rotate_secret", SecretId=resource.get("SecretId"), **named, RotateImmediately=now)["ARN"]
    )


def _read_rotation(resource: Resource) -> Mapping[str, Any] | None:
    found = ask(resource.client("secretsmanager"), "describe_secret", SecretId=resource.physical_id)
    return {**found, "SecretId": found["ARN"]} if found and found.get("RotationEnabled") else None


ADAPTERS = (
    Adapter(
        type="AWS::SecretsManager::Secret",
        service="secretsmanager",
        create=_make,
        update=_change,
        delete=call("delete_secret", SecretId=ID, ForceDeleteWithoutRecovery=True),
        read=_read,
        attributes={"Id": "{id}"},
        unread=("GenerateSecretString",),
    ),
    Adapter(
        type="AWS::SecretsManager::ResourcePolicy",
        service="secretsmanager",
        create=_put_policy,
        update=_put_policy,
        delete=call("delete_resource_policy", SecretId=ID),
        read=_read_policy,
        attributes={"Id": "{id}"},
        unread=("BlockPublicPolicy",),
        note="kept and returned, not enforced",
    ),
    Adapter(
        type="AWS::SecretsManager::RotationSchedule",
        service="secretsmanager",
        create=_rotate,
        update=_rotate,
        delete=call("cancel_rotate_secret", SecretId=prop("SecretId")),
        read=_read_rotation,
        attributes={"Id": "{id}"},
        unread=("RotateImmediatelyOnUpdate", "HostedRotationLambda"),
        note="the emulator rotates once, when it is told to, and never by itself",
    ),
)
