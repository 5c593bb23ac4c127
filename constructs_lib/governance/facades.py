"""How rights are given: to read, to write, to administer; on one table, or on whatever carries some LF-Tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aws_cdk import Token
from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.governance.columns import Columns
from constructs_lib.governance.principals import DataPrincipal
from constructs_lib.governance.resources import CatalogResource
from constructs_lib.governance.rows import problems
from lakemodel.naming import LF_TAG_CLASSIFICATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aws_cdk import aws_iam as iam

    from constructs_lib.governance.permissions import CatalogPermissions
    from constructs_lib.governance.tags import LfTagExpression

READ = ("DESCRIBE", "SELECT")
WRITE = ("DELETE", "DESCRIBE", "INSERT", "SELECT")
ADMINISTER = ("ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT")


class GovernedTable(Protocol):
    """A table that can be granted on: ours, an imported one, or anything else with these three."""

    @property
    def database_name(self) -> str:
        """Its database."""

    @property
    def table_name(self) -> str:
        """Its name in that database."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """All its top-level columns, those it is partitioned by included."""


class TableGrants:
    """Rights on one table, by name: the exception beside grants by LF-Tag.

    Rights in Lake Formation are one door of two. The principal also needs IAM to let it call the engine and
    `lakeformation:GetDataAccess`, which a member of a `query.QueryWorkgroup` has.
    """

    def __init__(self, table: GovernedTable, permissions: CatalogPermissions) -> None:
        names = (table.database_name, table.table_name)
        if any(Token.is_unresolved(name) for name in names):
            msg = f"got a table whose name is not known at synth ({'.'.join(names)}); give the table and its database a name"
            raise misuse(permissions, msg, code="unnamed_table")
        self._database, self._table = names
        self._columns = tuple(table.column_names)
        self._permissions = permissions
        self._after = table if isinstance(table, Construct) else None

    @staticmethod
    def from_table(table: GovernedTable, permissions: CatalogPermissions) -> TableGrants:
        """The grants of a table, kept by `permissions`; works for imported tables as well.

        Raises:
            DataLakeError: `unnamed_table`, if the table's name is a reference.
        """
        return TableGrants(table, permissions)

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
        wrong = problems(rows, self._columns)
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
        principal = DataPrincipal.of(principal)
        database = CatalogResource.database_named(self._database)
        self._permissions.grant(principal, database, ["DESCRIBE"], grantable=["DESCRIBE"] if principal.passes_on else ())

    def _grant(
        self, principal: DataPrincipal | iam.IRole, resource: CatalogResource, permissions: Iterable[str], *, grantable: bool
    ) -> None:
        granted = tuple(permissions)
        self._permissions.grant(principal, resource, granted, grantable=granted if grantable else (), after=self._after)


class LakeGrants:
    """Rights on whatever carries some LF-Tags, now or later: the usual way."""

    def __init__(self, permissions: CatalogPermissions) -> None:
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
        databases = where.without(LF_TAG_CLASSIFICATION)
        if databases is not None:
            resource = CatalogResource.databases_where(databases, catalog_id=catalog_id)
            self._permissions.grant(principal, resource, ["DESCRIBE"], grantable=["DESCRIBE"] if grantable else ())
        self._permissions.grant_where(principal, where, READ, grantable=READ if grantable else (), catalog_id=catalog_id)
