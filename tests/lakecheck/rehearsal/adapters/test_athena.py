"""Athena's adapters against moto in this process."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

WORK_GROUP = {
    "Name": "analysts",
    "Description": "for people",
    "State": "ENABLED",
    "RecursiveDeleteOption": True,
    "WorkGroupConfiguration": {
        "BytesScannedCutoffPerQuery": 10_000_000,
        "EnforceWorkGroupConfiguration": True,
        "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
        "ResultConfiguration": {"OutputLocation": "s3://results/", "ExpectedBucketOwner": ACCOUNT},
    },
    "Tags": [{"Key": "team", "Value": "sales"}],
}


def test_a_workgroup_comes_back_as_stated():
    changed = {
        **WORK_GROUP,
        "State": "DISABLED",
        "Description": "closed",
        "WorkGroupConfiguration": {
            "EnforceWorkGroupConfiguration": False,
            "ResultConfiguration": {"OutputLocation": "s3://elsewhere/"},
        },
        "Tags": [{"Key": "cost", "Value": "1"}],
    }
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Athena::WorkGroup", WORK_GROUP, changed)
    assert trip.lacks == ()
    assert trip.lacks_after_change == ()
    assert trip.is_deleted


def test_what_a_workgroup_no_longer_states_is_gone():
    changed = {**WORK_GROUP, "WorkGroupConfiguration": {"ResultConfiguration": {"OutputLocation": "s3://results/"}}}
    with emulated() as clients:
        after = round_trip(clients, "AWS::Athena::WorkGroup", WORK_GROUP, changed).read_after_change
    assert after is not None
    assert "BytesScannedCutoffPerQuery" not in after["WorkGroupConfiguration"]
    assert "ExpectedBucketOwner" not in after["WorkGroupConfiguration"]["ResultConfiguration"]


def test_a_workgroup_can_begin_disabled():
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Athena::WorkGroup", {"Name": "closed", "State": "DISABLED"})
    assert trip.lacks == ()


def test_a_workgroup_tells_the_engine_in_effect():
    with emulated() as clients:
        made = make(clients, "AWS::Athena::WorkGroup", WORK_GROUP)
        adapter = adapters()["AWS::Athena::WorkGroup"]
        engine = adapter.attribute(made, "WorkGroupConfiguration.EngineVersion.EffectiveEngineVersion")
    assert engine == "Athena engine version 3"


@pytest.mark.parametrize(
    ("type_", "stated", "changed"),
    [
        (
            "AWS::Athena::NamedQuery",
            {"Name": "q", "Database": "sales", "QueryString": "SELECT 1", "WorkGroup": "primary", "Description": "one"},
            None,
        ),
        (
            "AWS::Athena::PreparedStatement",
            {"StatementName": "p", "WorkGroup": "primary", "QueryStatement": "SELECT ?", "Description": "one"},
            {"StatementName": "p", "WorkGroup": "primary", "QueryStatement": "SELECT ?, 2", "Description": "two"},
        ),
        (
            "AWS::Athena::DataCatalog",
            {
                "Name": "lambda",
                "Type": "LAMBDA",
                "Description": "one",
                "Parameters": {"function": "f"},
                "Tags": [{"Key": "a", "Value": "b"}],
            },
            {"Name": "lambda", "Type": "LAMBDA", "Description": "two", "Parameters": {"function": "g"}},
        ),
        ("AWS::Athena::CapacityReservation", {"Name": "c", "TargetDpus": 24}, {"Name": "c", "TargetDpus": 48}),
    ],
)
def test_it_comes_back_as_stated(type_, stated, changed):
    with emulated() as clients:
        trip = round_trip(clients, type_, stated, changed)
    assert trip.lacks == ()
    assert trip.lacks_after_change == ()
    assert trip.is_deleted


def test_what_moto_does_not_know_of_a_reservation_is_not_returned():
    stated = {"Name": "c", "TargetDpus": 24, "CapacityAssignmentConfiguration": {"CapacityAssignments": [{"WorkgroupNames": ["primary"]}]}}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Athena::CapacityReservation", stated)
    assert trip.lacks == ("CapacityAssignmentConfiguration.CapacityAssignments",)


def test_statements_of_one_name_live_in_different_workgroups():
    with emulated() as clients:
        make(clients, "AWS::Athena::WorkGroup", WORK_GROUP)
        stated = {"StatementName": "p", "WorkGroup": "primary", "QueryStatement": "SELECT 1"}
        first = make(clients, "AWS::Athena::PreparedStatement", stated)
        make(clients, "AWS::Athena::PreparedStatement", {**stated, "WorkGroup": "analysts", "QueryStatement": "SELECT 2"})
        adapter = adapters()["AWS::Athena::PreparedStatement"]
        assert adapter.look(first)["QueryStatement"] == "SELECT 1"
        adapter.remove(first)
        assert adapter.look(first) is None
        assert adapter.look(replace(first, properties={**stated, "WorkGroup": "analysts"}))["QueryStatement"] == "SELECT 2"


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("get_work_group", {"WorkGroup": "absent"}),
        ("get_named_query", {"NamedQueryId": "absent"}),
        ("delete_named_query", {"NamedQueryId": "absent"}),
        ("get_data_catalog", {"Name": "absent"}),
        ("update_work_group", {"WorkGroup": "absent"}),
    ],
)
def test_what_is_not_there_is_refused(operation, asked):
    with emulated() as clients, pytest.raises(ClientError, match="InvalidRequestException"):
        getattr(clients("athena", account=ACCOUNT, region=REGION), operation)(**asked)


def test_a_reservation_has_to_be_cancelled_before_it_is_deleted():
    with emulated() as clients:
        make(clients, "AWS::Athena::CapacityReservation", {"Name": "c", "TargetDpus": 24})
        with pytest.raises(ClientError, match="cancelled first"):
            clients("athena", account=ACCOUNT, region=REGION).delete_capacity_reservation(Name="c")
