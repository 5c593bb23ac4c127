"""The zones of a lake: what is there, what stays where it is, what can be brought along."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from aws_cdk import aws_kms as kms, aws_s3 as s3

from constructs_lib.storage import ExistingBucket, LakeStorage, LakeZone
from lakemodel.config.model import Zone
from lakemodel.errors import DataLakeError
from tests.constructs.storage.contracts import contract, contract_set, table
from tests.support import new_stack, resources, template

KEY = "12345678-1234-1234-1234-123456789012"
PINNED = (
    "LakeAccessLogsA7A22E66",
    "LakeAccessLogsPolicyC7282E7C",
    "LakeConsumptionBucket4F527199",
    "LakeConsumptionBucketPolicy80C00880",
    "LakeConsumptionKey1931E7C0",
    "LakeCuratedBucketF62BCD36",
    "LakeCuratedBucketPolicyDD6501EC",
    "LakeCuratedKey20ABFB5D",
    "LakeInventoryBucketF81AFDF3",
    "LakeInventoryBucketPolicyC26BC258",
    "LakeInventoryKey9F9E5CAA",
    "LakeLandingBucket4864B538",
    "LakeLandingBucketPolicyD2AA0244",
    "LakeLandingKey791892EF",
    "LakeQuarantineBucket820CEE54",
    "LakeQuarantineBucketPolicy701852D4",
    "LakeQuarantineKey637266E1",
    "LakeRawBucket4308792A",
    "LakeRawBucketPolicy830C320E",
    "LakeRawKey77BC4B1F",
)


def existing(stack: Any) -> tuple[s3.IBucket, kms.IKey]:
    """A bucket and a key that somebody else made."""
    key = kms.Key.from_key_arn(stack, "OldKey", stack.format_arn(service="kms", resource="key", resource_name=KEY))
    return s3.Bucket.from_bucket_name(stack, "OldBucket", "curated-of-long-ago"), key


@pytest.fixture(scope="module")
def lake() -> tuple[LakeStorage, dict[str, Any]]:
    """All zones, without contracts."""
    stack = new_stack()
    storage = LakeStorage(stack, "Lake")
    return storage, template(stack)


def test_every_zone_has_a_bucket_and_a_key_of_its_own(lake: tuple[LakeStorage, dict[str, Any]]) -> None:
    """Five zones, five buckets, five keys; no two share."""
    storage, _ = lake
    assert set(storage.zones) == set(Zone)
    assert len({zone.bucket.node.path for zone in storage.zones.values()}) == 5
    assert len({zone.key.node.path for zone in storage.zones.values()}) == 5


def test_each_zone_is_at_hand_by_name(lake: tuple[LakeStorage, dict[str, Any]]) -> None:
    """The attribute and the mapping give the same zone."""
    storage, _ = lake
    for zone in Zone:
        assert getattr(storage, zone.value) is storage.zone(zone) is storage.zones[zone]
        assert storage.zone(zone).zone is zone


def test_only_landing_tells_of_new_objects(lake: tuple[LakeStorage, dict[str, Any]]) -> None:
    """A write by the pipeline into a later zone must not start it again."""
    _, synthesized = lake
    notifying = [
        key for key, bucket in resources(synthesized, "AWS::S3::Bucket").items() if "NotificationConfiguration" in bucket["Properties"]
    ]
    assert notifying == [key for key in notifying if key.startswith("LakeLandingBucket")]
    assert len(notifying) == 1


def test_logical_ids_are_what_they_have_always_been(lake: tuple[LakeStorage, dict[str, Any]]) -> None:
    """A changed id of a bucket or key is a new, empty one: a major version."""
    _, synthesized = lake
    assert sorted(synthesized["Resources"]) == sorted(PINNED)


def test_a_new_product_moves_nothing(lake: tuple[LakeStorage, dict[str, Any]]) -> None:
    """Contracts change lifecycle rules and nothing else, least of all a logical id."""
    _, before = lake
    stack = new_stack()
    LakeStorage(stack, "Lake", contracts=contract_set(contract("orders", table("lines"), retention_days=9)))
    after = template(stack)
    assert after != before
    before = copy.deepcopy(before)
    for synthesized in (before, after):
        for bucket in resources(synthesized, "AWS::S3::Bucket").values():
            bucket["Properties"].pop("LifecycleConfiguration")
    assert after == before


def test_zones_can_be_left_out() -> None:
    """What is not asked for is not made."""
    stack = new_stack()
    storage = LakeStorage(stack, "Lake", zones=[Zone.RAW])
    assert list(storage.zones) == [Zone.RAW]
    assert not [key for key in template(stack)["Resources"] if key.startswith(("LakeLanding", "LakeCurated"))]


def test_fails_when_asked_for_a_zone_that_was_left_out() -> None:
    """The error says what is there and what to do."""
    storage = LakeStorage(new_stack(), "Lake", zones=[Zone.RAW])
    with pytest.raises(DataLakeError, match="there is no curated zone here, only raw; add it to `zones`") as caught:
        _ = storage.curated
    assert caught.value.code == "no_such_zone"


def test_an_existing_zone_is_used_and_not_made() -> None:
    """No bucket, key or policy appears for it; the others keep their ids."""
    stack = new_stack()
    bucket, key = existing(stack)
    zone = LakeZone.from_bucket(stack, "Old", zone=Zone.CURATED, bucket=bucket, key=key)
    storage = LakeStorage(stack, "Lake", existing_zones={Zone.CURATED: zone})
    assert storage.curated is zone
    assert storage.curated.bucket.bucket_name == "curated-of-long-ago"
    assert sorted(template(stack)["Resources"]) == sorted(key for key in PINNED if not key.startswith("LakeCurated"))


def test_existing_targets_replace_ours() -> None:
    """With a log and an inventory target brought along, no bucket is made for either."""
    stack = new_stack()
    target = ExistingBucket(bucket=existing(stack)[0])
    LakeStorage(stack, "Lake", zones=[Zone.RAW], access_logs=target, inventory=target)
    assert len(resources(template(stack), "AWS::S3::Bucket")) == 1


def test_an_existing_key_encrypts_a_new_bucket() -> None:
    """A key alone can be brought along as well."""
    stack = new_stack()
    zone = LakeZone(stack, "Curated", zone=Zone.CURATED, key=existing(stack)[1])
    synthesized = template(stack)
    assert not resources(synthesized, "AWS::KMS::Key")
    assert f"key/{KEY}" in str(resources(synthesized, "AWS::S3::Bucket"))
    assert zone.key.key_id == KEY


def test_fails_when_an_existing_bucket_comes_without_its_key() -> None:
    """Whoever reads the zone has to know the key."""
    stack = new_stack()
    with pytest.raises(DataLakeError, match="without its key; pass the key") as caught:
        LakeZone(stack, "Curated", zone=Zone.CURATED, bucket=existing(stack)[0])
    assert caught.value.code == "existing_bucket_without_key"


def test_fails_when_a_zone_is_brought_along_as_another() -> None:
    """A raw bucket used as curated would be governed and tiered as the wrong thing."""
    stack = new_stack()
    bucket, key = existing(stack)
    zone = LakeZone.from_bucket(stack, "Old", zone=Zone.RAW, bucket=bucket, key=key)
    with pytest.raises(DataLakeError, match="has a raw zone as curated") as caught:
        LakeStorage(stack, "Lake", existing_zones={Zone.CURATED: zone})
    assert caught.value.code == "zone_mismatch"
