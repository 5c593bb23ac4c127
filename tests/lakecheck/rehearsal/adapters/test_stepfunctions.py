"""State machines, versions and aliases come back from Step Functions as a template states them."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("moto")

from botocore.exceptions import ClientError

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${Function}", "End": True}}}
MACHINE = {
    "StateMachineName": "m",
    "StateMachineType": "EXPRESS",
    "RoleArn": "arn:aws:iam::111111111111:role/r",
    "DefinitionString": json.dumps(DEFINITION),
    "LoggingConfiguration": {
        "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*"}}],
        "IncludeExecutionData": False,
        "Level": "ALL",
    },
    "TracingConfiguration": {"Enabled": True},
    "EncryptionConfiguration": {"Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": "k", "KmsDataKeyReusePeriodSeconds": 300},
    "Tags": [{"Key": "a", "Value": "1"}],
}


def test_a_machine_comes_back_as_stated_and_takes_defaults_for_what_is_no_longer_stated():
    bare = {name: MACHINE[name] for name in ("StateMachineName", "StateMachineType", "RoleArn")}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::StepFunctions::StateMachine", MACHINE, {**bare, "Definition": {"StartAt": "B", "States": {}}})
        assert adapters()[trip.made.type].attribute(trip.made, "Name") == "m"
    assert trip.made.physical_id == f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)
    assert trip.read_after_change["loggingConfiguration"]["level"] == "OFF"
    assert trip.read_after_change["tracingConfiguration"] == {"enabled": False}
    assert trip.read_after_change["Tags"] == []


@pytest.mark.parametrize("form", ["DefinitionString", "Definition", "DefinitionS3Location", "yaml"])
def test_a_definition_comes_back_in_every_form_with_its_substitutions(form):
    location = {"Bucket": "assets", "Key": "k"}
    name = "DefinitionS3Location" if form == "yaml" else form
    value = {"DefinitionString": json.dumps(DEFINITION), "Definition": DEFINITION}.get(form, location)
    stated = {"StateMachineName": "m", "RoleArn": MACHINE["RoleArn"], name: value, "DefinitionSubstitutions": {"Function": "arn:f"}}
    text = "StartAt: A\nStates:\n  A: {Type: Task, Resource: '${Function}', End: true}\n" if form == "yaml" else json.dumps(DEFINITION)
    with emulated() as clients:
        s3 = clients("s3", account=ACCOUNT, region=REGION)
        s3.create_bucket(Bucket="assets", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="assets", Key="k", Body=text.encode())
        made = make(clients, "AWS::StepFunctions::StateMachine", stated)
        client = clients("stepfunctions", account=ACCOUNT, region=REGION)
        kept = json.loads(client.describe_state_machine(stateMachineArn=made.physical_id)["definition"])
        assert kept["States"]["A"]["Resource"] == "arn:f"
        look = adapters()[made.type].look
        assert look(made)[name] == value
        client.update_state_machine(stateMachineArn=made.physical_id, definition=json.dumps({"StartAt": "other", "States": {}}))
        assert name not in look(made)


def test_a_name_that_is_taken_is_refused():
    with emulated() as clients:
        make(clients, "AWS::StepFunctions::StateMachine", MACHINE)
        with pytest.raises(ClientError, match="StateMachineAlreadyExists"):
            make(clients, "AWS::StepFunctions::StateMachine", {**MACHINE, "DefinitionString": "{}"})


def test_versions_aliases_and_activities_come_back():
    with emulated() as clients:
        machine = make(clients, "AWS::StepFunctions::StateMachine", MACHINE)
        stated = {"StateMachineArn": machine.physical_id, "Description": "first"}
        version = make(clients, "AWS::StepFunctions::StateMachineVersion", stated)
        assert version.physical_id == f"{machine.physical_id}:1"
        alias = {
            "Name": "live",
            "Description": "a",
            "RoutingConfiguration": [{"StateMachineVersionArn": version.physical_id, "Weight": 100}],
        }
        trip = round_trip(clients, "AWS::StepFunctions::StateMachineAlias", alias, {**alias, "Description": "b"})
        again = round_trip(clients, "AWS::StepFunctions::StateMachineVersion", {**stated, "Description": "second"})
        activity = round_trip(clients, "AWS::StepFunctions::Activity", {"Name": "act", "Tags": [{"Key": "a", "Value": "1"}]})
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)
    assert (again.made.physical_id[-2:], again.lacks, again.is_deleted) == (":2", (), True)
    assert (activity.lacks, activity.is_deleted) == ((), True)
