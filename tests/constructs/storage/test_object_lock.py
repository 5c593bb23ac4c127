"""Object Lock: what a locked bucket states, what is refused, and that no other bucket changes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from aws_cdk import Duration, aws_s3 as s3

from constructs_lib.storage import LakeBucket, LakeKey, LakeStorage, LakeZone, LockMode, ObjectLock
from lakemodel.config.model import Zone
from lakemodel.contracts.model import ContractSet
from lakemodel.errors import DataLakeError
from tests.constructs.pipeline.lake import contract
from tests.support import new_stack, resources, template

YEAR = ObjectLock(retention=Duration.days(365))


def test_only_the_raw_zone_is_locked_and_with_what_was_asked() -> None:
    """The lock is on from creation with its default retention; zones that nobody asked for have neither."""
    stack = new_stack()
    lock = ObjectLock(retention=Duration.days(2555), mode=LockMode.COMPLIANCE)
    storage = LakeStorage(stack, "Lake", object_locks={Zone.RAW: lock})
    raw = stack.get_logical_id(storage.raw.bucket.node.default_child)
    buckets = resources(template(stack), "AWS::S3::Bucket")
    locked = buckets.pop(raw)["Properties"]
    assert locked["ObjectLockEnabled"] is True
    assert locked["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Days": 2555, "Mode": "COMPLIANCE"}},
    }
    assert locked["VersioningConfiguration"] == {"Status": "Enabled"}
    assert len(buckets) == 6
    assert not [key for bucket in buckets.values() for key in bucket["Properties"] if "Lock" in key]


def test_a_lock_can_be_ended_by_governance_unless_told_otherwise() -> None:
    """GOVERNANCE is the default: a mistake in the other mode is kept for years."""
    assert made(YEAR)["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] == {"Days": 365, "Mode": "GOVERNANCE"}


def test_a_locked_bucket_keeps_its_logical_id() -> None:
    """S3 takes a lock on a bucket that is there, so stating one must not make another bucket."""
    ids = []
    for lock in (None, YEAR):
        stack = new_stack()
        LakeZone(stack, "Raw", zone=Zone.RAW, object_lock=lock)
        ids.append(sorted(template(stack)["Resources"]))
    assert ids[0] == ids[1]


@pytest.mark.parametrize("retention", [Duration.hours(12), Duration.hours(36), Duration.days(0), Duration.days(36_501)])
def test_fails_when_s3_takes_no_such_retention(retention: Duration) -> None:
    """Whole days, from one to a hundred years."""
    with pytest.raises(DataLakeError, match="allowed are whole days, from 1 to 36,500") as caught:
        made(ObjectLock(retention=retention))
    assert caught.value.code == "object_lock"


def test_fails_when_there_are_no_versions_to_lock() -> None:
    """Object Lock locks versions."""
    with pytest.raises(DataLakeError, match="without versions") as caught:
        made(YEAR, versioned=False)
    assert caught.value.code == "object_lock"


def test_fails_when_a_contract_promises_that_objects_are_gone_sooner() -> None:
    """Its retention would only hide a locked object behind a delete marker; a retention as long as the lock is fine."""
    product = contract("routes")
    for days, refused in ((364, True), (365, False)):
        contracts = ContractSet(contracts=(dataclasses.replace(product, retention_days=days),))
        if not refused:
            LakeZone(new_stack(), "Raw", zone=Zone.RAW, contracts=contracts, object_lock=YEAR)
            continue
        with pytest.raises(DataLakeError, match=r"retain-travel.flights after 364 days.*shorten the lock") as caught:
            LakeZone(new_stack(), "Raw", zone=Zone.RAW, contracts=contracts, object_lock=YEAR)
        assert caught.value.code == "object_lock"


def test_a_lock_may_outlast_noncurrent_versions() -> None:
    """S3 waits with those until the lock is over, so the housekeeping of every bucket is no conflict."""
    archive = s3.LifecycleRule(
        id="archive", transitions=[s3.Transition(storage_class=s3.StorageClass.DEEP_ARCHIVE, transition_after=Duration.days(90))]
    )
    rules = made(YEAR, lifecycle_rules=[archive])["LifecycleConfiguration"]["Rules"]
    assert [rule["Id"] for rule in rules] == ["housekeeping", "archive"]


@pytest.mark.parametrize("existing", [False, True])
def test_fails_when_a_zone_is_locked_that_is_not_made_here(existing: bool) -> None:  # noqa: FBT001 - pytest's way
    """A zone left out, and one that somebody else made."""
    stack = new_stack()
    key = LakeKey(stack, "Key", description="tests").key
    old = LakeZone.from_bucket(stack, "Old", zone=Zone.RAW, bucket=s3.Bucket.from_bucket_name(stack, "Bucket", "raw"), key=key)
    given: dict[str, Any] = {"existing_zones": {Zone.RAW: old}} if existing else {"zones": [Zone.LANDING]}
    with pytest.raises(DataLakeError, match="got an Object Lock or a replica for raw") as caught:
        LakeStorage(stack, "Lake", object_locks={Zone.RAW: YEAR}, **given)
    assert caught.value.code == "no_such_zone"


def made(lock: ObjectLock, **arguments: Any) -> dict[str, Any]:
    """The properties of a bucket with that lock."""
    stack = new_stack()
    key = LakeKey(stack, "Key", description="tests").key
    LakeBucket(stack, "Data", key=key, access_logs=None, object_lock=lock, **arguments)
    (bucket,) = resources(template(stack), "AWS::S3::Bucket").values()
    properties: dict[str, Any] = bucket["Properties"]
    return properties
