"""LF-Tags that change or go, so that somebody's expression matches no more; and values of LF-Tags that go while they are used.

A key has one value on a database, table or column, inherited from above unless overridden: a changed value takes what carries it out of
every expression that names the old one. https://docs.aws.amazon.com/lake-formation/latest/dg/lf-tag-considerations.html
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, ResourceType
from lakecheck.formula import FALSE, TRUE
from lakecheck.upgrade.lake_formation.single_rights import Thing, few, who
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.lake_formation.tags import Tags
    from lakecheck.assembly.resources import Origin
    from lakecheck.estate.model import Table, TagAssociation, TagKey
    from lakecheck.upgrade.lake_formation.single_rights import Right, State
    from lakecheck.upgrade.lake_formation.telling import Teller
    from lakecheck.upgrade.model import Risk

RULES: Final = {
    "lost_access.tag": "An LF-Tag changes or goes, and takes a database, table or column out of an expression that is granted, or may be.",
    "lost_access.tag_value": "A value of an LF-Tag goes that grants or associations name.",
}

_Key = tuple[Thing, str]
_Expression = tuple[tuple[str, tuple[str, ...]], ...]
_MOST_ALONE: Final = 5
"""From more things on than that, the same change of an LF-Tag is told once."""

_OF_DATABASE: Final = "the database"


@dataclass(slots=True)
class _Loss:
    """What one changed LF-Tag takes from whom: by principal, permissions and what they are on, with the columns."""

    readers: dict[str, dict[tuple[str, str], dict[str, None]]] = field(default_factory=lambda: defaultdict(dict))
    is_certain: bool = False


def lost_tags(base: State, head: State, teller: Teller) -> Iterator[Risk]:
    """Every LF-Tag whose change takes something from somebody."""
    expressions = _expressions(base, head)
    losses: dict[_Key, _Loss] = defaultdict(_Loss)
    for place, table in base.tables.items():
        after = head.tables.get(place)
        if after is not None and table.target is None and _differ(base, table, head, after):
            _of_table(base, table, head, after, expressions, losses)
    for database in base.databases & head.databases:
        before, now = base.lake.tags.of_database(database), head.lake.tags.of_database(database)
        if before != now:
            _of_database(base, head, database, expressions, losses)
    for key in base.tags:
        if key not in losses:
            _of_unknown(base, head, key, expressions, losses)
    groups: dict[tuple[object, ...], list[_Key]] = defaultdict(list)
    for key, loss in losses.items():
        value, association = base.tags[key][0]
        found = head.tags.get(key)
        stack = (found[0][1] if found else association).origin.stack
        groups[stack, key[0].catalog, key[1], value, _value(head, key), tuple(sorted(loss.readers)), loss.is_certain].append(key)
    for keys in groups.values():
        told = [_risk(key, *_was(base, key), losses[key], head, teller) for key in keys]
        yield from told if len(keys) <= _MOST_ALONE else [_together(told, keys, base)]
    yield from _granted_elsewhere(base, head, teller)


def _was(base: State, key: _Key) -> tuple[str, Origin]:
    value, association = base.tags[key][0]
    return value, association.origin


def _together(told: list[Risk], keys: list[_Key], base: State) -> Risk:
    """One risk for the same change of an LF-Tag on many things, which is one decision."""
    value, name = base.tags[keys[0]][0][0], shown(keys[0][1])
    things = [str(thing) for thing, _ in keys]
    return replace(
        told[0],
        message=told[0].message.replace(f"of {things[0]} ", f"of {few(things)} ", 1),
        was=f"{name}={shown(value)} on {few(things, 1)}",
        because=tuple(line for each in told for line in each.because),
    )


def _risk(key: _Key, value: str, origin: Origin, loss: _Loss, head: State, teller: Teller) -> Risk:
    thing, name = key
    now = _value(head, key)
    found = head.tags.get(key)
    names = [who(principal) for principal in loss.readers]
    changed = f"is {shown(now)} instead of {shown(value)}" if found and now != value else "is taken off"
    return teller.at(
        found[0][1].origin if found else origin,
        "lost_access.tag",
        f"the LF-Tag {shown(name)} of {thing} {changed}: {few(names)} {'loses' if len(names) == 1 else 'lose'} access by it",
        consequence="Their grants by LF-Tag expression do not match it any more."
        if loss.is_certain
        else "Their grants by LF-Tag expression may not match it any more; the templates do not tell all of it.",
        remedy="Grant by the new value before it is put on, to those who are to keep their access; have its owner approve what is lost.",
        at=shown(name),
        was=f"{shown(name)}={shown(value)} on {thing}",
        now=f"{shown(name)}={shown(now)}" if now else "",
        because=[f"{who(principal)}: {line}" for principal in loss.readers for line in _lines(loss.readers[principal])],
        is_certain=loss.is_certain,
    )


def _granted_elsewhere(base: State, head: State, teller: Teller) -> Iterator[Risk]:
    """LF-Tags by which these templates grant nothing at all: whoever puts one on something does it for grants that stand elsewhere."""
    granted = _granted(base, head)
    for (thing, name), found in base.tags.items():
        value, association = found[0]
        now = _value(head, (thing, name))
        is_gone = thing.table_name[:3] in base.databases - head.databases or (
            thing.table_name in base.tables and thing.table_name not in head.tables
        )
        is_inherited = _value(head, (_database(thing.table_name[:3]), name)) == value and not now
        if now == value or name in granted or is_gone or is_inherited or teller.is_left_behind(association.origin):
            continue
        yield teller.at(
            association.origin,
            "lost_access.tag",
            f"the LF-Tag {shown(name)} of {thing} {f'is {shown(now)} instead of {shown(value)}' if now else 'is taken off'}",
            consequence="No grant of these templates is by this LF-Tag: who has one elsewhere, by the old value, loses access.",
            remedy="Look who is granted by it (`aws lakeformation list-permissions`), and have its owner approve what is lost.",
            at=shown(name),
            was=f"{shown(name)}={shown(value)} on {thing}",
            now=f"{shown(name)}={shown(now)}" if now else "",
            is_certain=False,
        )


def _granted(base: State, head: State) -> set[str]:
    """The keys by which something is granted in either state."""
    return {name for state in (base, head) for right in state.rights for name, _ in right.thing.expression}


def _expressions(base: State, head: State) -> dict[_Expression, list[Right]]:
    """The expressions by which something is granted in both states, each with the rights."""
    found: dict[_Expression, list[Right]] = defaultdict(list)
    for right in base.rights:
        if right.thing.expression and right in head.rights and right.principal != IAM_ALLOWED_PRINCIPALS:
            found[right.thing.expression].append(right)
    return found


def _differ(base: State, table: Table, head: State, after: Table) -> bool:
    before, now = base.lake.tags, head.lake.tags
    return before.of_table(table) != now.of_table(after) or dict(before.overrides(table)) != dict(now.overrides(after))


def _of_table(
    base: State,
    table: Table,
    head: State,
    after: Table,
    expressions: dict[_Expression, list[Right]],
    losses: dict[_Key, _Loss],
) -> None:
    columns: tuple[str | None, ...] = (None, *(each for each in table.columns if each in after.columns or after.unknown))
    for column in columns:
        was = base.lake.tags.of_table(table) if column is None else base.lake.tags.of_column(table, column)
        now = head.lake.tags.of_table(after) if column is None else head.lake.tags.of_column(after, column)
        if was == now or (column is None and table.columns):
            continue
        for expression, rights in expressions.items():
            matched = base.lake.tags.matches(expression, was)
            still = head.lake.tags.matches(expression, now)
            if matched in (FALSE, still) or still == TRUE:
                continue
            lost = [
                right
                for right in rights
                if right.thing.type is ResourceType.TABLE_EXPRESSION
                and (right.thing.catalog, right.thing.region) == (table.account, table.region)
                and not head.gives(right, after, None if column is None else (column,))
            ]
            name = f"{shown(table.database)}.{shown(table.name)}"
            is_certain = matched == TRUE and still == FALSE
            for key in _causes(base, table, column, was, now, expression) if lost else ():
                _note(losses[key], lost, name, column, is_certain=is_certain)


def _of_database(
    base: State,
    head: State,
    database: tuple[str, str, str],
    expressions: dict[_Expression, list[Right]],
    losses: dict[_Key, _Loss],
) -> None:
    was, now = base.lake.tags.of_database(database), head.lake.tags.of_database(database)
    thing = _database(database)
    for expression, rights in expressions.items():
        matched, still = base.lake.tags.matches(expression, was), head.lake.tags.matches(expression, now)
        if matched in (FALSE, still) or still == TRUE:
            continue
        lost = [
            right
            for right in rights
            if right.thing.type is ResourceType.DATABASE_EXPRESSION
            and (right.thing.catalog, right.thing.region) == database[:2]
            and not head.covers(replace(right, thing=thing))
        ]
        for key, _ in expression:
            if lost and dict(was).get(key) != dict(now).get(key) and (thing, key) in base.tags:
                _note(losses[thing, key], lost, f"{_OF_DATABASE} {shown(database[2])}", None, is_certain=matched == TRUE and still == FALSE)


def _of_unknown(
    base: State,
    head: State,
    key: _Key,
    expressions: dict[_Expression, list[Right]],
    losses: dict[_Key, _Loss],
) -> None:
    """An LF-Tag on what no template defines, such as a crawled table: whether expressions match there is not known."""
    thing, name = key
    value, now = base.tags[key][0][0], _value(head, key)
    known = thing.table_name in base.tables if thing.table else thing.table_name[:3] in base.databases
    if value == now or known:
        return
    for expression, rights in expressions.items():
        allowed = set(dict(expression).get(name, ()))
        if {value, "*"} & allowed and not {now, "*"} & allowed:
            lost = [right for right in rights if right.thing.catalog == thing.catalog]
            if lost:
                _note(losses[key], lost, str(thing), None, is_certain=False)


def _lines(on: dict[tuple[str, str], dict[str, None]]) -> list[str]:
    told = ((permissions, name, ", ".join(columns)) for (permissions, name), columns in on.items())
    return [f"{permissions} on {name} ({columns})" if columns else f"{permissions} on {name}" for permissions, name, columns in told]


def _note(loss: _Loss, rights: list[Right], name: str, column: str | None, *, is_certain: bool) -> None:
    by_principal: dict[str, list[str]] = defaultdict(list)
    for right in rights:
        by_principal[right.principal].append(right.permission)
    for principal, permissions in by_principal.items():
        columns = loss.readers[principal].setdefault(("+".join(sorted(set(permissions))), name), {})
        if column is not None:
            columns[shown(column)] = None
    loss.is_certain = loss.is_certain or is_certain


def _causes(base: State, table: Table, column: str | None, was: Tags, now: Tags, expression: _Expression) -> list[_Key]:
    """The LF-Tags of the expression that differ, each at the place where BASE puts it: column, table or database."""
    of_table = Thing(ResourceType.TABLE, table.account, table.region, table.database, table.name)
    of_column = Thing(ResourceType.COLUMNS, table.account, table.region, table.database, table.name, column or "")
    places = (of_column, of_table, _database((table.account, table.region, table.database)))
    found = []
    for name, _ in expression:
        if dict(was).get(name) != dict(now).get(name):
            found += [(place, name) for place in places if (place, name) in base.tags][:1]
    return found


def _database(database: tuple[str, str, str]) -> Thing:
    return Thing(ResourceType.DATABASE, *database)


def _value(state: State, key: _Key) -> str:
    found = state.tags.get(key)
    return found[0][0] if found else ""


# --- values of LF-Tags -------------------------------------------------------------------------------------------------------------------


def lost_values(base: State, head: State, teller: Teller) -> Iterator[Risk]:
    """Values that an LF-Tag has no more although HEAD grants by them or puts them on something.

    A value that is on something cannot be taken from its LF-Tag; an LF-Tag that is deleted is taken off everything, and expressions that
    name it match nothing. https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_UpdateLFTag.html and API_DeleteLFTag.html
    """
    now = {(each.account, each.region, each.key): set(each.values) for each in head.estate.tag_keys}
    used = _granted(base, head) | {name for state in (base, head) for _, name in state.tags}
    for was in base.estate.tag_keys:
        if teller.is_left_behind(was.origin):
            continue
        kept = now.get((was.account, was.region, was.key))
        gone = [value for value in was.values if kept is None or value not in kept]
        for values in [gone] if kept is None else [[value] for value in gone]:
            readers = sorted({who(principal) for value in values for principal in head.readers_by(was.key, value, was.account)})
            tagged = [str(thing) for value in values for thing, association in _tagged(head, was.key, value, was.account) if association]
            if readers or tagged or (values and was.key not in used):
                yield _value_gone(was, values, readers, tagged, is_deleted=kept is None, teller=teller)


def _value_gone(was: TagKey, values: list[str], readers: list[str], tagged: list[str], *, is_deleted: bool, teller: Teller) -> Risk:
    is_used = bool(readers or tagged)
    whom = f"{few(readers)} {'reads' if len(readers) == 1 else 'read'} nothing by it any more" if readers else "nobody reads by it"
    return teller.at(
        was.origin,
        "lost_access.tag_value",
        f"the LF-Tag {shown(was.key)} {'is deleted' if is_deleted else f'loses its value {shown(values[0])}'}",
        consequence=f"It is on {few(tagged)}, so that Lake Formation refuses: the deployment fails."
        if tagged and not is_deleted
        else f"It goes from {few(tagged) or 'whatever has it'}, and {whom}."
        if is_used
        else "These templates neither grant by this LF-Tag nor put it on anything: who does so elsewhere loses what was granted by it.",
        remedy="Put another value on what has it, grant by that one, and take this one away in a later deployment.",
        at="TagValues",
        was=", ".join(map(shown, values)),
        because=[*(f"grants by it: {name}" for name in readers), *(f"has it: {name}" for name in tagged)],
        is_certain=is_used,
    )


def _tagged(state: State, key: str, value: str, catalog: str) -> list[tuple[Thing, TagAssociation]]:
    return [
        (thing, association)
        for (thing, name), several in state.tags.items()
        for found, association in several
        if (name, found) == (key, value) and thing.catalog == catalog
    ]
