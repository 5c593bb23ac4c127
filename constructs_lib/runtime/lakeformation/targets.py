"""What grants and tags are about: Lake Formation's nested resources as flat keys that compare, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ALL_TABLES = "*"


class Target(NamedTuple):
    """One thing that can be granted on, or tagged.

    Attributes:
        kind: `catalog`, `database`, `table`, `column`, `but` (all columns but some), `location`, `filter`, `tag`, `expression`.
        catalog: Account that owns the catalog.
        path: Database, table and column as far as the kind has them; or whatever else tells it from others of its kind.
    """

    kind: str
    catalog: str
    path: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.kind} {'.'.join(map(str, self.path)) or self.catalog}"

    @property
    def table(self) -> Target | None:
        """The table this is of or in; None for what is no part of a table."""
        if self.kind in {"table", "column", "but", "filter"}:
            return Target("table", self.catalog, self.path[:2])
        return None


def targets_of(resource: Mapping[str, Any], account: str) -> list[Target]:
    """The targets a resource stands for: one, but for included columns one each, so that lists can grow and shrink by columns.

    Raises:
        ValueError: If Lake Formation knows the kind of resource and this handler does not.
    """
    ((kind, body),) = ((key, value) for key, value in resource.items() if value is not None)
    catalog = str(body.get("CatalogId") or body.get("TableCatalogId") or body.get("Id") or account)
    if kind == "TableWithColumns":
        return _columns(body, catalog)
    if kind not in _SINGLE:
        msg = f"resource of kind {kind} is not supported; supported are {', '.join([*_SINGLE, 'TableWithColumns'])}"
        raise ValueError(msg)
    name, path = _SINGLE[kind]
    return [Target(name, catalog, path(body))]


def is_known(resource: Mapping[str, Any]) -> bool:
    """Whether it is of a kind that this handler knows, as what others granted need not be."""
    kinds = [kind for kind, body in resource.items() if body is not None]
    return len(kinds) == 1 and (kinds[0] in _SINGLE or kinds[0] == "TableWithColumns")


def _table_name(body: Mapping[str, Any]) -> str:
    name = body.get("Name")
    return ALL_TABLES if "TableWildcard" in body or name in {None, "ALL_TABLES"} else str(name).lower()


def _columns(body: Mapping[str, Any], catalog: str) -> list[Target]:
    """SELECT on a table is listed as SELECT on all its columns: the same target here."""
    path = (body["DatabaseName"].lower(), _table_name(body))
    names = body.get("ColumnNames")
    if names:
        return [Target("column", catalog, (*path, name.lower())) for name in names]
    excluded = (body.get("ColumnWildcard") or {}).get("ExcludedColumnNames")
    if excluded:
        return [Target("but", catalog, (*path, tuple(sorted(name.lower() for name in excluded))))]
    return [Target("table", catalog, path)]


def _expression(body: Mapping[str, Any]) -> tuple[Any, ...]:
    if body.get("ExpressionName"):
        return ("named", body["ExpressionName"])
    return tuple(sorted((pair["TagKey"].lower(), _values(pair)) for pair in body["Expression"]))


def _values(pair: Mapping[str, Any]) -> tuple[str, ...]:
    """Lake Formation keeps LF-Tags in lower case: two spellings are the same tag."""
    return tuple(sorted(value.lower() for value in pair["TagValues"]))


_SINGLE: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]] = {
    "Catalog": ("catalog", lambda body: ()),  # noqa: ARG005 - there is only one
    "Database": ("database", lambda body: (body["Name"].lower(),)),
    "Table": ("table", lambda body: (body["DatabaseName"].lower(), _table_name(body))),
    "DataLocation": ("location", lambda body: (body["ResourceArn"],)),
    "DataCellsFilter": ("filter", lambda body: (body["DatabaseName"].lower(), body["TableName"].lower(), body["Name"])),
    "LFTag": ("tag", lambda body: (body["TagKey"].lower(), _values(body))),
    "LFTagPolicy": ("expression", lambda body: (body["ResourceType"], _expression(body))),
}


def resource_of(targets: Iterable[Target], account: str) -> dict[str, Any]:
    """The resource that stands for these targets: any number of columns of one table, or exactly one of another kind."""
    several = sorted(targets)
    kind, catalog, path = several[0]
    own: dict[str, Any] = {} if catalog == account else {"CatalogId": catalog}
    if kind == "column":
        in_table = {"DatabaseName": path[0], "Name": path[1]}
        return {"TableWithColumns": {**own, **in_table, "ColumnNames": [target.path[2] for target in several]}}
    if kind == "catalog":
        return {"Catalog": {} if catalog == account else {"Id": catalog}}
    if kind == "filter":
        return {"DataCellsFilter": {"TableCatalogId": catalog, "DatabaseName": path[0], "TableName": path[1], "Name": path[2]}}
    name, body = _BODIES[kind](path)
    return {name: {**own, **body}}


def _table_body(path: tuple[Any, ...]) -> tuple[str, dict[str, Any]]:
    name: dict[str, Any] = {"TableWildcard": {}} if path[1] == ALL_TABLES else {"Name": path[1]}
    return "Table", {"DatabaseName": path[0], **name}


def _but_body(path: tuple[Any, ...]) -> tuple[str, dict[str, Any]]:
    wildcard = {"ExcludedColumnNames": list(path[2])}
    return "TableWithColumns", {"DatabaseName": path[0], "Name": path[1], "ColumnWildcard": wildcard}


def _expression_body(path: tuple[Any, ...]) -> tuple[str, dict[str, Any]]:
    kind, pairs = path
    if pairs and pairs[0] == "named":
        return "LFTagPolicy", {"ResourceType": kind, "ExpressionName": pairs[1]}
    expression = [{"TagKey": key, "TagValues": list(values)} for key, values in pairs]
    return "LFTagPolicy", {"ResourceType": kind, "Expression": expression}


_BODIES: Mapping[str, Callable[[tuple[Any, ...]], tuple[str, dict[str, Any]]]] = {
    "database": lambda path: ("Database", {"Name": path[0]}),
    "table": _table_body,
    "but": _but_body,
    "location": lambda path: ("DataLocation", {"ResourceArn": path[0]}),
    "tag": lambda path: ("LFTag", {"TagKey": path[0], "TagValues": list(path[1])}),
    "expression": _expression_body,
}
