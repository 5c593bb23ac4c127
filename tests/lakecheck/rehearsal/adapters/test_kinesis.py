"""A stream comes back from Kinesis as a template states it."""

from __future__ import annotations

import pytest

pytest.importorskip("moto")

from tests.lakecheck.rehearsal.adapters.support import emulated, round_trip


def test_a_stream_comes_back_and_changes():
    stated = {
        "Name": "s",
        "ShardCount": 1,
        "RetentionPeriodHours": 48,
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    changed = {"Name": "s", "ShardCount": 2, "Tags": [{"Key": "b", "Value": "1"}]}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Kinesis::Stream", stated, changed)
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)
    assert trip.read_after_change["RetentionPeriodHours"] == 24
    assert trip.read_after_change["EncryptionType"] == "NONE"
