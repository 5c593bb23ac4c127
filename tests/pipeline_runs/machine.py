"""The definition under test: the synthesized pipeline's, with every reference resolved to a literal name."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from tests.constructs.pipeline.lake import flat, pipelines
from tests.pipeline_runs.aws import REGION
from tests.support import resources, template

ACCOUNT = "123456789012"
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::URLSuffix": "amazonaws.com"}
REFERENCES = {
    "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{{}}",
    "AWS::SQS::Queue": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{{}}",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{{}}",
}
"""What a `Ref` is, where it is not the name."""


@cache
def synthesized() -> dict[str, Any]:
    """The template of a lake with one pipeline, of the product `travel.flights` with the tables `airlines` and `routes`."""
    stack, _ = pipelines()
    return template(stack)


@cache
def _definition() -> str:
    found = synthesized()
    (machine,) = resources(found, "AWS::StepFunctions::StateMachine").values()
    text = flat(machine["Properties"]["DefinitionString"])

    def name(reference: re.Match[str]) -> str:
        logical_id = reference[1]
        if logical_id in PSEUDO:
            return PSEUDO[logical_id]
        resource, _, attribute = logical_id.partition(".")
        assert resource in found["Resources"], f"{logical_id} is no resource of the stack"
        assert attribute in ("", "Name"), f"the definition asks for {logical_id}"
        return REFERENCES.get(found["Resources"][resource]["Type"], "{}").format(resource)

    return re.sub(r"<([A-Za-z0-9:.]+)>", name, text)


def definition() -> dict[str, Any]:
    """The state machine; a copy that may be changed."""
    found: dict[str, Any] = json.loads(_definition())
    return found


def tasks() -> dict[str, dict[str, Any]]:
    """All tasks of the machine, those inside maps too, by name."""
    found: dict[str, dict[str, Any]] = {}

    def walk(states: dict[str, Any]) -> None:
        for name, state in states.items():
            if state["Type"] == "Task":
                found[name] = state
            if "ItemProcessor" in state:
                walk(state["ItemProcessor"]["States"])
            for branch in state.get("Branches", []):
                walk(branch["States"])

    walk(definition()["States"])
    return found


def claims_table() -> str:
    """Name of the table of claims."""
    (name,) = resources(synthesized(), "AWS::DynamoDB::Table")
    return name


def topics() -> list[str]:
    """Names of the topics."""
    return list(resources(synthesized(), "AWS::SNS::Topic"))
