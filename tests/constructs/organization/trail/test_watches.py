"""What rings and what doesn't, on events in the shapes that CloudTrail records."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from constructs_lib.organization.trail import ALWAYS_WATCHED, Watch, archive_change, break_glass_use
from lakemodel.errors import DataLakeError
from tests.constructs.organization.trail.events import LAKE, OUTSIDE, event, role, root, user
from tests.constructs.organization.trail.filters import matches

BUCKETS = ("governed-lake-trail-222222222222-eu-west-1", "governed-lake-config-222222222222-eu-west-1")
WATCHES = (*ALWAYS_WATCHED, archive_change(*BUCKETS), *break_glass_use("BreakGlass"))
ENGINEER = role(LAKE, "DataEngineer", "jane")
CONFIGURATION = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


def rings(record: dict[str, Any]) -> set[str]:
    """The names of the watches that hear of an event; each hears it once."""
    heard = [watch.name for watch in WATCHES for pattern in watch.patterns() if matches(pattern, record)]
    assert len(heard) == len(set(heard)), "counted twice"
    return set(heard)


def login(identity: dict[str, Any], *, mfa: str = "No", result: str = "Success") -> dict[str, Any]:
    return event(
        "signin",
        "ConsoleLogin",
        identity,
        eventType="AwsConsoleSignIn",
        responseElements={"ConsoleLogin": result},
        additionalEventData={"MFAUsed": mfa, "LoginTo": "https://console.aws.amazon.com/", "MobileVersion": "No"},
    )


def assume(arn: str, **more: Any) -> dict[str, Any]:
    return event("sts", "AssumeRole", user("ops"), requestParameters={"roleArn": arn, "roleSessionName": "ops"}, **more)


def on_bucket(name: str, bucket: str, **parameters: Any) -> dict[str, Any]:
    return event("s3", name, ENGINEER, requestParameters={"bucketName": bucket, "Host": "s3.amazonaws.com", **parameters})


@pytest.mark.parametrize(("record", "expected"), [
    (event("iam", "ListUsers", root()), {"RootUse"}),
    (login(root()), {"RootUse", "ConsoleWithoutMfa"}),
    (login(user("joe")), {"ConsoleWithoutMfa"}),
    (assume(f"arn:aws:iam::{LAKE}:role/BreakGlass"), {"BreakGlassTaken"}),
    (assume(f"arn:aws-us-gov:iam::{LAKE}:role/emergency/BreakGlass", errorCode="AccessDenied"), {"BreakGlassTaken"}),
    (event("s3", "GetObject", role(LAKE, "BreakGlass", "ops"), eventCategory="Data"), {"BreakGlassUsed"}),
    (event("cloudtrail", "StopLogging", role(LAKE, "BreakGlass", "ops")), {"BreakGlassUsed", "TrailChange"}),
    (event("cloudtrail", "PutEventSelectors", ENGINEER), {"TrailChange"}),
    (event("cloudtrail", "DeleteTrail", ENGINEER, errorCode="AccessDenied"), {"TrailChange"}),
    (event("monitoring", "DisableAlarmActions", ENGINEER), {"TrailChange"}),
    (event("config", "StopConfigurationRecorder", ENGINEER), {"RecorderChange"}),
    (event("config", "DeleteOrganizationConfigRule", ENGINEER), {"RecorderChange"}),
    (event("guardduty", "DeleteDetector", ENGINEER), {"DetectorChange"}),
    (event("guardduty", "DisassociateFromAdministratorAccount", ENGINEER), {"DetectorChange"}),
    (event("securityhub", "BatchDisableStandards", ENGINEER), {"DetectorChange"}),
    (event("macie2", "DisableMacie", ENGINEER), {"DetectorChange"}),
    (event("access-analyzer", "DeleteAnalyzer", ENGINEER), {"DetectorChange"}),
    (event("organizations", "DetachPolicy", ENGINEER), {"GuardrailChange"}),
    (event("organizations", "LeaveOrganization", ENGINEER), {"GuardrailChange"}),
    (event("controltower", "DisableControl", ENGINEER), {"GuardrailChange"}),
    (event("iam", "DeleteRolePermissionsBoundary", ENGINEER), {"BoundaryRemoved"}),
    (event("kms", "ScheduleKeyDeletion", ENGINEER), {"KeyEndangered"}),
    (event("s3", "DeleteAccountPublicAccessBlock", ENGINEER), {"PublicAccessOpened"}),
    (on_bucket("PutBucketPublicAccessBlock", "x", PublicAccessBlockConfiguration={**CONFIGURATION, "BlockPublicPolicy": False}),
     {"PublicAccessAllowed"}),
    (on_bucket("PutBucketPolicy", BUCKETS[0]), {"ArchiveChange"}),
    (on_bucket("PutBucketObjectLockConfiguration", BUCKETS[0]), {"ArchiveChange"}),
    (on_bucket("DeleteBucketLifecycle", BUCKETS[1]), {"ArchiveChange"}),
    (event("lakeformation", "PutDataLakeSettings", ENGINEER), {"LakeSettingsChange"}),
    (event("glue", "DeleteResourcePolicy", ENGINEER), {"LakeSettingsChange"}),
])  # fmt: skip
def test_rings(record: dict[str, Any], expected: set[str]) -> None:
    """Each event is heard by those whose matter it is, a failed attempt as well, and by each once."""
    assert rings(record) == expected


@pytest.mark.parametrize("record", [
    event("kms", "CreateGrant", {**root(), "invokedBy": "s3.amazonaws.com"}),
    event("kms", "RotateKey", root(), eventType="AwsServiceEvent"),
    login(user("joe"), mfa="Yes"),
    login(user("joe"), result="Failure"),
    login(role(LAKE, "AWSReservedSSO_DataAnalyst_0123456789abcdef", "joe")),
    assume(f"arn:aws:iam::{LAKE}:role/BreakGlassReader"),
    assume(f"arn:aws:iam::{LAKE}:role/NotBreakGlass"),
    event("s3", "GetObject", role(LAKE, "BreakGlassReader", "ops")),
    event("s3", "GetObject", role(OUTSIDE, "Analyst", "BreakGlass")),
    event("cloudtrail", "DescribeTrails", ENGINEER),
    event("cloudtrail", "LookupEvents", ENGINEER),
    event("config", "DescribeConfigurationRecorders", ENGINEER),
    event("guardduty", "GetDetector", ENGINEER),
    event("organizations", "DescribePolicy", ENGINEER),
    event("lakeformation", "GetDataAccess", ENGINEER),
    event("glue", "UpdateTable", ENGINEER),
    event("iam", "PutRolePolicy", ENGINEER),
    event("dynamodb", "DeleteResourcePolicy", ENGINEER),
    on_bucket("PutBucketPolicy", "somebody-elses-bucket"),
    on_bucket("PutBucketPublicAccessBlock", "x", PublicAccessBlockConfiguration=CONFIGURATION),
    on_bucket("GetBucketPolicy", BUCKETS[0]),
])  # fmt: skip
def test_does_not_ring(record: dict[str, Any]) -> None:
    """Nobody is woken for what services do, for reading, or for what only looks alike."""
    assert rings(record) == set()


def test_each_watch_rings_for_each_of_its_events() -> None:
    """Also where its events need several filters: none is lost, none is counted twice."""
    for watch in WATCHES:
        for source, names in watch.events:
            for name in names:
                bare = Watch(name=watch.name, says="", events=watch.events)
                record = event(source.removesuffix(".amazonaws.com"), name.replace("*", "Some"), ENGINEER)
                assert sum(matches(pattern, record) for pattern in bare.patterns()) == 1, (watch.name, name)


@settings(max_examples=30)
@given(st.lists(st.from_regex(r"[A-Z][a-z]{1,40}", fullmatch=True), min_size=1, max_size=80, unique=True))
def test_long_lists_are_parted(names: list[str]) -> None:
    """However many events, every pattern is as short as CloudWatch Logs asks, and each event is in exactly one."""
    watch = Watch(name="Much", says="", events=(("kms.amazonaws.com", tuple(names)),), conditions=('($.awsRegion = "eu-*")',))
    patterns = watch.patterns()
    assert all(len(pattern) <= 1024 for pattern in patterns)
    for name in names:
        assert sum(matches(pattern, event("kms", name, ENGINEER)) for pattern in patterns) == 1


@pytest.mark.parametrize("wrong", [
    {"name": "lower", "conditions": ("($.a NOT EXISTS)",)},
    {"name": "Nothing"},
    {"name": "NoNames", "events": (("kms.amazonaws.com", ()),)},
    {"name": "Service", "events": (("kms", ("DisableKey",)),)},
    {"name": "Quote", "events": (("kms.amazonaws.com", ('Disable"Key',)),)},
    {"name": "Middle", "events": (("kms.amazonaws.com", ("Disable*Key",)),)},
])  # fmt: skip
def test_fails_for_a_watch_that_would_never_ring(wrong: dict[str, Any]) -> None:
    """Found when it is declared, not when nobody is woken."""
    with pytest.raises(DataLakeError, match="needed are a name") as told:
        Watch(says="", **wrong)
    assert told.value.code == "watch"


def test_fails_when_conditions_alone_are_too_long() -> None:
    """They cannot be parted."""
    with pytest.raises(DataLakeError, match="shorten its conditions"):
        Watch(name="Long", says="", conditions=(f'($.a = "{"x" * 1024}")',)).patterns()
