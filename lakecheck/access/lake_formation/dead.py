"""Grants that give nothing: what is granted but denied elsewhere, with the piece that is missing. What is not known is not dead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.lake_formation.door import CatalogDoors
from lakecheck.access.lake_formation.grants import Held, in_short
from lakecheck.access.lake_formation.names import account_of, is_organization, is_pattern, same_name
from lakecheck.access.lake_formation.permissions import CATALOG_ACTIONS, DESCRIBE, NEEDS_DATA, SELECT
from lakecheck.access.lake_formation.rights import intersection
from lakecheck.access.lake_formation.shares import missing_of_share
from lakecheck.access.model import DeadGrant
from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, PrincipalKind, ResourceType
from lakecheck.estate.sources import lower
from lakecheck.formula import FALSE, TRUE, all_of
from lakecheck.values import has_hole, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Database, Grant, Principal, Table

_ON_TABLES: Final = {ResourceType.TABLE, ResourceType.COLUMNS, ResourceType.CELLS_FILTER, ResourceType.TABLE_EXPRESSION}
_NAMED: Final = {PrincipalKind.ROLE, PrincipalKind.USER}
_ON_DATABASES: Final = {ResourceType.DATABASE, ResourceType.DATABASE_EXPRESSION}


def dead_grants(questions: Questions) -> Iterable[DeadGrant]:
    """Every grant that gives nothing, with what is missing.

    Args:
        questions: Asks IAM about the estate.
    """
    yield from DeadGrants(CatalogDoors.of(questions)).found()


class DeadGrants:
    """Looks at every grant of an estate.

    Args:
        doors: Grants with IAM beside them.
    """

    def __init__(self, doors: CatalogDoors) -> None:
        self._doors = doors
        self._lake = doors.lake
        self._estate = doors.questions.estate
        self._crawled = {each.account for each in self._estate.executors if each.kind == "glue_crawler"}
        named = (each for each in self._estate.principals if each.kind in _NAMED and each.origin is not None)
        self._defined = {_without_path(each.arn): each.arn for each in named}
        self._databases: dict[tuple[str, str], list[Database]] = {}
        for database in self._estate.databases:
            self._databases.setdefault((database.account, database.region), []).append(database)
        self._tables: dict[tuple[str, str], list[Table]] = {}
        for table in self._estate.tables:
            self._tables.setdefault((table.account, table.region), []).append(table)
        self._named = {catalog: _Named(tables) for catalog, tables in self._tables.items()}

    def found(self) -> Iterator[DeadGrant]:
        """All of them."""
        for grant in self._estate.grants:
            if grant.principal == IAM_ALLOWED_PRINCIPALS:
                continue
            missing = self._of_resource(grant) or self._of_owner(grant) or self._elsewhere(grant)
            if missing:
                yield _dead(shown(grant.principal), grant, missing)
                continue
            for principal in self._doors.people.meant_by(grant.principal):
                missing = self._of_principal(grant, principal)
                if missing:
                    yield _dead(principal.name, grant, missing)

    # --- what it is on -----------------------------------------------------------------------------------------------------------------

    def _of_resource(self, grant: Grant) -> str:
        """What the grant names and nobody has, where the templates define the catalog."""
        resource = grant.resource
        catalog = (resource.catalog, resource.region or grant.region)
        databases = self._databases.get(catalog, [])
        if not databases or resource.type not in _ON_TABLES | _ON_DATABASES or not resource.catalog:
            return ""
        if resource.type in {ResourceType.TABLE_EXPRESSION, ResourceType.DATABASE_EXPRESSION}:
            return "" if resource.catalog in self._crawled else self._of_expression(grant, databases)
        of_name = [each for each in databases if same_name(each.name, resource.database) != FALSE]
        if not of_name:
            return f"a database {shown(resource.database)} in account {shown(resource.catalog)}: there is none"
        if resource.type is ResourceType.DATABASE or resource.table == "*" or has_hole(resource.database):
            return ""
        return "" if resource.catalog in self._crawled else self._of_table(grant, catalog)

    def _of_table(self, grant: Grant, catalog: tuple[str, str]) -> str:
        resource = grant.resource
        name = f"{shown(resource.database)}.{shown(resource.table)}"
        tables = self._named[catalog].fitting(resource.database, resource.table) if catalog in self._named else []
        linked = any(each.name == resource.database and each.target is not None for each in self._databases[catalog])
        if not tables:
            return "" if linked else f"a table {name} in account {shown(resource.catalog)}: there is none"
        columns, listed = resource.columns, "the grant"
        if resource.type is ResourceType.CELLS_FILTER:
            if has_hole(resource.filter):
                return ""
            found = self._lake.table_rights.filter_of(grant)
            if found is None:
                return f"a data cells filter {shown(resource.filter)} on {name}: there is none"
            columns, listed = found.columns, f"the filter {shown(found.name)}"
        known = {column for table in tables for column in table.columns}
        gone = [column for column in columns or () if column.lower() not in known]
        if columns and len(gone) == len(columns) and known and not any(table.unknown for table in tables):
            return f"columns {', '.join(map(shown, gone))} of {name}, which {listed} names: there are none"
        return ""

    def _of_expression(self, grant: Grant, databases: list[Database]) -> str:
        resource = grant.resource
        if resource.type is ResourceType.DATABASE_EXPRESSION:
            tags = [self._lake.tags.of_database((each.account, each.region, each.name)) for each in databases if each.target is None]
            found = any(self._lake.tags.matches(resource.expression, each) != FALSE for each in tags)
            return "" if found or not tags else f"a database with such LF-Tags in account {shown(resource.catalog)}: there is none"
        tables = [each for each in self._lake.tables if (each.account, each.region) == (resource.catalog, resource.region or grant.region)]
        found = any(self._lake.table_rights.columns_matching(resource.expression, each) for each in tables)
        return "" if found or not tables else f"a table or column with such LF-Tags in account {shown(resource.catalog)}: there is none"

    # --- between accounts --------------------------------------------------------------------------------------------------------------

    def _of_owner(self, grant: Grant) -> str:
        """What the owner's side of a share lacks, whoever it is for."""
        to_account = account_of(grant.principal)
        crosses = is_organization(grant.principal) or (to_account and to_account != grant.account)
        catalog = next(
            (each for each in self._estate.catalogs if (each.account, each.region) == (grant.account, grant.region)),
            None,
        )
        if not crosses or catalog is None or grant.resource.catalog != grant.account:
            return ""
        return missing_of_share(grant, catalog)

    def _elsewhere(self, grant: Grant) -> str:
        """Names of roles and users are unique in an account, so that one with another path is not there beside the one that is."""
        found = self._defined.get(_without_path(grant.principal))
        if has_hole(grant.principal) or is_pattern(grant.principal) or found is None or found == grant.principal:
            return ""
        return f"a principal {grant.principal}: the one of that name is {found}"

    # --- whom it is for ----------------------------------------------------------------------------------------------------------------

    def _of_principal(self, grant: Grant, principal: Principal) -> str:
        """What one of those whom the grant means lacks; nothing as long as the grant gives something on some table."""
        if account_of(grant.principal) or is_organization(grant.principal):
            return ""
        held = Held(grant, all_of([grant.origin.exists]))
        first = ""
        alike: set[tuple[object, ...]] = set()
        for table in self._candidates(grant):
            if not self._lake.table_rights.of_grant(held, table) and not self._describes(grant, table):
                continue
            if alike and self._kind(principal, table) in alike:
                continue
            missing = self._on_table(grant, principal, table)
            if not missing:
                return ""
            first = first or missing
            alike.add(self._kind(principal, table))
        return first

    def _kind(self, principal: Principal, table: Table) -> tuple[object, ...]:
        """What tables of which one grant gives the same, or as little, have in common."""
        alone = self._lake.locations.of_table(table).location is None or principal.account != table.account
        shape = self._lake.table_rights.shape(table)
        return shape, self._doors.profile(table), self._doors.asking.kind(principal, table), id(table) if alone else 0

    def _candidates(self, grant: Grant) -> Iterator[Table]:
        """The tables that the grant may be on; for a grant of DESCRIBE alone on a database, those of the database."""
        resource = grant.resource
        catalog = (resource.catalog, resource.region or grant.region)
        if catalog not in self._named:
            return
        if resource.type in _ON_TABLES and resource.type is not ResourceType.TABLE_EXPRESSION:
            found = self._named[catalog].fitting(resource.database, "" if resource.table == "*" else resource.table)
        elif resource.type is ResourceType.DATABASE:
            found = self._named[catalog].fitting(resource.database)
        else:
            found = self._tables[catalog]
        yield from (table for table in found if table.target is None)

    def _describes(self, grant: Grant, table: Table) -> bool:
        resource = grant.resource
        return resource.type is ResourceType.DATABASE and resource.database == table.database

    def _on_table(self, grant: Grant, principal: Principal, table: Table) -> str:
        away = principal.account != table.account
        if away and grant.account == table.account and not self._lake.shares_directly(table):
            return "cross-account version 3 or later in the owner's settings, to share with a principal of another account"
        if away and grant.account == principal.account and not self._passed_on(grant, principal, table):
            return self._no_share(grant, principal, table)
        return self._of_iam(grant, principal, table) or (self._of_link(principal, table) if away else "")

    def _passed_on(self, grant: Grant, principal: Principal, table: Table) -> bool:
        shared = self._lake.shared_with(principal.account, table)
        local = self._lake.table_rights.of_grant(Held(grant, TRUE), table)
        if not local:
            return True
        both = (intersection(right, share, table, self._lake.passable(share, grant)) for right in local for share in shared)
        return any(each is not None for each in both)

    def _no_share(self, grant: Grant, principal: Principal, table: Table) -> str:
        what = "+".join(sorted(grant.permissions))
        return (
            f"a share of {shown(table.database)}.{shown(table.name)} from account {shown(table.account)} to account"
            f" {shown(principal.account)} with the grant option for {what}"
        )

    def _of_iam(self, grant: Grant, principal: Principal, table: Table) -> str:
        """What IAM or the location withholds; each permission that shows or changes data is judged, DESCRIBE where there is no other."""
        rights = self._lake.table_rights.of_grant(Held(grant, TRUE), table)
        held = frozenset().union(*(right.permissions for right in rights))
        telling = sorted(held - {DESCRIBE}, key=lambda each: (each != SELECT, each))
        if not telling:
            return self._refused(principal, table, "glue:GetDatabase" if self._describes(grant, table) else "glue:GetTable")
        first = ""
        for permission in telling:
            missing = self._withheld(principal, table, permission)
            if not missing:
                return ""
            first = first or missing
        return first

    def _withheld(self, principal: Principal, table: Table, permission: str) -> str:
        refused = self._refused(principal, table, CATALOG_ACTIONS[permission])
        if refused or permission not in NEEDS_DATA:
            return refused
        if self._doors.asking.credentials(principal).refused:
            return "lakeformation:GetDataAccess"
        if not self._doors.from_location(table, permission).refused:
            return ""
        registration = self._lake.locations.of_table(table)
        if registration.location is None:
            by_iam = self._doors.alone(principal, table, permission)
            return f"the registration of {shown(table.location)} with Lake Formation" if by_iam.refused else ""
        role = shown(registration.location.role) if registration.location.role else "Lake Formation's service-linked role"
        verb = "read" if permission == SELECT else "write"
        return f"a registration role that can {verb} {shown(table.location)} and use its key: {role} cannot"

    def _refused(self, principal: Principal, table: Table, action: str) -> str:
        if not self._doors.asking.catalog(principal, table, action, shared=True).refused:
            return ""
        on = shown(table.database) if action.endswith("Database") else f"{shown(table.database)}.{shown(table.name)}"
        return f"{action} on {on}, its database and its catalog" if not action.endswith("Database") else f"{action} on {on} and its catalog"

    def _of_link(self, principal: Principal, table: Table) -> str:
        """What a reader by name lacks; engines that take a catalog id read without it."""
        where = f"account {shown(principal.account)}"
        links = self._lake.links(principal.account, table)
        if not links:
            if not self._doors.people.is_ours(principal.account):
                return ""
            return f"a resource link to {shown(table.database)} in {where}; without it only engines that take a catalog id read the table"
        if all(self._lake.sees_link(principal, link) == FALSE for link in links):
            names = ", ".join(shown(link.name) for link in links)
            return f"DESCRIBE on the resource link {names} in {where}; without it only engines that take a catalog id read the table"
        return ""


class _Named:
    """The tables of one catalog by name."""

    def __init__(self, tables: list[Table]) -> None:
        self._tables = tables
        self._by_database: dict[str, list[Table]] = {}
        self._by_name: dict[tuple[str, str], list[Table]] = {}
        self._uncertain = [each for each in tables if has_hole(each.database) or has_hole(each.name)]
        for each in tables:
            if not has_hole(each.database) and not has_hole(each.name):
                self._by_database.setdefault(each.database, []).append(each)
                self._by_name.setdefault((each.database, each.name), []).append(each)

    def fitting(self, database: str, name: str = "") -> list[Table]:
        """Those that may be of these names; of any name when it is left out."""
        database, name = lower(database), lower(name)
        if has_hole(database) or has_hole(name):
            return [each for each in self._tables if _may_be(each, database, name)]
        sure = self._by_name.get((database, name), []) if name else self._by_database.get(database, [])
        return [*sure, *(each for each in self._uncertain if _may_be(each, database, name))]


def _may_be(table: Table, database: str, name: str) -> bool:
    return same_name(table.database, database) != FALSE and (not name or same_name(table.name, name) != FALSE)


def _dead(principal: str, grant: Grant, missing: str) -> DeadGrant:
    return DeadGrant(principal=principal, what=in_short(grant), missing=missing, origin=grant.origin)


def _without_path(arn: str) -> tuple[str, str]:
    """Everything before the path of an ARN, and the last name of it."""
    return arn.partition("/")[0], arn.rpartition("/")[2]
