"""JUnit XML by the schema of Jenkins (tests/data/junit-10.xsd), by what that of Ant asks for beyond it, and by what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings, strategies as st

from lakecheck.assembly.resources import Origin
from lakecheck.evidence import Evidence
from lakecheck.report import junit
from lakemodel.findings import Severity
from tests.lakecheck.report.runs import CHECKS, EVIDENCE, TAKEN, WILD, finding, findings, run_of
from tests.lakecheck.report.xsd import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.findings import Finding
    from lakecheck.run import Run

JENKINS = Schema(Path(__file__).parents[2] / "data/junit-10.xsd")
ANT_SUITE = ("name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time")
"""What https://github.com/windyroad/JUnit-Schema requires of a suite among others."""


def ant_problems(root: ET.Element) -> Iterator[str]:
    """What Ant's schema asks for: order, required attributes, one outcome of a case, types of numbers and times."""
    if root.tag != "testsuites" or root.attrib:
        yield "the root is testsuites, without attributes"
    for number, suite in enumerate(root):
        tags = "".join(f"<{child.tag}>" for child in suite)
        if not re.fullmatch(r"<properties>(<testcase>)*<system-out><system-err>", tags):
            yield f"order {tags}"
        yield from (f"suite lacks {name}" for name in ANT_SUITE if not suite.get(name, "").strip())
        if suite.get("id") != str(number) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", "")):
            yield "id or timestamp"
        for name in ("tests", "failures", "errors", "skipped"):
            if not re.fullmatch(r"\d+", suite.get(name, "")):
                yield name
        for case in suite.findall("testcase"):
            if set(case.attrib) != {"name", "classname", "time"} or not all(case.attrib.values()):
                yield f"case {case.attrib}"
            if len(case) > 1 or any(child.tag not in {"failure", "skipped", "error"} for child in case):
                yield "one outcome"
            yield from ("failure without a type" for child in case if child.tag == "failure" and not child.get("type"))


def parse(run: Run) -> ET.Element:
    """The report, which both schemas allow and whose numbers add up."""
    text = junit.render(run)
    text.encode("utf-8")
    root = ET.fromstring(text)  # noqa: S314 - ours
    assert list(JENKINS.problems(root)) == []
    assert list(ant_problems(root)) == []
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases) > 0
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
        assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
    return root


def suite_of(run: Run, check: str) -> ET.Element:
    (found,) = [suite for suite in parse(run) if suite.get("name") == check]
    return found


def cases(run: Run, check: str) -> dict[tuple[str | None, str | None], str]:
    """Outcome of each case."""
    found = suite_of(run, check).findall("testcase")
    return {(case.get("classname"), case.get("name")): case[0].tag if len(case) else "passed" for case in found}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ('tests="1"', ""),
        ('surprise="1"', "testsuite has no attribute surprise"),
        ("<testcase/>", "testcase lacks name"),
        ("<failure/>", "testsuite has <failure>"),
        ('time="soon"', "testsuite time is 'soon'"),
        ("<properties>text</properties>", "properties has text"),
        ("<b/>", "testsuite has <b>"),
    ],
)
def test_the_schema_is_read_as_it_is_meant(change: str, problem: str) -> None:
    """The validator of these tests finds what is wrong, or they would hold nothing."""
    attributes = {"name": "a", "tests": "1", "failures": "0", "errors": "0"}
    suite = ET.Element("testsuite", attributes)
    if change.startswith("<"):
        suite.append(ET.fromstring(change))  # noqa: S314 - ours
    else:
        name, _, value = change.partition("=")
        suite.set(name, value.strip('"'))
    assert next(JENKINS.problems(suite), "") == problem


def test_every_check_is_a_suite_with_its_time() -> None:
    """In the report's order; a check that found nothing has one case that passed."""
    root = parse(run_of())
    assert [suite.get("name") for suite in root] == list(CHECKS)
    assert {suite.get("time") for suite in root} == {"0.250"}
    assert cases(run_of(), "lint") == {("lint.assembly", "nothing found"): "passed"}


def test_a_case_is_a_rule_and_a_stack() -> None:
    """It failed, was skipped, or passed: also where the rule says what complied."""
    run = run_of(finding(), finding(rule="other.rule", acknowledged=TAKEN), evidence=[EVIDENCE])
    assert cases(run, "rules") == {
        ("rules.Prod/Storage", "encryption.bucket_key"): "failure",
        ("rules.Dev/Storage", "encryption.bucket_key"): "passed",
        ("rules.Prod/Storage", "other.rule"): "skipped",
    }


def test_a_failure_says_what_where_and_what_to_do() -> None:
    """All findings of the rule in the stack, with their details."""
    run = run_of(finding(details=("because of this",)), finding(logical_id="Other", construct_path="Prod/Storage/Other"))
    (failure,) = suite_of(run, "rules").findall("testcase/failure")
    assert failure.get("type") == "error"
    assert failure.get("message", "").startswith("2 findings, the first: encrypted with a key of AWS")
    lines = (failure.text or "").splitlines()
    assert "  at Prod/Storage/Bucket  stacks/storage.py:12" in lines
    assert "  at Prod/Storage/Other  stacks/storage.py:12" in lines
    assert "  because of this" in lines
    assert lines.count("  Name the zone's key.") == 2


def test_what_is_acknowledged_is_skipped_with_its_reason() -> None:
    """Who answers for it and until when, too; a finding that nobody took on makes the case fail."""
    acknowledged = finding(acknowledged=TAKEN)
    (skipped,) = suite_of(run_of(acknowledged), "rules").findall("testcase/skipped")
    assert skipped.get("message") == "acknowledged: logs stand elsewhere, storage team, until 2026-12-31"
    assert list(cases(run_of(acknowledged, finding(logical_id="Other")), "rules").values()) == ["failure"]


def test_a_check_that_did_not_run_is_skipped() -> None:
    """Never passed."""
    run = run_of(not_run={"lint": "--fast"})
    assert cases(run, "lint") == {("lint.assembly", "lint"): "skipped"}
    assert suite_of(run, "lint").find("testcase/skipped").get("message") == "not run: --fast"  # type: ignore[union-attr]


@pytest.mark.parametrize(("severity", "check"), [(Severity.NOTE, "rules"), (Severity.WARNING, "limits")])
def test_what_fails_no_run_passes_and_is_in_the_output(severity: Severity, check: str) -> None:
    """Notes, and a quota that is near, are said without failing a build."""
    run = run_of(finding(severity=severity, check=check))
    assert list(cases(run, check).values()) == ["passed"]
    assert "encrypted with a key of AWS" in (suite_of(run, check).findtext("system-out") or "")


def test_a_warning_fails_as_the_run_does() -> None:
    """By default; not where errors alone fail."""
    warning = finding(severity=Severity.WARNING)
    assert list(cases(run_of(warning), "rules").values()) == ["failure"]
    assert list(cases(run_of(warning, fail_on=Severity.ERROR), "rules").values()) == ["passed"]


def test_an_invariant_without_places_is_a_case() -> None:
    """Evidence of everything passes for everything; where there was nothing to look at, nothing is said."""
    proved = Evidence(check="access", rule="no-pii", title="Nobody reads it", looked_at=7)
    empty = Evidence(check="access", rule="empty", title="Nothing is there", looked_at=0)
    assert cases(run_of(evidence=[proved, empty]), "access") == {("access.assembly", "no-pii"): "passed"}


def test_a_stack_outside_of_stages_and_a_dotted_name() -> None:
    """A class name is shown as a tree of what is between dots."""
    run = run_of(finding(environment="—", stack="My.Stack"), finding(environment="Prod", stack="Shared", logical_id="B"))
    assert {case for case, _ in cases(run, "rules")} == {"rules.My·Stack", "rules.Prod/Shared"}


def test_names_that_look_alike_are_one_case() -> None:
    """Two cases of one name and class are one to most readers, and the last one wins."""
    run = run_of(finding(rule="a rule"), finding(rule="a rule ", acknowledged=TAKEN))
    assert cases(run, "rules") == {("rules.Prod/Storage", "a rule"): "failure"}


origins = st.builds(Origin, environment=WILD, stack=WILD, logical_id=WILD)
evidences = st.builds(Evidence, check=st.sampled_from(CHECKS), rule=WILD, title=WILD, complied=st.lists(origins, max_size=2).map(tuple))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(findings, max_size=4), st.lists(evidences, max_size=2), WILD)
def test_any_text_gives_valid_xml(found: list[Finding], evidence: list[Any], why: str) -> None:
    """XML has no form for most control characters: they are escaped, and both schemas hold."""
    parse(run_of(*found, evidence=evidence, not_run={"lint": why}))
