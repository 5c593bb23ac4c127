"""Athena's adapters against moto in this process."""

from __future__ import annotations

from tests.lakecheck.rehearsal.adapters.support import emulated, round_trip


def test_a_workgroup_comes_back_as_stated():
    stated = {
        "Name": "analysts",
        "Description": "for people",
        "State": "ENABLED",
        "RecursiveDeleteOption": True,
        "WorkGroupConfiguration": {
            "BytesScannedCutoffPerQuery": 10_000_000,
            "EnforceWorkGroupConfiguration": True,
            "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
            "ResultConfiguration": {"OutputLocation": "s3://results/", "ExpectedBucketOwner": "111111111111"},
        },
    }
    changed = stated | {"State": "DISABLED", "Description": "closed"}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Athena::WorkGroup", stated, changed)
    assert trip.lacks == ()
    assert trip.lacks_after_change == ()
    assert trip.is_deleted
