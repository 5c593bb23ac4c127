"""How long objects stay in each zone, and that no rule deletes a file an Iceberg snapshot points at."""

from __future__ import annotations

import pytest

from constructs_lib.storage import LakeStorage
from constructs_lib.storage.lifecycle import MAXIMUM_RULES, retention_rules
from lakemodel.config.model import Zone
from lakemodel.contracts.model import ContractSet, TableFormat
from lakemodel.errors import DataLakeError
from tests.constructs.storage.contracts import contract, contract_set, table
from tests.support import new_stack, resources, template

CONTRACTS = contract_set(
    contract("orders", table("lines"), table("events", TableFormat.ICEBERG), retention_days=365),
    contract("sessions", table("clicks"), retention_days=7),
    contract("products", table("items")),
)


@pytest.fixture(scope="module")
def rules() -> dict[str, dict[str, dict[str, object]]]:
    """The lifecycle rules of each bucket: zone, rule id, rule."""
    stack = new_stack()
    storage = LakeStorage(stack, "Lake", contracts=CONTRACTS)
    buckets = resources(template(stack), "AWS::S3::Bucket")
    named = {zone.value: lake_zone.bucket for zone, lake_zone in storage.zones.items()}
    named |= {"access_logs": storage.access_logs.bucket, "inventory": storage.inventory.bucket}
    ids = {name: stack.get_logical_id(bucket.node.default_child) for name, bucket in named.items()}
    return {name: {rule["Id"]: rule for rule in buckets[key]["Properties"]["LifecycleConfiguration"]["Rules"]} for name, key in ids.items()}


def test_every_bucket_keeps_house(rules: dict) -> None:
    """Incomplete uploads go after 7 days, noncurrent versions after 30, lone delete markers at once, in the whole bucket."""
    assert len(rules) == 7
    for of_bucket in rules.values():
        assert of_bucket["housekeeping"] == {
            "Id": "housekeeping",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "ExpiredObjectDeleteMarker": True,
        }


def test_landing_expires(rules: dict) -> None:
    """What arrived is gone from landing after 30 days, sooner only where a contract keeps it shorter."""
    assert rules["landing"]["expire-landed"] == {"Id": "expire-landed", "Status": "Enabled", "ExpirationInDays": 30}
    assert {key: rule["ExpirationInDays"] for key, rule in rules["landing"].items() if key.startswith("retain-")} == {
        "retain-sales.sessions": 7
    }


def test_raw_is_archived(rules: dict) -> None:
    """Raw goes to colder classes and has no end of its own."""
    assert rules["raw"]["archive"] == {
        "Id": "archive",
        "Status": "Enabled",
        "Transitions": [
            {"StorageClass": "GLACIER_IR", "TransitionInDays": 90},
            {"StorageClass": "DEEP_ARCHIVE", "TransitionInDays": 365},
        ],
    }


@pytest.mark.parametrize("zone", ["curated", "consumption"])
def test_what_is_queried_is_tiered_and_stays_readable(rules: dict, zone: str) -> None:
    """Intelligent-Tiering after 30 days and no archive class, which a query could not read."""
    assert rules[zone]["tier"]["Transitions"] == [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 30}]
    assert "GLACIER" not in str(rules[zone])
    assert "DEEP_ARCHIVE" not in str(rules[zone])


@pytest.mark.parametrize("zone", ["raw", "quarantine"])
def test_files_expire_with_their_contract(rules: dict, zone: str) -> None:
    """Each product whose contract has a retention has one rule for its prefix; a contract without has none."""
    found = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules[zone].values() if "Prefix" in rule}
    assert found == {"sales/orders/": 365, "sales/sessions/": 7}


def test_curated_parquet_expires_and_iceberg_does_not(rules: dict) -> None:
    """A rule on an Iceberg table's prefix would delete files that its current snapshot needs."""
    found = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules["curated"].values() if "Prefix" in rule}
    assert found == {"sales/orders/lines/": 365, "sales/sessions/clicks/": 7}


def test_consumption_expires_nothing(rules: dict) -> None:
    """What is derived there has no contract to say when it ends."""
    assert set(rules["consumption"]) == {"housekeeping", "tier"}


def test_no_rule_without_prefix_deletes_what_readers_need(rules: dict) -> None:
    """Outside landing, logs and inventories nothing expires bucket-wide."""
    for zone in ("raw", "curated", "consumption", "quarantine"):
        assert not [key for key, rule in rules[zone].items() if "ExpirationInDays" in rule and "Prefix" not in rule]


def test_logs_are_kept_for_an_audit_year_and_inventories_for_a_quarter(rules: dict) -> None:
    """The documented 400 and 90 days."""
    assert rules["access_logs"]["expire-logs"]["ExpirationInDays"] == 400
    assert rules["inventory"]["expire-inventories"]["ExpirationInDays"] == 90


def many(count: int) -> ContractSet:
    return contract_set(*(contract(f"orders_{number}", table("lines"), table("events"), retention_days=90) for number in range(count)))


def test_a_bucket_takes_a_thousand_rules() -> None:
    """Exactly as many as S3 takes are accepted."""
    own = len({"housekeeping", "archive"})
    LakeStorage(new_stack(), "Lake", zones=[Zone.RAW], contracts=many(MAXIMUM_RULES - own))


def test_fails_when_a_bucket_would_need_more_rules_than_s3_takes() -> None:
    """The error counts, says what is allowed and what to do, instead of failing in the middle of a deployment."""
    with pytest.raises(DataLakeError, match=r"got 1001 lifecycle rules.*a bucket takes 1000; move some domains") as caught:
        LakeStorage(new_stack(), "Lake", zones=[Zone.RAW], contracts=many(999))
    assert caught.value.code == "too_many_lifecycle_rules"


@pytest.mark.parametrize(("days", "expected"), [(29, 1), (30, 0), (31, 0)])
def test_landing_has_a_rule_only_where_it_says_more_than_the_zone(days: int, expected: int) -> None:
    """From 30 days on, the zone's own rule is the sooner one."""
    contracts = contract_set(contract("orders", table("lines"), retention_days=days))
    assert len(retention_rules(Zone.LANDING, contracts)) == expected
