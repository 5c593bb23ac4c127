"""How rights are given: to read, to write, to administer; on a table, on a database, or on whatever carries some LF-Tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aws_cdk import Stack, Token
from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.governance.columns import Columns
from constructs_lib.governance.principals import DataPrincipal
from constructs_lib.governance.resources import CatalogResource
from lakemodel.naming import LF_TAG_CLASSIFICATION
from lakemodel.rows import problems

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from aws_cdk import aws_iam as iam
    from constructs import IConstruct

    from constructs_lib.governance.permissions_base import PermissionsBase
    from constructs_lib.governance.tags import LfTagExpression
    from lakemodel.types.model import DataType

READ = ("DESCRIBE", "SELECT")
WRITE = ("DELETE", "DESCRIBE", "INSERT", "SELECT")
ADMINISTER = ("ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT")
_ADMINISTER_DATABASE = ("ALTER", "CREATE_TABLE", "DESCRIBE", "DROP")


class GovernedTable(Protocol):
    """A table that can be granted on: ours, an imported one, or anything else with these three.

    A table that also has `column_types` (by name) has the constants of row conditions held against them, and one that has
    `prefix_columns` is asked for no NULL in what it is partitioned by.
    """

    @property
    def database_name(self) -> str:
        """Its database."""

    @property
    def table_name(self) -> str:
        """Its name in that database."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """All its top-level columns, those it is partitioned by included."""


class GovernedDatabase(Protocol):
    """A database that can be granted on: ours, an imported one, or anything else with a name."""

    @property
    def database_name(self) -> str:
        """Its name in this account's catalog."""


class TableGrants:
    """Rights on one table, by name: the exception beside grants by LF-Tag.

    Rights in Lake Formation are one door of two. The principal also needs IAM to let it call the engine and
    `lakeformation:GetDataAccess`, which a member of a `query.QueryWorkgroup` has.
    """

    def __init__(self, table: GovernedTable, permissions: PermissionsBase, *, database_permissions: PermissionsBase | None = None) -> None:
        names = (table.database_name, table.table_name)
        if any(Token.is_unresolved(name) for name in names):
            msg = f"got a table whose name is not known at synth ({'.'.join(names)}); give the table and its database a name"
            raise misuse(permissions, msg, code="unnamed_table")
        _check_home(table, permissions)
        self._database, self._table = names
        self._columns = tuple(table.column_names)
        self._types: Mapping[str, DataType] = getattr(table, "column_types", {})
        self._partitions: Collection[str] = getattr(table, "prefix_columns", ())
        self._permissions = permissions
        self._database_permissions = permissions if database_permissions is None else database_permissions
        self._after = table if isinstance(table, Construct) else getattr(table, "resource", None)

    @staticmethod
    def from_table(
        table: GovernedTable, permissions: PermissionsBase, *, database_permissions: PermissionsBase | None = None
    ) -> TableGrants:
        """The grants of a table, kept by `permissions`; works for imported tables as well.

        Args:
            table: The table.
            permissions: What carries its grants.
            database_permissions: What carries the right to see its database; `permissions` when left out. Where the tables of one database
                are spread over several, the right has one owner all the same.

        Raises:
            DataLakeError: `unnamed_table`, if the table's name is a reference; `grant_elsewhere`, if it is in another account's catalog.
        """
        return TableGrants(table, permissions, database_permissions=database_permissions)

    def read(
        self,
        principal: DataPrincipal | iam.IRole,
        *,
        columns: Columns = Columns.ALL,
        rows: str | None = None,
        grantable: bool = False,
    ) -> None:
        """Lets the principal read the table, or only some columns of it, or only some rows.

        Args:
            principal: Who.
            columns: All when left out, those added later as well.
            rows: A PartiQL predicate, such as `country = 'DE'`; all rows when left out. With it the columns are fixed to those of now.
            grantable: Whether the principal may pass it on; no when left out.

        Raises:
            DataLakeError: `unknown_column`, `no_columns`, `exclude_with_grant_option`, `row_filter` for a condition that cannot be right,
                `nested_column`, `filter_void`, `too_many_filters`, and what `CatalogPermissions.grant` raises.
        """
        principal = DataPrincipal.of(principal)
        if grantable and columns.excluding and not columns.is_all:
            names = ", ".join(columns.names)
            msg = f"got Columns.all_but({names}) with grant option; Lake Formation wants the columns named: take Columns.only(...)"
            raise misuse(self._permissions, msg, code="exclude_with_grant_option")
        covered = columns.of(self._columns, f"{self._permissions.node.path} {self._database}.{self._table}")
        if rows is not None:
            self._read_rows(principal, self._columns if covered is None else covered, rows, grantable=grantable)
        elif covered is None:
            self._grant(principal, CatalogResource.table_named(self._database, self._table), READ, grantable=grantable)
        else:
            self._grant(principal, CatalogResource.columns_of(self._database, self._table, covered), ["SELECT"], grantable=grantable)
        self._describe_database(principal)

    def write(self, principal: DataPrincipal | iam.IRole, *, grantable: bool = False) -> None:
        """Lets the principal read, insert and delete rows. An engine that writes objects itself also needs S3 rights."""
        self._grant(principal, CatalogResource.table_named(self._database, self._table), WRITE, grantable=grantable)
        self._describe_database(principal)

    def admin(self, principal: DataPrincipal | iam.IRole, *, grantable: bool = False) -> None:
        """Lets the principal also change the table's definition and drop it."""
        self._grant(principal, CatalogResource.table_named(self._database, self._table), ADMINISTER, grantable=grantable)
        self._describe_database(principal)

    def _read_rows(self, principal: DataPrincipal, columns: Iterable[str], rows: str, *, grantable: bool) -> None:
        if not self._columns:
            msg = f"got a filter of rows on {self._database}.{self._table}, whose columns are not known; import the table with its columns"
            raise misuse(self._permissions, msg, code="no_columns")
        wrong = problems(rows, {name: self._types.get(name) for name in self._columns}, partitions=self._partitions)
        if wrong:
            msg = f"got rows {rows!r} for {self._database}.{self._table}: {'; '.join(wrong)}"
            raise misuse(self._permissions, msg, code="row_filter")
        self._permissions.grant_cells(
            principal,
            database=self._database,
            table=self._table,
            columns=columns,
            rows=rows,
            grantable=grantable,
            after=self._after,
        )

    def _describe_database(self, principal: DataPrincipal | iam.IRole) -> None:
        see_database(self._database_permissions, principal, CatalogResource.database_named(self._database))

    def _grant(
        self, principal: DataPrincipal | iam.IRole, resource: CatalogResource, permissions: Iterable[str], *, grantable: bool
    ) -> None:
        granted = tuple(permissions)
        self._permissions.grant(principal, resource, granted, grantable=granted if grantable else (), after=self._after)


class DatabaseGrants:
    """Rights on one database and on every table of it, those to come as well, by name: the exception beside grants by LF-Tag."""

    def __init__(self, database: GovernedDatabase, permissions: PermissionsBase) -> None:
        name = database.database_name
        if hasattr(database, "link_name"):
            msg = f"got the resource link {database.link_name} to {name}; a link takes DESCRIBE and DROP only: use its own methods"
            raise misuse(permissions, msg, code="grant_on_link")
        if Token.is_unresolved(name):
            msg = f"got a database whose name is not known at synth ({name}); give it a name"
            raise misuse(permissions, msg, code="unnamed_database")
        _check_home(database, permissions)
        self._permissions = permissions
        self._database = CatalogResource.database_named(name)
        self._tables = CatalogResource.all_tables(name)
        self._after = database if isinstance(database, Construct) else None

    @staticmethod
    def from_database(database: GovernedDatabase, permissions: PermissionsBase) -> DatabaseGrants:
        """The grants of a database, kept by `permissions`; works for imported databases as well.

        Raises:
            DataLakeError: `unnamed_database`, if the database's name is a reference; `grant_on_link` for a resource link.
        """
        return DatabaseGrants(database, permissions)

    def describe(self, principal: DataPrincipal | iam.IRole, *, grantable: bool = False) -> None:
        """Lets the principal see the database; not its tables, of which it sees those that it has rights on."""
        self._grant(principal, self._database, ["DESCRIBE"], grantable=grantable)

    def create_tables(self, principal: DataPrincipal | iam.IRole, *, grantable: bool = False) -> None:
        """Lets the principal make tables in the database; it owns what it makes.

        A table that stands at a registered location takes rights on that as well: `permissions.grant(principal, location.resource,
        ["DATA_LOCATION_ACCESS"])`.
        """
        self._grant(principal, self._database, ["CREATE_TABLE", "DESCRIBE"], grantable=grantable)

    def read(self, principal: DataPrincipal | iam.IRole, *, grantable: bool = False) -> None:
        """Lets the principal read every table of the database, and see the database."""
        self._on_tables(principal, READ, grantable=grantable)

    def write(self, principal: DataPrincipal | iam.IRole, *, grantable: bool = False) -> None:
        """Lets the principal read, insert and delete rows of every table. An engine that writes objects itself also needs S3 rights."""
        self._on_tables(principal, WRITE, grantable=grantable)

    def admin(self, principal: DataPrincipal | iam.IRole, *, grantable: bool = False) -> None:
        """Lets the principal also change and drop the database and its tables, and make new ones."""
        self._grant(principal, self._database, _ADMINISTER_DATABASE, grantable=grantable)
        self._grant(principal, self._tables, ADMINISTER, grantable=grantable)

    def _on_tables(self, principal: DataPrincipal | iam.IRole, permissions: Iterable[str], *, grantable: bool) -> None:
        self._grant(principal, self._tables, permissions, grantable=grantable)
        see_database(self._permissions, principal, self._database, after=self._after)

    def _grant(
        self, principal: DataPrincipal | iam.IRole, resource: CatalogResource, permissions: Iterable[str], *, grantable: bool
    ) -> None:
        granted = tuple(permissions)
        self._permissions.grant(principal, resource, granted, grantable=granted if grantable else (), after=self._after)


class LakeGrants:
    """Rights on whatever carries some LF-Tags, now or later: the usual way."""

    def __init__(self, permissions: PermissionsBase) -> None:
        self._permissions = permissions

    def read(
        self,
        principal: DataPrincipal | iam.IRole,
        *,
        where: LfTagExpression,
        grantable: bool = False,
        catalog_id: str | None = None,
    ) -> None:
        """Lets the principal read every table and column whose LF-Tags satisfy the expression, and see their databases.

        Databases carry domain and zone but no classification, so that key is left out for them. An expression of classifications alone
        shows no database by itself.

        Args:
            principal: Who.
            where: Which tables and columns.
            grantable: Whether the principal may pass it on; an account has to.
            catalog_id: The account that owns the catalog, when it is another one; this one when left out.

        Raises:
            DataLakeError: What `CatalogPermissions.grant` raises.
        """
        self._grant(principal, where, READ, grantable=grantable, catalog_id=catalog_id)

    def write(self, principal: DataPrincipal | iam.IRole, *, where: LfTagExpression, grantable: bool = False) -> None:
        """Lets the principal read, insert and delete rows of every table whose LF-Tags satisfy the expression.

        The expression has to match all columns of a table: of one that it matches in part, Lake Formation lets the principal write
        nothing. Where the tags are declared in the app, that is refused at synth (`partial_expression`).

        See https://docs.aws.amazon.com/lake-formation/latest/dg/TBAC-notes.html.
        """
        self._grant(principal, where, WRITE, grantable=grantable, catalog_id=None)

    def admin(self, principal: DataPrincipal | iam.IRole, *, where: LfTagExpression, grantable: bool = False) -> None:
        """Lets the principal also change and drop these tables. What holds for `write` holds here."""
        self._grant(principal, where, ADMINISTER, grantable=grantable, catalog_id=None)

    def _grant(
        self,
        principal: DataPrincipal | iam.IRole,
        where: LfTagExpression,
        permissions: Iterable[str],
        *,
        grantable: bool,
        catalog_id: str | None,
    ) -> None:
        granted = tuple(permissions)
        databases = where.without(LF_TAG_CLASSIFICATION)
        if databases is not None:
            resource = CatalogResource.databases_where(databases, catalog_id=catalog_id)
            self._permissions.grant(principal, resource, ["DESCRIBE"], grantable=["DESCRIBE"] if grantable else ())
        self._permissions.grant_where(principal, where, granted, grantable=granted if grantable else (), catalog_id=catalog_id)


def _check_home(named: object, permissions: PermissionsBase) -> None:
    """Refuses what says that it is in another account's catalog: a grant by its names would be on something else, here."""
    catalog, here = getattr(named, "catalog_id", None), Stack.of(permissions).account
    if catalog is not None and catalog != here and not Token.is_unresolved(catalog) and not Token.is_unresolved(here):
        msg = f"got something of account {catalog}'s catalog; grants by name are on this account's, {here}: use SharedDatabase.grants"
        raise misuse(permissions, msg, code="grant_elsewhere")


def see_database(
    permissions: PermissionsBase, principal: DataPrincipal | iam.IRole, database: CatalogResource, *, after: IConstruct | None = None
) -> None:
    """Lets the principal see the database of a table that it has rights on."""
    principal = DataPrincipal.of(principal)
    permissions.grant(principal, database, ["DESCRIBE"], grantable=["DESCRIBE"] if principal.passes_on else (), after=after)
