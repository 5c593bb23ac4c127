"""Resource Access Manager: shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.asking import ask
from lakecheck.rehearsal.adapters.model import ID, Adapter, Resource, call, prop

if TYPE_CHECKING:
    from collections.abc import Mapping


def _read(resource: Resource) -> Mapping[str, Any] | None:
    ram = resource.client("ram")
    answer = ask(ram, "get_resource_shares", resourceOwner="SELF", resourceShareArns=[resource.physical_id])
    shares = [one for one in (answer or {}).get("resourceShares") or [] if one["resourceShareArn"] == resource.physical_id]
    if not shares or shares[0]["status"] in ("DELETED", "DELETING"):
        return None
    members = {}
    for name, kind in (("Principals", "PRINCIPAL"), ("ResourceArns", "RESOURCE")):
        found = ram.get_resource_share_associations(associationType=kind, resourceShareArns=[resource.physical_id])
        members[name] = [one["associatedEntity"] for one in found["resourceShareAssociations"]]
    return {**shares[0], **members}


def _change(resource: Resource) -> None:
    for name in ("Principals", "ResourceArns", "PermissionArns", "Tags"):
        if resource.get(name) != resource.old_properties.get(name):
            msg = f"the emulator cannot change {name} of a share that is there"
            raise NotImplementedError(msg)
    allow = resource.get("AllowExternalPrincipals")
    given = {"resourceShareArn": resource.physical_id, "name": resource.get("Name")}
    resource.client("ram").update_resource_share(**given, allowExternalPrincipals=str(True if allow is None else allow).lower() == "true")


ADAPTERS = (
    Adapter(
        type="AWS::RAM::ResourceShare",
        service="ram",
        create=call(
            "create_resource_share",
            returns="resourceShare.resourceShareArn",
            name=prop("Name"),
            resourceArns=prop("ResourceArns"),
            principals=prop("Principals"),
            allowExternalPrincipals=prop("AllowExternalPrincipals"),
            permissionArns=prop("PermissionArns"),
        ),
        update=_change,
        delete=call("delete_resource_share", resourceShareArn=ID),
        read=_read,
        attributes={"Arn": "{id}"},
        note=(
            "the emulator keeps a share and its members from when it is made; it cannot change them, has neither permissions nor tags of "
            "shares, and lets nobody see more for one"
        ),
    ),
)
