"""A run as JUnit XML, which every CI server shows: a suite for each check, a case for each rule and stack.

There is no standard. What Jenkins reads is in
https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd, what Ant
writes in https://github.com/windyroad/JUnit-Schema; the report is valid by both. A case has one outcome: it failed if a finding fails the
run, else it was skipped if one is acknowledged, else it passed. What is neither is said in its suite's output.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from lakecheck.assembly import NO_ENVIRONMENT
from lakecheck.report.json import tool_version
from lakecheck.values import shown
from lakemodel.findings import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.checks import CheckResult
    from lakecheck.findings import Finding
    from lakecheck.run import Run

ASSEMBLY: Final = "assembly"
"""Stands for the stack of what is about all of it."""
_MOST_MESSAGE: Final = 500
_MOST_DETAILS: Final = 20


@dataclass(slots=True)
class _Case:
    rule: str
    place: str
    findings: list[Finding] = field(default_factory=list)


def render(run: Run) -> str:
    """The report, which ends with a line feed; the same run gives the same text but for times."""
    root = ET.Element("testsuites")
    failing = frozenset(map(id, run.failing))
    for number, result in enumerate(run.results):
        root.append(_suite(run, result, number, failing))
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode", short_empty_elements=True)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(run: Run, result: CheckResult, number: int, failing: frozenset[int]) -> ET.Element:
    cases = _not_run(result) if result.not_run else [_case(result.name, case, failing) for case in _cases(result)]
    if not cases:
        cases = [_passing(result.name, "nothing found", ASSEMBLY)]
    outcomes = [case[0].tag if len(case) else "passed" for case in cases]
    suite = ET.Element(
        "testsuite",
        name=_attribute(result.name),
        package="lakecheck",
        id=str(number),
        timestamp=f"{run.options.as_of.isoformat()}T00:00:00",
        hostname="localhost",
        tests=str(len(cases)),
        failures=str(outcomes.count("failure")),
        errors="0",
        skipped=str(outcomes.count("skipped")),
        time=_seconds(result.seconds),
    )
    properties = ET.SubElement(suite, "properties")
    told = {"assembly": run.assembly.directory, "as_of": run.options.as_of.isoformat(), "lakecheck": tool_version(), "tool": result.title}
    for name, value in told.items():
        ET.SubElement(properties, "property", name=name, value=_attribute(value))
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = "\n".join(_output(result, failing))
    ET.SubElement(suite, "system-err").text = ""
    return suite


def _cases(result: CheckResult) -> list[_Case]:
    """By rule and stack, in that order: what was found, and what complies."""
    cases: dict[tuple[str, str], _Case] = {}

    def case(rule: str, environment: str, stack: str) -> _Case:
        rule, place = _attribute(rule), _attribute(_place(environment, stack))
        return cases.setdefault((rule, place), _Case(rule, place))

    for finding in result.findings:
        case(finding.rule, finding.environment, finding.stack).findings.append(finding)
    found = {finding.rule for finding in result.findings}
    for evidence in result.evidence:
        for origin in evidence.complied:
            case(evidence.rule, origin.environment, origin.stack)
        if not evidence.complied and evidence.looked_at and evidence.rule not in found:
            case(evidence.rule, "", "")
    return [cases[key] for key in sorted(cases)]


def _place(environment: str, stack: str) -> str:
    if not stack:
        return environment or ASSEMBLY
    inside = environment in {"", NO_ENVIRONMENT, stack} or stack.startswith(f"{environment}/")
    return stack if inside else f"{environment}/{stack}"


def _case(check: str, case: _Case, fail: frozenset[int]) -> ET.Element:
    element = _passing(check, case.rule, case.place)
    failing = [finding for finding in case.findings if id(finding) in fail]
    acknowledged = [finding for finding in case.findings if finding.acknowledged is not None]
    if failing:
        message = _attribute(_said(failing[0]) if len(failing) == 1 else f"{len(failing):,} findings, the first: {_said(failing[0])}")
        failure = ET.SubElement(element, "failure", message=message, type=failing[0].severity.value)
        failure.text = "\n".join(line for finding in failing for line in _told(finding))
    elif acknowledged:
        ET.SubElement(element, "skipped", message=_attribute(_reasons(acknowledged)))
    return element


def _told(finding: Finding) -> Iterator[str]:
    yield printable(f"{finding.severity.value}: {shown(finding.message)}")
    yield printable(f"  at {finding.where}" + (f"  {finding.source}" if finding.source else ""))
    yield from (printable(f"  {shown(line)}") for line in finding.details[:_MOST_DETAILS])
    if finding.remedy:
        yield printable(f"  {shown(finding.remedy)}")


def _said(finding: Finding) -> str:
    return f"{shown(finding.message)} ({finding.where})"


def _reasons(findings: Sequence[Finding]) -> str:
    """Why they are acknowledged, each reason once, with who answers for it, until when, and for which controls."""
    reasons: dict[str, None] = {}
    for finding in findings:
        if finding.acknowledged is not None:
            owner = f", {finding.acknowledged.owner}" if finding.acknowledged.owner else ""
            until = f", until {finding.acknowledged.expires}" if finding.acknowledged.expires else ""
            controls = f" (controls {', '.join(finding.controls)})" if finding.controls else ""
            reasons[f"{finding.acknowledged.reason or 'no reason is given'}{owner}{until}{controls}"] = None
    return f"acknowledged: {'; '.join(reasons)}"


def _output(result: CheckResult, failing: frozenset[int]) -> Iterator[str]:
    yield printable(result.not_run or f"{result.title}: {result.detail}")
    for finding in result.findings:
        if finding.acknowledged is None and id(finding) not in failing:
            yield from _told(finding)


def _not_run(result: CheckResult) -> list[ET.Element]:
    element = _passing(result.name, result.name, ASSEMBLY)
    ET.SubElement(element, "skipped", message=_attribute(f"not run: {result.not_run}"))
    return [element]


def _passing(check: str, name: str, place: str) -> ET.Element:
    # A dot would begin a package where class names are shown as a tree.
    return ET.Element("testcase", name=_attribute(name), classname=f"{check}.{_attribute(place).replace('.', '·')}", time="0")


def _attribute(text: str) -> str:
    """Text that XML can hold, on one line, and that something can be called."""
    plain = printable(text).strip()
    return (plain if len(plain) <= _MOST_MESSAGE else f"{plain[: _MOST_MESSAGE - 1]}…") or "—"


def _seconds(value: float) -> str:
    return f"{value:.3f}"
