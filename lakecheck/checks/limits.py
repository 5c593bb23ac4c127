"""How near each template is to CloudFormation's quotas."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lakecheck.checks.base import Acknowledgements, CheckResult, finding_in
from lakemodel.findings import Severity
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly import Assembly, StackTemplate
    from lakecheck.findings import Finding

NAME = "limits"
PREFIX = "lakecheck-limits"
WARN_AT = 0.8

_SECTIONS = {
    Quota.STACK_RESOURCES: "Resources",
    Quota.STACK_OUTPUTS: "Outputs",
    Quota.STACK_PARAMETERS: "Parameters",
    Quota.STACK_MAPPINGS: "Mappings",
}


def check(assembly: Assembly) -> CheckResult:
    """Counts what each template has against `lakemodel.limits`: a warning from 80 %, an error above 100 %."""
    started = time.perf_counter()
    acknowledgements = Acknowledgements(assembly.acknowledgements)
    findings: list[Finding] = []
    highest = (0.0, "no template")
    for stack in assembly.stacks:
        for quota, count in _counts(stack):
            allowed = limit(quota)
            share = count / allowed.value
            highest = max(highest, (share, f"{stack.path} {count:,} of {allowed.value:,} {allowed.unit}"))
            if share >= WARN_AT:
                findings.append(_finding(stack, quota, count, acknowledgements))
    return CheckResult(
        name=NAME,
        title="highest",
        findings=tuple(findings),
        detail=highest[1],
        seconds=time.perf_counter() - started,
    )


def _counts(stack: StackTemplate) -> Iterator[tuple[Quota, int]]:
    for quota, section in _SECTIONS.items():
        content = stack.bare.get(section)
        yield quota, len(content) if isinstance(content, dict) else 0
    yield Quota.TEMPLATE_BYTES, stack.size


def _finding(stack: StackTemplate, quota: Quota, count: int, acknowledgements: Acknowledgements) -> Finding:
    allowed = limit(quota)
    over = count > allowed.value
    return finding_in(
        stack,
        "",
        check=NAME,
        rule=quota.value,
        severity=Severity.ERROR if over else Severity.WARNING,
        message=f"the template has {count:,} {allowed.unit} ({count / allowed.value:.0%}); allowed is {allowed}",
        remedy="Move part of the stack into another one; " + ("it cannot be deployed." if over else "soon it cannot grow any more."),
        acknowledgements=acknowledgements,
        prefix=PREFIX,
    )
