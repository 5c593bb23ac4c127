"""How near templates, resources and accounts are to AWS's quotas."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from lakecheck.assembly.resources import Origin
from lakecheck.checks.base import Acknowledgements, CheckResult, path_of
from lakecheck.checks.measures import highest, measures
from lakecheck.findings import Finding
from lakemodel.findings import Severity
from lakemodel.limits import Quota

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.checks.measures import Measure
    from lakecheck.snapshot import Snapshot

NAME = "limits"
PREFIX = "lakecheck-limits"
WARN_AT: Final = 0.8

_REMEDIES: Final = {
    Quota.STACK_RESOURCES: "Move part of the stack into another one",
    Quota.STACK_OUTPUTS: "Move part of the stack into another one",
    Quota.STACK_PARAMETERS: "Move part of the stack into another one",
    Quota.STACK_MAPPINGS: "Move part of the stack into another one",
    Quota.TEMPLATE_BYTES: "Move part of the stack into another one",
    Quota.BUCKET_POLICY_BYTES: "Say the same of an organisation or of prefixes, or give prefixes access points with policies of their own",
    Quota.BUCKET_LIFECYCLE_RULES: "Let rules go by tags or wider prefixes, or use another bucket",
    Quota.KEY_POLICY_BYTES: "Let IAM policies of the key's account decide, or use another key",
    Quota.QUEUE_POLICY_BYTES: "Let one statement cover several sources, by a pattern of their ARNs",
    Quota.QUEUE_POLICY_STATEMENTS: "Let one statement cover several sources, by a pattern of their ARNs",
    Quota.MANAGED_POLICY_CHARACTERS: "Split the policy in two",
    Quota.PERMISSION_SET_INLINE_POLICY_CHARACTERS: "Name what the statements have in common by patterns, or make two permission sets",
    Quota.SERVICE_CONTROL_POLICY_CHARACTERS: "Move statements into another policy on the same target, or on the unit above",
    Quota.SERVICE_CONTROL_POLICIES: "Join policies, or attach what holds for all to the unit above",
    Quota.RESOURCE_CONTROL_POLICY_CHARACTERS: "Move statements into another policy on the same target, or on the unit above",
    Quota.RESOURCE_CONTROL_POLICIES: "Join policies, or attach what holds for all to the unit above",
    Quota.MANAGEMENT_POLICY_CHARACTERS: "Move part of it into another policy on the same target, or on the unit above",
    Quota.MANAGEMENT_POLICIES: "Join policies, or attach what holds for all to the unit above",
    Quota.ROLE_INLINE_POLICY_CHARACTERS: "Move statements into managed policies",
    Quota.ROLE_TRUST_POLICY_CHARACTERS: "Trust fewer principals by name, or ask AWS for more and say so in lakecheck.yaml",
    Quota.ROLE_MANAGED_POLICIES: "Join policies, or ask AWS for more and say so in lakecheck.yaml",
    Quota.LF_NATIVE_EXPRESSION_KEYS: "Grant by a saved expression, or by fewer keys",
    Quota.SSM_PARAMETER_BYTES: "Use the tier Advanced, or split the value",
    Quota.STATE_MACHINE_DEFINITION_BYTES: "Move states into a state machine of their own",
}
_OTHERWISE: Final = "Use less of it here"
_RAISED: Final = "Ask AWS for more and say so in lakecheck.yaml, or move some into another account"
STATED: Final = frozenset(
    {
        Quota.LF_NATIVE_EXPRESSION_KEYS,
        Quota.LF_ROW_EXPRESSION_CHARACTERS,
        Quota.MANAGEMENT_POLICY_CHARACTERS,
        Quota.RESOURCE_CONTROL_POLICY_CHARACTERS,
        Quota.SERVICE_CONTROL_POLICY_CHARACTERS,
        Quota.SSM_PARAMETER_BYTES,
    }
)
"""Sizes that somebody wrote down and that do not grow, policies of an organisation among them, which are packed full: being near the quota,
or at it, is no news."""


def check(snapshot: Snapshot, *, raised: Mapping[Quota, int] | None = None, policies_only: bool = False) -> CheckResult:
    """Measures against `lakemodel.limits`: a warning from 80 %, an error from 100 %, where nothing more fits.

    Args:
        snapshot: What to measure.
        raised: Quotas that AWS has raised for the accounts, with their values; none when left out.
        policies_only: Whether only policies are measured; everything when left out.
    """
    started = time.perf_counter()
    acknowledgements = Acknowledgements(snapshot.assembly.acknowledgements)
    found = measures(snapshot, raised, policies_only=policies_only)
    near = [one for one in found if is_full(one) or (one.share >= WARN_AT and one.quota not in STATED)]
    findings = [_finding(one, acknowledgements) for one in near]
    fullest = highest(found)
    first = next(iter(fullest), None)
    return CheckResult(
        name=NAME,
        title="highest",
        findings=tuple(findings),
        detail="no template" if first is None else f"{first.place} {first.count:,} of {first.allowed.value:,} {first.allowed.unit}",
        seconds=time.perf_counter() - started,
        measures=fullest,
    )


def is_full(measure: Measure) -> bool:
    """Whether nothing more fits; a size that was written down may be as large as is allowed."""
    return measure.share > 1 or (measure.share == 1 and measure.quota not in STATED)


def _finding(measure: Measure, acknowledgements: Acknowledgements) -> Finding:
    allowed = measure.allowed
    subject = "the template has" if measure.stack is not None else f"{measure.place} has"
    about = "about " if measure.is_about else ""
    remedy = _RAISED if measure.origin is None and measure.stack is None else _REMEDIES.get(measure.quota, _OTHERWISE)
    place = measure.origin
    if place is None and measure.stack is not None:
        place = Origin(environment=measure.environment, stack=measure.stack.path, logical_id="")
    return Finding(
        check=NAME,
        rule=measure.quota.value,
        severity=Severity.ERROR if is_full(measure) else Severity.WARNING,
        message=f"{subject} {about}{measure.count:,} {allowed.unit} ({measure.share:.0%}); allowed is {allowed}",
        remedy=f"{remedy}; {_outlook(measure)}.",
        environment=measure.environment,
        stack="" if place is None else place.stack,
        logical_id="" if place is None else place.logical_id,
        construct_path="" if place is None else place.construct_path,
        source="" if place is None else place.source,
        help=allowed.source,
        acknowledged=acknowledgements.covering("" if place is None else path_of(place), f"{PREFIX}::{measure.quota.value}"),
    )


def _outlook(measure: Measure) -> str:
    if measure.share > 1:
        return "it cannot be deployed"
    return "it is full, and the next one cannot be deployed" if measure.share == 1 else "soon it cannot grow any more"
