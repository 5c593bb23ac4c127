"""Says what is alike once: columns with the same verdicts, datasets with the same columns, principals with the same of everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from lakecheck.access.model import ALL_ROWS, Access, Action, Dataset, Door, Step
from lakecheck.access.words import ACTIONS, condition
from lakecheck.formula import TRUE, Formula

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lakecheck.access.model import Matrix
    from lakecheck.estate.model import Principal


class Right(NamedTuple):
    """What may be done, apart from who does it and to what."""

    action: Action
    door: Door
    via: tuple[Step, ...] = ()
    rows: str = ALL_ROWS
    conditions: Formula = TRUE
    enforced_by_engine: bool = False

    @property
    def first_door(self) -> Door:
        """The door that a reviewer looks at: that of the first step, or the last one without any."""
        return self.via[0].door if self.via else self.door


class Columns(NamedTuple):
    """Columns that are alike, with what may be done to each; `names` is None for the whole dataset."""

    names: tuple[str, ...] | None
    rights: tuple[Right, ...]


Cell = tuple[Columns, ...]
"""What one principal may do with one dataset; each column stands in one entry at most."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one principal may do with each of several datasets of one environment.

    Attributes:
        principal: Who.
        environment: Where.
        datasets: To what; at least one.
        cell: What, the same for each.
        accesses: The rows behind it, of the first dataset.
    """

    principal: Principal
    environment: str
    datasets: tuple[Dataset, ...]
    cell: Cell
    accesses: tuple[Access, ...]


def right_of(access: Access) -> Right:
    """The access without who and what."""
    return Right(access.action, access.door, access.via, access.rows, access.conditions, access.enforced_by_engine)


def cell_of(accesses: Iterable[Access], columns: Sequence[str]) -> Cell:
    """One principal's accesses to one dataset, columns with identical verdicts together.

    Args:
        accesses: All of one principal, to one dataset.
        columns: The columns that the dataset is known to have; none for data that no table describes.
    """
    by_names: dict[frozenset[str] | None, dict[Right, None]] = {}
    every = frozenset(columns)
    for access in accesses:
        names = None if access.columns is None else frozenset(access.columns)
        # What names each column there is, is the whole.
        by_names.setdefault(None if names is not None and every and names >= every else names, {})[right_of(access)] = None
    whole = by_names.pop(None, {})
    if not by_names:
        return (Columns(None, _sorted(whole)),) if whole else ()
    found: dict[frozenset[Right], list[str]] = {}
    known = dict.fromkeys((*columns, *sorted(name for names in by_names if names is not None for name in names)))
    for column in known:
        rights = set(whole)
        for names, more in by_names.items():
            if names is not None and column in names:
                rights |= more.keys()
        if rights:
            found.setdefault(frozenset(rights), []).append(column)
    return tuple(Columns(tuple(names), _sorted(rights)) for rights, names in found.items())


def cells(matrix: Matrix, accesses: Iterable[Access]) -> Iterator[tuple[Principal, Dataset, Cell, tuple[Access, ...]]]:
    """The cell of each principal and dataset, in the order of the accesses, which have to be sorted as those of a matrix."""
    here: list[Access] = []
    kept: dict[object, Cell] = {}
    for access in accesses:
        if here and (access.principal is not here[0].principal or access.dataset != here[0].dataset):
            yield _made(matrix, here, kept)
            here = []
        here.append(access)
    if here:
        yield _made(matrix, here, kept)


def _made(matrix: Matrix, accesses: list[Access], kept: dict[object, Cell]) -> tuple[Principal, Dataset, Cell, tuple[Access, ...]]:
    """Equal cells are one object, so that a thousand tables of a kind take the room, and the time, of one."""
    first = accesses[0]
    columns = matrix.columns.get(first.dataset, ())
    likeness = (columns, tuple((each.columns, right_of(each)) for each in accesses))
    cell = kept.get(likeness)
    if cell is None:
        cell = cell_of(accesses, columns)
        cell = kept[likeness] = kept.setdefault(cell, cell)
    return first.principal, first.dataset, cell, tuple(accesses)


def lines(matrix: Matrix, accesses: Iterable[Access]) -> tuple[Line, ...]:
    """The accesses, datasets of one environment with the same cell of one principal together."""
    found: dict[tuple[int, str, int], tuple[Principal, list[Dataset], Cell, tuple[Access, ...]]] = {}
    for principal, dataset, cell, behind in cells(matrix, accesses):
        # Equal cells are one object here, and stay one as long as `found` holds them.
        key = (id(principal), dataset.environment, id(cell))
        if key in found:
            found[key][1].append(dataset)
        else:
            found[key] = (principal, [dataset], cell, behind)
    return tuple(Line(principal, key[1], tuple(datasets), cell, behind) for key, (principal, datasets, cell, behind) in found.items())


def expanded(line: Line, columns: Mapping[Dataset, Sequence[str]]) -> Iterator[tuple[Principal, Dataset, str | None, Right]]:
    """Every principal, dataset, column and right that a line says; the column is None of a dataset without known columns."""
    for dataset in line.datasets:
        for names, rights in line.cell:
            for name in names if names is not None else (columns.get(dataset) or (None,)):
                for right in rights:
                    yield line.principal, dataset, name, right


def _sorted(rights: Iterable[Right]) -> tuple[Right, ...]:
    return tuple(sorted(rights, key=_order))


def _order(right: Right) -> tuple[object, ...]:
    via = tuple((step.door.value, step.target) for step in right.via)
    return ACTIONS.index(right.action), len(via), right.door.value, via, right.rows, condition(right.conditions), right.enforced_by_engine
