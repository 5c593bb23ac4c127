"""Whether what was acknowledged still is so: needed by a finding, owned by somebody, not past its day."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

from lakecheck.checks import access, cloudformation, compliance, limits, lint, rules
from lakecheck.checks.base import CheckResult, plural
from lakecheck.findings import Finding
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.assembly import Acknowledgement, Assembly

NAME = "acknowledgements"
TITLE = "gathered"
SOON_DAYS = 14

_ANNOTATION = "Annotation::"
_CHECK_OF = {
    lint.PREFIX: lint.NAME,
    rules.PREFIX: rules.NAME,
    limits.PREFIX: limits.NAME,
    access.PREFIX: access.NAME,
    cloudformation.GUARD_PREFIX: cloudformation.NAME,
}
"""By an acknowledgement's prefix the check that has to have run, so that it can be told to be stale."""


def check(assembly: Assembly, results: Sequence[CheckResult], *, as_of: date, base: Assembly | None = None) -> CheckResult:
    """Judges every acknowledgement in the assembly by what the other checks found.

    Args:
        assembly: What to judge.
        base: What it is compared with, so that new ones are told; none when left out.
        results: What the other checks said. An acknowledgement of a rule that belongs to a check that did not run is not called stale.
        as_of: The day to judge expiry by. An acknowledgement holds up to and including its last day.
    """
    started = time.perf_counter()
    findings: list[Finding] = []
    used = {(each.acknowledged.at, each.acknowledged.rule) for result in results for each in result.findings if each.acknowledged}
    new, gone = ((), ()) if base is None else delta(base, assembly)
    ran = {result.name for result in results if not result.not_run}
    for acknowledgement in assembly.acknowledgements:
        if _can_be_stale(acknowledgement, assembly, ran) and (acknowledgement.path, acknowledgement.rule) not in used:
            findings.append(_stale(assembly, acknowledgement))
            continue  # what else is wrong with it goes with it
        findings += _new(assembly, acknowledgement) if acknowledgement in new else ()
        findings += _owner(assembly, acknowledgement)
        findings += _expiry(assembly, acknowledgement, as_of)
    return CheckResult(
        name=NAME,
        title=TITLE,
        findings=tuple(findings),
        detail=f"{len(assembly.acknowledgements):,}" + ("" if base is None else f", {len(new):,} new, {len(gone):,} gone"),
        seconds=time.perf_counter() - started,
    )


def delta(base: Assembly, head: Assembly) -> tuple[tuple[Acknowledgement, ...], tuple[Acknowledgement, ...]]:
    """The acknowledgements that HEAD has and BASE has not, and the other way round; a changed reason, owner or day makes a new one."""
    was, now = ({_meaning(each) for each in one.acknowledgements} for one in (base, head))
    return (
        tuple(each for each in head.acknowledgements if _meaning(each) not in was),
        tuple(each for each in base.acknowledgements if _meaning(each) not in now),
    )


def _meaning(one: Acknowledgement) -> tuple[str, str, str, str | None, str | None]:
    """All but where in the code it stands."""
    return one.path, one.rule, one.reason, one.owner, one.expires


def _new(assembly: Assembly, acknowledgement: Acknowledgement) -> Iterator[Finding]:
    message = f"the acknowledgement of {acknowledgement.rule} is new: {acknowledgement.reason}"
    yield _finding(assembly, acknowledgement, "new", Severity.NOTE, message, "Review it: is it true, and as narrow as what it is about?")


def _can_be_stale(acknowledgement: Acknowledgement, assembly: Assembly, ran: set[str]) -> bool:
    prefix, separator, _ = acknowledgement.rule.partition("::")
    if not separator:
        return compliance.NAME in ran
    if prefix in _CHECK_OF:
        return _CHECK_OF[prefix] in ran
    if prefix == cloudformation.PREFIX:
        return cloudformation.NAME in ran or (compliance.NAME in ran and assembly.report is not None)
    if acknowledgement.rule.startswith(_ANNOTATION) and not _names_a_pack(acknowledgement.rule):
        return False  # CDK drops an acknowledged annotation without a trace, so that it cannot be told
    return compliance.NAME in ran and assembly.report is not None


def _names_a_pack(rule: str) -> bool:
    """CDK takes `AwsSolutions-S1`, a pack's rule without its prefix, for the id of an annotation."""
    return rule.removeprefix(_ANNOTATION).startswith(("AwsSolutions-", "HIPAA.Security-", "NIST.800.53.R", "PCI.DSS.321-", "Serverless-"))


def _stale(assembly: Assembly, acknowledgement: Acknowledgement) -> Finding:
    if acknowledgement.rule.startswith(_ANNOTATION) or "::" not in acknowledgement.rule:
        bare = acknowledgement.rule.removeprefix(_ANNOTATION)
        message = f"the rule {bare} is acknowledged without its pack's prefix, which hides what the pack finds from the report"
        remedy = f"Write {bare.rpartition('-')[0] or 'Pack'}::{bare}, or remove it."
        return _finding(assembly, acknowledgement, "bare-id", Severity.ERROR, message, remedy)
    message = f"the acknowledgement of {acknowledgement.rule} matches no finding on this construct or below"
    remedy = "Remove it; or correct its id, if what it was meant for is still reported."
    return _finding(assembly, acknowledgement, "stale", Severity.WARNING, message, remedy)


def _owner(assembly: Assembly, acknowledgement: Acknowledgement) -> Iterator[Finding]:
    if acknowledgement.owner is None:
        message = f"the acknowledgement of {acknowledgement.rule} names nobody who answers for it"
        remedy = "Write metadata `governed-lake:acknowledgement` with id, reason and owner, as constructs_lib.core.acknowledge does."
        yield _finding(assembly, acknowledgement, "no-owner", Severity.NOTE, message, remedy)


def _expiry(assembly: Assembly, acknowledgement: Acknowledgement, as_of: date) -> Iterator[Finding]:
    if acknowledgement.expires is None:
        return
    try:
        last = date.fromisoformat(acknowledgement.expires)
    except ValueError:
        message = f"the acknowledgement of {acknowledgement.rule} expires on {acknowledgement.expires!r}; allowed is YYYY-MM-DD"
        yield _finding(assembly, acknowledgement, "unreadable-date", Severity.ERROR, message, "Correct the date.")
        return
    days = (last - as_of).days
    if days < 0:
        message = f"the acknowledgement of {acknowledgement.rule} expired on {last}"
        remedy = f"Remove the cause, or have {acknowledgement.owner or 'its owner'} accept the risk anew."
        yield _finding(assembly, acknowledgement, "expired", Severity.ERROR, message, remedy)
    elif days <= SOON_DAYS:
        message = f"the acknowledgement of {acknowledgement.rule} expires on {last}, in {plural(days, 'day')}"
        yield _finding(assembly, acknowledgement, "expires-soon", Severity.NOTE, message, "Decide before that day.")


def _finding(assembly: Assembly, acknowledgement: Acknowledgement, rule: str, severity: Severity, message: str, remedy: str) -> Finding:
    stack = assembly.stack_of(acknowledgement.path)
    return Finding(
        check=NAME,
        rule=rule,
        severity=severity,
        message=message,
        remedy=remedy,
        environment="" if stack is None else stack.environment,
        stack="" if stack is None else stack.path,
        construct_path=acknowledgement.path,
        source=acknowledgement.source,
    )
