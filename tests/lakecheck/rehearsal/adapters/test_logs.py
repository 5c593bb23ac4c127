"""Groups, filters, saved queries and policies come back from CloudWatch Logs as a template states them."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("moto")

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

KEY = "arn:aws:kms:eu-west-1:111111111111:key/1"
PROTECTION = {"Name": "mask", "Version": "2021-06-01", "Statement": [{"Sid": "audit", "DataIdentifier": ["*"], "Operation": {}}]}


def test_a_group_comes_back_as_stated_and_loses_what_a_template_no_longer_states():
    stated = {
        "LogGroupName": "g",
        "KmsKeyId": KEY,
        "RetentionInDays": 365,
        "LogGroupClass": "INFREQUENT_ACCESS",
        "DataProtectionPolicy": PROTECTION,
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Logs::LogGroup", stated, {"LogGroupName": "g"})
        assert adapters()[trip.made.type].attribute(trip.made, "Arn") == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*"
    assert trip.lacks == ()
    assert trip.is_deleted
    assert trip.read_after_change["Tags"] == []
    for gone in ("kmsKeyId", "retentionInDays", "DataProtectionPolicy"):
        assert gone not in trip.read_after_change


def test_a_group_is_not_taken_for_another_whose_name_begins_the_same():
    with emulated() as clients:
        make(clients, "AWS::Logs::LogGroup", {"LogGroupName": "group-longer", "RetentionInDays": 1})
        trip = round_trip(
            clients, "AWS::Logs::LogGroup", {"LogGroupName": "group", "RetentionInDays": 7}, {"LogGroupName": "group", "RetentionInDays": 3}
        )
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)


QUERY = {"Name": "folder/failed", "QueryString": "fields @timestamp", "LogGroupNames": ["g"]}
FILTER = {
    "FilterName": "errors",
    "FilterPattern": "ERROR",
    "LogGroupName": "g",
    "MetricTransformations": [
        {"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1", "DefaultValue": 0.0, "Dimensions": [{"Key": "k", "Value": "$.k"}]}
    ],
}
SUBSCRIPTION = {
    "FilterName": "s",
    "LogGroupName": "g",
    "FilterPattern": "",
    "DestinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*",
}
POLICY = {"PolicyName": "p", "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": []})}


@pytest.mark.parametrize(
    ("kind", "stated", "changed"),
    [
        ("QueryDefinition", QUERY, {**QUERY, "QueryString": "fields @message"}),
        ("MetricFilter", FILTER, {**FILTER, "FilterPattern": "WARN"}),
        ("SubscriptionFilter", SUBSCRIPTION, {**SUBSCRIPTION, "FilterPattern": "x"}),
        ("ResourcePolicy", POLICY, {**POLICY, "PolicyDocument": "{}"}),
        ("LogStream", {"LogGroupName": "g", "LogStreamName": "s"}, None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_belongs_to_a_group_comes_back(kind, stated, changed):
    with emulated() as clients:
        make(clients, "AWS::Logs::LogGroup", {"LogGroupName": "g"})
        trip = round_trip(clients, f"AWS::Logs::{kind}", stated, changed)
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)


def test_changing_a_saved_query_that_is_not_there_is_refused():
    with emulated() as clients:
        logs = clients("logs", account=ACCOUNT, region=REGION)
        with pytest.raises(logs.exceptions.ResourceNotFoundException):
            logs.put_query_definition(queryDefinitionId="none", name="n", queryString="q")
        with pytest.raises(logs.exceptions.ResourceNotFoundException):
            logs.delete_query_definition(queryDefinitionId="none")


def test_one_of_two_subscriptions_can_be_changed_and_a_third_is_refused():
    with emulated() as clients:
        make(clients, "AWS::Logs::LogGroup", {"LogGroupName": "g"})
        for name in ("one", "two"):
            make(clients, "AWS::Logs::SubscriptionFilter", {**SUBSCRIPTION, "FilterName": name})
        make(clients, "AWS::Logs::SubscriptionFilter", {**SUBSCRIPTION, "FilterName": "two", "FilterPattern": "other"})
        logs = clients("logs", account=ACCOUNT, region=REGION)
        with pytest.raises(logs.exceptions.LimitExceededException):
            make(clients, "AWS::Logs::SubscriptionFilter", {**SUBSCRIPTION, "FilterName": "three"})
