"""Lake Formation's grants: what they are about has to be there, the option to grant is kept, columns count one by one.

moto enforces none of them: whoever asks Glue or S3 reads. Nor does it grant anything to IAM_ALLOWED_PRINCIPALS on a new database or table.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Final

from moto.lakeformation.exceptions import EntityNotFound, InvalidInput
from moto.lakeformation.models import LakeFormationBackend, Permission, PermissionCatalog
from moto.lakeformation.responses import LakeFormationResponse

from lakecheck.rehearsal.adapters.lake_formation import key, spelled, with_columns_together
from lakecheck.rehearsal.emulator.repairs.lakeformation_entities import missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LOCK = threading.RLock()
_TYPES: Final = {
    "CATALOG": ("Catalog",),
    "DATABASE": ("Database",),
    "TABLE": ("Table", "TableWithColumns"),
    "DATA_LOCATION": ("DataLocation",),
    "LF_TAG": ("LFTag",),
    "LF_TAG_POLICY": ("LFTagPolicy",),
    "LF_TAG_POLICY_DATABASE": ("LFTagPolicy",),
    "LF_TAG_POLICY_TABLE": ("LFTagPolicy",),
}


def install() -> None:
    """Puts the mends into moto."""
    # moto changes grants inside a set whose hash they make: the next revocation fails with a KeyError.
    PermissionCatalog.add_permission = _add
    PermissionCatalog.remove_permission = _remove
    # moto takes grants on what is not there, and tells a resource with a CatalogId from the same one without.
    LakeFormationBackend.grant_permissions = _grant
    LakeFormationBackend.revoke_permissions = _revoke
    # moto reads PermissionsWithGrantOptions in batches, where the API says PermissionsWithGrantOption, and reports no failures.
    LakeFormationResponse.batch_grant_permissions = _batch_grant
    LakeFormationResponse.batch_revoke_permissions = _batch_revoke
    # moto's list knows four of the eight kinds of resources, and fails where a wildcard and a name meet.
    LakeFormationResponse.list_permissions = _list


def _add(self: PermissionCatalog, permission: Permission) -> None:
    with _LOCK:
        for there in list(self.permissions):
            if permission.equal_principal_and_resouce(there):
                self.permissions = {one for one in self.permissions if one is not there}
                there.merge(permission)
                permission = there
        self.permissions.add(permission)


def _remove(self: PermissionCatalog, permission: Permission) -> None:
    with _LOCK:
        for there in list(self.permissions):
            if permission.equal_principal_and_resouce(there):
                self.permissions = {one for one in self.permissions if one is not there}
                there.diff(permission)
                if not there.is_empty():
                    self.permissions.add(there)


def _grant(
    self: LakeFormationBackend,
    catalog_id: str,
    principal: dict[str, str],
    resource: dict[str, Any],
    permissions: list[str],
    permissions_with_grant_options: list[str],
) -> None:
    found = spelled(resource, catalog_id)
    if not found:
        raise InvalidInput("Resource must have either the catalog, table or database field populated.")
    absent = [what for what in (missing(one, self.region_name) for one in found) if what]
    if absent:
        raise _absent(absent[0])
    for one in found:
        of_catalog = self.grants.setdefault(catalog_id, PermissionCatalog())
        of_catalog.add_permission(Permission(principal, one, permissions or [], permissions_with_grant_options or []))


def _revoke(
    self: LakeFormationBackend,
    catalog_id: str,
    principal: dict[str, str],
    resource: dict[str, Any],
    permissions_to_revoke: list[str],
    permissions_with_grant_options_to_revoke: list[str],
) -> None:
    options = permissions_with_grant_options_to_revoke or []
    for one in spelled(resource, catalog_id):
        if catalog_id in self.grants:
            # who loses a permission may not pass it on either
            gone = Permission(principal, one, permissions_to_revoke or [], [*options, *(permissions_to_revoke or [])])
            self.grants[catalog_id].remove_permission(gone)


def _absent(message: str) -> EntityNotFound:
    error = EntityNotFound()
    error.message = message
    error.description = json.dumps({"__type": "EntityNotFoundException", "message": message})
    return error


def _batch_grant(self: Any) -> str:
    def one(catalog: str, entry: Mapping[str, Any]) -> None:
        options = entry.get("PermissionsWithGrantOption")
        _grant(self.lakeformation_backend, catalog, entry["Principal"], entry["Resource"], entry.get("Permissions") or [], options or [])

    return _batch(self, one)


def _batch_revoke(self: Any) -> str:
    def one(catalog: str, entry: Mapping[str, Any]) -> None:
        options = entry.get("PermissionsWithGrantOption")
        _revoke(self.lakeformation_backend, catalog, entry["Principal"], entry["Resource"], entry.get("Permissions") or [], options or [])

    return _batch(self, one)


def _batch(self: Any, one: Any) -> str:
    catalog = self._get_param("CatalogId") or self.current_account
    failures = []
    for entry in self._get_param("Entries") or []:
        try:
            one(catalog, entry)
        except (EntityNotFound, InvalidInput) as error:
            said = {"ErrorCode": error.error_type, "ErrorMessage": error.message}
            failures.append({"RequestEntry": entry, "Error": said})
    return json.dumps({"Failures": failures})


def _list(self: Any) -> str:
    """All in one page. https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_ListPermissions.html ."""
    catalog = self._get_param("CatalogId") or self.current_account
    principal, resource = self._get_param("Principal"), self._get_param("Resource")
    kinds = _TYPES.get(self._get_param("ResourceType"))
    related = str(self._get_param("IncludeRelated")).upper() == "TRUE"
    if principal is not None and resource is None:
        raise InvalidInput("Resource is mandatory if Principal is set in the input.")
    asked = spelled(resource, catalog) if resource else None
    of_catalog = self.lakeformation_backend.grants.get(catalog)
    found = [
        one
        for one in (of_catalog.permissions if of_catalog else ())
        if (principal is None or one.principal == principal)
        and (kinds is None or any(kind in one.resource for kind in kinds))
        and (asked is None or any(_is_about(one.resource, each, related=related) for each in asked))
    ]
    return json.dumps({"PrincipalResourcePermissions": list(_together(found))})


def _is_about(there: Mapping[str, Any], asked: Mapping[str, Any], *, related: bool) -> bool:
    """Whether a grant is about what is asked for: asked for a table, those on its columns are told too, and on its filters if wanted."""
    if key(there) == key(asked):
        return True
    table = asked.get("Table")
    if table is None:
        return False
    if "TableWithColumns" in there:
        body = there["TableWithColumns"]
        return all(body.get(name) == value for name, value in table.items())
    body = there.get("DataCellsFilter") if related else None
    if body is None:
        return False
    return (body["TableCatalogId"], body["DatabaseName"], body["TableName"]) == (
        table["CatalogId"],
        table["DatabaseName"],
        table.get("Name"),
    )


def _together(found: list[Permission]) -> Iterator[dict[str, Any]]:
    """The grants as they are told: columns with the same permissions in one entry."""
    groups: dict[str, list[Permission]] = {}
    for one in found:
        body = one.resource.get("TableWithColumns", {})
        what = {"TableWithColumns": {**body, "ColumnNames": []}} if "ColumnNames" in body else one.resource
        rights = [one.principal, what, sorted(one.permissions), sorted(one.permissions_with_grant_options)]
        groups.setdefault(json.dumps(rights, sort_keys=True), []).append(one)
    for name in sorted(groups):
        first = groups[name][0]
        those = sorted((one.resource for one in groups[name]), key=key)
        yield {
            "Principal": first.principal,
            "Resource": with_columns_together(those),
            "Permissions": sorted(first.permissions),
            "PermissionsWithGrantOption": sorted(first.permissions_with_grant_options),
        }
