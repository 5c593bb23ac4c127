"""Conditions along a way: each step is a request of its own, by somebody else, so that one key may have another value each time."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

from lakecheck.access.words import MOST_KEPT, Verdict, verdict
from lakecheck.formula import FALSE, TRUE, All, Any, Formula, Not, Test, all_of, any_of, negate

LATER: Final = " (later request)"
"""Stands behind a condition key that has another value in a later request of the same way."""


@lru_cache(maxsize=MOST_KEPT)
def together(one: Formula, other: Formula) -> Formula:
    """What one request and a later one ask for; `FALSE` when one of them cannot be.

    As long as one set of values can meet both, they are asked for together, which reads easier. Else the later request's keys are told
    apart: a role may be assumed through one VPC endpoint, and the data then read through another.

    Args:
        one: Of the requests before.
        other: Of the later request.
    """
    if TRUE in (one, other):
        return other if one == TRUE else one
    joint = all_of((one, other))
    if verdict(joint) is not Verdict.NO:
        return joint
    apart = all_of((one, _later(other)))
    return FALSE if verdict(apart) is Verdict.NO else apart


def _later(formula: Formula) -> Formula:
    if isinstance(formula, Test):
        return replace(formula, key=f"{formula.key}{LATER}")
    if isinstance(formula, Not):
        return negate(_later(formula.part))
    if isinstance(formula, All):
        return all_of(_later(each) for each in formula.parts)
    if isinstance(formula, Any):
        return any_of(_later(each) for each in formula.parts)
    return formula
