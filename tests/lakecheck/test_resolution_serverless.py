"""The Serverless transform: functions and state machines with the roles it makes, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.assembly.serverless import TRANSFORM
from lakecheck.values import unknowns
from tests.lakecheck.resolving import ACCOUNT, REGION, by_id, resolved, stack

ARN = "arn:" + "aws"
FUNCTION, MACHINE = "AWS::Serverless::Function", "AWS::Serverless::StateMachine"


def made(properties: Any, *, kind: str = FUNCTION, more: dict[str, Any] | None = None, **sections: Any) -> Any:
    """The resolution of one thing of the transform called `Load`."""
    resources = {"Load": {"Type": kind, "Properties": properties}, **(more or {})}
    return resolved(stack("Lake", {"Transform": TRANSFORM, "Resources": resources, **sections}))


def test_a_function_gets_a_role_with_its_policies() -> None:
    """Managed ones by name and ARN, inline ones, and AWS's own for its logs; the transform itself is no doubt."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    resolution = made({"Policies": ["AmazonS3ReadOnlyAccess", {"Statement": statement}], "CodeUri": "s3://code/load.zip"})
    found = by_id(resolution)
    assert resolution.not_known == ()
    assert found["Load"].type == "AWS::Lambda::Function"
    assert found["Load"].properties["Role"] == found["LoadRole"].attributes["Arn"]
    assert found["Load"].properties["Code"] == {"S3Bucket": "code", "S3Key": "load.zip"}
    role = found["LoadRole"].properties
    assert role["ManagedPolicyArns"] == [f"{ARN}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole", "AmazonS3ReadOnlyAccess"]
    assert [each["PolicyDocument"] for each in role["Policies"]] == [{"Statement": statement}]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_a_function_with_a_role_gets_none() -> None:
    """Whether its own, or one for all functions; with one that may be left out, the transform makes one all the same."""
    role = f"{ARN}:iam::{ACCOUNT}:role/Mine"
    assert set(by_id(made({"Role": role}))) == {"Load"}
    shared = by_id(made({}, Globals={"Function": {"Role": role}}))
    assert (set(shared), shared["Load"].properties["Role"]) == ({"Load"}, role)
    either = {"Fn::If": ["Own", role, {"Ref": "AWS::NoValue"}]}
    sections = {"Conditions": {"Own": {"Fn::Equals": [{"Ref": "P"}, "x"]}}, "Parameters": {"P": {"Type": "String"}}}
    assert set(by_id(made({"Role": either}, **sections))) == {"Load", "LoadRole"}


def test_a_state_machine_gets_a_role_too() -> None:
    """Of the service that runs it, without what functions need for their logs."""
    found = by_id(made({"Policies": [{"LambdaInvokePolicy": {"FunctionName": "work"}}]}, kind=MACHINE))
    assert found["Load"].type == "AWS::StepFunctions::StateMachine"
    assert found["Load"].properties["RoleArn"] == found["LoadRole"].attributes["Arn"]
    role = found["LoadRole"].properties
    assert role["ManagedPolicyArns"] == []
    assert role["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"] == [f"{ARN}:lambda:{REGION}:{ACCOUNT}:function:work*"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "states.amazonaws.com"}


def test_what_starts_a_thing_is_a_rule_or_a_schedule() -> None:
    """Each called after both, on the condition of the thing, with the queue for what could not be started; other events are left."""
    events = {
        "Came": {"Type": "EventBridgeRule", "Properties": {"Pattern": {"source": ["aws.s3"]}, "DeadLetterConfig": {"Type": "SQS"}}},
        "Daily": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)", "DeadLetterConfig": {"Arn": "queue"}}},
        "Hourly": {"Type": "ScheduleV2", "Properties": {"ScheduleExpression": "rate(1 hour)"}},
        "Asked": {"Type": "Api", "Properties": {"Path": "/", "Method": "get"}},
        "Odd": {"Type": "Schedule", "Properties": 3},
    }
    found = by_id(made({"Events": events}))
    assert {name for name in found if name.startswith("Load")} == {"Load", "LoadRole", "LoadCame", "LoadDaily", "LoadHourly"}
    target = {"Id": "Came", "Arn": found["Load"].arn, "DeadLetterConfig": {"Arn": f"{ARN}:sqs:{REGION}:{ACCOUNT}:LoadCameQueue"}}
    assert found["LoadCame"].type == "AWS::Events::Rule"
    assert found["LoadCame"].properties == {"EventPattern": {"source": ["aws.s3"]}, "Targets": [target]}
    assert found["LoadDaily"].properties["ScheduleExpression"] == "rate(1 day)"
    assert found["LoadDaily"].properties["Targets"][0]["DeadLetterConfig"] == {"Arn": "queue"}
    assert found["LoadHourly"].type == "AWS::Scheduler::Schedule"
    assert found["LoadHourly"].properties["Target"] == {"Arn": found["Load"].arn}
    machine = by_id(made({"Events": {"Came": events["Came"]}}, kind=MACHINE))
    assert machine["LoadCame"].properties["Targets"][0]["Arn"] == machine["Load"].arn


def test_what_a_function_failed_of_is_kept_where_it_says() -> None:
    """Both ways, in CloudFormation's own properties; on nothing known of them there is nothing."""
    found = by_id(made({"DeadLetterQueue": {"Type": "SQS", "TargetArn": "one"}, "EventInvokeConfig": {"MaximumRetryAttempts": 1}}))
    assert found["Load"].properties["DeadLetterConfig"] == {"TargetArn": "one"}
    assert found["LoadEventInvokeConfig"].type == "AWS::Lambda::EventInvokeConfig"
    assert found["LoadEventInvokeConfig"].properties["MaximumRetryAttempts"] == 1
    assert set(by_id(made({"DeadLetterQueue": "odd", "EventInvokeConfig": ["odd"], "Events": ["odd"]}))) == {"Load", "LoadRole"}


def test_policy_templates() -> None:
    """One about data is known with the bucket it names; one that is not in the table is not guessed."""
    raw = {"Raw": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lake-raw"}}}
    policies = [{"S3ReadPolicy": {"BucketName": {"Ref": "Raw"}}}, {"DynamoDBReadPolicy": {"TableName": "t"}}]
    known, unknown = (each["PolicyDocument"] for each in by_id(made({"Policies": policies}, more=raw))["LoadRole"].properties["Policies"])
    (statement,) = known["Statement"]
    assert statement["Resource"] == [f"{ARN}:s3:::lake-raw", f"{ARN}:s3:::lake-raw/*"]
    assert "s3:GetObject" in statement["Action"]
    assert "s3:PutObject" not in statement["Action"]
    assert "DynamoDBReadPolicy" in unknowns(unknown)[0].reason


def test_a_role_exists_when_its_function_does() -> None:
    """A condition of the function is one of the role."""
    resources = {"Load": {"Type": FUNCTION, "Condition": "No", "Properties": {}}, "Raw": {"Type": "AWS::S3::Bucket"}}
    template = {"Transform": [TRANSFORM], "Resources": resources, "Conditions": {"No": {"Fn::Equals": [1, 2]}}}
    assert set(by_id(resolved(stack("Lake", template)))) == {"Raw"}


@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
        ("AWS::Serverless::Application", {}, "is not followed"),
        ("AWS::Serverless::Connector", {}, "is not followed"),
        ("AWS::Serverless::SimpleTable", {}, ""),
        ("AWS::Serverless::HttpApi", {}, ""),
        (FUNCTION, {"Connectors": {"C": {"Properties": {"Permissions": ["Read"]}}}}, "connectors are not followed"),
        (FUNCTION, {"Properties": {"Fn::If": ["x", {}, {}]}}, "the role it gets is not seen"),
    ],
)
def test_what_is_not_followed_is_told_by_its_own_name(kind: str, more: dict[str, Any], told: str) -> None:
    """Only what has to do with rights, and never the template as a whole."""
    template = {"Transform": TRANSFORM, "Resources": {"Thing": {"Type": kind, **more}}}
    notes = resolved(stack("Lake", template)).not_known
    assert any(told in note and note.startswith("Prod/Lake/Thing") for note in notes) if told else notes == ()


def test_without_the_transform_its_types_stand_for_nothing_known() -> None:
    """A function of a template that does not declare it is not followed, which is told; neither is one that a loop makes."""
    (note,) = resolved(stack("Lake", {"Resources": {"Load": {"Type": FUNCTION}}})).not_known
    assert note.startswith(f"Prod/Lake/Load: {FUNCTION} is not followed")
    loop = {"Fn::ForEach::Each": ["Name", ["One", "Two"], {"Load${Name}": {"Type": FUNCTION, "Properties": {}}}]}
    notes = resolved(stack("Lake", {"Transform": ["AWS::LanguageExtensions", TRANSFORM], "Resources": loop})).not_known
    assert [note.split(":")[0] for note in notes] == ["Prod/Lake/LoadOne", "Prod/Lake/LoadTwo"]


@pytest.mark.parametrize("junk", [None, 5, "x", [], {}, {"Fn::If": 1}, {"Ref": ["a"]}, [[1]], {"x": {"y": None}}])
def test_junk_ends_in_nothing_worse_than_a_note(junk: Any) -> None:
    """In each property that the transform reads, and in what stands above."""
    for key in ("Policies", "Role", "CodeUri", "DefinitionUri", "VpcConfig", "PermissionsBoundary", "AssumeRolePolicyDocument"):
        assert "Load" in by_id(made({key: junk}))
    assert "Load" in by_id(made(junk))
    assert "Load" in by_id(made({}, Globals=junk))
    assert "Load" in by_id(made({}, Globals={"Function": junk}))
    assert "Load" in by_id(made({"Policies": [junk, {"S3ReadPolicy": junk}, {"Statement": junk}]}))
    resolved(stack("Lake", {"Transform": [TRANSFORM, junk], "Resources": {"A": junk, "B": {"Type": junk}}}))
