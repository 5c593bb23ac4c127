"""What keeps data for less time or protects it less is named, and the way back is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from lakecheck.formula import Truth
from lakecheck.upgrade.data import data_loss, retention
from lakecheck.upgrade.data.retention_table import PROTECTING, RETENTION
from lakecheck.upgrade.model import Category, Risk
from lakecheck.upgrade.watched import FEWER, LOWER, MORE, OFF
from lakecheck.values import Unknown
from tests.lakecheck.upgrade.support import compared
from tests.lakecheck.upgrade.tables import cases, judged

CASES = cases(RETENTION)
BUCKET = "AWS::S3::Bucket"


def risks(kind: str, was: dict[str, Any], now: dict[str, Any]) -> list[Risk]:
    """Of one resource whose properties change."""
    return list(retention.risks(compared({"It": {"Type": kind, "Properties": was}}, {"It": {"Type": kind, "Properties": now}})))


def rules(kind: str, was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [risk.rule for risk in risks(kind, was, now)]


@pytest.fixture(scope="module")
def forwards() -> dict[str, list[Risk]]:
    return judged(retention.risks, CASES)


@pytest.fixture(scope="module")
def backwards() -> dict[str, list[Risk]]:
    return judged(retention.risks, CASES, backwards=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_row_names_its_weakening_once(case, forwards):
    (found,) = forwards[case.logical_id]
    assert (found.rule, found.category, found.is_certain) == (case.row.danger.rule, Category.DATA_LOSS, True)
    assert found.property.replace("[it]", "").split(".")[-1] == case.row.path.split(".")[-1]
    assert case.row.what in found.message
    assert found.consequence.endswith(".")
    assert found.remedy.endswith(".")


@pytest.mark.parametrize("case", [case for case in CASES if not case.row.weaker.is_symmetrical], ids=lambda case: case.name)
def test_no_row_names_the_way_back(case, backwards):
    assert backwards[case.logical_id] == []


def test_every_rule_of_the_table_is_listed():
    assert {case.row.danger.rule for case in CASES} <= {*retention.RULES, *data_loss.RULES}


@pytest.mark.parametrize("kind", PROTECTING)
def test_a_removed_backup_is_a_risk_and_a_new_one_is_none(kind):
    (found,) = retention.risks(compared({"It": {"Type": kind}}, {}))
    assert found.rule == "data_loss.backups"
    assert not list(retention.risks(compared({}, {"It": {"Type": kind}})))


def test_a_time_that_was_not_set_counts_as_what_holds_then():
    assert rules("AWS::Logs::LogGroup", {}, {"RetentionInDays": 30}) == ["data_loss.sooner"]
    assert rules("AWS::Logs::LogGroup", {"RetentionInDays": 30}, {}) == []
    assert rules("AWS::SQS::Queue", {"MessageRetentionPeriod": 1209600}, {}) == ["data_loss.sooner"]
    assert rules("AWS::SQS::Queue", {}, {"MessageRetentionPeriod": "1209600"}) == []


def test_zero_may_mean_without_end():
    assert rules("AWS::Events::Archive", {"RetentionDays": 0}, {"RetentionDays": 30}) == ["data_loss.sooner"]
    assert rules("AWS::Events::Archive", {"RetentionDays": 30}, {"RetentionDays": 0}) == []


def test_a_time_that_is_not_known_is_not_taken_for_harmless():
    (found,) = risks("AWS::Logs::LogGroup", {"RetentionInDays": 30}, {"RetentionInDays": {"Ref": "Days"}})
    assert not found.is_certain
    assert found.because


# --- Object Lock, replication, replicas, plans -----------------------------------------------------------------------------------------


def _lock(**retention_: Any) -> dict[str, Any]:
    return {
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention_}},
    }


def test_object_lock_is_compared_in_days_and_years():
    (found,) = risks(BUCKET, _lock(Mode="COMPLIANCE", Years=1), _lock(Mode="COMPLIANCE", Days=30))
    assert (found.rule, found.was, found.now) == ("data_loss.lock", "365 days", "30 days")
    assert rules(BUCKET, _lock(Mode="COMPLIANCE", Days=30), _lock(Mode="COMPLIANCE", Years=1)) == []


def test_object_lock_that_goes_is_told_once():
    assert rules(BUCKET, _lock(Mode="GOVERNANCE", Days=30), {"ObjectLockEnabled": True}) == ["data_loss.lock"]


def _replicated(*targets: tuple[str, str], status: str = "Enabled") -> dict[str, Any]:
    rules_ = [{"Status": status, "Filter": {"Prefix": prefix}, "Destination": {"Bucket": target}} for target, prefix in targets]
    return {"ReplicationConfiguration": {"Role": "arn:aws:iam::444455556666:role/copy", "Rules": rules_}}


COPY = "arn:aws:s3:::copy"


def test_replication_that_goes_stops_or_copies_less_is_a_risk():
    whole = _replicated((COPY, ""))
    assert rules(BUCKET, whole, {}) == ["data_loss.copies"]
    assert rules(BUCKET, whole, _replicated((COPY, ""), status="Disabled")) == ["data_loss.copies"]
    assert rules(BUCKET, whole, _replicated((COPY, "raw/"))) == ["data_loss.copies"]
    assert rules(BUCKET, whole, _replicated(("arn:aws:s3:::other", ""))) == ["data_loss.copies"]


def test_replication_of_more_is_none():
    narrow = _replicated((COPY, "raw/"))
    assert rules(BUCKET, {}, narrow) == []
    assert rules(BUCKET, narrow, _replicated((COPY, ""))) == []
    assert rules(BUCKET, narrow, _replicated(("arn:aws:s3:::other", ""), (COPY, "raw/"))) == []


def test_a_replica_or_a_rule_of_a_plan_that_goes_is_a_risk():
    two, one = ({"Replicas": [{"Region": region} for region in regions]} for regions in (("eu-west-1", "us-east-1"), ("eu-west-1",)))
    (found,) = risks("AWS::DynamoDB::GlobalTable", two, one)
    assert (found.rule, found.was) == ("data_loss.copies", "us-east-1")
    assert rules("AWS::DynamoDB::GlobalTable", one, two) == []
    daily = {"BackupPlan": {"BackupPlanRule": [{"RuleName": "daily"}]}}
    assert rules("AWS::Backup::BackupPlan", daily, {"BackupPlan": {"BackupPlanRule": [{"RuleName": "weekly"}]}}) == ["data_loss.backups"]


def test_a_new_optimizer_deletes_only_of_a_table_that_was_there():
    table = {"Type": "AWS::Glue::Table", "Properties": {"CatalogId": "1", "DatabaseName": "sales", "TableInput": {"Name": "orders"}}}
    optimizer = {"Type": "AWS::Glue::TableOptimizer", "Properties": {"DatabaseName": "sales", "TableName": "orders", "Type": "retention"}}
    compaction = {**optimizer, "Properties": {**optimizer["Properties"], "Type": "compaction"}}
    assert [risk.rule for risk in retention.risks(compared({"T": table}, {"T": table, "O": optimizer}))] == ["data_loss.sooner"]
    assert not list(retention.risks(compared({"T": table}, {"T": table, "O": compaction})))
    assert not list(retention.risks(compared({}, {"T": table, "O": optimizer})))


# --- any value --------------------------------------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["Rules", "Days", "Status", "a"]), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(VALUES, VALUES)
def test_no_direction_is_weaker_both_ways(one, other):
    """Swapping what was and what is gives no risk for what is one; lists may lose something in both ways."""
    for direction in {id(row.weaker): row.weaker for rows in RETENTION.values() for row in rows}.values():
        if not direction.is_symmetrical and direction not in (FEWER, MORE):
            assert not (direction.is_weaker(one, other) is Truth.TRUE and direction.is_weaker(other, one) is Truth.TRUE)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(VALUES, VALUES)
def test_properties_of_any_type_are_judged(one, other):
    """Nothing raises, whatever stands where an object is expected."""
    tops = sorted({(kind, row.path.partition(".")[0]) for kind, rows in RETENTION.items() for row in rows})
    more = [(BUCKET, "ReplicationConfiguration"), (BUCKET, "LifecycleConfiguration"), ("AWS::ECR::Repository", "LifecyclePolicy")]
    base, head = (
        {f"R{number}": {"Type": kind, "Properties": {name: value}} for number, (kind, name) in enumerate([*tops, *more])}
        for value in (one, other)
    )
    list(retention.risks(compared(base, head)))


def test_directions_say_open_for_what_is_not_known():
    unknown, on, off = Unknown("parameter Days of Prod/Lake"), True, False
    assert LOWER.is_weaker(30, unknown) is Truth.OPEN
    assert OFF.is_weaker(on, unknown) is Truth.OPEN
    assert OFF.is_weaker(unknown, on) is Truth.FALSE
    assert OFF.is_weaker(off, unknown) is Truth.FALSE
