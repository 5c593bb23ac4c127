"""Who decides about a table: Lake Formation, IAM, or, in hybrid access mode, one for some principals and the other for the rest.

IAM_ALLOWED_PRINCIPALS: https://docs.aws.amazon.com/lake-formation/latest/dg/metadata-permissions.html
Hybrid access mode: https://docs.aws.amazon.com/lake-formation/latest/dg/hybrid-access-mode.html
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakecheck.access.lake_formation.grants import in_short
from lakecheck.access.lake_formation.names import exact_names, is_pattern, means
from lakecheck.access.lake_formation.permissions import TABLE_PERMISSIONS
from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, ResourceType
from lakecheck.estate.sources import lower
from lakecheck.formula import FALSE, TRUE, Formula, Unresolved, all_of, any_of, negate
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.access.lake_formation.grants import Grants
    from lakecheck.access.lake_formation.locations import Locations, Registration
    from lakecheck.access.lake_formation.rights import TableRights
    from lakecheck.access.lake_formation.tags import EffectiveTags, Place
    from lakecheck.estate.model import Catalog, Database, Estate, GovernedResource, OptIn, Principal, Table


@dataclass(frozen=True, slots=True)
class Governance:
    """Who decides about one table.

    Attributes:
        registration: Whether its files are under a registered location.
        hybrid: Whether that location is in hybrid access mode.
        iam: By permission, whether `IAM_ALLOWED_PRINCIPALS` holds it, so that IAM alone decides; permissions that it lacks are left out.
        because: Why `IAM_ALLOWED_PRINCIPALS` holds something, for people.
    """

    registration: Registration
    hybrid: bool
    iam: Mapping[str, Formula]
    because: tuple[str, ...] = ()

    def left_to_iam(self, permission: str) -> Formula:
        """Whether `IAM_ALLOWED_PRINCIPALS` holds a permission."""
        return self.iam.get(permission, FALSE)


@dataclass(frozen=True, slots=True)
class Decides:
    """Who decides about one principal on one table.

    Attributes:
        grants: Whether the principal's grants count.
        iam: Whether IAM alone lets it.
    """

    grants: Formula
    iam: Formula


class Authorities:
    """Who decides about each table and principal.

    Args:
        estate: Whose settings, revocations and opt-ins count.
        grants: Its grants.
        rights: What grants give.
        locations: Its registered locations.
        tags: Its effective LF-Tags.
    """

    def __init__(self, estate: Estate, grants: Grants, rights: TableRights, locations: Locations, tags: EffectiveTags) -> None:
        self._catalogs: dict[tuple[str, str], Catalog] = {(each.account, each.region): each for each in estate.catalogs}
        self._databases: dict[Place, Database] = {(each.account, each.region, each.name): each for each in estate.databases}
        self._left = grants.of_name(IAM_ALLOWED_PRINCIPALS)
        self._rights, self._locations, self._tags = rights, locations, tags
        self._revoked: dict[tuple[Place, str], Formula] = {}
        self._revoked_by_expression: list[tuple[GovernedResource, Formula]] = []
        for each in estate.iam_principals_revoked:
            if each.resource.type is ResourceType.TABLE_EXPRESSION:
                self._revoked_by_expression.append((each.resource, each.origin.exists))
            elif each.resource.type is not ResourceType.DATABASE and each.resource.table:
                key = (_place(each.resource, each.region), lower(each.resource.table))
                self._revoked[key] = any_of([self._revoked.get(key, FALSE), each.origin.exists])
        self._opt_ins: dict[str, list[OptIn]] = defaultdict(list)
        for opt_in in estate.opt_ins:
            self._opt_ins["" if is_pattern(opt_in.principal) else opt_in.principal].append(opt_in)
        self._found: dict[Table, Governance] = {}

    def of_table(self, table: Table) -> Governance:
        """Who decides about a table."""
        found = self._found.get(table)
        if found is None:
            found = self._found[table] = self._governance(table)
        return found

    def catalog_of(self, table: Table) -> Catalog | None:
        """The settings of a table's catalog; None when the estate has none."""
        return self._catalogs.get((table.account, table.region))

    def by_default(self, table: Table) -> Formula:
        """Whether the creation of a table gave `IAM_ALLOWED_PRINCIPALS` everything on it, and nothing took it away."""
        return self._default(table)[0]

    def about(self, principal: Principal, table: Table, permission: str) -> Decides:
        """Who decides whether a principal has a permission on a table.

        A principal that is opted in is left to Lake Formation; everybody else to IAM, as long as `IAM_ALLOWED_PRINCIPALS` is there.
        """
        governance = self.of_table(table)
        left = governance.left_to_iam(permission)
        if not governance.hybrid or left == FALSE:
            return Decides(TRUE, left)
        surely, perhaps = self._opted_in(principal, table)
        return Decides(any_of([surely, perhaps, negate(left)]), all_of([left, negate(surely), negate(perhaps)]))

    # --- inside ------------------------------------------------------------------------------------------------------------------------

    def _governance(self, table: Table) -> Governance:
        registration = self._locations.of_table(table)
        hybrid = registration.location is not None and registration.location.hybrid
        iam: dict[str, Formula] = {}
        because: list[str] = []
        default, why = self._default(table)
        if default != FALSE:
            iam = dict.fromkeys(sorted(TABLE_PERMISSIONS), default)
            because.append(why)
        for right in self._rights.of(self._left, table, table.account):
            for permission in sorted(right.permissions):
                iam[permission] = any_of([iam.get(permission, FALSE), right.when])
            because.extend(f"{IAM_ALLOWED_PRINCIPALS}: {in_short(grant)}" for grant in right.grants)
        return Governance(registration, hybrid, iam, tuple(dict.fromkeys(because)))

    def _default(self, table: Table) -> tuple[Formula, str]:
        """What the creation of the table gave to `IAM_ALLOWED_PRINCIPALS`, less what desired state takes away."""
        place = (table.account, table.region, table.database)
        revoked = any_of([self._revoked.get((place, name), FALSE) for name in (table.name, "*")] + [*self._revoked_by_tag(table)])
        database, catalog = self._databases.get(place), self.catalog_of(table)
        stated = database.table_defaults if database is not None else None
        if stated is not None:
            why = f"{IAM_ALLOWED_PRINCIPALS}: ALL on new tables of database {shown(table.database)}, by CreateTableDefaultPermissions"
        elif catalog is not None and catalog.table_defaults is not None:
            stated, why = (
                catalog.table_defaults,
                f"{IAM_ALLOWED_PRINCIPALS}: ALL on new tables, by the settings of account {shown(table.account)}",
            )
        else:
            stated, why = (
                True,
                f"{IAM_ALLOWED_PRINCIPALS}: ALL on new tables, by AWS's default: no template of account {shown(table.account)} changes it",
            )
        return (negate(revoked), why) if stated else (FALSE, "")

    def _revoked_by_tag(self, table: Table) -> Iterator[Formula]:
        for resource, exists in self._revoked_by_expression:
            if resource.catalog == table.account:
                yield all_of([exists, self._tags.matches(resource.expression, self._tags.of_table(table))])

    def _opted_in(self, principal: Principal, table: Table) -> tuple[Formula, Formula]:
        """Whether a principal is opted in on a table, surely and perhaps.

        That an opt-in on a database, or the catalog, covers its tables is not documented, so that both ways stay open there.
        """
        surely: list[Formula] = []
        perhaps: list[Formula] = []
        candidates: list[tuple[OptIn, Formula]] = [(each, TRUE) for name in exact_names(principal) for each in self._opt_ins.get(name, ())]
        candidates += [(each, means(each.principal, principal)) for each in self._opt_ins.get("", ())]
        for opt_in, meant in candidates:
            resource = opt_in.resource
            place = (table.account, table.region, table.database)
            exists = all_of([meant, opt_in.origin.exists])
            if resource.type is ResourceType.TABLE_EXPRESSION and resource.catalog == table.account:
                surely.append(all_of([exists, self._tags.matches(resource.expression, self._tags.of_table(table))]))
            elif resource.type is ResourceType.DATABASE_EXPRESSION and resource.catalog == table.account:
                of_database = self._tags.matches(resource.expression, self._tags.of_database(place))
                perhaps.append(all_of([exists, of_database, _covers_tables(table)]))
            elif resource.type is ResourceType.CATALOG and resource.catalog == table.account:
                perhaps.append(all_of([exists, _covers_tables(table)]))
            elif _place(resource, opt_in.region) != place:
                continue
            elif resource.type is ResourceType.DATABASE:
                perhaps.append(all_of([exists, _covers_tables(table)]))
            elif lower(resource.table) in {table.name, "*"}:
                surely.append(exists)
        return any_of(surely), any_of(perhaps)


def _covers_tables(table: Table) -> Formula:
    return Unresolved(f"whether an opt-in on database {shown(table.database)}, or its catalog, covers its tables")


def _place(resource: GovernedResource, region: str) -> Place:
    return resource.catalog, resource.region or region, lower(resource.database)
