"""Judges every invariant over a matrix: what speaks against it, whom it is not about, and what a concrete request confirms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.invariants.candidates import UNCONFIRMED, Candidate, Situation
from lakecheck.access.invariants.confirm import Confirmation
from lakecheck.access.invariants.forbidden import forbidden_accesses
from lakecheck.access.invariants.granted import grants_beyond
from lakecheck.access.invariants.iam_actions import forbidden_actions, missing_actions
from lakecheck.access.invariants.personas import beyond_what_is_stated, expected, missing_queries, missing_reads
from lakecheck.access.invariants.requirements import missing_accesses
from lakecheck.access.invariants.sharing import shared_beyond_what_is_stated
from lakecheck.access.invariants.subjects import DataFacts, PrincipalFacts
from lakecheck.access.invariants.verdicts import Counterexample, Exempted, Judgement, State, Verdict
from lakecheck.formula import Truth
from lakecheck.values import shown as shown_text
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.access.invariants.loader import LoadedRules
    from lakecheck.access.invariants.model import Exemption, Invariant
    from lakecheck.access.model import Matrix
    from lakecheck.access.questions import Questions

MOST_SHOWN: Final = 10
"""So many counterexamples of one invariant are confirmed and shown; the others are counted."""

MOST_TRIED: Final = 200
"""After so many that no request confirms, none is looked for any more: the verdict is then that it is not known."""


_OF_PERSONAS: Final = {
    "read_what_is_stated": missing_reads,
    "read_nothing_else": beyond_what_is_stated,
    "query": missing_queries,
    "accounts_hold_nothing_else": shared_beyond_what_is_stated,
}


def judge(questions: Questions, matrix: Matrix, loaded: LoadedRules) -> Judgement:
    """The verdict on every invariant.

    Args:
        questions: Of the estate that the matrix is about.
        matrix: Everybody's access.
        loaded: The invariants.

    Raises:
        InvalidInput: If an exception fits more than one principal of an account: it would let somebody in whom nobody looked at.
    """
    situation = Situation(
        questions=questions,
        matrix=matrix,
        loaded=loaded,
        data=DataFacts(questions.estate, loaded),
        who=PrincipalFacts(questions.estate, loaded),
    )
    findings = list(_wide_exceptions(situation))
    if findings:
        raise InvalidInput(findings)
    confirmation = Confirmation(questions, matrix)
    verdicts = tuple(_verdict(situation, confirmation, invariant) for invariant in loaded.rules.invariants)
    return Judgement(verdicts=verdicts, assumptions=matrix.assumptions, not_known=matrix.not_known)


def _candidates(situation: Situation, invariant: Invariant) -> Iterable[Candidate]:
    if invariant.forbid is not None:
        by_action = invariant.forbid.actions is not None
        return forbidden_actions(situation, invariant.forbid) if by_action else forbidden_accesses(situation, invariant.forbid)
    if invariant.require is not None:
        by_action = invariant.require.actions is not None
        return missing_actions(situation, invariant.require) if by_action else missing_accesses(situation, invariant.require)
    if invariant.grants is not None:
        return grants_beyond(situation, invariant.grants)
    return _OF_PERSONAS[invariant.personas or ""](situation)


def _verdict(situation: Situation, confirmation: Confirmation, invariant: Invariant) -> Verdict:
    fits: dict[int, set[str]] = {id(each): set() for each in invariant.exceptions}
    refuted: list[Candidate] = []
    open_ones: list[Candidate] = []
    looked_at = 0
    for candidate in _candidates(situation, invariant):
        looked_at += 1
        if candidate.possible is Truth.FALSE:
            continue
        principal = candidate.principal
        exempt = [
            each for each in invariant.exceptions if principal is not None and situation.who.is_exempt(principal, each, candidate.access)
        ]
        for each in exempt:
            fits[id(each)].add(principal.name if principal is not None else "")
        if not exempt:
            (refuted if candidate.possible is Truth.TRUE else open_ones).append(candidate)
    shown, unconfirmed = _confirmed(confirmation, refuted)
    unknown = [*(each.told() for each in open_ones[:MOST_SHOWN]), *unconfirmed]
    unknowns = len(open_ones) + len(unconfirmed)
    if not looked_at and (reason := _about_nobody(situation, invariant)):
        unknowns += 1
        unknown.append(
            Counterexample(summary="the rule is about nobody here", reasons=(reason,), remedy="Judge the assemblies it is about.")
        )
    state = State.REFUTED if shown else State.UNKNOWN if unknown or situation.matrix.not_known else State.PROVED
    examples = tuple(shown or unknown[:MOST_SHOWN])
    return Verdict(
        id=invariant.id,
        says=invariant.says,
        state=state,
        examples=examples,
        more=(len(refuted) - len(unconfirmed) if shown else unknowns) - len(examples),
        exempted=tuple(_exempted(situation, each, fits[id(each)]) for each in invariant.exceptions),
        looked_at=looked_at,
    )


def _about_nobody(situation: Situation, invariant: Invariant) -> str:
    """Why nothing was looked at although something should have been; empty when it is right so."""
    if invariant.personas is not None and not any(expected(situation)):
        return "the estate has no account of lake.yaml, so that no persona was looked at"
    return ""


def _confirmed(confirmation: Confirmation, refuted: list[Candidate]) -> tuple[list[Counterexample], list[Counterexample]]:
    """Those that a request shows, as many as are shown, and those tried before that none does."""
    shown: list[Counterexample] = []
    unconfirmed: list[Counterexample] = []
    for tried, each in enumerate(refuted):
        example = confirmation.of(told := each.told())
        if example is None:
            unconfirmed.append(_unconfirmed(told))
        else:
            shown.append(example)
        if len(shown) == MOST_SHOWN or (tried + 1 >= MOST_TRIED and not shown):
            break
    return shown, unconfirmed


def _unconfirmed(example: Counterexample) -> Counterexample:
    return Counterexample(summary=example.summary, environment=example.environment, access=example.access, reasons=(UNCONFIRMED,))


def _exempted(situation: Situation, exemption: Exemption, used: set[str]) -> Exempted:
    fitting = {each.name for each in situation.questions.estate.principals if situation.who.is_named(each, exemption)}
    return Exempted(who=exemption.who, because=exemption.because, principals=tuple(sorted(fitting)), needed=bool(used))


def _wide_exceptions(situation: Situation) -> Iterator[Finding]:
    accounts = sorted({each.account for each in situation.questions.estate.principals})
    for invariant in situation.loaded.rules.invariants:
        for exemption in invariant.exceptions:
            for account in accounts:
                names = situation.who.names(exemption, account)
                if names:
                    found = f"{len(names)} principals of account {shown_text(account)}: {', '.join(sorted(names)[:3])}"
                    message = f"the exception {exemption.who} of {invariant.id} fits {found}; one is allowed"
                    yield Finding(Place(situation.loaded.file), "access.wide_exception", message, "Name them one by one.")
        for entry in invariant.grants or ():
            for account in accounts if entry.pipeline is not None else ():
                names = situation.who.names_of_pipeline(entry.pipeline or "", account)
                if names:
                    found = f"{len(names)} principals of account {shown_text(account)}: {', '.join(sorted(names)[:3])}"
                    message = f"the pipeline {entry.pipeline} of {invariant.id} fits {found}; one for each product is allowed"
                    yield Finding(Place(situation.loaded.file), "access.wide_exception", message, "Make the glob narrower.")
        yield from _other_environments(situation, invariant)


def _other_environments(situation: Situation, invariant: Invariant) -> Iterator[Finding]:
    """Environments that neither lake.yaml nor the estate has: a rule about one would be about nothing."""
    lake, rule = situation.loaded.lake, invariant.forbid or invariant.require
    if lake is None or rule is None:
        return
    accounts = situation.questions.estate.accounts.values()
    known = {each.lower() for each in (*lake.environments, *(name for account in accounts for name in account.environments))}
    for name in (*(rule.who.environment or ()), *((rule.data.environment if rule.data is not None else None) or ())):
        if name.lower() not in known:
            message = f"{invariant.id} is about the environment {name}; there are: {', '.join(sorted(known))}"
            yield Finding(Place(situation.loaded.file), "access.environment", message, "Correct the name.")
