"""What the heat map is made of: who is a row, which data share a column, what a cell says; nothing here is markup."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lakecheck.access.grouping import lines
from lakecheck.access.model import Action, DatasetKind
from lakecheck.access.words import ACTIONS, RANK, Verdict, actions, place, verdict, who
from lakecheck.report.access_text import is_machinery
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lakecheck.access.grouping import Cell, Line
    from lakecheck.access.model import Dataset, Matrix
    from lakecheck.estate.model import Principal

MOST_TABLES: Final = 40
"""Tables that get a column each; with more of them in an environment each database has one."""

MOST_COLUMNS: Final = 60
MOST_ROWS: Final = 80
LETTERS: Final = {Action.READ: "R", Action.WRITE: "W", Action.ALTER: "A", Action.DROP: "D", Action.GRANT: "G"}
MARKS: Final = {Verdict.YES: "", Verdict.IF: "*", Verdict.UNKNOWN: "?"}
_BY_RANK: Final = {rank: found for found, rank in RANK.items()}
_SAYS: Final = {Verdict.YES: "", Verdict.IF: "on conditions: ", Verdict.UNKNOWN: "not known: "}


@dataclass(frozen=True, slots=True)
class Column:
    """Data that share a column: a table, or all of a database or bucket."""

    group: str
    name: str
    full: str


@dataclass(slots=True)
class Square:
    """What one principal may do with the data of one column.

    Attributes:
        own: By action the rank of the surest way, without becoming somebody else.
        others: The same by way of others.
        ways: Numbers of the lines behind it.
        columns: The columns of a table that any of them is about; None for all.
    """

    own: dict[Action, int] = field(default_factory=dict)
    others: dict[Action, int] = field(default_factory=dict)
    ways: list[int] = field(default_factory=list)
    columns: frozenset[str] | None = frozenset()

    def add(self, number: int, best: Mapping[Action, int], columns: frozenset[str] | None = None, *, by_others: bool) -> None:
        """Takes a line in."""
        self.ways.append(number)
        self.columns = None if columns is None or self.columns is None else self.columns | columns
        into = self.others if by_others else self.own
        for action, rank in best.items():
            into[action] = min(rank, into.get(action, rank))

    @property
    def strongest(self) -> tuple[Action, Verdict]:
        """The strongest action, one's own before one by way of others, and how sure it is."""
        found = self.own or self.others
        action = max(found, key=ACTIONS.index)
        return action, _BY_RANK[found[action]]

    @property
    def more_by_others(self) -> bool:
        """Whether somebody else's rights give more than one's own."""
        return any(rank < self.own.get(action, len(RANK)) for action, rank in self.others.items())

    @property
    def says(self) -> str:
        """All of it in words."""
        own, others = _in_words(self.own), _in_words(self.others)
        return ". ".join(filter(None, (own, f"By way of others: {others}" if others else "")))


def _in_words(found: Mapping[Action, int]) -> str:
    by_verdict: dict[Verdict, list[Action]] = {}
    for action, rank in found.items():
        by_verdict.setdefault(_BY_RANK[rank], []).append(action)
    return "; ".join(f"{words}{actions(by_verdict[state])}" for state, words in _SAYS.items() if state in by_verdict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Heat:
    """One environment.

    Attributes:
        environment: Which.
        columns: In order.
        people: Rows: principals, each with its squares.
        machinery: The lake's own machinery and AWS services in the same way.
        left_out: Rows and columns for which there is no room.
        by_database: Whether a column is a database.
        names: The columns of each table that has a column of the map.
    """

    environment: str
    columns: tuple[Column, ...]
    people: tuple[tuple[Principal, dict[Column, Square]], ...]
    machinery: tuple[tuple[Principal, dict[Column, Square]], ...]
    left_out: tuple[str, ...] = ()
    by_database: bool = False
    names: Mapping[Column, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Way:
    """A line with its number, by which the page names it."""

    number: int
    line: Line
    by_others: bool


def ways_of(matrix: Matrix) -> tuple[Way, ...]:
    """Every line, own ones of people first, those of machinery last."""
    own = [(line, False) for line in lines(matrix, (one for one in matrix.accesses if not one.via))]
    others = [(line, True) for line in lines(matrix, (one for one in matrix.accesses if one.via))]
    ordered = sorted((*own, *others), key=lambda each: is_machinery(each[0].principal, matrix))
    return tuple(Way(number, line, by_others) for number, (line, by_others) in enumerate(ordered))


def heats(matrix: Matrix, ways: Sequence[Way], order: Sequence[str] = ()) -> tuple[Heat, ...]:
    """One for each environment with data.

    Args:
        matrix: Who can reach what.
        ways: Its lines.
        order: Environments that come first.
    """
    known = {dataset.environment for dataset in matrix.datasets}
    environments = [each for each in dict.fromkeys((*order, *(one.environment for one in matrix.datasets))) if each in known]
    return tuple(_heat(matrix, environment, [way for way in ways if way.line.environment == environment]) for environment in environments)


def _heat(matrix: Matrix, environment: str, ways: Sequence[Way]) -> Heat:
    datasets = [one for one in matrix.datasets if one.environment == environment]
    by_database = sum(one.kind is DatasetKind.TABLE for one in datasets) > MOST_TABLES
    column_of = {dataset: _column(dataset, by_database=by_database) for dataset in datasets}
    rows: dict[int, tuple[Principal, dict[Column, Square]]] = {}
    summaries: dict[int, dict[Action, int]] = {}
    for way in ways:
        line = way.line
        best = summaries.get(id(line.cell))
        if best is None:
            best = summaries[id(line.cell)] = _best(line.cell)
        _, squares = rows.setdefault(id(line.principal), (line.principal, {}))
        for column in dict.fromkeys(column_of.setdefault(each, _column(each, by_database=by_database)) for each in line.datasets):
            squares.setdefault(column, Square()).add(way.number, best, _columns(line.cell), by_others=way.by_others)
    columns, left_out = _kept(column_of.values(), rows.values())
    people = [row for row in rows.values() if not is_machinery(row[0], matrix)]
    machinery = [row for row in rows.values() if is_machinery(row[0], matrix)]
    for kind, found in (("principals", people), ("principals of the machinery", machinery)):
        found.sort(key=lambda row: (who(row[0]), shown(row[0].account)))
        if len(found) > MOST_ROWS:
            left_out.append(f"{len(found) - MOST_ROWS:,} {kind}")
    return Heat(
        environment=environment, columns=columns, people=tuple(people[:MOST_ROWS]), machinery=tuple(machinery[:MOST_ROWS]),
        left_out=tuple(left_out), by_database=by_database,
        names={} if by_database else {column_of[one]: tuple(map(shown, matrix.columns.get(one, ()))) for one in datasets},
    )  # fmt: skip


def _kept(columns: Iterable[Column], rows: Iterable[tuple[Principal, dict[Column, Square]]]) -> tuple[tuple[Column, ...], list[str]]:
    """The columns for which there is room, those that most reach first; in the order in which they came."""
    every = list(dict.fromkeys(columns))
    if len(every) <= MOST_COLUMNS:
        return tuple(every), []
    reached = Counter(column for _, squares in rows for column in squares)
    most = set(sorted(every, key=lambda column: -reached[column])[:MOST_COLUMNS])
    return tuple(column for column in every if column in most), [f"{len(every) - MOST_COLUMNS:,} columns"]


def _column(dataset: Dataset, *, by_database: bool) -> Column:
    name = place(dataset)
    if dataset.kind is DatasetKind.TABLE:
        database, _, table = name.partition(".")
        return Column("databases", database, database) if by_database else Column(database, table or name, name)
    if dataset.kind is not DatasetKind.BUCKET:
        return Column("other", name.rpartition(":")[2], name)
    if name.startswith("s3://"):
        bucket = name.removeprefix("s3://").partition("/")[0]
        return Column("buckets", bucket, bucket)
    path = name.partition(":")[0]
    stack, _, construct = path.partition("/")
    return Column(stack, construct or stack, path)


def _columns(cell: Cell) -> frozenset[str] | None:
    """The columns that any right of a cell is about; None for all of them."""
    if any(each.names is None for each in cell):
        return None
    return frozenset(shown(name) for each in cell for name in each.names or ())


def _best(cell: Cell) -> dict[Action, int]:
    found: dict[Action, int] = {}
    for columns in cell:
        for right in columns.rights:
            rank = RANK[verdict(right.conditions)]
            found[right.action] = min(rank, found.get(right.action, rank))
    return found
