"""What the rules of one invariant come upon: accesses that are forbidden, things that are required and missing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakecheck.formula import Truth, unresolved
from lakecheck.iam.solver import solve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lakecheck.access.invariants.loader import LoadedRules
    from lakecheck.access.invariants.subjects import DataFacts, PrincipalFacts
    from lakecheck.access.invariants.verdicts import Counterexample
    from lakecheck.access.model import Access, Matrix
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Principal
    from lakecheck.formula import Formula


UNCONFIRMED: Final = "the request that would show it is not allowed when every condition key is known: please report it"
"""Why something that looked possible is not said to be so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What every rule is judged over."""

    questions: Questions
    matrix: Matrix
    loaded: LoadedRules
    data: DataFacts
    who: PrincipalFacts


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """Something that speaks against an invariant.

    Attributes:
        principal: Whom it is about; None when a principal is missing altogether.
        example: What to say of it, or what makes it: of very many a few are told.
        possible: TRUE it is so, FALSE it is not, OPEN it depends on what is not known.
        access: The access that is forbidden; None when it is about none.
    """

    principal: Principal | None
    example: Counterexample | Callable[[], Counterexample]
    possible: Truth
    access: Access | None = None

    def told(self) -> Counterexample:
        """What to say of it."""
        return self.example() if callable(self.example) else self.example


@dataclass(frozen=True, kw_only=True, slots=True)
class Possibility:
    """Whether conditions can be met.

    Attributes:
        truth: TRUE they can, FALSE they cannot, OPEN it depends on what is not known.
        context: Condition keys that meet them.
        reasons: What is not known.
    """

    truth: Truth
    context: Mapping[str, tuple[str, ...]]
    reasons: tuple[str, ...] = ()


@lru_cache(maxsize=16384)
def possibility(conditions: Formula) -> Possibility:
    """Whether some request meets the conditions."""
    if conditions.truth is not Truth.OPEN:
        return Possibility(truth=conditions.truth, context={})
    solution = solve(conditions)
    reasons = solution.reasons or tuple(sorted(unresolved(conditions)))
    return Possibility(truth=solution.truth, context=solution.witness or {}, reasons=reasons if solution.truth is Truth.OPEN else ())


def best(possibilities: Iterable[Possibility]) -> Possibility:
    """The one that allows most: of several ways one suffices."""
    order = (Truth.TRUE, Truth.OPEN, Truth.FALSE)
    return min(possibilities, key=lambda each: order.index(each.truth), default=Possibility(truth=Truth.FALSE, context={}))
