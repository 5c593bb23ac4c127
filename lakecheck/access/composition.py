"""Puts one principal's rows together: its own accesses, what it reads of others' reading, what it can do as somebody else; none twice."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakecheck.access.chains import together
from lakecheck.access.model import ALL_ROWS, Access, Action, Dataset, Door
from lakecheck.access.words import ACTIONS, MOST_KEPT, Verdict, verdict
from lakecheck.formula import TRUE, All, Formula, any_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakecheck.access.model import Step
    from lakecheck.estate.model import Principal

_PLACE: Final = {action: place for place, action in enumerate(ACTIONS)}
_MOST_REASONS: Final = 8

Entries = list[tuple[int, Access]]
"""Accesses, each with the number of its dataset and action."""


class Numbers:
    """Gives each pair of a dataset and an action a number, by which rows are found and sorted.

    Args:
        datasets: Every dataset, in the order of reports.
    """

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        self.datasets = datasets
        self._numbers = {dataset: place for place, dataset in enumerate(datasets)}

    def of(self, dataset: Dataset, action: Action) -> int:
        """The number of this action on this dataset."""
        return self._numbers[dataset] * len(ACTIONS) + _PLACE[action]

    def entries(self, accesses: Iterable[Access]) -> Entries:
        """Accesses with their numbers, sorted by them."""
        numbers, width, place = self._numbers, len(ACTIONS), _PLACE
        return sorted(
            ((numbers[each.dataset] * width + place[each.action], each) for each in accesses),
            key=lambda entry: (entry[0], entry[1].door, entry[1].rows, entry[1].columns is not None, entry[1].columns),
        )

    def everything(self, account: str, principal: Principal) -> Entries:
        """Every action on each dataset of an account, wholly; of whom, and by which door, is for `Rows.add_all_of` to say."""
        return [
            (number * len(ACTIONS) + place, Access(principal=principal, dataset=dataset, action=action, door=Door.POLICY_EDIT))
            for number, dataset in enumerate(self.datasets)
            if dataset.account == account
            for place, action in enumerate(ACTIONS)
        ]


class _Under:
    """What further conditions come to under those of one way."""

    def __init__(self, conditions: Formula) -> None:
        self._conditions = conditions
        self._joints: dict[int, tuple[Formula | None, dict[int, bool]]] = {}

    def joint(self, conditions: Formula) -> tuple[Formula | None, dict[int, bool]]:
        """Both together, None when they exclude each other; and a place to note, by identity, what follows from them."""
        found = self._joints.get(id(conditions))
        if found is None:
            both = _joint(self._conditions, conditions)
            found = self._joints[id(conditions)] = (None if _doubt(both) is Verdict.NO else both, {})
        return found


def _is_told(rows: Sequence[Access], access: Access, conditions: Formula, implied: dict[int, bool]) -> bool:
    """Whether one of some rows gives whatever the access gives under the conditions; asks once for rows of the same condition."""
    for one in rows:
        follows = implied.get(id(one.conditions))
        if follows is None:
            follows = implied[id(one.conditions)] = _follows(one.conditions, conditions)
        if follows and _covers(one, access):
            return True
    return False


class Rows:
    """The rows of one principal, as they are found: the surest and shortest have to come first.

    A row that says no more than one which is there already is left out: what the principal may do by itself, without condition, is not told
    again for whomever it can become, and of the ways that begin with the same door one counts only where those before it are not open.

    Args:
        principal: Whose rows they are.
        own: Its own accesses.
    """

    def __init__(self, principal: Principal, own: Entries) -> None:
        self.principal = principal
        self.entries: Entries = list(own)
        self._own: dict[int, list[Access]] = {}
        for number, access in own:
            self._own.setdefault(number, []).append(access)
        # Wholly and without condition: nothing can be added.
        self._done = {number for number, accesses in self._own.items() if any(_is_whole(one) for one in accesses)}
        self._by_door: dict[Door, dict[int, list[Access]]] = {}
        self._done_by_door: dict[Door, set[int]] = {}
        self._all_of: dict[Door, list[tuple[Formula, frozenset[int]]]] = {}

    def add(
        self,
        steps: tuple[Step, ...],
        conditions: Formula,
        entries: Entries,
        *,
        door: Door | None = None,
        because: tuple[str, ...] | None = None,
        numbers: frozenset[int] = frozenset(),
    ) -> None:
        """Adds what is reached over steps.

        Args:
            steps: At least one.
            conditions: Of the steps together.
            entries: What whoever is at the end may do.
            door: The door through which the data leaves; that of each access when left out.
            because: The reasons; those of each access when left out.
            numbers: The numbers of the entries, by which they are passed over at once when each of them is there already.
        """
        first = steps[0].door
        kept, own, done = self._by_door.setdefault(first, {}), self._own, self._done
        done_here = self._done_by_door.setdefault(first, set())
        # Under conditions that the administrator's row needs as well, that row says whatever these would.
        covered = frozenset[int]().union(*(those for when, those in self._all_of.get(first, ()) if _follows(when, conditions)))
        if numbers and numbers - done - done_here <= covered:
            return
        under = _Under(conditions)
        for number, access in entries:
            if number in done or number in done_here or number in covered:
                continue
            joint, implied = under.joint(access.conditions)
            if joint is None or _is_told(own.get(number, ()), access, joint, implied):
                continue
            rows = kept.setdefault(number, [])
            if _is_told(rows, access, joint, implied):
                continue
            row = Access(
                principal=self.principal,
                dataset=access.dataset,
                action=access.action,
                door=access.door if door is None else door,
                columns=access.columns,
                rows=access.rows,
                conditions=joint,
                via=steps if not access.via else _longer(steps, access.via),
                because=access.because if because is None else because,
                enforced_by_engine=access.enforced_by_engine,
                origin=access.origin,
            )
            rows.append(row)
            self.entries.append((number, row))
            if joint is TRUE and _is_whole(row):
                done_here.add(number)

    def add_all_of(self, steps: tuple[Step, ...], conditions: Formula, everything: Entries, numbers: frozenset[int]) -> None:
        """Adds every action on an account's datasets, which its administrator gets.

        Args:
            steps: As in `add`.
            conditions: As in `add`.
            everything: What `Numbers.everything` gives for the account.
            numbers: Their numbers.
        """
        self.add(steps, conditions, everything, door=steps[-1].door, because=steps[-1].because, numbers=numbers)
        self._all_of.setdefault(steps[0].door, []).append((conditions, numbers))

    def in_order(self) -> list[Access]:
        """The rows by dataset, action, first door; within these as they were found."""
        return [access for _, access in sorted(self.entries, key=_by_number)]


def _by_number(entry: tuple[int, Access]) -> tuple[int, str, str]:
    number, access = entry
    return number, access.via[0].door if access.via else access.door, access.door


def tidied(accesses: Iterable[Access]) -> list[Access]:
    """One principal's own accesses, each right once.

    What differs in its columns alone is one row, what differs in its conditions alone is one with either; what another row through the same
    door gives without condition is left out, and so is what no request can meet.
    """
    by_door: dict[tuple[Dataset, Action, Door], list[Access]] = {}
    for access in accesses:
        if access.conditions == TRUE or _doubt(access.conditions) is not Verdict.NO:
            by_door.setdefault((access.dataset, access.action, access.door), []).append(access)
    return [one for each in by_door.values() for one in (each if len(each) == 1 else _tidied(each))]


def _tidied(accesses: Sequence[Access]) -> list[Access]:
    """The same for what goes through one door."""
    by_right: dict[tuple[object, ...], list[Access]] = {}
    for access in accesses:
        if _doubt(access.conditions) is not Verdict.NO:
            right = (access.dataset, access.action, access.door, access.via, access.rows, access.conditions, access.enforced_by_engine)
            by_right.setdefault(right, []).append(access)
    by_columns: dict[tuple[object, ...], list[Access]] = {}
    for each in by_right.values():
        one = each[0] if len(each) == 1 else replace(each[0], columns=_columns_of(each), because=_reasons_of(each))
        key = (one.dataset, one.action, one.door, one.via, one.rows, one.columns, one.enforced_by_engine)
        by_columns.setdefault(key, []).append(one)
    found: dict[tuple[Dataset, Action, Door], list[Access]] = {}
    for each in by_columns.values():
        one = each[0]
        if len(each) > 1:
            one = replace(one, conditions=_same(any_of(row.conditions for row in each)), because=_reasons_of(each))
        found.setdefault((one.dataset, one.action, one.door), []).append(one)
    return [one for rows in found.values() for one in rows if len(rows) == 1 or not _is_said(one, rows)]


def _is_said(one: Access, rows: Sequence[Access]) -> bool:
    """Whether another row says as much; of two that say the same the first stays. What takes no step is not said by what takes one."""
    for other in rows:
        if other is one or (other.via and not one.via):
            continue
        if other.conditions == TRUE and _says_all(other, one, one.conditions):
            return bool(one.via and not other.via) or not _says_all(one, other, TRUE) or rows.index(other) < rows.index(one)
    return False


def _is_whole(access: Access) -> bool:
    return access.conditions == TRUE and access.columns is None and access.rows == ALL_ROWS and not access.enforced_by_engine


def _covers(wide: Access, narrow: Access) -> bool:
    """Whether all that the narrow one reaches is in the wide one, conditions aside."""
    if wide.rows not in (ALL_ROWS, narrow.rows) or (wide.enforced_by_engine and not narrow.enforced_by_engine):
        return False
    if wide.columns is None:
        return True
    return narrow.columns is not None and _set(wide.columns) >= _set(narrow.columns)


def _says_all(known: Access, other: Access, conditions: Formula) -> bool:
    """Whether `known` gives whatever `other` gives under `conditions`."""
    return _covers(known, other) and _follows(known.conditions, conditions)


@lru_cache(maxsize=MOST_KEPT)
def _set(columns: tuple[str, ...]) -> frozenset[str]:
    return frozenset(columns)


@lru_cache(maxsize=MOST_KEPT)
def _same(formula: Formula) -> Formula:
    """The first formula of those that are equal, so that what is known of it is found without comparing."""
    return formula


def _follows(known: Formula, conditions: Formula) -> bool:
    """Whether conditions that can be met ask for all that the known ones ask for, in the same words."""
    if known is conditions or known == TRUE:
        return True
    asked = conditions.parts if isinstance(conditions, All) else {conditions}
    return known.parts <= asked if isinstance(known, All) else known in asked


def _joint(one: Formula, other: Formula) -> Formula:
    """The conditions of a way and of what is done at its end.

    Found by the identity of the two: a matrix asks millions of times about a few hundred.
    """
    if one is TRUE or other is TRUE or one is other:
        return other if one is TRUE else one
    key = (id(one), id(other))
    found = _JOINTS.get(key)
    if found is None:
        if len(_JOINTS) >= MOST_KEPT:
            _JOINTS.clear()
        # The two are kept beside, so that no others get their identity.
        found = _JOINTS[key] = (one, other, _same(together(one, other)))
    return found[2]


def _doubt(conditions: Formula) -> Verdict:
    """What the conditions come to, found by their identity."""
    if conditions is TRUE:
        return Verdict.YES
    found = _DOUBTS.get(id(conditions))
    if found is None:
        if len(_DOUBTS) >= MOST_KEPT:
            _DOUBTS.clear()
        found = _DOUBTS[id(conditions)] = (conditions, verdict(conditions))
    return found[1]


_JOINTS: Final[dict[tuple[int, int], tuple[Formula, Formula, Formula]]] = {}
_DOUBTS: Final[dict[int, tuple[Formula, Verdict]]] = {}


@lru_cache(maxsize=MOST_KEPT)
def _longer(steps: tuple[Step, ...], more: tuple[Step, ...]) -> tuple[Step, ...]:
    return (*steps, *more)


def _columns_of(accesses: Sequence[Access]) -> tuple[str, ...] | None:
    named = [access.columns for access in accesses]
    if any(columns is None for columns in named):
        return None
    return tuple(dict.fromkeys(column for columns in named if columns is not None for column in columns))


def _reasons_of(accesses: Sequence[Access]) -> tuple[str, ...]:
    reasons = sorted({reason for access in accesses for reason in access.because})
    more = len(reasons) - _MOST_REASONS
    return (*reasons[:_MOST_REASONS], f"and {more:,} more") if more > 0 else tuple(reasons)
