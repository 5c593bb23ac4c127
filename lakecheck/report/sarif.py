"""A run as SARIF 2.1.0, for code scanning: each finding at the line of code that made the resource.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. What GitHub asks of it beyond that, and how much it takes:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning. GitHub shows
results that are suppressed or that pass as open alerts, so leave both out of what it gets. Its upload action warns that each fingerprint is
not the hash of a line that it would have made up itself, and keeps it. The category of an upload is left to whoever uploads: one in here
would count instead of what the upload says, and two apps of a repository would take each other's alerts away.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.report.fingerprints import fingerprints
from lakecheck.report.json import tool_version
from lakecheck.report.sarif_places import Places
from lakecheck.report.sarif_rules import LEVELS, cut, descriptors, rule_id
from lakecheck.values import shown
from lakemodel.findings import Severity, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lakecheck.checks import CheckResult
    from lakecheck.evidence import Evidence
    from lakecheck.findings import Acknowledged, Finding
    from lakecheck.report.sarif_places import Place
    from lakecheck.run import Run

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS: Final = 5_000
"""What GitHub keeps of one run; it refuses a run of more than 25,000."""
FINGERPRINT: Final = "lakecheck/v1"
_ROOT: Final = "%SRCROOT%"
_GITHUB_FINGERPRINT: Final = "primaryLocationLineHash"
_MOST_MESSAGE: Final = 4_000
_MOST_DETAILS: Final = 40
_NOT_RUN: Final = "check-not-run"
_LEFT_OUT: Final = "results-left-out"
_APP_FAILED: Final = "app-failed"
_NOTIFICATIONS: Final = {
    _NOT_RUN: "A check did not run, so that nothing is known of what it would have found.",
    _LEFT_OUT: "There are more results than code scanning keeps; the least grave ones are left out.",
    _APP_FAILED: "The app that was synthesized ended with an error of its own.",
}
_PLACEHOLDER: Final = re.compile(r"\{(\d+)\}")
_WEIGHT: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
_UPGRADE: Final = "upgrade"
_APPROVED_ELSEWHERE: Final = frozenset({_UPGRADE})
"""Checks whose findings a register approves; all others are acknowledged in the code."""


def render(run: Run, *, evidence: bool = False, acknowledged: bool = False, most: int = MOST_RESULTS, here: Path | None = None) -> str:
    """The report, which ends with a line feed; the same run gives the same text.

    Args:
        run: What to report.
        evidence: Whether what complies is a result too, of kind `pass`.
        acknowledged: Whether acknowledged findings are results too, suppressed; leave them out for GitHub, which takes them for open ones.
        most: Results to keep: open ones before acknowledged ones, the gravest first, what complies last.
        here: The working directory, below which, or below whose repository, files are named; that of the process when left out.
    """
    return json.dumps(as_data(run, evidence=evidence, acknowledged=acknowledged, most=most, here=here), indent=2, ensure_ascii=True) + "\n"


def as_data(
    run: Run, *, evidence: bool = False, acknowledged: bool = True, most: int = MOST_RESULTS, here: Path | None = None
) -> dict[str, Any]:
    """The report as plain data; arguments as in `render`."""
    places = Places(run.assembly, here)
    named = list(zip(run.findings, fingerprints(run.findings), strict=True))
    asked = [pair for pair in named if acknowledged or pair[0].acknowledged is None]
    asked.sort(key=lambda pair: (pair[0].acknowledged is not None, _WEIGHT[pair[0].severity]))
    kept = asked[:most]
    results = [_result(finding, fingerprint, places) for finding, fingerprint in kept]
    passed = list(_passed(run.evidence, places)) if evidence else []
    results += passed[: max(0, most - len(results))]
    left_out = len(asked) + len(passed) - len(results)
    rules = descriptors(run.results, [finding for finding, _ in kept])
    positions = {rule["id"]: index for index, rule in enumerate(rules)}
    for result in results:
        result["ruleIndex"] = positions[result["ruleId"]]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(rules)},
                "invocations": [_invocation(run, left_out, most)],
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
                "columnKind": "unicodeCodePoints",
                "results": results,
                "properties": {
                    "assembly": printable(run.assembly.directory),
                    "asOf": run.options.as_of.isoformat(),
                    "passed": run.passed,
                    "resultsLeftOut": left_out,
                },
            }
        ],
    }


def _driver(rules: Sequence[dict[str, Any]]) -> dict[str, Any]:
    version = tool_version()
    return {
        "name": "lakecheck",
        "version": version,
        **({"semanticVersion": version} if re.fullmatch(r"\d+\.\d+\.\d+", version) else {}),
        "rules": list(rules),
        "notifications": [
            {"id": name, "shortDescription": {"text": text}, "fullDescription": {"text": text}, "help": {"text": text}}
            for name, text in _NOTIFICATIONS.items()
        ],
    }


def _invocation(run: Run, left_out: int, most: int) -> dict[str, Any]:
    told = [
        (_NOT_RUN, "note" if _is_asked_for(run, result) else "warning", f"the check {result.name} did not run: {result.not_run}")
        for result in run.results
        if result.not_run
    ]
    if left_out:
        told.append((_LEFT_OUT, "warning", f"{left_out:,} results are left out: the report keeps the {most:,} gravest"))
    if run.app_exit:
        told.append((_APP_FAILED, "error", f"the app ended with exit code {run.app_exit}"))
    return {
        "executionSuccessful": True,
        "exitCode": 0 if run.passed else 1,
        "exitCodeDescription": "nothing open" if run.passed else "there are open findings",
        "toolExecutionNotifications": [
            {"descriptor": {"id": name}, "level": level, "message": {"text": _plain(text)}} for name, level, text in told
        ],
    }


def _is_asked_for(run: Run, result: CheckResult) -> bool:
    return result.name in run.options.skip or (result.name == _UPGRADE and run.base is None)


def _result(finding: Finding, fingerprint: str, places: Places) -> dict[str, Any]:
    said = shown(finding.message).rstrip(".")
    remedy = f" {shown(finding.remedy)}" if finding.remedy else ""
    place = places.of(finding.source, finding.stack, finding.logical_id)
    result: dict[str, Any] = {
        "ruleId": rule_id(finding.check, finding.rule),
        "level": LEVELS[finding.severity],
        "message": {"text": _plain(f"{said} ({finding.where}).{remedy}")},
        "locations": [_location(place, finding.where, finding.logical_id, is_resource=bool(finding.construct_path or finding.logical_id))],
        "partialFingerprints": {_GITHUB_FINGERPRINT: fingerprint, FINGERPRINT: fingerprint},
        "properties": _told(finding),
    }
    if finding.acknowledged is not None:
        result["suppressions"] = [_suppression(finding.acknowledged, finding.check)]
    return result


def _told(finding: Finding) -> dict[str, Any]:
    known = {
        "rule": finding.rule,
        "environment": finding.environment,
        "stack": finding.stack,
        "logicalId": finding.logical_id,
        "constructPath": finding.construct_path,
        "category": finding.category,
    }
    told: dict[str, Any] = {name: cut(printable(value)) for name, value in known.items() if value}
    if finding.controls:
        told["controls"] = [cut(printable(control)) for control in finding.controls]
    if finding.details:
        told["details"] = [cut(printable(shown(line))) for line in finding.details[:_MOST_DETAILS]]
    return told


def _suppression(acknowledged: Acknowledged, check: str) -> dict[str, Any]:
    return {
        "kind": "external" if check in _APPROVED_ELSEWHERE else "inSource",
        "status": "accepted",
        "justification": _plain(acknowledged.reason) or "no reason is given",
        "properties": {
            "rule": printable(acknowledged.rule),
            "at": printable(acknowledged.at),
            "owner": None if acknowledged.owner is None else printable(acknowledged.owner),
            "expires": None if acknowledged.expires is None else printable(acknowledged.expires),
        },
    }


def _location(place: Place, where: str, logical_id: str, *, is_resource: bool) -> dict[str, Any]:
    logical = {
        "name": printable(logical_id or where.rpartition("/")[2] or where),
        "fullyQualifiedName": printable(where),
        "kind": "resource" if is_resource else "module",
    }
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": place.uri, "uriBaseId": _ROOT},
            "region": {"startLine": place.line, "startColumn": 1, "endLine": place.line, "endColumn": place.end_column},
        },
        "logicalLocations": [logical],
    }


def _passed(evidence: Sequence[Evidence], places: Places) -> Iterator[dict[str, Any]]:
    """What complies, which is neither an error nor a warning."""
    for one in evidence:
        for origin in one.complied:
            where = str(origin)
            place = places.of(origin.source, origin.stack, origin.logical_id)
            yield {
                "ruleId": rule_id(one.check, one.rule),
                "kind": "pass",
                "level": "none",
                "message": {"text": _plain(f"{shown(one.title)} ({where}).")},
                "locations": [_location(place, where, origin.logical_id, is_resource=True)],
                "properties": {"environment": printable(origin.environment), "stack": printable(origin.stack)},
            }


def _plain(text: str) -> str:
    """Text that SARIF takes as it is: in its messages `[a](b)` is a link and `{0}` stands for an argument."""
    return _PLACEHOLDER.sub(r"{{\1}}", cut(printable(text), _MOST_MESSAGE)).replace("](", "] (")
