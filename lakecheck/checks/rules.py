"""The lake's own rules, and those that a user adds, applied to every resource that they are about."""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING, Any

from lakecheck.checks.base import Acknowledgements, CheckResult, path_of, plural
from lakecheck.evidence import Evidence
from lakecheck.findings import Finding
from lakecheck.progress import quiet
from lakecheck.values import shown
from lakemodel.errors import DataLakeError
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.assembly.resources import Origin
    from lakecheck.progress import Tell
    from lakecheck.rules.base import Complaint, Rule
    from lakecheck.snapshot import Snapshot

NAME = "rules"
PREFIX = "lakecheck-rules"


def check(snapshot: Snapshot, rules: Sequence[Rule], *, progress: Tell = quiet) -> CheckResult:
    """Applies rules.

    Args:
        snapshot: What to judge.
        rules: Which.
        progress: Told what goes on.

    Raises:
        DataLakeError: `rule_broken`, if a rule itself fails; what it found so far is not known to be all.
    """
    started = time.perf_counter()
    acknowledgements = Acknowledgements(snapshot.assembly.acknowledgements)
    findings: list[Finding] = []
    evidence = []
    for rule in rules:
        progress(f"rules: {rule.id}")
        looked_at, complied = 0, []
        for subject, complaints in _judged(rule, snapshot):
            looked_at += 1
            findings += [_finding(rule, subject.origin, complaint, acknowledgements) for complaint in complaints]
            if not complaints:
                complied.append(subject.origin)
        evidence.append(
            Evidence(
                check=NAME, rule=rule.id, title=rule.title, source=rule.source, controls=rule.controls,
                complied=tuple(complied), looked_at=looked_at,
            )
        )  # fmt: skip
    applied = sum(each.looked_at > 0 for each in evidence)
    return CheckResult(
        name=NAME,
        title="lake rules",
        findings=tuple(findings),
        detail=f"{plural(len(rules), 'rule')}, {applied:,} with something to look at",
        seconds=time.perf_counter() - started,
        evidence=tuple(evidence),
    )


def _judged(rule: Rule, snapshot: Snapshot) -> Iterator[tuple[Any, list[Complaint]]]:
    """Each subject with what the rule complains of."""
    try:
        for subject in rule.subjects(snapshot):
            yield subject, list(rule.judge(subject, snapshot))
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        msg = f"the rule {rule.id} broke: {type(error).__name__}: {error}, at {last.filename}:{last.lineno}; correct it, or leave it out"
        raise DataLakeError(msg, code="rule_broken", where=rule.id) from error


def _finding(rule: Rule, origin: Origin, complaint: Complaint, acknowledgements: Acknowledgements) -> Finding:
    return Finding(
        check=NAME,
        rule=rule.id,
        severity=Severity.NOTE if complaint.is_unknown else rule.severity,
        message=shown(f"{complaint.at}: {complaint.message}" if complaint.at else complaint.message),
        remedy=complaint.remedy or rule.remedy,
        environment=origin.environment,
        stack=origin.stack,
        logical_id=origin.logical_id,
        construct_path=origin.construct_path,
        source=origin.source,
        controls=rule.controls,
        help=rule.source,
        acknowledged=acknowledgements.covering(path_of(origin), f"{PREFIX}::{rule.id}"),
    )
