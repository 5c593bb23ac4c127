"""Lake Formation: LF-Tags and where they are, registered locations, filters, grants, settings.

What `Ref` and `Fn::GetAtt` give is on each type's page below
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_LakeFormation.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.lake_formation import key, spelled
from lakecheck.rehearsal.adapters.lake_formation_rights import grant_of, held_in, unstated, unstated_tags
from lakecheck.rehearsal.adapters.model import ID, Adapter, Call, Read, Resource, call, is_absent, prop
from lakecheck.rehearsal.adapters.reading import proven

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNENFORCED: Final = "kept and listed, and not enforced: whoever asks reads"
_NO_DEFAULTS: Final[Mapping[str, Any]] = {"DataLakeAdmins": [], "CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions": []}
_SETTINGS: Final = {"Admins": "DataLakeAdmins"}
_OPTIONS: Final = ("PermissionsWithGrantOption", "PermissionsWithGrantOptions")
_LINKED: Final = "/AWSServiceRoleForLakeFormationDataAccess"


def _change_tag(resource: Resource) -> None:
    old, new = resource.old_properties.get("TagValues", []), resource.get("TagValues", [])
    gone = [value for value in old if value not in new]
    added = [value for value in new if value not in old]
    asked = call("update_lf_tag", CatalogId=prop("CatalogId"), TagKey=ID, TagValuesToDelete=gone or None, TagValuesToAdd=added or None)
    if gone or added:
        asked.run(resource, "lakeformation")


def _read_location(resource: Resource) -> Mapping[str, Any] | None:
    found = Read(call("describe_resource", ResourceArn=ID), at="ResourceInfo").run(resource, "lakeformation")
    if found is None:
        return None
    # The answer tells by the role whether it is the service's own.
    return {**found, "UseServiceLinkedRole": str(found.get("RoleArn", "")).endswith(_LINKED)}


def _filter(resource: Resource) -> dict[str, Any]:
    return dict(resource.properties)


def _association_id(resource: Resource) -> str:
    """As CloudFormation joins them: what is tagged, and with what."""
    return "|".join(map(_text, (resource.get("Resource", {}), resource.get("LFTags", []))))


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _read_association(resource: Resource) -> Mapping[str, Any] | None:
    """The tags that stand on the resource itself, as far as they are stated; None when it, or all of them, are gone."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    stated = resource.get("Resource", {})
    try:
        answer = call("get_resource_lf_tags", Resource=stated, ShowAssignedLFTags=True).run(resource, "lakeformation")
    except ClientError as error:
        if is_absent(error):
            return None
        raise
    columns = (stated.get("TableWithColumns") or {}).get("ColumnNames") or []
    if columns:
        of_column = {one["Name"]: one["LFTags"] for one in answer.get("LFTagsOnColumns") or []}
        tags = [tag for tag in of_column.get(columns[0], []) if all(tag in of_column.get(name, []) for name in columns)]
    else:
        tags = answer.get("LFTagOnDatabase") or answer.get("LFTagsOnTable") or []
    by_key = {tag["TagKey"]: tag for tag in tags}
    found = [by_key.get(tag["TagKey"], {}) for tag in resource.get("LFTags", [])]
    found += unstated_tags(resource, stated, tags)
    # That an answer came means that the resource is there: it is asked for by what is stated.
    return {"Resource": proven(stated), "LFTags": found} if any(found) else None


def _grant_id(resource: Resource) -> str:
    who = resource.get("Principal") or resource.get("DataLakePrincipal") or {}
    return f"{who.get('DataLakePrincipalIdentifier', '')}|{_text(resource.get('Resource', {}))}"


def _grant(resource: Resource) -> dict[str, Any]:
    return grant_of(resource.properties)


def _make_grant(resource: Resource) -> None:
    _of_grant("grant_permissions", resource, resource.get("Permissions"), _options(resource)).run(resource, "lakeformation")


def _of_grant(operation: str, resource: Resource, permissions: Any, options: Any) -> Call:
    return Call(operation, {**_grant(resource), "Permissions": permissions, "PermissionsWithGrantOption": options or None})


def _options(resource: Resource) -> Any:
    return resource.get("PermissionsWithGrantOption") or resource.get("PermissionsWithGrantOptions") or None


def _take_grant(resource: Resource) -> None:
    _of_grant("revoke_permissions", resource, resource.get("Permissions"), _options(resource)).run(resource, "lakeformation")


def _change_grant(resource: Resource) -> None:
    """What is new is granted before what left is taken."""
    _make_grant(resource)
    gone = {
        name: [one for one in resource.old_properties.get(name) or [] if one not in (resource.get(name) or [])]
        for name in ("Permissions", "PermissionsWithGrantOption", "PermissionsWithGrantOptions")
    }
    options = gone["PermissionsWithGrantOption"] + gone["PermissionsWithGrantOptions"]
    if gone["Permissions"] or options:
        _of_grant("revoke_permissions", resource, gone["Permissions"], options).run(resource, "lakeformation")


def _read_grant(resource: Resource) -> Mapping[str, Any] | None:
    """What is held of what is stated, from the list of all grants in the catalog."""
    wanted = _grant(resource)
    catalog = wanted["CatalogId"] or resource.account
    answer = call("list_permissions", CatalogId=catalog).run(resource, "lakeformation")
    asked = {key(one) for one in spelled(wanted["Resource"], catalog)}
    held: dict[str, list[Mapping[str, Any]]] = {}
    for entry in answer["PrincipalResourcePermissions"]:
        if entry["Principal"] == wanted["Principal"]:
            for one in spelled(entry["Resource"], catalog):
                held.setdefault(key(one), []).append(entry)
    if not asked or not asked <= set(held):
        return None
    plain, options = (
        set.intersection(*({right for entry in held[one] for right in entry[name]} for one in asked))
        for name in ("Permissions", "PermissionsWithGrantOption")
    )
    whom = wanted["Principal"]["DataLakePrincipalIdentifier"]
    beyond = unstated(resource, asked, held_in(resource, catalog))
    more = sorted({right for who, _, (right, passed_on) in beyond if who == whom and not passed_on})
    more_options = sorted({right for who, _, (right, passed_on) in beyond if who == whom and passed_on})
    names = {"Principal", "DataLakePrincipal"} & set(resource.properties)
    # The list is asked for this principal and this resource: that they are in it is what is read.
    stated = proven({**dict.fromkeys(names, wanted["Principal"]), "Resource": resource.get("Resource"), "Catalog": catalog})
    kept = [*_in_order(resource.get("Permissions"), plain), *more]
    passable = [*_in_order(_options(resource), options), *more_options]
    of_others = sorted({who for who, _, _ in beyond} - {whom})
    name = next((one for one in _OPTIONS if one in resource.properties), _OPTIONS[0])
    return {**stated, "Permissions": kept, name: passable, "UnstatedPrincipals": of_others}


def _in_order(stated: Any, found: set[str]) -> list[str]:
    # Not `found & set(stated)`: of two equal texts that may keep the template's, and an echo of it counts for nothing.
    wanted = list(stated or [])
    return sorted((one for one in found if one in wanted), key=wanted.index)


def _settings(resource: Resource) -> dict[str, Any]:
    """The settings in the API's words, on top of what is not stated. A number may be a text in a template."""
    stated = {_SETTINGS.get(name, name): value for name, value in resource.properties.items() if name != "MutationType"}
    if str(resource.get("MutationType", "REPLACE")).upper() == "REPLACE":
        return stated
    there = call("get_data_lake_settings").run(resource, "lakeformation")["DataLakeSettings"]
    admins = there.get("DataLakeAdmins") or []
    more = [one for one in stated.get("DataLakeAdmins") or [] if one not in admins]
    return {**there, **stated, "DataLakeAdmins": [*admins, *more]}


def _read_settings(resource: Resource) -> Mapping[str, Any]:
    found = call("get_data_lake_settings").run(resource, "lakeformation")["DataLakeSettings"]
    admins = found.get("DataLakeAdmins") or []
    if str(resource.get("MutationType", "REPLACE")).upper() == "APPEND":
        stated = resource.get("Admins", [])
        admins = sorted((one for one in admins if one in stated), key=stated.index)
    return {**found, "Admins": admins}


ADAPTERS = (
    Adapter(
        type="AWS::LakeFormation::Tag",
        service="lakeformation",
        name="TagKey",
        create=call("create_lf_tag", everything=True),
        update=_change_tag,
        delete=call("delete_lf_tag", CatalogId=prop("CatalogId"), TagKey=ID),
        read=Read(call("get_lf_tag", CatalogId=prop("CatalogId"), TagKey=ID)),
    ),
    Adapter(
        type="AWS::LakeFormation::TagAssociation",
        service="lakeformation",
        identifier=_association_id,
        create=call("add_lf_tags_to_resource", everything=True),
        delete=call("remove_lf_tags_from_resource", everything=True),
        read=_read_association,
        attributes={
            "ResourceIdentifier": lambda resource: resource.physical_id.split("|")[0],
            "TagsIdentifier": lambda resource: resource.physical_id.split("|")[1],
        },
        note=_UNENFORCED,
    ),
    Adapter(
        type="AWS::LakeFormation::Resource",
        service="lakeformation",
        name="ResourceArn",
        create=call("register_resource", everything=True),
        update=call("update_resource", everything=True),
        delete=call("deregister_resource", ResourceArn=ID),
        read=_read_location,
        attributes={"Id": "{id}"},
        note="nothing reads through the registered role: whoever asks S3 reads",
    ),
    Adapter(
        type="AWS::LakeFormation::DataCellsFilter",
        service="lakeformation",
        identifier="{TableCatalogId}|{DatabaseName}|{TableName}|{Name}",
        create=call("create_data_cells_filter", TableData=_filter),
        update=call("update_data_cells_filter", TableData=_filter),
        delete=call("delete_data_cells_filter", everything=True),
        read=Read(call("get_data_cells_filter", everything=True), at="DataCellsFilter"),
        note="moto has no filters: these are kept, once their table and columns are found, and no query applies them",
    ),
    Adapter(
        type="AWS::LakeFormation::PrincipalPermissions",
        service="lakeformation",
        identifier=_grant_id,
        create=_make_grant,
        delete=_take_grant,
        read=_read_grant,
        complete=dict.fromkeys((*_OPTIONS, "UnstatedPrincipals")),
        attributes={
            "PrincipalIdentifier": lambda resource: resource.physical_id.partition("|")[0],
            "ResourceIdentifier": lambda resource: resource.physical_id.partition("|")[2],
        },
        note=_UNENFORCED,
    ),
    Adapter(
        type="AWS::LakeFormation::Permissions",
        service="lakeformation",
        identifier=_grant_id,
        create=_make_grant,
        update=_change_grant,
        delete=_take_grant,
        read=_read_grant,
        complete=dict.fromkeys(("PermissionsWithGrantOption", "PermissionsWithGrantOptions", "UnstatedPrincipals")),
        attributes={"Id": "{id}"},
        note=_UNENFORCED,
    ),
    Adapter(
        type="AWS::LakeFormation::DataLakeSettings",
        service="lakeformation",
        identifier="{account}",
        create=call("put_data_lake_settings", DataLakeSettings=_settings),
        update=call("put_data_lake_settings", DataLakeSettings=_settings),
        delete=call("put_data_lake_settings", DataLakeSettings=_NO_DEFAULTS),
        read=_read_settings,
        attributes={"Id": "{id}"},
        unread=("MutationType",),
        complete=dict.fromkeys(("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions")),
        note=_UNENFORCED,
    ),
)
