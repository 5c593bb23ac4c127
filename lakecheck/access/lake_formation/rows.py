"""Groups rights into rows: for each action the columns with equal verdicts, each row filter on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakecheck.access.lake_formation.grants import in_short
from lakecheck.access.lake_formation.permissions import ACTIONS, DESCRIBE, DROP_DATABASE, SELECT
from lakecheck.access.lake_formation.rights import Right, which_others
from lakecheck.access.model import ALL_ROWS, Action
from lakecheck.formula import TRUE, Formula, all_of, any_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.assembly.resources import Origin
    from lakecheck.estate.model import Table

_OTHERS: Final = ""
"""Stands for the columns that are not known."""

_KINDS: Final = ((SELECT,), ("INSERT", "DELETE"), ("ALTER",), ("DROP",), (DROP_DATABASE,))


@dataclass(frozen=True, slots=True)
class Row:
    """What rights let do with some columns of a table, before IAM is asked.

    Attributes:
        action: Read, write, alter, drop or grant.
        permission: The permission that lets it, which says what IAM must allow.
        columns: The columns; None for the whole table.
        rows: The row filter.
        when: True, or what it depends on.
        because: The grants, for people.
        origin: Where the widest of them stands.
    """

    action: Action
    permission: str
    columns: tuple[str, ...] | None
    rows: str
    when: Formula
    because: tuple[str, ...]
    origin: Origin | None


def rows_of(rights: Iterable[Right], table: Table) -> tuple[Row, ...]:
    """Every row of one principal on one table.

    Args:
        rights: What it holds; several add up.
        table: The table.
    """
    held = tuple(rights)
    found: list[Row] = []
    for kind in _KINDS:
        fitting = [right for right in held if not right.permissions.isdisjoint(kind)]
        if fitting:
            found.extend(_rows(fitting, table, ACTIONS[kind[0]], kind[0]))
    passing = [right for right in held if right.grantable - {DESCRIBE}]
    if passing:
        found.extend(_rows(passing, table, Action.GRANT, SELECT))
    return tuple(found)


def _rows(rights: list[Right], table: Table, action: Action, permission: str) -> Iterator[Row]:
    if all(right.columns is None for right in rights):
        yield from (_row(action, permission, None, several) for several in _by_filter(rights))
        return
    incomplete = bool(table.unknown) or not table.columns
    named = (column for right in rights for column in right.columns or ())
    names = tuple(dict.fromkeys((*table.columns, *named, *((_OTHERS,) if incomplete else ()))))
    together: dict[tuple[str, Formula], tuple[list[str], dict[Right, None]]] = {}
    verdicts: dict[tuple[Right, ...], tuple[str, Formula]] = {}
    for column in names:
        on_column = [right for right in rights if right.columns is None or column in right.columns]
        for several in _by_filter(on_column):
            if several not in verdicts:
                verdicts[several] = several[0].rows, any_of(right.when for right in several)
            columns, behind = together.setdefault(verdicts[several], ([], {}))
            columns.append(column)
            behind |= dict.fromkeys(several)
    for columns, behind in together.values():
        several = tuple(behind)
        if len(columns) == len(names):
            yield _row(action, permission, None, several)
            continue
        known = tuple(column for column in columns if column != _OTHERS)
        if known:
            yield _row(action, permission, known, several)
        if len(known) < len(columns):
            yield _row(action, permission, None, several, which_others(table))


def _by_filter(rights: list[Right]) -> Iterator[tuple[Right, ...]]:
    """The rights by row filter; those with a filter are void beside one that surely shows every row."""
    by_rows: dict[str, list[Right]] = {}
    for right in rights:
        by_rows.setdefault(right.rows, []).append(right)
    whole = by_rows.get(ALL_ROWS, ())
    if any(right.when == TRUE for right in whole):
        yield tuple(whole)
        return
    yield from (tuple(several) for several in by_rows.values())


def _row(action: Action, permission: str, columns: tuple[str, ...] | None, rights: tuple[Right, ...], also: Formula = TRUE) -> Row:
    widest = min(rights, key=lambda right: (right.when != TRUE, right.columns is not None))
    because = dict.fromkeys(in_short(grant) for right in rights for grant in right.grants)
    when = all_of([also, any_of(right.when for right in rights)])
    return Row(action, permission, columns, rights[0].rows, when, tuple(because), widest.grants[0].origin if widest.grants else None)
