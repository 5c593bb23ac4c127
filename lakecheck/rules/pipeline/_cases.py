"""Pieces of the rules' cases."""

from __future__ import annotations

from typing import Any


def machine(states: dict[str, Any], *, kind: str = "STANDARD", **top: Any) -> dict[str, Any]:
    """A state machine that starts with the first of its states."""
    return {
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"StateMachineType": kind, "Definition": {"StartAt": next(iter(states)), **top, "States": states}},
        }
    }


def job_task(resource: str = "glue:startJobRun.sync", **fields: Any) -> dict[str, Any]:
    """A Task that runs the job `load`."""
    goes_on = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": {"JobName": "load"}, **goes_on, **fields}


def job(**properties: Any) -> dict[str, Any]:
    """The Glue job `load`."""
    command = {"Name": "glueetl", "ScriptLocation": "s3://scripts/load.py"}
    return {"Job": {"Type": "AWS::Glue::Job", "Properties": {"Name": "load", "Role": "load", "Command": command, **properties}}}


def rule(pattern: Any, **target: Any) -> dict[str, Any]:
    """An EventBridge rule with one target, the machine `load` when left out."""
    goal = {"Id": "Load", "Arn": "arn:aws:states:eu-west-1:444455556666:stateMachine:load", **target}
    return {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern, "Targets": [goal]}}}


NO_PIPELINE = {"Bucket": {"Type": "AWS::S3::Bucket"}}
