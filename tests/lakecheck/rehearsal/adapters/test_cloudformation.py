"""A stack in a stack is made of the template in S3, changes with its parameters, and fails what it is in when it fails."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace

import pytest

pytest.importorskip("moto")

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, lacking, make, resource

KIND = "AWS::CloudFormation::Stack"
URL = f"https://s3.{REGION}.amazonaws.com/assets/inner.json"
INNER = {
    "Parameters": {"Words": {"Type": "CommaDelimitedList"}, "Name": {"Type": "String"}},
    "Resources": {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Ref": "Name"}}}},
    "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Group", "Arn"]}}, "Second": {"Value": {"Fn::Select": [1, {"Ref": "Words"}]}}},
}
STATED = {"TemplateURL": URL, "Parameters": {"Words": ["a", "b"], "Name": "g"}}


@pytest.fixture
def clients():
    models, responses = pytest.importorskip("moto.cloudformation.models"), pytest.importorskip("moto.cloudformation.responses")
    stacks = importlib.import_module("lakecheck.rehearsal.cloudformation.stacks")
    change_sets = ("describe_change_set", "execute_change_set")
    ours = {
        models.CloudFormationBackend: ("create_stack", "update_stack", "delete_stack", "create_change_set", *change_sets),
        responses.CloudFormationResponse: ("delete_change_set", *change_sets),
    }
    before = {(owner, name): getattr(owner, name) for owner, names in ours.items() for name in names}
    added = hasattr(responses.CloudFormationResponse, "update_termination_protection")
    with emulated() as found:
        stacks.install(found, None)
        s3 = found("s3", account=ACCOUNT, region=REGION)
        s3.create_bucket(Bucket="assets", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="assets", Key="inner.json", Body=json.dumps(INNER).encode())
        try:
            yield found
        finally:
            for (owner, name), method in before.items():
                setattr(owner, name, method)
            if not added:
                del responses.CloudFormationResponse.update_termination_protection


def test_a_stack_in_a_stack_comes_back_with_its_outputs_and_changes(clients):
    adapter, logs = adapters()[KIND], clients("logs", account=ACCOUNT, region=REGION)
    made = make(clients, KIND, STATED)
    assert lacking(STATED, adapter.look(made)) == ()
    assert adapter.attribute(made, "Outputs.Second") == "b"
    assert adapter.attribute(made, "Outputs.Arn").endswith(":log-group:g:*")
    with pytest.raises(KeyError):
        adapter.attribute(made, "Arn")
    changed = {**STATED, "Parameters": {"Words": ["a", "c"], "Name": "h"}}
    made = replace(made, properties=changed, old_properties=STATED)
    adapter.change(made)
    adapter.change(made)
    assert lacking(changed, adapter.look(made)) == ()
    assert adapter.attribute(made, "Outputs.Second") == "c"
    assert [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]] == ["h"]
    adapter.remove(made)
    assert adapter.look(made) is None
    assert logs.describe_log_groups()["logGroups"] == []


def test_a_template_that_is_not_what_was_deployed_does_not_come_back(clients):
    made = make(clients, KIND, STATED)
    other = json.dumps({**INNER, "Outputs": {}}).encode()
    clients("s3", account=ACCOUNT, region=REGION).put_object(Bucket="assets", Key="inner.json", Body=other)
    assert lacking(STATED, adapters()[KIND].look(made)) == ("TemplateURL",)


def test_a_stack_that_cannot_be_made_fails_the_one_it_is_in(clients):
    make(clients, "AWS::Logs::LogGroup", {"LogGroupName": "g"})
    with pytest.raises(RuntimeError, match="ROLLBACK_COMPLETE"):
        adapters()[KIND].make(resource(clients, KIND, STATED))
