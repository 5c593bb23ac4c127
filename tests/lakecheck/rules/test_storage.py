"""What cases of the rules of storage cannot hold: unknown values, hostile types, several accounts, forms that few templates use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.assembly import Assembly
from lakecheck.checks import rules
from lakecheck.rules import all_rules
from lakecheck.rules.storage import (
    access_logs_delivered,
    archive_under_tables,
    data_retained,
    events_sent,
    expiry_on_iceberg,
    incomplete_uploads,
    noncurrent_versions,
    replication_of_encrypted,
)
from lakecheck.rules.storage._cases import bucket, over, over_iceberg
from lakecheck.snapshot import Snapshot
from lakemodel.findings import Severity
from tests.lakecheck.rules.hostile import judge_broken
from tests.lakecheck.rules.snapshots import snapshot_of

if TYPE_CHECKING:
    from types import ModuleType

OURS = [rule for rule in all_rules() if rule.family == "storage"]
OPEN = {"Ref": "Given"}
PARAMETERS = {"Given": {"Type": "String"}}
VERSIONED: dict[str, Any] = {"VersioningConfiguration": {"Status": "Enabled"}}


def judged(module: ModuleType, resources: dict[str, Any]) -> list[tuple[Severity, str]]:
    """What one rule says, with the parameter `Given` that has no value."""
    found = rules.check(snapshot_of(resources, Parameters=PARAMETERS), [module.RULE]).findings
    return [(each.severity, each.message) for each in found]


def severities(module: ModuleType, resources: dict[str, Any]) -> list[Severity]:
    return [severity for severity, _ in judged(module, resources)]


@pytest.mark.parametrize("rule", OURS, ids=lambda rule: rule.id)
def test_no_value_of_the_wrong_kind_breaks_a_rule(rule):
    assert judge_broken(rule) > 10


@pytest.mark.parametrize("module", [expiry_on_iceberg, archive_under_tables, incomplete_uploads, noncurrent_versions])
def test_an_unknown_lifecycle_is_told_and_fails_nothing(module):
    resources = over_iceberg(LifecycleConfiguration={"Rules": OPEN}, **VERSIONED)
    assert severities(module, resources) == [Severity.NOTE]


def test_a_prefix_that_is_not_known_is_told():
    assert severities(expiry_on_iceberg, over_iceberg({"ExpirationInDays": 30, "Prefix": OPEN})) == [Severity.NOTE]


def test_a_status_that_is_not_known_counts_as_on():
    found = severities(expiry_on_iceberg, over_iceberg({"ExpirationInDays": 30, "Status": OPEN}))
    assert sorted(found) == sorted([Severity.NOTE, Severity.ERROR])


def test_one_transition_in_the_old_form_counts():
    found = judged(archive_under_tables, over({"Transition": {"StorageClass": "GLACIER", "TransitionInDays": 30}}))
    assert [severity for severity, _ in found] == [Severity.ERROR]


def test_archive_tiers_count_for_objects_that_intelligent_tiering_has():
    tiers = [{"Id": "archive", "Status": "Enabled", "Tierings": [{"AccessTier": "ARCHIVE_ACCESS", "Days": 90}]}]
    moved = {"Transitions": [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}]}
    assert judged(archive_under_tables, over(IntelligentTieringConfigurations=tiers)) == []
    assert len(judged(archive_under_tables, over(moved, IntelligentTieringConfigurations=tiers))) == 1
    assert judged(archive_under_tables, over(moved, IntelligentTieringConfigurations=[{**tiers[0], "Prefix": "audit/"}])) == []


def test_the_tables_that_a_rule_leaves_out_are_named():
    ends = {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}}
    ((severity, message),) = judged(noncurrent_versions, over({**ends, "Prefix": "travel/"}, **VERSIONED))
    assert severity is Severity.WARNING
    assert "sales.orders" in message


def test_rules_that_choose_objects_cover_nothing():
    chosen = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}, "TagFilters": [{"Key": "a", "Value": "b"}]}
    assert severities(incomplete_uploads, over(chosen)) == [Severity.WARNING]


@pytest.mark.parametrize(("policy", "complaints"), [("Retain", 0), ("RetainExceptOnCreate", 0), ("Delete", 1), (None, 1)])
def test_deletion_policies(policy: str | None, complaints: int):
    resources = over()
    resources["Bucket"] = {key: value for key, value in resources["Bucket"].items() if key != "DeletionPolicy"}
    if policy is not None:
        resources["Bucket"]["DeletionPolicy"] = policy
    assert len(judged(data_retained, resources)) == complaints


def test_a_registered_location_makes_a_bucket_of_the_lake():
    location = {"Type": "AWS::LakeFormation::Resource", "Properties": {"ResourceArn": {"Fn::GetAtt": ["Bucket", "Arn"]}}}
    deleted = bucket(definition={"DeletionPolicy": "Delete"})
    assert judged(data_retained, deleted) == []
    assert severities(data_retained, {**deleted, "Location": location}) == [Severity.WARNING]


@pytest.mark.parametrize(("account", "region", "complaints"), [(None, None, 0), ("111122223333", None, 1), (None, "eu-central-1", 1)])
def test_access_logs_stay_in_their_account_and_region(account: str | None, region: str | None, complaints: int):
    (first,) = snapshot_of(bucket(LoggingConfiguration={"DestinationBucketName": "logs"})).assembly.stacks
    (second,) = snapshot_of(bucket(name="logs")).assembly.stacks
    where = {"account": account or first.account, "region": region or first.region}
    second = replace(second, path="Prod/Logs", stack_name="Prod-Logs", file="Logs.template.json", **where)
    snapshot = Snapshot(Assembly(directory="cdk.out", version="", stacks=(first, second)))
    assert len(rules.check(snapshot, [access_logs_delivered.RULE]).findings) == complaints


def _rule(**changes: Any) -> dict[str, Any]:
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": ["lake"]}}, **changes}
    return {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern}}}


@pytest.mark.parametrize(
    ("rule", "complaints"),
    [
        (_rule(), 1),
        (_rule(source=["aws.s3", "custom"]), 1),
        (_rule(source=["custom"]), 0),
        (_rule(detail={"bucket": {"name": [{"prefix": "lake"}]}}), 0),
        (_rule(detail={"bucket": {"name": ["of-somebody-else", "lake"]}}), 1),
    ],
)
def test_which_rules_wait_for_a_bucket(rule: dict[str, Any], complaints: int):
    assert len(judged(events_sent, {**bucket(), **rule})) == complaints


def test_a_pattern_in_json_and_a_rule_that_is_off():
    written = '{"source": ["aws.s3"], "detail": {"bucket": {"name": ["lake"]}}}'
    rule = {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": written}}}
    assert severities(events_sent, {**bucket(), **rule}) == [Severity.ERROR]
    rule["Rule"]["Properties"]["State"] = "DISABLED"
    assert judged(events_sent, {**bucket(), **rule}) == []


def test_unknown_notifications_are_told():
    assert severities(events_sent, {**bucket(NotificationConfiguration=OPEN), **_rule()}) == [Severity.NOTE]


def test_what_replication_takes_may_not_be_known():
    encryption = {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    criteria = {"SseKmsEncryptedObjects": {"Status": OPEN}}
    rule = {"Status": "Enabled", "Destination": {"Bucket": "copy"}, "SourceSelectionCriteria": criteria}
    resources = bucket(BucketEncryption=encryption, ReplicationConfiguration={"Role": "r", "Rules": [rule]})
    assert severities(replication_of_encrypted, resources) == [Severity.NOTE]
