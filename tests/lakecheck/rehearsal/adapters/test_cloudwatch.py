"""Alarms and dashboards come back from CloudWatch as a template states them."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("moto")

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

ALARM = {
    "AlarmName": "late",
    "AlarmDescription": "too late",
    "AlarmActions": ["arn:aws:sns:eu-west-1:111111111111:t"],
    "OKActions": ["arn:aws:sns:eu-west-1:111111111111:t"],
    "InsufficientDataActions": ["arn:aws:sns:eu-west-1:111111111111:t"],
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "DatapointsToAlarm": 1,
    "EvaluationPeriods": 2,
    "Threshold": 1,
    "TreatMissingData": "notBreaching",
    "ActionsEnabled": False,
    "Tags": [{"Key": "a", "Value": "1"}],
}
OF_METRIC = {
    "Namespace": "AWS/SQS",
    "MetricName": "ApproximateNumberOfMessagesVisible",
    "Dimensions": [{"Name": "QueueName", "Value": "q"}],
    "Period": 300,
    "Statistic": "Maximum",
    "Unit": "Count",
}
METRIC = {"Metric": {"Namespace": "n", "MetricName": "m", "Dimensions": [{"Name": "d", "Value": "v"}]}, "Period": 60, "Stat": "Sum"}
OF_METRICS = {
    "Metrics": [
        {"Id": "a", "AccountId": "222222222222", "MetricStat": METRIC, "ReturnData": False},
        {"Id": "b", "Expression": "a * 2", "Label": "twice", "ReturnData": True},
    ]
}


@pytest.mark.parametrize(
    "more", [OF_METRIC, OF_METRICS, {**OF_METRIC, "ExtendedStatistic": "tm90"}], ids=["metric", "expression", "trimmed"]
)
def test_an_alarm_comes_back_as_stated(more):
    stated = {**ALARM, **more}
    if "ExtendedStatistic" in more:
        stated.pop("Statistic")
    with emulated() as clients:
        trip = round_trip(clients, "AWS::CloudWatch::Alarm", stated, {**stated, "Threshold": 2, "Tags": [{"Key": "b", "Value": "2"}]})
        assert adapters()[trip.made.type].attribute(trip.made, "Arn") == f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:late"
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)


def test_a_composite_alarm_comes_back_as_stated_and_is_no_metric_alarm():
    stated = {
        "AlarmName": "both",
        "AlarmRule": "ALARM(late)",
        "AlarmDescription": "both",
        "ActionsEnabled": True,
        "AlarmActions": ["arn:aws:sns:eu-west-1:111111111111:t"],
        "ActionsSuppressor": "quiet",
        "ActionsSuppressorWaitPeriod": 10,
        "ActionsSuppressorExtensionPeriod": 20,
    }
    with emulated() as clients:
        kept = make(clients, "AWS::CloudWatch::CompositeAlarm", {**stated, "AlarmName": "other"})
        trip = round_trip(clients, "AWS::CloudWatch::CompositeAlarm", stated, {**stated, "AlarmRule": "OK(late)"})
        assert adapters()["AWS::CloudWatch::Alarm"].look(kept) is None
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)


def test_a_dashboard_is_called_as_reference_says():
    body = json.dumps({"widgets": []})
    with emulated() as clients:
        trip = round_trip(
            clients, "AWS::CloudWatch::Dashboard", {"DashboardBody": body}, {"DashboardBody": json.dumps({"start": "-P7D", "widgets": []})}
        )
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)
    assert trip.made.physical_id.startswith("Stack-Thing-")


def test_a_rule_of_contributor_insights_comes_back():
    stated = {"RuleName": "r", "RuleState": "ENABLED", "RuleBody": json.dumps({"Schema": {"Name": "CloudWatchLogRule", "Version": 1}})}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::CloudWatch::InsightRule", stated, {**stated, "RuleState": "DISABLED"})
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)
