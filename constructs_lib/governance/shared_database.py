"""The consumer's side of a share: another account's database, seen through a link, and who of this account reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsii
from aws_cdk import Stack, Stage, Token
from constructs import Construct, IValidation

from constructs_lib.core import misuse
from constructs_lib.governance.columns import Columns
from constructs_lib.governance.facades import READ, see_database
from constructs_lib.governance.filters import cells_name
from constructs_lib.governance.links import ResourceLink
from constructs_lib.governance.offers import ALL_TABLES, Offer, TableRight, together
from constructs_lib.governance.principals import DataPrincipal
from constructs_lib.governance.resources import CatalogResource
from constructs_lib.governance.share_register import ShareRegister, Taken, home_of, not_shared
from constructs_lib.governance.shares import CatalogShare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_iam as iam

    from constructs_lib.governance.facades import GovernedTable
    from constructs_lib.governance.permissions import CatalogPermissions
    from constructs_lib.governance.tags import LfTagExpression


class SharedDatabase(Construct):
    """A database that another account shares with this one: a resource link, and grants on what is behind it.

    Nothing can be read through it until `grants.read` passes something on, and that can only be what the producer gave. With `share` the
    two are held against each other at once. By name they are at synth, where the producer's account is in the same app; where it is not,
    what is asked is taken at its word, and a grant the account may not make fails the deployment.

    Deploy it after the share. With `share` in the same stage it is: otherwise add the dependency between the stacks
    (`consumer.add_stack_dependency(producer)`), or deploy the producer's stage first.

    See https://docs.aws.amazon.com/lake-formation/latest/dg/regranting-shared-resources.html.

    Args:
        permissions: What carries this account's grants.
        share: The producer's `CatalogShare`, or several of one account; found by its names when left out.
        catalog_id: The producer's account; that of the share when left out.
        database_name: The database there; the one whose tables are shared when left out and there is one.
        link_name: Its name here; the database's own when left out.
        other_app: Whether the producer's `CatalogShare` is in another app although its account is also in this one; no when left out.

    Attributes:
        offer: What the shares give, when they were passed as objects.
        link: The resource link. Every table of the database that a principal may read appears below it; tables need no link of their own.
        grants: Who of this account reads it.

    Raises:
        DataLakeError: `share_or_names`, when neither a share nor both names are given, or both are; `which_database`, when the share
            names none or several; `not_shared`; `shared_with_another`, when the share is for another account; `region_mismatch`;
            `account_unknown`, when the producer's account is not known at synth; `share_outside_account`; `link_name_taken`;
            `link_to_itself`. At synth: `consumer_without_share`, `not_shared`, `region_mismatch`.

    Example:
        >>> orders = SharedDatabase(stack, "Sales", permissions=permissions, share=share)  # doctest: +SKIP
        >>> orders.grants.read(analyst)  # doctest: +SKIP
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        permissions: CatalogPermissions,
        share: CatalogShare | Sequence[CatalogShare] | None = None,
        catalog_id: str | None = None,
        database_name: str | None = None,
        link_name: str | None = None,
        other_app: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        self.shares = self._several(share)
        self.offer = together(each.offer for each in self.shares)
        self.catalog_id, self.database_name = self._names(catalog_id, database_name)
        self.link_name = self.database_name if link_name is None else link_name
        self.permissions = permissions
        if Stack.of(permissions).account != Stack.of(self).account:
            msg = f"got permissions of account {Stack.of(permissions).account}; pass those of the account that reads, as its share is here"
            raise misuse(self, msg, code="share_outside_account")
        given = tuple(each.given for each in self.shares)
        self.taken = Taken(self.node.path, home_of(self), self.catalog_id, self.database_name, self.link_name, given, other_app)
        # "Default" is no part of logical ids: the link's is the one that it had without this construct around it.
        self.link = ResourceLink(self, "Default", database_name=self.database_name, catalog_id=self.catalog_id, link_name=self.link_name)
        register = ShareRegister.of(self)
        register.add_taken(self.taken)
        self.grants = SharedDatabaseGrants(self)
        self.node.add_validation(_HasShare(self, register))
        for each in self.shares:
            self._come_after(each)

    @staticmethod
    def _several(share: CatalogShare | Sequence[CatalogShare] | None) -> tuple[CatalogShare, ...]:
        if share is None:
            return ()
        return (share,) if isinstance(share, CatalogShare) else tuple(share)

    def _names(self, catalog_id: str | None, database_name: str | None) -> tuple[str, str]:
        if not self.shares:
            if catalog_id is None or database_name is None:
                msg = f"got catalog_id {catalog_id} and database_name {database_name}; pass share=..., or both of these"
                raise misuse(self, msg, code="share_or_names")
            if Token.is_unresolved(catalog_id) or Token.is_unresolved(database_name):
                msg = f"got names that are not known at synth ({catalog_id}, {database_name}); names alone cross accounts: write them out"
                raise misuse(self, msg, code="account_unknown")
            return catalog_id, database_name
        if catalog_id is not None:
            msg = f"got a share and catalog_id {catalog_id}; pass one of the two: the share knows its account"
            raise misuse(self, msg, code="share_or_names")
        accounts = sorted({self._home_of(share) for share in self.shares})
        if len(accounts) > 1:
            msg = f"got shares of accounts {', '.join(accounts)}; a link leads to one: make a SharedDatabase for each"
            raise misuse(self, msg, code="share_or_names")
        return accounts[0], self._database_of(database_name)

    def _home_of(self, share: CatalogShare) -> str:
        here = Stack.of(self)
        if share.given.home is None:
            msg = f"got share {share.node.path}, whose stack names no account and Region; set env of that stack: names cross accounts"
            raise misuse(self, msg, code="account_unknown")
        account, region = share.given.home
        if not share.given.reaches(here.account) and not Token.is_unresolved(here.account):
            msg = f"got share {share.node.path}, which is for account {share.given.consumer}; this stack is in {here.account}"
            raise misuse(self, msg, code="shared_with_another")
        if region != here.region and not Token.is_unresolved(here.region):
            msg = (
                f"got share {share.node.path} of {region}; this stack is in {here.region}, and grants are made in the catalog's Region: "
                "move this there, and read from elsewhere through a ResourceLink with region="
            )
            raise misuse(self, msg, code="region_mismatch")
        return account

    def _database_of(self, database_name: str | None) -> str:
        named = self.offer.databases
        if database_name is None:
            if len(named) == 1:
                return named[0]
            msg = f"got a share of {', '.join(named) or 'no named database'}; pass database_name= for the one that is meant"
            raise misuse(self, msg, code="which_database")
        for share in self.shares:
            if not share.given.concerns(database_name):
                msg = f"got database {database_name}; {share.node.path} gives {share.offer}: name a database of those, or share it"
                raise misuse(self, msg, code="not_shared")
        return database_name

    def _come_after(self, share: CatalogShare) -> None:
        producer, consumer = Stack.of(share.permissions), Stack.of(self)
        if producer is not consumer and Stage.of(producer) is Stage.of(consumer):
            consumer.add_stack_dependency(producer)

    def ask(self, asked: Offer) -> None:
        """Notes what is passed on.

        Raises:
            DataLakeError: `not_shared`, if the share is known and does not give it.
        """
        if self.shares:
            for missing in self.offer.missing(asked):
                message = not_shared(missing, self.offer.of_database(self.database_name), [share.node.path for share in self.shares])
                raise misuse(self, message.removeprefix("not_shared: "), code="not_shared")
        self.taken.asked = self.taken.asked.beside(asked)


class SharedDatabaseGrants:
    """Who of a consumer's account reads a shared database: DESCRIBE on the link, and rights on what is behind it."""

    def __init__(self, database: SharedDatabase) -> None:
        self._database = database
        self._permissions = database.permissions
        self._held: dict[str, list[TableRight]] = {}

    def read(
        self,
        principal: DataPrincipal | iam.IRole,
        *,
        table: str | GovernedTable | None = None,
        columns: Columns = Columns.ALL,
        rows: str | None = None,
        where: LfTagExpression | None = None,
    ) -> None:
        """Lets a principal of this account read what is shared, or a part of it.

        Args:
            principal: Who: of this account, as what was shared cannot be shared on.
            table: One table, by its name in the producer's database or as an object. When left out, and `where` as well: everything of the
                database that the share gives; every table, where the share is not passed as an object.
            columns: Some of the table's columns; all when left out.
            rows: The very condition that the producer shares the table with; its columns are that filter's. All rows when left out.
            where: The very expression over LF-Tags that was shared. It is not limited to this database.

        Raises:
            DataLakeError: `not_shared`, with what was given; `shared_on` for an account or an organisation; `principal_elsewhere` for a
                role of another account; `table_and_tags`, when both are given; `columns_of_what`, when columns or rows are given without
                a table or of columns that are not known; `unnamed_table`; `unknown_column`, `no_columns`;
                `filter_void`, when a wider grant of the same principal makes a filter of rows void; and what `CatalogPermissions.grant`
                raises.
        """
        principal = DataPrincipal.of(principal)
        self._check(principal)
        if where is not None and table is not None:
            msg = "got a table and LF-Tags; they add up, as two grants: call it once for each"
            raise misuse(self._database, msg, code="table_and_tags")
        if table is None and (rows is not None or not columns.is_all):
            msg = "got columns or rows without a table; name the table they are of"
            raise misuse(self._database, msg, code="columns_of_what")
        if where is not None:
            asked = Offer(expressions=(where,))
        elif table is not None:
            asked = Offer((self._right(table, columns, rows),))
        else:
            asked = self._everything()
        self._database.ask(asked)
        self._refuse_void(principal, asked)
        self._database.link.allow(principal, self._permissions)
        for right in asked.tables:
            self._pass_on(principal, right)
        for expression in asked.expressions:
            self._permissions.grants.read(principal, where=expression, catalog_id=self._database.catalog_id)

    def _check(self, principal: DataPrincipal) -> None:
        if principal.passes_on:
            msg = (
                f"got {principal.identifier}; what account {self._database.catalog_id} shared with this one cannot be shared on: "
                "let its owner share it, and name roles, permission sets or groups of this account here"
            )
            raise misuse(self._database, msg, code="shared_on")
        account, here = principal.home, Stack.of(self._database).account
        if account is not None and account != here and not Token.is_unresolved(here):
            msg = f"got {principal.called(here)}; this account, {here}, can pass on to its own principals only"
            raise misuse(self._database, msg, code="principal_elsewhere")

    def _refuse_void(self, principal: DataPrincipal, asked: Offer) -> None:
        held = self._held.setdefault(principal.identifier, [])
        for right in asked.tables:
            void = next((other for other in held if right.voids(other) or other.voids(right)), None)
            if void is not None:
                msg = f"got {right} for {principal.identifier}, which has {void}; rights add up: take one of the two out"
                raise misuse(self._database, msg, code="filter_void")
            held.append(right)

    def _everything(self) -> Offer:
        name = self._database.database_name
        return self._database.offer.of_database(name) if self._database.shares else Offer((TableRight(name, ALL_TABLES),))

    def _right(self, table: str | GovernedTable, columns: Columns, rows: str | None) -> TableRight:
        database = self._database.database_name if isinstance(table, str) else table.database_name
        name = table if isinstance(table, str) else table.table_name
        if Token.is_unresolved(database) or Token.is_unresolved(name):
            msg = f"got a table whose name is not known at synth ({database}.{name}); names alone cross accounts: give it one"
            raise misuse(self._database, msg, code="unnamed_table")
        if columns.is_all and rows is None:
            return TableRight(database, name)
        if isinstance(table, str) and not columns.excluding:
            return TableRight(database, name, tuple(sorted(columns.names)), rows)
        available = self._known_columns(name, rows) if isinstance(table, str) else tuple(table.column_names)
        if available is None:
            msg = f"got {name} by its name, so its columns are not known here; take Columns.only(...), or pass the table as an object"
            raise misuse(self._database, msg, code="columns_of_what")
        covered = columns.of(available, f"{self._database.node.path} {database}.{name}")
        return TableRight(database, name, tuple(sorted(available)) if covered is None else covered, rows)

    def _known_columns(self, table: str, rows: str | None) -> tuple[str, ...] | None:
        """The columns of a table that the share lists; None when it lists none."""
        rights = self._database.offer.of_database(self._database.database_name).tables
        return next((right.columns for right in rights if right.table == table and right.rows == rows), None)

    def _pass_on(self, principal: DataPrincipal, right: TableRight) -> None:
        catalog = self._database.catalog_id
        resource = _resource(right, catalog)
        self._permissions.grant(principal, resource, READ if resource.kind == "Table" else ["SELECT"])
        database = CatalogResource.database_named(right.database, catalog_id=catalog)
        see_database(self._permissions, principal, database)


def _resource(right: TableRight, catalog_id: str) -> CatalogResource:
    """What the right is on, in the producer's catalog."""
    if right.table == ALL_TABLES:
        return CatalogResource.all_tables(right.database, catalog_id=catalog_id)
    if right.rows is not None:
        name = cells_name(right.database, right.table, right.columns or (), right.rows)
        return CatalogResource.cells(right.database, right.table, name, catalog_id=catalog_id, columns=right.columns or ())
    if right.columns is not None:
        return CatalogResource.columns_of(right.database, right.table, right.columns, catalog_id=catalog_id)
    return CatalogResource.table_named(right.database, right.table, catalog_id=catalog_id)


@jsii.implements(IValidation)
class _HasShare:
    """Asks at synth whether the producer shares what is read."""

    def __init__(self, database: SharedDatabase, register: ShareRegister) -> None:
        self._database = database
        self._register = register

    def validate(self) -> list[str]:
        return list(self._register.problems_of_taken(self._database.taken, self._database))
