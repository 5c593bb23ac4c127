"""A run as JSON; its shape is `run.schema.json` beside this module, and the same input gives the same text but for the times."""

from __future__ import annotations

import json
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.assembly import StackTemplate
    from lakecheck.checks import CheckResult
    from lakecheck.findings import Finding
    from lakecheck.run import Run

SCHEMA_VERSION = 1


def render(run: Run) -> str:
    """The report's text, which ends with a line feed."""
    # Half a surrogate pair, which JSON can have and no encoding, stays an escape.
    return json.dumps(as_data(run), indent=2, ensure_ascii=False).encode(errors="backslashreplace").decode() + "\n"


def as_data(run: Run) -> dict[str, Any]:
    """The report as plain data."""
    assembly = run.assembly
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "lakecheck", "version": tool_version()},
        "assembly": assembly.directory,
        "as_of": run.options.as_of.isoformat(),
        "fail_on": run.options.fail_on.value,
        "passed": run.passed,
        "app_exit": run.app_exit,
        "seconds": _seconds(run.seconds),
        "synth_seconds": None if run.synth_seconds is None else _seconds(run.synth_seconds),
        "summary": {
            "environments": list(assembly.environments),
            "accounts": list(assembly.accounts),
            "stacks": len(assembly.stacks),
            "resources": assembly.resource_count,
            **count(run.findings),
        },
        "checks": [_check(result) for result in run.results],
        "stacks": [_stack(run, stack) for stack in assembly.stacks],
        "findings": [_finding(finding) for finding in run.findings],
    }


def count(findings: Iterable[Finding]) -> dict[str, int]:
    """How many are open, by severity, and how many acknowledged."""
    open_ones: Counter[Severity] = Counter()
    acknowledged = 0
    for finding in findings:
        if finding.acknowledged is None:
            open_ones[finding.severity] += 1
        else:
            acknowledged += 1
    return {
        "errors": open_ones[Severity.ERROR],
        "warnings": open_ones[Severity.WARNING],
        "notes": open_ones[Severity.NOTE],
        "acknowledged": acknowledged,
    }


def stack_seconds(run: Run, stack: StackTemplate) -> float:
    """The time that all checks together spent on one template."""
    return sum(result.stack_seconds.get(stack.file, 0.0) for result in run.results)


def tool_version() -> str:
    """The installed version; `0` when the code runs from a folder."""
    try:
        return version("governed-lake")
    except PackageNotFoundError:
        return "0"


def _check(result: CheckResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "title": result.title,
        "ran": not result.not_run,
        "detail": result.not_run or result.detail,
        **count(result.findings),
        "seconds": _seconds(result.seconds),
    }


def _stack(run: Run, stack: StackTemplate) -> dict[str, Any]:
    return {
        "environment": stack.environment,
        "account": stack.account,
        "region": stack.region,
        "stack": stack.stack_name,
        "path": stack.path,
        "nested_in": stack.parent,
        "template": stack.file,
        "resources": len(stack.resources),
        "termination_protection": stack.termination_protection,
        **count(run.of_stack(stack)),
        "seconds": _seconds(stack_seconds(run, stack)),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    acknowledged = finding.acknowledged
    return {
        "check": finding.check,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "environment": finding.environment or None,
        "stack": finding.stack or None,
        "logical_id": finding.logical_id or None,
        "construct_path": finding.construct_path or None,
        "source": finding.source or None,
        "message": finding.message,
        "remedy": finding.remedy or None,
        "controls": list(finding.controls),
        "acknowledged": None
        if acknowledged is None
        else {
            "rule": acknowledged.rule,
            "at": acknowledged.at,
            "reason": acknowledged.reason,
            "owner": acknowledged.owner,
            "expires": acknowledged.expires,
        },
    }


def _seconds(value: float) -> float:
    return round(value, 3)
