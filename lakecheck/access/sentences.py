"""What changed of access in sentences: what is alike is said once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from lakecheck.access.difference import Kind
from lakecheck.access.model import Action, DatasetKind
from lakecheck.access.words import DOORS, actions as actions_in_words, condition, few, joined, place, step, what, who
from lakecheck.assembly.model import NO_ENVIRONMENT
from lakecheck.values import shown
from lakemodel.findings import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakecheck.access.difference import Change
    from lakecheck.access.grouping import Right
    from lakecheck.access.review import Judged

_VERBS: Final = {Kind.GAIN: "gains", Kind.FOLLOWS: "gains", Kind.LOSS: "loses", Kind.CHANGE: "keeps"}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and the changes it is about.

    Attributes:
        text: `permission-set/DataAnalyst gains read of sales.customers.email in Prod through direct S3`.
        judged: At least one.
    """

    text: str
    judged: tuple[Judged, ...]

    @property
    def first(self) -> Judged:
        """The one whose reasons are told."""
        return self.judged[0]


def sentences(judged: Iterable[Judged]) -> tuple[Said, ...]:
    """The changes in words: what is alike but for its action, its environment or its dataset is said once."""
    all_of_them = tuple(judged)
    unclear = _unclear(all_of_them)
    groups = [_Group((one,), (one.change.right.action,), (one.change.environment,), (place(one.change.to),)) for one in all_of_them]
    for field in ("actions", "environments", "names"):
        groups = _merged(groups, field, unclear)
    return tuple(Said(_sentence(group, unclear), group.judged) for group in groups)


class _Group(NamedTuple):
    """Changes that one sentence is about."""

    judged: tuple[Judged, ...]
    actions: tuple[Action, ...]
    environments: tuple[str, ...]
    names: tuple[str, ...]


def _merged(groups: Sequence[_Group], field: str, unclear: frozenset[tuple[str, str]]) -> list[_Group]:
    """Groups that differ in one field alone, joined."""
    found: dict[object, list[_Group]] = {}
    for group in groups:
        key = (_likeness(group.judged[0], unclear), group._replace(judged=(), **{field: ()}))
        found.setdefault(key, []).append(group)
    return [_joined(alike, field) for alike in found.values()]


def _joined(alike: Sequence[_Group], field: str) -> _Group:
    values = dict.fromkeys(value for group in alike for value in getattr(group, field))
    return alike[0]._replace(judged=tuple(one for group in alike for one in group.judged), **{field: tuple(values)})


def _unclear(judged: Iterable[Judged]) -> frozenset[tuple[str, str]]:
    """Names that several principals have whose changes are in one environment."""
    arns: dict[tuple[str, str], set[str]] = {}
    for one in judged:
        arns.setdefault((one.change.principal, one.change.environment), set()).add(one.change.arn)
    return frozenset(key for key, found in arns.items() if len(found) > 1)


def _likeness(one: Judged, unclear: frozenset[tuple[str, str]]) -> tuple[object, ...]:
    change = one.change
    was = None if change.was is None else change.was._replace(action=Action.READ)
    now = None if change.now is None else change.now._replace(action=Action.READ)
    person = change.arn if (change.principal, change.environment) in unclear else change.principal
    approval = None if one.approval is None else id(one.approval)
    return change.kind, change.how, person, change.columns, was, now, approval, one.is_open, change.is_new_dataset, change.to.kind


def _sentence(group: _Group, unclear: frozenset[tuple[str, str]]) -> str:
    change = group.judged[0].change
    noun = "table" if change.to.kind is DatasetKind.TABLE else "dataset"
    thing = what(change.to, change.columns)
    if len(group.names) > 1:
        thing = few(group.names, noun)
        thing = thing if change.columns is None else f"{few(change.columns, 'column')} of {thing}"
    news = f" (new {noun}{'s' if len(group.names) > 1 else ''})" if change.is_new_dataset else ""
    places = joined([printable(one) for one in sorted(group.environments) if one not in ("", NO_ENVIRONMENT)])
    person = who(change.who)
    if (change.principal, change.environment) in unclear:
        person = f"{person} of {shown(change.who.account)}"
    said = f"{person} {_VERBS[change.kind]} {actions_in_words(group.actions)} of {thing}{news}{f' in {places}' if places else ''}"
    return f"{said} {_through(change.right)}{_respects(change)}"


def _through(right: Right) -> str:
    if not right.via:
        return f"through {DOORS[right.door]}"
    last = "" if right.via[-1].door is right.door else f", then {DOORS[right.door]}"
    return f"through {DOORS[right.first_door]}: it {', '.join(step(one) for one in right.via)}{last}"


def _respects(change: Change) -> str:
    was, now = change.was, change.now
    if was is None or now is None:
        right = change.right
        rows = f", rows where {printable(shown(right.rows))}" if right.rows else ""
        return f"{rows}{_if(right)}"
    told: list[str] = []
    if was.rows != now.rows:
        told.append(f"rows {_rows(now)} instead of {_rows(was)}")
    if was.conditions != now.conditions:
        told.append(f"{_when(now)} instead of {_when(was)}")
    if len(was.via) != len(now.via):
        told.append(f"in {len(now.via)} instead of {len(was.via)} steps")
    return f", {' and '.join(told)}" if told else ""


def _if(right: Right) -> str:
    words = condition(right.conditions)
    return f", if {words}" if words else ""


def _rows(right: Right) -> str:
    return f"where {printable(shown(right.rows))}" if right.rows else "without a filter"


def _when(right: Right) -> str:
    words = condition(right.conditions)
    return f"if {words}" if words else "without condition"
