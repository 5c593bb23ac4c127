"""Which columns of a table a grant covers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Columns:
    """A choice of columns: `Columns.ALL`, `Columns.only(...)` or `Columns.all_but(...)`.

    Attributes:
        names: The columns that are named.
        excluding: Whether the named ones are left out rather than taken.
    """

    names: tuple[str, ...]
    excluding: bool

    ALL: ClassVar[Columns]

    @staticmethod
    def only(*names: str) -> Columns:
        """These columns and no others.

        Raises:
            DataLakeError: `no_columns`, if none is named.
        """
        return Columns(_named(names), excluding=False)

    @staticmethod
    def all_but(*names: str) -> Columns:
        """Every column but these. Compiled to the list of the others: a column added later is not covered before the next deployment.

        Raises:
            DataLakeError: `no_columns`, if none is named.
        """
        return Columns(_named(names), excluding=True)

    @property
    def is_all(self) -> bool:
        """Whether every column is covered, those added later as well."""
        return self.excluding and not self.names

    def of(self, available: Sequence[str], where: str) -> tuple[str, ...] | None:
        """The names that are covered, sorted; None for all.

        Args:
            available: The table's columns.
            where: The table, for messages.

        Raises:
            DataLakeError: `unknown_column` for a column that the table does not have; `no_columns` if all are left out.

        Example:
            >>> Columns.all_but("email").of(["id", "email", "total"], "sales.orders")
            ('id', 'total')
        """
        if self.is_all:
            return None
        unknown = sorted(set(self.names) - set(available))
        if unknown:
            msg = f"got columns {', '.join(unknown)}, which the table does not have; it has {', '.join(available)}"
            raise DataLakeError(msg, code="unknown_column", where=where)
        covered = set(available) - set(self.names) if self.excluding else set(self.names)
        if not covered:
            msg = "every column is left out; a grant covers at least one: grant nothing instead"
            raise DataLakeError(msg, code="no_columns", where=where)
        return tuple(sorted(covered))


Columns.ALL = Columns((), excluding=True)


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        msg = "got no columns; name at least one, or take Columns.ALL"
        raise DataLakeError(msg, code="no_columns")
    return tuple(dict.fromkeys(names))
