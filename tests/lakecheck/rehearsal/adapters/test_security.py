"""Trails and detectors come back as a template states them."""

from __future__ import annotations

import pytest

pytest.importorskip("moto")

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

TRAIL = {
    "TrailName": "audit",
    "S3BucketName": "audit-bucket",
    "S3KeyPrefix": "p",
    "IsLogging": True,
    "IsMultiRegionTrail": True,
    "IncludeGlobalServiceEvents": True,
    "EnableLogFileValidation": True,
    "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*",
    "CloudWatchLogsRoleArn": "arn:aws:iam::111111111111:role/r",
    "KMSKeyId": "arn:aws:kms:eu-west-1:111111111111:key/1",
    "AdvancedEventSelectors": [
        {"Name": "management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
        {"Name": "objects", "FieldSelectors": [{"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::b/"]}]},
    ],
    "InsightSelectors": [{"InsightType": "ApiCallRateInsight"}],
    "Tags": [{"Key": "a", "Value": "1"}],
}


def test_a_trail_comes_back_as_stated_and_one_kind_of_selectors_replaces_the_other():
    bare = {name: value for name, value in TRAIL.items() if name not in ("AdvancedEventSelectors", "InsightSelectors")}
    basic = [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}]
    with emulated() as clients:
        configuration = {"LocationConstraint": REGION}
        clients("s3", account=ACCOUNT, region=REGION).create_bucket(Bucket="audit-bucket", CreateBucketConfiguration=configuration)
        changed = {**bare, "IsLogging": False, "EventSelectors": basic, "Tags": [{"Key": "b", "Value": "1"}]}
        trip = round_trip(clients, "AWS::CloudTrail::Trail", TRAIL, changed)
        assert adapters()[trip.made.type].attribute(trip.made, "Arn") == f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)
    assert trip.read["HasCustomEventSelectors"]
    assert not trip.read_after_change["AdvancedEventSelectors"]
    assert "InsightSelectors" not in trip.read_after_change


def test_a_detector_and_its_filter_come_back():
    runtime = {"Name": "RUNTIME_MONITORING", "Status": "ENABLED"}
    runtime["AdditionalConfiguration"] = [{"Name": "EKS_ADDON_MANAGEMENT", "Status": "ENABLED"}]
    stated = {
        "Enable": True,
        "FindingPublishingFrequency": "FIFTEEN_MINUTES",
        "Features": [{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}, runtime],
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    criterion = {"severity": {"Gte": 4}, "type": {"Eq": ["a"]}}
    rule = {"Name": "low", "Action": "ARCHIVE", "Description": "d", "Rank": 2, "FindingCriteria": {"Criterion": criterion}}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::GuardDuty::Detector", stated, {**stated, "Enable": False})
        made = make(clients, "AWS::GuardDuty::Detector", {"Enable": True, "DataSources": {"S3Logs": {"Enable": True}}})
        assert adapters()[made.type].look(made)["DataSources"]["S3Logs"] == {"Enable": True}
        rule["DetectorId"] = made.physical_id
        there = round_trip(clients, "AWS::GuardDuty::Filter", rule, {**rule, "Action": "NOOP"})
    assert (trip.lacks, trip.lacks_after_change, trip.is_deleted) == ((), (), True)
    assert (there.lacks, there.lacks_after_change, there.is_deleted) == ((), (), True)
