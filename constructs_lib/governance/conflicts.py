"""What is declared in an account, across constructs and stacks: rights with two owners, and rights that defeat each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from constructs_lib.governance.declared_tags import DeclaredTags
from constructs_lib.governance.resources import CatalogResource
from lakemodel.errors import DataLakeError
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from constructs_lib.governance.tags import LfTagExpression

_READING = frozenset({"ALL", "SELECT"})
_CHANGING = frozenset({"ALL", "ALTER", "DELETE", "DROP", "INSERT"})
_ADD_UP = "rights add up: take one of the two out, or use another principal"
_ONE_OWNER = "a right has one owner, as taking it out of one construct revokes what the other declares"
_SHOWN_THERE = "pass that one as database_permissions, which is where the right to see a database goes"

Place: TypeAlias = tuple[str, str, str]
"""Principal, database, table; a database of another account's catalog is that account and its name (`place_in`)."""


def place_in(catalog: str, database: str) -> str:
    """A database as it is known here: by its name, or by account and name when it is in another account's catalog."""
    return f"{catalog}:{database}" if catalog else database


@dataclass(frozen=True, slots=True)
class Filter:
    """A grant of some rows of a table.

    Attributes:
        principal: Who has it, by the one name that all its spellings have.
        database: Its database, as `place_in` knows it.
        columns: The filter's columns, as far as they are known, in lower case.
        name: What it is called; equal filters are called the same.
    """

    principal: str
    database: str
    table: str
    columns: frozenset[str]
    name: str

    @property
    def place(self) -> Place:
        """Where it stands."""
        return (self.principal, self.database, self.table)


@dataclass(slots=True)
class _Owner:
    """What one construct declares that can only be judged in the end."""

    filters: list[Filter] = field(default_factory=list)
    lists: dict[Place, None] = field(default_factory=dict)
    changing: dict[tuple[str, LfTagExpression], set[str]] = field(default_factory=dict)
    expressions: dict[LfTagExpression, None] = field(default_factory=dict)


class DeclaredRights:
    """The rights and LF-Tags that are declared in one account, whichever construct and stack declares them.

    Misuse that two declarations show raises with the second. What takes all of them is told by `problems`, to the construct whose
    declaration it is about, so that it is told once. Everything is kept by principal and table: a declaration is looked up, never
    compared with all others.

    Attributes:
        tags: The LF-Tags on databases, tables and columns.
    """

    def __init__(self) -> None:
        self.tags = DeclaredTags()
        self._by_owner: dict[str, _Owner] = {}
        self._owners: dict[tuple[str, CatalogResource], dict[str, str]] = {}
        self._columns: dict[Place, dict[str, str]] = {}
        self._whole: set[Place] = set()
        self._filters: dict[Place, list[Filter]] = {}
        self._filter_owners: dict[tuple[str, str, str], str] = {}
        self._alone: dict[tuple[str, CatalogResource], str] = {}
        self._opt_ins: dict[tuple[str, CatalogResource], str] = {}
        self._narrowed: dict[tuple[str, str], dict[str, None]] = {}
        self._passing: set[str] = set()
        self._by_tag: dict[tuple[str, str], dict[LfTagExpression, None]] = {}

    def add_grant(
        self,
        owner: str,
        principal: str,
        resource: CatalogResource,
        permissions: Collection[str],
        *,
        catalog: str = "",
        passes_on: bool = False,
        alone: bool = False,
    ) -> None:
        """Notes a grant.

        Args:
            owner: Path of the construct that declares it.
            principal: Who gets it, by the one name that all its spellings have.
            resource: On what.
            permissions: What.
            catalog: The account whose catalog the resource is in; empty for this account's own.
            passes_on: Whether the principal is an account or a part of the organisation, which reads nothing itself: what it is given is
                for different readers, and one's wider grant makes no other's filter void.
            alone: Whether no other construct may grant the principal anything on the resource, because the right is known by the two alone.

        Raises:
            DataLakeError: `declared_twice` when another construct declares one of these rights; `filter_void` when a filter or a list of
                columns of the same principal says nothing any more.
        """
        self._own_alone(owner, principal, resource, alone=alone)
        if passes_on:
            self._passing.add(principal)
        if resource.columns is None:
            self._own(owner, principal, resource, permissions)
        else:
            self._own_columns(owner, (principal, place_in(catalog, resource.database), resource.table), resource.columns)
        if resource.kind in {"Table", "TableWithColumns"} and not passes_on and _READING.intersection(permissions):
            self._read(owner, (principal, place_in(catalog, resource.database), resource.table), resource.columns)

    def add_tag_grant(
        self, owner: str, principal: str, expression: LfTagExpression, permissions: Iterable[str], *, catalog: str = ""
    ) -> None:
        """Notes that a grant on tables is by LF-Tags, so that it is held against their tags in the end; `catalog` as for `add_grant`."""
        granted = set(permissions)
        if granted & _READING:
            self._by_tag.setdefault((principal, catalog), {})[expression] = None
        if catalog:
            return
        mine = self._of(owner)
        mine.expressions[expression] = None
        if granted & _CHANGING:
            mine.changing.setdefault((principal, expression), set()).update(granted & _CHANGING)

    def add_opt_in(self, owner: str, principal: str, resource: CatalogResource) -> None:
        """Notes that a principal opted in.

        Raises:
            DataLakeError: `declared_twice`, if another construct declares it.
        """
        other = self._opt_ins.setdefault((principal, resource), owner)
        if other != owner:
            self._refuse_twice(owner, f"an opt-in on {resource.owner}", principal, other, "declare it in one of the two")

    def add_filter(self, owner: str, added: Filter, *, passes_on: bool = False, made: bool = True) -> None:
        """Notes a grant of some rows; `passes_on` as for `add_grant`.

        Args:
            owner: Path of the construct that declares it.
            added: The filter, as the principal has it.
            passes_on: As for `add_grant`.
            made: Whether the construct makes the filter as well, and not only grants it.

        Raises:
            DataLakeError: `filter_void`, `too_many_filters`; `declared_twice`, if another construct has an equal one.
        """
        place = added.place
        if not made and any(each.name == added.name for each in self._filters.get(place, [])):
            return
        other = self._filter_owners.setdefault((added.database, added.table, added.name), owner) if made else owner
        if other != owner:
            msg = (
                f"got a filter of rows of {_table(*place[1:])} that is equal to one of {other}; it would be made twice: grant both in one "
                "construct"
            )
            raise DataLakeError(msg, code="declared_twice", where=owner)
        filters = self._filters.setdefault(place, [])
        filters.append(added)
        if not passes_on:
            self._of(owner).filters.append(added)
            self._narrowed.setdefault(place[:2], {})[place[2]] = None
            self._refuse_void(owner, [self._void_rows(added)])
        most = limit(Quota.LF_FILTERS_PER_PRINCIPAL_AND_TABLE)
        if len(filters) > most.value:
            msg = f"got {len(filters)} filters of {place[0]} on {_table(*place[1:])}; allowed are {most}: put conditions together with OR"
            raise DataLakeError(msg, code="too_many_filters", where=owner)

    def expressions_of(self, principal: str, catalog: str = "") -> Mapping[LfTagExpression, None]:
        """What the principal reads by LF-Tags; `catalog` as for `add_grant`."""
        return self._by_tag.get((principal, catalog), {})

    def gives(self, account: str, resource: CatalogResource, permission: str) -> bool:
        """Whether another account, by itself or in an organisation, can pass this permission on."""
        whole: list[CatalogResource] = [] if resource.columns is not None else [resource]
        if resource.kind in {"Table", "TableWithColumns"}:
            table = CatalogResource.table_named(resource.database, resource.table)
            whole += [table, CatalogResource.all_tables(resource.database)]
        for holder in self._passing:
            if holder != account and ":organizations::" not in holder:
                continue
            held = [self._owners.get((holder, each), {}) for each in whole]
            columns = self._columns.get((holder, resource.database, resource.table), {})
            if any("ALL" in each or permission in each for each in held):
                return True
            if resource.columns is not None and {each.lower() for each in resource.columns} <= columns.keys():
                return True
        return False

    def problems(self, owner: str, *, elsewhere: Callable[[str], Iterable[DeclaredRights]] | None = None) -> Iterator[str]:
        """What is wrong with the declarations of one construct, now that all are known: each with its code.

        Args:
            owner: Path of the construct.
            elsewhere: What the app declares in another account, by its id; nothing is known of others when left out.
        """
        mine = self._of(owner)
        for each in mine.filters:
            for void in self._void_in_the_end(each.place, each.columns, "filter of rows", elsewhere, every=False):
                yield f"filter_void: {void}; {_ADD_UP}"
        for place in mine.lists:
            for void in self._void_in_the_end(place, self._columns[place], "list of columns", elsewhere, every=True):
                yield f"filter_void: {void}; {_ADD_UP}"
        for (principal, expression), permissions in mine.changing.items():
            for partial in self.tags.partly_matched(expression):
                yield (
                    f"partial_expression: got {', '.join(sorted(permissions))} for {principal} where {expression}, which matches only "
                    f"some columns of {partial}; Lake Formation then gives DESCRIBE, or for ALL also SELECT, and nothing else: grant it "
                    "by an expression that all columns match, or on the table by name"
                )
        yield from self.tags.unknown(owner, mine.expressions)

    def _of(self, owner: str) -> _Owner:
        found = self._by_owner.get(owner)
        if found is None:
            found = self._by_owner[owner] = _Owner()
        return found

    def _own_alone(self, owner: str, principal: str, resource: CatalogResource, *, alone: bool) -> None:
        key = (principal, resource)
        other = self._alone.get(key, owner)
        if alone and other == owner:
            other = next((each for each in self._owners.get(key, {}).values() if each != owner), owner)
            self._alone[key] = owner
        if other != owner:
            self._refuse_twice(owner, f"a grant on {resource.owner}", principal, other, "declare all of it in one construct")

    def _own(self, owner: str, principal: str, resource: CatalogResource, permissions: Collection[str]) -> None:
        owners = self._owners.setdefault((principal, resource), {})
        for permission, other in owners.items():
            if other != owner and (permission in permissions or permission == "ALL" or "ALL" in permissions):
                is_seen = resource.kind == "Database" and permission == "DESCRIBE"
                remedy = _SHOWN_THERE if is_seen else "declare it in one of the two"
                self._refuse_twice(owner, f"{permission} on {resource.owner}", principal, other, remedy)
        owners.update(dict.fromkeys(permissions, owner))

    def _own_columns(self, owner: str, place: Place, columns: Iterable[str]) -> None:
        owners = self._columns.setdefault(place, {})
        for column in map(str.lower, columns):
            other = owners.setdefault(column, owner)
            if other != owner:
                self._refuse_twice(
                    owner, f"SELECT on column {column} of {_table(*place[1:])}", place[0], other, "declare it in one of the two"
                )

    def _refuse_twice(self, owner: str, what: str, principal: str, other: str, remedy: str) -> None:
        msg = f"got {what} for {principal}, which {other} declares as well; {_ONE_OWNER}: {remedy}"
        raise DataLakeError(msg, code="declared_twice", where=owner)

    def _read(self, owner: str, place: Place, columns: Collection[str] | None) -> None:
        """Notes a grant by name; refuses it when a filter or list of columns of the same principal is void now."""
        if columns is None:
            self._whole.add(place)
        else:
            self._narrowed.setdefault(place[:2], {})[place[2]] = None
            self._of(owner).lists[place] = None
        tables: Iterable[str] = (place[2],) if place[2] != "*" else self._narrowed.get(place[:2], {})
        for table in tables:
            near = (*place[:2], table)
            void = [self._void_columns(near)] if near in self._columns else []
            self._refuse_void(owner, void + [self._void_rows(each) for each in self._filters.get(near, [])])

    def _refuse_void(self, owner: str, found: Iterable[str | None]) -> None:
        void = next(filter(None, found), None)
        if void is not None:
            msg = f"{void}; {_ADD_UP}"
            raise DataLakeError(msg, code="filter_void", where=owner)

    def _void_in_the_end(
        self,
        place: Place,
        columns: Collection[str],
        what: str,
        elsewhere: Callable[[str], Iterable[DeclaredRights]] | None,
        *,
        every: bool,
    ) -> Iterator[str]:
        """The grants that open some (or every one) of these columns: by LF-Tags, or made by the owner of another catalog."""
        principal, database, table = place
        catalog, _, name = database.rpartition(":")
        expressions = self.expressions_of(principal, catalog)
        if not catalog:
            yield from self._void_by_tags(place, columns, what, self.tags, expressions, every=every)
            return
        for owner in () if elsewhere is None else elsewhere(catalog):
            by_owner = {**expressions, **owner.expressions_of(principal)}
            yield from self._void_by_tags(place, columns, what, owner.tags, by_owner, every=every)
            wider = owner.wider((principal, name, table))
            if wider is not None:
                yield f"{principal} reads all of {wider} by a grant of account {catalog}, which makes its {what} void"

    def _void_by_tags(
        self, place: Place, columns: Collection[str], what: str, tags: DeclaredTags, expressions: Iterable[LfTagExpression], *, every: bool
    ) -> Iterator[str]:
        principal, database, table = place
        for expression in expressions:
            opened = tags.matching(expression, database.rpartition(":")[2], table, columns)
            if opened and (not every or len(opened) == len(columns)):
                yield (
                    f"{principal} reads every row of {', '.join(opened)} of {_table(database, table)} through LF-Tags "
                    f"({expression}), which makes its {what} void"
                )

    def wider(self, place: Place) -> str | None:
        """Where the principal reads everything that is in this place."""
        principal, database, table = place
        return next((_table(database, wide) for wide in (table, "*") if (principal, database, wide) in self._whole), None)

    def _void_columns(self, place: Place) -> str | None:
        wider = self.wider(place)
        if wider is None:
            return None
        return f"{place[0]} reads all of {wider}, which makes its list of columns of {_table(*place[1:])} void"

    def _void_rows(self, each: Filter) -> str | None:
        wider = self.wider(each.place)
        open_columns = sorted(each.columns & self._columns.get(each.place, {}).keys())
        if wider is None and not open_columns:
            return None
        what = f"all of {wider}" if wider is not None else f"every row of {', '.join(open_columns)}"
        return f"{each.principal} reads {what}, which makes its filter of rows of {_table(each.database, each.table)} void"


def _table(database: str, table: str) -> str:
    catalog, _, name = database.rpartition(":")
    said = f"{name}.{table}" if table != "*" else f"all tables of {name}"
    return f"{said} of account {catalog}" if catalog else said
