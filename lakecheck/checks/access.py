"""Who can reach which data: the invariants of access.yaml, and what holds for every lake without one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakecheck.access.invariants.verdicts import State
from lakecheck.access.words import DOORS, Verdict as Certainty, actions, verdict as certainty
from lakecheck.assembly.resources import Origin
from lakecheck.checks.base import Acknowledgements, CheckResult, path_of, plural
from lakecheck.estate.model import PrincipalKind
from lakecheck.evidence import Evidence
from lakecheck.findings import Finding
from lakecheck.progress import quiet
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.invariants.loader import LoadedRules
    from lakecheck.access.invariants.verdicts import Counterexample, Judgement, Verdict
    from lakecheck.access.model import Access, Matrix
    from lakecheck.progress import Tell
    from lakecheck.snapshot import Snapshot

NAME: Final = "access"
PREFIX: Final = "lakecheck-access"
ANYONE: Final = "anyone"
DEAD: Final = "dead_grant"
ANYONE_TITLE: Final = "Nobody reaches data without credentials of an account that is known"
_ANYONE_SOURCE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
_SEVERITIES: Final = {State.REFUTED: Severity.ERROR, State.UNKNOWN: Severity.WARNING}
_MOST_DETAILS: Final = 12


@dataclass(slots=True)
class Outcome:
    """What the check found beside its findings.

    Attributes:
        judgement: The verdicts; None where nothing is required.
    """

    judgement: Judgement | None = None


def check(snapshot: Snapshot, rules: LoadedRules | None, *, into: Outcome | None = None, progress: Tell = quiet) -> CheckResult:
    """Judges access.

    Args:
        snapshot: What to judge.
        rules: What access.yaml says; None judges only what holds for every lake.
        into: Gets the verdicts; nobody when left out.
        progress: Told what goes on.

    Raises:
        InvalidInput: If an exception of access.yaml is too wide, or the supplement cannot be read.
    """
    from lakecheck.access.invariants.judge import judge  # noqa: PLC0415 - not needed where the check is left out

    started = time.perf_counter()
    matrix = snapshot.matrix
    acknowledgements = Acknowledgements(snapshot.assembly.acknowledgements)
    findings = [*_open_to_anyone(snapshot, acknowledgements), *_dead(matrix, acknowledgements)]
    evidence = [Evidence(check=NAME, rule=ANYONE, title=ANYONE_TITLE, source=_ANYONE_SOURCE, looked_at=len(matrix.datasets))]
    if rules is None:
        people = len({id(one.principal) for one in matrix.accesses})
        reach = "reaches" if people == 1 else "reach"
        detail = f"{plural(people, 'principal')} {reach} {plural(len(matrix.datasets), 'dataset')}; no access.yaml says who may"
    else:
        progress("access: invariants")
        judgement = judge(snapshot.questions, matrix, rules)
        for verdict in judgement.verdicts:
            findings += _of_verdict(verdict, acknowledgements)
            evidence.append(Evidence(check=NAME, rule=verdict.id, title=verdict.says, looked_at=verdict.looked_at))
        detail = ", ".join(f"{judgement.count(state)} {state.value.upper()}" for state in State)
        if into is not None:
            into.judgement = judgement
    return CheckResult(
        name=NAME,
        title="invariants" if rules is not None else "data",
        findings=tuple(findings),
        detail=detail,
        seconds=time.perf_counter() - started,
        evidence=tuple(evidence),
    )


def _of_verdict(verdict: Verdict, acknowledgements: Acknowledgements) -> Iterator[Finding]:
    if verdict.state is State.PROVED:
        return
    for example in verdict.examples:
        because = [*example.because, *(f"not known: {reason}" for reason in example.reasons)]
        more = [f"and {verdict.more:,} more like it"] if verdict.more and example is verdict.examples[-1] else []
        origin = _origin(example.access, example.environment)
        yield Finding(
            check=NAME,
            rule=verdict.id,
            severity=_SEVERITIES[verdict.state],
            message=f"{verdict.state.value.upper()}: {shown(example.summary)}",
            remedy=example.remedy,
            environment=example.environment,
            stack=origin.stack,
            logical_id=origin.logical_id,
            construct_path=origin.construct_path,
            source=example.source or origin.source,
            details=tuple(map(shown, [*because[:_MOST_DETAILS], *_requests(example), *more])),
            acknowledged=acknowledgements.covering(path_of(origin), f"{PREFIX}::{verdict.id}"),
        )


def _origin(access: Access | None, environment: str) -> Origin:
    """Where the widest reason for an access stands; the environment alone when that is not known."""
    if access is not None and access.origin is not None:
        return access.origin
    return Origin(environment=environment, stack="", logical_id="")


def _requests(example: Counterexample) -> Iterator[str]:
    for asked in example.requests:
        context = "".join(f", {key} = {' '.join(values)}" for key, values in sorted(asked.context.items()))
        yield f"{asked.principal} may {asked.action} on {asked.resource}{context}"


def _open_to_anyone(snapshot: Snapshot, acknowledgements: Acknowledgements) -> Iterator[Finding]:
    """Data that the whole world reaches, whatever else is said of it."""
    matrix, estate = snapshot.matrix, snapshot.estate
    places = {f"s3://{one.name}/": one.origin for one in estate.buckets if one.origin is not None}
    places |= {f"{one.database}.{one.name}": one.origin for one in estate.tables}
    open_ones: dict[str, list[Access]] = {}
    for one in matrix.accesses:
        if one.principal.kind is PrincipalKind.ANYONE and not one.via and certainty(one.conditions) is Certainty.YES:
            open_ones.setdefault(one.dataset.name, []).append(one)
    for name, accesses in open_ones.items():
        first = accesses[0]
        origin = places.get(first.dataset.name, _origin(first, first.dataset.environment))
        what = actions(dict.fromkeys(one.action for one in accesses))
        because = dict.fromkeys(shown(reason) for one in accesses for reason in one.because)
        yield Finding(
            check=NAME,
            rule=ANYONE,
            severity=Severity.ERROR,
            message=f"anybody, without credentials too, may {what} {shown(name)} through {DOORS[first.door]}",
            remedy="Name the principals, or ask for an organisation in a condition; and block public access.",
            environment=first.dataset.environment,
            stack=origin.stack,
            logical_id=origin.logical_id,
            construct_path=origin.construct_path,
            source=origin.source,
            details=tuple(because)[:_MOST_DETAILS],
            help=_ANYONE_SOURCE,
            acknowledged=acknowledgements.covering(path_of(origin), f"{PREFIX}::{ANYONE}"),
        )


def _dead(matrix: Matrix, acknowledgements: Acknowledgements) -> Iterator[Finding]:
    """Grants that give nothing: somebody believes to have access, or to have taken it away."""
    for grant in matrix.dead:
        origin = grant.origin if grant.origin is not None else Origin(environment="", stack="", logical_id="")
        yield Finding(
            check=NAME,
            rule=DEAD,
            severity=Severity.NOTE,
            message=f"{shown(grant.principal)}: {shown(grant.what)} gives nothing; missing is {shown(grant.missing)}",
            remedy="Add what is missing, or remove the grant.",
            environment=origin.environment,
            stack=origin.stack,
            logical_id=origin.logical_id,
            construct_path=origin.construct_path,
            source=origin.source,
            acknowledged=acknowledgements.covering(path_of(origin), f"{PREFIX}::{DEAD}"),
        )
