"""What the compliance packs (cdk-nag's, or any validation plugin) said at synth, read from the assembly's validation report."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from lakecheck.checks import rules
from lakecheck.checks.base import IGNORED, Acknowledgements, CheckResult
from lakecheck.findings import Acknowledged, Finding
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakecheck.assembly import Assembly, PluginReport, Violation

NAME = "compliance"
TITLE = "packs"

BUILT_IN = "CloudFormation Validate"
ANNOTATIONS = "Construct Annotations"

_ANNOTATION_PREFIX = "Annotation"
_NO_PACKS = ("cfn-lint::", "guard::", "lakecheck-", "CloudFormation-Validate::", f"{_ANNOTATION_PREFIX}::@")
"""How acknowledgements begin that are about what no pack says: linters, rules and CDK's own annotations."""
_SEVERITIES = {"error": Severity.ERROR, "fatal": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.NOTE}
_CONTROLS = re.compile(r"^(?P<text>.*?) - \(Control IDs?: (?P<ids>.*)\)\.?$", re.DOTALL)
_CONTROL = re.compile(r",\s+(?![^(]*\))")


def check(assembly: Assembly, *, require_packs: Sequence[str] = (), already: Iterable[Finding] = ()) -> CheckResult:
    """Judges the validation report; that there is none, or that a pack left no trace in it, is told too.

    It fails a run where packs are relied on: they are required, or something of them is acknowledged. Elsewhere it is a note.

    Args:
        assembly: What to judge.
        require_packs: Packs that must have left a trace, by the prefix of their rules, such as `AwsSolutions`; any one if empty.
        already: What `checks.cloudformation` found. CDK's built-in validation has the same rules and is not repeated.
    """
    started = time.perf_counter()
    if assembly.is_template:
        return CheckResult(name=NAME, title=TITLE, not_run="a single template has no validation report")
    relies = bool(require_packs) or _relies_on_packs(assembly)
    if assembly.report is None:
        return CheckResult(name=NAME, title=TITLE, findings=(_no_report(Severity.ERROR if relies else Severity.NOTE),), detail="no report")
    acknowledgements = Acknowledgements(assembly.acknowledgements)
    findings: list[Finding] = []
    known = {(each.rule, each.construct_path) for each in already}
    plugins = [plugin for plugin in assembly.report.plugins if plugin.name != rules.PREFIX]  # the check `rules` tells those itself
    for plugin in plugins:
        said = list(_plugin(assembly, plugin, acknowledgements))
        if plugin.name == BUILT_IN:
            said = [each for each in said if (each.rule, each.construct_path) not in known]
            said = [each for each in said if each.rule not in IGNORED or each.acknowledged is not None]
        findings += said
    packs = [plugin.name for plugin in plugins if plugin.name not in {BUILT_IN, ANNOTATIONS}]
    findings += _missing(packs, require_packs, Severity.WARNING if relies else Severity.NOTE)
    return CheckResult(
        name=NAME,
        title=TITLE,
        findings=tuple(findings),
        detail=", ".join(packs) or "no pack reported",
        seconds=time.perf_counter() - started,
    )


def prefix_of(plugin: str) -> str:
    """What an acknowledgement of a plugin's rule begins with."""
    return _ANNOTATION_PREFIX if plugin == ANNOTATIONS else plugin.replace(" ", "-")


def _relies_on_packs(assembly: Assembly) -> bool:
    """Whether somebody took on what a plugin reports; what another tool or one's own file takes on says nothing of packs."""
    return any(not each.rule.startswith(_NO_PACKS) for each in assembly.acknowledgements)


def _no_report(severity: Severity) -> Finding:
    return Finding(
        check=NAME,
        rule="no-report",
        severity=severity,
        message="the assembly has no validation-report.json: no compliance check ran when it was synthesized",
        remedy="To have them, add packs such as cdk-nag's to the app (Validations.of(app).add_plugins), synthesize with CDK 2.270 or "
        "newer, and name them in --require-pack.",
    )


def _missing(packs: Sequence[str], required: Sequence[str], severity: Severity) -> Iterator[Finding]:
    for pack in required:
        if pack not in packs:
            yield Finding(
                check=NAME,
                rule="pack-without-trace",
                severity=Severity.ERROR,
                message=f"the required pack {pack} left no trace in the validation report; it lists {', '.join(packs) or 'no pack'}",
                remedy="Add the pack to the app. A pack is listed only when it found something, acknowledged or not; an acknowledgement "
                "by a bare id, without the pack's prefix, hides what it found.",
            )
    if not packs and not required:
        yield Finding(
            check=NAME,
            rule="no-pack",
            severity=severity,
            message="no compliance pack left a trace in the validation report: none ran, or none had anything to say",
            remedy="To have them, add packs such as cdk-nag's to the app (Validations.of(app).add_plugins), and name them in "
            "--require-pack, so that one that is gone is an error. --skip compliance leaves this out.",
        )


def _plugin(assembly: Assembly, plugin: PluginReport, acknowledgements: Acknowledgements) -> Iterator[Finding]:
    for violation in plugin.violations:
        message, controls = _split(violation.description)
        stack = assembly.stack_of(violation.construct_path)
        rule = f"{prefix_of(plugin.name)}::{violation.rule}"
        yield Finding(
            check=NAME,
            rule=violation.rule,
            severity=_SEVERITIES.get(violation.severity.lower(), Severity.ERROR),
            message=message,
            remedy="" if violation.acknowledged_rule else f"Remove the cause, or acknowledge {rule} next to the resource, with a reason.",
            environment="" if stack is None else stack.environment,
            stack="" if stack is None else stack.path,
            logical_id=violation.logical_id or _logical_id(assembly, violation.construct_path),
            construct_path=violation.construct_path,
            source=violation.source,
            controls=controls,
            acknowledged=_acknowledged(violation, acknowledgements),
        )


def _logical_id(assembly: Assembly, construct_path: str) -> str:
    stack = assembly.stack_of(construct_path)
    if stack is None:
        return ""
    return next((logical_id for logical_id, path in stack.construct_paths.items() if path == construct_path), "")


def _acknowledged(violation: Violation, acknowledgements: Acknowledgements) -> Acknowledged | None:
    if violation.acknowledged_rule is None:
        return None
    if not f"{violation.construct_path}/".startswith(f"{violation.acknowledged_at}/"):
        # Older CDK (2.270, for one) lists all constructs of a rule in one entry, with the place of one acknowledgement only.
        covering = acknowledgements.covering(violation.construct_path, violation.acknowledged_rule)
        if covering is not None:
            return covering
    found = acknowledgements.at(violation.acknowledged_at, violation.acknowledged_rule)
    return Acknowledged(
        rule=violation.acknowledged_rule,
        at=violation.acknowledged_at,
        reason=violation.reason or (found.reason if found else ""),
        owner=found.owner if found else None,
        expires=found.expires if found else None,
    )


def _split(description: str) -> tuple[str, tuple[str, ...]]:
    """cdk-nag puts the framework's controls behind the sentence."""
    match = _CONTROLS.match(description)
    if match is None:
        return description.rstrip("."), ()
    return match["text"].rstrip("."), tuple(dict.fromkeys(_CONTROL.split(match["ids"])))
