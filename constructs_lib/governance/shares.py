"""The producer's side of a share: what another account, or a part of the organisation, may read here and pass on to its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeGuard

import jsii
from aws_cdk import Stack, aws_iam as iam
from constructs import Construct, IValidation

from constructs_lib.core import misuse
from constructs_lib.governance.columns import Columns
from constructs_lib.governance.facades import DatabaseGrants, TableGrants
from constructs_lib.governance.offers import ALL_TABLES, Offer, TableRight
from constructs_lib.governance.principals import DataPrincipal
from constructs_lib.governance.share_register import Given, ShareRegister, home_of
from constructs_lib.governance.tags import LfTagExpression
from lakemodel.naming import LF_TAG_CLASSIFICATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aws_cdk import aws_kms as kms

    from constructs_lib.governance.facades import GovernedDatabase, GovernedTable
    from constructs_lib.governance.permissions import CatalogPermissions


@dataclass(frozen=True, slots=True)
class Account:
    """An account that something is shared with.

    Attributes:
        account_id: Its 12 digits.

    Raises:
        DataLakeError: `principal_not_allowed`, if it is not 12 digits.

    Example:
        >>> Account("444455556666").principal.is_account
        True
    """

    account_id: str

    def __post_init__(self) -> None:
        DataPrincipal.account(self.account_id)

    @property
    def principal(self) -> DataPrincipal:
        """The account as what a grant is for."""
        return DataPrincipal.account(self.account_id)


@dataclass(frozen=True, slots=True)
class SharedTable:
    """A table of which only a part is shared.

    Attributes:
        table: The table.
        columns: All when left out, those added later as well. `Columns.all_but` becomes the list of the others, as what can be passed on
            has to be named.
        rows: A PartiQL predicate, such as `country = 'DE'`; all rows when left out. With it the columns are fixed to those of now.
    """

    table: GovernedTable
    columns: Columns = Columns.ALL
    rows: str | None = None


class _Permitted(Protocol):
    """A table or database that knows what carries its grants, such as those of a `DataLake`."""

    @property
    def permissions(self) -> CatalogPermissions:
        """What carries its grants."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A database that is known by its name alone."""

    database_name: str


class CatalogShare(Construct):
    """What another account may read in this account's catalog, by name or by LF-Tag, and pass on to its own principals.

    It makes grants with grant option, in the `CatalogPermissions` of the account; Lake Formation makes the RAM share from them, which is
    accepted by itself inside an organisation that shares through RAM. That RAM may share the catalog at all is said by its policy, which
    settings with `shares=True` see to. The other side is a `SharedDatabase` in the consumer's account.
    Where that account is in the same app, a share that nobody takes up fails the synth; nothing refers from one account to the other.

    The consumer reads through Lake Formation, which reads the objects as the registration role: no key of the data, no bucket policy.
    Of the catalog's own key it needs nothing where Glue uses that key as a role of its own, as `baseline.CatalogEncryption` has it.

    See https://docs.aws.amazon.com/lake-formation/latest/dg/cross-account-permissions.html.

    Args:
        consumer: Who is shared with: an `Account`, or `DataPrincipal.organization` for the organisation or an organisational unit.
        tables: Tables, or `SharedTable` for a part of one; none when left out. `IAM_ALLOWED_PRINCIPALS` is taken off each.
        databases: Databases with every table they have and will have, by name or as constructs; none when left out. A table that is
            declared nowhere and still has `IAM_ALLOWED_PRINCIPALS` cannot be read by the consumer: name it in `tables`.
        where: Whatever carries these LF-Tags; nothing when left out. The consumer can pass on exactly these expressions.
        permissions: What carries the account's grants; that of the tables and databases when left out and they come from a
            `DataLake`.
        catalog_key: The key that encrypts the catalog's metadata, where Glue uses it as the caller (`SSE-KMS`): the consumer's principals
            may then decrypt with it, through Glue and in this Region alone; they also need `kms:Decrypt` in a policy of their own. Nothing
            is done when left out. Never the key of the data.
        other_app: Whether the consumer's `SharedDatabase` is in another app although its account is also in this one; no when left out.

    Attributes:
        offer: What is given, as the other side sees it.
        permissions: What carries the grants; deploy the consumer's stacks after its stack.

    Raises:
        DataLakeError: `nothing_shared`; `consumer_not_shareable` for a role or a group; `share_to_itself`; `share_without_permissions`;
            `share_outside_account`, when the permissions are another account's; `shared_on`, for what is shared with this account;
            `no_database_visible`, when LF-Tags name classifications alone; `iam_still_decides`, when the permissions leave
            `IAM_ALLOWED_PRINCIPALS` on; `catalog_key_not_ours`, `catalog_key_for_organization`; and what `TableGrants.read` raises.
            At synth: `share_without_consumer`, `shared_on`.

    Example:
        >>> CatalogShare(stack, "ToMarketing", tables=[orders], consumer=Account("444455556666"))  # doctest: +SKIP
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        consumer: Account | DataPrincipal,
        tables: Sequence[GovernedTable | SharedTable] = (),
        databases: Sequence[str | GovernedDatabase] = (),
        where: LfTagExpression | Iterable[LfTagExpression] = (),
        permissions: CatalogPermissions | None = None,
        catalog_key: kms.IKey | None = None,
        other_app: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        parts = [table if isinstance(table, SharedTable) else SharedTable(table) for table in tables]
        expressions = (where,) if isinstance(where, LfTagExpression) else tuple(dict.fromkeys(where))
        self.consumer = consumer.principal if isinstance(consumer, Account) else consumer
        named = [*(part.table for part in parts), *databases]
        self.permissions = self._permissions_of(named) if permissions is None else permissions
        self._check_consumer()
        self._check_contents(parts, databases, expressions)
        given = [self._share_table(part) for part in parts] + [self._share_database(database) for database in databases]
        for expression in expressions:
            self.permissions.grants.read(self.consumer, where=expression, grantable=True)
        self.offer = Offer(tuple(given), expressions)
        self.given = Given(self.node.path, home_of(self.permissions), self.consumer.account_id, self.offer, other_app)
        register = ShareRegister.of(self)
        register.add_given(self.given)
        if catalog_key is not None:
            self._open(catalog_key, register)
        self.node.add_validation(_HasConsumer(self, register))

    def _permissions_of(self, named: Sequence[object]) -> CatalogPermissions:
        found = {id(each.permissions): each.permissions for each in named if _is_permitted(each)}
        if len(found) != 1 or not all(map(_is_permitted, named)):
            msg = (
                f"cannot tell from {len(named)} tables and databases what carries the account's grants; "
                "pass permissions=..., such as DataLake.permissions, or those of one DataLake"
            )
            raise misuse(self, msg, code="share_without_permissions")
        return next(iter(found.values()))

    def _check_consumer(self) -> None:
        account, here = Stack.of(self.permissions).account, Stack.of(self).account
        if account != here:
            msg = f"got permissions of account {account} in a stack of account {here}; put the share where the catalog is"
            raise misuse(self, msg, code="share_outside_account")
        if not self.consumer.passes_on:
            msg = (
                f"got consumer {self.consumer.identifier}; allowed are an Account and DataPrincipal.organization: "
                "within its account, whoever reads is granted by a SharedDatabase there"
            )
            raise misuse(self, msg, code="consumer_not_shareable")
        if self.consumer.account_id == account:
            msg = f"got consumer {account}, which is this account itself; grant to its principals directly: permissions.grants.read(...)"
            raise misuse(self, msg, code="share_to_itself")

    def _check_contents(
        self, parts: Sequence[SharedTable], databases: Sequence[str | GovernedDatabase], expressions: Sequence[LfTagExpression]
    ) -> None:
        if not (parts or databases or expressions):
            msg = "got nothing to share; pass tables=[...], databases=[...] or where=LfTags.all(...)"
            raise misuse(self, msg, code="nothing_shared")
        foreign = [named for named in [*databases, *(part.table for part in parts)] if hasattr(named, "catalog_id")]
        for named in foreign:
            if named.catalog_id != Stack.of(self).account:
                msg = (
                    f"got {getattr(named, 'database_name', named)}, which account {named.catalog_id} shares with this one; "
                    "what was shared cannot be shared on: let its owner share it"
                )
                raise misuse(self, msg, code="shared_on")
        if (parts or databases) and not self.permissions.revokes_iam_allowed_principals:
            msg = (
                f"got permissions {self.permissions.node.path} that leave IAM_ALLOWED_PRINCIPALS on what is named; Lake Formation refuses "
                "to share that: pass a CatalogPermissions without revoke_iam_allowed_principals=False"
            )
            raise misuse(self, msg, code="iam_still_decides")
        if not (parts or databases) and all(expression.without(LF_TAG_CLASSIFICATION) is None for expression in expressions):
            msg = "got LF-Tags that name classifications alone; databases carry none, so none could be seen: name domain or zone as well"
            raise misuse(self, msg, code="no_database_visible")

    def _share_table(self, part: SharedTable) -> TableRight:
        table = part.table
        covered = part.columns.of(table.column_names, f"{self.node.path} {table.database_name}.{table.table_name}")
        columns = Columns.ALL if covered is None else Columns.only(*covered)
        grants = getattr(table, "grants", None) if self._carries(table) else None
        if not isinstance(grants, TableGrants):
            grants = TableGrants.from_table(table, self.permissions)
        grants.read(self.consumer, columns=columns, rows=part.rows, grantable=True)
        if part.rows is not None and covered is None:
            covered = tuple(sorted(table.column_names))
        return TableRight(table.database_name, table.table_name, covered, part.rows)

    def _share_database(self, database: str | GovernedDatabase) -> TableRight:
        named = _Named(database) if isinstance(database, str) else database
        grants = getattr(named, "grants", None) if self._carries(named) else None
        if not isinstance(grants, DatabaseGrants):
            grants = DatabaseGrants.from_database(named, self.permissions)
        grants.read(self.consumer, grantable=True)
        return TableRight(named.database_name, ALL_TABLES)

    def _carries(self, named: object) -> bool:
        return _is_permitted(named) and named.permissions is self.permissions

    def _open(self, key: kms.IKey, register: ShareRegister) -> None:
        account = self.consumer.account_id
        if account is None:
            msg = (
                f"got catalog_key for {self.consumer.identifier}; a key is opened to accounts that are named: share with each Account, "
                "or let Glue use the key as a role (SSE-KMS-WITH-SERVICE-ROLE), as baseline.CatalogEncryption does"
            )
            raise misuse(self, msg, code="catalog_key_for_organization")
        if not register.opens_key(key.node.path, account):
            return
        stack = Stack.of(self)
        through_glue = {"kms:CallerAccount": account, "kms:ViaService": f"glue.{stack.region}.{stack.url_suffix}"}
        result = key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"AllowCatalogMetadataTo{account}",
                principals=[iam.AccountPrincipal(account)],
                actions=["kms:Decrypt"],
                resources=["*"],
                conditions={"StringEquals": through_glue},
            )
        )
        if not result.statement_added:
            msg = (
                f"got catalog_key {key.node.path}, whose policy cannot be changed from here; add to it kms:Decrypt for account {account} "
                f"with {through_glue}, and leave catalog_key out"
            )
            raise misuse(self, msg, code="catalog_key_not_ours")


def _is_permitted(named: object) -> TypeGuard[_Permitted]:
    return isinstance(getattr(named, "grants", None), TableGrants | DatabaseGrants) and hasattr(named, "permissions")


@jsii.implements(IValidation)
class _HasConsumer:
    """Asks at synth whether somebody takes the share up."""

    def __init__(self, share: CatalogShare, register: ShareRegister) -> None:
        self._share = share
        self._register = register

    def validate(self) -> list[str]:
        return list(self._register.problems_of_given(self._share.given, self._share))
