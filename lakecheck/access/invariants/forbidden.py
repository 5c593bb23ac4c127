"""Accesses that a rule forbids."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from lakecheck.access.invariants.candidates import Candidate, possibility
from lakecheck.access.invariants.verdicts import Counterexample
from lakecheck.access.words import access_in_words
from lakecheck.estate.model import PrincipalKind
from lakecheck.formula import TRUE, Truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.invariants.candidates import Possibility, Situation
    from lakecheck.access.invariants.model import Rule
    from lakecheck.access.model import Access

REMEDY: Final = "Remove what allows it, or name the principal under `except` with the reason."


def forbidden_accesses(situation: Situation, rule: Rule) -> Iterator[Candidate]:
    """Every access in the matrix that the rule is about.

    Data of which nobody says the zone or the domain counts as of any: what is not known is not safe.
    """
    known: dict[tuple[int, tuple[str, ...] | None], tuple[str, ...] | None] = {}
    for access in situation.matrix.accesses:
        if rule.do is not None and access.action not in rule.do:
            continue
        if rule.door is not None and access.door not in rule.door and not any(step.door in rule.door for step in access.via[:1]):
            continue
        if not situation.who.fits(access.principal, rule.who, forbidden=True) or not _crosses(situation, access, rule):
            continue
        parts = situation.data.matching(access.dataset, rule.data, forbidden=True)
        key = (id(parts), access.columns)
        if key not in known:  # the parts are kept with the facts
            known[key] = columns_at_issue(access, [part.columns for part in parts])
        columns = known[key]
        if columns is not None:
            yield candidate(access, columns)


def columns_at_issue(access: Access, parts: list[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    """Those columns of the access that are among the parts; empty for data that has no columns, None when it is about none of them."""
    if not parts:
        return None
    if any(part is None for part in parts) or not any(parts):
        return ()
    wanted = {column for part in parts for column in part or ()}
    if access.columns is not None:  # a field of a struct is read with its column
        wanted = {column for column in wanted if column in access.columns or column.partition(".")[0] in access.columns}
    return tuple(sorted(wanted)) or None


def candidate(access: Access, columns: tuple[str, ...], *, found: Possibility | None = None) -> Candidate:
    """The access as something that is forbidden."""
    found = possibility(access.conditions) if found is None else found
    return Candidate(principal=access.principal, example=partial(_example, access, columns, found), possible=found.truth, access=access)


def _example(access: Access, columns: tuple[str, ...], found: Possibility) -> Counterexample:
    # The conditions are told apart from it: as the values that meet them, or as what is not known.
    at_issue = replace(access, conditions=TRUE, columns=columns or access.columns)
    return Counterexample(
        summary=access_in_words(at_issue),
        environment=access.dataset.environment,
        access=access,
        columns=columns,
        context=found.context,
        reasons=found.reasons if found.truth is Truth.OPEN else (),
        because=access.because,
        remedy=REMEDY,
        source=access.origin.source if access.origin is not None else "",
    )


def _crosses(situation: Situation, access: Access, rule: Rule) -> bool:
    """Whether it goes from one account or environment to another; an AWS service is at home wherever it works."""
    if rule.crossing is not None and access.principal.kind is PrincipalKind.SERVICE:
        return False
    if rule.crossing == "account":
        return access.principal.account != access.dataset.account
    if rule.crossing == "environment":
        return access.dataset.environment not in situation.who.environments(access.principal)
    return True
