"""Custom resources of deployed stacks: CloudFormation's requests, and what the handlers' answers do to the stack."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lakecheck.rehearsal.functions.custom_resources import as_text

from .archives import ACCOUNT, REGION

HANDLER = """
import json, urllib.request

def h(event, context):
    properties, kind = event["ResourceProperties"], event["RequestType"]
    print("EVENT " + json.dumps({**event, "ResponseURL": event["ResponseURL"].split(":")[0]}))
    mode = properties.get(kind)
    if mode == "silent":
        return
    if mode == "crash":
        raise ValueError("it went wrong")
    answer = {"Status": "FAILED" if mode == "fail" else "SUCCESS", "Reason": "not today"}
    answer["Data"] = {"Url": "u-" + properties.get("Name", "")}
    answer.update({key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")})
    answer["PhysicalResourceId"] = "thing-" + properties.get("Name", "")
    if mode == "long":
        answer["Data"]["Much"] = "x" * 4096
    if mode == "other":
        answer["RequestId"] = "somebody else's"
    if mode == "nameless":
        del answer["PhysicalResourceId"]
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT"))
"""

PROVIDER_ON_EVENT = """
def h(event, context):
    name = event["ResourceProperties"]["Name"]
    if name == "bad":
        raise RuntimeError("the handler says no")
    print("EVENT " + __import__("json").dumps(event))
    return {"Data": {"Kind": event["RequestType"]}, **({"PhysicalResourceId": name} if name else {})}
"""

PROVIDER_IS_COMPLETE = """
COUNT = 0
def h(event, context):
    global COUNT
    COUNT += 1
    done = COUNT % 3 == 0
    return {"IsComplete": done, **({"Data": {"Asked": str(COUNT), "Id": event["PhysicalResourceId"]}} if done else {})}
"""


class Stack:
    """A stack with resources that one template's text says."""

    def __init__(self, account: Any, name: str) -> None:
        self.client, self.name = account.client("cloudformation"), name
        self.emulator = account.emulator

    def deploy(self, resources: dict[str, Any], outputs: dict[str, Any] | None = None, *, update: bool = False) -> str:
        """The status it ends with."""
        template = {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in (outputs or {}).items()}}
        call = self.client.update_stack if update else self.client.create_stack
        call(StackName=self.name, TemplateBody=json.dumps(template))
        return self.told["StackStatus"]

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        return found

    @property
    def outputs(self) -> dict[str, str]:
        return {one["OutputKey"]: one["OutputValue"] for one in self.told.get("Outputs", [])}

    def reason(self, logical_id: str) -> str:
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return next(
            one["ResourceStatusReason"]
            for one in events
            if one["ResourceStatus"].endswith("_FAILED") and one["LogicalResourceId"] == logical_id
        )

    def delete(self) -> None:
        self.client.delete_stack(StackName=self.name)


def custom(token: str, **properties: Any) -> dict[str, Any]:
    return {"Type": "Custom::Thing", "Properties": {"ServiceToken": token, **properties}}


@pytest.fixture(scope="session")
def handler(account: Any) -> str:
    arn: str = account.function("custom", HANDLER)
    return arn


def kinds(account: Any, logical_id: str, name: str = "custom") -> list[tuple[str, str]]:
    """What was asked of a resource: kind of request and physical id."""
    return [(one["RequestType"], one.get("PhysicalResourceId", "")) for one in account.requests(name, logical_id)]


def test_a_resource_is_made_changed_replaced_and_deleted(account, handler):
    """A changed physical id replaces: the old one is deleted once the update is done, with its old properties."""
    stack = Stack(account, "custom-life")
    outputs = {"Id": {"Ref": "Life"}, "Url": {"Fn::GetAtt": ["Life", "Url"]}}
    assert (
        stack.deploy({"Life": custom(handler, Name="a", Number=3, Flag=True, Nested={"List": [1.5, False]})}, outputs) == "CREATE_COMPLETE"
    )
    assert stack.outputs == {"Id": "thing-a", "Url": "u-a"}
    assert told(account, "custom-life") == {"Life": ("handler", "")}
    assert stack.deploy({"Life": custom(handler, Name="a", Number=4)}, outputs, update=True) == "UPDATE_COMPLETE"
    assert kinds(account, "Life") == [("Create", ""), ("Update", "thing-a")]
    assert stack.deploy({"Life": custom(handler, Name="b")}, outputs, update=True) == "UPDATE_COMPLETE"
    assert stack.outputs == {"Id": "thing-b", "Url": "u-b"}
    stack.delete()
    requests = account.requests("custom", "Life")
    assert kinds(account, "Life")[2:] == [("Update", "thing-a"), ("Delete", "thing-a"), ("Delete", "thing-b")]
    first, second, deleted = requests[0], requests[1], requests[3]
    assert first["ResourceProperties"] == {
        "ServiceToken": handler,
        "Name": "a",
        "Number": "3",
        "Flag": "true",
        "Nested": {"List": ["1.5", "false"]},
    }
    assert second["OldResourceProperties"]["Number"] == "3"
    assert deleted["ResourceProperties"]["Name"] == "a"
    assert (first["ResourceType"], first["ResponseURL"]) == ("Custom::Thing", "https")
    assert "OldResourceProperties" not in first
    assert len({one["RequestId"] for one in requests}) == len(requests)


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("fail", "not today"),
        ("crash", "failed without an answer: .*it went wrong"),
        ("silent", "the function custom ended without an answer"),
        ("long", "Response object is too long"),
        ("other", "Invalid response: RequestId"),
        ("nameless", "Invalid PhysicalResourceId"),
    ],
)
def test_fails_when_the_handler_fails_or_answers_wrongly(account, handler, mode, reason):
    """What could not be made is deleted by its handler when the stack rolls back."""
    stack, name = Stack(account, f"custom-{mode}"), f"Failing{mode.title()}"
    assert stack.deploy({name: custom(handler, Name="x", Create=mode)}) == "ROLLBACK_COMPLETE"
    assert re.search(reason, stack.reason(name), re.DOTALL)
    asked = kinds(account, name)
    assert [kind for kind, _ in asked] == ["Create", "Delete"]
    assert asked[1][1] == "thing-x" if mode == "fail" else asked[1][1]


def test_a_failed_update_is_taken_back_by_the_handler(account, handler):
    stack = Stack(account, "custom-back")
    stack.deploy({"Back": custom(handler, Name="x", Number=1)})
    assert stack.deploy({"Back": custom(handler, Name="x", Number=2, Update="fail")}, update=True) == "UPDATE_ROLLBACK_COMPLETE"
    last = account.requests("custom", "Back")[-1]
    assert (last["RequestType"], last["ResourceProperties"]["Number"], last["OldResourceProperties"]["Number"]) == ("Update", "1", "2")


def test_fails_when_the_token_names_no_function_or_changes(account, handler):
    stack = Stack(account, "custom-none")
    missing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nobody"
    assert stack.deploy({"None": custom(missing)}) == "ROLLBACK_COMPLETE"
    assert "the function of ServiceToken is not there" in stack.reason("None")
    other = Stack(account, "custom-token")
    other.deploy({"Token": custom(handler, Name="t")})
    assert other.deploy({"Token": custom(f"{handler}x", Name="t")}, update=True) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Modifying service token is not allowed" in other.reason("Token")


def test_fails_when_an_attribute_was_not_answered(account, handler):
    stack = Stack(account, "custom-attribute")
    wants = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Fn::GetAtt": ["Lacks", "Nothing"]}}}
    assert stack.deploy({"Lacks": custom(handler, Name="l"), "Wants": wants}) == "ROLLBACK_COMPLETE"
    assert "doesn't contain Nothing" in stack.reason("Wants")


def told(account: Any, stack: str) -> dict[str, tuple[str, str]]:
    """Who made each resource of a stack, and what was not as in AWS."""
    stacks = account.emulator.control("stacks")["stacks"]
    return {one["logical_id"]: (one["by"], one["note"]) for each in stacks if each["name"] == stack for one in each["resources"]}


def test_what_is_not_python_is_made_by_nobody_and_the_stack_goes_on(account):
    node = account.function("node-custom", "", Runtime="nodejs22.x", Handler="index.handler")
    stack = Stack(account, "custom-node")
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
    resources = {"Node": custom(node), "Topic": custom(topic)}
    assert stack.deploy(resources, {"Url": {"Fn::GetAtt": ["Node", "Url"]}}) == "CREATE_COMPLETE"
    assert stack.outputs["Url"].startswith("not-rehearsed-")
    found = told(account, "custom-node")
    assert found["Node"][0] == found["Topic"][0] == "nobody"
    assert "the runtime nodejs22.x, which is not run here" in found["Node"][1]
    assert "a rehearsal calls functions alone" in found["Topic"][1]
    stack.delete()


def test_handlers_of_a_provider_are_called_without_its_node_function(account):
    on_event = account.function("provider-event", PROVIDER_ON_EVENT)
    is_complete = account.function("provider-complete", PROVIDER_IS_COMPLETE)
    variables = {"USER_ON_EVENT_FUNCTION_ARN": on_event, "USER_IS_COMPLETE_FUNCTION_ARN": is_complete}
    token = account.function("provider", "", Runtime="nodejs22.x", Environment={"Variables": variables})
    stack = Stack(account, "custom-provider")
    outputs = {name: {"Fn::GetAtt": ["P", name]} for name in ("Kind", "Asked", "Id")}
    assert stack.deploy({"P": custom(token, Name="")}, outputs) == "CREATE_COMPLETE"
    created = account.requests("provider-event", "P")[0]
    assert stack.outputs == {"Kind": "Create", "Asked": "3", "Id": created["RequestId"]}
    assert told(account, "custom-provider")["P"][0] == "handler"
    assert "Provider was left out" in told(account, "custom-provider")["P"][1]
    assert stack.deploy({"P": custom(token, Name="new")}, outputs, update=True) == "UPDATE_COMPLETE"
    assert stack.outputs["Id"] == "new"
    assert kinds(account, "P", "provider-event")[-1] == ("Delete", created["RequestId"])
    failing = Stack(account, "custom-provider-bad")
    assert failing.deploy({"Bad": custom(token, Name="bad")}) == "ROLLBACK_COMPLETE"
    assert "the handler says no" in failing.reason("Bad")
    assert not account.requests("provider-event", "Bad")


def test_the_call_of_an_aws_custom_resource_is_made(account):
    """Names of both SDKs for JavaScript; an ignored error; the physical id in parameters and from the answer."""
    token = account.function("aws-custom", "", Runtime="nodejs22.x")
    stack, ssm = Stack(account, "custom-call"), account.client("ssm")
    put = {
        "service": "SSM",
        "action": "putParameter",
        "parameters": {"Name": "/called", "Value": "v1", "Type": "String", "Overwrite": "true"},
        "physicalResourceId": {"id": "/called"},
    }
    read = {
        "service": "@aws-sdk/client-ssm",
        "action": "GetParameterCommand",
        "parameters": {"Name": "/called"},
        "physicalResourceId": {"responsePath": "Parameter.ARN"},
        "outputPaths": ["Parameter.Value"],
    }
    remove = {"service": "SSM", "action": "deleteParameter", "parameters": {"Name": "PHYSICAL:RESOURCEID:"}}
    ignored = {**remove, "parameters": {"Name": "/never"}, "ignoreErrorCodesMatching": "ParameterNot.*"}
    resources = {
        "Put": {"Type": "Custom::AWS", "Properties": {"ServiceToken": token, "Create": json.dumps(put), "Delete": json.dumps(remove)}},
        "Get": {
            "Type": "Custom::AWS",
            "DependsOn": "Put",
            "Properties": {"ServiceToken": token, "Create": json.dumps(read), "Delete": json.dumps(ignored)},
        },
    }
    assert stack.deploy(resources, {"Value": {"Fn::GetAtt": ["Get", "Parameter.Value"]}, "Id": {"Ref": "Get"}}) == "CREATE_COMPLETE"
    assert stack.outputs["Value"] == "v1"
    assert stack.outputs["Id"].endswith(":parameter/called")
    stack.delete()
    assert ssm.get_parameters(Names=["/called"])["Parameters"] == []
    failing = Stack(account, "custom-call-bad")
    wrong = {**put, "action": "putParameters"}
    assert failing.deploy({"Wrong": custom(token, Create=json.dumps(wrong))}) == "ROLLBACK_COMPLETE"
    assert "has none with this name" in failing.reason("Wrong")


def test_a_bucket_that_asks_for_it_is_emptied_before_it_is_deleted(account):
    token, s3 = account.function("auto-delete", "", Runtime="nodejs22.x"), account.client("s3")
    tags = [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}]

    def resources(bucket: str, tags: list[dict[str, str]]) -> dict[str, Any]:
        return {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket, "Tags": tags}},
            "Empty": {"Type": "Custom::S3AutoDeleteObjects", "Properties": {"ServiceToken": token, "BucketName": {"Ref": "Bucket"}}},
        }

    for bucket, given in (("functions-emptied", tags), ("functions-kept", [])):
        stack = Stack(account, bucket)
        assert stack.deploy(resources(bucket, given)) == "CREATE_COMPLETE"
        s3.put_object(Bucket=bucket, Key="k", Body=b"1")
        stack.delete()
    names = [one["Name"] for one in s3.list_buckets()["Buckets"]]
    assert "functions-emptied" not in names
    assert "functions-kept" in names


def test_exports_to_another_region_are_written_and_taken_away(account):
    token = account.function("exports", "", Runtime="nodejs22.x")
    ssm = account.emulator.clients("ssm", account=ACCOUNT, region="us-east-1")
    stack = Stack(account, "custom-exports")

    def writer(**exports: str) -> dict[str, Any]:
        stated = {"region": "us-east-1", "prefix": "p", "exports": {f"/cdk/exports/{name}": value for name, value in exports.items()}}
        return {"Writer": {"Type": "Custom::CrossRegionExportWriter", "Properties": {"ServiceToken": token, "WriterProps": stated}}}

    def written() -> dict[str, str]:
        found = ssm.get_parameters_by_path(Path="/cdk/exports")["Parameters"]
        return {one["Name"].rpartition("/")[2]: one["Value"] for one in found}

    assert stack.deploy(writer(a="1", b="2")) == "CREATE_COMPLETE"
    assert written() == {"a": "1", "b": "2"}
    assert stack.deploy(writer(b="2", c="3"), update=True) == "UPDATE_COMPLETE"
    assert written() == {"b": "2", "c": "3"}
    stack.delete()
    assert written() == {}


def test_a_log_groups_retention_is_set(account):
    token, logs = account.function("retention", "", Runtime="nodejs22.x"), account.client("logs")
    stack = Stack(account, "custom-retention")

    def keep(days: int | None) -> dict[str, Any]:
        stated = {"ServiceToken": token, "LogGroupName": "/kept", "RetentionInDays": days, "RemovalPolicy": "destroy"}
        return {"Keep": {"Type": "Custom::LogRetention", "Properties": {key: value for key, value in stated.items() if value is not None}}}

    def groups() -> list[Any]:
        return [one.get("retentionInDays") for one in logs.describe_log_groups(logGroupNamePrefix="/kept")["logGroups"]]

    assert stack.deploy(keep(7)) == "CREATE_COMPLETE"
    assert groups() == [7]
    stack.deploy(keep(None), update=True)
    assert groups() == [None]
    stack.delete()
    assert groups() == []


def test_numbers_and_booleans_become_text():
    assert as_text({"a": [1, 2.5, True, "x", None], "b": {"c": False}}) == {"a": ["1", "2.5", "true", "x", None], "b": {"c": "false"}}
