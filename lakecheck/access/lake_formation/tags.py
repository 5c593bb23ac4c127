"""Effective LF-Tags: put on databases, inherited by tables and columns, overridden below; and which of them an expression matches.

A key has one value on one resource; keys and values are lower case. Within an expression all keys must match, any one of a key's values
suffices, and a key that is not mentioned is free.
https://docs.aws.amazon.com/lake-formation/latest/dg/lf-tag-considerations.html
https://docs.aws.amazon.com/lake-formation/latest/dg/managing-tag-expressions.html
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, TypeAlias

from lakecheck.estate.model import ResourceType
from lakecheck.estate.sources import lower
from lakecheck.formula import FALSE, TRUE, Formula, Unresolved, all_of, any_of, negate
from lakecheck.values import has_hole, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.estate.model import Estate, Table, TagAssociation

Place: TypeAlias = tuple[str, str, str]
"""Catalog, Region and database."""

Values: TypeAlias = tuple[tuple[str, Formula], ...]
"""The values that a key may have, each with what it depends on; no two at once."""

Tags: TypeAlias = tuple[tuple[str, Values], ...]
"""Keys with their values, sorted."""

Expression: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]

_NONE: Final[Tags] = ()


class EffectiveTags:
    """The LF-Tags of every database, table and column.

    Args:
        estate: Whose tag associations count.
    """

    def __init__(self, estate: Estate) -> None:
        self._databases: dict[Place, dict[str, Values]] = defaultdict(dict)
        self._tables: dict[tuple[Place, str], dict[str, Values]] = defaultdict(dict)
        self._columns: dict[tuple[Place, str], dict[str, dict[str, Values]]] = defaultdict(lambda: defaultdict(dict))
        self._effective: dict[tuple[Place, str], Tags] = {}
        self._of_column: dict[tuple[Place, str], dict[str, Tags]] = {}
        self._matches: dict[tuple[Expression, Tags], Formula] = {}
        for association in estate.tag_associations:
            self._add(association)

    def of_database(self, place: Place) -> Tags:
        """The tags of a database."""
        return _sorted(self._databases.get(place, {}))

    def of_table(self, table: Table) -> Tags:
        """The tags of a table, those of its database among them."""
        key = _key(table)
        found = self._effective.get(key)
        if found is None:
            found = self._effective[key] = _merged(self.of_database(key[0]), self._tables.get(key, {}))
        return found

    def overrides(self, table: Table) -> Mapping[str, Tags]:
        """The tags of those columns that have any of their own, those of their table among them."""
        key = _key(table)
        found = self._of_column.get(key)
        if found is None:
            base = self.of_table(table)
            own = self._columns.get(key, {})
            found = self._of_column[key] = {column: _merged(base, tags) for column, tags in own.items()}
        return found

    def of_column(self, table: Table, column: str) -> Tags:
        """The tags of a column, those of its table among them."""
        return self.overrides(table).get(lower(column)) or self.of_table(table)

    def matches(self, expression: Expression, tags: Tags) -> Formula:
        """Whether an expression matches tags."""
        key = (expression, tags)
        found = self._matches.get(key)
        if found is None:
            found = self._matches[key] = _matched(expression, tags)
        return found

    def _add(self, association: TagAssociation) -> None:
        resource = association.resource
        place = (resource.catalog, resource.region or association.region, lower(resource.database))
        table = (place, lower(resource.table))
        if resource.type is ResourceType.DATABASE:
            targets = [self._databases[place]]
        elif resource.type is ResourceType.TABLE:
            targets = [self._tables[table]]
        elif resource.type is ResourceType.COLUMNS:
            targets = [self._columns[table][lower(column)] for column in resource.columns or ()]
        else:
            targets = []
        for target in targets:
            for name, value in association.tags:
                target[lower(name)] = _either(target.get(lower(name), ()), lower(value), association)


def known(tags: Tags) -> dict[str, str]:
    """The keys whose value is beyond doubt, with it."""
    return {key: values[0][0] for key, values in tags if len(values) == 1 and values[0][1] == TRUE}


def in_words(expression: Expression) -> str:
    """An expression for people: `domain=sales, classification in internal, public`."""
    one = (
        f"{shown(key)}={shown(allowed[0])}" if len(allowed) == 1 else f"{shown(key)} in {_listed(allowed)}" for key, allowed in expression
    )
    return ", ".join(one)


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(map(shown, values))


def _key(table: Table) -> tuple[Place, str]:
    return (table.account, table.region, table.database), table.name


def _sorted(tags: Mapping[str, Values]) -> Tags:
    return tuple(sorted(tags.items())) if tags else _NONE


def _either(before: Values, value: str, association: TagAssociation) -> Values:
    """One more value of a key on one resource; which of two different ones stays is not known."""
    exists = association.origin.exists
    if not before or all(each == value for each, _ in before):
        return ((value, any_of([exists, *(when for _, when in before)])),)
    stays = all_of([exists, Unresolved(f"which of two values of one LF-Tag stays, the one at {association.origin} or another")])
    return (*((each, all_of([when, negate(stays)])) for each, when in before if each != value), (value, stays))


def _merged(inherited: Tags, own: Mapping[str, Values]) -> Tags:
    if not own:
        return inherited
    merged = dict(inherited)
    for key, values in own.items():
        overridden = any_of(when for _, when in values)
        kept = () if overridden == TRUE else tuple((value, all_of([when, negate(overridden)])) for value, when in merged.get(key, ()))
        merged[key] = (*values, *kept)
    return _sorted(merged)


def _matched(expression: Expression, tags: Tags) -> Formula:
    if not expression:
        return Unresolved("an LF-Tag expression that no template states")
    held = dict(tags)
    return all_of(any_of(_fits(value, when, key, allowed) for value, when in held.get(lower(key), ())) for key, allowed in expression)


def _fits(value: str, when: Formula, key: str, allowed: tuple[str, ...]) -> Formula:
    fitting = {lower(each) for each in allowed}
    if value in fitting or "*" in fitting:
        return when
    if has_hole(value) or any(has_hole(each) for each in fitting):
        return all_of(
            [when, Unresolved(f"whether the LF-Tag {shown(key)}={shown(value)} is among {', '.join(map(shown, sorted(fitting)))}")]
        )
    return FALSE
