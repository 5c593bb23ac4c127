"""Secrets: generated values, policies."""

import json

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import emulated, make, round_trip

KIND = "AWS::SecretsManager::Secret"


def test_a_secret_comes_back_and_changes_in_place():
    stated = {"Name": "lake", "Description": "d", "KmsKeyId": "alias/lake", "SecretString": "a", "Tags": [{"Key": "a", "Value": "1"}]}
    with emulated() as clients:
        trip = round_trip(clients, KIND, stated, {**stated, "Description": "e", "SecretString": "b", "Tags": [{"Key": "b", "Value": "2"}]})
    assert ":secret:lake-" in trip.made.physical_id
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.is_deleted


def test_a_value_is_generated_and_kept_while_its_rule_stays():
    rule = {"SecretStringTemplate": '{"user": "ann"}', "GenerateStringKey": "password", "PasswordLength": 20, "ExcludePunctuation": True}
    with emulated() as clients:
        secret = make(clients, KIND, {"GenerateSecretString": rule}, logical_id="Rule")
        value = json.loads(adapters()[KIND].look(secret)["SecretString"])
        assert value["user"] == "ann"
        assert len(value["password"]) == 20
        assert value["password"].isalnum()
        plain = make(clients, KIND, {"GenerateSecretString": {}}, logical_id="Plain")
        before = adapters()[KIND].look(plain)["SecretString"]
        trip = round_trip(clients, KIND, {"GenerateSecretString": {}}, {"GenerateSecretString": {}, "Description": "d"})
        assert len(before) == 32
    assert trip.read["SecretString"] == trip.read_after_change["SecretString"]


def test_a_policy_comes_back_and_changes_in_place():
    def policy(effect):
        return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "*", "Principal": {"AWS": "*"}, "Resource": "*"}]}

    with emulated() as clients:
        secret = make(clients, KIND, {"Name": "lake", "SecretString": "a"}).physical_id
        stated = {"SecretId": secret, "ResourcePolicy": policy("Deny")}
        trip = round_trip(clients, "AWS::SecretsManager::ResourcePolicy", stated, {**stated, "ResourcePolicy": policy("Allow")})
    assert trip.made.physical_id == secret
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.is_deleted
