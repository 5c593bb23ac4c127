"""Grants that defeat each other: rights add up, so a wider grant to the same principal makes a filter void."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from constructs_lib.governance.resources import CatalogResource
    from constructs_lib.governance.tags import LfTagExpression

_READING = frozenset({"ALL", "SELECT"})
Place: TypeAlias = tuple[str, str, str]
"""Principal, database, table."""


@dataclass(slots=True)
class Filter:
    """A grant of some rows of a table.

    Attributes:
        principal: Identifier of who has it.
        columns: The filter's columns.
    """

    principal: str
    database: str
    table: str
    columns: frozenset[str]


@dataclass(slots=True)
class ReadingGrants:
    """What lets principals read.

    Attributes:
        filters: Grants of some rows.
        whole: Principal, database and table (`*` for all tables) of grants of every column of every row.
        columns: The columns of grants of some columns of every row.
        by_tag: Principal and expression of grants by LF-Tags.
    """

    filters: list[Filter] = field(default_factory=list)
    whole: set[Place] = field(default_factory=set)
    columns: dict[Place, set[str]] = field(default_factory=dict)
    by_tag: list[tuple[str, LfTagExpression]] = field(default_factory=list)

    def add_filter(self, added: Filter) -> str | None:
        """Notes a filter; says what makes it void, if something does."""
        self.filters.append(added)
        return self._void_rows(added)

    def add_grant(self, principal: str, resource: CatalogResource, permissions: Iterable[str]) -> str | None:
        """Notes a grant by name; says which filter or list of columns of the same principal is void now, if one is."""
        if not _READING.intersection(permissions) or resource.kind not in {"Table", "TableWithColumns"} or _foreign(resource):
            return None
        place = (principal, resource.database, resource.table)
        columns = resource.columns
        if columns is None:
            self.whole.add(place)
        else:
            self.columns.setdefault(place, set()).update(columns)
        beside = [place] if resource.table != "*" else [other for other in self.columns if other[:2] == place[:2]]
        void = [self._void_columns(other) for other in beside if other in self.columns]
        void += [self._void_rows(each) for each in self.filters if each.principal == principal]
        return next(filter(None, void), None)

    def void_by_tags(self, tags_of: Mapping[tuple[str, ...], Mapping[str, str]]) -> Iterator[str]:
        """The filters that a grant by tags makes void, as far as the tags are known."""
        for each in self.filters:
            inherited = {**tags_of.get((each.database,), {}), **tags_of.get((each.database, each.table), {})}
            for principal, expression in self.by_tag:
                if principal != each.principal:
                    continue
                open_columns = [
                    column
                    for column in sorted(each.columns)
                    if expression.matches({**inherited, **tags_of.get((each.database, each.table, column), {})})
                ]
                if open_columns:
                    yield (
                        f"{principal} reads every row of {', '.join(open_columns)} of {each.database}.{each.table} through LF-Tags "
                        f"({_said(expression)}), which makes its filter of rows void"
                    )

    def _wider(self, place: Place) -> str | None:
        """Where the principal reads everything that is in this place."""
        principal, database, table = place
        return next((_table(database, wide) for wide in (table, "*") if (principal, database, wide) in self.whole), None)

    def _void_columns(self, place: Place) -> str | None:
        wider = self._wider(place)
        if wider is None:
            return None
        return f"{place[0]} reads all of {wider}, which makes its list of columns of {_table(*place[1:])} void"

    def _void_rows(self, each: Filter) -> str | None:
        place = (each.principal, each.database, each.table)
        wider = self._wider(place)
        open_columns = sorted(each.columns & self.columns.get(place, set()))
        if wider is None and not open_columns:
            return None
        what = f"all of {wider}" if wider is not None else f"every row of {', '.join(open_columns)}"
        return f"{each.principal} reads {what}, which makes its filter of rows of {_table(each.database, each.table)} void"


def _foreign(resource: CatalogResource) -> bool:
    return "CatalogId" in json.loads(resource.body)


def _table(database: str, table: str) -> str:
    return f"{database}.{table}" if table != "*" else f"all tables of {database}"


def _said(expression: LfTagExpression) -> str:
    return ", ".join(f"{key} in {'/'.join(values)}" for key, values in expression.pairs)
