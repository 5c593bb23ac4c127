"""Where the outcome of an asynchronous call goes: a queue, a topic, an event bus, or another function.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakecheck.rehearsal.adapters.model import Clients
    from lakecheck.rehearsal.functions.process import Called

LOG = logging.getLogger(__name__)


def tell(clients: Clients, deployed: Any, stated: Mapping[str, Any], payload: bytes, called: Called, attempts: int) -> None:
    """Sends the record of a call to the function's destination for what came of it, if it has one.

    Args:
        clients: Makes clients of the emulator.
        deployed: The emulator's object of the function.
        stated: `DestinationConfig` of the function.
        payload: The event.
        called: What came of the last attempt.
        attempts: How many there were.
    """
    failed = bool(called.outcome.error)
    arn = (stated.get("OnFailure" if failed else "OnSuccess") or {}).get("Destination")
    if not arn:
        return
    record = {
        "version": "1.0",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": called.id,
            "functionArn": f"{deployed.function_arn}:$LATEST",
            "condition": "RetriesExhausted" if failed else "Success",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(payload),
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", **({"functionError": called.outcome.error} if failed else {})},
        "responsePayload": json.loads(called.outcome.payload),
    }
    _send(clients, arn, record)


def bury(clients: Clients, arn: str, payload: bytes, called: Called) -> None:
    """Sends an event that no attempt could take to the function's dead-letter queue or topic, if it has one.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
    """
    if not arn:
        return
    client, message = _client(clients, arn), payload.decode()
    stated = {
        "RequestID": called.id,
        "ErrorCode": "200",
        "ErrorMessage": str(json.loads(called.outcome.payload).get("errorMessage", ""))[:1024],
    }
    attributes = {name: {"DataType": "String", "StringValue": value or "-"} for name, value in stated.items()}
    if arn.split(":")[2] == "sqs":
        url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody=message, MessageAttributes=attributes)
    else:
        client.publish(TopicArn=arn, Message=message, MessageAttributes=attributes)


def _client(clients: Clients, arn: str) -> Any:
    _, _, service, region, account, _ = arn.split(":", 5)
    return clients(service, account=account, region=region)


def _send(clients: Clients, arn: str, record: Mapping[str, Any]) -> None:
    send = _SENDERS.get(arn.split(":")[2])
    if send is None:
        LOG.warning("a function's destination %s is of a kind that is not known here; nothing was sent", arn)
    else:
        send(_client(clients, arn), arn, record)


def _queue(client: Any, arn: str, record: Mapping[str, Any]) -> None:
    url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody=json.dumps(record))


def _topic(client: Any, arn: str, record: Mapping[str, Any]) -> None:
    client.publish(TopicArn=arn, Message=json.dumps(record))


def _function(client: Any, arn: str, record: Mapping[str, Any]) -> None:
    client.invoke(FunctionName=arn, InvocationType="Event", Payload=json.dumps(record).encode())


def _bus(client: Any, arn: str, record: Mapping[str, Any]) -> None:
    kind = "Lambda Function Invocation Result - " + ("Failure" if "functionError" in record["responseContext"] else "Success")
    client.put_events(
        Entries=[
            {
                "Source": "lambda",
                "DetailType": kind,
                "Detail": json.dumps(record),
                "EventBusName": arn,
                "Resources": [record["requestContext"]["functionArn"], arn],
            }
        ]
    )


_SENDERS: Mapping[str, Callable[[Any, str, Mapping[str, Any]], None]] = {"sqs": _queue, "sns": _topic, "lambda": _function, "events": _bus}
