"""What grants and LF-Tags are about, in the shape of `AWS::LakeFormation::PrincipalPermissions`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs_lib.governance.tags import LfTagExpression

_DATABASE = frozenset({"ALL", "ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"})
_TABLE = frozenset({"ALL", "ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"})
_LINK = frozenset({"DESCRIBE", "DROP"})
_ALLOWED = {
    "Catalog": frozenset({"ALL", "ALTER", "CREATE_CATALOG", "CREATE_DATABASE", "CREATE_LF_TAG", "DESCRIBE", "DROP"}),
    "Database": _DATABASE,
    "Table": _TABLE,
    "TableWithColumns": frozenset({"SELECT"}),
    "DataLocation": frozenset({"DATA_LOCATION_ACCESS"}),
    "DataCellsFilter": frozenset({"SELECT", "DESCRIBE"}),
    "LFTag": frozenset({"ALTER", "ASSOCIATE", "DESCRIBE", "DROP", "GRANT_WITH_LF_TAG_EXPRESSION"}),
}


@dataclass(frozen=True, slots=True)
class CatalogResource:
    """One thing to grant on or to tag. Make one with the static methods.

    Attributes:
        kind: The key in the template: `Database`, `Table`, `TableWithColumns`, ...
        body: What stands below it, as JSON, so that it compares and hashes.
        owner: The catalog object it belongs to: all its entries are written by the same custom resource.
        database: Its database; empty for what is in none.
        table: Its table; `*` for every table of the database, empty for what is in none.
        expression: What the LF-Tags of databases or tables have to satisfy, when it is about those.
        is_link: Whether it is known to be a resource link, which stands for something of another catalog.
    """

    kind: str
    body: str
    owner: str
    database: str = ""
    table: str = ""
    expression: LfTagExpression | None = None
    is_link: bool = field(default=False, compare=False)

    def render(self) -> dict[str, Any]:
        """As it stands in the template."""
        return {self.kind: json.loads(self.body)}

    @property
    def allowed_permissions(self) -> frozenset[str]:
        """What can be granted on it."""
        if self.is_link:
            return _LINK
        if self.kind == "LFTagPolicy":
            return _TABLE if self.is_of_tables else _DATABASE
        return _ALLOWED[self.kind]

    @property
    def is_of_tables(self) -> bool:
        """Whether it is every table and column whose LF-Tags satisfy an expression."""
        return self.expression is not None and json.loads(self.body)["ResourceType"] == "TABLE"

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns it is limited to; None when it is not."""
        names = json.loads(self.body).get("ColumnNames") if self.kind == "TableWithColumns" else None
        return None if names is None else tuple(names)

    def at_home(self, account: str) -> CatalogResource:
        """The same without a catalog that is the account's own, so that one thing has one spelling."""
        if not self.is_foreign or (body := json.loads(self.body))["CatalogId"] != account:
            return self
        del body["CatalogId"]
        return replace(self, body=json.dumps(body))

    @property
    def is_foreign(self) -> bool:
        """Whether it is in a catalog that is named, and so another account's."""
        return self.body.startswith('{"CatalogId"')  # where `_of` puts it; asked for each grant, so not parsed

    @staticmethod
    def catalog() -> CatalogResource:
        """The account's catalog itself."""
        return CatalogResource("Catalog", "{}", "catalog")

    @staticmethod
    def database_named(name: str, *, catalog_id: str | None = None) -> CatalogResource:
        """A database."""
        body = {**_of(catalog_id), "Name": name}
        return CatalogResource("Database", json.dumps(body), f"database {name}", name)

    @staticmethod
    def link_named(name: str) -> CatalogResource:
        """A resource link of this catalog to a database of another: it can be seen and dropped; what is behind it is granted there."""
        return replace(CatalogResource.database_named(name), is_link=True)

    @staticmethod
    def table_named(database: str, table: str, *, catalog_id: str | None = None) -> CatalogResource:
        """A table."""
        body = {**_of(catalog_id), "DatabaseName": database, "Name": table}
        return CatalogResource("Table", json.dumps(body), f"table {database}.{table}", database, table)

    @staticmethod
    def all_tables(database: str, *, catalog_id: str | None = None) -> CatalogResource:
        """Every table of a database, those to come as well."""
        body = {**_of(catalog_id), "DatabaseName": database, "TableWildcard": {}}
        return CatalogResource("Table", json.dumps(body), f"database {database}", database, "*")

    @staticmethod
    def columns_of(database: str, table: str, columns: Iterable[str], *, catalog_id: str | None = None) -> CatalogResource:
        """Some columns of a table."""
        body = {**_of(catalog_id), "DatabaseName": database, "Name": table, "ColumnNames": sorted(set(columns))}
        return CatalogResource("TableWithColumns", json.dumps(body), f"table {database}.{table}", database, table)

    @staticmethod
    def cells(database: str, table: str, filter_name: str, *, catalog_id: str) -> CatalogResource:
        """What a data cells filter lets through."""
        body = {"TableCatalogId": catalog_id, "DatabaseName": database, "TableName": table, "Name": filter_name}
        return CatalogResource("DataCellsFilter", json.dumps(body), f"table {database}.{table}", database, table)

    @staticmethod
    def location(bucket_arn: str) -> CatalogResource:
        """A registered location, by exactly the ARN it is registered with: `bucket`, `bucket/` and `bucket/prefix` are different ones."""
        return CatalogResource("DataLocation", json.dumps({"ResourceArn": bucket_arn}), "location")

    @staticmethod
    def databases_where(expression: LfTagExpression, *, catalog_id: str | None = None) -> CatalogResource:
        """Every database whose LF-Tags satisfy the expression."""
        return _policy("DATABASE", expression, catalog_id)

    @staticmethod
    def tables_where(expression: LfTagExpression, *, catalog_id: str | None = None) -> CatalogResource:
        """Every table, and every column of a table, whose LF-Tags satisfy the expression."""
        return _policy("TABLE", expression, catalog_id)


def _policy(resource_type: str, expression: LfTagExpression, catalog_id: str | None) -> CatalogResource:
    body = {**_of(catalog_id), "ResourceType": resource_type, "Expression": expression.render()}
    return CatalogResource(
        "LFTagPolicy", json.dumps(body), f"expression {resource_type} {json.dumps(expression.render())}", expression=expression
    )


def _of(catalog_id: str | None) -> dict[str, str]:
    return {} if catalog_id is None else {"CatalogId": catalog_id}
