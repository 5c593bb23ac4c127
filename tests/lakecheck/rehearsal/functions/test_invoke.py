"""`lambda:Invoke` of the emulator runs functions and answers as Lambda does."""

from __future__ import annotations

import base64
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from .archives import ACCOUNT, REGION, zipped

if TYPE_CHECKING:
    from collections.abc import Callable

WHO = (
    "import boto3\n"
    "def h(event, context):\n"
    "    print('asked')\n"
    "    return {'who': boto3.client('sts').get_caller_identity()['Arn'], 'event': event,\n"
    "            'custom': getattr(context.client_context, 'custom', None)}\n"
)


def eventually(seen: Callable[[], Any], seconds: float = 20) -> Any:
    until = time.monotonic() + seconds
    while not (found := seen()):
        assert time.monotonic() < until, "it was never seen"
        threading.Event().wait(0.02)
    return found


def messages(account, queue: str) -> list[dict[str, Any]]:
    found = account.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    return [*found.get("Messages", [])]


def test_a_function_runs_as_its_role_and_calls_the_emulator(account):
    account.function("who", WHO)
    context = base64.b64encode(b'{"custom": {"a": 1}}').decode()
    answer = account.client("lambda").invoke(FunctionName="who", Payload=b'{"x": [1]}', LogType="Tail", ClientContext=context)
    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer
    assert answer["ExecutedVersion"] == "$LATEST"
    told = json.loads(answer["Payload"].read())
    assert told["who"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/functions/who"
    assert (told["event"], told["custom"]) == ({"x": [1]}, {"a": 1})
    assert "asked" in base64.b64decode(answer["LogResult"]).decode()
    assert "asked" in account.lines("who")


def test_the_log_comes_back_only_when_asked_for(account):
    account.function("who", WHO)
    assert "LogResult" not in account.client("lambda").invoke(FunctionName="who", Payload=b"{}")


def test_an_error_of_the_function_is_no_error_of_the_call(account):
    account.function("raises", "def h(e, c):\n    raise KeyError('missing')")
    answer = account.client("lambda").invoke(FunctionName="raises", Payload=b"{}")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.loads(answer["Payload"].read())["errorType"] == "KeyError"


def test_a_dry_run_runs_nothing(account):
    account.function("dry", "def h(e, c):\n    print('it ran')")
    client = account.client("lambda")
    assert client.invoke(FunctionName="dry", InvocationType="DryRun")["StatusCode"] == 204
    client.invoke(FunctionName="dry", Payload=b"{}")
    assert account.lines("dry").count("it ran") == 1


def test_an_answer_above_six_megabytes_is_an_error(account):
    account.function("large", "def h(e, c):\n    return 'x' * e")
    client = account.client("lambda")
    for size, error in ((6_291_000, None), (6_292_000, "Unhandled")):
        assert client.invoke(FunctionName="large", Payload=json.dumps(size).encode()).get("FunctionError") == error


def test_changed_code_and_configuration_run(account):
    account.function("changes", "import os\ndef h(e, c): return [1, os.environ.get('A')]")
    client = account.client("lambda")

    def run() -> Any:
        return json.loads(client.invoke(FunctionName="changes", Payload=b"{}")["Payload"].read())

    assert run() == [1, None]
    client.update_function_code(FunctionName="changes", ZipFile=zipped(m="import os\ndef h(e, c): return [2, os.environ.get('A')]"))
    assert run() == [2, None]
    client.update_function_configuration(FunctionName="changes", Environment={"Variables": {"A": "b"}})
    assert run() == [2, "b"]


def test_an_asynchronous_call_is_tried_again_and_then_told_to_its_destination_and_dead_letter_queue(account):
    client, sqs = account.client("lambda"), account.client("sqs")
    told, dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("functions-told", "functions-dead"))
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:functions-"
    account.function("later", "def h(e, c):\n    print('tried')\n    raise ValueError('no')", DeadLetterConfig={"TargetArn": f"{arn}dead"})
    client.put_function_event_invoke_config(
        FunctionName="later", MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": f"{arn}told"}}
    )
    assert client.invoke(FunctionName="later", InvocationType="Event", Payload=b'{"a": 1}')["StatusCode"] == 202
    record = json.loads(eventually(lambda: messages(account, told))[0]["Body"])
    assert account.lines("later").count("tried") == 2
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert (record["requestPayload"], record["responsePayload"]["errorMessage"]) == ({"a": 1}, "no")
    buried = eventually(lambda: messages(account, dead))[0]
    assert json.loads(buried["Body"]) == {"a": 1}
    assert buried["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"


def test_what_calls_functions_by_itself_runs_them_without_waiting(account):
    """A message of a topic; the function takes longer than the call that leads to it."""
    arn = account.function("notified", "import time\ndef h(e, c):\n    time.sleep(2)\n    print(e['Records'][0]['Sns']['Message'])")
    sns = account.client("sns")
    topic = sns.create_topic(Name="notifying")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    begun = time.monotonic()
    sns.publish(TopicArn=topic, Message="one.csv")
    assert time.monotonic() - begun < 2
    eventually(lambda: any("one.csv" in line for line in _quiet(lambda: account.lines("notified"))))


def _quiet(read: Callable[[], list[str]]) -> list[str]:
    try:
        return read()
    except ClientError:
        return []


@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
def test_another_runtime_is_refused_and_named(account, kind):
    account.function("node", "", Runtime="nodejs22.x", Handler="index.handler")
    with pytest.raises(ClientError, match=r"node has the runtime nodejs22\.x, which is not run here"):
        account.client("lambda").invoke(FunctionName="node", InvocationType=kind, Payload=b"{}")


def test_nothing_reserved_means_that_nothing_runs(account):
    account.function("stopped", "def h(e, c): return 1")
    client = account.client("lambda")
    client.put_function_concurrency(FunctionName="stopped", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="Rate Exceeded"):
        client.invoke(FunctionName="stopped", Payload=b"{}")


@pytest.mark.parametrize(
    ("payload", "code"), [(b"{", "InvalidRequestContentException"), (b'"%s"' % (b"x" * 6_300_000), "RequestTooLargeException")]
)
def test_an_event_that_lambda_refuses_is_refused(account, payload, code):
    account.function("who", WHO)
    with pytest.raises(ClientError) as caught:
        account.client("lambda").invoke(FunctionName="who", Payload=payload)
    assert caught.value.response["Error"]["Code"] == code
