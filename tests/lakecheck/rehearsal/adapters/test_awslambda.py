"""Functions, versions, aliases, layers, permissions and sources of events come back from Lambda as a template states them."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import pytest

pytest.importorskip("moto")

from lakecheck.rehearsal.adapters.inline_code import archive
from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

CODE = "def handler(event, context):\n    return event\n"


def role(clients) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    iam = clients("iam", account=ACCOUNT, region=REGION)
    return iam.create_role(RoleName="runs", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]


def function(clients, **more: object) -> dict:
    return {
        "FunctionName": "f",
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": role(clients),
        "Code": {"ZipFile": CODE},
        **more,
    }


FULL = {
    "Architectures": ["arm64"],
    "Description": "does it",
    "MemorySize": 256,
    "Timeout": 900,
    "ReservedConcurrentExecutions": 1,
    "LoggingConfig": {"LogGroup": "logs", "LogFormat": "JSON", "ApplicationLogLevel": "INFO"},
    "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:111111111111:dead"},
    "Environment": {"Variables": {"A": "1"}},
    "EphemeralStorage": {"Size": 1024},
    "TracingConfig": {"Mode": "Active"},
    "SnapStart": {"ApplyOn": "PublishedVersions"},
    "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    "KmsKeyArn": "arn:aws:kms:eu-west-1:111111111111:key/1",
    "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
}


def test_a_function_comes_back_as_stated_and_loses_what_a_template_no_longer_states():
    with emulated() as clients:
        stated = function(clients)
        bare = {**stated, "Code": {"ZipFile": CODE + "#"}, "Tags": [{"Key": "b", "Value": "3"}], "LoggingConfig": {"LogGroup": "other"}}
        trip = round_trip(clients, "AWS::Lambda::Function", {**stated, **FULL}, bare)
    assert trip.lacks == ()
    assert trip.lacks_after_change == ()
    assert trip.is_deleted
    after = trip.read_after_change
    assert after["Description"] == ""
    assert after["MemorySize"] == 128
    assert after["TracingConfig"] == {"Mode": "PassThrough"}
    assert "ReservedConcurrentExecutions" not in after
    assert "Environment" not in after
    assert "DeadLetterConfig" not in after
    assert [tag["Key"] for tag in after["Tags"]] == ["b"]


def test_nothing_reserved_is_not_the_same_as_zero():
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Lambda::Function", function(clients, ReservedConcurrentExecutions=0))
    assert trip.lacks == ()


def test_code_that_is_not_what_was_uploaded_does_not_come_back():
    with emulated() as clients:
        s3 = clients("s3", account=ACCOUNT, region=REGION)
        s3.create_bucket(Bucket="assets", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="assets", Key="code.zip", Body=archive(CODE, "python3.13"))
        made = make(clients, "AWS::Lambda::Function", function(clients, Code={"S3Bucket": "assets", "S3Key": "code.zip"}))
        look = adapters()["AWS::Lambda::Function"].look
        assert look(made)["Code"] == {"S3Bucket": "assets", "S3Key": "code.zip"}
        s3.put_object(Bucket="assets", Key="code.zip", Body=archive("other", "python3.13"))
        assert all(text.startswith("other code, with the SHA-256 ") for text in look(made)["Code"].values())
        s3.delete_object(Bucket="assets", Key="code.zip")
        assert look(made)["Code"] == {}


def test_code_in_a_template_is_always_the_same_archive_and_can_answer_cloudformation():
    first, second = archive(CODE, "python3.13"), archive(CODE, "python3.13")
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as whole:
        assert whole.namelist() == ["index.py", "cfnresponse.py"]
        compile(whole.read("cfnresponse.py"), "cfnresponse.py", "exec")
    with zipfile.ZipFile(io.BytesIO(archive("exports.handler = 1", "nodejs22.x"))) as whole:
        assert whole.namelist() == ["index.js"]


def test_a_function_from_an_image_needs_no_docker():
    image = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/repo:tag"
    with emulated() as clients:
        stated = {
            "FunctionName": "f",
            "Role": role(clients),
            "PackageType": "Image",
            "Code": {"ImageUri": image},
            "ImageConfig": {"Command": ["a"]},
        }
        trip = round_trip(clients, "AWS::Lambda::Function", stated)
    assert trip.lacks == ()


def test_how_events_are_retried_is_told_apart_by_version():
    config = {"FunctionName": "f", "Qualifier": "$LATEST", "MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 1200}
    with emulated() as clients:
        make(clients, "AWS::Lambda::Function", function(clients))
        other = make(clients, "AWS::Lambda::EventInvokeConfig", {**config, "Qualifier": "1", "MaximumRetryAttempts": 0})
        trip = round_trip(clients, "AWS::Lambda::EventInvokeConfig", config, {**config, "MaximumRetryAttempts": 1})
        assert adapters()[other.type].look(other)["MaximumRetryAttempts"] == 0
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)


@pytest.mark.parametrize(
    "stated",
    [
        {
            "Principal": "s3.amazonaws.com",
            "SourceArn": "arn:aws:s3:::bucket",
            "SourceAccount": ACCOUNT,
        },
        {"Principal": "222222222222", "PrincipalOrgID": "o-1234567890", "SourceAccount": ACCOUNT},
        {"Principal": "*", "FunctionUrlAuthType": "NONE", "Action": "lambda:InvokeFunctionUrl"},
        {"Principal": "arn:aws:iam::222222222222:role/caller"},
    ],
    ids=["service", "account", "anybody", "role"],
)
def test_a_permission_comes_back_with_every_condition(stated):
    with emulated() as clients:
        made = make(clients, "AWS::Lambda::Function", function(clients))
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{made.physical_id}"
        trip = round_trip(clients, "AWS::Lambda::Permission", {"Action": "lambda:InvokeFunction", "FunctionName": arn, **stated})
    assert trip.lacks == ()
    assert trip.is_deleted


def test_versions_and_aliases_come_back():
    with emulated() as clients:
        made = make(clients, "AWS::Lambda::Function", function(clients))
        version = make(clients, "AWS::Lambda::Version", {"FunctionName": "f", "Description": "first"})
        assert adapters()[version.type].attribute(version, "Version") == "1"
        assert adapters()[version.type].look(version)["FunctionName"] == "f"
        alias = {"FunctionName": "f", "Name": "live", "FunctionVersion": "1", "Description": "a"}
        trip = round_trip(clients, "AWS::Lambda::Alias", alias, {**alias, "Description": "b"})
        assert trip.made.physical_id == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{made.physical_id}:live"
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)


def test_a_layer_and_a_url_come_back():
    with emulated() as clients:
        s3 = clients("s3", account=ACCOUNT, region=REGION)
        s3.create_bucket(Bucket="assets", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="assets", Key="layer.zip", Body=archive("a = 1", "python3.13"))
        content = {"S3Bucket": "assets", "S3Key": "layer.zip"}
        layer = round_trip(
            clients, "AWS::Lambda::LayerVersion", {"LayerName": "l", "Content": content, "CompatibleRuntimes": ["python3.13"]}
        )
        make(clients, "AWS::Lambda::Function", function(clients))
        url = {"TargetFunctionArn": "f", "AuthType": "AWS_IAM", "InvokeMode": "RESPONSE_STREAM"}
        trip = round_trip(clients, "AWS::Lambda::Url", url, {**url, "AuthType": "NONE"})
    assert (layer.lacks, layer.is_deleted) == ((), True)
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)


def test_a_source_of_events_comes_back():
    with emulated() as clients:
        make(clients, "AWS::Lambda::Function", function(clients))
        clients("sqs", account=ACCOUNT, region=REGION).create_queue(QueueName="q")
        stated = {
            "FunctionName": "f",
            "EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q",
            "BatchSize": 5,
            "Enabled": False,
            "MaximumBatchingWindowInSeconds": 7,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
            "ScalingConfig": {"MaximumConcurrency": 2},
        }
        trip = round_trip(clients, "AWS::Lambda::EventSourceMapping", stated, {**stated, "BatchSize": 6, "Enabled": True})
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)


def test_tags_of_the_stack_alone_are_no_difference():
    with emulated() as clients:
        made = make(clients, "AWS::Lambda::Function", function(clients, Tags=[{"Key": "a", "Value": "1"}]))
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
        clients("lambda", account=ACCOUNT, region=REGION).tag_resource(Resource=arn, Tags={"stack": "s", "hand": "h"})
        told = adapters()[made.type].look(replace(made, tags={"stack": "s"}))["Tags"]
    assert told == [{"Key": "a", "Value": "1"}, {"Key": "hand", "Value": "h"}]
