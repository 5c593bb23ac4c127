"""Lake Formation alone: effective tags, rights, registrations and who decides, from an estate and nothing else; IAM is not asked here."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from lakecheck.access.lake_formation.governance import Authorities, Decides, Governance
from lakecheck.access.lake_formation.grants import Grants, Held, Holdings
from lakecheck.access.lake_formation.locations import Locations
from lakecheck.access.lake_formation.names import means
from lakecheck.access.lake_formation.permissions import SELECT
from lakecheck.access.lake_formation.rights import Right, TableRights, intersection
from lakecheck.access.lake_formation.tags import EffectiveTags, known
from lakecheck.estate.model import Database, ResourceType
from lakecheck.estate.sources import lower
from lakecheck.formula import FALSE, TRUE, Formula, all_of, any_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.estate.model import DataLocation, Estate, Grant, Principal, Table

_TO_ACCOUNTS_ONLY: Final = {"1", "2"}


class LakeFormation:
    """What Lake Formation says about an estate. Answers are kept, so one object should serve all questions.

    Args:
        estate: The estate.

    Example:
        >>> from lakecheck.access.lake_formation import LakeFormation
        >>> from lakecheck.estate.model import Estate
        >>> LakeFormation(Estate()).registered("s3://lake/sales/", account="111122223333", region="eu-west-1") is None
        True
    """

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.tags = EffectiveTags(estate)
        self.locations = Locations(estate)
        self.grants = Grants(estate)
        self.table_rights = TableRights(estate, self.tags)
        self.authorities = Authorities(estate, self.grants, self.table_rights, self.locations, self.tags)
        self.tables = tuple(table for table in estate.tables if table.target is None)
        self._admins: dict[tuple[Principal, str], Formula] = {}
        self._together: dict[tuple[Principal, int, int, int, int], tuple[Right, ...]] = {}
        self._links_of: dict[tuple[str, Table], tuple[Database | Table, ...]] = {}
        self._links: dict[str, dict[tuple[str, str], list[Database | Table]]] = defaultdict(lambda: defaultdict(list))
        for database in estate.databases:
            if database.target is not None:
                self._links[database.account][database.target[0], database.target[1]].append(database)
        for table in estate.tables:
            if table.target is not None:
                self._links[table.account][table.target[0], f"{table.target[1]}.{table.target[2]}"].append(table)

    # --- tags --------------------------------------------------------------------------------------------------------------------------

    def tags_of(self, table: Table, column: str | None = None) -> Mapping[str, str]:
        """The effective LF-Tags of a table or one of its columns: inherited from the database and the table, overridden below.

        A key whose value is not beyond doubt is left out; `tags.of_column` has it with what it depends on.
        https://docs.aws.amazon.com/lake-formation/latest/dg/lf-tag-considerations.html

        Args:
            table: The table.
            column: One of its columns; the table itself when left out.
        """
        return known(self.tags.of_table(table) if column is None else self.tags.of_column(table, column))

    # --- who decides -------------------------------------------------------------------------------------------------------------------

    def registered(self, location: str, *, account: str, region: str) -> DataLocation | None:
        """The registered location that an S3 URI is surely under, for the catalog of an account in a Region; None without one."""
        found = self.locations.registered(location, account, region)
        return found.location if found.holds == TRUE else None

    def governed(self, table: Table) -> Governance:
        """Whether a table's files are registered, in which mode, and what `IAM_ALLOWED_PRINCIPALS` holds on it."""
        return self.authorities.of_table(table)

    def decides(self, principal: Principal, table: Table, permission: str) -> Decides:
        """Whether grants, IAM alone, or both decide if a principal has a permission on a table (opt-ins of hybrid access mode)."""
        return self.authorities.about(principal, table, permission)

    def is_admin(self, principal: Principal, account: str, region: str) -> Formula:
        """Whether a principal administers the lake of an account in a Region.

        https://docs.aws.amazon.com/lake-formation/latest/dg/implicit-permissions.html
        """
        key = (principal, f"{account}/{region}")
        if key not in self._admins:
            admins = (name for each in self.estate.catalogs if (each.account, each.region) == (account, region) for name in each.admins)
            self._admins[key] = any_of(means(name, principal) for name in admins)
        return self._admins[key]

    # --- rights ------------------------------------------------------------------------------------------------------------------------

    def rights(self, principal: Principal, table: Table) -> tuple[Right, ...]:
        """What a principal's grants give it on a table: columns x rows x permissions with the grants behind them; they add up.

        In the table's own account, its grants; elsewhere those that the owner made to it directly (cross-account version 3 or later), and
        those that its own account passed on, as far as the owner shared with that account.
        https://docs.aws.amazon.com/lake-formation/latest/dg/cross-account-permissions.html
        """
        holdings = self.grants.of_principal(principal)
        if principal.account == table.account or not principal.account:
            return self.table_rights.of(holdings, table, table.account) if holdings else ()
        direct = self.table_rights.of(holdings, table, table.account) if holdings and self.shares_directly(table) else ()
        shared = self.shared_with(principal.account, table)
        if not shared:
            return direct
        local = self.table_rights.of(holdings, table, principal.account) if holdings else ()
        key = (principal, self.table_rights.shape(table), id(direct), id(shared), id(local))
        found = self._together.get(key)
        if found is None:
            passed_on, of_admin = self._passed_on(local, table, shared), self._of_admin(principal, table, shared)
            found = self._together[key] = (*direct, *passed_on, *of_admin)
        return found

    def rights_of(self, name: str, table: Table) -> tuple[Right, ...]:
        """What is granted on a table to a text as it stands: a group, an organisation, an account, a principal that nothing defines."""
        return self.table_rights.of(self.grants.of_name(name), table, table.account)

    def shared_with(self, account: str, table: Table) -> tuple[Right, ...]:
        """What the owner of a table shares with another account as a whole, by its id or its organisation."""
        holdings = self.grants.of_account(account)
        if not holdings:
            return ()
        return self.table_rights.of(holdings, table, table.account)

    def shares_directly(self, table: Table) -> bool:
        """Whether the owner's cross-account version lets it share with principals of other accounts: 3 and later.

        https://docs.aws.amazon.com/lake-formation/latest/dg/cross-account.html
        """
        catalog = self.authorities.catalog_of(table)
        return catalog is None or catalog.cross_account_version not in _TO_ACCOUNTS_ONLY

    def passable(self, shared: Right, local: Grant) -> frozenset[str]:
        """What a consumer's administrators may pass on of a share.

        Its grantable permissions; of a share by an LF-Tag expression also the others, when the account may DESCRIBE all LF-Tags of another
        expression that it grants by.
        https://docs.aws.amazon.com/lake-formation/latest/dg/permission-cascading-rules.html
        """
        share = shared.grants[0]
        if share.resource.type is not ResourceType.TABLE_EXPRESSION or local.resource.expression == share.resource.expression:
            return shared.grantable
        described = self._described(local.account, share.account)
        pairs = {(lower(key), lower(value)) for key, values in local.resource.expression for value in values}
        return shared.permissions if pairs and pairs <= described else shared.grantable

    def links(self, account: str, table: Table) -> tuple[Database | Table, ...]:
        """The resource links of an account through which a table, or its database, can be named."""
        found = self._links.get(account)
        if found is None:
            return ()
        key = (account, table)
        if key not in self._links_of:
            of_database = found.get((table.account, table.database), [])
            of_table = found.get((table.account, f"{table.database}.{table.name}"), [])
            fitting = (each for each in (*of_database, *of_table) if (each.target_region or each.region) == table.region)
            self._links_of[key] = tuple(fitting)
        return self._links_of[key]

    def sees_link(self, principal: Principal, link: Database | Table) -> Formula:
        """Whether a principal has DESCRIBE on a resource link, by a grant or because `IAM_ALLOWED_PRINCIPALS` has.

        https://docs.aws.amazon.com/lake-formation/latest/dg/resource-links-about.html
        """
        holders = (self.grants.of_principal(principal), self.grants.of_name("IAM_ALLOWED_PRINCIPALS"))
        granted = any_of(held.when for holdings in holders for held in _on_link(holdings, link))
        return any_of([granted, self.is_admin(principal, link.account, link.region), self.left_by_default(link)])

    # --- inside ------------------------------------------------------------------------------------------------------------------------

    def _passed_on(self, local: tuple[Right, ...], table: Table, shared: tuple[Right, ...]) -> Iterator[Right]:
        for right in local:
            for share in shared:
                both = intersection(right, share, table, self.passable(share, right.grants[0]))
                if both is not None:
                    yield both

    def _of_admin(self, principal: Principal, table: Table, shared: tuple[Right, ...]) -> Iterator[Right]:
        """An administrator reads what is shared with its account; others need a grant of it.

        https://docs.aws.amazon.com/lake-formation/latest/dg/cascade-cross-account-permission-procedures.html
        """
        admin = self.is_admin(principal, principal.account, table.region)
        if admin == FALSE:
            return
        for share in shared:
            if SELECT in share.permissions:
                only = frozenset({SELECT})
                yield Right(share.columns, share.rows, only, frozenset(), all_of([share.when, admin]), share.grants)

    def _described(self, account: str, owner: str) -> set[tuple[str, str]]:
        """The LF-Tags of an owner that an account may DESCRIBE, pair by pair."""
        found: set[tuple[str, str]] = set()
        for held in self.grants.of_account(account).others:
            resource = held.grant.resource
            if resource.type is ResourceType.LF_TAG and held.grant.account == owner and held.when == TRUE:
                found |= {(lower(key), lower(value)) for key, values in resource.expression for value in values}
        return found

    def left_by_default(self, link: Database | Table) -> Formula:
        """Whether the creation of a link gave `IAM_ALLOWED_PRINCIPALS` rights on it that nothing takes away."""
        for each in self.estate.iam_principals_revoked:
            resource = each.resource
            same_place = (resource.catalog, resource.region or each.region) == (link.account, link.region)
            database, table = (link.name, "") if isinstance(link, Database) else (link.database, link.name)
            if same_place and lower(resource.database) == database and lower(resource.table) in {table, "*" if table else ""}:
                return FALSE
        catalog = next((each for each in self.estate.catalogs if (each.account, each.region) == (link.account, link.region)), None)
        if catalog is None:
            return TRUE
        stated = catalog.database_defaults if isinstance(link, Database) else catalog.table_defaults
        return FALSE if stated is False else TRUE


def _on_link(holdings: Holdings, link: Database | Table) -> Iterator[Held]:
    if isinstance(link, Database):
        place = (link.account, link.region, link.name)
        several = [held for held in holdings.by_database.get(place, ()) if held.grant.resource.type is ResourceType.DATABASE]
    else:
        place = (link.account, link.region, link.database)
        several = [held for held in holdings.by_database.get(place, ()) if held.grant.resource.type is ResourceType.TABLE]
        several += holdings.by_table.get((place, link.name), [])
    yield from several
