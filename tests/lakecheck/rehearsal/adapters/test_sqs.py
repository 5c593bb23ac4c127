"""Queues and their policies."""

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

QUEUE = "AWS::SQS::Queue"


def policy(action):
    """A policy of a queue."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Principal": {"AWS": "*"}, "Resource": "*"}]}


def test_a_queue_comes_back_and_goes_back_to_defaults():
    with emulated() as clients:
        dead = make(clients, QUEUE, {"QueueName": "dead"})
        stated = {
            "QueueName": "lake",
            "KmsMasterKeyId": "alias/lake",
            "MessageRetentionPeriod": 1209600,
            "VisibilityTimeout": 60,
            "DelaySeconds": 5,
            "RedrivePolicy": {"deadLetterTargetArn": adapters()[QUEUE].attribute(dead, "Arn"), "maxReceiveCount": 3},
            "Tags": [{"Key": "a", "Value": "1"}],
        }
        trip = round_trip(clients, QUEUE, stated, {"QueueName": "lake", "VisibilityTimeout": 90, "Tags": [{"Key": "b", "Value": "2"}]})
    assert trip.lacks == ("Tags",)  # which are a mapping here
    assert trip.read["Tags"] == {"a": "1"}
    assert trip.read_after_change["Tags"] == {"b": "2"}
    assert trip.read_after_change["VisibilityTimeout"] == "90"
    assert trip.read_after_change["MessageRetentionPeriod"] == "345600"
    assert not trip.read_after_change.get("RedrivePolicy")
    assert not trip.read_after_change.get("KmsMasterKeyId")
    assert trip.is_deleted


def test_a_queue_in_order_has_the_name_that_says_so():
    with emulated() as clients:
        stated = {"FifoQueue": True, "ContentBasedDeduplication": True}
        trip = round_trip(clients, QUEUE, stated, {**stated, "ContentBasedDeduplication": False})
        made = make(clients, QUEUE, {"QueueName": "lake"})
        assert adapters()[QUEUE].attribute(made, "Arn") == f"arn:aws:sqs:{REGION}:{ACCOUNT}:lake"
    assert trip.made.physical_id.endswith(".fifo")
    assert trip.lacks == trip.lacks_after_change == ()


def test_a_policy_is_on_each_queue_it_names():
    with emulated() as clients:
        one, two = (make(clients, QUEUE, {"QueueName": name}).physical_id for name in ("one", "two"))
        stated = {"Queues": [one], "PolicyDocument": policy("sqs:SendMessage")}
        trip = round_trip(clients, "AWS::SQS::QueuePolicy", stated, {"Queues": [two], "PolicyDocument": policy("sqs:*")})
        sqs = trip.made.client("sqs")
        assert not sqs.get_queue_attributes(QueueUrl=one, AttributeNames=["All"])["Attributes"].get("Policy")
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.is_deleted


def test_a_queue_keeps_its_policy_when_other_attributes_are_set():
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]}
    with emulated() as clients:
        queue = make(clients, "AWS::SQS::Queue", {"QueueName": "late"})
        kept = make(clients, "AWS::SQS::QueuePolicy", {"Queues": [queue.physical_id], "PolicyDocument": policy})
        sqs = clients("sqs", account=ACCOUNT, region=REGION)
        sqs.set_queue_attributes(QueueUrl=queue.physical_id, Attributes={"VisibilityTimeout": "60"})
        assert adapters()["AWS::SQS::QueuePolicy"].look(kept)["PolicyDocument"] == policy
        sqs.set_queue_attributes(QueueUrl=queue.physical_id, Attributes={"Policy": ""})
        assert adapters()["AWS::SQS::QueuePolicy"].look(kept) is None
