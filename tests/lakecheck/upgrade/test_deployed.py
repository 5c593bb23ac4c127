"""What is deployed is read, never guessed: in two accounts, nested stacks, parameters; what cannot be read is refused."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lakecheck.assembly import Assembly
from lakecheck.cli import main
from lakecheck.upgrade.deployed import read_deployed
from lakemodel.errors import DataLakeError, InvalidInput
from tests.lakecheck.upgrade.support import OTHER, REGION, stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWN = "123456789012"
"""The account that moto takes credentials for."""
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orders"}}
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lake-raw"}}
READING = {"GetCallerIdentity", "AssumeRole", "DescribeStacks", "GetTemplate", "ListStackResources"}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """AWS as moto has it, with credentials that are none; and which calls were made since the test began to read."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    made: list[str] = []
    call = botocore.client.BaseClient._make_api_call

    def recorded(self: Any, operation: str, arguments: Any) -> Any:
        made.append(operation)
        return call(self, operation, arguments)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", recorded)
    with mock_aws():
        yield made


def deploy(name: str, resources: dict[str, Any], account: str = OWN, **more: Any) -> None:
    """Makes a stack, in another account by a role there."""
    session = boto3.Session()
    if account != OWN:
        role = f"arn:aws:iam::{account}:role/Deployer"
        found = session.client("sts", region_name=REGION).assume_role(RoleArn=role, RoleSessionName="deployer")["Credentials"]
        session = boto3.Session(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    body = json.dumps({"Resources": resources} | more.pop("sections", {}))
    session.client("cloudformation", region_name=REGION).create_stack(StackName=name, TemplateBody=body, **more)


def app(*stacks: Any) -> Assembly:
    return Assembly(directory="cdk.out", version="", stacks=stacks)


def own(resources: dict[str, Any], name: str = "Lake", **changed: Any) -> Any:
    return stack(resources, name, account=OWN, **changed)


def fails(monkeypatch: pytest.MonkeyPatch, operation: str, code: str, message: str) -> None:
    """From now on a call is answered with this error."""
    call = botocore.client.BaseClient._make_api_call

    def failing(self: Any, name: str, arguments: Any) -> Any:
        if name == operation:
            raise ClientError({"Error": {"Code": code, "Message": message}}, name)
        return call(self, name, arguments)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", failing)


def test_reads_each_account_by_its_role_and_writes_nothing(calls: list[str]) -> None:
    """Two accounts, one stack that is new; under HEAD's names; read-only calls alone."""
    deploy("Prod-Lake", {"Queue": QUEUE})
    deploy("Prod-Consumer", {"Bucket": BUCKET}, account=OTHER, EnableTerminationProtection=True)
    calls.clear()
    head = app(own({"Queue": QUEUE}), own({}, "New"), stack({}, "Consumer", account=OTHER))
    found = read_deployed(head, role_name="LakecheckReader")
    assert [(each.path, each.account, dict(each.resources)) for each in found.assembly.stacks] == [
        ("Prod/Lake", OWN, {"Queue": QUEUE}),
        ("Prod/Consumer", OTHER, {"Bucket": BUCKET}),
    ]
    assert [each.environment for each in found.assembly.stacks] == ["Prod", "Prod"]
    assert [each.termination_protection for each in found.assembly.stacks] == [False, True]
    assert found.missing == ("Prod-New",)
    assert set(calls) <= READING


def test_another_account_without_a_role_is_refused(calls: list[str]) -> None:
    """A stack of the same name in the wrong account would be another stack."""
    deploy("Prod-Consumer", {"Bucket": BUCKET})
    with pytest.raises(InvalidInput, match=f"it is in account {OTHER}, and the credentials are of {OWN}.*--role-name"):
        read_deployed(app(stack({}, "Consumer", account=OTHER)))


def test_without_a_role_one_account_is_read(calls: list[str]) -> None:
    """The credentials' own; no role is assumed."""
    deploy("Prod-Lake", {"Queue": QUEUE})
    calls.clear()
    assert len(read_deployed(app(own({}))).assembly.stacks) == 1
    assert "AssumeRole" not in calls


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        ("DescribeStacks", "AccessDenied", "not authorized to perform cloudformation:DescribeStacks"),
        ("DescribeStacks", "ValidationError", "1 validation error detected"),
        ("GetTemplate", "AccessDenied", "not authorized to perform cloudformation:GetTemplate"),
        ("AssumeRole", "AccessDenied", "not authorized to perform sts:AssumeRole"),
    ],
)
def test_what_cannot_be_read_is_never_taken_for_not_there(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, operation: str, code: str, message: str
) -> None:
    """Every stack that is refused is told, with AWS's words and what to do."""
    deploy("Prod-Lake", {"Queue": QUEUE})
    deploy("Prod-More", {"Bucket": BUCKET})
    fails(monkeypatch, operation, code, message)
    with pytest.raises(InvalidInput) as refusal:
        read_deployed(app(own({}), own({}, "More")), role_name="Reader")
    told = [str(finding) for finding in refusal.value.findings]
    assert len(told) == 2
    assert all(message in each and "cloudformation:DescribeStacks, GetTemplate" in each for each in told)


def test_a_stack_that_is_being_deployed_is_refused(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows yet what it will be; one whose creation was rolled back has nothing in it."""
    call = botocore.client.BaseClient._make_api_call
    status = "UPDATE_IN_PROGRESS"

    def answering(self: Any, name: str, arguments: Any) -> Any:
        answer = call(self, name, arguments)
        if name == "DescribeStacks":
            answer["Stacks"][0]["StackStatus"] = status
        return answer

    deploy("Prod-Lake", {"Queue": QUEUE})
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", answering)
    with pytest.raises(InvalidInput, match=r"being deployed \(UPDATE_IN_PROGRESS\)"):
        read_deployed(app(own({})))
    status = "ROLLBACK_COMPLETE"
    assert read_deployed(app(own({}))).missing == ("Prod-Lake",)


def test_parameters_are_those_of_the_deployment(calls: list[str]) -> None:
    """HEAD keeps them, as a deployment does, where it still has the parameter; what CloudFormation hides is not known."""
    declared = {"Parameters": {"Days": {"Type": "Number", "Default": 1}, "Secret": {"Type": "String", "NoEcho": True}}}
    given = [{"ParameterKey": "Days", "ParameterValue": "7"}, {"ParameterKey": "Secret", "ParameterValue": "****"}]  # as AWS shows it
    deploy("Prod-Lake", {"Queue": QUEUE}, sections=declared, Parameters=given)
    head = app(own({}))
    found = read_deployed(head)
    assert found.parameters == {"Prod/Lake:Days": "7"}
    assert found.for_head(head) == {}
    assert found.for_head(app(own({}, sections=declared))) == {"Prod/Lake:Days": "7"}


def test_a_template_in_yaml_is_read_with_its_short_forms(calls: list[str]) -> None:
    """As it was submitted."""
    body = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: !Sub '${AWS::StackName}-q'\n"
    boto3.client("cloudformation", region_name=REGION).create_stack(StackName="Prod-Lake", TemplateBody=body)
    (found,) = read_deployed(app(own({}))).assembly.stacks
    assert found.resources["Queue"]["Properties"] == {"QueueName": {"Fn::Sub": "${AWS::StackName}-q"}}


def test_nested_stacks_are_read_under_the_names_that_head_has(calls: list[str]) -> None:
    """By their parent's resources, to the template that is deployed."""
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="templates")
    inner = json.dumps({"Resources": {"Queue": QUEUE}})
    boto3.client("s3", region_name="us-east-1").put_object(Bucket="templates", Key="inner.json", Body=inner)
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://s3.amazonaws.com/templates/inner.json"}}
    deploy("Prod-Lake", {"Inner": nested})
    calls.clear()
    head = app(own({"Inner": nested}), own({}, "Lake/Nested", parent="Prod/Lake", parent_logical_id="Inner"))
    outer, found = read_deployed(head).assembly.stacks
    assert (found.path, found.parent, found.parent_logical_id) == ("Prod/Lake/Nested", outer.path, "Inner")
    assert found.resources == {"Queue": QUEUE}
    assert set(calls) <= READING


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, and nothing is read."""
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(DataLakeError, match=r"pip install 'governed-lake\[aws\]'") as refusal:
        read_deployed(app(own({})))
    assert refusal.value.code == "aws_extra_missing"


def test_credentials_that_do_not_work_are_told(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a profile that there is not."""
    with pytest.raises(DataLakeError, match="nobody") as refusal:
        read_deployed(app(own({})), profile="nobody")
    assert refusal.value.code == "upgrade.credentials"
    fails(monkeypatch, "GetCallerIdentity", "ExpiredToken", "the token is expired")
    with pytest.raises(DataLakeError, match="ExpiredToken: the token is expired"):
        read_deployed(app(own({})))


def test_the_command_compares_with_what_is_deployed(
    calls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bucket that goes is a loss; what cannot be read is exit 2."""
    monkeypatch.chdir(tmp_path)
    deploy("Lake", {"Bucket": BUCKET, "Queue": QUEUE})
    head = tmp_path / "Lake.template.json"
    head.write_text(json.dumps({"Resources": {"Bucket": BUCKET, "Queue": QUEUE}}))
    assert main(["upgrade", "--deployed", str(head), "--region", REGION]) == 0
    head.write_text(json.dumps({"Resources": {"Queue": QUEUE}}))
    assert main(["upgrade", "--deployed", str(head)]) == 1
    assert "DATA LOSS" in capsys.readouterr().out
    fails(monkeypatch, "DescribeStacks", "AccessDenied", "not authorized")
    assert main(["upgrade", "--deployed", str(head)]) == 2
    assert "AccessDenied: not authorized" in capsys.readouterr().err
