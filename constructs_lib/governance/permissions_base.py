"""What grants, filters and LF-Tags have in common, whichever way they are brought about: who may be granted what, and what conflicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import jsii
from aws_cdk import Stack, Token
from constructs import Construct, IConstruct, IValidation

from constructs_lib.core import misuse
from constructs_lib.governance.conflicts import DeclaredRights, Filter, place_in
from constructs_lib.governance.facades import DatabaseGrants, LakeGrants, TableGrants
from constructs_lib.governance.filters import DataCellsFilter, cells_digest, cells_name
from constructs_lib.governance.principals import DataPrincipal
from constructs_lib.governance.resources import CatalogResource
from constructs_lib.governance.share_register import ShareRegister, home_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aws_cdk import aws_iam as iam, aws_lambda as lambda_

    from constructs_lib.governance.facades import GovernedDatabase, GovernedTable
    from constructs_lib.governance.tags import LfTagExpression, LfTagOntology


class PermissionsOwner(Protocol):
    """What applies permissions in an account, such as `LakeFormationSettings`.

    Attributes:
        shares: Whether grants to other accounts are possible.
        declared: What is declared in the account: every `CatalogPermissions` of it writes into this one object.
        permissions_function: Brings about what custom resources declare.
        resource: What has to exist before.
    """

    shares: bool
    declared: DeclaredRights
    permissions_function: lambda_.IFunction
    resource: Construct


class PermissionsBase(Construct):
    """Grants and LF-Tag associations in one account's catalog: what `CatalogPermissions` and `NativePermissions` share.

    Whatever is declared is held against everything else that is declared in the account, in any construct and stack of the app, through
    the settings' `declared`.

    Args:
        settings: The account's `LakeFormationSettings`.
        ontology: The account's LF-Tags; keys and values are checked against them at once. When left out, they are checked at synth against
            the LF-Tags that other constructs of the account name, if any do.
    """

    revokes_iam_allowed_principals = False
    """Whether what is named here loses `IAM_ALLOWED_PRINCIPALS`."""

    _alone = False
    """Whether no other construct may grant the same principal anything on the same resource."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: PermissionsOwner, ontology: LfTagOntology | None) -> None:
        super().__init__(scope, construct_id)
        self.grants = LakeGrants(self)
        self._settings = settings
        self._ontology = ontology
        self._declared = settings.declared
        self._path = self.node.path
        self._account = Stack.of(self).account
        self._filters: dict[str, DataCellsFilter] = {}
        self._abroad: dict[str, dict[CatalogResource, set[str]]] = {}
        self._home = home_of(self)
        self._register = ShareRegister.of(self)
        if self._home is not None:
            self._register.know_declared(self._home, self._declared)
        if ontology is not None:
            self._declared.tags.know(ontology.values)
        self.node.add_validation(_Sound(self))

    def grant(
        self,
        principal: DataPrincipal | iam.IRole,
        resource: CatalogResource,
        permissions: Iterable[str],
        *,
        grantable: Iterable[str] = (),
        after: IConstruct | None = None,
    ) -> None:
        """Grants permissions. The same principal and resource again adds to them.

        Args:
            principal: Who.
            resource: On what.
            permissions: What, as Lake Formation calls it.
            grantable: Those that the principal may pass on; they are granted as well.
            after: What has to exist first, such as the table's construct; nothing when left out.

        Raises:
            DataLakeError: `unknown_permission` for what cannot be granted on such a resource; `account_not_grantable` for an account, an
                organisation or a part of it without grant option; `grantable_elsewhere` for a role of another account with it;
                `shares_disabled` for another account while the settings do not share; `shared_on` for another account and what an account
                shares with this one; `share_to_itself` for this account itself; `declared_twice` when another construct declares the
                same right; `filter_void` when rights add up so that a filter or list of columns of the same principal says nothing;
                `unknown_tag`. At synth: `filter_void` because of LF-Tags, `partial_expression`, `unknown_tag`.
        """
        principal = DataPrincipal.of(principal)
        resource = resource.at_home(self._account)
        passing = frozenset(grantable)
        granted = frozenset(permissions) | passing
        self._check_permissions(principal, resource, granted, passing)
        called, catalog = principal.called(self._account), resource.abroad(self._account)
        if resource.expression is not None:
            if self._ontology is not None and not catalog:
                for key, values in resource.expression.pairs:
                    self._ontology.check(self, key, values)
            self._declared.add_tag_grant(self._path, called, resource.expression, granted if resource.is_of_tables else (), catalog=catalog)
        if catalog:
            self._abroad.setdefault(catalog, {}).setdefault(resource.at_home(catalog), set()).update(granted)
        if resource.kind == "DataCellsFilter":
            self._declared.add_filter(self._path, self._filter(called, resource, catalog), passes_on=principal.passes_on, made=False)
        self._declared.add_grant(self._path, called, resource, granted, catalog=catalog, passes_on=principal.passes_on, alone=self._alone)
        self._apply_grant(principal, resource, granted, passing, after)

    def grant_where(
        self,
        principal: DataPrincipal | iam.IRole,
        expression: LfTagExpression,
        permissions: Iterable[str],
        *,
        grantable: Iterable[str] = (),
        catalog_id: str | None = None,
    ) -> None:
        """Grants permissions on every table and column whose LF-Tags satisfy the expression. Raises as `grant` does."""
        self.grant(principal, CatalogResource.tables_where(expression, catalog_id=catalog_id), permissions, grantable=grantable)

    def grant_cells(
        self,
        principal: DataPrincipal | iam.IRole,
        *,
        database: str,
        table: str,
        columns: Iterable[str],
        rows: str,
        grantable: bool = False,
        after: IConstruct | None = None,
    ) -> DataCellsFilter:
        """Grants SELECT on some columns of some rows, through a data cells filter that equal grants share.

        Several filters of one principal on a table add up: a row that any of them lets through is read, and so is a column; AWS does not
        state it, so never count on one filter to narrow another.

        Raises:
            DataLakeError: As `grant`; `too_many_filters` for more of one principal on one table than Lake Formation takes;
                `declared_twice` when another construct has the equal filter; `nested_column`.
        """
        principal = DataPrincipal.of(principal)
        covered = tuple(sorted(set(columns)))
        name = cells_name(database, table, covered, rows)
        made = CatalogResource.cells(database, table, name, catalog_id=self._account, columns=covered)
        added = self._filter(principal.called(self._account), made, "")
        self._declared.add_filter(self._path, added, passes_on=principal.passes_on)
        cells = self._cells(database, table, covered, rows, after)
        self.grant(principal, cells.resource, ["SELECT"], grantable=["SELECT"] if grantable else (), after=cells)
        return cells

    def associate(self, resource: CatalogResource, tags: Mapping[str, str], *, after: IConstruct | None = None) -> None:
        """Puts LF-Tags on a database, a table or columns.

        Args:
            resource: What to tag.
            tags: One value for each key. A column without a value of its own has its table's, a table its database's.
            after: What has to exist first, such as the table's construct; nothing when left out.

        Raises:
            DataLakeError: `tag_conflict` when the resource has another value of the key; `declared_twice` when another construct puts the
                same value there; `tag_target` for what takes no tags; `too_many_tags`; `unknown_tag`.
        """
        resource = resource.at_home(self._account)
        if resource.kind not in {"Database", "Table", "TableWithColumns"} or resource.table == "*":
            msg = f"got LF-Tags for {resource.owner} ({resource.kind}); allowed are databases, tables and columns"
            raise misuse(self, msg, code="tag_target")
        lower = {key.lower(): value.lower() for key, value in tags.items()}
        if self._ontology is not None:
            for key, value in lower.items():
                self._ontology.check(self, key, [value])
        for column in resource.columns or ("",):
            name = column.lower()
            self._declared.tags.add(self._path, resource.database, resource.table, name, lower, checked=self._ontology is not None)
        self._apply_tags(resource, lower, after)

    def on_table(self, table: GovernedTable, *, database_permissions: PermissionsBase | None = None) -> TableGrants:
        """Grants on one table, by name; works for imported tables as well.

        Args:
            table: The table.
            database_permissions: What carries the right to see its database; this one when left out. Where a principal is granted tables of
                one database in several constructs, give each the same.

        Raises:
            DataLakeError: `unnamed_table`, if the table's name is a reference.
        """
        return TableGrants(table, self, database_permissions=database_permissions)

    def on_database(self, database: GovernedDatabase) -> DatabaseGrants:
        """Grants on one database and all of its tables, by name; works for imported databases as well.

        Raises:
            DataLakeError: `unnamed_database`, if the database's name is a reference; `grant_on_link` for a resource link.
        """
        return DatabaseGrants(database, self)

    def _check_permissions(
        self, principal: DataPrincipal, resource: CatalogResource, granted: frozenset[str], passing: frozenset[str]
    ) -> None:
        unknown = sorted(granted - resource.allowed_permissions)
        if unknown or not granted:
            allowed = ", ".join(sorted(resource.allowed_permissions))
            msg = f"got {', '.join(unknown) or 'no permission'} on {resource.owner} ({resource.kind}); allowed are {allowed}"
            raise misuse(self, msg, code="unknown_permission")
        if principal.passes_on and passing != granted:
            kept = ", ".join(sorted(granted - passing))
            msg = f"got {kept} for {principal.identifier} without grant option; an account only passes on what it gets: make it grantable"
            raise misuse(self, msg, code="account_not_grantable")
        elsewhere = principal.home not in {None, self._account} and not Token.is_unresolved(self._account)
        if elsewhere and passing:
            msg = (
                f"got {', '.join(sorted(passing))} with grant option for {principal.called(self._account)}; Lake Formation gives "
                "principals elsewhere no grant option: leave it out, or grant to the account"
            )
            raise misuse(self, msg, code="grantable_elsewhere")
        if principal.account_id == self._account:
            msg = f"got a grant to {principal.identifier}, which is this account itself; name the principals of it that are meant"
            raise misuse(self, msg, code="share_to_itself")
        if (principal.passes_on or elsewhere) and resource.abroad(self._account):
            msg = (
                f"got a grant to {principal.identifier} on {resource.owner} of account {resource.abroad(self._account)}; what was shared "
                "cannot be shared on: let its owner share it"
            )
            raise misuse(self, msg, code="shared_on")
        if (principal.passes_on or elsewhere) and not self._settings.shares:
            msg = f"got a grant to {principal.called(self._account)}; the account's LakeFormationSettings has shares=False: take that out"
            raise misuse(self, msg, code="shares_disabled")

    def _cells(self, database: str, table: str, columns: tuple[str, ...], rows: str, after: IConstruct | None) -> DataCellsFilter:
        digest = cells_digest(database, table, columns, rows)
        if digest not in self._filters:
            cells = DataCellsFilter(
                self,
                f"Cells{digest}",
                database_name=database,
                table_name=table,
                filter_name=cells_name(database, table, columns, rows),
                columns=columns,
                rows=rows,
            )
            cells.node.add_dependency(self._settings.resource)
            if after is not None:
                cells.node.add_dependency(after)
            self._filters[digest] = cells
        return self._filters[digest]

    def problems(self) -> Iterator[str]:
        """What can only be judged when everything has been declared."""
        yield from self._declared.problems(self._path, elsewhere=self._declared_elsewhere)
        for catalog, granted in self._abroad.items():
            if self._home is None:
                return
            yield from self._register.problems_of_grants(self._home, catalog, granted, self)

    def _declared_elsewhere(self, account: str) -> Iterable[DeclaredRights]:
        return () if self._home is None else self._register.declared_in((account, self._home[1]))

    @staticmethod
    def _filter(called: str, resource: CatalogResource, catalog: str) -> Filter:
        """A data cells filter as it is held against other rights."""
        name = str(resource.render()[resource.kind]["Name"])
        columns = frozenset(map(str.lower, resource.filtered))
        return Filter(called, place_in(catalog, resource.database), resource.table, columns, name)

    def _apply_grant(
        self,
        principal: DataPrincipal,
        resource: CatalogResource,
        granted: frozenset[str],
        passing: frozenset[str],
        after: IConstruct | None,
    ) -> None:
        raise NotImplementedError

    def _apply_tags(self, resource: CatalogResource, tags: Mapping[str, str], after: IConstruct | None) -> None:
        raise NotImplementedError


@jsii.implements(IValidation)
class _Sound:
    """Judges the whole of the permissions at synth."""

    def __init__(self, permissions: PermissionsBase) -> None:
        self._permissions = permissions

    def validate(self) -> list[str]:
        return list(self._permissions.problems())
