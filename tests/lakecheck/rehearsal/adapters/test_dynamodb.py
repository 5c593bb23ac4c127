"""Tables of DynamoDB: everything comes back and changes in place."""

import pytest
from botocore.exceptions import ClientError

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

TABLE = "AWS::DynamoDB::Table"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "dynamodb:*", "Principal": "*", "Resource": "*"}]}
KEYS = {
    "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}, {"AttributeName": "b", "AttributeType": "N"}],
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
}
INDEX = {"IndexName": "one", "KeySchema": [{"AttributeName": "b", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
ONE = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
STATED = {
    "TableName": "lake",
    **KEYS,
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [INDEX],
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY},
    "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": True},
    "ResourcePolicy": {"PolicyDocument": POLICY},
    "Tags": [{"Key": "a", "Value": "1"}],
}


def test_a_table_comes_back_and_changes_in_place():
    changed = {
        "TableName": "lake",
        **KEYS,
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
        "GlobalSecondaryIndexes": [{**INDEX, "IndexName": "two", "ProvisionedThroughput": ONE}],
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": f"{KEY}2"},
        "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
        "Tags": [{"Key": "b", "Value": "2"}],
    }
    with emulated() as clients:
        trip = round_trip(clients, TABLE, STATED, changed)
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.read_after_change["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is False
    assert trip.read_after_change["TimeToLiveSpecification"]["Enabled"] is False
    assert "ResourcePolicy" not in trip.read_after_change
    assert trip.is_deleted


def test_a_protected_table_is_not_deleted():
    with emulated() as clients:
        table = make(clients, TABLE, {**STATED, "DeletionProtectionEnabled": True})
        with pytest.raises(ClientError, match="DeletionProtectionEnabled"):
            adapters()[TABLE].remove(table)
        assert adapters()[TABLE].attribute(table, "Arn") == f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/lake"
        assert adapters()[TABLE].attribute(table, "StreamArn").startswith(f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/lake/stream/")


def test_of_a_global_table_the_replica_here_comes_back():
    """The other one is not there, which comparing tells."""
    here = {
        "Region": REGION,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"KMSMasterKeyId": KEY},
        "DeletionProtectionEnabled": False,
    }
    stated = {name: STATED[name] for name in ("TableName", *KEYS, "GlobalSecondaryIndexes", "BillingMode")}
    stated["SSESpecification"] = {"SSEEnabled": True, "SSEType": "KMS"}
    kind = "AWS::DynamoDB::GlobalTable"
    with emulated() as clients:
        trip = round_trip(clients, kind, {**stated, "Replicas": [here]}, {**stated, "Replicas": [{"Region": REGION}]})
        both = round_trip(clients, kind, {**stated, "Replicas": [here, {"Region": "eu-central-1"}]})
    assert trip.lacks == ()
    assert trip.read_after_change["Replicas"][0]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is False
    assert both.lacks == ("Replicas",)
