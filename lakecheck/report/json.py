"""A run as JSON; its shape is `run.schema.json` beside this module, and the same input gives the same text but for the times."""

from __future__ import annotations

import json
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from lakecheck.report.fingerprints import fingerprints
from lakecheck.upgrade.model import Category
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.assembly import Acknowledgement, Assembly, StackTemplate
    from lakecheck.checks import CheckResult
    from lakecheck.checks.measures import Measure
    from lakecheck.evidence import Evidence
    from lakecheck.findings import Finding
    from lakecheck.run import Run
    from lakecheck.upgrade.review import JudgedRisk, UpgradeReview
    from lakemodel.approvals import RegisteredRisk

SCHEMA_VERSION = 2


def render(run: Run) -> str:
    """The report's text, which ends with a line feed."""
    # Half a surrogate pair, which JSON can have and no encoding, stays an escape.
    return json.dumps(as_data(run), indent=2, ensure_ascii=False).encode(errors="backslashreplace").decode() + "\n"


def as_data(run: Run) -> dict[str, Any]:
    """The report as plain data."""
    from lakecheck.report import access_diff, verdicts_json  # noqa: PLC0415 - they say which version wrote them, as this one does

    assembly = run.assembly
    named = zip(run.findings, fingerprints(run.findings), strict=True)
    gone = run.gone_acknowledgements
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
        "findings": [_finding(finding, fingerprint) for finding, fingerprint in named],
        "acknowledgements": _acknowledgements(run),
        "gone_acknowledgements": None
        if gone is None
        else [_acknowledgement(each, None if run.base is None else run.base.assembly) for each in gone],
        "evidence": [_evidence(each) for each in run.evidence],
        "limits": [_measure(each) for result in run.results for each in result.measures],
        "access": None if run.judgement is None else verdicts_json.as_data(run.judgement),
        "upgrade": None if run.upgrade is None else _upgrade(run.upgrade),
        "gains": None if run.gains is None else access_diff.as_data(run.gains),
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


def _finding(finding: Finding, fingerprint: str) -> dict[str, Any]:
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
        "message": shown(finding.message),
        "remedy": shown(finding.remedy) or None,
        "controls": list(finding.controls),
        "category": finding.category or None,
        "details": [shown(line) for line in finding.details],
        "help": finding.help or None,
        "fingerprint": fingerprint,
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


def _acknowledgements(run: Run) -> list[dict[str, Any]]:
    """Every one with what it is about: how many findings it covers, and their controls."""
    covered: dict[tuple[str, str], list[Finding]] = {}
    for finding in run.findings:
        if finding.acknowledged is not None:
            covered.setdefault((finding.acknowledged.at, finding.acknowledged.rule), []).append(finding)
    new = None if run.new_acknowledgements is None else frozenset((each.path, each.rule) for each in run.new_acknowledgements)
    told = []
    for each in run.assembly.acknowledgements:
        findings = covered.get((each.path, each.rule), [])
        told.append(
            {
                **_acknowledgement(each, run.assembly),
                "controls": list(dict.fromkeys(control for finding in findings for control in finding.controls)),
                "findings": len(findings),
                "new": None if new is None else (each.path, each.rule) in new,
            }
        )
    return told


def _acknowledgement(acknowledgement: Acknowledgement, assembly: Assembly | None) -> dict[str, Any]:
    stack = None if assembly is None else assembly.stack_of(acknowledgement.path)
    return {
        "rule": acknowledgement.rule,
        "at": acknowledgement.path,
        "environment": None if stack is None else stack.environment,
        "stack": None if stack is None else stack.path,
        "reason": acknowledgement.reason,
        "owner": acknowledgement.owner,
        "expires": acknowledgement.expires,
        "source": acknowledgement.source or None,
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "check": evidence.check,
        "rule": evidence.rule,
        "title": shown(evidence.title),
        "source": evidence.source or None,
        "controls": list(evidence.controls),
        "looked_at": evidence.looked_at,
        "complied": [str(origin) for origin in evidence.complied],
    }


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "quota": measure.quota.value,
        "environment": measure.environment or None,
        "place": shown(measure.place),
        "count": measure.count,
        "about": measure.is_about,
        "allowed": measure.allowed.value,
        "unit": measure.allowed.unit,
        "share": round(measure.share, 4),
        "source": measure.allowed.source,
    }


def _upgrade(review: UpgradeReview) -> dict[str, Any]:
    categories = Counter(one.risk.category for one in review.judged)
    return {
        "passed": review.passed,
        "summary": {**{category.value: categories[category] for category in Category}, "open": len(review.open)},
        "risks": [_risk(one) for one in review.judged],
        "approvals": {
            "expired": [_approval(entry) for entry in review.expired],
            "expires_soon": [_approval(entry) for entry in review.soon],
            "stale": [_approval(entry) for entry in review.stale],
        },
        "not_known": [shown(reason) for reason in review.comparison.not_known],
    }


def _risk(judged: JudgedRisk) -> dict[str, Any]:
    risk = judged.risk
    texts = ("message", "consequence", "remedy")
    places = ("environment", "stack", "logical_id", "type", "property", "was", "now", "construct_path", "source")
    return {
        "category": risk.category.value,
        "rule": risk.rule,
        "open": judged.is_open,
        "certain": risk.is_certain,
        **{name: shown(getattr(risk, name)) for name in texts},
        **{name: shown(getattr(risk, name)) or None for name in places},
        "because": [shown(reason) for reason in risk.because],
        "approval": None if judged.approval is None else _approval(judged.approval),
    }


def _approval(entry: RegisteredRisk) -> dict[str, Any]:
    return {"file": entry.place.file, "line": entry.place.line, **entry.approval.model_dump(mode="json")}


def _seconds(value: float) -> float:
    return round(value, 3)
