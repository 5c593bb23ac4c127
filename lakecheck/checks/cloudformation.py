"""CloudFormation's own validation rules, by the native `cloudformation-validate`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/
"""

from __future__ import annotations

import atexit
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

from lakecheck.checks.base import IGNORED, Acknowledgements, CheckResult, finding_in, first, plural, templates, tool
from lakecheck.checks.distinct import equal_templates
from lakecheck.progress import quiet
from lakemodel.errors import DataLakeError
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lakecheck.assembly import Assembly, StackTemplate
    from lakecheck.findings import Finding
    from lakecheck.progress import Tell

NAME = "cloudformation"
PREFIX = "CloudFormation-Validate"
"""As CDK's built-in validation spells it, so that one acknowledgement serves both."""

GUARD_PREFIX = "guard"

ELSEWHERE = {
    *(("W9002", kind) for kind in ("AWS::SSO::PermissionSet", "AWS::SSO::Assignment", "AWS::Config::DeliveryChannel")),
    *(("W9013", kind) for kind in ("AWS::Config::DeliveryChannel", "AWS::CloudTrail::Trail")),
}
"""Advice against an ARN in full, where it is that of what no template of the account can make or refer to: an Identity Center instance, the
log archive's key."""
_RESOURCE = "RESOURCE"


def check(assembly: Assembly, *, guard: Sequence[Path] = (), progress: Tell = quiet) -> CheckResult:
    """Validates every template without its Metadata; what is less than a warning is left out.

    Of equal ones (but for their account and the names of exports) one is enough, if nothing is found in it; not so with Guard rules, which
    may look at accounts and names.

    Args:
        assembly: What to judge.
        guard: Files with rules in the language of CloudFormation Guard, applied beside the built-in ones; none when left out.
            https://docs.aws.amazon.com/cfn-guard/latest/ug/writing-rules.html
        progress: Told what goes on.

    Raises:
        DataLakeError: `check_extra_missing`, if cloudformation-validate is not installed; `guard_unreadable`, if a Guard file is no such.
    """
    started = time.perf_counter()
    library = tool("cloudformation_validate", "cloudformation-validate")
    engine = _engine(library, guard)
    acknowledgements = Acknowledgements(assembly.acknowledgements)
    seconds: dict[str, float] = {}

    def in_group(group: Sequence[StackTemplate]) -> list[Finding]:
        findings: list[Finding] = []
        for stack in group:
            progress(f"cloudformation-validate {len(seconds) + 1}: {stack.path}")
            begin = time.perf_counter()
            found = _template(library, engine, stack, acknowledgements)
            seconds[stack.file] = time.perf_counter() - begin
            findings += found
            if not found:  # then there is nothing in its equals either
                break
        return findings

    groups = [[stack] for stack in assembly.stacks] if guard else equal_templates(assembly)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # threads are enough: the engine works outside of Python's lock
        findings = [finding for found in pool.map(in_group, groups) for finding in found]
    return CheckResult(
        name=NAME,
        title=f"cloudformation-validate {library.version()}" + (f", {plural(len(guard), 'Guard file')}" if guard else ""),
        findings=tuple(findings),
        detail=templates(assembly) + (f", {len(seconds):,} distinct" if len(seconds) < len(assembly.stacks) else ""),
        seconds=time.perf_counter() - started,
        stack_seconds=seconds,
    )


def _engine(library: Any, guard: Sequence[Path]) -> Any:
    """CloudFormation's rules with those of the Guard files. CelEngine is quicker and misses a resource policy without a statement."""
    sources = []
    for path in guard:
        try:
            sources.append(library.ExternalRuleSource(name=str(path), content=path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise _no_guard(path, getattr(error, "strerror", None) or "it is no text") from None
    for path, source in zip(guard, sources, strict=True):
        try:  # one by one, so that the file is known
            library.RegoEngine(library.EngineConfig(guard_rules=[source]))
        except library.ValidationError as error:
            raise _no_guard(path, str(getattr(error, "msg", error))) from None
    return library.RegoEngine(library.EngineConfig(guard_rules=sources)) if sources else _built_in(library)


@cache
def _built_in(library: Any) -> Any:
    """Made once, since that takes a third of a second. It keeps nothing of what it has seen, and must go before its library does."""
    atexit.register(_built_in.cache_clear)
    return library.RegoEngine()


def _no_guard(path: Path, why: str) -> DataLakeError:
    said = " ".join(why.split())
    msg = f"the Guard rules cannot be read: {said}; cfn-guard's language is expected"
    return DataLakeError(msg, code="guard_unreadable", where=str(path))


def _template(library: Any, engine: Any, stack: StackTemplate, acknowledgements: Acknowledgements) -> list[Finding]:
    content = library.TemplateContent(json.dumps(stack.bare), stack.file)
    pseudo = library.PseudoParameterOverrides(account_id=stack.account, region=stack.region)
    config = library.ValidateConfig(severity_level=library.Severity.WARN, pseudo_parameter_overrides=pseudo)
    report = engine.validate_template(content, config)
    said = [each for each in report.diagnostics if not _names_what_is_elsewhere(each)]
    found = [_finding(library, stack, diagnostic, acknowledgements) for diagnostic in said]
    findings = [each for each in found if each.rule not in IGNORED or each.acknowledged is not None]
    if report.status is library.ReportStatus.ANALYSIS_INCOMPLETE:
        # What was not looked at is not fine.
        message = f"the validation gave up before its end: {first(report.metadata.budget_exhaustions, 'no reason given')}"
        remedy = "Split the stack, or simplify its conditions."
        findings.append(finding_in(stack, "", check=NAME, rule="incomplete", severity=Severity.ERROR, message=message, remedy=remedy))
    return findings


def _names_what_is_elsewhere(diagnostic: Any) -> bool:
    entity = diagnostic.entity
    return entity is not None and (diagnostic.rule_id, entity.resource_type) in ELSEWHERE


def _finding(library: Any, stack: StackTemplate, diagnostic: Any, acknowledgements: Acknowledgements) -> Finding:
    severe = diagnostic.severity in {library.Severity.ERROR, library.Severity.FATAL}
    entity = diagnostic.entity
    logical_id = entity.logical_id if entity is not None and entity.entity_type.name == _RESOURCE else ""
    own = diagnostic.source is library.RuleOrigin.GUARD
    where = first(diagnostic.property_path).removeprefix("Properties.")
    return finding_in(
        stack,
        logical_id,
        check=NAME,
        rule=diagnostic.rule_id,
        severity=Severity.ERROR if severe else Severity.WARNING,
        message=f"{where}: {diagnostic.message}" if where else diagnostic.message,
        remedy=first(diagnostic.suggested_fix),
        acknowledgements=acknowledgements,
        prefix=GUARD_PREFIX if own else PREFIX,
    )
