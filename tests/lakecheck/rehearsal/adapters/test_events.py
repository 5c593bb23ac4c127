"""Rules, buses, archives, destinations and schedules come back as a template states them."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("moto")

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"
TARGET = {
    "Id": "Target0",
    "Arn": MACHINE,
    "RoleArn": "arn:aws:iam::111111111111:role/r",
    "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"},
    "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
    "InputTransformer": {"InputPathsMap": {"a": "$.detail"}, "InputTemplate": '{"a": <a>}'},
}
RULE = {
    "Name": "r",
    "Description": "starts it",
    "EventPattern": {"source": ["aws.s3"], "detail": {"object": {"size": [{"numeric": [">", 0]}]}}},
    "State": "ENABLED",
    "Targets": [TARGET, {"Id": "Another", "Arn": MACHINE}],
    "Tags": [{"Key": "a", "Value": "1"}],
}


def test_a_rule_comes_back_as_stated_and_loses_targets_that_are_no_longer_stated():
    with emulated() as clients:
        changed = {**RULE, "State": "DISABLED", "Targets": [{"Id": "Another", "Arn": MACHINE, "Input": "{}"}], "Tags": []}
        trip = round_trip(clients, "AWS::Events::Rule", RULE, changed)
        assert adapters()[trip.made.type].attribute(trip.made, "Arn") == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"
    assert (trip.made.physical_id, trip.lacks, trip.lacks_after_change, trip.is_deleted) == ("r", (), (), True)
    assert len(trip.read_after_change["Targets"]) == 1


def test_a_rule_on_a_bus_of_its_own_is_called_after_both():
    with emulated() as clients:
        bus = make(clients, "AWS::Events::EventBus", {"Name": "own"})
        arn = adapters()[bus.type].attribute(bus, "Arn")
        trip = round_trip(
            clients, "AWS::Events::Rule", {**RULE, "EventBusName": arn}, {**RULE, "EventBusName": arn, "Description": "other"}
        )
        assert adapters()[trip.made.type].attribute(trip.made, "Arn") == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/own/r"
    assert (trip.made.physical_id, trip.lacks, trip.lacks_after_change, trip.is_deleted) == ("own|r", (), (), True)


def test_a_schedule_by_rule_comes_back():
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Events::Rule", {"ScheduleExpression": "rate(1 day)", "State": "ENABLED"})
    assert (trip.lacks, trip.is_deleted) == ((), True)


def test_a_bus_its_policies_and_its_archive_come_back():
    bus = {
        "Name": "own",
        "Description": "a",
        "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"},
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    statement = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": "events:PutEvents"}
    statement["Resource"] = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/own"
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Events::EventBus", bus, {**bus, "Description": "b"})
        assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)
        made = make(clients, "AWS::Events::EventBus", bus)
        policy = {"EventBusName": "own", "StatementId": "one", "Statement": statement}
        first = make(clients, "AWS::Events::EventBusPolicy", policy)
        second = round_trip(clients, "AWS::Events::EventBusPolicy", {**policy, "StatementId": "two"}, {**policy, "StatementId": "two"})
        assert (second.lacks, second.lacks_after_change, second.is_deleted) == ((), (), True)
        assert adapters()[first.type].look(first)["Statement"] == statement
        other = {"EventBusName": "own", "StatementId": "three", "Action": "events:PutEvents", "Principal": "333333333333"}
        assert round_trip(clients, "AWS::Events::EventBusPolicy", other).lacks == ()
        archive = {"SourceArn": adapters()[made.type].attribute(made, "Arn"), "RetentionDays": 7, "EventPattern": {"source": ["a"]}}
        kept = round_trip(clients, "AWS::Events::Archive", archive, {**archive, "RetentionDays": 8})
    assert (kept.lacks, kept.lacks_after_change, kept.is_deleted) == ((), (), True)


def test_a_destination_comes_back_without_the_secret_of_its_connection():
    key = {"ApiKeyName": "k", "ApiKeyValue": "hidden"}
    connection = {"Name": "c", "AuthorizationType": "API_KEY", "AuthParameters": {"ApiKeyAuthParameters": key}}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Events::Connection", connection, {**connection, "Description": "d"})
        made = make(clients, "AWS::Events::Connection", connection)
        stated = {
            "Name": "d",
            "ConnectionArn": adapters()[made.type].attribute(made, "Arn"),
            "HttpMethod": "POST",
            "InvocationEndpoint": "https://example.com",
        }
        there = round_trip(clients, "AWS::Events::ApiDestination", stated, {**stated, "InvocationRateLimitPerSecond": 3})
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)
    assert (there.lacks, there.lacks_after_change, there.is_deleted) == ((), (), True)


def test_a_schedule_and_its_group_come_back():
    stated = {
        "Name": "s",
        "GroupName": "g",
        "ScheduleExpression": "cron(0 6 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "EndDate": "2030-01-01T00:00:00Z",
        "State": "ENABLED",
        "Target": {"Arn": MACHINE, "RoleArn": "arn:aws:iam::111111111111:role/r", "Input": json.dumps({"sweep": {}})},
    }
    with emulated() as clients:
        make(clients, "AWS::Scheduler::ScheduleGroup", {"Name": "g"})
        trip = round_trip(clients, "AWS::Scheduler::Schedule", stated, {**stated, "State": "DISABLED", "ActionAfterCompletion": "DELETE"})
        group = {"Name": "other", "Tags": [{"Key": "a", "Value": "1"}]}
        there = round_trip(clients, "AWS::Scheduler::ScheduleGroup", group, {"Name": "other", "Tags": [{"Key": "b", "Value": "1"}]})
    assert (trip.made.physical_id, trip.lacks, trip.lacks_after_change, trip.is_deleted) == ("s", (), (), True)
    assert (there.lacks, there.lacks_after_change, there.is_deleted) == ((), (), True)
