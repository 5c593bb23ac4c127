"""What policies say to a request, and how answers to several requests are joined; every door answers so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from lakecheck.formula import FALSE, TRUE, All, Any, Formula, Not, Test, Unresolved, all_of, any_of, leaves, negate

if TYPE_CHECKING:
    from collections.abc import Iterable

_OF_THE_CALLER: Final = (
    "aws:principal", "aws:source", "aws:multifactor", "aws:token", "aws:current", "aws:epoch", "aws:secure", "aws:useragent", "aws:referer",
    "aws:user", "aws:federated", "aws:via", "aws:called", "aws:ec2", "aws:vpc", "saml:", "sts:", "s3:tls", "s3:signature", "s3:auth",
)  # fmt: skip
"""Keys that follow from the caller and its connection: of several requests of one caller they have one value."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What policies say to one request, or to several together.

    Attributes:
        allowed: True, false, or what it depends on.
        because: The statements that let it, for people.
    """

    allowed: Formula
    because: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether it is never allowed."""
        return self.allowed == FALSE


NO: Final = Answer(FALSE)
YES: Final = Answer(TRUE)


def every(answers: Iterable[Answer]) -> Answer:
    """All of the requests go through, each in a context of its own where the keys belong to the request and not to the caller."""
    kept: list[Answer] = []
    for answer in answers:
        if answer.refused:
            return NO
        kept.append(answer)
    return Answer(all_of(_apart([each.allowed for each in kept])), _unique(line for each in kept for line in each.because))


def some(answers: Iterable[Answer]) -> Answer:
    """One of the requests goes through; the first that surely does stands for all."""
    kept: list[Answer] = []
    for answer in answers:
        if answer.allowed == TRUE:
            return answer
        if not answer.refused:
            kept.append(answer)
    if not kept:
        return NO
    return Answer(any_of(each.allowed for each in kept), kept[0].because)


def doubtful(answer: Answer, reason: str) -> Answer:
    """The answer, if a fact holds that no template tells."""
    return answer if answer.refused else Answer(all_of((answer.allowed, Unresolved(reason))), answer.because)


def _unique(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines))


# --- contexts of several requests ------------------------------------------------------------------------------------------------------


def _apart(formulas: list[Formula]) -> list[Formula]:
    """The formulas, where two requests test one key of their own differently under two names, since each has its own value."""
    tests: dict[str, list[frozenset[Test]]] = {}
    for formula in formulas:
        own: dict[str, set[Test]] = {}
        for leaf in leaves(formula):
            if isinstance(leaf, Test) and not leaf.key.startswith(_OF_THE_CALLER):
                own.setdefault(leaf.key, set()).add(leaf)
        for key, found in own.items():
            tests.setdefault(key, []).append(frozenset(found))
    clashing = {key for key, found in tests.items() if len(set(found)) > 1}
    if not clashing:
        return formulas
    return [_renamed(formula, clashing, number) for number, formula in enumerate(formulas, start=1)]


def _renamed(formula: Formula, keys: set[str], number: int) -> Formula:
    if isinstance(formula, Test):
        return replace(formula, key=f"{formula.key} (request {number})") if formula.key in keys else formula
    if isinstance(formula, Not):
        return negate(_renamed(formula.part, keys, number))
    if isinstance(formula, All):
        return all_of(_renamed(each, keys, number) for each in formula.parts)
    if isinstance(formula, Any):
        return any_of(_renamed(each, keys, number) for each in formula.parts)
    return formula
