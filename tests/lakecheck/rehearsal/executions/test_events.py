"""What S3 and EventBridge tell, to whom, and what becomes of it when nobody takes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lakemodel.errors import DataLakeError
from tests.lakecheck.rehearsal.executions.world import REGION, until

if TYPE_CHECKING:
    from tests.lakecheck.rehearsal.executions.world import World

ECHO: dict[str, Any] = {"Echo": {"Type": "Pass", "End": True}}


def rule(world: World, pattern: dict[str, Any], *targets: dict[str, Any], name: str = "rule") -> str:
    """A rule on the default bus; its name."""
    own = f"{name}-{world.own}"
    events = world.client("events")
    events.put_rule(Name=own, EventPattern=json.dumps(pattern), State="ENABLED")
    events.put_targets(Rule=own, Targets=[{"Id": str(number), **target} for number, target in enumerate(targets)])
    return own


def created(bucket: str) -> dict[str, Any]:
    """The pattern of objects that are created in a bucket."""
    return {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [bucket]}}}


def executions(world: World, machine: str, count: int = 1) -> list[dict[str, Any]]:
    """Inputs of so many executions, once they have ended."""
    sfn = world.client("stepfunctions")
    until(lambda: len(sfn.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"]) >= count)
    listed = sfn.list_executions(stateMachineArn=machine)["executions"]
    return [json.loads(sfn.describe_execution(executionArn=one["executionArn"])["input"]) for one in listed]


def test_an_object_starts_a_state_machine_with_the_event_as_s3_sends_it(world: World) -> None:
    bucket, machine = world.bucket(EventBridgeConfiguration={}), world.machine(ECHO)
    rule(world, created(bucket), {"Arn": machine, "RoleArn": world.role})
    put = world.client("s3").put_object(Bucket=bucket, Key="a b/ü+.csv", Body=b"12345", Tagging="a=b")
    (event,) = executions(world, machine)
    assert (event["source"], event["detail-type"], event["account"], event["region"]) == ("aws.s3", "Object Created", world.account, REGION)
    assert event["resources"] == [f"arn:aws:s3:::{bucket}"]
    stored = event["detail"]["object"]
    assert {name: stored[name] for name in ("key", "size", "etag", "version-id")} == {
        "key": "a b/ü+.csv",
        "size": 5,
        "etag": put["ETag"].strip('"'),
        "version-id": put["VersionId"],
    }
    assert (event["detail"]["reason"], event["detail"]["requester"]) == ("PutObject", world.account)
    assert event["time"].endswith("Z")
    assert "ingestion-time" not in event


def test_events_of_an_object_are_in_the_order_of_their_sequencers(world: World) -> None:
    bucket, (url, queue) = world.bucket(EventBridgeConfiguration={}), world.queue()
    rule(world, {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}, {"Arn": queue})
    s3 = world.client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="a", CopySource=f"{bucket}/a", MetadataDirective="REPLACE")
    s3.delete_object(Bucket=bucket, Key="a")
    told = sorted((json.loads(one["Body"])["detail"] for one in world.messages(url, 3)), key=lambda one: one["object"]["sequencer"])
    assert [(one["reason"], one.get("deletion-type")) for one in told] == [
        ("PutObject", None),
        ("CopyObject", None),
        ("DeleteObject", "Delete Marker Created"),
    ]


def test_a_bucket_that_tells_nobody_starts_nothing(world: World) -> None:
    silent, loud, (url, queue) = world.bucket("silent"), world.bucket("loud", EventBridgeConfiguration={}), world.queue()
    rule(world, {"source": ["aws.s3"], "detail": {"bucket": {"name": [silent, loud]}}}, {"Arn": queue})
    for bucket in (silent, loud):
        world.client("s3").put_object(Bucket=bucket, Key="a", Body=b"1")
    assert [json.loads(one["Body"])["detail"]["bucket"]["name"] for one in world.messages(url)] == [loud]


def test_a_disabled_rule_and_a_schedule_match_no_event(world: World) -> None:
    events, (url, queue), (other, others) = world.client("events"), world.queue("heard"), world.queue("unheard")
    pattern = {"source": [f"test-{world.own}"]}
    events.disable_rule(Name=rule(world, pattern, {"Arn": others}, name="off"))
    events.put_rule(Name=f"timed-{world.own}", ScheduleExpression="rate(1 day)")
    events.put_targets(Rule=f"timed-{world.own}", Targets=[{"Id": "1", "Arn": others}])
    rule(world, pattern, {"Arn": queue})
    events.put_events(Entries=[{"Source": f"test-{world.own}", "DetailType": "t", "Detail": "{}"}])
    assert len(world.messages(url)) == 1
    until(lambda: bool(world.control("idle")["idle"]))
    assert "Messages" not in world.client("sqs").receive_message(QueueUrl=other)


def test_each_target_has_its_own_input(world: World) -> None:
    (first, one), (second, two), logs = world.queue("one"), world.queue("two"), f"/aws/events/{world.own}"
    world.client("logs").create_log_group(logGroupName=logs)
    source = f"test-{world.own}"
    template = {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"n": <n>, "rule": "<aws.events.rule-name>"}'}
    name = rule(
        world,
        {"source": [source]},
        {"Arn": one, "InputPath": "$.detail"},
        {"Arn": two, "InputTransformer": template},
        {"Arn": f"arn:aws:logs:{REGION}:{world.account}:log-group:{logs}"},
    )
    world.client("events").put_events(Entries=[{"Source": source, "DetailType": "t", "Detail": '{"n": 7}'}])
    assert json.loads(world.messages(first)[0]["Body"]) == {"n": 7}
    assert json.loads(world.messages(second)[0]["Body"]) == {"n": 7, "rule": name}
    until(lambda: bool(world.client("logs").filter_log_events(logGroupName=logs)["events"]))
    (logged,) = world.client("logs").filter_log_events(logGroupName=logs)["events"]
    assert json.loads(logged["message"])["detail"] == {"n": 7}


def test_what_a_target_refuses_goes_to_the_dead_letters_with_the_reason(world: World) -> None:
    url, dead = world.queue("dead")
    gone = f"arn:aws:states:{REGION}:{world.account}:stateMachine:gone-{world.own}"
    name = rule(world, {"source": [f"test-{world.own}"]}, {"Arn": gone, "RoleArn": world.role, "DeadLetterConfig": {"Arn": dead}})
    world.client("events").put_events(Entries=[{"Source": f"test-{world.own}", "DetailType": "t", "Detail": '{"n": 1}'}])
    (letter,) = world.messages(url)
    assert json.loads(letter["Body"])["detail"] == {"n": 1}
    why = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
    assert (why["ERROR_CODE"], why["TARGET_ARN"], why["RETRY_ATTEMPTS"]) == ("StateMachineDoesNotExist", gone, "0")
    assert why["RULE_ARN"].endswith(f"rule/{name}")
    assert [one["status"] for one in world.deliveries(gone)] == ["DEAD_LETTER"]


def test_what_passes_is_tried_again_and_what_does_not_end_is_given_up(world: World) -> None:
    """A topic that throttles twice gets its message; one that never stops leaves it to the dead letters."""
    url, dead = world.queue("dead")
    topic = world.client("sns").create_topic(Name=f"topic-{world.own}")["TopicArn"]
    target = {"Arn": topic, "RetryPolicy": {"MaximumRetryAttempts": 2}, "DeadLetterConfig": {"Arn": dead}}
    rule(world, {"source": [f"test-{world.own}"]}, target)
    entry = {"Source": f"test-{world.own}", "DetailType": "t", "Detail": "{}"}
    world.emulator.control("faults/set", ["sns:Publish:throttle:2"])
    world.client("events").put_events(Entries=[entry])
    assert [(one["status"], one["attempts"]) for one in world.deliveries(topic)] == [("DELIVERED", 3)]
    world.emulator.control("faults/set", ["sns:Publish:throttle:3"])
    world.client("events").put_events(Entries=[entry])
    (letter,) = world.messages(url)
    world.emulator.control("faults/clear", {})
    assert letter["MessageAttributes"]["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumRetryAttempts"


def test_targets_that_nobody_runs_are_named(world: World) -> None:
    cluster = f"arn:aws:ecs:{REGION}:{world.account}:cluster/{world.own}"
    rule(world, {"source": [f"test-{world.own}"]}, {"Arn": cluster, "RoleArn": world.role})
    world.client("events").put_events(Entries=[{"Source": f"test-{world.own}", "DetailType": "t", "Detail": "{}"}])
    (told,) = world.deliveries(cluster)
    assert told["status"] == "NOT_RUN"
    assert told["reason"].startswith("not rehearsed: a target of ecs")


def test_another_bus_has_the_event_as_it_was(world: World) -> None:
    (url, queue), bus = world.queue(), f"bus-{world.own}"
    events = world.client("events")
    arn = events.create_event_bus(Name=bus)["EventBusArn"]
    events.put_rule(Name=f"there-{world.own}", EventBusName=bus, EventPattern=json.dumps({"detail-type": ["t"]}))
    events.put_targets(Rule=f"there-{world.own}", EventBusName=bus, Targets=[{"Id": "1", "Arn": queue}])
    rule(world, {"source": [f"test-{world.own}"]}, {"Arn": arn})
    answer = events.put_events(Entries=[{"Source": f"test-{world.own}", "DetailType": "t", "Detail": '{"n": 1}'}])
    told = json.loads(world.messages(url)[0]["Body"])
    assert (told["id"], told["detail"], told["source"]) == (answer["Entries"][0]["EventId"], {"n": 1}, f"test-{world.own}")


def test_a_bucket_tells_queues_itself_with_the_key_encoded(world: World) -> None:
    url, queue = world.queue()
    only = {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".csv"}]}}
    bucket = world.bucket(QueueConfigurations=[{"Id": "csv", "QueueArn": queue, "Events": ["s3:ObjectCreated:*"], "Filter": only}])
    version = world.client("s3").put_object(Bucket=bucket, Key="a b.csv", Body=b"12")["VersionId"]
    world.client("s3").put_object(Bucket=bucket, Key="a b.txt", Body=b"12")
    told = [json.loads(one["Body"]) for one in world.messages(url, 2)]
    (record,) = next(one for one in told if "Records" in one)["Records"]
    assert (record["eventName"], record["s3"]["configurationId"]) == ("ObjectCreated:Put", "csv")
    assert (record["s3"]["object"]["key"], record["s3"]["object"]["size"], record["s3"]["object"]["versionId"]) == ("a+b.csv", 2, version)


def test_an_event_is_delivered_once_more_when_asked(world: World) -> None:
    bucket, machine = world.bucket(EventBridgeConfiguration={}), world.machine(ECHO)
    rule(world, created(bucket), {"Arn": machine, "RoleArn": world.role})
    world.client("s3").put_object(Bucket=bucket, Key="a.csv", Body=b"1")
    assert world.control("redeliver", {"bucket": bucket, "key": "a.csv"}) == {"events": 1}
    first, second = executions(world, machine, 2)
    assert first == second, "it is the same event, as at-least-once delivery repeats it"
    with pytest.raises(DataLakeError):
        world.control("redeliver", {"bucket": bucket, "key": "none"})


def test_schedules_fire_when_they_are_told_to(world: World) -> None:
    machine = world.machine(ECHO)
    events, scheduler = world.client("events"), world.client("scheduler")
    events.put_rule(Name=f"daily-{world.own}", ScheduleExpression="rate(1 day)")
    events.put_targets(Rule=f"daily-{world.own}", Targets=[{"Id": "1", "Arn": machine, "RoleArn": world.role, "Input": '{"by": "rule"}'}])
    scheduler.create_schedule(
        Name=f"nightly-{world.own}",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": machine, "RoleArn": world.role, "Input": '{"by": "scheduler"}'},
    )
    for name in (f"daily-{world.own}", f"nightly-{world.own}"):
        assert world.control("fire", {"name": name, "account": world.account, "region": REGION}) == {"targets": 1}
    assert sorted(one["by"] for one in executions(world, machine, 2)) == ["rule", "scheduler"]
    with pytest.raises(DataLakeError):
        world.control("fire", {"name": "none", "account": world.account, "region": REGION})
