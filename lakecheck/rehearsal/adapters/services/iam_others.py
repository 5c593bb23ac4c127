"""IAM: instance profiles, members of groups, identity providers, roles of services, access keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.asking import added_and_gone, ask, or_undone, paged, tell
from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, call, prop, tag_list
from lakecheck.rehearsal.adapters.principals import tag_principal

if TYPE_CHECKING:
    from collections.abc import Mapping


def _change_profile(resource: Resource) -> None:
    iam, name = resource.client("iam"), resource.physical_id
    added, gone = added_and_gone(resource.get("Roles"), resource.old_properties.get("Roles"))
    for role in gone:
        ask(iam, "remove_role_from_instance_profile", InstanceProfileName=name, RoleName=role)
    for role in added:
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)


def _make_profile(resource: Resource) -> None:
    iam, name = resource.client("iam"), resource.physical_id
    tell(iam, "create_instance_profile", InstanceProfileName=name, Path=resource.get("Path"))
    or_undone(lambda: _change_profile(resource), lambda: iam.delete_instance_profile(InstanceProfileName=name))


def _remove_profile(resource: Resource) -> None:
    iam, name = resource.client("iam"), resource.physical_id
    for role in resource.get("Roles") or []:
        ask(iam, "remove_role_from_instance_profile", InstanceProfileName=name, RoleName=role)
    iam.delete_instance_profile(InstanceProfileName=name)


def _read_profile(resource: Resource) -> Mapping[str, Any] | None:
    answer = ask(resource.client("iam"), "get_instance_profile", InstanceProfileName=resource.physical_id)
    if answer is None:
        return None
    return {**answer["InstanceProfile"], "Roles": [one["RoleName"] for one in answer["InstanceProfile"]["Roles"]]}


def _change_members(resource: Resource) -> None:
    iam, group = resource.client("iam"), resource.get("GroupName")
    added, gone = added_and_gone(resource.get("Users"), resource.old_properties.get("Users"))
    for user in added:
        iam.add_user_to_group(GroupName=group, UserName=user)
    for user in gone:
        ask(iam, "remove_user_from_group", GroupName=group, UserName=user)


def _remove_members(resource: Resource) -> None:
    for user in resource.get("Users") or []:
        ask(resource.client("iam"), "remove_user_from_group", GroupName=resource.get("GroupName"), UserName=user)


def _read_members(resource: Resource) -> Mapping[str, Any] | None:
    answer = ask(resource.client("iam"), "get_group", GroupName=resource.get("GroupName"))
    if answer is None:
        return None
    users = [one["UserName"] for one in answer["Users"] if one["UserName"] in (resource.get("Users") or [])]
    return {"GroupName": answer["Group"]["GroupName"], "Users": users} if users else None


def _change_provider(resource: Resource) -> None:
    iam, arn, old = resource.client("iam"), resource.physical_id, resource.old_properties
    if resource.get("ThumbprintList") != old.get("ThumbprintList"):
        iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=resource.get("ThumbprintList") or [])
    added, gone = added_and_gone(resource.get("ClientIdList"), old.get("ClientIdList"))
    for client in added:
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=client)
    for client in gone:
        iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=client)
    tag_principal(resource, "open_id_connect_provider", {"OpenIDConnectProviderArn": arn})


def _read_provider(resource: Resource) -> Mapping[str, Any] | None:
    found = ask(resource.client("iam"), "get_open_id_connect_provider", OpenIDConnectProviderArn=resource.physical_id)
    if found is None:
        return None
    url = str(found["Url"])  # returned without the scheme, which is always this one
    return {**found, "Url": url if url.startswith("https://") else f"https://{url}", "ClientIdList": found.get("ClientIDList")}


def _read_service_role(resource: Resource) -> Mapping[str, Any] | None:
    answer = ask(resource.client("iam"), "get_role", RoleName=resource.physical_id)
    if answer is None:
        return None
    role = answer["Role"]
    suffix = role["RoleName"].partition("_")[2]
    return {**role, "AWSServiceName": role["Path"].strip("/").rpartition("/")[2], **({"CustomSuffix": suffix} if suffix else {})}


def _read_key(resource: Resource) -> Mapping[str, Any] | None:
    keys = paged(resource.client("iam"), "list_access_keys", "AccessKeyMetadata", UserName=resource.get("UserName"))
    return next((one for one in keys if one["AccessKeyId"] == resource.physical_id), None)


ADAPTERS = (
    Adapter(
        type="AWS::IAM::InstanceProfile",
        service="iam",
        name="InstanceProfileName",
        longest_name=128,
        create=_make_profile,
        update=_change_profile,
        delete=_remove_profile,
        read=_read_profile,
        attributes={"Arn": "read:Arn"},
    ),
    Adapter(
        type="AWS::IAM::UserToGroupAddition",
        service="iam",
        create=_change_members,
        update=_change_members,
        delete=_remove_members,
        read=_read_members,
        attributes={"Id": "{id}"},
    ),
    Adapter(
        type="AWS::IAM::OIDCProvider",
        service="iam",
        create=call(
            "create_open_id_connect_provider",
            returns="OpenIDConnectProviderArn",
            Url=prop("Url"),
            ClientIDList=prop("ClientIdList"),
            ThumbprintList=lambda resource: resource.get("ThumbprintList") or [],
            Tags=tag_list,
        ),
        update=_change_provider,
        delete=call("delete_open_id_connect_provider", OpenIDConnectProviderArn=ID),
        read=_read_provider,
        attributes={"Arn": "{id}"},
        note="the emulator cannot change the clients of a provider that is there",
    ),
    Adapter(
        type="AWS::IAM::SAMLProvider",
        service="iam",
        create=call(
            "create_saml_provider",
            returns="SAMLProviderArn",
            Name=lambda resource: resource.get("Name") or resource.generated_name(),
            SAMLMetadataDocument=prop("SamlMetadataDocument"),
        ),
        update=call("update_saml_provider", SAMLProviderArn=ID, SAMLMetadataDocument=prop("SamlMetadataDocument")),
        delete=call("delete_saml_provider", SAMLProviderArn=ID),
        read=Read(call("get_saml_provider", SAMLProviderArn=ID), words={"SamlMetadataDocument": "SAMLMetadataDocument"}),
        attributes={"Arn": "{id}"},
        note="the emulator returns neither its name nor its tags",
    ),
    Adapter(
        type="AWS::IAM::ServiceLinkedRole",
        service="iam",
        create=call(
            "create_service_linked_role",
            returns="Role.RoleName",
            AWSServiceName=prop("AWSServiceName"),
            Description=prop("Description"),
            CustomSuffix=prop("CustomSuffix"),
        ),
        update=call("update_role", RoleName=ID, Description=lambda resource: resource.get("Description") or ""),
        delete=call("delete_service_linked_role", RoleName=ID),
        read=_read_service_role,
        attributes={"RoleName": "{id}"},
    ),
    Adapter(
        type="AWS::IAM::AccessKey",
        service="iam",
        read=_read_key,
        unread=("Serial",),
        note="made by the emulator's own CloudFormation, which alone remembers the secret for GetAtt",
    ),
)
