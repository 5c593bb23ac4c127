"""Definitions of state machines are read however a template writes them; what cannot be read is said to be open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lakecheck.rules.pipeline._definitions import after, definition_of
from tests.lakecheck.rules.judging import said
from tests.lakecheck.rules.snapshots import snapshot_of

MACHINE = "AWS::StepFunctions::StateMachine"
RUN = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": "load"}, "End": True}
OPEN = {"Parameters": {"Given": {"Type": "String"}}}


def machine(**properties: Any) -> dict[str, Any]:
    return {"Machine": {"Type": MACHINE, "Properties": properties}}


def definition(resources: dict[str, Any], **sections: Any) -> Any:
    snapshot = snapshot_of(resources, **sections)
    return definition_of(snapshot.by_type[MACHINE][0], snapshot)


def text(states: dict[str, Any], **top: Any) -> str:
    return json.dumps({"StartAt": next(iter(states)), "States": states, **top})


def test_a_text_and_an_object_are_the_same():
    states = {"Load": RUN}
    written = definition(machine(DefinitionString=text(states)))
    stated = definition(machine(Definition={"StartAt": "Load", "States": states}))
    assert [(one.path, one.call, one.way) for one in written.states] == [("Load", "glue:startJobRun", "sync")]
    assert [(one.path, one.call, one.way) for one in stated.states] == [("Load", "glue:startJobRun", "sync")]


def test_a_joined_text_with_a_name_that_cloudformation_makes_up():
    before, between, behind = text({"Load": {**RUN, "Parameters": {"JobName": "{job}"}, "TimeoutSeconds": 1}}).partition("{job}")
    found = definition(
        {
            "Job": {"Type": "AWS::Glue::Job", "Properties": {}},
            **machine(DefinitionString={"Fn::Join": ["", [before, {"Ref": "Job"}, behind]]}),
        }
    )
    assert between
    assert not found.unknown
    assert found.states[0].arguments("JobName") not in {None, "{job}"}


def test_a_hole_where_a_number_stands_is_read():
    joined = {"Fn::Join": ["", ['{"StartAt":"A","TimeoutSeconds":', {"Ref": "Given"}, ',"States":{"A":{"Type":"Pass","End":true}}}']]}
    found = definition(machine(DefinitionString=joined), **OPEN)
    assert not found.unknown
    assert found.timeout is None
    assert "TimeoutSeconds" in found.body


def test_substitutions_are_made_also_of_numbers_and_of_what_is_not_known():
    states = {"Load": {**RUN, "Parameters": {"JobName": "${Job}"}}, "Wait": {"Type": "Wait", "Seconds": 5}}
    string = text(states).replace('"Seconds": 5', '"Seconds": ${Seconds}')
    found = definition(
        machine(DefinitionString=string, DefinitionSubstitutions={"Job": {"Ref": "Given"}, "Seconds": 60}),
        **OPEN,
    )
    assert not found.unknown
    assert found.states[1].body["Seconds"] == 60
    assert found.states[0].arguments("JobName") != "${Job}"


def test_substitutions_are_made_in_an_object_too():
    found = definition(
        machine(
            Definition={"StartAt": "Load", "States": {"Load": {**RUN, "Resource": "${Call}"}}},
            DefinitionSubstitutions={"Call": RUN["Resource"]},
        )
    )
    assert found.states[0].call == "glue:startJobRun"


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"DefinitionS3Location": {"Bucket": "code", "Key": "machine.json"}}, "it stands in an object of S3"),
        ({"DefinitionString": {"Ref": "Given"}}, "it is {"),
        ({"DefinitionString": "{"}, "it cannot be read as JSON"),
        ({"DefinitionString": '{"States": ' * 3000}, "it cannot be read as JSON"),
        ({"DefinitionString": "[]"}, "it has no States"),
        ({"DefinitionString": {"Fn::GetAtt": ["Nothing", "Text"]}}, ""),
        ({"Definition": {"StartAt": "A"}}, "it has no States"),
    ],
)
def test_what_cannot_be_read_is_open_and_judged_by_one_rule_alone(properties: dict[str, Any], reason: str):
    resources = machine(**properties)
    assert definition(resources, **OPEN).unknown
    messages = said("pipeline.no_catch_all", resources, **OPEN)
    assert len(messages) == 1
    assert messages[0].startswith(f"? what its states do is not known: {reason}")
    assert said("pipeline.no_timeout", resources, **OPEN) == []


def test_states_inside_of_others_are_states():
    inner = {"StartAt": "Load", "States": {"Load": RUN}}
    found = definition(
        machine(
            Definition={
                "StartAt": "Both",
                "States": {
                    "Both": {
                        "Type": "Parallel",
                        "Branches": [inner, {"StartAt": "Tell", "States": {"Tell": {"Type": "Pass"}}}],
                        "Next": "Each",
                    },
                    "Each": {"Type": "Map", "Iterator": inner, "Next": "Other"},
                    "Other": {"Type": "Map", "ItemProcessor": inner, "End": True},
                },
            }
        )
    )
    assert [one.path for one in found.states] == ["Both", "Each", "Other", "Both/Load", "Both/Tell", "Each/Load", "Other/Load"]
    first = next(one for one in found.states if one.path == "Both/Load")
    assert [one.path for one in after(first)] == ["Each", "Other"]


def test_what_runs_after_a_failure_alone_is_not_regular():
    found = definition(
        machine(
            Definition={
                "StartAt": "Choose",
                "States": {
                    "Choose": {"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "Load"}], "Default": "Refuse"},
                    "Load": {**RUN, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}]},
                    "Refuse": {"Type": "Fail"},
                    "Tell": {"Type": "Pass", "End": True},
                },
            }
        )
    )
    assert {one.name for one in found.regular} == {"Choose", "Load", "Refuse"}


@pytest.mark.parametrize(
    ("resource", "call", "way"),
    [
        ("arn:aws:states:::ecs:runTask.sync", "ecs:runTask", "sync"),
        ("arn:aws-cn:states:::states:startExecution.sync:2", "states:startExecution", "sync"),
        ("arn:aws:states:::aws-sdk:glue:startCrawler", "glue:startCrawler", ""),
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "sqs:sendMessage", "waitForTaskToken"),
        ("arn:aws:states:eu-west-1:444455556666:activity:Approve", "activity:Approve", ""),
        ("arn:aws:lambda:eu-west-1:444455556666:function:load", "", ""),
        (5, "", ""),
    ],
)
def test_what_a_task_calls(resource: Any, call: str, way: str):
    found = definition(machine(Definition={"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": resource}}}))
    assert (found.states[0].call, found.states[0].way) == (call, way)


def test_computed_arguments_are_not_known():
    states = {"Load": {**RUN, "Arguments": {"JobName": "{% $job %}"}}}
    assert definition(machine(Definition={"StartAt": "Load", "States": states})).states[0].arguments("JobName") is None
