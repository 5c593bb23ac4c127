"""Keys and their aliases: policy, rotation and use come back and change in place."""

from dataclasses import replace

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, emulated, make, resource, round_trip

KEY = "AWS::KMS::Key"


def policy(effect="Allow", more=None):
    """A key policy with one statement."""
    statement = {"Effect": effect, "Action": "kms:*", "Principal": {"AWS": "*"}, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [{**statement, **(more or {})}]}
        trip = round_trip(clients, "AWS::KMS::Alias", stated, {**stated, "TargetKeyId": keys[1]})
    assert trip.made.physical_id == "alias/lake"
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.is_deleted


def test_a_replica_has_its_own_policy_in_its_region():
    with emulated() as clients:
        primary = make(clients, KEY, STATED)
        arn = adapters()[KEY].attribute(primary, "Arn")
        stated = {"PrimaryKeyArn": arn, "Description": "copy", "KeyPolicy": policy(more={"Sid": "copy"})}
        wanted = replace(resource(clients, "AWS::KMS::ReplicaKey", stated), region="eu-central-1")
        replica = wanted.named(adapters()[wanted.type].make(wanted))
        read = adapters()[wanted.type].look(replica)
        assert (read["Description"], read["KeyPolicy"], read["PrimaryKeyArn"]) == ("copy", policy(more={"Sid": "copy"}), arn)
        assert ":eu-central-1:" in adapters()[wanted.type].attribute(replica, "Arn")
        assert adapters()[KEY].look(primary)["Description"] == "lake"
