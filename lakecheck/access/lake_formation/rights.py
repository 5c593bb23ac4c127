"""What grants give on one table: columns, rows and permissions, each with the grants behind it and what it depends on.

Column lists: https://docs.aws.amazon.com/lake-formation/latest/dg/data-filters-about.html
Expressions: https://docs.aws.amazon.com/lake-formation/latest/dg/TBAC-notes.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakecheck.access.lake_formation.names import same_name
from lakecheck.access.lake_formation.permissions import DESCRIBE, SELECT, WHOLE_TABLE, expanded, on_catalog, on_database
from lakecheck.access.model import ALL_ROWS
from lakecheck.estate.model import ResourceType
from lakecheck.estate.sources import lower
from lakecheck.formula import FALSE, TRUE, Formula, Unresolved, all_of
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.access.lake_formation.grants import Held, Holdings
    from lakecheck.access.lake_formation.tags import EffectiveTags, Expression
    from lakecheck.estate.model import CellsFilter, Estate, Grant, Table


@dataclass(frozen=True, slots=True)
class Right:
    """Permissions on a part of a table.

    Attributes:
        columns: The columns; None for all, whatever columns the table has.
        rows: The row filter's text; `ALL_ROWS` when there is none.
        permissions: Those of a table, ALL taken apart; `DROP_DATABASE` for what comes of its database.
        grantable: Those that may be passed on.
        when: True, or what it depends on.
        grants: The grants behind it: the principal's own first, then the share it rests on.
    """

    columns: tuple[str, ...] | None
    rows: str
    permissions: frozenset[str]
    grantable: frozenset[str]
    when: Formula
    grants: tuple[Grant, ...]


class TableRights:
    """Turns grants into rights on tables.

    Args:
        estate: Whose data cells filters count.
        tags: The effective LF-Tags.
    """

    def __init__(self, estate: Estate, tags: EffectiveTags) -> None:
        self._tags = tags
        self._filters: dict[tuple[str, str, str, str, str], CellsFilter] = {
            (each.account, each.region, lower(each.database), lower(each.table), each.name): each for each in estate.cells_filters
        }
        self._by_expression: dict[tuple[Expression, int], tuple[tuple[Formula, tuple[str, ...] | None], ...]] = {}
        self._by_grant: dict[tuple[int, int], tuple[Right, ...]] = {}
        self._of: dict[tuple[int, str, int, Table | None], tuple[Right, ...]] = {}
        self._shapes: dict[Table, int] = {}
        self._numbers: dict[tuple[Any, ...], int] = {}

    def of(self, holdings: Holdings, table: Table, account: str) -> tuple[Right, ...]:
        """What holdings give on a table; the same object for tables that no grant, tag or column tells apart.

        Args:
            holdings: The grants of one principal or account.
            table: The table.
            account: Only grants made in this account count.
        """
        place = (table.account, table.region, table.database)
        alone = bool(holdings.uncertain) or (place, table.name) in holdings.by_table
        key = (id(holdings), account, self.shape(table), table if alone else None)
        found = self._of.get(key)
        if found is None:
            by_tag = holdings.by_expression.get((table.account, table.region), ())
            tagged = [right for held in by_tag if held.grant.account == account for right in self._by_tag(held, table)]
            named = [right for held in holdings.on(table) if held.grant.account == account for right in self._of_named(held, table)]
            whole = [
                right
                for held in holdings.others
                if held.grant.account == account and held.grant.resource.catalog == table.account
                for right in _of_catalog(held, table)
            ]
            found = self._of[key] = (*tagged, *named, *whole)
        return found

    def of_grant(self, held: Held, table: Table) -> list[Right]:
        """What one grant gives on a table."""
        by_tag = held.grant.resource.type in {ResourceType.TABLE_EXPRESSION, ResourceType.DATABASE_EXPRESSION}
        return list(self._of_expression(held, table) if by_tag else self._of_named(held, table))

    def filter_of(self, grant: Grant) -> CellsFilter | None:
        """The data cells filter that a grant names; None when no template has it."""
        resource = grant.resource
        region = resource.region or grant.region
        return self._filters.get((resource.catalog, region, lower(resource.database), lower(resource.table), resource.filter))

    def columns_matching(self, expression: Expression, table: Table) -> tuple[tuple[Formula, tuple[str, ...] | None], ...]:
        """The columns that an expression matches, those that depend on the same together; None for all of them."""
        key = (expression, self.shape(table))
        found = self._by_expression.get(key)
        if found is None:
            found = self._by_expression[key] = tuple(self._matching(expression, table))
        return found

    def shape(self, table: Table) -> int:
        """A number that tables share when they are in one database and have the same columns with the same LF-Tags."""
        found = self._shapes.get(table)
        if found is None:
            place = (table.account, table.region, table.database)
            complete = bool(table.columns) and not table.unknown
            its = (
                place,
                self._tags.of_table(table),
                tuple(self._tags.overrides(table).items()),
                table.columns,
                "" if complete else table.name,
            )
            found = self._shapes[table] = self._numbers.setdefault(its, len(self._numbers))
        return found

    # --- inside ------------------------------------------------------------------------------------------------------------------------

    def _matching(self, expression: Expression, table: Table) -> Iterator[tuple[Formula, tuple[str, ...] | None]]:
        base = self._tags.matches(expression, self._tags.of_table(table))
        overrides = self._tags.overrides(table)
        if not overrides:
            if base != FALSE:
                yield base, None
            return
        names = (*table.columns, *(each for each in overrides if each not in set(table.columns)))
        by_formula: dict[Formula, list[str]] = {}
        for column in names:
            matched = self._tags.matches(expression, overrides[column]) if column in overrides else base
            if matched != FALSE:
                by_formula.setdefault(matched, []).append(column)
        rest_unknown = bool(table.unknown) or not table.columns
        if len(by_formula) == 1 and len(next(iter(by_formula.values()))) == len(names) and (base != FALSE or not rest_unknown):
            yield next(iter(by_formula)), None
            return
        for formula, columns in by_formula.items():
            yield formula, tuple(columns)
        if rest_unknown and base != FALSE:
            yield all_of([base, which_others(table)]), None

    def _by_tag(self, held: Held, table: Table) -> tuple[Right, ...]:
        key = (id(held), self.shape(table))
        found = self._by_grant.get(key)
        if found is None:
            found = self._by_grant[key] = tuple(self._of_expression(held, table))
        return found

    def _of_expression(self, held: Held, table: Table) -> Iterator[Right]:
        grant = held.grant
        expression = grant.resource.expression
        if grant.resource.type is ResourceType.DATABASE_EXPRESSION:
            matched = self._tags.matches(expression, self._tags.of_database((table.account, table.region, table.database)))
            yield from _of_database(held, matched)
            return
        permissions, grantable = expanded(grant.permissions), expanded(grant.grantable)
        for formula, columns in self.columns_matching(expression, table):
            when = all_of([held.when, formula])
            if when != FALSE:
                yield Right(columns, ALL_ROWS, permissions - WHOLE_TABLE, grantable - WHOLE_TABLE, when, (grant,))
        if permissions & WHOLE_TABLE:
            when = all_of([held.when, self._matches_whole(expression, table)])
            if when != FALSE:
                yield Right(None, ALL_ROWS, permissions & WHOLE_TABLE, grantable & WHOLE_TABLE, when, (grant,))

    def _matches_whole(self, expression: Expression, table: Table) -> Formula:
        """Whether an expression matches every column of a table."""
        overrides = self._tags.overrides(table)
        base = self._tags.matches(expression, self._tags.of_table(table))
        if not overrides:
            return base
        rest = bool(table.unknown) or not table.columns
        of_columns = [self._tags.matches(expression, self._tags.of_column(table, column)) for column in table.columns]
        return all_of([*of_columns, *(self._tags.matches(expression, tags) for tags in overrides.values()), base if rest else TRUE])

    def _of_named(self, held: Held, table: Table) -> Iterator[Right]:
        grant, resource = held.grant, held.grant.resource
        if resource.type is ResourceType.DATABASE:
            yield from _of_database(held, TRUE)
            return
        permissions, grantable = expanded(grant.permissions), expanded(grant.grantable)
        if resource.type is ResourceType.TABLE:
            yield Right(None, ALL_ROWS, permissions, grantable, held.when, (grant,))
        elif resource.type is ResourceType.COLUMNS:
            on_columns = frozenset({SELECT, DESCRIBE})
            for columns, sure in _chosen(table, resource.columns, resource.excluded):
                when = all_of([held.when, sure])
                yield Right(columns, ALL_ROWS, permissions & on_columns, grantable & on_columns, when, (grant,))
        elif resource.type is ResourceType.CELLS_FILTER:
            yield from self._of_filter(held, table, permissions, grantable)

    def _of_filter(self, held: Held, table: Table, permissions: frozenset[str], grantable: frozenset[str]) -> Iterator[Right]:
        """DESCRIBE and DROP on a filter are about the filter itself, so SELECT alone is about data."""
        grant = held.grant
        found = self.filter_of(grant)
        if SELECT not in permissions:
            return
        right = frozenset({SELECT, DESCRIBE})
        grantable &= right
        if found is not None:
            for columns, sure in _chosen(table, found.columns, found.excluded):
                yield Right(columns, found.rows, right, grantable, all_of([held.when, sure, found.origin.exists]), (grant,))
            return
        perhaps = [each for each in self._filters.values() if self._may_be(grant, each)]
        if perhaps:
            unknown = Unresolved(f"what the data cells filter {shown(grant.resource.filter)} leaves out, whose name is not known")
            yield Right(None, ALL_ROWS, right, grantable, all_of([held.when, unknown]), (grant,))

    def _may_be(self, grant: Grant, candidate: CellsFilter) -> bool:
        resource = grant.resource
        if (candidate.account, candidate.region) != (resource.catalog, resource.region or grant.region):
            return False
        pairs = ((candidate.database, resource.database), (candidate.table, resource.table))
        named = all(same_name(lower(one), lower(other)) != FALSE for one, other in pairs)
        return named and same_name(candidate.name, resource.filter) != FALSE


def intersection(local: Right, shared: Right, table: Table, passed: frozenset[str]) -> Right | None:
    """What is left of a right that rests on a share: what both give.

    Args:
        local: What the consumer's administrators granted.
        shared: What the owner granted to the consumer's account.
        table: The owner's table.
        passed: The permissions of the share that could be passed on.
    """
    permissions, when = local.permissions & passed, all_of([local.when, shared.when])
    columns = _common(local.columns, shared.columns, table)
    if not permissions or when == FALSE or columns == ():
        return None
    rows = local.rows if shared.rows in {ALL_ROWS, local.rows} else shared.rows
    if local.rows != ALL_ROWS and shared.rows not in {ALL_ROWS, local.rows}:
        rows = f"({shared.rows}) AND ({local.rows})"
    return Right(columns, rows, permissions, local.grantable & passed, when, (*local.grants, *shared.grants))


def by_column(rights: Iterable[Right], table: Table, permission: str) -> dict[str, dict[str, list[Right]]]:
    """Column by column and row filter by row filter, the rights that give a permission; the plain form that grouping must agree with."""
    found: dict[str, dict[str, list[Right]]] = {column: {} for column in table.columns}
    for right in rights:
        if permission not in right.permissions:
            continue
        for column in table.columns if right.columns is None else right.columns:
            found.setdefault(column, {}).setdefault(right.rows, []).append(right)
    return found


def _of_database(held: Held, matched: Formula) -> Iterator[Right]:
    permissions, when = on_database(held.grant.permissions), all_of([held.when, matched])
    if permissions and when != FALSE:
        yield Right(None, ALL_ROWS, permissions, on_database(held.grant.grantable), when, (held.grant,))


def _of_catalog(held: Held, table: Table) -> Iterator[Right]:
    """What ALL on a catalog gives on its tables, which is documented for catalogs beside the account's own only.

    https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html
    """
    permissions = on_catalog(held.grant.permissions) if held.grant.resource.type is ResourceType.CATALOG else frozenset()
    if permissions and (held.grant.resource.region or held.grant.region) == table.region:
        perhaps = Unresolved(f"whether ALL on the catalog of account {shown(table.account)} gives everything on its tables")
        when = all_of([held.when, perhaps])
        yield Right(None, ALL_ROWS, permissions, on_catalog(held.grant.grantable), when, (held.grant,))


def _chosen(table: Table, included: tuple[str, ...] | None, excluded: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...] | None, Formula]]:
    """The columns that a list gives; those that the table has not do not count where its columns are known."""
    complete = bool(table.columns) and not table.unknown
    if included is not None:
        wanted = {lower(each) for each in included}
        kept = tuple(each for each in table.columns if each in wanted) if complete else tuple(lower(each) for each in included)
        if kept:
            yield (None if complete and len(kept) == len(table.columns) else kept), TRUE
        return
    left_out = {lower(each) for each in excluded}
    if not left_out or (complete and left_out.isdisjoint(table.columns)):
        yield None, TRUE
        return
    kept = tuple(each for each in table.columns if each not in left_out)
    if kept:
        yield kept, TRUE
    if not complete:
        yield None, which_others(table)


def which_others(table: Table) -> Formula:
    """What a right on all but some columns depends on where not all columns are known."""
    why = "; ".join(table.unknown) if table.unknown else "no template says"
    return Unresolved(f"which other columns {shown(table.database)}.{shown(table.name)} has: {why}")


def _common(one: tuple[str, ...] | None, other: tuple[str, ...] | None, table: Table) -> tuple[str, ...] | None:
    if one is None or other is None:
        return other if one is None else one
    both = set(one) & set(other)
    order = {column: place for place, column in enumerate(table.columns)}
    return tuple(sorted(both, key=lambda column: (order.get(column, len(order)), column)))
