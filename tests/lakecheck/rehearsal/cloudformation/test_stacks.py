"""Stacks through CloudFormation's API in the emulator: order, replacement, retention, rollback, exports, change sets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from lakecheck.rehearsal.emulator.process import Emulator

ACCOUNT, REGION = "555555555501", "eu-west-1"
_NUMBERS = count(1)

Client = Callable[[str], Any]


@pytest.fixture
def client(emulator: Emulator) -> Client:
    """Clients of one account."""
    return lambda service: emulator.clients(service, account=ACCOUNT, region=REGION)


@pytest.fixture
def name() -> Iterator[str]:
    """A stack's name of the test's own."""
    return f"stack-{next(_NUMBERS)}"


def topic(logical_id: str, /, **properties: Any) -> dict[str, Any]:
    return {logical_id: {"Type": "AWS::SNS::Topic", "Properties": properties}}


def queue(logical_id: str, /, **properties: Any) -> dict[str, Any]:
    return {logical_id: {"Type": "AWS::SQS::Queue", "Properties": properties}}


def deploy(client: Client, name: str, resources: dict[str, Any], *, update: bool = False, **more: Any) -> dict[str, Any]:
    """Creates or updates a stack and returns what is told of it."""
    call = client("cloudformation").update_stack if update else client("cloudformation").create_stack
    call(StackName=name, TemplateBody=json.dumps({"Resources": resources, **more}))
    return told(client, name)


def told(client: Client, name: str) -> dict[str, Any]:
    found: dict[str, Any] = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    return found


def physical(client: Client, name: str) -> dict[str, str]:
    resources = client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}


def queues(client: Client) -> set[str]:
    return {url.rpartition("/")[2] for url in client("sqs").list_queues().get("QueueUrls", [])}


def events(client: Client, name: str) -> list[tuple[str, str]]:
    found = client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return [(one["LogicalResourceId"], one["ResourceStatus"]) for one in reversed(found)]


def test_resources_are_made_after_what_they_wait_for(client: Client, name: str):
    late = {"A": {**queue("A")["A"], "DependsOn": ["Z"]}}
    assert deploy(client, name, {**late, **queue("Z")})["StackStatus"] == "CREATE_COMPLETE"
    done = [one for one, status in events(client, name) if status == "CREATE_COMPLETE"]
    assert done == ["Z", "A", name]


def test_a_property_that_can_be_changed_is_changed_in_place(client: Client, name: str):
    deploy(client, name, queue("Q", DelaySeconds=1))
    before = physical(client, name)
    assert deploy(client, name, queue("Q", DelaySeconds=2), update=True)["StackStatus"] == "UPDATE_COMPLETE"
    assert physical(client, name) == before
    assert client("sqs").get_queue_attributes(QueueUrl=before["Q"], AttributeNames=["DelaySeconds"])["Attributes"]["DelaySeconds"] == "2"


def test_a_create_only_property_replaces_the_resource_and_deletes_the_old_one_last(client: Client, name: str):
    deploy(client, name, queue("Q", QueueName=f"{name}-old"))
    assert deploy(client, name, queue("Q", QueueName=f"{name}-new"), update=True)["StackStatus"] == "UPDATE_COMPLETE"
    assert f"{name}-new" in queues(client)
    assert f"{name}-old" not in queues(client)
    seen = events(client, name)
    assert seen.index(("Q", "UPDATE_COMPLETE")) < seen.index(("Q", "DELETE_COMPLETE"))


def test_what_is_retained_stays_when_it_is_removed_and_when_its_stack_is_deleted(client: Client, name: str, emulator: Emulator):
    kept = {"Q": {**queue("Q", QueueName=f"{name}-kept")["Q"], "DeletionPolicy": "Retain"}}
    gone = queue("G", QueueName=f"{name}-gone")
    deploy(client, name, {**kept, **gone, **queue("Other", QueueName=f"{name}-other")})
    deploy(client, name, queue("Other", QueueName=f"{name}-other"), update=True)
    assert {one for one in queues(client) if one.startswith(name)} == {f"{name}-kept", f"{name}-other"}
    client("cloudformation").delete_stack(StackName=name)
    assert {one for one in queues(client) if one.startswith(name)} == {f"{name}-kept"}
    stack = next(one for one in emulator.control("stacks")["stacks"] if one["name"] == name)
    assert [one["logical_id"] for one in stack["retained"]] == ["Q"]
    assert stack["status"] == "DELETE_COMPLETE"


def test_a_replaced_resource_is_kept_by_its_update_replace_policy(client: Client, name: str):
    def stated(suffix: str) -> dict[str, Any]:
        return {"Q": {**queue("Q", QueueName=f"{name}-{suffix}")["Q"], "UpdateReplacePolicy": "Retain"}}

    deploy(client, name, stated("old"))
    deploy(client, name, stated("new"), update=True)
    assert {f"{name}-old", f"{name}-new"} <= queues(client)


def test_a_creation_that_fails_leaves_nothing_and_says_why(client: Client, name: str):
    broken = {"B": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::ImportValue": "nobody-exports-this"}}}}
    found = deploy(client, name, {**queue("Q", QueueName=f"{name}-made"), **broken})
    assert found["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "nobody-exports-this" in found["StackStatusReason"]
    assert f"{name}-made" not in queues(client)


def test_an_update_that_fails_puts_the_old_template_in_place_again(client: Client, name: str):
    deploy(client, name, queue("Q", QueueName=f"{name}-q", DelaySeconds=1))
    broken = {"B": {"Type": "AWS::SQS::Queue", "DependsOn": "Q", "Properties": {"QueueName": {"Fn::ImportValue": "nobody"}}}}
    found = deploy(client, name, {**queue("Q", QueueName=f"{name}-q", DelaySeconds=7), **queue("N"), **broken}, update=True)
    assert found["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    url = physical(client, name)
    assert set(url) == {"Q"}
    assert client("sqs").get_queue_attributes(QueueUrl=url["Q"], AttributeNames=["DelaySeconds"])["Attributes"]["DelaySeconds"] == "1"


def test_exports_lead_from_stack_to_stack_and_go_with_theirs(client: Client, name: str):
    output = {"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}, "Export": {"Name": f"{name}-arn"}}}}
    deploy(client, name, queue("Q"), **output)
    importing = topic("T", DisplayName={"Fn::Select": [5, {"Fn::Split": [":", {"Fn::ImportValue": f"{name}-arn"}]}]})
    assert deploy(client, f"{name}-importing", importing)["StackStatus"] == "CREATE_COMPLETE"
    attributes = client("sns").get_topic_attributes(TopicArn=physical(client, f"{name}-importing")["T"])["Attributes"]
    assert attributes["DisplayName"] == told(client, name)["Outputs"][0]["OutputValue"].rpartition(":")[2]
    for stack in (f"{name}-importing", name):
        client("cloudformation").delete_stack(StackName=stack)
    assert f"{name}-arn" not in {one["Name"] for one in client("cloudformation").list_exports()["Exports"]}


def test_a_condition_decides_whether_a_resource_is_there(client: Client, name: str):
    conditions = {"Conditions": {"No": {"Fn::Equals": ["a", "b"]}}}
    deploy(client, name, {**queue("Q"), "C": {**queue("C")["C"], "Condition": "No"}}, **conditions)
    assert set(physical(client, name)) == {"Q"}


def test_a_type_that_nobody_makes_is_told_and_lets_the_rest_be_made(client: Client, name: str, emulator: Emulator):
    unknown = {"X": {"Type": "AWS::Nothing::Known", "Properties": {"A": 1}}}
    using = topic("T", DisplayName={"Fn::GetAtt": ["X", "Arn"]})
    assert deploy(client, name, {**unknown, **using})["StackStatus"] == "CREATE_COMPLETE"
    stack = next(one for one in emulator.control("stacks")["stacks"] if one["name"] == name)
    by = {one["logical_id"]: (one["by"], one["missing_attributes"]) for one in stack["resources"]}
    assert by["X"] == ("nobody", ["Arn"])
    assert by["T"][0] != "nobody"


def test_a_change_set_tells_changes_and_does_them(client: Client, name: str):
    cloudformation = client("cloudformation")
    template = json.dumps({"Resources": queue("Q", QueueName=f"{name}-q")})
    cloudformation.create_change_set(StackName=name, ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=template)
    described = cloudformation.describe_change_set(StackName=name, ChangeSetName="first")
    assert [one["ResourceChange"]["Action"] for one in described["Changes"]] == ["Add"]
    assert f"{name}-q" not in queues(client)
    cloudformation.execute_change_set(StackName=name, ChangeSetName="first")
    assert told(client, name)["StackStatus"] == "CREATE_COMPLETE"
    assert f"{name}-q" in queues(client)
    cloudformation.create_change_set(StackName=name, ChangeSetName="same", ChangeSetType="UPDATE", TemplateBody=template)
    assert cloudformation.describe_change_set(StackName=name, ChangeSetName="same")["Status"] == "FAILED"


def test_change_sets_of_one_name_belong_to_their_stacks_and_are_gone_when_deleted(client: Client, name: str):
    cloudformation = client("cloudformation")
    for stack in (f"{name}-a", f"{name}-b"):
        template = json.dumps({"Resources": topic("T", DisplayName=stack)})
        cloudformation.create_change_set(StackName=stack, ChangeSetName="cli", ChangeSetType="CREATE", TemplateBody=template)
    for stack in (f"{name}-a", f"{name}-b"):
        assert cloudformation.describe_change_set(StackName=stack, ChangeSetName="cli")["StackName"] == stack
    cloudformation.execute_change_set(StackName=f"{name}-a", ChangeSetName="cli")
    assert list(physical(client, f"{name}-a")) == ["T"]
    for _ in range(2):
        cloudformation.delete_change_set(StackName=f"{name}-a", ChangeSetName="cli")
    with pytest.raises(ClientError) as refused:
        cloudformation.describe_change_set(StackName=f"{name}-a", ChangeSetName="cli")
    assert refused.value.response["Error"]["Code"] == "ChangeSetNotFound"
    assert cloudformation.describe_change_set(StackName=f"{name}-b", ChangeSetName="cli")["StackName"] == f"{name}-b"


def test_stacks_are_listed_with_their_names_and_statuses(client: Client, name: str):
    deploy(client, name, topic("T"))
    listed = client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE"])["StackSummaries"]
    assert [(one["StackName"], one["StackStatus"]) for one in listed if one["StackName"] == name] == [(name, "CREATE_COMPLETE")]


def test_the_same_again_is_no_update(client: Client, name: str):
    deploy(client, name, queue("Q"))
    with pytest.raises(ClientError, match="No updates are to be performed"):
        deploy(client, name, queue("Q"), update=True)


def test_a_protected_stack_refuses_to_be_deleted(client: Client, name: str):
    deploy(client, name, queue("Q", QueueName=f"{name}-q"))
    client("cloudformation").update_termination_protection(StackName=name, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="TerminationProtection"):
        client("cloudformation").delete_stack(StackName=name)
    assert f"{name}-q" in queues(client)


def test_a_parameter_has_its_default_and_one_of_the_parameter_store_its_value(client: Client, name: str):
    client("ssm").put_parameter(Name=f"/{name}/delay", Value="9", Type="String")
    parameters = {
        "Delay": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": f"/{name}/delay"},
        "Suffix": {"Type": "String", "Default": "x"},
    }
    stated = queue("Q", QueueName={"Fn::Sub": f"{name}-${{Suffix}}"}, DelaySeconds={"Ref": "Delay"})
    deploy(client, name, stated, Parameters=parameters)
    attributes = client("sqs").get_queue_attributes(QueueUrl=physical(client, name)["Q"], AttributeNames=["All"])["Attributes"]
    assert attributes["DelaySeconds"] == "9"
    assert attributes["QueueArn"].endswith(f"{name}-x")


def test_a_parameter_that_another_account_shares_is_named_by_its_arn(client: Client, name: str, emulator: Emulator):
    """That of the same name in the account itself is another one."""
    emulator.clients("ssm", account="333333333333", region="eu-west-1").put_parameter(Name=f"/{name}/delay", Value="7", Type="String")
    client("ssm").put_parameter(Name=f"/{name}/delay", Value="9", Type="String")
    shared = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": f"arn:aws:ssm:eu-west-1:333333333333:parameter/{name}/delay"}
    deploy(client, name, queue("Q", QueueName=f"{name}-q", DelaySeconds={"Ref": "Delay"}), Parameters={"Delay": shared})
    attributes = client("sqs").get_queue_attributes(QueueUrl=physical(client, name)["Q"], AttributeNames=["All"])["Attributes"]
    assert attributes["DelaySeconds"] == "7"
