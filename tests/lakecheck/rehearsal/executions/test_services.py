"""What tasks call: names of errors, what becomes text, what is refused, and what is waited for."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest

from lakecheck.rehearsal.executions.services import EmulatedServices, prepared, require_rehearsed
from lakecheck.rehearsal.executions.words import client_name, error_name, java_name
from lakecheck.rehearsal.states import Failed, ServiceError
from tests.lakecheck.rehearsal.executions.world import task

if TYPE_CHECKING:
    from tests.lakecheck.rehearsal.executions.world import World


@cache
def model(service: str) -> Any:
    """The model of a service, as botocore has it."""
    return botocore.session.get_session().get_service_model(service)


@pytest.mark.parametrize(
    ("service", "operation", "code", "name"),
    [
        ("dynamodb", "PutItem", "ConditionalCheckFailedException", "DynamoDB.ConditionalCheckFailedException"),
        ("aws-sdk:dynamodb", "PutItem", "ConditionalCheckFailedException", "DynamoDb.ConditionalCheckFailedException"),
        ("dynamodb", "GetItem", "AccessDeniedException", "DynamoDB.AmazonDynamoDBException"),
        ("aws-sdk:s3", "CopyObject", "NoSuchKey", "S3.NoSuchKeyException"),
        ("aws-sdk:s3", "GetObject", "SlowDown", "S3.S3Exception"),
        ("aws-sdk:s3", "HeadObject", "404", "S3.S3Exception"),
        ("glue", "StartJobRun", "ConcurrentRunsExceededException", "Glue.ConcurrentRunsExceededException"),
        ("glue", "StartJobRun", "ThrottlingException", "Glue.AWSGlueException"),
        ("aws-sdk:sfn", "StartExecution", "ExecutionAlreadyExists", "Sfn.ExecutionAlreadyExistsException"),
        ("aws-sdk:cloudwatch", "PutMetricData", "InternalServiceError", "CloudWatch.InternalServiceException"),
        ("sns", "Publish", "InternalError", "SNS.InternalErrorException"),
        ("events", "PutEvents", "ThrottlingException", "EventBridge.AmazonEventBridgeException"),
    ],
)
def test_errors_have_the_names_that_step_functions_gives_them(service: str, operation: str, code: str, name: str) -> None:
    assert error_name(service, code, model(client_name(service)), operation) == name


def test_services_are_named_as_the_java_sdk_names_them() -> None:
    assert [java_name(one) for one in ("DynamoDB", "S3", "SFN", "CloudWatch Logs", "EventBridge", "LakeFormation")] == [
        "DynamoDb",
        "S3",
        "Sfn",
        "CloudWatchLogs",
        "EventBridge",
        "LakeFormation",
    ]


@pytest.mark.parametrize(
    ("service", "action", "sync"),
    [
        ("athena", "startQueryExecution", True),
        ("athena", "startQueryExecution", False),
        ("aws-sdk:athena", "startQueryExecution", False),
        ("ecs", "runTask", True),
        ("aws-sdk:glue", "startJobRun", True),
        ("dynamodb", "query", False),
    ],
)
def test_fails_when_a_call_would_only_look_rehearsed(service: str, action: str, *, sync: bool) -> None:
    with pytest.raises(Failed, match="not rehearsed") as refused:
        require_rehearsed(service, action, sync=sync)
    assert refused.value.error == "States.Runtime", "a wildcard would catch anything else"


def test_a_refused_call_fails_the_execution_past_every_catcher(world: World) -> None:
    caught = [{"ErrorEquals": ["States.ALL"], "Next": "Fine"}]
    query = task("athena:startQueryExecution.sync", {"QueryString": "select 1"}, Catch=caught)
    found = world.run({"Query": query, "Fine": {"Type": "Succeed"}})
    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")
    assert "not rehearsed: athena:startQueryExecution.sync" in found["cause"]


def test_what_an_optimized_integration_takes_as_json_is_sent_as_text() -> None:
    entry = {"Source": "s", "DetailType": "t", "Detail": {"a": 1}}
    assert prepared("events", "putEvents", {"Entries": [entry]}) == {"Entries": [{**entry, "Detail": '{"a": 1}'}]}
    assert prepared("sns", "publish", {"Message": {"a": 1}}) == {"Message": '{"a": 1}'}
    assert prepared("sns", "publish", {"Message": "as it is"}) == {"Message": "as it is"}
    assert prepared("aws-sdk:sns", "publish", {"Message": {"a": 1}}) == {"Message": {"a": 1}}, "the SDK takes text alone"


def test_a_copy_source_has_to_be_encoded_once() -> None:
    given = {"CopySource": "b/a%20%C3%BC/%2B.csv?versionId=v1"}
    assert prepared("aws-sdk:s3", "copyObject", given)["CopySource"] == {"Bucket": "b", "Key": "a ü/+.csv", "VersionId": "v1"}
    with pytest.raises(ServiceError, match="not URL-encoded"):
        prepared("aws-sdk:s3", "copyObject", {"CopySource": "b/a ü.csv"})


def test_sdk_integrations_speak_pascal_case_both_ways_and_leave_the_names_of_data(world: World) -> None:
    table = f"items-{world.own}"
    world.client("dynamodb").create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    inner = world.machine({"P": {"Type": "Pass", "End": True}}, name="inner")
    states = {
        "Put": task("dynamodb:putItem", {"TableName": table, "Item": {"id": {"S": "1"}, "lower": {"N": "2"}}}, Next="Get"),
        "Get": task(
            "dynamodb:getItem", {"TableName": table, "Key": {"id": {"S": "1"}}}, Next="Ask", Assign={"got": "{% $states.result %}"}
        ),
        "Ask": task("aws-sdk:sfn:describeStateMachine", {"StateMachineArn": inner}, Output="{% [$got.Item, $states.result] %}"),
    }
    item, described = json.loads(world.run(states)["output"])
    assert item == {"id": {"S": "1"}, "lower": {"N": "2"}}
    assert described["StateMachineArn"] == inner
    assert isinstance(described["CreationDate"], str)
    assert "ResponseMetadata" not in described


def test_an_error_of_a_service_is_caught_by_its_name(world: World) -> None:
    bucket = world.bucket()
    caught = [{"ErrorEquals": ["S3.NoSuchKeyException"], "Output": "{% $states.errorOutput.Error %}", "Next": "End"}]
    get = task("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "none"}, Catch=caught)
    found = world.run({"Get": get, "End": {"Type": "Succeed"}})
    assert (found["status"], found["output"]) == ("SUCCEEDED", '"S3.NoSuchKeyException"')


def test_an_execution_waits_for_another_and_has_its_failure(world: World) -> None:
    inner = world.machine({"No": {"Type": "Fail", "Error": "Inner.No", "Cause": "no"}}, name="inner")
    states = {"Run": task("states:startExecution.sync:2", {"StateMachineArn": inner, "Input": {"a": 1}})}
    found = world.run(states)
    assert (found["status"], found["error"]) == ("FAILED", "States.TaskFailed")
    told = json.loads(found["cause"])
    assert (told["Status"], told["Error"], json.loads(told["Input"])) == ("FAILED", "Inner.No", {"a": 1})


class Flaky(EmulatedServices):
    """A service whose looks fail so many times at first, then tell of an end."""

    def __init__(self, failures: int) -> None:
        super().__init__(lambda _: None)
        self.failures = failures
        self.called: list[str] = []

    def once(self, service: str, action: str, arguments: Any) -> Any:
        """Notes the action."""
        del service, arguments
        self.called.append(action)
        if action == "getJobRun":
            self.failures -= 1
            if self.failures >= 0:
                raise ServiceError("Glue.AWSGlueException", "not now")
        return {"JobRunId": "jr_1", "JobRun": {"JobRunState": "SUCCEEDED"}}


def test_a_look_that_fails_is_repeated_and_ends_the_task_when_all_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakecheck.rehearsal.executions.services.LONGEST_PAUSE", 0.001)
    passing, lasting = Flaky(2), Flaky(100)
    assert list(passing.call("glue", "startJobRun", {"JobName": "job"}, sync=True)) == [0.02, 0.001, 0.001]
    assert "batchStopJobRun" not in passing.called
    with pytest.raises(ServiceError, match="not now"):
        list(lasting.call("glue", "startJobRun", {"JobName": "job"}, sync=True))
    assert lasting.called[-1] == "batchStopJobRun"


def test_an_execution_starts_another_and_goes_on(world: World) -> None:
    inner = world.machine({"P": {"Type": "Pass", "End": True}}, name="inner")
    found = world.run({"Run": task("states:startExecution", {"StateMachineArn": inner, "Input": {"a": 1}})})
    started = json.loads(found["output"])["ExecutionArn"]
    assert json.loads(world.ended(started)["input"]) == {"a": 1}


def test_a_distributed_map_reads_a_listing_and_writes_its_results(world: World) -> None:
    bucket = world.bucket()
    for name in ("in/a", "in/b c"):
        world.client("s3").put_object(Bucket=bucket, Key=name, Body=b"x")
    states = {
        "Each": {
            "Type": "Map",
            "ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "Arguments": {"Bucket": bucket, "Prefix": "in/"}},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "P",
                "States": {"P": {"Type": "Pass", "Output": "{% $states.input.Key %}", "End": True}},
            },
            "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Arguments": {"Bucket": bucket, "Prefix": "out"}},
            "End": True,
        }
    }
    written = json.loads(world.run(states)["output"])["ResultWriterDetails"]
    manifest = json.loads(world.client("s3").get_object(Bucket=bucket, Key=written["Key"])["Body"].read())
    results = world.client("s3").get_object(Bucket=bucket, Key=manifest["ResultFiles"]["SUCCEEDED"][0]["Key"])["Body"].read()
    assert sorted(json.loads(one["Output"]) for one in json.loads(results)) == ["in/a", "in/b c"]


def test_an_execution_calls_with_the_role_of_its_machine(world: World) -> None:
    found = world.run({"Who": task("aws-sdk:sts:getCallerIdentity", {})})
    assert json.loads(found["output"])["Arn"].startswith(f"arn:aws:sts::{world.account}:assumed-role/runner/")


FUNCTION = """
def handler(event, context):
    if event.get("fail"):
        raise LookupError("none of it")
    return {"doubled": event["n"] * 2}
"""


def test_a_function_answers_with_its_payload_or_its_error(world: World) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", FUNCTION)
    name = f"function-{world.own}"
    role = world.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    created = world.client("lambda").create_function(
        FunctionName=name, Runtime="python3.13", Role=role, Handler="index.handler", Code={"ZipFile": packed.getvalue()}
    )
    caught = [{"ErrorEquals": ["LookupError"], "Output": "{% $states.errorOutput %}", "Next": "End"}]
    call = task("lambda:invoke", {"FunctionName": created["FunctionArn"], "Payload": "{% $states.input %}"}, Catch=caught)
    machine = world.machine({"Call": call, "End": {"Type": "Succeed"}})
    answer = json.loads(world.ended(world.start(machine, {"n": 21}))["output"])
    assert (answer["Payload"], answer["StatusCode"]) == ({"doubled": 42}, 200)
    failed = json.loads(world.ended(world.start(machine, {"fail": True}))["output"])
    assert (failed["Error"], json.loads(failed["Cause"])["errorMessage"]) == ("LookupError", "none of it")
