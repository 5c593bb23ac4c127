"""Topics, their policies and subscriptions."""

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

TOPIC = "AWS::SNS::Topic"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"


def policy(action):
    """A policy of a topic."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Principal": {"AWS": "*"}, "Resource": "*"}]}


def test_a_topic_comes_back_and_changes_in_place():
    stated = {
        "TopicName": "lake",
        "DisplayName": "Lake",
        "KmsMasterKeyId": "alias/lake",
        "SignatureVersion": "2",
        "TracingConfig": "Active",
        "Subscription": [{"Protocol": "sqs", "Endpoint": QUEUE}],
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    with emulated() as clients:
        trip = round_trip(clients, TOPIC, stated, {"TopicName": "lake", "DisplayName": "Else", "Tags": [{"Key": "b", "Value": "2"}]})
    assert trip.made.physical_id == f"arn:aws:sns:{REGION}:{ACCOUNT}:lake"
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.read_after_change["Tags"] == [{"Key": "b", "Value": "2"}]
    assert trip.read_after_change["Subscription"] == []
    assert not trip.read_after_change.get("KmsMasterKeyId")
    assert trip.read_after_change["SignatureVersion"] == "1"
    assert trip.is_deleted


def test_a_topic_in_order_has_the_name_that_says_so():
    with emulated() as clients:
        trip = round_trip(clients, TOPIC, {"FifoTopic": True, "ContentBasedDeduplication": True})
    assert trip.read["TopicName"].endswith(".fifo")
    assert trip.lacks == ()


def test_a_policy_gives_way_to_the_default_one():
    with emulated() as clients:
        topic = make(clients, TOPIC, {"TopicName": "lake"})
        stated = {"Topics": [topic.physical_id], "PolicyDocument": policy("sns:Publish")}
        trip = round_trip(clients, "AWS::SNS::TopicPolicy", stated, {**stated, "PolicyDocument": policy("sns:*")})
        assert adapters()[TOPIC].look(topic)["Policy"]["Id"] == "__default_policy_ID"
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.is_deleted


def test_a_subscription_comes_back_and_changes_in_place():
    with emulated() as clients:
        topic = make(clients, TOPIC, {"TopicName": "lake"}).physical_id
        to = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": QUEUE}
        stated = {**to, "RawMessageDelivery": True, "FilterPolicy": {"kind": ["a"]}, "FilterPolicyScope": "MessageBody"}
        trip = round_trip(clients, "AWS::SNS::Subscription", stated, {**to, "FilterPolicy": {"kind": ["b"]}})
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.read_after_change["RawMessageDelivery"] == "false"
    assert trip.is_deleted
