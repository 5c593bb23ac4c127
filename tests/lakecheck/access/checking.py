"""Holds a matrix against the oracle: what its rows say in one context, cell by cell."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from lakecheck.access.model import Access, Door
from lakecheck.access.words import Verdict, verdict
from lakecheck.formula import All, Any, Constant, Formula, Not, Test, Unresolved, unresolved
from tests.lakecheck.access.oracle import OWN_DOORS, Given, Maybe, Oracle, both, either
from tests.lakecheck.access.random_estates import contexts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.access.model import Matrix
    from lakecheck.estate.model import Estate, Principal, Table

ACTIONS = ("read", "write")
ASSUMED = "assumed_role"


class Disagreement(NamedTuple):
    """Where matrix and oracle differ."""

    principal: str
    table: str
    column: str
    action: str
    door: str
    context: str
    matrix: str
    oracle: str


def holds(formula: Formula, context: Given) -> Maybe:
    """Whether a formula holds in one context; None when that depends on facts that are not known, whatever they are taken together."""
    facts = sorted(unresolved(formula))
    found = {_holds(formula, context, dict(zip(facts, values, strict=True))) for values in product((True, False), repeat=len(facts))}
    return None if len(found) > 1 else found.pop()


def _holds(formula: Formula, context: Given, facts: Mapping[str, bool]) -> bool:
    if isinstance(formula, Constant):
        return formula.value
    if isinstance(formula, Unresolved):
        return facts[formula.reason]
    if isinstance(formula, Not):
        return not _holds(formula.part, context, facts)
    if isinstance(formula, All):
        return all(_holds(part, context, facts) for part in formula.parts)
    if isinstance(formula, Any):
        return any(_holds(part, context, facts) for part in formula.parts)
    assert isinstance(formula, Test)
    return _meets(formula, context.get(formula.key.partition(" ")[0], ()))


def _meets(test: Test, found: tuple[str, ...]) -> bool:
    negated = "Not" in test.operator
    if test.operator == "Null":
        return ("false" if found else "true") in test.values
    if not found:
        return negated or test.if_exists or test.quantifier == "ForAllValues"
    if test.operator in {"StringLike", "StringNotLike"}:
        same = any(fnmatchcase(found[0], value) for value in test.values)
    else:
        assert test.operator in {"StringEquals", "StringNotEquals", "Bool"}, test
        same = found[0] in test.values
    return same is not negated


Cells = dict[tuple[str, str], Maybe]
"""By door and row filter."""

EVERY = "every"
"""All doors and steps together, escalations among them."""


def seen(rows: Iterable[Access], column: str, context: Given) -> Cells:
    """What rows say of one column, by the principal's own doors, by assuming roles, and by any way at all."""
    found: Cells = {}
    for row in rows:
        if row.columns is not None and column not in row.columns:
            continue
        value = holds(row.conditions, context)
        steps = {step.door for step in row.via}
        doors = {EVERY} | ({row.door.value} if not steps else {ASSUMED} if steps == {Door.ASSUMED_ROLE} else set())
        for door in doors:
            found[door, row.rows] = either((found.get((door, row.rows), False), value))
    return found


def filters(found: Cells, doors: Iterable[str]) -> dict[str, Maybe]:
    """By row filter, over several doors; whoever sees every row sees those of each filter."""
    rows: dict[str, Maybe] = {}
    for (door, filtered), value in found.items():
        if door in doors:
            rows[filtered] = either((rows.get(filtered, False), value))
    return {filtered: either((value, rows.get("", False))) for filtered, value in rows.items()}


_DEGREES: tuple[Maybe, ...] = (False, None, True)


def no_more(one: Mapping[str, Maybe], other: Mapping[str, Maybe]) -> bool:
    """Whether the other reaches all that one reaches."""
    return all(_DEGREES.index(value) <= _DEGREES.index(other.get(filtered, other.get("", False))) for filtered, value in one.items())


def disagreements(estate: Estate, matrix: Matrix) -> list[Disagreement]:
    """Every cell and context in which a matrix says something else than the oracle."""
    return list(_differing(estate, matrix))


def _differing(estate: Estate, matrix: Matrix) -> Iterator[Disagreement]:
    by_cell: dict[tuple[int, str, str], list[Access]] = {}
    for row in matrix.accesses:
        by_cell.setdefault((id(row.principal), row.dataset.name, row.action.value), []).append(row)
    for context in contexts(estate):
        oracle = Oracle(estate, context)
        own: dict[tuple[int, str, str, str], Cells] = {}
        for principal, table, action in product(estate.principals, estate.tables, ACTIONS):
            for column in table.columns:
                own[id(principal), _name(table), column, action] = _own(oracle, principal, table, column, action)
        for principal in estate.principals:
            becomes = oracle.becomes(principal)
            for table, action in product(estate.tables, ACTIONS):
                rows = by_cell.get((id(principal), _name(table), action), ())
                for column in table.columns:
                    cells = {id(each): own[id(each), _name(table), column, action] for each in estate.principals}
                    where = (principal.name, _name(table), column, action)
                    for door, most, right in _compared(seen(rows, column, context), _together(principal, becomes, cells)):
                        yield Disagreement(*where, door, str(context), str(most), str(right))


def _together(principal: Principal, becomes: Mapping[int, Maybe], cells: Mapping[int, Cells]) -> Cells:
    """What a principal reaches by its own doors and as every role that it can become."""
    joint: Cells = {**cells[id(principal)]}
    for other, way in becomes.items():
        for (_, filtered), value in cells[other].items() if other != id(principal) else ():
            joint[ASSUMED, filtered] = either((joint.get((ASSUMED, filtered), False), both((way, value))))
    return joint


def _compared(said: Cells, truth: Cells) -> Iterator[tuple[str, Mapping[str, Maybe], Mapping[str, Maybe]]]:
    """Door by door, and then all together, where both differ; steps of other doors may lead to more than roles alone do."""
    pairs = [((door,), (door,)) for door in OWN_DOORS]
    pairs.append(((*OWN_DOORS, ASSUMED), (EVERY,)))
    for exact, wide in pairs:
        least, right, most = filters(said, exact), filters(truth, exact), filters(said, wide)
        if not (no_more(least, right) and no_more(right, most)):
            yield exact[-1], most, right


def _own(oracle: Oracle, principal: Principal, table: Table, column: str, action: str) -> Cells:
    return {(door, rows): value for door in OWN_DOORS for rows, value in oracle.rows(principal, table, column, action, door).items()}


def _name(table: Table) -> str:
    return f"{table.database}.{table.name}"


def possible(estate: Estate, *, apart: bool) -> dict[tuple[str, str, str, str], Maybe]:
    """Principal, table, column and action that are reached in some context, by the oracle.

    Args:
        estate: About which.
        apart: Whether each request on the way may come in a context of its own; else all of them come in one.
    """
    found: dict[tuple[str, str, str, str], Maybe] = {}
    oracles = [Oracle(estate, context) for context in contexts(estate)]
    groups = [oracles] if apart else [[each] for each in oracles]
    for group in groups:
        for principal in estate.principals:
            steps = _ways(estate, principal, group)
            for table, column, action in ((t, c, a) for t in estate.tables for c in t.columns for a in ACTIONS):
                key = (principal.name, _name(table), column, action)
                for who in estate.principals:
                    if id(who) in steps:
                        cells = [each.rows(who, table, column, action, door) for each in group for door in OWN_DOORS]
                        now = both((steps[id(who)], either(value for cell in cells for value in cell.values())))
                        found[key] = either((found.get(key, False), now))
    return found


def _ways(estate: Estate, principal: Principal, oracles: list[Oracle]) -> dict[int, Maybe]:
    reached: dict[int, Maybe] = {id(principal): True}
    waiting = [principal]
    while waiting:
        here = waiting.pop(0)
        for role in estate.principals:
            if role.trust is None or role is here:
                continue
            step = both((reached[id(here)], either(each.allowed(here, "sts:AssumeRole", role.arn, role.account) for each in oracles)))
            before = reached.get(id(role), False)
            if either((before, step)) is not before:
                reached[id(role)] = either((before, step))
                waiting.append(role)
    return reached


def told(matrix: Matrix) -> dict[tuple[str, str, str, str], Maybe]:
    """Principal, table, column and action of every row, by whatever way; None where no row is surely open to some request."""
    found: dict[tuple[str, str, str, str], Maybe] = {}
    for row in matrix.accesses:
        for column in row.columns if row.columns is not None else matrix.columns.get(row.dataset, ()):
            key = (row.principal.name, row.dataset.name, column, row.action.value)
            found[key] = either((found.get(key, False), None if verdict(row.conditions) is Verdict.UNKNOWN else True))
    return found


def missed(estate: Estate, matrix: Matrix, *, apart: bool) -> list[tuple[str, str, str, str]]:
    """What is surely reached in some context, and stands in no row that some context meets."""
    rows = told(matrix)
    return [key for key, value in possible(estate, apart=apart).items() if value is not False and key not in rows]


def required(estate: Estate) -> dict[tuple[str, str, str, str], Maybe]:
    """What principals reach by themselves in some context, every row of it."""
    found: dict[tuple[str, str, str, str], Maybe] = {}
    for oracle in (Oracle(estate, context) for context in contexts(estate)):
        for who, table, action in product(estate.principals, estate.tables, ACTIONS):
            for column in table.columns:
                now = either(oracle.rows(who, table, column, action, door).get("", False) for door in OWN_DOORS)
                key = (who.name, _name(table), column, action)
                found[key] = either((found.get(key, False), now))
    return found
