"""What watches over an account comes back as a template states it: Config, budgets, Security Hub, Macie."""

from __future__ import annotations

import pytest

pytest.importorskip("moto")

from botocore.exceptions import ClientError

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

ROLE = "arn:aws:iam::111111111111:role/config"


def test_a_recorder_comes_back_and_records_once_there_is_a_channel():
    group = {"AllSupported": True, "IncludeGlobalResourceTypes": True}
    stated = {"Name": "r", "RoleARN": ROLE, "RecordingGroup": group}
    some = {"AllSupported": False, "ResourceTypes": ["AWS::S3::Bucket"]}
    channel = {"Name": "c", "S3BucketName": "b", "ConfigSnapshotDeliveryProperties": {"DeliveryFrequency": "One_Hour"}}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Config::ConfigurationRecorder", stated, {**stated, "RecordingGroup": some})
        make(clients, "AWS::Config::ConfigurationRecorder", stated)
        config = clients("config", account=ACCOUNT, region=REGION)
        assert not config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"][0]["recording"]
        made = make(clients, "AWS::Config::DeliveryChannel", channel)
        assert config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"][0]["recording"]
        adapters()[made.type].remove(made)
        there = round_trip(clients, "AWS::Config::DeliveryChannel", channel, {**channel, "S3KeyPrefix": "p"})
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)
    assert (there.lacks, there.lacks_after_change, there.is_deleted) == ((), (), True)


def test_a_rule_and_what_gathers_from_other_accounts_come_back():
    rule = {
        "ConfigRuleName": "rule",
        "Description": "d",
        "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"},
        "Scope": {"ComplianceResourceTypes": ["AWS::S3::Bucket"]},
    }
    aggregator = {
        "ConfigurationAggregatorName": "a",
        "AccountAggregationSources": [{"AccountIds": ["222222222222"], "AllAwsRegions": True}],
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    authorization = {"AuthorizedAccountId": "222222222222", "AuthorizedAwsRegion": REGION}
    with emulated() as clients:
        trips = [
            round_trip(clients, "AWS::Config::ConfigRule", rule, {**rule, "Description": "e"}),
            round_trip(clients, "AWS::Config::ConfigurationAggregator", aggregator, {**aggregator, "Tags": [{"Key": "b", "Value": "2"}]}),
            round_trip(clients, "AWS::Config::AggregationAuthorization", authorization),
        ]
    assert [(trip.lacks, trip.lacks_after_change, trip.is_deleted) for trip in trips] == [((), (), True)] * 3
    assert trips[2].made.physical_id == f"arn:aws:config:{REGION}:{ACCOUNT}:aggregation-authorization/222222222222/{REGION}"


def test_a_rule_that_config_does_not_know_is_refused():
    rule = {"ConfigRuleName": "rule", "Source": {"Owner": "AWS", "SourceIdentifier": "NO_SUCH_RULE"}}
    with emulated() as clients, pytest.raises(ClientError, match="NO_SUCH_RULE"):
        make(clients, "AWS::Config::ConfigRule", rule)


def test_a_budget_comes_back_with_everybody_who_is_told():
    told = {
        "Notification": {
            "NotificationType": "ACTUAL",
            "ComparisonOperator": "GREATER_THAN",
            "Threshold": 80,
            "ThresholdType": "PERCENTAGE",
        },
        "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "a@example.com"}],
    }
    budget = {
        "BudgetName": "monthly",
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": 100, "Unit": "USD"},
        "CostFilters": {"Service": ["Amazon Athena"]},
        "TimePeriod": {"Start": "1767225600", "End": "06/15/87 00:00 UTC"},
    }
    with emulated() as clients:
        stated = {"Budget": budget, "NotificationsWithSubscribers": [told]}
        changed = {**stated, "Budget": {**budget, "BudgetLimit": {"Amount": 200, "Unit": "USD"}}}
        trip = round_trip(clients, "AWS::Budgets::Budget", stated, changed)
    assert (trip.made.physical_id, trip.lacks, trip.lacks_after_change, trip.is_deleted) == ("monthly", (), (), True)


def test_a_hub_and_a_session_come_back():
    hub = {"AutoEnableControls": False, "ControlFindingGenerator": "STANDARD_CONTROL", "EnableDefaultStandards": False}
    session = {"FindingPublishingFrequency": "ONE_HOUR", "Status": "ENABLED"}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::SecurityHub::Hub", hub, {**hub, "AutoEnableControls": True})
        there = round_trip(clients, "AWS::Macie::Session", session, {**session, "Status": "PAUSED"})
    assert trip.made.physical_id == f"arn:aws:securityhub:{REGION}:{ACCOUNT}:hub/default"
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)
    assert (there.lacks, there.lacks_after_change, there.is_deleted) == ((), (), True)
