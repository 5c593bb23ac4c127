"""Faults while a delivery runs: the report says which were hit, whatever became of the delivery."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakecheck.rehearsal.course import StepFailed
from lakecheck.rehearsal.lake import deliveries, endurance
from lakecheck.rehearsal.lake.deliveries import Landing, Run
from lakecheck.rehearsal.lake.samples import Delivery

DELIVERY = Delivery(path=Path("file.csv"), key="a/b/c/file.csv")
LANDING = Landing(account="111111111111", region="eu-west-1", bucket="landing", rule="Rule")
HIT = "a/b/c/file.csv with faults: s3:PutObject:denied:always hit 1 time"


def run(*statuses: str) -> Run:
    executions = [{"status": one, "error": "Bad", "cause": "because"} for one in statuses]
    return Run(delivery=DELIVERY, landing=LANDING, executions=executions)


def tried(monkeypatch: pytest.MonkeyPatch, *ends: Run | Exception, faults: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """What is told, and what the emulator was asked, when deliveries end so, one after the other."""
    asked: list[str] = []
    left = list(ends)

    def control(path: str, _body: Any = None) -> Any:
        asked.append(path)
        return {"faults": [{"fault": "s3:PutObject:denied:always", "hits": 1}]}

    def deliver(_stage: Any, _delivery: Any) -> Run:
        asked.append("deliver")
        end = left.pop(0)
        if isinstance(end, Exception):
            raise end
        return end

    monkeypatch.setattr(deliveries, "deliver", deliver)
    stage: Any = SimpleNamespace(emulator=SimpleNamespace(control=control), options=SimpleNamespace(faults=faults))
    try:
        return endurance._with_faults(stage, DELIVERY), asked
    finally:
        assert "faults/clear" in asked


def test_a_delivery_that_survives_is_told_with_what_hit_it(monkeypatch: pytest.MonkeyPatch):
    facts, asked = tried(monkeypatch, run("SUCCEEDED"), faults=())
    assert facts == [HIT]
    assert asked == ["faults/set", "deliver", "faults/list", "faults/clear"]


@pytest.mark.parametrize(("end", "how"), [(run("FAILED"), "failed as its faults demand (Bad)"), (run(), "started nothing")])
def test_a_delivery_that_asked_for_faults_break_is_delivered_once_more(monkeypatch: pytest.MonkeyPatch, end: Run, how: str):
    facts, asked = tried(monkeypatch, end, run("SUCCEEDED"), faults=("one",))
    assert facts == [HIT, f"a/b/c/file.csv {how}, and was delivered once more"]
    assert asked[-1] == "deliver"


@pytest.mark.parametrize(("end", "why"), [(run("FAILED"), "because"), (run(), "it started nothing")])
def test_faults_that_have_to_be_survived_fail_the_step(monkeypatch: pytest.MonkeyPatch, end: Run, why: str):
    with pytest.raises(StepFailed, match=f"did not survive faults that it has to retry: {why}") as error:
        tried(monkeypatch, end, faults=())
    assert error.value.facts == (HIT,)


def test_faults_that_keep_the_rehearsal_itself_from_going_on_are_told_too(monkeypatch: pytest.MonkeyPatch):
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
    with pytest.raises(StepFailed, match=r"could not be delivered while calls failed.*AccessDenied") as error:
        tried(monkeypatch, denied, faults=("one",))
    assert error.value.facts == (HIT,)
