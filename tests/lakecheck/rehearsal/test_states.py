"""Each kind of state, against the examples of https://states-language.net/spec.html and the developer guide."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lakecheck.rehearsal.states import DefinitionError, VirtualClock, run
from tests.lakecheck.rehearsal.machines import Scripted, machine, task

NONE = Scripted(None)


def test_hello_world_is_called_with_its_input_and_returns_the_result() -> None:
    """Arguments are the input, and the output the result, unless the state says otherwise."""
    services = Scripted({"greeting": "hi"})
    ended = run(machine({"Hello World": task()}), {"name": "x"}, services)
    assert (ended.status, ended.output, ended.error) == ("SUCCEEDED", {"greeting": "hi"}, None)
    assert services.calls == [("test", "work", {"name": "x"}, False)]
    assert [(event.kind, event.state) for event in ended.history] == [(kind, "Hello World") for kind in ("entered", "called", "exited")]


@pytest.mark.parametrize(
    ("resource", "called"),
    [
        ("arn:aws:states:::dynamodb:putItem", ("dynamodb", "putItem", False)),
        ("arn:aws-cn:states:::aws-sdk:s3:copyObject", ("aws-sdk:s3", "copyObject", False)),
        ("arn:aws:states:::glue:startJobRun.sync", ("glue", "startJobRun", True)),
        ("arn:aws:states:::states:startExecution.sync:2", ("states", "startExecution", True)),
    ],
)
def test_resources_name_a_service_and_an_action(resource: str, called: tuple[str, str, bool]) -> None:
    services = Scripted({})
    run(machine({"T": task(Resource=resource, Arguments={})}), {}, services)
    assert [(service, action, sync) for service, action, _, sync in services.calls] == [called]


def test_output_and_variables_are_made_of_what_was_there_before() -> None:
    """An assignment is seen from the next state on, in Output and in the other assignments alike."""
    states = {
        "A": {"Type": "Pass", "Assign": {"x": 1, "y": 1}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"x": "{% $y + 1 %}", "y": "{% $x + 10 %}"}, "Output": "{% $x + $y %}", "Next": "C"},
        "C": {"Type": "Pass", "Output": {"sum": "{% $states.input %}", "x": "{% $x %}", "y": "{% $y %}"}, "End": True},
    }
    assert run(machine(states), {}, NONE).output == {"sum": 2, "x": 2, "y": 11}


def test_a_result_is_seen_in_output_and_assign_only() -> None:
    states = {
        "T": task(Arguments={"q": "{% $states.input.q %}"}, Assign={"found": "{% $states.result.n %}"}, Output={}, Next="P"),
        "P": {"Type": "Pass", "Output": {"found": "{% $found %}", "seen": "{% $exists($states.result) %}"}, "End": True},
    }
    assert run(machine(states), {"q": 1}, Scripted({"n": 5})).output == {"found": 5, "seen": False}


def choices(value: Any) -> Any:
    states = {
        "C": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $states.input.v > 10 %}", "Assign": {"size": "large"}, "Output": "{% $states.input.v %}", "Next": "Told"},
                {"Condition": "{% $states.input.v > 5 %}", "Assign": {"size": "medium"}, "Next": "Told"},
            ],
            "Default": "Told",
            "Assign": {"size": "small"},
        },
        "Told": {"Type": "Succeed", "Output": "{% [$size, $states.input] %}"},
    }
    return run(machine(states), {"v": value}, NONE)


def test_the_first_choice_that_holds_decides() -> None:
    assert [choices(value).output for value in (20, 7, 1)] == [["large", 20], ["medium", {"v": 7}], ["small", {"v": 1}]]


def test_choices_fail_without_a_match_or_without_a_boolean() -> None:
    no_match = {"C": {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "S"}]}, "S": {"Type": "Succeed"}}
    assert run(machine(no_match), {}, NONE).error == "States.NoChoiceMatched"
    no_boolean = {"C": {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "S"}]}, "S": {"Type": "Succeed"}}
    assert run(machine(no_boolean), {}, NONE).error == "States.QueryEvaluationError"


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        ({"Seconds": 90}, 90),
        ({"Seconds": "{% $states.input.s %}"}, 30),
        ({"Timestamp": "2026-01-01T01:00:00Z"}, 3600),
        ({"Timestamp": "{% $states.input.past %}"}, 0),
    ],
)
def test_waiting_takes_time_of_the_clock_alone(wait: dict[str, Any], seconds: int) -> None:
    clock = VirtualClock()
    begun = clock.seconds
    ended = run(machine({"W": {"Type": "Wait", **wait, "End": True}}), {"s": 30, "past": "2020-01-01T00:00:00Z"}, NONE, clock=clock)
    assert (ended.status, clock.seconds - begun) == ("SUCCEEDED", seconds)


def test_fail_says_what_it_is_told() -> None:
    ended = run(machine({"F": {"Type": "Fail", "Error": "{% $states.input.e %}", "Cause": "because"}}), {"e": "My.Error"}, NONE)
    assert (ended.status, ended.error, ended.cause, ended.output) == ("FAILED", "My.Error", "because", None)


def test_the_context_tells_execution_machine_state_and_attempt() -> None:
    ended = run(machine({"P": {"Type": "Pass", "Output": "{% $states.context %}", "End": True}}), {"a": 1}, NONE, name="first")
    assert ended.output["Execution"] == {
        "Id": "arn:aws:states:eu-west-1:000000000000:execution:rehearsed:first",
        "Name": "first",
        "Input": {"a": 1},
        "StartTime": "2026-01-01T00:00:00.000Z",
        "RedriveCount": 0,
    }
    assert ended.output["State"] == {"Name": "P", "EnteredTime": "2026-01-01T00:00:00.000Z", "RetryCount": 0}
    assert ended.output["StateMachine"]["Name"] == "rehearsed"
    assert dt.datetime.fromisoformat(ended.output["Execution"]["StartTime"]).year == 2026


PASS = {"Type": "Pass", "End": True}


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        ({"StartAt": "P", "States": {"P": PASS}}, "QueryLanguage None"),
        (machine({"P": {**PASS, "InputPath": "$"}}), "P has InputPath"),
        (machine({"P": {**PASS, "QueryLanguage": "JSONPath"}}), "P is not written in JSONata"),
        (machine({"P": {"Type": "Pass"}}), "either Next or End"),
        (machine({"P": {"Type": "Pass", "Next": "Q"}}), "goes to Q"),
        (machine({"P": {"Type": "Activity"}}), "type Activity"),
        (machine({"T": task(Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken")}), "waitForTaskToken"),
        (machine({"T": task(HeartbeatSeconds=5)}), "HeartbeatSeconds"),
        (machine({"T": task(Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}])}), "alone and last"),
        (machine({"T": task(Arguments={"a": ["{% 1 + %}"]})}), "no JSONata"),
        (machine({"M": {"Type": "Map", "ItemProcessor": machine({"P": PASS}), "Label": "x", "End": True}}), "only a distributed map"),
        (machine({"M": {"Type": "Parallel", "Branches": [machine({"P": {"Type": "Pass", "Next": "M"}})], "End": True}}), "goes to M"),
    ],
)
def test_refuses_what_it_does_not_know(definition: dict[str, Any], complaint: str) -> None:
    """A field that was passed over would be a false green."""
    with pytest.raises(DefinitionError, match=complaint):
        run(definition, {}, NONE)
