"""What CloudFormation refuses, in its words: parameters, rules, references, names that are taken, exports that others use."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lakecheck.rehearsal.emulator.process import Emulator

_NUMBERS = count(1)
QUEUE = {"Q": {"Type": "AWS::SQS::Queue"}}


class Account:
    """CloudFormation of one account, with a stack's name of the test's own."""

    def __init__(self, emulator: Emulator) -> None:
        self.name = f"refused-{next(_NUMBERS)}"
        self.cloudformation = emulator.clients("cloudformation", account="555555555502", region="eu-west-1")

    def deploy(self, resources: dict[str, Any], *, suffix: str = "", update: bool = False, **more: Any) -> tuple[str, str]:
        """Deploys a stack; its status and the reason of it."""
        call = self.cloudformation.update_stack if update else self.cloudformation.create_stack
        call(StackName=self.name + suffix, TemplateBody=json.dumps({"Resources": resources, **more}))
        return self.status(suffix)

    def status(self, suffix: str = "") -> tuple[str, str]:
        found = self.cloudformation.describe_stacks(StackName=self.name + suffix)["Stacks"][0]
        return found["StackStatus"], found.get("StackStatusReason", "")

    def resources(self, suffix: str = "") -> set[str]:
        found = self.cloudformation.describe_stack_resources(StackName=self.name + suffix)["StackResources"]
        return {one["LogicalResourceId"] for one in found}


@pytest.fixture
def account(emulator: Emulator) -> Account:
    return Account(emulator)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"Parameters": {"P": {"Type": "String", "Default": "c", "AllowedValues": ["a", "b"]}}}, "must be one of AllowedValues [a, b]"),
        ({"Parameters": {"P": {"Type": "String", "Default": "c", "AllowedPattern": "[ab]"}}}, "must match pattern [ab]"),
        ({"Parameters": {"P": {"Type": "Number", "Default": 9, "MaxValue": 8}}}, "at most 8"),
        ({"Parameters": {"P": {"Type": "CommaDelimitedList", "Default": "a,c", "AllowedValues": ["a"]}}}, "'c' must be one of"),
        (
            {"Rules": {"R": {"Assertions": [{"Assert": {"Fn::Equals": ["a", "b"]}, "AssertDescription": "a is b"}]}}},
            "Rule R failed: a is b",
        ),
        ({"Outputs": {"O": {"Value": {"Ref": "Gone"}}}}, "Unresolved resource dependencies [Gone] in the Outputs block"),
    ],
)
def test_fails_when_the_template_cannot_be_taken_with_its_values(account: Account, more: dict[str, Any], reason: str):
    status, told = account.deploy(QUEUE, **more)
    assert status == "ROLLBACK_COMPLETE"
    assert reason in told
    assert account.resources() == set()


@pytest.mark.parametrize("resource", [{"DependsOn": ["Gone"]}, {"Properties": {"QueueName": {"Fn::Sub": "x-${Gone}"}}}])
def test_fails_when_a_reference_leads_nowhere(account: Account, resource: dict[str, Any]):
    status, told = account.deploy({"Q": {**QUEUE["Q"], **resource}})
    assert (status, "Unresolved resource dependencies [Gone] in the Resources block" in told) == ("ROLLBACK_COMPLETE", True)


def test_values_that_are_allowed_are_taken(account: Account):
    stated = {
        "P": {"Type": "Number", "Default": 8, "MaxValue": 8},
        "L": {"Type": "CommaDelimitedList", "Default": "a, b", "AllowedValues": ["a", "b"]},
    }
    assert account.deploy(QUEUE, Parameters=stated)[0] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::SQS::Queue", "QueueName"),
        ("AWS::SNS::Topic", "TopicName"),
        ("AWS::S3::Bucket", "BucketName"),
    ],
)
def test_fails_when_another_stack_has_the_name(account: Account, kind: str, name: str):
    named = {"Other": {"Type": kind, "Properties": {name: account.name}}}
    assert account.deploy(named)[0] == "CREATE_COMPLETE"
    status, told = account.deploy(named, suffix="-second")
    assert status == "ROLLBACK_COMPLETE"
    assert f"{account.name} already exists in stack" in told
    assert account.deploy({"Other": {"Type": kind}}, suffix="-third")[0] == "CREATE_COMPLETE"


def test_an_export_that_is_used_is_neither_deleted_nor_changed(account: Account):
    def exporting(value: str) -> dict[str, Any]:
        return {"Outputs": {"O": {"Value": value, "Export": {"Name": f"{account.name}-out"}}}}

    account.deploy(QUEUE, **exporting("one"))
    account.deploy(
        {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::ImportValue": f"{account.name}-out"}}}}, suffix="-user"
    )
    in_use = f"as it is in use by {account.name}-user"
    more = {**QUEUE, "R": QUEUE["Q"]}
    assert account.deploy(more, update=True, **exporting("two")) == (
        "UPDATE_ROLLBACK_COMPLETE",
        f"Export {account.name}-out cannot be updated {in_use}",
    )
    assert account.resources() == {"Q"}
    assert account.deploy(more, update=True)[1] == f"Export {account.name}-out cannot be deleted {in_use}"
    assert account.deploy(more, update=True, **exporting("one"))[0] == "UPDATE_COMPLETE"
    account.cloudformation.delete_stack(StackName=account.name)
    assert account.status() == ("UPDATE_COMPLETE", f"Export {account.name}-out cannot be deleted {in_use}")
    account.deploy({"T": {"Type": "AWS::SNS::Topic"}}, suffix="-user", update=True)
    account.cloudformation.delete_stack(StackName=account.name)
    assert account.name not in {one["StackName"] for one in account.cloudformation.describe_stacks()["Stacks"]}


def test_an_export_that_is_taken_leaves_nothing_of_the_stack(account: Account):
    output = {"Outputs": {"O": {"Value": "x", "Export": {"Name": f"{account.name}-out"}}}}
    account.deploy(QUEUE, **output)
    status, told = account.deploy(QUEUE, suffix="-second", **output)
    assert (status, "already exported" in told) == ("ROLLBACK_COMPLETE", True)
    assert account.resources("-second") == set()
    assert account.resources() == {"Q"}


def test_what_macros_would_make_is_made_by_nobody_and_stops_nothing(account: Account, emulator: Emulator):
    resources = {
        **QUEUE,
        "Fn::ForEach::Topics": ["Name", ["A", "B"], {"Topic${Name}": {"Type": "AWS::SNS::Topic"}}],
        "F": {"Type": "AWS::Serverless::Function"},
    }
    outputs = {"Role": {"Value": {"Fn::GetAtt": ["FRole", "Arn"]}}}
    assert account.deploy(resources, Transform="AWS::Serverless-2016-10-31", Outputs=outputs)[0] == "CREATE_COMPLETE"
    stack = next(one for one in emulator.control("stacks")["stacks"] if one["name"] == account.name)
    told = {one["logical_id"]: (one["by"], one["note"]) for one in stack["resources"]}
    assert told["Q"][0] == "adapter"
    assert told["F"][0] == told["Fn::ForEach::Topics"][0] == "nobody"
    assert "is not run here" in told["F"][1]
    assert "loops" in told["Fn::ForEach::Topics"][1]


def test_a_fault_of_the_emulators_own_code_is_told_and_stops_nothing(account: Account, emulator: Emulator):
    rest = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": account.name}}
    method = {
        "Type": "AWS::ApiGateway::Method",
        "Properties": {
            "RestApiId": {"Ref": "Api"},
            "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
            "HttpMethod": "GET",
            "AuthorizationType": "NONE",
            "Integration": {"Type": "MOCK"},
        },
    }
    assert account.deploy({"Api": rest, "M": method})[0] == "CREATE_COMPLETE"
    stack = next(one for one in emulator.control("stacks")["stacks"] if one["name"] == account.name)
    told = {one["logical_id"]: (one["by"], one["note"]) for one in stack["resources"]}
    assert told["M"] == ("nobody", "the emulator's own code failed on it: KeyError: 'IntegrationHttpMethod'")
    account.cloudformation.delete_stack(StackName=account.name)
    assert account.name not in {one["StackName"] for one in account.cloudformation.describe_stacks()["Stacks"]}


def test_what_cannot_be_made_because_nobody_made_what_it_needs_stops_nothing(account: Account, emulator: Emulator):
    unknown = {"U": {"Type": "My::Own::Thing"}}
    needing = {
        "P": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:*", "Principal": "x", "FunctionName": {"Ref": "U"}}}
    }
    assert account.deploy({**unknown, **needing})[0] == "CREATE_COMPLETE"
    stack = next(one for one in emulator.control("stacks")["stacks"] if one["name"] == account.name)
    told = {one["logical_id"]: (one["by"], one["note"]) for one in stack["resources"]}
    assert told["P"][0] == "nobody"
    assert "because of U (My::Own::Thing)" in told["P"][1]
    needing["P"]["Properties"]["FunctionName"] = "nowhere"
    assert account.deploy(needing, suffix="-plain")[0] == "ROLLBACK_COMPLETE"
