"""What a share gives, as data that both of its sides compare: databases, tables, columns, rows, expressions over LF-Tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_lib.governance.tags import LfTagExpression

ALL_TABLES = "*"


@dataclass(frozen=True, slots=True)
class TableRight:
    """Reading one table, or part of it, or every table of a database.

    Attributes:
        database: Its name in the producer's catalog.
        table: Its name there; `*` for every table of the database, those to come as well.
        columns: Those that can be read, sorted; None for all, those to come as well.
        rows: The condition on rows; None for all rows.
    """

    database: str
    table: str
    columns: tuple[str, ...] | None = None
    rows: str | None = None

    def covers(self, asked: TableRight) -> bool:
        """Whether who may pass this right on may pass the other one on.

        Columns can be passed on in part, as can the tables of a database. A filter of rows is an object of the producer's and is passed on
        as it is: conditions are compared as text, as nothing here can tell that one implies another.

        Example:
            >>> given = TableRight("sales", "orders", ("id", "total"))
            >>> given.covers(TableRight("sales", "orders", ("id",))), given.covers(TableRight("sales", "orders"))
            (True, False)
        """
        if self.database != asked.database or self.table not in {asked.table, ALL_TABLES}:
            return False
        if self.rows is not None or asked.rows is not None:
            return (self.rows, self.columns) == (asked.rows, asked.columns)
        return self.columns is None or (asked.columns is not None and set(asked.columns) <= set(self.columns))

    def voids(self, other: TableRight) -> bool:
        """Whether who has both rights reads rows that the other one's condition leaves out."""
        if other.rows is None or self.rows is not None or self.database != other.database or self.table not in {other.table, ALL_TABLES}:
            return False
        return self.columns is None or other.columns is None or not set(self.columns).isdisjoint(other.columns)

    def __str__(self) -> str:
        table = f"every table of {self.database}" if self.table == ALL_TABLES else f"{self.database}.{self.table}"
        columns = "" if self.columns is None else f" ({', '.join(self.columns)})"
        return f"{table}{columns}{'' if self.rows is None else f' where {self.rows}'}"


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything one share gives.

    Attributes:
        tables: By name.
        expressions: Whatever carries these LF-Tags.
    """

    tables: tuple[TableRight, ...] = ()
    expressions: tuple[LfTagExpression, ...] = ()

    @property
    def databases(self) -> tuple[str, ...]:
        """The databases that are named, sorted. An expression names none."""
        return tuple(sorted({right.database for right in self.tables}))

    def of_database(self, name: str) -> Offer:
        """What concerns one database. An expression may concern any."""
        return Offer(tuple(right for right in self.tables if right.database == name), self.expressions)

    def beside(self, other: Offer) -> Offer:
        """What two shares give together."""
        return Offer((*self.tables, *other.tables), (*self.expressions, *other.expressions))

    def missing(self, asked: Offer) -> Iterator[str]:
        """What is asked and not given, in words.

        An expression has to be the very one that was granted. See
        https://docs.aws.amazon.com/lake-formation/latest/dg/cross-account-cascading-permissions.html.
        """
        for right in asked.tables:
            if not any(given.covers(right) for given in self.tables):
                yield str(right)
        for expression in asked.expressions:
            if expression not in self.expressions:
                yield said(expression)

    def __str__(self) -> str:
        return "; ".join([*map(str, self.tables), *map(said, self.expressions)]) or "nothing"


def together(offers: Iterable[Offer]) -> Offer:
    """What several shares give together."""
    total = Offer()
    for offer in offers:
        total = total.beside(offer)
    return total


def said(expression: LfTagExpression) -> str:
    """An expression in words."""
    return f"whatever has {expression}"
