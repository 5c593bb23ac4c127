"""The reference's custom resources for an organisation: their own handlers make them, here they are read back by plain calls.

What their properties mean is in `constructs_lib.organization` and `constructs_lib.baseline.recorder`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.asking import paged
from lakecheck.rehearsal.adapters.model import Adapter, Resource, is_absent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SERVICE: Final = ("ServiceToken", "ServiceTimeout")
_RAN: Final = "its handler runs"


def _read_place(resource: Resource) -> Mapping[str, Any] | None:
    client, account = resource.client("organizations"), resource.get("AccountId")
    parents = client.list_parents(ChildId=account)["Parents"]
    return {"AccountId": client.describe_account(AccountId=account)["Account"]["Id"], "UnitId": parents[0]["Id"]} if parents else None


def _read_role(resource: Resource) -> Mapping[str, Any] | None:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    try:
        role = resource.client("iam").get_role(RoleName=resource.get("RoleName"))["Role"]
    except ClientError as error:
        if is_absent(error):
            return None
        raise
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    trusted = statement["Principal"]["Service"]
    return {"RoleName": role["RoleName"], "Service": trusted[0] if isinstance(trusted, list) else trusted}


def _read_services(resource: Resource) -> Mapping[str, Any] | None:
    """Who administers is what Organizations says of every service."""
    client = resource.client("organizations")
    (root,) = client.list_roots()["Roots"]
    types = [one["Type"] for one in root["PolicyTypes"] if one["Status"] == "ENABLED"]
    trusted = paged(client, "list_aws_service_access_for_organization", "EnabledServicePrincipals")
    access = [one["ServicePrincipal"] for one in trusted]
    administrators = {}
    for service, wanted in (resource.get("DelegatedAdministrators") or {}).items():
        there = [one["Id"] for one in client.list_delegated_administrators(ServicePrincipal=service)["DelegatedAdministrators"]]
        if there:
            administrators[service] = next((one for one in there if one == wanted), there[0])
    return {
        "RootId": root["Id"],
        "PolicyTypes": _stated(resource.get("PolicyTypes"), types),
        "TrustedAccess": _stated(resource.get("TrustedAccess"), access),
        "ShareWithOrganization": str("ram.amazonaws.com" in access).lower(),
        "DelegatedAdministrators": administrators,
    }


def _stated(stated: Sequence[str] | None, found: Sequence[str]) -> list[str]:
    """Of what was found what is stated, in its order: more may be there, and is somebody else's."""
    order = list(stated or ())
    return sorted((one for one in found if one in order), key=order.index)


ADAPTERS = (
    Adapter(
        type="Custom::OrganizationAccountPlacement",
        service="organizations",
        read=_read_place,
        unread=(*_SERVICE, "MemoryPrefix"),
        note=_RAN,
    ),
    Adapter(
        type="Custom::OrganizationServices",
        service="organizations",
        read=_read_services,
        unread=(*_SERVICE, "MemoryParameter", "Regions"),
        note=f"{_RAN}; administrators are those of Organizations, whatever the Region",
    ),
    Adapter(type="Custom::ServiceLinkedRole", service="iam", read=_read_role, unread=_SERVICE, note=_RAN),
)
