"""What grants and LF-Tags are about, in the shape of `AWS::LakeFormation::PrincipalPermissions`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from constructs_lib.governance.principals import OWN_ACCOUNT

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
        filtered: The columns of a data cells filter, as far as they are known.
    """

    kind: str
    body: str
    owner: str
    database: str = ""
    table: str = ""
    expression: LfTagExpression | None = None
    is_link: bool = field(default=False, compare=False)
    filtered: tuple[str, ...] = field(default=(), compare=False)

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
        if not self.is_foreign or not _is_own((body := json.loads(self.body))["CatalogId"], account):
            return self
        del body["CatalogId"]
        return replace(self, body=json.dumps(body))

    @property
    def is_foreign(self) -> bool:
        """Whether it is in a catalog that is named, and so another account's."""
        return self.body.startswith('{"CatalogId"')  # where `_of` puts it; asked for each grant, so not parsed

    def abroad(self, account: str) -> str:
        """The account whose catalog it is in, when that is another one than `account`; otherwise empty."""
        key = "TableCatalogId" if self.kind == "DataCellsFilter" else "CatalogId"
        catalog = json.loads(self.body)[key] if key != "CatalogId" or self.is_foreign else account
        return "" if _is_own(catalog, account) else str(catalog)

    @staticmethod
    def catalog() -> CatalogResource:
        """The account's catalog itself."""
        return CatalogResource("Catalog", "{}", "catalog")

    @staticmethod
    def database_named(name: str, *, catalog_id: str | None = None) -> CatalogResource:
        """A database."""
        name = _lower(name)
        body = {**_of(catalog_id), "Name": name}
        return CatalogResource("Database", json.dumps(body), f"database {name}", name)

    @staticmethod
    def link_named(name: str) -> CatalogResource:
        """A resource link of this catalog to a database of another: it can be seen and dropped; what is behind it is granted there."""
        return replace(CatalogResource.database_named(name), is_link=True)

    @staticmethod
    def table_named(database: str, table: str, *, catalog_id: str | None = None) -> CatalogResource:
        """A table."""
        database, table = _lower(database), _lower(table)
        body = {**_of(catalog_id), "DatabaseName": database, "Name": table}
        return CatalogResource("Table", json.dumps(body), f"table {database}.{table}", database, table)

    @staticmethod
    def all_tables(database: str, *, catalog_id: str | None = None) -> CatalogResource:
        """Every table of a database, those to come as well."""
        database = _lower(database)
        body = {**_of(catalog_id), "DatabaseName": database, "TableWildcard": {}}
        return CatalogResource("Table", json.dumps(body), f"database {database}", database, "*")

    @staticmethod
    def columns_of(database: str, table: str, columns: Iterable[str], *, catalog_id: str | None = None) -> CatalogResource:
        """Some columns of a table."""
        database, table = _lower(database), _lower(table)
        body = {**_of(catalog_id), "DatabaseName": database, "Name": table, "ColumnNames": sorted(set(columns))}
        return CatalogResource("TableWithColumns", json.dumps(body), f"table {database}.{table}", database, table)

    @staticmethod
    def cells(database: str, table: str, filter_name: str, *, catalog_id: str, columns: Iterable[str] = ()) -> CatalogResource:
        """What a data cells filter lets through; with its columns, what else opens one of them is refused."""
        database, table = _lower(database), _lower(table)
        body = {"TableCatalogId": catalog_id, "DatabaseName": database, "TableName": table, "Name": filter_name}
        owner = f"table {database}.{table}"
        return CatalogResource("DataCellsFilter", json.dumps(body), owner, database, table, filtered=tuple(sorted(set(columns))))

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


def _lower(name: str) -> str:
    """A name as Glue keeps it, so that two spellings are one thing; references stay as they are."""
    return name if "${Token[" in name else name.lower()


def _is_own(catalog: str, account: str) -> bool:
    return catalog == account or OWN_ACCOUNT.fullmatch(catalog) is not None


def _of(catalog_id: str | None) -> dict[str, str]:
    return {} if catalog_id is None else {"CatalogId": catalog_id}
