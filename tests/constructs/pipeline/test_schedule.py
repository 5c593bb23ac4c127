"""Schedules: off-peak windows by the clocks of a time zone, started with as few rights as an event's rule has."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.pipeline import OffPeak
from lakemodel.contracts.model import Schedule
from lakemodel.errors import DataLakeError
from tests.constructs.pipeline.lake import contract, flat, pipelines, statements
from tests.support import resources, template

if TYPE_CHECKING:
    from collections.abc import Mapping

NIGHTLY = OffPeak.nightly("Europe/Berlin")


@pytest.fixture(scope="module")
def synthesized() -> dict[str, Any]:
    """A pipeline that is started every night."""
    return template(pipelines(schedule=NIGHTLY)[0])


def schedule(synthesized: Mapping[str, Any]) -> dict[str, Any]:
    (found,) = resources(dict(synthesized), "AWS::Scheduler::Schedule").values()
    return dict(found["Properties"])


def test_a_night_is_one_of_the_time_zone(synthesized: dict[str, Any]) -> None:
    """Half past one in Berlin, whatever the season, and within the two hours after it."""
    found = schedule(synthesized)
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == ("cron(30 1 * * ? *)", "Europe/Berlin")
    assert found["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 120}
    assert found["State"] == "ENABLED"


def test_a_schedule_sweeps_every_table(synthesized: dict[str, Any]) -> None:
    """It starts the state machine with a sweep; what cannot be started in a day is a dead letter."""
    target = schedule(synthesized)["Target"]
    assert json.loads(target["Input"]) == {"sweep": {}}
    (machine,) = resources(synthesized, "AWS::StepFunctions::StateMachine")
    (queue,) = resources(synthesized, "AWS::SQS::Queue")
    assert target["Arn"] == {"Ref": machine}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}


def test_a_schedule_may_start_one_state_machine_and_write_dead_letters(synthesized: dict[str, Any]) -> None:
    """No wildcard, the queue's key through the queue alone, and nobody but this account's schedules takes the role."""
    rights = statements(synthesized, "FlightsSchedulePolicy")
    assert {sid: statement["Action"] for sid, statement in rights.items()} == {
        "Start": "states:StartExecution",
        "DeadLetters": "sqs:SendMessage",
        "DeadLettersKey": ["kms:Decrypt", "kms:GenerateDataKey"],
    }
    assert not [sid for sid, statement in rights.items() if "*" in flat(statement["Resource"])]
    assert flat(rights["DeadLettersKey"]["Condition"]["StringEquals"]["kms:ViaService"]) == "sqs.eu-west-1.<AWS::URLSuffix>"
    (role,) = [r for key, r in resources(synthesized, "AWS::IAM::Role").items() if key.startswith("FlightsScheduleRole")]
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert {operator: set(keys) for operator, keys in trust["Condition"].items()} == {
        "ArnLike": {"aws:SourceArn"},
        "StringEquals": {"aws:SourceAccount"},
    }
    assert resources(synthesized, "AWS::IAM::Policy") == {}


def test_what_is_scheduled_does_not_start_on_arrival_unless_asked(synthesized: dict[str, Any]) -> None:
    """Without a schedule a rule, with one none; both where both are asked for."""
    assert resources(synthesized, "AWS::Events::Rule") == {}
    both = template(pipelines(schedule=NIGHTLY, on_arrival=True)[0])
    assert len(resources(both, "AWS::Events::Rule")) == len(resources(both, "AWS::Scheduler::Schedule")) == 1
    neither = template(pipelines()[0])
    assert len(resources(neither, "AWS::Events::Rule")) == 1
    assert resources(neither, "AWS::Scheduler::Schedule") == {}


def test_the_contract_schedules_unless_the_pipeline_does() -> None:
    """A contract's schedule is the default; the job is sized by the one that counts."""
    stated = replace(contract("routes"), schedule=Schedule(at="03:15", time_zone="UTC", window_minutes=0, days=("MON", "FRI")))
    stack, pipeline = pipelines(contract=stated, job_specs=None)
    found = schedule(template(stack))
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == ("cron(15 3 ? * MON,FRI *)", "UTC")
    assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert pipeline.size.flex
    stack, pipeline = pipelines(contract=stated, job_specs=None, schedule=replace(NIGHTLY, at="12:00"))
    assert schedule(template(stack))["ScheduleExpression"] == "cron(0 12 * * ? *)"
    assert not pipeline.size.flex


def test_weekends_are_two_nights() -> None:
    """Saturday and Sunday, with a wider window."""
    assert OffPeak.weekends("UTC") == Schedule(at="01:30", time_zone="UTC", window_minutes=240, days=("SAT", "SUN"))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"at": "24:00"}, "got the time '24:00'"),
        ({"at": "1:30"}, "got the time '1:30'"),
        ({"days": ("MON", "Sunday")}, r"got the days \['Sunday'\]"),
        ({"window_minutes": 1441}, "got a window of 1441 minutes .* 0, for none, to 1440"),
        ({"window_minutes": -1}, "got a window of -1 minutes"),
    ],
)
def test_fails_when_a_schedule_is_none(change: dict[str, Any], complaint: str) -> None:
    """What EventBridge Scheduler would refuse at deployment is refused before."""
    with pytest.raises(DataLakeError, match=complaint) as caught:
        pipelines(schedule=replace(NIGHTLY, **change))
    assert caught.value.code == "pipeline_schedule"
