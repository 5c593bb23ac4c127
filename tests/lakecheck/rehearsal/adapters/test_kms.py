"""Keys and their aliases: policy, rotation and use come back and change in place."""

from dataclasses import replace

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, resource, round_trip

KEY = "AWS::KMS::Key"


def policy(effect="Allow", more=None):
    """A key policy with one statement."""
    statement = {"Effect": effect, "Action": "kms:*", "Principal": {"AWS": "*"}, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [{**statement, **(more or {})}]}


STATED = {
    "Description": "lake",
    "EnableKeyRotation": True,
    "RotationPeriodInDays": 180,
    "KeyPolicy": policy(),
    "PendingWindowInDays": 7,
    "MultiRegion": True,
    "Tags": [{"Key": "owner", "Value": "lake"}],
}


def test_a_key_comes_back_and_changes_in_place():
    changed = {
        "Description": "else",
        "EnableKeyRotation": False,
        "Enabled": False,
        "KeyPolicy": policy(more={"Sid": "a"}),
        "MultiRegion": True,
    }
    with emulated() as clients:
        trip = round_trip(clients, KEY, STATED, changed)
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.read["Enabled"] is True
    assert "RotationPeriodInDays" not in trip.read_after_change
    assert trip.read_after_change["Tags"] == []
    assert trip.is_deleted


def test_a_deleted_key_waits_as_long_as_it_is_stated():
    with emulated() as clients:
        key = make(clients, KEY, STATED)
        adapters()[KEY].remove(key)
        found = key.client("kms").describe_key(KeyId=key.physical_id)["KeyMetadata"]
        assert found["KeyState"] == "PendingDeletion"
        assert 6 <= (found["DeletionDate"] - found["CreationDate"]).days <= 7


def test_a_key_that_denies_can_still_be_read():
    """The emulator would refuse even to describe it, whatever the condition."""
    with emulated() as clients:
        key = make(clients, KEY, {"KeyPolicy": policy("Deny", {"Condition": {"Bool": {"aws:SecureTransport": "false"}}})})
        assert adapters()[KEY].look(key)["KeyPolicy"]["Statement"][0]["Effect"] == "Deny"
        assert adapters()[KEY].attribute(key, "Arn") == f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{key.physical_id}"


def test_a_key_rotates_every_year_when_nothing_is_said():
    with emulated() as clients:
        trip = round_trip(clients, KEY, {"EnableKeyRotation": True, "KeyPolicy": policy()})
    assert trip.read["RotationPeriodInDays"] == 365


def test_an_alias_moves_to_another_key():
    with emulated() as clients:
        keys = [make(clients, KEY, {"KeyPolicy": policy()}).physical_id for _ in range(2)]
        stated = {"AliasName": "alias/lake", "TargetKeyId": keys[0]}
        trip = round_trip(clients, "AWS::KMS::Alias", stated, {**stated, "TargetKeyId": keys[1]})
    assert trip.made.physical_id == "alias/lake"
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.is_deleted


def test_a_replica_has_its_own_policy_in_its_region():
    own = policy(more={"Sid": "copy"})
    with emulated() as clients:
        primary = make(clients, KEY, STATED)
        arn = adapters()[KEY].attribute(primary, "Arn")
        wanted = resource(clients, "AWS::KMS::ReplicaKey", {"PrimaryKeyArn": arn, "Description": "copy", "KeyPolicy": own})
        wanted = replace(wanted, region="eu-central-1")
        replica = wanted.named(adapters()[wanted.type].make(wanted))
        read = adapters()[wanted.type].look(replica)
        assert (read["Description"], read["KeyPolicy"], read["PrimaryKeyArn"]) == ("copy", own, arn)
        assert ":eu-central-1:" in adapters()[wanted.type].attribute(replica, "Arn")
        assert adapters()[KEY].look(primary)["Description"] == "lake"


def test_a_key_says_what_it_is_for_and_that_it_is_of_one_region():
    with emulated() as clients:
        key = make(clients, "AWS::KMS::Key", {})
        told = clients("kms", account=ACCOUNT, region=REGION).describe_key(KeyId=key.physical_id)["KeyMetadata"]
    assert (told["KeyUsage"], told["MultiRegion"]) == ("ENCRYPT_DECRYPT", False)
