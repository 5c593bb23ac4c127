"""Evidence for auditors: control, resource, result; and a table that no spreadsheet computes."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from lakecheck.access.invariants.verdicts import Counterexample, Exempted, Judgement, State, Verdict
from lakecheck.assembly.resources import Origin
from lakecheck.evidence import Evidence
from lakecheck.report.coverage import COLUMNS, INVARIANTS, NOTE, Result, coverage, evidence_csv, evidence_json
from lakemodel.findings import Severity
from tests.lakecheck.report.runs import EVIDENCE, TAKEN, WILD, finding, findings, run_of

if TYPE_CHECKING:
    from lakecheck.findings import Finding
    from lakecheck.run import Run


def results(run: Run) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Result and place by framework and control."""
    return {
        (framework.name, control.id): [(entry.result.value, str(entry.place)) for entry in control.entries]
        for framework in coverage(run)
        for control in framework.controls
    }


def nag(rule: str, *controls: str, **more: object) -> Finding:
    return finding(check="compliance", rule=rule, controls=controls, **more)


def test_a_packs_finding_counts_for_each_of_its_controls() -> None:
    """The pack's name, in front of its rule, is the framework."""
    run = run_of(
        nag("NIST.800.53.R5-S3BucketLoggingEnabled", "AC-2(4)", "AU-2b"),
        nag("HIPAA.Security-S3BucketLoggingEnabled", "164.312(b)", acknowledged=TAKEN),
    )
    assert results(run) == {
        ("HIPAA.Security", "164.312(b)"): [("acknowledged", "Prod/Storage/Bucket")],
        ("NIST.800.53.R5", "AC-2(4)"): [("fails", "Prod/Storage/Bucket")],
        ("NIST.800.53.R5", "AU-2b"): [("fails", "Prod/Storage/Bucket")],
    }


def test_a_pack_without_controls_has_its_rules_for_controls() -> None:
    """Without what a finding is about."""
    run = run_of(nag("AwsSolutions-IAM5[Resource::*]"), nag("AwsSolutions-IAM5[Action::s3:*]", logical_id="Other"))
    assert list(results(run)) == [("AwsSolutions", "IAM5")]


def test_a_rule_of_no_framework_is_no_evidence() -> None:
    """Neither a linter's rule nor a rule without controls, whatever it is called."""
    assert coverage(run_of(finding(check="lint", rule="W2001"), nag("my-rule"), finding(), nag("E3002"))) == ()


def test_our_rules_say_what_fails_and_what_complies() -> None:
    """Framework and control stand in the control's name; both results are in one control."""
    run = run_of(finding(controls=("NIST.800.53.R5 SC-28",)), evidence=[EVIDENCE])
    assert results(run) == {("NIST.800.53.R5", "SC-28"): [("complies", "Dev/Storage/Bucket"), ("fails", "Prod/Storage/Bucket")]}
    (framework,) = coverage(run)
    assert framework.shows_compliance
    assert framework.controls[0].result is Result.FAILS
    assert framework.controls[0].count(Result.COMPLIES) == 1
    assert {entry.title for entry in framework.controls[0].entries} == {EVIDENCE.title}


def test_a_framework_of_packs_alone_does_not_show_compliance() -> None:
    """Nobody may take silence for compliance."""
    (framework,) = coverage(run_of(nag("PCI.DSS.321-X", "1.2.1", acknowledged=TAKEN)))
    assert not framework.shows_compliance
    assert framework.controls[0].result is Result.ACKNOWLEDGED
    assert "violations only" in NOTE


def test_what_a_template_leaves_open_is_not_known() -> None:
    """A note of a rule; a pack's note is a violation all the same."""
    note = {"severity": Severity.NOTE, "controls": ("NIST.800.53.R5 AC-3",)}
    assert results(run_of(finding(**note))) == {("NIST.800.53.R5", "AC-3"): [("not known", "Prod/Storage/Bucket")]}
    assert list(results(run_of(nag("PCI.DSS.321-X", "1.2.1", severity=Severity.NOTE))).values()) == [[("fails", "Prod/Storage/Bucket")]]


def test_an_invariant_is_a_control_of_its_own() -> None:
    """Proved, refuted where an example is, or not known; an exception that is needed was taken on by somebody."""
    verdicts = (
        Verdict(
            id="a", says="nobody", state=State.PROVED, exempted=(Exempted(who="x", because="duty", principals=("role/X",), needed=True),)
        ),
        Verdict(id="b", says="nobody", state=State.REFUTED, examples=(Counterexample(summary="s", environment="Prod"),)),
        Verdict(id="c", says="nobody", state=State.UNKNOWN),
    )
    run = run_of(judgement=Judgement(verdicts=verdicts))
    found = {
        control.id: [(e.result.value, e.place.environment, e.reason) for e in control.entries] for control in coverage(run)[0].controls
    }
    assert coverage(run)[0].name == INVARIANTS
    assert found == {
        "a": [("acknowledged", "", "role/X: duty"), ("complies", "", "")],
        "b": [("fails", "Prod", "")],
        "c": [("not known", "", "")],
    }


def test_the_table_has_a_row_for_each_entry() -> None:
    """Under fixed columns, with reason, owner and expiry of what was acknowledged."""
    rows = list(csv.DictReader(io.StringIO(evidence_csv(run_of(nag("NIST.800.53.R5-X", "AC-6", acknowledged=TAKEN), evidence=[EVIDENCE])))))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0] == {
        "framework": "NIST.800.53.R5",
        "control": "AC-6",
        "rule": "NIST.800.53.R5-X",
        "title": "encrypted with a key of AWS; allowed is one of the lake",
        "result": "acknowledged",
        "environment": "Prod",
        "stack": "Prod/Storage",
        "logical_id": "Bucket",
        "construct_path": "Prod/Storage/Bucket",
        "reason": "logs stand elsewhere",
        "owner": "storage team",
        "expires": "2026-12-31",
    }
    assert (rows[1]["control"], rows[1]["result"]) == ("SC-28", "complies")


def test_json_says_how_to_read_it() -> None:
    """The same entries, and that packs are silent about what complies."""
    data = json.loads(evidence_json(run_of(nag("NIST.800.53.R5-X", "AC-6"))))
    assert data["note"] == NOTE
    (framework,) = data["frameworks"]
    assert (framework["name"], framework["shows_compliance"]) == ("NIST.800.53.R5", False)
    (control,) = framework["controls"]
    assert (control["id"], control["result"], control["counts"]["fails"]) == ("AC-6", "fails", 1)
    assert control["entries"][0]["construct_path"] == "Prod/Storage/Bucket"


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＋1", "－1", "＠x"])  # noqa: RUF001
def test_no_cell_is_a_formula(formula: str) -> None:
    """An apostrophe in front makes it text."""
    rows = list(csv.DictReader(io.StringIO(evidence_csv(run_of(nag("NIST.800.53.R5-X", formula, message=formula, logical_id=formula))))))
    assert all(rows[0][column].startswith("'") for column in ("control", "title", "logical_id"))
    assert rows[0]["framework"] == "NIST.800.53.R5"


origins = st.builds(Origin, environment=WILD, stack=WILD, logical_id=WILD)
evidences = st.builds(
    Evidence, check=st.just("rules"), rule=WILD, title=WILD, controls=st.lists(WILD, max_size=2).map(tuple), complied=st.tuples(origins)
)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(findings, max_size=4), st.lists(evidences, max_size=2))
def test_any_text_gives_a_table(found: list[Finding], evidence: list[Evidence]) -> None:
    """As many cells as columns in each row, none of which a spreadsheet computes, in UTF-8."""
    run = run_of(*found, evidence=evidence)
    text = evidence_csv(run)
    text.encode("utf-8")
    rows = list(csv.reader(io.StringIO(text)))
    entries = sum(len(control.entries) for framework in coverage(run) for control in framework.controls)
    assert len(rows) == entries + 1
    for row in rows[1:]:
        assert len(row) == len(COLUMNS)
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)
    json.loads(evidence_json(run))
