"""Rights and LF-Tags that are there and that no resource of a template states: of one resource of Lake Formation several may state some."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.lake_formation import key, spelled
from lakecheck.rehearsal.adapters.model import call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.rehearsal.adapters.model import Resource

Right = tuple[str, str]
"""A permission, and `grant` where it may be passed on."""
Held = tuple[str, str, Right]
"""To whom, on what (`lake_formation.key`), what."""

PERMISSIONS: Final = "Custom::LakeFormationPermissions"
_GRANTS: Final = ("AWS::LakeFormation::PrincipalPermissions", "AWS::LakeFormation::Permissions")
_TAGS: Final = "AWS::LakeFormation::TagAssociation"
_OLDER: Final = {
    "TableResource": "Table",
    "DatabaseResource": "Database",
    "DataLocationResource": "DataLocation",
    "TableWithColumnsResource": "TableWithColumns",
}


def grant_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The principal and the resource of a grant; the older of the two types has other names for both."""
    stated = {_OLDER.get(kind, kind): dict(body) for kind, body in properties.get("Resource", {}).items() if body is not None}
    if "S3Resource" in stated.get("DataLocation", {}):
        stated["DataLocation"]["ResourceArn"] = stated["DataLocation"].pop("S3Resource")
    principal = properties.get("Principal") or properties.get("DataLakePrincipal")
    return {"CatalogId": properties.get("Catalog"), "Principal": principal, "Resource": stated}


def held_in(resource: Resource, catalog: str) -> Iterator[Held]:
    """Everything that is granted in a catalog."""
    arguments: dict[str, Any] = {"CatalogId": catalog}
    while True:
        page = call("list_permissions", **arguments).run(resource, "lakeformation")
        for entry in page["PrincipalResourcePermissions"]:
            who = entry["Principal"]["DataLakePrincipalIdentifier"]
            for one in spelled(entry["Resource"], catalog):
                yield from ((who, key(one), (right, "")) for right in entry["Permissions"])
                yield from ((who, key(one), (right, "grant")) for right in entry["PermissionsWithGrantOption"])
        if not page.get("NextToken"):
            return
        arguments["NextToken"] = page["NextToken"]


def unstated(resource: Resource, about: Iterable[str], held: Iterable[Held]) -> list[Held]:
    """What is held of some things and is stated neither by the resource nor by any other in its account and Region."""
    asked, stated = set(about), list(_stated(resource))
    return [
        (who, what, right)
        for who, what, right in held
        if what in asked and not any(what == one and right == given and fnmatch.fnmatchcase(who, whom) for whom, one, given in stated)
    ]


def _stated(resource: Resource) -> Iterator[Held]:
    for kind, properties in _around(resource, (PERMISSIONS, *_GRANTS)):
        for entry in properties.get("Grants") or [] if kind == PERMISSIONS else [{**properties, **grant_of(properties)}]:
            options = entry.get("PermissionsWithGrantOption") or entry.get("PermissionsWithGrantOptions") or []
            for one in spelled(entry["Resource"], entry.get("CatalogId") or resource.account):
                who = (entry.get("Principal") or {}).get("DataLakePrincipalIdentifier", "")
                yield from ((who, key(one), (right, "")) for right in entry.get("Permissions") or [])
                yield from ((who, key(one), (right, "grant")) for right in options)


def unstated_tags(resource: Resource, about: Mapping[str, Any], there: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The LF-Tags on something whose key is stated for it neither by the resource nor by any other."""
    asked = {key(one) for one in spelled(about, resource.account)}
    stated = set()
    for kind, properties in _around(resource, (PERMISSIONS, _TAGS)):
        for entry in properties.get("TagAssociations") or [] if kind == PERMISSIONS else [properties]:
            if asked & {key(one) for one in spelled(entry["Resource"], resource.account)}:
                stated |= {str(tag["TagKey"]).lower() for tag in entry["LFTags"]}
    return [tag for tag in there if str(tag["TagKey"]).lower() not in stated]


def _around(resource: Resource, kinds: Iterable[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield resource.type, resource.properties
    for kind in kinds:
        for one in resource.others(kind):
            if (one.account, one.region) == (resource.account, resource.region):
                yield kind, one.properties
