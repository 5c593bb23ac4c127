"""What Lake Formation governs: LF-Tags and where they are, registered locations, and data cells filters, which moto lacks.

A filter is kept and listed; no engine here applies it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from moto.core.exceptions import JsonRESTError
from moto.glue.models import glue_backends
from moto.lakeformation.models import LakeFormationBackend, Resource, lakeformation_backends
from moto.lakeformation.responses import LakeFormationResponse
from moto.lakeformation.urls import response, url_paths
from moto.utilities.utils import get_partition

from lakecheck.rehearsal.adapters.lake_formation import spelled

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEPT: Final = ("WithFederation", "HybridAccessEnabled", "WithPrivilegedAccess", "ExpectedResourceOwnerAccount")
_ADDED: Final = ("UpdateResource", "CreateDataCellsFilter", "UpdateDataCellsFilter", "GetDataCellsFilter", "DeleteDataCellsFilter")
_LINKED_ROLE: Final = "aws-service-role/lakeformation.amazonaws.com/AWSServiceRoleForLakeFormationDataAccess"
_shown_resource = Resource.to_dict


def install() -> None:
    """Puts the mends into moto."""
    for operation in _ADDED:
        url_paths[f"{{0}}/{operation}$"] = response.dispatch
    # moto keeps of a registered location its role alone, and cannot change one.
    Resource.to_dict = _to_dict
    LakeFormationResponse.register_resource = _register_resource
    LakeFormationResponse.update_resource = _update_resource
    # moto has an empty tag where there is none, and fails inside where a key is unknown.
    LakeFormationResponse.get_lf_tag = _get_lf_tag
    LakeFormationResponse.update_lf_tag = _update_lf_tag
    # moto replaces all tags by the new ones, takes values that no tag has, and fails inside where there are none to return or to remove.
    LakeFormationBackend.add_lf_tags_to_resource = _add_lf_tags
    LakeFormationBackend.remove_lf_tags_from_resource = _remove_lf_tags
    LakeFormationResponse.get_resource_lf_tags = _get_resource_lf_tags
    # moto has no filters.
    LakeFormationResponse.create_data_cells_filter = _create_filter
    LakeFormationResponse.update_data_cells_filter = _update_filter
    LakeFormationResponse.get_data_cells_filter = _get_filter
    LakeFormationResponse.delete_data_cells_filter = _delete_filter
    LakeFormationResponse.list_data_cells_filter = _list_filters


def _not_found(message: str) -> JsonRESTError:
    return JsonRESTError("EntityNotFoundException", message)


def missing(one: Mapping[str, Any], region: str) -> str:
    """What a resource in one spelling is about and is not there; empty when all of it is."""
    ((kind, body),) = one.items()
    checks = {
        "Database": lambda: _no_table(body["CatalogId"], region, body["Name"], None),
        "Table": lambda: _no_table(body["CatalogId"], region, body["DatabaseName"], body.get("Name")),
        "TableWithColumns": lambda: _no_table(body["CatalogId"], region, body["DatabaseName"], body.get("Name"), _column_names(body)),
        "DataCellsFilter": lambda: _no_filter(body, region),
        "LFTag": lambda: _no_value(body["CatalogId"], region, body),
        "LFTagPolicy": lambda: next(
            filter(None, (_no_value(body["CatalogId"], region, pair) for pair in body.get("Expression") or [])), ""
        ),
    }
    found: str = checks.get(kind, str)()
    return found


def _no_filter(body: Mapping[str, Any], region: str) -> str:
    there = _filter_key(body) in _filters(body["TableCatalogId"], region)
    return "" if there else f"Data cells filter {body['Name']} not found."


def _column_names(body: Mapping[str, Any]) -> list[str]:
    return body.get("ColumnNames") or (body.get("ColumnWildcard") or {}).get("ExcludedColumnNames") or []


def _no_table(catalog: str, region: str, database: str, table: str | None, columns: list[str] | None = None) -> str:
    backend = glue_backends[catalog][region]
    if database not in backend.databases:
        return f"Database {database} not found in {catalog}"
    if table is None:
        return ""
    there = backend.get_database(database).tables
    if table not in there:
        return f"Table {database}.{table} not found in {catalog}"
    shown = there[table].as_dict()
    names = {column["Name"].lower() for column in [*_columns(shown), *(shown.get("PartitionKeys") or [])]}
    unknown = sorted(set(columns or []) - names)
    return f"Table {database}.{table} has no columns {', '.join(unknown)}" if unknown else ""


def _columns(shown: Mapping[str, Any]) -> list[Any]:
    return (shown.get("StorageDescriptor") or {}).get("Columns") or []


def _no_value(catalog: str, region: str, pair: Mapping[str, Any]) -> str:
    known = {name.lower(): values for name, values in lakeformation_backends[catalog][region].list_lf_tags(catalog).items()}
    if pair["TagKey"].lower() not in known:
        return f"Tag {pair['TagKey']} does not exist in {catalog}."
    there = {value.lower() for value in known[pair["TagKey"].lower()]}
    unknown = [value for value in pair["TagValues"] if value != "*" and value.lower() not in there]
    return f"Tag {pair['TagKey']} has no value {', '.join(unknown)}." if unknown else ""


def _to_dict(self: Resource) -> dict[str, Any]:
    kept: dict[str, Any] = self.__dict__.get("kept", {})
    return {**_shown_resource(self), **kept}


def _register_resource(self: Any) -> str:
    role = self._get_param("RoleArn")
    if self._get_param("UseServiceLinkedRole"):
        role = f"arn:{get_partition(self.region)}:iam::{self.current_account}:role/{_LINKED_ROLE}"
    arn = self._get_param("ResourceArn")
    self.lakeformation_backend.register_resource(resource_arn=arn, role_arn=role)
    _keep(self, self.lakeformation_backend.describe_resource(arn))
    return "{}"


def _update_resource(self: Any) -> str:
    found = self.lakeformation_backend.describe_resource(self._get_param("ResourceArn"))
    found.role_arn = self._get_param("RoleArn")
    _keep(self, found)
    return "{}"


def _keep(self: Any, registered: Resource) -> None:
    stated = {name: self._get_param(name) for name in _KEPT}
    registered.kept = {**registered.__dict__.get("kept", {}), **{name: value for name, value in stated.items() if value is not None}}


def _get_lf_tag(self: Any) -> str:
    catalog, name = self._get_param("CatalogId") or self.current_account, self._get_param("TagKey")
    values = self.lakeformation_backend.list_lf_tags(catalog)
    if name not in values:
        raise _not_found(f"Tag key {name} does not exist.")
    return json.dumps({"CatalogId": catalog, "TagKey": name, "TagValues": values[name]})


def _update_lf_tag(self: Any) -> str:
    catalog, name = self._get_param("CatalogId") or self.current_account, self._get_param("TagKey")
    backend = self.lakeformation_backend
    if name not in backend.list_lf_tags(catalog):
        raise _not_found(f"Tag key {name} does not exist.")
    there = backend.list_lf_tags(catalog)[name]
    gone = set(self._get_param("TagValuesToDelete") or [])
    added = [value for value in self._get_param("TagValuesToAdd") or [] if value not in there]
    backend.create_lf_tag(catalog, name, [value for value in there if value not in gone] + added)
    return "{}"


def _places(backend: LakeFormationBackend, resource: Mapping[str, Any]) -> list[tuple[Any, tuple[str, ...]]]:
    """Where moto keeps the tags of a resource: each a mapping and the key in it.

    Raises:
        JsonRESTError: If the resource is not there.
    """
    found: list[tuple[Any, tuple[str, ...]]] = []
    for one in spelled(resource, backend.account_id):
        absent = missing(one, backend.region_name)
        if absent:
            raise _not_found(absent)
        ((kind, body),) = one.items()
        path: tuple[str, ...] = (body["CatalogId"], body.get("DatabaseName") or body.get("Name"), body.get("Name"))
        if kind == "Database":
            found.append((backend.lf_database_tags, path[:2]))
        elif kind == "Table":
            found.append((backend.lf_table_tags, path))
        elif kind == "TableWithColumns":
            found += [(backend.lf_columns_tags, (*path, name)) for name in body["ColumnNames"]]
    return found


def _add_lf_tags(self: LakeFormationBackend, catalog_id: str, resource: dict[str, Any], tags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Checks and merges. https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_AddLFTagsToResource.html ."""
    places = _places(self, resource)
    named = [{"CatalogId": catalog_id, **tag} for tag in tags]
    absent = {index: _no_value(tag["CatalogId"], self.region_name, tag) for index, tag in enumerate(named)}
    failures = [_failure(named[index], said) for index, said in absent.items() if said]
    new = [tag for index, tag in enumerate(named) if not absent[index]]
    for mapping, where in places:
        kept = [tag for tag in mapping.get(where, []) if tag["TagKey"] not in {one["TagKey"] for one in new}]
        mapping[where] = [*kept, *new]
    return failures


def _failure(tag: dict[str, Any], said: str) -> dict[str, Any]:
    return {"LFTag": tag, "Error": {"ErrorCode": "EntityNotFoundException", "ErrorMessage": said}}


def _remove_lf_tags(self: LakeFormationBackend, catalog_id: str, resource: dict[str, Any], tags: list[dict[str, Any]]) -> None:
    del catalog_id
    gone = {(tag["TagKey"], value) for tag in tags for value in tag["TagValues"]}
    for mapping, where in _places(self, resource):
        mapping[where] = [tag for tag in mapping.get(where, []) if not any((tag["TagKey"], value) in gone for value in tag["TagValues"])]


def _get_resource_lf_tags(self: Any) -> str:
    """Own tags, and inherited ones unless only own are asked for.

    https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_GetResourceLFTags.html
    """
    backend, own = self.lakeformation_backend, bool(self._get_param("ShowAssignedLFTags"))
    answer: dict[str, Any] = {}
    for mapping, where in _places(backend, self._get_param("Resource")):
        above = {} if own else _by_key(backend.lf_database_tags.get(where[:2]))
        if mapping is backend.lf_database_tags:
            answer["LFTagOnDatabase"] = mapping.get(where, [])
            continue
        above |= {} if own else _by_key(backend.lf_table_tags.get(where[:3]))
        tags = list({**above, **_by_key(mapping.get(where))}.values())
        if mapping is backend.lf_table_tags:
            answer["LFTagsOnTable"] = tags
        elif tags:
            answer.setdefault("LFTagsOnColumns", []).append({"Name": where[3], "LFTags": tags})
    return json.dumps({name: value for name, value in answer.items() if value})


def _by_key(tags: list[dict[str, Any]] | None) -> dict[str, dict[str, Any]]:
    return {tag["TagKey"]: tag for tag in tags or []}


def _filters(catalog: str, region: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The filters of a catalog, where moto keeps what else it governs."""
    found: dict[tuple[str, str, str], dict[str, Any]] = lakeformation_backends[catalog][region].__dict__.setdefault(
        "data_cells_filters", {}
    )
    return found


def _filter_key(body: Mapping[str, Any]) -> tuple[str, str, str]:
    return body["DatabaseName"].lower(), body["TableName"].lower(), body["Name"]


def _checked(self: Any, stated: Mapping[str, Any]) -> None:
    """Refuses what contradicts itself or is about nothing."""
    if ("ColumnNames" in stated) == ("ColumnWildcard" in stated):
        raise JsonRESTError("InvalidInputException", "a filter has either ColumnNames or a ColumnWildcard")
    columns = [name.lower() for name in _column_names(stated)]
    absent = _no_table(stated["TableCatalogId"], self.region, *_filter_key(stated)[:2], columns)
    if absent:
        raise _not_found(absent)


def _create_filter(self: Any) -> str:
    stated = self._get_param("TableData")
    _checked(self, stated)
    there = _filters(stated["TableCatalogId"], self.region)
    if _filter_key(stated) in there:
        raise JsonRESTError("AlreadyExistsException", f"Data cells filter {stated['Name']} already exists.")
    there[_filter_key(stated)] = {**stated, "VersionId": "1"}
    return "{}"


def _update_filter(self: Any) -> str:
    stated = self._get_param("TableData")
    _checked(self, stated)
    there = _present(self, stated)
    version = int(there[_filter_key(stated)]["VersionId"]) + 1
    there[_filter_key(stated)] = {**stated, "VersionId": str(version)}
    return "{}"


def _present(self: Any, stated: Mapping[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    there = _filters(stated["TableCatalogId"], self.region)
    if _filter_key(stated) not in there:
        raise _not_found(f"Data cells filter {stated['Name']} not found.")
    return there


def _asked(self: Any) -> dict[str, str]:
    return {name: self._get_param(name) for name in ("TableCatalogId", "DatabaseName", "TableName", "Name")}


def _get_filter(self: Any) -> str:
    asked = _asked(self)
    return json.dumps({"DataCellsFilter": _present(self, asked)[_filter_key(asked)]})


def _delete_filter(self: Any) -> str:
    asked = _asked(self)
    del _present(self, asked)[_filter_key(asked)]
    return "{}"


def _list_filters(self: Any) -> str:
    table = self._get_param("Table") or {}
    there = _filters(table.get("CatalogId") or self.current_account, self.region)
    wanted = {"DatabaseName": table.get("DatabaseName"), "TableName": table.get("Name")}
    found = [one for one in there.values() if all(value is None or one[name] == value for name, value in wanted.items())]
    return json.dumps({"DataCellsFilters": found})
