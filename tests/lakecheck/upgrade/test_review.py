"""What is at risk passes only when it was approved; the rest is told, counted, and in a steady order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lakecheck.upgrade import judges, review as reviewing
from lakecheck.upgrade.model import Category, Comparison, Risk
from lakecheck.upgrade.review import finding_of, review
from lakemodel.approvals import Register, RegisteredRisk
from lakemodel.findings import Place, Severity
from lakemodel.upgrade_risk import UpgradeRisk
from tests.lakecheck.upgrade.support import compared, stack, state

TODAY = date(2027, 1, 1)
FUNCTION = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1}}


def risk(category: Category = Category.DATA_LOSS, logical_id: str = "Bucket", **more: Any) -> Risk:
    fields: dict[str, Any] = {
        "rule": f"{category.value}.replaced",
        "environment": "Prod",
        "stack": "Prod/Lake",
        "type": "AWS::S3::Bucket",
        "message": "the bucket is replaced",
        "consequence": "What is in it is lost.",
        "remedy": "Keep it.",
    }
    return Risk(category=category, logical_id=logical_id, **fields | more)


def approval(logical_id: str = "Bucket", expires: str = "2027-06-30", line: int = 1, **more: Any) -> RegisteredRisk:
    fields = {"rule": "data_loss.replaced", "environments": ["Prod"], "stack": "Lake", "logical_id": logical_id}
    who = {"reason": "Nothing was ever in it.", "owner": "platform", "expires": expires}
    return RegisteredRisk(UpgradeRisk(kind="upgrade_risk", **fields | who | more), Place("approvals.yaml", line))  # type: ignore[arg-type]


def nothing() -> Comparison:
    return compared({"Queue": FUNCTION}, {"Queue": FUNCTION})


def judged(*risks: Risk, approvals: tuple[RegisteredRisk, ...] = (), comparison: Comparison | None = None) -> reviewing.UpgradeReview:
    return review(nothing() if comparison is None else comparison, risks, Register(risks=approvals), as_of=TODAY)


@pytest.mark.parametrize("category", list(Category))
def test_four_categories_fail_unless_approved(category: Category) -> None:
    """Identity and harmless pass."""
    assert judged(risk(category)).passed is (category in {Category.IDENTITY, Category.HARMLESS})


def test_what_is_perhaps_lost_fails_too() -> None:
    """Unknown is not safe."""
    assert not judged(risk(is_certain=False)).passed


def test_an_approval_lets_pass_exactly_what_it_says() -> None:
    """Another rule at the same resource stays open."""
    found = judged(risk(), risk(Category.COLLISION), approvals=(approval(),))
    assert [(one.risk.category, one.is_approved) for one in found.judged] == [(Category.DATA_LOSS, True), (Category.COLLISION, False)]
    assert not found.passed
    assert judged(risk(), approvals=(approval(),)).passed


def test_an_expired_approval_covers_nothing_and_is_told() -> None:
    """The risk names it; its last day still counts."""
    found = judged(risk(), approvals=(approval(expires="2026-12-31"),))
    assert (found.passed, len(found.expired), found.stale) == (False, 1, ())
    assert found.open[0].approval is found.expired[0]
    assert judged(risk(), approvals=(approval(expires="2027-01-01"),)).passed


def test_of_several_approvals_the_one_that_holds_counts() -> None:
    """An expired one beside it does not matter."""
    found = judged(risk(), approvals=(approval(expires="2026-12-31"), approval(line=9)))
    assert found.passed
    assert found.judged[0].approval is not None
    assert found.judged[0].approval.place.line == 9


def test_tells_approvals_that_are_not_needed_or_end_soon() -> None:
    """An approval of what is merged should go."""
    soon, stale = approval(expires="2027-01-10"), approval("Gone")
    found = judged(risk(), approvals=(soon, stale))
    assert (found.soon, found.stale, found.expired) == ((soon,), (stale,), ())


def test_tells_the_same_once_and_the_most_dangerous_first() -> None:
    """By category, then what is certain, then the place; whoever named it first."""
    several = [risk(Category.IDENTITY), risk(is_certain=False), risk(), risk(Category.LOST_ACCESS), risk()]
    found = judged(*several).judged
    assert [(one.risk.category, one.risk.is_certain) for one in found] == [
        (Category.DATA_LOSS, True),
        (Category.DATA_LOSS, False),
        (Category.LOST_ACCESS, True),
        (Category.IDENTITY, True),
    ]
    assert [one.risk for one in judged(*reversed(several)).judged] == [one.risk for one in found]


def test_environments_and_stacks_come_in_the_order_of_the_assembly() -> None:
    """Not in that of the alphabet."""
    stacks = (stack({}, "Zebra"), stack({}, "Ant"))
    comparison = Comparison(base=state(*stacks), head=state(*stacks))
    found = judged(risk(stack="Prod/Ant"), risk(stack="Prod/Zebra"), comparison=comparison)
    assert [one.risk.stack for one in found.judged] == ["Prod/Zebra", "Prod/Ant"]


def test_every_change_without_a_risk_is_harmless() -> None:
    """Additions included; a change that has a risk is not told twice."""
    base = {"Queue": FUNCTION, "Old": FUNCTION | {"Properties": {"DelaySeconds": 3}}}
    head = {"Queue": FUNCTION | {"Properties": {"DelaySeconds": 2}}, "New": {"Type": "AWS::SNS::Topic"}}
    comparison = compared(base, head)
    found = judged(risk(Category.IDENTITY, "Old"), comparison=comparison)
    assert {(one.risk.rule, one.risk.logical_id) for one in found.of(Category.HARMLESS)} == {
        ("harmless.updated", "Queue"),
        ("harmless.added", "New"),
    }
    assert "DelaySeconds" in next(one.risk.message for one in found.judged if one.risk.rule == "harmless.updated")
    assert {one.risk.rule for one in found.of(Category.HARMLESS)} <= set(reviewing.RULES)


def test_what_is_write_only_is_said_to_be() -> None:
    """What a property refers to is all that is compared: no AWS call and no drift detection shows what it is."""
    database = {"Type": "AWS::RDS::DBInstance", "Properties": {"MasterUserPassword": "{{resolve:secretsmanager:one}}", "MultiAZ": False}}
    properties = {"MasterUserPassword": "{{resolve:secretsmanager:two}}", "MultiAZ": True}
    found = judged(comparison=compared({"Db": database}, {"Db": database | {"Properties": properties}}))
    assert [one.risk.message for one in found.judged] == ["Db is updated: MasterUserPassword (write-only), MultiAZ"]


def test_as_findings_of_a_run() -> None:
    """Certain ones are errors, uncertain ones warnings, identity notes; harmless ones none; approved ones name their approval."""
    found = judged(
        risk(because=("the name changes",)),
        risk(logical_id="Maybe", is_certain=False),
        risk(Category.IDENTITY),
        risk(Category.HARMLESS),
        risk(logical_id="Known"),
        approvals=(approval("Known"),),
    )
    findings = {(one.risk.category, one.risk.logical_id): finding_of(one) for one in found.judged}
    assert findings[Category.HARMLESS, "Bucket"] is None
    error = findings[Category.DATA_LOSS, "Bucket"]
    assert error is not None
    assert (error.check, error.rule, error.category, error.severity, error.is_open) == (
        "upgrade",
        "data_loss.replaced",
        "data_loss",
        Severity.ERROR,
        True,
    )
    assert error.details == ("What is in it is lost.", "the name changes")
    severities = {key: finding.severity for key, finding in findings.items() if finding is not None}
    assert severities[Category.DATA_LOSS, "Maybe"] is Severity.WARNING
    assert severities[Category.IDENTITY, "Bucket"] is Severity.NOTE
    known = findings[Category.DATA_LOSS, "Known"]
    assert known is not None
    assert known.acknowledged is not None
    assert (known.is_open, known.acknowledged.owner, known.acknowledged.expires) == (False, "platform", "2027-06-30")


def test_an_expired_approval_acknowledges_no_finding() -> None:
    (one,) = judged(risk(), approvals=(approval(expires="2026-12-31"),)).judged
    finding = finding_of(one)
    assert finding is not None
    assert finding.is_open


def test_every_judge_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what two name alike is one risk."""
    monkeypatch.setattr(judges, "JUDGES", (lambda _: [risk()], lambda _: [risk(), risk(Category.COLLISION)]))
    base = state(stack({"Queue": FUNCTION}))
    found = reviewing.judge_upgrade(base, base, Register(), as_of=TODAY)
    assert [one.risk.category for one in found.judged] == [Category.DATA_LOSS, Category.COLLISION]


def test_every_rule_is_of_a_category_and_says_what_it_finds() -> None:
    """Approvals name them; none is said twice."""
    for rule, what in judges.RULES.items():
        assert rule.partition(".")[0] in set(Category)
        assert what.endswith(".")
