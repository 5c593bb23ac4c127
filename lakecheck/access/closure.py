"""Whom a principal can become, over any number of steps: for each first door the surest and shortest ways to everybody it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakecheck.access.chains import together
from lakecheck.access.words import RANK, Verdict, verdict, who
from lakecheck.estate.model import PrincipalKind
from lakecheck.formula import FALSE, TRUE, Formula, Unresolved, all_of, any_of
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakecheck.access.model import Door, Edge, Step
    from lakecheck.estate.model import Principal

MOST_STEPS: Final = 20_000_000
"""So many steps are tried for all principals together; whoever comes after that is told as not known."""

MOST_WAYS: Final = 64
"""So many ways between the same two are told apart by their conditions; whether one of the others can be gone is told as not known."""

_OF_AN_ACCOUNT: Final = frozenset({PrincipalKind.ROLE, PrincipalKind.USER})
"""Whom an administrator of an account can act as: roles of Identity Center and of services cannot be edited."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How one principal gets to another, or to everything in an account.

    Attributes:
        target: Whom it becomes; None for `anything in the account`.
        account: The account in which it can do anything, when `target` is None.
        steps: At least one.
        conditions: Of all steps together.
    """

    target: Principal | None
    account: str = ""
    steps: tuple[Step, ...]
    conditions: Formula = TRUE


@dataclass(frozen=True, slots=True)
class _Node:
    """A principal, or an account with everything in it; compared by key."""

    key: str
    target: Principal | None
    account: str


_Steps = dict[str, list[tuple["Step", _Node, Formula, int]]]
"""By principal: each step, whom it reaches, on what condition, with how much doubt."""


class Closure:
    """Everybody's ways.

    A way never leads through its own beginning, nor twice through the same principal. Of several ways to the same principal that begin with
    the same door the one with the least doubt counts, and of those the shortest; another one counts beside it where it can be gone when
    that one cannot. Who can do anything in an account can act as each of its roles and users.

    Args:
        edges: Who can become whom; several between the same two through one door are alternatives.
        principals: Everybody.
        most_steps: So many steps are tried.
    """

    def __init__(self, edges: Iterable[Edge], principals: Iterable[Principal], *, most_steps: int = MOST_STEPS) -> None:
        self._left = most_steps
        self._most = most_steps
        self._unfinished: dict[str, None] = {}
        self._inside: dict[str, list[_Node]] = {}
        for principal in principals:
            if principal.kind in _OF_AN_ACCOUNT:
                self._inside.setdefault(principal.account, []).append(_Node(_key(principal), principal, ""))
        self._steps = _adjacency(edges)

    @property
    def not_known(self) -> tuple[str, ...]:
        """Whose ways were not all tried."""
        return tuple(self._unfinished)

    def ways(self, source: Principal, *, through: Door | None = None) -> Iterator[Way]:
        """The ways of one principal, those of one first door after those of another, the surest and shortest first.

        Args:
            source: Who.
            through: The only door that any step may take; any when left out.
        """
        start = _key(source)
        doors = dict.fromkeys(step.door for step, _, _, _ in self._steps.get(start, ()))
        for door in sorted(doors):
            if through is None or door is through:
                yield from self._of_first_door(start, source, door, through)

    def _of_first_door(self, start: str, source: Principal, door: Door, through: Door | None) -> Iterator[Way]:
        found = _Reached(start)
        # A sure way counts more than a short one: first over sure steps alone, then over conditional ones, too, then over all.
        for limit in (RANK[Verdict.YES], RANK[Verdict.IF], RANK[Verdict.UNKNOWN]):
            search = _Search(self._steps, self._inside, start, limit, budget=self._left)
            for node, steps, conditions in search.run(door, through):
                noted = found.noted(node.key, conditions)
                if noted is not None:
                    yield Way(target=node.target, account=node.account, steps=steps, conditions=noted)
            self._left = search.budget
            if self._left < 0:
                self._unfinished[
                    f"{who(source)} in {shown(source.account)}: not every way of becoming somebody else was tried, beyond "
                    f"{self._most:,} steps for all principals together"
                ] = None
            if self._left < 0 or not search.left_doubtful:
                return


class _Reached:
    """Who was reached, and on what conditions.

    Args:
        start: Where all ways begin, where none leads to.
    """

    def __init__(self, start: str) -> None:
        self._conditions: dict[str, list[Formula]] = {start: [TRUE]}

    def surely(self, key: str) -> bool:
        """Whether somebody was reached without condition, so that no other way says more."""
        return TRUE in self._conditions.get(key, ())

    def noted(self, key: str, conditions: Formula) -> Formula | None:
        """Notes a way, and says on what conditions; None where one that was noted before can be gone whenever this one can."""
        known = self._conditions.setdefault(key, [])
        if len(known) > MOST_WAYS or any(each == TRUE or all_of((each, conditions)) == conditions for each in known):
            return None
        if len(known) == MOST_WAYS:
            conditions = Unresolved(f"whether one of more than {MOST_WAYS} ways of becoming {shown(key.rpartition(' ')[2])} can be gone")
        known.append(conditions)
        return conditions


class _Search:
    """One search, breadth first, over steps of no more than so much doubt."""

    def __init__(self, steps: _Steps, inside: dict[str, list[_Node]], start: str, limit: int, *, budget: int) -> None:
        self._steps, self._inside, self._limit = steps, inside, limit
        self._reached = _Reached(start)
        self._here: list[tuple[str, tuple[Step, ...], Formula]] = [(start, (), TRUE)]
        self.budget = budget
        self.left_doubtful = False

    def run(self, door: Door, through: Door | None) -> Iterator[tuple[_Node, tuple[Step, ...], Formula]]:
        while self._here:
            following = []
            for key, steps, conditions in self._here:
                only = through if steps else door
                for step, node, joint in self._following(key, conditions, only):
                    longer = (*steps, step)
                    for reached in (node, *(self._inside.get(node.account, ()) if node.target is None else ())):
                        noted = self._reached.noted(reached.key, joint)
                        if noted is not None:
                            following.append((reached.key, longer, noted))
                            yield reached, longer, noted
            self._here = following

    def _following(self, key: str, conditions: Formula, only: Door | None) -> Iterator[tuple[Step, _Node, Formula]]:
        for step, node, condition, rank in self._steps.get(key, ()):
            self.budget -= 1
            if self.budget < 0:
                return
            if (only is not None and step.door is not only) or self._reached.surely(node.key):
                continue
            if rank > self._limit:
                self.left_doubtful = True
                continue
            joint = _both(conditions, condition)
            if joint is not None:
                yield step, node, joint


def _adjacency(edges: Iterable[Edge]) -> _Steps:
    """By principal its steps in a stable order; alternatives through one door are joined, impossible ones left out."""
    joint: dict[tuple[str, Door, str], tuple[Step, _Node, list[Formula]]] = {}
    for edge in edges:
        node = (
            _Node(_key(edge.target), edge.target, "") if edge.target is not None else _Node(f"account {edge.account}", None, edge.account)
        )
        key = (_key(edge.source), edge.step.door, node.key)
        if key in joint:
            kept, _, formulas = joint[key]
            # The step that a sure edge names is the one that explains it.
            step = edge.step if edge.conditions == TRUE and TRUE not in formulas else kept
            joint[key] = (step, node, [*formulas, edge.conditions])
        else:
            joint[key] = (edge.step, node, [edge.conditions])
    found: _Steps = {}
    for (source, _, target), (step, node, formulas) in sorted(joint.items(), key=lambda item: item[0]):
        condition = any_of(formulas)
        rank = RANK[verdict(condition)]
        if target != source and rank < RANK[Verdict.NO]:
            found.setdefault(source, []).append((step, node, condition, rank))
    return found


def _both(one: Formula, other: Formula) -> Formula | None:
    """The conditions of a way and of its next step; None when one of the two cannot be."""
    joint = together(one, other)
    return None if joint == FALSE else joint


def _key(principal: Principal) -> str:
    """ARNs tell principals apart; what has none of its own is told apart by name."""
    return f"{principal.arn} {principal.account} {principal.name}"


def in_order(principals: Iterable[Principal]) -> Sequence[Principal]:
    """Principals in the order in which reports list them: by name, then by account."""
    return sorted(principals, key=lambda one: (one.name, one.account, one.arn))
