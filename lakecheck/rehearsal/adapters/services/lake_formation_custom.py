"""The reference's custom resources for Lake Formation and the catalog policy: their own handlers make them, here they are read back.

What their properties mean is in `constructs_lib.governance`. `ExistingAdmins` and `RevokeIamAllowedPrincipals` say what a handler does on
its way, not what is there afterwards.
"""

from __future__ import annotations

import fnmatch
import json
import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.lake_formation import key, spelled
from lakecheck.rehearsal.adapters.lake_formation_rights import Held, held_in, unstated, unstated_tags
from lakecheck.rehearsal.adapters.model import Adapter, Resource, call, is_absent
from lakecheck.rehearsal.adapters.reading import proven

if TYPE_CHECKING:
    from collections.abc import Mapping

_SERVICE: Final = ("ServiceToken", "ServiceTimeout")
_UNENFORCED: Final = "its handler runs; grants and LF-Tags are kept and listed, and not enforced: whoever asks reads"
_DIGEST: Final = re.compile(r"[0-9a-f]{8}")
_DEFAULTS: Final = ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions")
_VERSION: Final = "CROSS_ACCOUNT_VERSION"


def _read_permissions(resource: Resource) -> Mapping[str, Any] | None:
    grants, tags = resource.get("Grants") or [], resource.get("TagAssociations") or []
    held = {catalog: list(held_in(resource, catalog)) for catalog in sorted({_catalog(one, resource) for one in (*grants, *tags)})}
    there = [_grant_found(one, held[_catalog(one, resource)], _catalog(one, resource)) for one in grants]
    found: dict[str, Any] = {
        "Grants": [*there, *_unstated(resource, (*grants, *tags), held)],
        "TagAssociations": [_tags_found(one, resource) for one in tags],
    }
    stated = {name: value for name, value in found.items() if value}
    return stated if any(one for those in stated.values() for one in those) else None


def _unstated(resource: Resource, entries: tuple[Any, ...], held: Mapping[str, list[Held]]) -> list[dict[str, Any]]:
    """Grants on what is stated here that nothing states: to whomever, or more to a principal than it is to have."""
    found = []
    for catalog, rights in held.items():
        about = {key(one) for entry in entries if _catalog(entry, resource) == catalog for one in spelled(entry["Resource"], catalog)}
        for who, what, (right, passed_on) in unstated(resource, about, rights):
            permission = "PermissionsWithGrantOption" if passed_on else "Permissions"
            found.append({"Principal": {"DataLakePrincipalIdentifier": who}, "Resource": json.loads(what), permission: [right]})
    return found


def _catalog(entry: Mapping[str, Any], resource: Resource) -> str:
    """Whose catalog an entry is about."""
    ((_, body),) = entry["Resource"].items()
    return str(body.get("CatalogId") or body.get("TableCatalogId") or body.get("Id") or resource.account)


def _grant_found(entry: Mapping[str, Any], held: list[Held], catalog: str) -> dict[str, Any]:
    """What of one declared grant is in the list; empty when nothing is.

    A principal may be a pattern for the role of a permission set. Columns have to be granted one and all.
    """
    pattern = entry["Principal"]["DataLakePrincipalIdentifier"]
    asked = [key(one) for one in spelled(entry["Resource"], catalog)]
    on_each = [{right for who, what, right in held if what == one and fnmatch.fnmatchcase(who, pattern)} for one in asked]
    common = set.intersection(*on_each) if on_each else set()
    if not common:
        return {}
    plain = [one for one in entry.get("Permissions") or [] if (one, "") in common]
    options = [one for one in entry.get("PermissionsWithGrantOption") or [] if (one, "grant") in common]
    # That principal and resource are in the list is what was found: they are told as they are stated.
    told = {"Principal": entry["Principal"], "Resource": entry["Resource"], "Permissions": plain, "PermissionsWithGrantOption": options}
    return dict(proven(told))


def _tags_found(entry: Mapping[str, Any], resource: Resource) -> dict[str, Any]:
    """What of one declared association stands on the resource itself; empty when it is not there."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    try:
        answer = call("get_resource_lf_tags", Resource=entry["Resource"], ShowAssignedLFTags=True).run(resource, "lakeformation")
    except ClientError as error:
        if is_absent(error):
            return {}
        raise
    columns = (entry["Resource"].get("TableWithColumns") or {}).get("ColumnNames")
    if columns:
        by_name = {one["Name"].lower(): _by_key(one["LFTags"]) for one in answer.get("LFTagsOnColumns") or []}
        on_each = [by_name.get(name.lower(), {}) for name in columns]
    else:
        on_each = [_by_key(answer.get("LFTagOnDatabase") or answer.get("LFTagsOnTable") or [])]
    first = on_each[0]
    common = {name: tag for name, tag in first.items() if all(other.get(name) == tag for other in on_each)}
    found = [common.get(tag["TagKey"].lower(), {}) for tag in entry["LFTags"]]
    found += unstated_tags(resource, entry["Resource"], [tag for one in on_each for tag in one.values()])
    return {"Resource": proven(entry["Resource"]), "LFTags": found} if any(found) else {}


def _by_key(tags: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {tag["TagKey"].lower(): tag for tag in tags}


def _read_settings(resource: Resource) -> Mapping[str, Any] | None:
    settings = call("get_data_lake_settings").run(resource, "lakeformation")["DataLakeSettings"]
    memory = _parameter(resource, resource.get("MemoryParameter", ""))
    if memory is None:
        return None
    replaces = str(resource.get("ExistingAdmins", "keep")).lower() == "replace"
    return {
        "Admins": _names(settings.get("DataLakeAdmins"), resource.get("Admins"), all_of_them=replaces),
        "ReadOnlyAdmins": _names(settings.get("ReadOnlyAdmins"), resource.get("ReadOnlyAdmins"), all_of_them=replaces),
        "CrossAccountVersion": (settings.get("Parameters") or {}).get(_VERSION),
        "MemoryParameter": memory,
        # The handler always leaves none: https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html
        **{name: settings.get(name) for name in _DEFAULTS},
    }


def _names(found: Any, stated: Any, *, all_of_them: bool) -> list[str]:
    """Administrators, the stated ones first and in their order; others only where none but the stated ones are to be there."""
    there = [one["DataLakePrincipalIdentifier"] for one in found or []]
    ours = sorted((name for name in there if name in (stated or [])), key=(stated or []).index)
    return [*ours, *(name for name in there if name not in ours)] if all_of_them else ours


def _parameter(resource: Resource, name: str) -> str | None:
    """The parameter in which the handler remembers who was there before; it is gone with the resource."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    try:
        return str(call("get_parameter", service="ssm", Name=name).run(resource, "ssm")["Parameter"]["Name"])
    except ClientError as error:
        if is_absent(error):
            return None
        raise


def _read_policy(resource: Resource) -> Mapping[str, Any] | None:
    """The statements of the catalog policy whose `Sid` is a declared one with the handler's digest behind it."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    try:
        answer = call("get_resource_policy").run(resource, "glue")
    except ClientError as error:
        if is_absent(error):
            return None
        raise
    there = json.loads(answer.get("PolicyInJson") or "{}").get("Statement") or []
    sids = [str(one["Sid"]) for one in resource.get("Statements") or []]
    found = [_statement(there, sid) for sid in sids]
    others = [str(one["Sid"]) for each in resource.others(resource.type) for one in each.properties.get("Statements") or []]
    nobodys = [one for one in there if not any(_is_of(one, sid) for sid in (*sids, *others))]
    return {"Statements": [*found, *nobodys]} if any(found) else None


def _statement(there: list[Mapping[str, Any]], sid: str) -> dict[str, Any]:
    return next(({**one, "Sid": sid} for one in there if _is_of(one, sid)), {})


def _is_of(statement: Mapping[str, Any], sid: str) -> bool:
    said = str(statement.get("Sid", ""))
    return said.startswith(sid) and _DIGEST.fullmatch(said.removeprefix(sid)) is not None


ADAPTERS = (
    Adapter(
        type="Custom::LakeFormationPermissions",
        service="lakeformation",
        read=_read_permissions,
        unread=(*_SERVICE, "RevokeIamAllowedPrincipals"),
        complete={"Grants": None},
        note=f"{_UNENFORCED}; IAM_ALLOWED_PRINCIPALS is granted nothing by itself, so nothing is revoked; moto has no opt-ins",
    ),
    Adapter(
        type="Custom::LakeFormationSettings",
        service="lakeformation",
        read=_read_settings,
        unread=(*_SERVICE, "ExistingAdmins"),
        complete=dict.fromkeys(_DEFAULTS),
        note=_UNENFORCED,
    ),
    Adapter(
        type="Custom::LakeFormationCatalogPolicy",
        service="glue",
        read=_read_policy,
        unread=_SERVICE,
        note="its handler runs; the policy is kept and not evaluated",
    ),
)
