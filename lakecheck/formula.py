"""What a verdict still depends on: tests of a request's context, and facts that no template tells, joined by and, or, not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Truth(Enum):
    """The three values."""

    TRUE = "true"
    FALSE = "false"
    OPEN = "open"
    """It depends on what the formula names."""


class Formula:
    """A statement about a request that is true, false, or depends on `Test`s and `Unresolved`s. Immutable, hashable, comparable.

    Build it with `all_of`, `any_of` and `negate`, which simplify, never by calling the classes of the connectives.
    """

    __slots__ = ()

    @property
    def truth(self) -> Truth:
        """TRUE and FALSE only for `TRUE` and `FALSE` themselves; whether an open one can be met is for `lakecheck.iam.solver` to say."""
        return Truth.OPEN


@dataclass(frozen=True, slots=True)
class Constant(Formula):
    """`TRUE` or `FALSE`."""

    value: bool

    @property
    def truth(self) -> Truth:
        """As named."""
        return Truth.TRUE if self.value else Truth.FALSE


TRUE = Constant(value=True)
FALSE = Constant(value=False)


@dataclass(frozen=True, slots=True)
class Test(Formula):
    """One key under one operator of a Condition block, which a request's context decides.

    Attributes:
        key: The condition key in lower case, such as `aws:sourcevpce`; the name after the `/` of a tag key keeps its case.
        operator: Without set prefix and `IfExists`, in IAM's spelling: `StringLike`, `Bool`, `Null`, ...
        values: The values as the policy has them, sorted; any one suffices (none may fit under a negated operator).
        quantifier: `ForAllValues`, `ForAnyValue` or empty.
        if_exists: Whether a missing key meets it.
    """

    key: str
    operator: str
    values: tuple[str, ...]
    quantifier: str = ""
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class Unresolved(Formula):
    """A fact that the input does not tell, such as a policy that only an account knows.

    Attributes:
        reason: What is not known and why; lower case, without a period. Equal reasons are one and the same fact.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class All(Formula):
    """True when all parts are."""

    parts: frozenset[Formula]


@dataclass(frozen=True, slots=True)
class Any(Formula):
    """True when a part is."""

    parts: frozenset[Formula]


@dataclass(frozen=True, slots=True)
class Not(Formula):
    """True when its part is not."""

    part: Formula


def all_of(parts: Iterable[Formula]) -> Formula:
    """The conjunction; `TRUE` of nothing."""
    kept: set[Formula] = set()
    for part in parts:
        if type(part) is Constant:
            if not part.value:
                return FALSE
        elif type(part) is All:
            kept |= part.parts
        else:
            kept.add(part)
    return _joined(kept, All, neutral=TRUE, absorbing=FALSE) if kept else TRUE


def any_of(parts: Iterable[Formula]) -> Formula:
    """The disjunction; `FALSE` of nothing."""
    kept: set[Formula] = set()
    for part in parts:
        if type(part) is Constant:
            if part.value:
                return TRUE
        elif type(part) is Any:
            kept |= part.parts
        else:
            kept.add(part)
    return _joined(kept, Any, neutral=FALSE, absorbing=TRUE) if kept else FALSE


def negate(part: Formula) -> Formula:
    """The negation."""
    if isinstance(part, Constant):
        return FALSE if part.value else TRUE
    return part.part if isinstance(part, Not) else Not(part)


def unresolved(formula: Formula) -> frozenset[str]:
    """The reasons of every `Unresolved` in it."""
    return frozenset(part.reason for part in leaves(formula) if isinstance(part, Unresolved))


def leaves(formula: Formula) -> Iterator[Test | Unresolved]:
    """Every `Test` and `Unresolved` in it, each perhaps more than once."""
    if isinstance(formula, Test | Unresolved):
        yield formula
    elif isinstance(formula, Not):
        yield from leaves(formula.part)
    elif isinstance(formula, All | Any):
        for part in formula.parts:
            yield from leaves(part)


def _joined(kept: set[Formula], connective: type[All | Any], *, neutral: Formula, absorbing: Formula) -> Formula:
    if not kept:
        return neutral
    if len(kept) == 1:
        return next(iter(kept))
    if any(negate(part) in kept for part in kept):
        return absorbing
    return connective(frozenset(kept))
