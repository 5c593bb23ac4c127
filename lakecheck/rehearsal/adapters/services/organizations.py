"""Organizations: the organization, its units, accounts and policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.asking import added_and_gone, ask, document, gone_tags, or_undone, paged, parsed, tell
from lakecheck.rehearsal.adapters.model import ID, Adapter, Resource, call, prop, tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping

_NONE = ("AWSOrganizationsNotInUseException",)


def _tag(resource: Resource) -> None:
    client = resource.client("organizations")
    if gone := gone_tags(resource):
        client.untag_resource(ResourceId=resource.physical_id, TagKeys=gone)
    if tags := tag_list(resource):
        client.tag_resource(ResourceId=resource.physical_id, Tags=tags)


def _read(resource: Resource, operation: str, at: str, **given: str) -> dict[str, Any] | None:
    client = resource.client("organizations")
    answer = ask(client, operation, absent=_NONE, **given)
    if answer is None:
        return None
    return {**answer[at], "Tags": paged(client, "list_tags_for_resource", "Tags", ResourceId=resource.physical_id)}


def _parent(resource: Resource) -> str:
    return str(resource.client("organizations").list_parents(ChildId=resource.physical_id)["Parents"][0]["Id"])


def _read_organization(resource: Resource) -> Mapping[str, Any] | None:
    answer = ask(resource.client("organizations"), "describe_organization", absent=_NONE)
    return None if answer is None else {**answer["Organization"]}


def _root(resource: Resource) -> str:
    return str(resource.client("organizations").list_roots()["Roots"][0]["Id"])


def _change_unit(resource: Resource) -> None:
    resource.client("organizations").update_organizational_unit(OrganizationalUnitId=resource.physical_id, Name=resource.get("Name"))
    _tag(resource)


def _read_unit(resource: Resource) -> Mapping[str, Any] | None:
    found = _read(resource, "describe_organizational_unit", "OrganizationalUnit", OrganizationalUnitId=resource.physical_id)
    return None if found is None else {**found, "ParentId": _parent(resource)}


def _make_account(resource: Resource) -> str:
    given = {name: resource.get(name) for name in ("AccountName", "Email", "RoleName")}
    made = tell(resource.client("organizations"), "create_account", **given, Tags=tag_list(resource))
    named = resource.named(str(made["CreateAccountStatus"]["AccountId"]))
    _move(named)
    return named.physical_id


def _move(resource: Resource) -> None:
    wanted, now = (resource.get("ParentIds") or [None])[0], _parent(resource)
    if wanted and wanted != now:
        client = resource.client("organizations")
        client.move_account(AccountId=resource.physical_id, SourceParentId=now, DestinationParentId=wanted)


def _change_account(resource: Resource) -> None:
    _move(resource)
    _tag(resource)


def _read_account(resource: Resource) -> Mapping[str, Any] | None:
    found = _read(resource, "describe_account", "Account", AccountId=resource.physical_id)
    if found is None or found["Status"] != "ACTIVE":
        return None
    return {**found, "AccountName": found["Name"], "ParentIds": [_parent(resource)]}


def _make_policy(resource: Resource) -> str:
    client = resource.client("organizations")
    given = {name: resource.get(name) for name in ("Name", "Type")}
    told = {"Description": resource.get("Description") or "", "Content": document(resource.get("Content"))}
    policy = str(tell(client, "create_policy", **given, **told, Tags=tag_list(resource))["Policy"]["PolicySummary"]["Id"])
    named = resource.named(policy)
    or_undone(lambda: _attach(named), lambda: _remove_policy(named))
    return policy


def _attach(resource: Resource) -> None:
    client = resource.client("organizations")
    added, gone = added_and_gone(resource.get("TargetIds"), resource.old_properties.get("TargetIds"))
    for target in added:
        client.attach_policy(PolicyId=resource.physical_id, TargetId=target)
    for target in gone:
        client.detach_policy(PolicyId=resource.physical_id, TargetId=target)


def _change_policy(resource: Resource) -> None:
    told = {"Name": resource.get("Name"), "Description": resource.get("Description"), "Content": document(resource.get("Content"))}
    tell(resource.client("organizations"), "update_policy", PolicyId=resource.physical_id, **told)
    _attach(resource)
    _tag(resource)


def _remove_policy(resource: Resource) -> None:
    client = resource.client("organizations")
    for target in paged(client, "list_targets_for_policy", "Targets", PolicyId=resource.physical_id):
        client.detach_policy(PolicyId=resource.physical_id, TargetId=target["TargetId"])
    client.delete_policy(PolicyId=resource.physical_id)


def _read_policy(resource: Resource) -> Mapping[str, Any] | None:
    found = _read(resource, "describe_policy", "Policy", PolicyId=resource.physical_id)
    if found is None:
        return None
    targets = paged(resource.client("organizations"), "list_targets_for_policy", "Targets", PolicyId=resource.physical_id)
    return {**found, **found["PolicySummary"], "Content": parsed(found["Content"]), "TargetIds": [one["TargetId"] for one in targets]}


ADAPTERS = (
    Adapter(
        type="AWS::Organizations::Organization",
        service="organizations",
        create=call("create_organization", everything=True, returns="Organization.Id"),
        delete=call("delete_organization"),
        read=_read_organization,
        attributes={
            "Id": "{id}",
            "Arn": "read:Arn",
            "ManagementAccountId": "read:MasterAccountId",
            "ManagementAccountArn": "read:MasterAccountArn",
            "ManagementAccountEmail": "read:MasterAccountEmail",
            "RootId": _root,
        },
        note="every account of the emulator can have an organization of its own",
    ),
    Adapter(
        type="AWS::Organizations::OrganizationalUnit",
        service="organizations",
        create=call(
            "create_organizational_unit", returns="OrganizationalUnit.Id", ParentId=prop("ParentId"), Name=prop("Name"), Tags=tag_list
        ),
        update=_change_unit,
        delete=call("delete_organizational_unit", OrganizationalUnitId=ID),
        read=_read_unit,
        attributes={"Id": "{id}", "Arn": "read:Arn"},
    ),
    Adapter(
        type="AWS::Organizations::Account",
        service="organizations",
        create=_make_account,
        update=_change_account,
        delete=call("close_account", AccountId=ID),
        read=_read_account,
        attributes={"AccountId": "{id}", **{name: f"read:{name}" for name in ("Arn", "JoinedMethod", "JoinedTimestamp", "Status")}},
        unread=("RoleName",),
    ),
    Adapter(
        type="AWS::Organizations::Policy",
        service="organizations",
        create=_make_policy,
        update=_change_policy,
        delete=_remove_policy,
        read=_read_policy,
        attributes={"Id": "{id}", "Arn": "read:Arn", "AwsManaged": "read:AwsManaged"},
        note="kept and returned, not enforced",
    ),
)
