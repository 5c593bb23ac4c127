"""The LF-Tags that are declared in an account, across constructs and stacks, and which columns an expression matches by them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from lakemodel.errors import DataLakeError
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from constructs_lib.governance.tags import LfTagExpression

_Tags: TypeAlias = frozenset[tuple[str, str]]
_Alike: TypeAlias = tuple[_Tags, frozenset[_Tags]]
"""Tags of a table, and the sets of tags that columns of it have instead."""


@dataclass(slots=True)
class _Value:
    """A value with the path of the construct that puts it there."""

    value: str
    owner: str


@dataclass(slots=True)
class _Table:
    """What stands on one table and on its columns."""

    tags: dict[str, _Value] = field(default_factory=dict)
    columns: dict[str, dict[str, _Value]] = field(default_factory=dict)


class DeclaredTags:
    """One value for each key of a database, table or column, with its owner."""

    def __init__(self) -> None:
        self._databases: dict[str, dict[str, _Value]] = {}
        self._tables: dict[tuple[str, str], _Table] = {}
        self._values: dict[str, dict[str, None]] = {}
        self._unchecked: dict[str, dict[tuple[str, str], None]] = {}
        self._groups: dict[_Alike, list[tuple[str, str]]] | None = None

    def add(self, owner: str, database: str, table: str, column: str, tags: Mapping[str, str], *, checked: bool) -> None:
        """Notes the tags of a database, of a table or of a column; what is not named is empty.

        Args:
            owner: Path of the construct that declares them.
            database: The database.
            table: The table; empty for the database itself.
            column: The column; empty for the table itself.
            tags: Keys and values, in lower case.
            checked: Whether they were held against an ontology already; otherwise `unknown` does.

        Raises:
            DataLakeError: `tag_conflict` when it has another value; `declared_twice` when another construct puts the same value there;
                `too_many_tags` for more keys than Lake Formation takes.
        """
        self._groups = None
        there = self._at(database, table, column)
        for key, value in tags.items():
            known = there.get(key)
            if known is None:
                there[key] = _Value(value, owner)
            else:
                self._agree(owner, ".".join(filter(None, (database, table, column))), key, value, known)
            if not checked:
                self._unchecked.setdefault(owner, {})[key, value] = None
        most = limit(Quota.LF_TAGS_PER_RESOURCE)
        if len(there) > most.value:
            place = ".".join(filter(None, (database, table, column)))
            msg = f"got {len(there)} LF-Tags for {place}; allowed are {most}: put values together under fewer keys"
            raise DataLakeError(msg, code="too_many_tags", where=owner)

    def know(self, values: Mapping[str, Iterable[str]]) -> None:
        """Notes the keys and values of an ontology of the account."""
        for key, allowed in values.items():
            self._values.setdefault(key, {}).update(dict.fromkeys(allowed))

    def matching(self, expression: LfTagExpression, database: str, table: str, columns: Collection[str]) -> list[str]:
        """Those of the columns that satisfy the expression, sorted."""
        of_table = self._tables.get((database, table), _Table())
        inherited = {**_plain(self._databases.get(database, {})), **_plain(of_table.tags)}
        by_table = expression.matches(inherited)
        return [
            column
            for column in sorted(columns)
            if (expression.matches({**inherited, **_plain(of_table.columns[column])}) if column in of_table.columns else by_table)
        ]

    def partly_matched(self, expression: LfTagExpression) -> Iterator[str]:
        """The tables of which the expression matches some columns and not others, each with those that it does not match.

        Tables whose tags are alike are looked at once.
        """
        for (tags, of_columns), tables in self._alike().items():
            by_table = expression.matches(dict(tags))
            if all(expression.matches(dict(own)) == by_table for own in of_columns):
                continue
            for database, table in sorted(tables):
                names = self._tables[database, table].columns
                matched = self.matching(expression, database, table, names)
                which = f"not {', '.join(sorted(set(names) - set(matched)))}" if by_table else f"only {', '.join(matched)}"
                yield f"{database}.{table} ({which})"

    def unknown(self, owner: str, expressions: Iterable[LfTagExpression]) -> Iterator[str]:
        """The keys and values of one construct that no ontology of the account has, if there is one at all."""
        if not self._values:
            return
        used = dict(self._unchecked.get(owner, {}))
        used.update(((key, value), None) for expression in expressions for key, values in expression.pairs for value in values)
        for key, value in used:
            if key not in self._values:
                yield f"unknown_tag: got LF-Tag {key}; this account has {', '.join(self._values)}: add the key to its ontology"
            elif value not in self._values[key]:
                known = ", ".join(self._values[key])
                yield f"unknown_tag: got {value} for LF-Tag {key}; it can be {known}: add it to the ontology, or use one of these"

    def _at(self, database: str, table: str, column: str) -> dict[str, _Value]:
        if not table:
            return self._databases.setdefault(database, {})
        of_table = self._tables.get((database, table))
        if of_table is None:
            of_table = self._tables[database, table] = _Table()
        return of_table.columns.setdefault(column, {}) if column else of_table.tags

    def _agree(self, owner: str, place: str, key: str, value: str, known: _Value) -> None:
        if known.value != value:
            by = "" if known.owner == owner else f" by {known.owner}"
            msg = f"got LF-Tag {key}={value} for {place}, which has {key}={known.value} already{by}; one value a key is possible: keep one"
            raise DataLakeError(msg, code="tag_conflict", where=owner)
        if known.owner != owner:
            msg = (
                f"got LF-Tag {key}={value} for {place}, which {known.owner} declares as well; a tag has one owner, as taking it out of one "
                "construct takes it off: leave it to one"
            )
            raise DataLakeError(msg, code="declared_twice", where=owner)

    def _alike(self) -> dict[_Alike, list[tuple[str, str]]]:
        """Tables with columns that have tags of their own, by the tags of both: many tables, few different."""
        if self._groups is None:
            self._groups = {}
            for (database, table), known in self._tables.items():
                if known.columns:
                    inherited = {**_plain(self._databases.get(database, {})), **_plain(known.tags)}
                    of_columns = frozenset(frozenset({**inherited, **_plain(own)}.items()) for own in known.columns.values())
                    self._groups.setdefault((frozenset(inherited.items()), of_columns), []).append((database, table))
        return self._groups


def _plain(tags: Mapping[str, _Value]) -> dict[str, str]:
    return {key: known.value for key, known in tags.items()}
