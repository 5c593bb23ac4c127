"""Compares two matrices: who gains what, who loses what, whose conditions changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakecheck.access.grouping import Right, right_of
from lakecheck.access.model import ALL_ROWS, Action, Dataset, DatasetKind, Door, Matrix
from lakecheck.access.words import ACTIONS, MOST_KEPT, RANK, Verdict, condition, verdict
from lakecheck.formula import TRUE, Formula, Truth, all_of, negate
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.access.model import Access, Step
    from lakecheck.estate.model import Principal

WHOLE: Final = None
"""The column of a dataset whose columns nobody knows."""


class Kind(StrEnum):
    """What a change means for who is concerned."""

    GAIN = "gain"
    """More than before: a column, an action, a door, weaker conditions, more rows, a shorter or a surer way."""
    FOLLOWS = "follows"
    """New data, reached by what reached all other data of its account in the same way before: the lake's machinery, or an administrator."""
    LOSS = "loss"
    CHANGE = "change"
    """No more than before: stricter conditions, a longer way, or as much on another way."""


class How(StrEnum):
    """In what respect."""

    NEW = "new"
    """There was nothing through this door, or there is nothing any more."""
    CONDITIONS = "conditions"
    ROWS = "rows"
    CERTAINTY = "certainty"
    """What was not known is now known to be so, or the other way round."""
    WAY = "way"
    """It takes fewer steps, or more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change: of one principal, one dataset, one action, one door, and of columns that change alike.

    Attributes:
        kind: What it means.
        how: In what respect.
        who: The principal, of HEAD where it is there.
        to: The dataset, of HEAD where it is there.
        columns: Which; None for the whole dataset.
        was: What there was; None when there was nothing.
        now: What there is; None when there is nothing any more.
        because: The grants and statements behind it.
        at: Where the widest reason stands, for people.
        is_new_principal: Whether BASE had no such principal.
        is_new_dataset: Whether BASE had no such dataset.
    """

    kind: Kind
    how: How
    who: Principal
    to: Dataset
    columns: tuple[str, ...] | None
    was: Right | None
    now: Right | None
    because: tuple[str, ...] = ()
    at: str = ""
    is_new_principal: bool = False
    is_new_dataset: bool = False

    @property
    def right(self) -> Right:
        """What there is, or was."""
        found = self.now if self.now is not None else self.was
        if found is None:
            msg = "a change has something that was or is"
            raise ValueError(msg)
        return found

    # What an approval is held against, as `lakemodel.access_gain.Gain` has it.

    @property
    def principal(self) -> str:
        """What a reader calls who is concerned."""
        return shown(self.who.name)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return shown(self.who.arn)

    @property
    def dataset(self) -> str:
        """What the data is called."""
        return shown(self.to.name)

    @property
    def action(self) -> str:
        """What may, or might, be done."""
        return self.right.action.value

    @property
    def door(self) -> str:
        """The first door."""
        return self.right.first_door.value

    @property
    def environment(self) -> str:
        """Where the data is."""
        return shown(self.to.environment)

    @property
    def rows(self) -> str:
        """The row filter."""
        return shown(self.right.rows)

    @property
    def conditions(self) -> str:
        """What remains, in words."""
        return condition(self.right.conditions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Everything that changed.

    Attributes:
        changes: In order: gains first, then by principal, dataset, action.
        base_not_known: What could not be told of BASE.
        head_not_known: What could not be told of HEAD and was no such thing in BASE.
    """

    changes: tuple[Change, ...]
    base_not_known: tuple[str, ...] = ()
    head_not_known: tuple[str, ...] = ()

    def of(self, *kinds: Kind) -> tuple[Change, ...]:
        """The changes of some kinds."""
        return tuple(change for change in self.changes if change.kind in kinds)


_Key = tuple[str, str, Action, Door]
_Columns = dict[str | None, list["Access"]]
_Group = tuple[Kind, How, Right | None, Right | None]
_Reason = tuple[str, str, Action, Door, tuple["Step", ...], tuple[str, ...]]
"""Why somebody reaches data of an account."""


@dataclass(frozen=True, slots=True)
class _Side:
    """One state, by what is compared."""

    rows: dict[_Key, list[Access]]
    principals: dict[str, Principal]
    datasets: dict[str, Dataset]
    columns: dict[str, tuple[str, ...]]
    reasons: frozenset[_Reason]
    machinery: frozenset[str]

    def by_column(self, key: _Key) -> _Columns:
        """The rows of a key for each column that they name, or that there is."""
        found: _Columns = {}
        every: Sequence[str | None] = self.columns.get(key[1]) or (WHOLE,)
        for access in self.rows.get(key, ()):
            for column in access.columns if access.columns is not None else every:
                found.setdefault(column, []).append(access)
        return found


def difference(base: Matrix, head: Matrix) -> Difference:
    """What changed from one state to another.

    Principals are the same when their ARNs are, datasets when account, Region and name are. Who reaches a whole table reaches all columns
    that there are, so that a column that is added is gained by whoever can read it.

    Args:
        base: What holds.
        head: What is to hold.
    """
    was, now = _side(base), _side(head)
    found: list[Change] = []
    for key in dict.fromkeys((*now.rows, *was.rows)):
        if not _are_alike(was.rows.get(key, ()), now.rows.get(key, ())) or was.columns.get(key[1]) != now.columns.get(key[1]):
            found += _of_key(key, was, now)
    known = set(base.not_known)
    return Difference(
        changes=tuple(sorted(found, key=_order)),
        base_not_known=base.not_known,
        head_not_known=tuple(reason for reason in head.not_known if reason not in known),
    )


def _side(matrix: Matrix) -> _Side:
    rows: dict[_Key, list[Access]] = {}
    principals: dict[str, Principal] = {}
    reasons: set[_Reason] = set()
    who: dict[int, str] = {}
    what = {dataset: _dataset_key(dataset) for dataset in matrix.datasets}
    machinery = frozenset(shown(arn) for arn in matrix.data_plane)
    for access in matrix.accesses:
        person = who.get(id(access.principal))
        if person is None:
            person = who[id(access.principal)] = shown(access.principal.arn)
            principals.setdefault(person, access.principal)
        door = access.via[0].door if access.via else access.door
        rows.setdefault((person, what[access.dataset], access.action, door), []).append(access)
        if person in machinery or access.via:
            reasons.add((person, access.dataset.account, access.action, door, access.via, access.because))
    return _Side(
        rows=rows,
        principals=principals,
        datasets={key: dataset for dataset, key in what.items()},
        columns={what[dataset]: columns for dataset, columns in matrix.columns.items() if dataset in what},
        reasons=frozenset(reasons),
        machinery=machinery,
    )


def _are_alike(before: Sequence[Access], after: Sequence[Access]) -> bool:
    """Whether nothing has to be looked at: most rows of most changes are the same."""
    if len(before) != len(after):
        return False
    return all(
        old.columns == new.columns
        and old.conditions == new.conditions
        and old.rows == new.rows
        and len(old.via) == len(new.via)
        and old.enforced_by_engine == new.enforced_by_engine
        for old, new in zip(before, after, strict=True)
    )


def _dataset_key(dataset: Dataset) -> str:
    return f"{dataset.kind.value} {shown(dataset.account)} {shown(dataset.region)} {shown(dataset.name)}"


def _of_key(key: _Key, was: _Side, now: _Side) -> Iterator[Change]:
    person, thing = key[:2]
    before, after = was.by_column(key), now.by_column(key)
    groups: dict[_Group, list[str | None]] = {}
    behind: dict[_Group, Access] = {}
    for column in dict.fromkeys((*after, *before)):
        for kind, how, old, new in _of_column(before.get(column, ()), after.get(column, ())):
            group = (kind, how, None if old is None else right_of(old), None if new is None else right_of(new))
            groups.setdefault(group, []).append(column)
            access = new if new is not None else old
            if access is not None:
                behind.setdefault(group, access)
    every = {*(now.columns.get(thing) or was.columns.get(thing, ()))}
    for group, columns in groups.items():
        kind, how, old_right, new_right = group
        access = behind[group]
        dataset = now.datasets.get(thing) or was.datasets[thing]
        is_new = thing not in was.datasets or (bool(before) and not any(column in was.columns.get(thing, ()) for column in columns))
        follows = kind is Kind.GAIN and is_new and _follows(key, dataset, access, was, now)
        whole = WHOLE in columns or (bool(every) and every <= set(columns))
        yield Change(
            kind=Kind.FOLLOWS if follows else kind,
            how=how,
            who=now.principals.get(person) or was.principals[person],
            to=dataset,
            columns=None if whole else tuple(str(column) for column in columns),
            was=old_right,
            now=new_right,
            because=access.because,
            at="" if access.origin is None else shown(str(access.origin)),
            is_new_principal=person not in was.principals,
            is_new_dataset=thing not in was.datasets,
        )


def _of_column(before: Sequence[Access], after: Sequence[Access]) -> Iterator[tuple[Kind, How, Access | None, Access | None]]:
    """What changed of one column: each row of HEAD that nothing of BASE says, each of BASE that nothing of HEAD says."""
    gone = [old for old in before if not any(_gives(new, old) for new in after)]
    for new in after:
        if any(_gives(old, new) for old in before):
            continue
        # What it took the place of is what there was: the widest, as long as one of them went.
        old = min(gone or before, key=_doubt, default=None)
        yield Kind.GAIN, (How.NEW if old is None else _respect(old, new)), old, new
    gains = [new for new in after if not any(_gives(old, new) for old in before)]
    for old in gone:
        if gains:
            continue
        new_one = min(after, key=_doubt, default=None)
        if new_one is None:
            yield Kind.LOSS, How.NEW, old, None
        else:
            yield Kind.CHANGE, _respect(old, new_one), old, new_one


def _gives(wide: Access, narrow: Access) -> bool:
    """Whether whoever has the wide one had no less than the narrow one: rows, conditions, certainty and the way's length."""
    if wide.rows not in (ALL_ROWS, narrow.rows) or len(wide.via) > len(narrow.via):
        return False
    if wide.conditions == narrow.conditions:
        return True
    return RANK[verdict(wide.conditions)] <= RANK[verdict(narrow.conditions)] and _implies(narrow.conditions, wide.conditions)


@lru_cache(maxsize=MOST_KEPT)
def _implies(narrow: Formula, wide: Formula) -> bool:
    """Whether each request that meets the narrow one meets the wide one for sure."""
    from lakecheck.iam.solver import solve  # noqa: PLC0415 - `--help` is to be quick

    return wide == TRUE or solve(all_of((narrow, negate(wide)))).truth is Truth.FALSE


def _respect(old: Access, new: Access) -> How:
    if old.rows != new.rows:
        return How.ROWS
    if old.conditions != new.conditions:
        one_is_open = Verdict.UNKNOWN in (verdict(old.conditions), verdict(new.conditions))
        return How.CERTAINTY if one_is_open else How.CONDITIONS
    return How.WAY


def _doubt(access: Access) -> tuple[int, int, bool]:
    return RANK[verdict(access.conditions)], len(access.via), access.rows != ALL_ROWS


def _follows(key: _Key, dataset: Dataset, access: Access, was: _Side, now: _Side) -> bool:
    """Whether new data is reached for the reasons for which other data of its account was, by machinery or an account's administrator."""
    person, _, action, door = key
    by_account = bool(access.via) and access.via[-1].door is access.door
    if person in now.machinery and person not in was.principals:
        return True
    if not by_account and not (person in now.machinery and person in was.machinery):
        return False
    return (person, dataset.account, action, door, access.via, access.because) in was.reasons


def _order(change: Change) -> tuple[object, ...]:
    to, right = change.to, change.right
    return (
        list(Kind).index(change.kind),
        change.principal,
        change.arn,
        to.environment,
        to.kind is not DatasetKind.TABLE,
        to.name,
        to.account,
        to.region,
        ACTIONS.index(right.action),
        right.first_door.value,
        change.columns is not None,
        change.columns or (),
        change.conditions,
        right.rows,
        list(How).index(change.how),
    )
