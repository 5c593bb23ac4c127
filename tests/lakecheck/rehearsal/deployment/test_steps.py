"""What counts as a change that arrived, and what as enough."""

from __future__ import annotations

import pytest

from lakecheck.rehearsal.deployment.copies import Changed
from lakecheck.rehearsal.deployment.steps import against
from lakecheck.rehearsal.model import Difference, Outcome, Rehearsed, Report, ResourceResult, Step

CHANGED = Changed(stack="Stack", logical_id="Topic", property="DisplayName", value="new")


def result(*differences: Difference, returned: int = 1, unread: tuple[str, ...] = (), reason: str = "") -> ResourceResult:
    rehearsed = Rehearsed.NOT if differences or reason else Rehearsed.BY_ADAPTER
    return ResourceResult(
        account="111111111111",
        region="eu-west-1",
        stack="Stack",
        logical_id="Topic",
        type="AWS::SNS::Topic",
        physical_id="topic",
        rehearsed=rehearsed,
        properties=1,
        returned=returned,
        differences=differences,
        unread=unread,
        reason=reason,
    )


def at(path: str, *, is_returned: bool) -> Difference:
    return Difference(path=path, stated="new", found="old" if is_returned else None, is_returned=is_returned)


@pytest.mark.parametrize(
    ("results", "contradicted", "unseen"),
    [
        ([result()], 0, 0),
        ([result(at("DisplayName", is_returned=True))], 1, 0),
        ([result(at("DisplayName.Inner[0]", is_returned=True))], 1, 0),
        ([result(at("DisplayName", is_returned=False))], 0, 1),
        ([result(unread=("DisplayName",))], 0, 1),
        ([result(returned=0, reason="nothing here reads it back")], 0, 1),
        ([result(at("DisplayNameOther", is_returned=True))], 0, 0),
        ([], 1, 0),
    ],
)
def test_a_change_arrived_when_the_plain_api_returns_it(results, contradicted, unseen):
    """What comes back otherwise, or is gone, contradicts; what does not come back was not seen, and is no success."""
    found = against([CHANGED], results)
    assert tuple(map(len, found)) == (contradicted, unseen)


@pytest.mark.parametrize(("results", "enough"), [((), False), ((result(),), True), ((result(at("A", is_returned=False)),), False)])
def test_a_demand_is_not_met_by_nothing(results, enough):
    step = Step(name="deploy", title="Deploy", outcome=Outcome.PASSED, seconds=1.0)
    report = Report(assembly="cdk.out", environment="", accounts=(), emulator="moto", steps=(step,), resources=results, required=50.0)
    assert report.is_enough is enough
