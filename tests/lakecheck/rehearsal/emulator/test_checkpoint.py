"""A killed emulator comes back as it was at its checkpoint, on the same port, and works on."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import botocore.exceptions
import pytest

from lakecheck.rehearsal.emulator.process import Emulator
from lakemodel.errors import DataLakeError
from tests.lakecheck.rehearsal.emulator.processes import are_gone, descends, is_gone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNT = "700000000002"
REGION = "eu-west-1"
LARGE = b"0123456789abcdef" * 500_000
"""Larger than what moto keeps in memory."""


@pytest.fixture(scope="module")
def killable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator of this module's own, which its tests kill; each has names of its own."""
    with Emulator(folder=tmp_path_factory.mktemp("killable")) as started:
        yield started


def client(emulator: Emulator, service: str) -> Any:
    """A client."""
    return emulator.clients(service, account=ACCOUNT, region=REGION)


def template(*names: str) -> str:
    """A stack of queues, and a parameter that changes with them."""
    queues = {name: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{name}-queue"}} for name in names}
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "kept", "Type": "String", "Value": "-".join(names)}}
    return json.dumps({"Resources": {**queues, "Parameter": parameter}})


def fill(emulator: Emulator, name: str) -> None:
    """Puts an object, a large one, and a row, all under this name."""
    s3, dynamodb = client(emulator, "s3"), client(emulator, "dynamodb")
    s3.put_object(Bucket="kept", Key=name, Body=name.encode())
    s3.put_object(Bucket="kept", Key=f"{name}-large", Body=LARGE + name.encode())
    dynamodb.put_item(TableName="kept", Item={"id": {"S": name}})


def found(emulator: Emulator) -> dict[str, set[str]]:
    """What is there; contents are compared on the way."""
    s3, dynamodb, sqs = client(emulator, "s3"), client(emulator, "dynamodb"), client(emulator, "sqs")
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket="kept")["Contents"]}
    for key in keys:
        name, _, large = key.partition("-")
        assert s3.get_object(Bucket="kept", Key=key)["Body"].read() == (LARGE if large else b"") + name.encode()
    return {
        "objects": keys,
        "rows": {each["id"]["S"] for each in dynamodb.scan(TableName="kept")["Items"]},
        "queues": {each.rpartition("/")[2] for each in sqs.list_queues().get("QueueUrls", [])},
    }


def test_what_was_there_at_the_checkpoint_is_there_again(killable: Emulator) -> None:
    """Twice from one checkpoint, then from a newer one; a stack can be changed afterwards."""
    s3, cloudformation = client(killable, "s3"), client(killable, "cloudformation")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    key = {"AttributeName": "id", "KeyType": "HASH"}
    client(killable, "dynamodb").create_table(
        TableName="kept",
        KeySchema=[key],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    cloudformation.create_stack(StackName="kept", TemplateBody=template("first"))
    fill(killable, "before")
    killable.checkpoint()
    at_checkpoint = found(killable)
    port, old_clients = killable.port, (s3, cloudformation)
    for round_ in ("one", "two"):
        fill(killable, f"after_{round_}")
        client(killable, "cloudformation").update_stack(StackName="kept", TemplateBody=template("first", "second"))
        killable.kill()
        with pytest.raises(botocore.exceptions.EndpointConnectionError):
            client(killable, "sts").get_caller_identity()
        killable.restore()
        assert killable.port == port
        assert found(killable) == at_checkpoint
    assert at_checkpoint == {"objects": {"before", "before-large"}, "rows": {"before"}, "queues": {"first-queue"}}

    assert {each["Name"] for each in old_clients[0].list_buckets()["Buckets"]} == {"kept"}  # credentials of before are still this account's
    old_clients[1].update_stack(StackName="kept", TemplateBody=template("first", "third"))
    fill(killable, "later")
    killable.checkpoint()
    fill(killable, "lost")
    killable.kill()
    killable.restore()
    assert found(killable) == {
        "objects": {"before", "before-large", "later", "later-large"},
        "rows": {"before", "later"},
        "queues": {"first-queue", "third-queue"},
    }
    assert client(killable, "ssm").get_parameter(Name="kept")["Parameter"]["Value"] == "first-third"
    client(killable, "cloudformation").delete_stack(StackName="kept")
    assert found(killable)["queues"] == set()


HANDLER = """
import json, os, urllib.request
def handler(event, context):
    if "ResponseURL" not in event:
        return os.getpid()
    told = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    made = {"Status": "SUCCESS", "PhysicalResourceId": "thing", "Data": {"Said": event["ResourceProperties"]["Word"]}}
    body = json.dumps({**told, **made}).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, {"Content-Type": ""}, method="PUT"))
"""


def stack_of_function(word: str) -> str:
    """A function that gives its process's id, and answers for a custom resource."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    code = {
        "Handler": "index.handler",
        "Runtime": "python3.12",
        "Role": role,
        "Code": {"ZipFile": HANDLER},
        "FunctionName": "pid",
        "Timeout": 20,
    }
    thing = {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "Word": word}
    return json.dumps(
        {
            "Resources": {
                "Role": {
                    "Type": "AWS::IAM::Role",
                    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}},
                },
                "Function": {"Type": "AWS::Lambda::Function", "Properties": code},
                "Thing": {"Type": "Custom::Thing", "Properties": thing},
            },
            "Outputs": {"Said": {"Value": {"Fn::GetAtt": ["Thing", "Said"]}}},
        }
    )


def said(emulator: Emulator) -> str:
    """What the custom resource's handler was told last."""
    (stack,) = client(emulator, "cloudformation").describe_stacks(StackName="function")["Stacks"]
    assert stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}, stack.get("StackStatusReason")
    return str(stack["Outputs"][0]["OutputValue"])


def pid_of_function(emulator: Emulator) -> int:
    """Calls it."""
    answer = client(emulator, "lambda").invoke(FunctionName="pid")
    return int(answer["Payload"].read())


@pytest.mark.full
def test_functions_die_with_it_and_are_started_anew(killable: Emulator) -> None:
    """And custom resources find them again."""
    client(killable, "cloudformation").create_stack(StackName="function", TemplateBody=stack_of_function("one"))
    assert said(killable) == "one"
    first = pid_of_function(killable)
    assert not is_gone(first)
    killable.checkpoint()
    assert pid_of_function(killable) == first
    killable.kill()
    assert are_gone([first])
    killable.restore()
    assert pid_of_function(killable) != first
    client(killable, "cloudformation").update_stack(StackName="function", TemplateBody=stack_of_function("two"))
    assert said(killable) == "two"


def test_only_the_newest_checkpoint_is_kept(killable: Emulator) -> None:
    """The process that kept the older one is gone; kill and restore ask for their order."""
    killable.checkpoint()
    first = killable.keeper
    with pytest.raises(DataLakeError, match="still serves") as caught:
        killable.restore()
    assert caught.value.code == "not_killed"
    killable.checkpoint()
    assert killable.keeper != first
    assert are_gone([first])
    assert not is_gone(killable.keeper)


def test_a_waiting_caller_sees_the_kill(killable: Emulator) -> None:
    """Its connection ends at once, though the checkpoint's process was copied while others were open."""
    killable.checkpoint()
    killable.control("faults/set", ["sts:GetCallerIdentity:slow=60"])
    killable.checkpoint()
    told: list[Exception] = []
    called = threading.Event()

    def call() -> None:
        sts = client(killable, "sts")
        called.set()
        try:
            sts.get_caller_identity()
        except botocore.exceptions.BotoCoreError as error:
            told.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    called.wait(10)
    while killable.control("calls")["calls"].get("sts:GetCallerIdentity", 0) == 0:
        pass
    killable.checkpoint()  # a slow call is not inside the services yet
    killable.kill()
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(told[0], botocore.exceptions.ConnectionClosedError)
    killable.restore()
    assert killable.control("faults/list")["faults"][0]["fault"] == "sts:GetCallerIdentity:slow=60"
    killable.control("faults/clear", [])
    client(killable, "sts").get_caller_identity()


@pytest.mark.full
def test_fails_when_there_is_no_checkpoint(tmp_path: Path) -> None:
    """Killed without one, it is gone for good; and it leaves no process, however often it is stopped."""
    with Emulator(folder=tmp_path) as started:
        pids = descends(started)
        started.kill()
        with pytest.raises(DataLakeError, match="call checkpoint") as caught:
            started.restore()
        assert caught.value.code == "no_checkpoint"
        with pytest.raises(DataLakeError, match="does not answer") as caught:
            started.control("health")
        assert caught.value.code == "emulator_gone"
        started.stop()
    assert are_gone(pids)
