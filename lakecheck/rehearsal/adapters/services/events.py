"""EventBridge: rules with their targets, buses, who may put events, archives, connections, API destinations.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Events.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, call, prop, tag_list
from lakecheck.rehearsal.adapters.reading import as_document, in_form_of, joined, steps, tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def _tagging(arn: Callable[[Resource], str]) -> Any:
    def tag(resource: Resource, tags: Mapping[str, str]) -> None:
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        resource.client("events").tag_resource(ResourceARN=arn(resource), Tags=pairs)

    def untag(resource: Resource, keys: Sequence[str]) -> None:
        resource.client("events").untag_resource(ResourceARN=arn(resource), TagKeys=keys)

    return tagged(tag, untag)


def _bus(resource: Resource) -> str:
    """The name of a rule's bus, which a template may state as an ARN."""
    return str(resource.get("EventBusName") or "default").rpartition("/")[2]


def _rule_name(resource: Resource) -> str:
    """`Ref` of a rule on a bus of one's own gives `bus|name`."""
    return resource.physical_id.rpartition("|")[2]


def _rule_id(resource: Resource) -> str:
    name = resource.get("Name") or resource.generated_name()
    return name if _bus(resource) == "default" else f"{_bus(resource)}|{name}"


def _rule_arn(resource: Resource) -> str:
    bus = "" if _bus(resource) == "default" else f"{_bus(resource)}/"
    return resource.arn("events", f"rule/{bus}{_rule_name(resource)}")


def _put_targets(resource: Resource) -> None:
    client, stated = resource.client("events"), resource.get("Targets") or []
    here: dict[str, Any] = {"Rule": _rule_name(resource), "EventBusName": _bus(resource)}
    gone = {one["Id"] for one in resource.old_properties.get("Targets") or []} - {one["Id"] for one in stated}
    if gone:
        client.remove_targets(**here, Ids=sorted(gone))
    if stated:
        answer = call("put_targets", **here, Targets=stated).run(resource, "events")
        _refuse(answer)


def _refuse(answer: Mapping[str, Any]) -> None:
    failed = answer.get("FailedEntries") or []
    if failed:
        msg = "; ".join(f"{one['TargetId']}: {one['ErrorMessage']}" for one in failed)
        raise RuntimeError(msg)


def _delete_rule(resource: Resource) -> None:
    client, here = resource.client("events"), {"Rule": _rule_name(resource), "EventBusName": _bus(resource)}
    targets = client.list_targets_by_rule(**here)["Targets"]
    if targets:
        client.remove_targets(**here, Ids=[one["Id"] for one in targets])
    client.delete_rule(Name=here["Rule"], EventBusName=here["EventBusName"])


def _read_rule(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    pattern = in_form_of(resource.get("EventPattern"), found.get("EventPattern"))
    order = [one["Id"] for one in resource.get("Targets") or []]
    targets = sorted(found.get("Targets", []), key=lambda one: order.index(one["Id"]) if one["Id"] in order else len(order))
    name = found["EventBusName"]
    arn = resource.arn("events", f"event-bus/{name}")
    bus = arn if resource.get("EventBusName") == arn else name
    return {**found, "EventPattern": pattern, "EventBusName": bus, "Targets": targets}


_RULE: Final = call("put_rule", everything=True, Name=_rule_name, EventPattern=lambda resource: _text(resource.get("EventPattern")))


def _text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value


def _bus_arn(resource: Resource) -> str:
    return resource.arn("events", f"event-bus/{resource.physical_id}")


def _put_bus_policy(resource: Resource) -> None:
    """A bus has one policy; a template puts one statement into it, or all of it with the bus itself."""
    client = resource.client("events")
    policy = as_document(client.describe_event_bus(Name=_bus(resource)).get("Policy")) or {"Version": "2012-10-17", "Statement": []}
    sid = resource.get("StatementId")
    others = [one for one in policy["Statement"] if one["Sid"] != sid]
    stated = as_document(resource.get("Statement"))
    if stated is None:
        call("put_permission", everything=True, EventBusName=_bus).run(resource, "events")
        return
    client.put_permission(EventBusName=_bus(resource), Policy=json.dumps({**policy, "Statement": [*others, {**stated, "Sid": sid}]}))


def _read_bus_policy(resource: Resource) -> Mapping[str, Any] | None:
    read = Read(call("describe_event_bus", Name=_bus)).run(resource, "events")
    statements = (as_document((read or {}).get("Policy")) or {}).get("Statement", [])
    found = next((one for one in statements if one["Sid"] == resource.get("StatementId")), None)
    if found is None:
        return None
    told = {"EventBusName": (read or {})["Name"], "StatementId": found["Sid"]}
    if resource.get("Statement") is not None:
        stated = as_document(resource.get("Statement"))
        kept = {key: value for key, value in found.items() if key != "Sid" or "Sid" in stated}
        return {**told, "Statement": in_form_of(resource.get("Statement"), json.dumps(kept))}
    principal = found["Principal"]
    account = principal if isinstance(principal, str) else next(iter(principal.values()))
    condition = next(
        ({"Type": kind, "Key": key, "Value": value} for kind, each in found.get("Condition", {}).items() for key, value in each.items()),
        None,
    )
    number = account.split(":")[4] if account.startswith("arn:") else account
    return {**told, "Action": found["Action"], "Principal": number, **({"Condition": condition} if condition else {})}


def _read_bus(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    return {**found, "Policy": in_form_of(resource.get("Policy"), found["Policy"])} if "Policy" in found else found


def _put_policy(resource: Resource) -> None:
    """The whole policy of a bus, as stated with the bus."""
    if resource.get("Policy") is not None:
        call("put_permission", EventBusName=ID, Policy=prop("Policy")).run(resource, "events")


_ARCHIVE: Final[dict[str, Any]] = {"EventPattern": lambda resource: _text(resource.get("EventPattern"))}


def _read_archive(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    return {**found, "EventPattern": in_form_of(resource.get("EventPattern"), found.get("EventPattern"))}


ADAPTERS = (
    Adapter(
        type="AWS::Events::Rule",
        service="events",
        identifier=_rule_id,
        create=steps(
            "events",
            lambda resource: resource.physical_id,
            call(_RULE.operation, everything=True, **_RULE.given, Tags=tag_list),
            _put_targets,
        ),
        update=steps("events", call("put_rule", everything=True, **_RULE.given, Tags=lambda _: None), _put_targets, _tagging(_rule_arn)),
        delete=_delete_rule,
        read=joined(
            "events",
            Read(call("describe_rule", Name=_rule_name, EventBusName=_bus)),
            Read(call("list_targets_by_rule", Rule=_rule_name, EventBusName=_bus)),
            tags=call("list_tags_for_resource", ResourceARN=_rule_arn),
            shape=_read_rule,
        ),
        attributes={"Arn": _rule_arn},
    ),
    Adapter(
        type="AWS::Events::EventBus",
        service="events",
        name="Name",
        create=steps("events", call("create_event_bus", everything=True, Name=ID, Tags=tag_list), _put_policy),
        update=steps("events", call("update_event_bus", everything=True, Name=ID), _put_policy, _tagging(_bus_arn)),
        delete=call("delete_event_bus", Name=ID),
        read=joined(
            "events", Read(call("describe_event_bus", Name=ID)), tags=call("list_tags_for_resource", ResourceARN=_bus_arn), shape=_read_bus
        ),
        attributes={"Arn": _bus_arn, "Name": "{id}", "Policy": "read:Policy"},
        note="The emulator keeps no LogConfig.",
    ),
    Adapter(
        type="AWS::Events::EventBusPolicy",
        service="events",
        create=_put_bus_policy,
        update=_put_bus_policy,
        delete=call("remove_permission", EventBusName=_bus, StatementId=prop("StatementId")),
        read=_read_bus_policy,
    ),
    Adapter(
        type="AWS::Events::Archive",
        service="events",
        name="ArchiveName",
        longest_name=48,
        create=call("create_archive", everything=True, ArchiveName=ID, EventSourceArn=prop("SourceArn"), **_ARCHIVE),
        update=call("update_archive", everything=True, ArchiveName=ID, **_ARCHIVE),
        delete=call("delete_archive", ArchiveName=ID),
        read=joined("events", Read(call("describe_archive", ArchiveName=ID), words={"SourceArn": "EventSourceArn"}), shape=_read_archive),
        attributes={"Arn": "read:ArchiveArn", "ArchiveName": "{id}"},
        note="The emulator keeps no KmsKeyIdentifier of an archive.",
    ),
    Adapter(
        type="AWS::Events::Connection",
        service="events",
        name="Name",
        create=call("create_connection", everything=True, Name=ID),
        update=call("update_connection", everything=True, Name=ID),
        delete=call("delete_connection", Name=ID),
        read=Read(call("describe_connection", Name=ID)),
        attributes={"Arn": "read:ConnectionArn", "SecretArn": "read:SecretArn"},
        # Secrets of a connection are in Secrets Manager, and no API of EventBridge's returns them.
        unread=(
            "AuthParameters.ApiKeyAuthParameters.ApiKeyValue",
            "AuthParameters.BasicAuthParameters.Password",
            "AuthParameters.OAuthParameters.ClientParameters.ClientSecret",
        ),
        note="The emulator keeps no InvocationConnectivityParameters, KmsKeyIdentifier.",
    ),
    Adapter(
        type="AWS::Events::ApiDestination",
        service="events",
        name="Name",
        create=call("create_api_destination", everything=True, Name=ID),
        update=call("update_api_destination", everything=True, Name=ID),
        delete=call("delete_api_destination", Name=ID),
        read=Read(call("describe_api_destination", Name=ID)),
        attributes={"Arn": "read:ApiDestinationArn"},
    ),
)
