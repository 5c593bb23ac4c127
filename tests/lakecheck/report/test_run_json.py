"""The JSON report: everything that a run knows, by the committed schema."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st
from jsonschema import Draft202012Validator

from lakecheck.access.difference import difference
from lakecheck.access.invariants.verdicts import Judgement, State, Verdict
from lakecheck.access.review import review
from lakecheck.assembly import Acknowledgement
from lakecheck.assembly.resources import Origin
from lakecheck.checks.base import CheckResult
from lakecheck.checks.measures import Measure
from lakecheck.findings import Acknowledged
from lakecheck.report import json as json_report
from lakecheck.snapshot import Snapshot
from lakecheck.upgrade.model import Category, Comparison, Risk
from lakecheck.upgrade.review import JudgedRisk, UpgradeReview
from lakemodel.approvals import Register
from lakemodel.findings import Severity
from lakemodel.limits import Quota
from tests.lakecheck.report.runs import DAY, EVIDENCE, WILD, assembly, finding, findings, run_of

if TYPE_CHECKING:
    from lakecheck.findings import Finding
    from lakecheck.run import Run

RISK = Risk(
    category=Category.DATA_LOSS,
    rule="data_loss.replaced",
    environment="Prod",
    stack="Prod/Storage",
    logical_id="Bucket",
    type="AWS::S3::Bucket",
    message="the bucket is replaced",
    consequence="Every object in it is deleted.",
    remedy="Keep the name.",
    property="BucketName",
    was="a",
    now="b",
    because=("BucketName is create-only",),
)


def schema(name: str) -> Draft202012Validator:
    loaded = json.loads((files("lakecheck.report") / name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(loaded)
    return Draft202012Validator(loaded)


RUN = schema("run.schema.json")


def report(run: Run) -> dict[str, Any]:
    """The report, which keeps to its schema."""
    data: dict[str, Any] = json.loads(json_report.render(run))
    assert [f"{list(error.path)}: {error.message}" for error in RUN.iter_errors(data)] == []
    return data


def upgrade(*judged: JudgedRisk) -> UpgradeReview:
    empty = Snapshot(assembly())
    return UpgradeReview(comparison=Comparison(base=empty, head=empty, not_known=("one thing",)), as_of=DAY, judged=judged)


def full() -> Run:
    """A run with something of everything."""
    taken = Acknowledgement(path="Prod/Storage", rule="Pack::Pack-1", reason="because", owner="me", expires="2026-12-31", source="a.py:1")
    other = Acknowledgement(path="Prod/Storage/Queue", rule="Pack::Pack-2", reason="because")
    covered = finding(
        check="compliance",
        controls=("AC-6", "AC-3"),
        acknowledged=Acknowledged(rule="Pack::Pack-1", at="Prod/Storage", reason="because"),
    )
    origin = Origin(environment="Prod", stack="Prod/Storage", logical_id="Bucket")
    measure = Measure(quota=Quota.STACK_RESOURCES, count=450, place="Prod/Storage", environment="Prod", origin=origin)
    empty = Snapshot(assembly())
    run = run_of(
        finding(details=("a", "b"), help="https://docs.aws.amazon.com/", category="data_loss"),
        covered,
        evidence=[EVIDENCE],
        judged=assembly(acknowledgements=(taken, other)),
        judgement=Judgement(verdicts=(Verdict(id="no-pii", says="nobody", state=State.PROVED, looked_at=3),)),
        base=empty,
        upgrade=upgrade(JudgedRisk(risk=RISK, is_open=True)),
        gains=review(difference(empty.matrix, empty.matrix), Register(), as_of=DAY),
        new_acknowledgements=(other,),
        gone_acknowledgements=(replace(other, path="Prod/Old"),),
    )
    results = tuple(replace(each, measures=(measure,)) if each.name == "limits" else each for each in run.results)
    return replace(run, results=results)


def test_a_full_run_keeps_to_the_schema_and_says_all() -> None:
    """Access, upgrade and gains as their own commands say them."""
    data = report(full())
    assert data["schema_version"] == 2
    assert schema("access_check.schema.json").is_valid(data["access"])
    assert schema("access_diff.schema.json").is_valid(data["gains"])
    assert data["access"]["invariants"][0]["verdict"] == "proved"
    assert data["upgrade"]["summary"] == {
        "data_loss": 1,
        "lost_access": 0,
        "collision": 0,
        "security_weakened": 0,
        "identity": 0,
        "harmless": 0,
        "open": 1,
    }
    assert data["upgrade"]["passed"] is False
    assert data["upgrade"]["not_known"] == ["one thing"]
    (risk,) = data["upgrade"]["risks"]
    assert risk["consequence"] == "Every object in it is deleted."
    assert (risk["open"], risk["certain"], risk["was"], risk["now"]) == (True, True, "a", "b")
    assert risk["because"] == ["BucketName is create-only"]


def test_a_run_without_a_base_or_invariants_says_null() -> None:
    """Not that there is no risk."""
    data = report(run_of())
    assert [data[key] for key in ("access", "upgrade", "gains", "gone_acknowledgements")] == [None] * 4
    assert data["acknowledgements"] == data["evidence"] == data["limits"] == []


def test_a_finding_has_its_details_page_category_and_fingerprint() -> None:
    """Null where there is none."""
    told, plain = report(run_of(finding(details=("a",), help="https://docs.aws.amazon.com/", category="data_loss"), finding(rule="z")))[
        "findings"
    ]
    assert (told["details"], told["help"], told["category"]) == (["a"], "https://docs.aws.amazon.com/", "data_loss")
    assert (plain["details"], plain["help"], plain["category"]) == ([], None, None)
    assert told["fingerprint"] != plain["fingerprint"]


def test_an_acknowledgement_says_what_it_covers_and_whether_it_is_new() -> None:
    """By rule and place; one that covers nothing is there, too."""
    first, second = report(full())["acknowledgements"]
    assert first == {
        "rule": "Pack::Pack-1",
        "at": "Prod/Storage",
        "environment": "Prod",
        "stack": "Prod/Storage",
        "reason": "because",
        "owner": "me",
        "expires": "2026-12-31",
        "source": "a.py:1",
        "controls": ["AC-6", "AC-3"],
        "findings": 1,
        "new": False,
    }
    assert (second["findings"], second["new"], second["owner"]) == (0, True, None)
    assert [each["at"] for each in report(full())["gone_acknowledgements"]] == ["Prod/Old"]
    assert report(run_of(judged=full().assembly))["acknowledgements"][0]["new"] is None


def test_evidence_and_limits_are_told() -> None:
    """Where what complies stands; how much of each quota is used."""
    data = report(full())
    (evidence,) = data["evidence"]
    assert (evidence["rule"], evidence["looked_at"], evidence["complied"]) == ("encryption.bucket_key", 2, ["Dev/Storage/Bucket"])
    (measure,) = data["limits"]
    assert (measure["quota"], measure["count"], measure["place"], measure["share"]) == ("stack_resources", 450, "Prod/Storage", 0.9)


def test_the_schema_names_every_field() -> None:
    """A field that the schema does not know, at any level that is new, is refused: so it cannot be forgotten there."""
    for where in (["acknowledgements", 0], ["gone_acknowledgements", 0], ["evidence", 0], ["limits", 0], ["findings", 0], ["upgrade"]):
        data = json_report.as_data(full())
        target: Any = data
        for key in where:
            target = target[key]
        target["surprise"] = 1
        assert not RUN.is_valid(data), where
    data = json_report.as_data(full())
    data["upgrade"]["risks"][0]["surprise"] = 1
    assert not RUN.is_valid(data)


@pytest.mark.parametrize("check", ["compliance", "rules", "access", "upgrade"])
def test_every_check_is_known_to_the_schema(check: str) -> None:
    """In findings and among the checks."""
    assert check in {each["name"] for each in report(run_of(finding(check=check)))["checks"]}


def test_the_same_run_gives_the_same_text() -> None:
    """Nothing depends on the order of a set."""
    assert json_report.render(full()) == json_report.render(full())


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(findings, max_size=4), WILD)
def test_any_text_gives_a_valid_report(found: list[Finding], wild: str) -> None:
    """UTF-8 that can be read again, whatever is in a name."""
    taken = Acknowledgement(path=wild, rule=wild, reason=wild, owner=wild)
    judged = JudgedRisk(risk=replace(RISK, message=wild, was=wild, because=(wild,)))
    run = run_of(*found, judged=assembly(acknowledgements=(taken,)), upgrade=upgrade(judged), new_acknowledgements=(taken,))
    json_report.render(run).encode("utf-8")
    assert len(report(run)["findings"]) == len(found)


def test_half_a_surrogate_pair_stays_an_escape() -> None:
    """JSON can have it and no encoding can."""
    text = json_report.render(run_of(finding(message="\ud800")))
    assert '"message": "\\ud800"' in text
    text.encode("utf-8")


def test_a_result_without_measures_has_no_limits() -> None:
    """A check that was left out says nothing of quotas."""
    run = run_of()
    assert report(replace(run, results=(CheckResult(name="limits", title="", not_run="--skip"),)))["limits"] == []
    assert report(run_of(finding(severity=Severity.NOTE)))["passed"] is True
