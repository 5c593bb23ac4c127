"""What Lake Formation's grants and tags are about, in one spelling: one column each, catalog named, names in lower case.

https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_Resource.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Spelled = dict[str, Any]

ALL_TABLES: Final = "ALL_TABLES"


def spelled(resource: Mapping[str, Any], account: str) -> list[Spelled]:
    """A resource in one spelling: several for columns of a table, one for anything else; none for an empty one.

    Args:
        resource: As in the API or in a template.
        account: Whose catalog is meant where none is named.
    """
    stated = {kind: body for kind, body in resource.items() if body is not None}
    kind = next((kind for kind, body in stated.items() if body), next(iter(stated), ""))
    if kind not in _SPELLINGS:
        return []
    body = stated[kind]
    catalog = str(body.get("CatalogId") or body.get("TableCatalogId") or body.get("Id") or account)
    return _SPELLINGS[kind](body, catalog)


def key(one: Mapping[str, Any]) -> str:
    """A text that two spelled resources share when they are the same."""
    return json.dumps(one, sort_keys=True)


def with_columns_together(those: list[Spelled]) -> Spelled:
    """Columns of one table as one resource again; anything else as it is."""
    first = those[0]
    columns = [name for one in those for name in one.get("TableWithColumns", {}).get("ColumnNames", [])]
    return {"TableWithColumns": {**first["TableWithColumns"], "ColumnNames": columns}} if columns else first


def _low(value: Any) -> str:
    return str(value).lower()


def _table(body: Mapping[str, Any], catalog: str) -> Spelled:
    name = body.get("Name")
    which: Spelled = {"TableWildcard": {}} if body.get("TableWildcard") is not None or name in (None, ALL_TABLES) else {"Name": _low(name)}
    return {"CatalogId": catalog, "DatabaseName": _low(body["DatabaseName"]), **which}


def _columns(body: Mapping[str, Any], catalog: str) -> list[Spelled]:
    """SELECT on all columns is SELECT on the table."""
    table = _table(body, catalog)
    if body.get("ColumnNames"):
        return [{"TableWithColumns": {**table, "ColumnNames": [_low(name)]}} for name in sorted(body["ColumnNames"])]
    excluded = (body.get("ColumnWildcard") or {}).get("ExcludedColumnNames")
    if excluded:
        return [{"TableWithColumns": {**table, "ColumnWildcard": {"ExcludedColumnNames": sorted(map(_low, excluded))}}}]
    return [{"Table": table}]


def _filter(body: Mapping[str, Any], catalog: str) -> Spelled:
    where = {"DatabaseName": _low(body["DatabaseName"]), "TableName": _low(body["TableName"]), "Name": body["Name"]}
    return {"TableCatalogId": catalog, **where}


def _pair(body: Mapping[str, Any]) -> Spelled:
    return {"TagKey": _low(body["TagKey"]), "TagValues": sorted(map(_low, body.get("TagValues") or []))}


def _policy(body: Mapping[str, Any], catalog: str) -> Spelled:
    stated: Spelled = {"CatalogId": catalog, "ResourceType": body["ResourceType"]}
    if body.get("ExpressionName"):
        return {**stated, "ExpressionName": body["ExpressionName"]}
    return {**stated, "Expression": sorted((_pair(pair) for pair in body.get("Expression") or []), key=key)}


_SPELLINGS: Final[Mapping[str, Callable[[Mapping[str, Any], str], list[Spelled]]]] = {
    "Catalog": lambda _body, catalog: [{"Catalog": {"Id": catalog}}],
    "Database": lambda body, catalog: [{"Database": {"CatalogId": catalog, "Name": _low(body["Name"])}}],
    "Table": lambda body, catalog: [{"Table": _table(body, catalog)}],
    "TableWithColumns": _columns,
    "DataLocation": lambda body, catalog: [{"DataLocation": {"CatalogId": catalog, "ResourceArn": body["ResourceArn"]}}],
    "DataCellsFilter": lambda body, catalog: [{"DataCellsFilter": _filter(body, catalog)}],
    "LFTag": lambda body, catalog: [{"LFTag": {"CatalogId": catalog, **_pair(body)}}],
    "LFTagPolicy": lambda body, catalog: [{"LFTagPolicy": _policy(body, catalog)}],
}
