"""Lake Formation's grants of one state, right by right, so that two states can be compared whatever resources state them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from lakecheck.access.lake_formation.core import LakeFormation
from lakecheck.access.lake_formation.names import everybody_in, permission_set, same_name
from lakecheck.access.lake_formation.permissions import TABLE_PERMISSIONS, expanded
from lakecheck.access.lake_formation.tags import in_words
from lakecheck.access.model import ALL_ROWS
from lakecheck.estate.arns import account_in
from lakecheck.estate.model import EVERY_PERMISSION, Grant, ResourceType, TagAssociation
from lakecheck.formula import FALSE, TRUE
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from lakecheck.assembly.resources import Origin
    from lakecheck.estate.model import Estate, GovernedResource, Table
    from lakecheck.upgrade.model import Comparison, Node

Place = tuple[str, str]
"""A stack's path and a logical id."""

TableName = tuple[str, str, str, str]
"""Catalog, Region, database, table."""

_EXPRESSIONS: Final = frozenset({ResourceType.TABLE_EXPRESSION, ResourceType.DATABASE_EXPRESSION})
_OF_TABLE: Final = frozenset({ResourceType.TABLE, ResourceType.COLUMNS, ResourceType.CELLS_FILTER})
_MOST_NAMED: Final = 3
_DEPLOYED: Final = (
    "principals", "buckets", "databases", "tables", "locations", "grants", "tag_keys", "tag_associations", "cells_filters", "opt_ins",
)  # fmt: skip
"""What of an estate is there as long as its stack is deployed."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What a right is on, in a form that is equal for equal things; one column at a time."""

    type: ResourceType
    catalog: str
    region: str
    database: str = ""
    table: str = ""
    column: str = ""
    excluded: tuple[str, ...] = ()
    filter: str = ""
    expression: tuple[tuple[str, tuple[str, ...]], ...] = ()
    arn: str = ""

    @property
    def table_name(self) -> TableName:
        """The table that it is, or is in."""
        return self.catalog, self.region, self.database, self.table

    def __str__(self) -> str:
        words = _WORDS.get(self.type)
        if words is not None:
            return words(self)
        name = f"{shown(self.database)}.{shown(self.table)}"
        if self.column:
            return f"{name}.{shown(self.column)}"
        if self.filter:
            return f"{name} through the filter {shown(self.filter)}"
        return f"{name} but for {', '.join(map(shown, self.excluded))}" if self.excluded else name


_WORDS: Final[Mapping[ResourceType, Callable[[Thing], str]]] = {
    ResourceType.TABLE_EXPRESSION: lambda thing: f"tables where {in_words(thing.expression)}",
    ResourceType.DATABASE_EXPRESSION: lambda thing: f"databases where {in_words(thing.expression)}",
    ResourceType.LF_TAG: lambda thing: f"the LF-Tag {in_words(thing.expression)}",
    ResourceType.LOCATION: lambda thing: f"the location {shown(thing.arn)}",
    ResourceType.DATABASE: lambda thing: f"the database {shown(thing.database)}",
    ResourceType.CATALOG: lambda thing: f"the catalog of {shown(thing.catalog)}",
}


@dataclass(frozen=True, slots=True)
class Right:
    """One permission of one principal on one thing; or, when `grantable`, that it may be passed on."""

    account: str
    principal: str
    thing: Thing
    permission: str
    condition: str = ""
    grantable: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """Every name in it."""
        thing = self.thing
        return self.account, self.principal, thing.catalog, thing.database, thing.table, thing.filter, thing.arn

    def may_be(self, other: Right) -> bool:
        """Whether two rights with different names may turn out to be one, as far as their names are open."""
        if (self.thing.type, self.permission, self.grantable) != (other.thing.type, other.permission, other.grantable):
            return False
        return all(same_name(one, another) != FALSE for one, another in zip(self.texts, other.texts, strict=True))


def things(resource: GovernedResource, region: str) -> Iterator[Thing]:
    """What a nested resource stands for, column by column."""
    whole = Thing(
        type=resource.type,
        catalog=resource.catalog,
        region=resource.region or region,
        database=resource.database,
        table=resource.table,
        excluded=tuple(sorted(resource.excluded)),
        filter=resource.filter,
        expression=tuple(sorted((key, tuple(sorted(set(values)))) for key, values in resource.expression)),
        arn=resource.arn,
    )
    if resource.type is ResourceType.COLUMNS and resource.columns is not None:
        yield from (replace(whole, column=column) for column in resource.columns)
    else:
        yield whole


def rights_of(grant: Grant) -> Iterator[Right]:
    """The single rights of a grant."""
    for thing in things(grant.resource, grant.region):
        for permission in sorted(grant.permissions):
            yield Right(grant.account, grant.principal, thing, permission, grant.condition)
        for permission in sorted(grant.grantable):
            yield Right(grant.account, grant.principal, thing, permission, grant.condition, grantable=True)


def place_of(origin: Origin) -> Place:
    """Where something stands, as a key."""
    return origin.stack, origin.logical_id


@dataclass(slots=True)
class State:
    """The rights of one estate, by what they are and by where they stand.

    Attributes:
        rights: The grants that state each right.
        at: The rights that each resource states.
        tags: By thing and key the associations with the value.
        tags_at: What each resource puts on what.
        tables: By their names.
        databases: Their names.
        paths: What stacks are called here that the comparison calls otherwise.
    """

    estate: Estate
    lake: LakeFormation
    rights: dict[Right, list[Grant]] = field(default_factory=lambda: defaultdict(list))
    at: dict[Place, dict[Right, Grant]] = field(default_factory=lambda: defaultdict(dict))
    tags: dict[tuple[Thing, str], list[tuple[str, TagAssociation]]] = field(default_factory=lambda: defaultdict(list))
    tags_at: dict[Place, dict[tuple[Thing, str], str]] = field(default_factory=lambda: defaultdict(dict))
    tables: dict[TableName, Table] = field(default_factory=dict)
    databases: set[tuple[str, str, str]] = field(default_factory=set)
    paths: dict[str, str] = field(default_factory=dict)
    _by_principal: dict[tuple[str, str], list[Right]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, estate: Estate) -> State:
        """The rights of an estate."""
        state = cls(estate=estate, lake=LakeFormation(estate))
        for grant in estate.grants:
            for right in rights_of(grant):
                state.rights[right].append(grant)
                state.at[place_of(grant.origin)][right] = grant
                state._by_principal[right.account, right.principal].append(right)
        for association in estate.tag_associations:
            for thing in things(association.resource, association.region):
                for key, value in association.tags:
                    state.tags[thing, key].append((value, association))
                    state.tags_at[place_of(association.origin)][thing, key] = value
        for table in estate.tables:
            state.tables[table.account, table.region, table.database, table.name] = table
        state.databases = {(each.account, each.region, each.name) for each in estate.databases}
        return state

    def place(self, node: Node) -> Place:
        """Where a resource of the comparison stands here."""
        origin = node.resource.origin
        return self.paths.get(origin.stack, origin.stack), origin.logical_id

    def of_principal(self, account: str, principal: str) -> list[Right]:
        """What is granted in an account to a principal, or to everybody of its account."""
        everybody = everybody_in(account_in(principal))
        others = [] if everybody == principal else self._by_principal.get((account, everybody), [])
        return [*self._by_principal.get((account, principal), []), *others]

    def readers_by(self, key: str, value: str, catalog: str) -> dict[str, set[str]]:
        """Principals with permissions that they hold by expressions in which a key may have a value."""
        found: dict[str, set[str]] = defaultdict(set)
        for right in self.rights:
            allowed = dict(right.thing.expression).get(key, ())
            if right.thing.type in _EXPRESSIONS and right.thing.catalog == catalog and {value, "*"} & set(allowed):
                found[right.principal].add(right.permission)
        return found

    # --- coverage ----------------------------------------------------------------------------------------------------------------------

    def covers(self, right: Right) -> bool:
        """Whether a wider grant gives a right, too."""
        if right.condition:
            return False
        return any(_is_wider(other, right) for other in self.of_principal(right.account, right.principal))

    def gives(self, right: Right, table: Table, columns: tuple[str, ...] | None = None) -> bool:
        """Whether all grants to the principal together give a right's permission on a table, or on these columns of it, on all rows."""
        rows = self._rows(right)
        needed = expanded({right.permission}) if right.permission in EVERY_PERMISSION else {right.permission}
        if right.condition or not needed <= TABLE_PERMISSIONS:
            return False
        held = [
            each
            for name in dict.fromkeys((right.principal, everybody_in(account_in(right.principal))))
            for each in self.lake.table_rights.of(self.lake.grants.of_name(name), table, right.account)
            if each.when == TRUE and each.rows in {ALL_ROWS, rows}
        ]
        wanted = columns if columns is not None else self._columns(right, table)
        for permission in needed:
            fitting = [each for each in held if permission in (each.grantable if right.grantable else each.permissions)]
            if any(each.columns is None for each in fitting):
                continue
            given = {column for each in fitting for column in each.columns or ()}
            if wanted is None or not wanted or not set(wanted) <= given:
                return False
        return True

    def _rows(self, right: Right) -> str:
        found = self._filter(right)
        return ALL_ROWS if found is None else found[1]

    def _filter(self, right: Right) -> tuple[tuple[str, ...] | None, str] | None:
        thing = right.thing
        for each in self.estate.cells_filters:
            if (each.account, each.region, each.database, each.table, each.name) == (*thing.table_name, thing.filter):
                return each.columns, each.rows
        return None

    def _columns(self, right: Right, table: Table) -> tuple[str, ...] | None:
        """The columns that a right is about; None when they are not known."""
        if right.thing.column:
            return (right.thing.column,)
        if table.unknown or not table.columns:
            return None
        return tuple(column for column in table.columns if column not in right.thing.excluded)


def states_of(comparison: Comparison) -> tuple[State, State]:
    """Both states, with HEAD's names of stacks; what is in stacks that are left behind stays deployed, and so is in HEAD, too."""
    left = frozenset(was.path for was, now in comparison.stacks if was is not None and now is None)
    base = comparison.base_under_names_of_head().estate
    state = State.of(base)
    state.paths.update({path: now.path for path, now in comparison.renamed.items()})
    return state, State.of(_with_left_behind(comparison.head.estate, base, left))


def _with_left_behind(head: Estate, base: Estate, left: frozenset[str]) -> Estate:
    if not left:
        return head
    merged: dict[str, Any] = {}
    for name in _DEPLOYED:
        stays = [each for each in getattr(base, name) if each.origin is not None and each.origin.stack in left]
        merged[name] = (*getattr(head, name), *stays)
    return replace(head, **merged)


def _is_wider(other: Right, right: Right) -> bool:
    if other.condition or (right.grantable and not other.grantable):
        return False
    if other.permission != right.permission and other.permission not in EVERY_PERMISSION:
        return False
    return _holds(other.thing, right.thing)


def _holds(wide: Thing, thing: Thing) -> bool:
    """Whether a thing contains another one."""
    if wide == thing:
        return True
    if (wide.catalog, wide.region) != (thing.catalog, thing.region):
        return False
    if wide.type in _EXPRESSIONS or wide.type is ResourceType.LF_TAG:
        return wide.type is thing.type and _is_looser(dict(wide.expression), dict(thing.expression))
    if wide.type is ResourceType.LOCATION:
        return thing.type is ResourceType.LOCATION and thing.arn.startswith(f"{wide.arn}/")
    return {wide.type, thing.type} <= _OF_TABLE and wide.database == thing.database and _holds_columns(wide, thing)


def _holds_columns(wide: Thing, thing: Thing) -> bool:
    if wide.type is ResourceType.TABLE:
        return wide.table in {"*", thing.table}
    if wide.type is ResourceType.COLUMNS and not wide.column and wide.table == thing.table and thing.type is ResourceType.COLUMNS:
        left_out = {thing.column} if thing.column else set(wide.excluded) - set(thing.excluded)
        return left_out.isdisjoint(wide.excluded)
    return False


def _is_looser(wide: Mapping[str, tuple[str, ...]], narrow: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether an expression matches whatever another one matches."""
    return bool(wide) and all(key in narrow and ("*" in values or set(narrow[key]) <= set(values)) for key, values in wide.items())


# --- in words ----------------------------------------------------------------------------------------------------------------------------


def who(principal: str) -> str:
    """A principal for people: `role/PiiReader`, `permission-set/DataAnalyst`, `account 111122223333`, else the text as it stands."""
    of_set = permission_set(principal)
    if of_set is not None:
        return f"permission-set/{shown(of_set[1])}"
    text = shown(principal)
    if text.isdecimal():
        return f"account {text}"
    _, is_iam, name = text.partition(":iam::")
    return name.partition(":")[2] if is_iam and ":" in name else text


def lines(rights: Sequence[Right]) -> list[str]:
    """Rights in words, one thing each: `SELECT+DESCRIBE on sales.orders, with grant option`."""
    by_thing: dict[tuple[Thing, bool], list[str]] = defaultdict(list)
    for right in rights:
        by_thing[replace(right.thing, column=""), right.grantable].append(right.permission)
    columns: dict[tuple[Thing, bool], dict[str, None]] = defaultdict(dict)
    for right in rights:
        if right.thing.column:
            columns[replace(right.thing, column=""), right.grantable][shown(right.thing.column)] = None
    said: dict[str, None] = {}
    for (thing, grantable), permissions in by_thing.items():
        if grantable and set(permissions) <= set(by_thing.get((thing, False), ())):
            continue
        option = ", with grant option" if grantable or _same(by_thing.get((thing, True)), permissions) else ""
        only = columns.get((thing, grantable))
        of_columns = f" ({', '.join(only)})" if only else ""
        said[f"{'+'.join(dict.fromkeys(sorted(permissions)))} on {thing}{of_columns}{option}"] = None
    return list(said)


def _same(one: list[str] | None, other: list[str]) -> bool:
    return one is not None and set(one) == set(other)


def few(texts: Iterable[str], most: int = _MOST_NAMED) -> str:
    """The first of several, and how many more there are."""
    several = list(dict.fromkeys(texts))
    more = f" and {len(several) - most} more" if len(several) > most else ""
    return ", ".join(several[:most]) + more
