"""Delivers to the targets of rules, schedules and notifications, by calls of their plain APIs; what fails goes to the dead letters.

Retries pass at once. What no retry helps goes to the dead letters without any, as in EventBridge:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.executions.runtime import LOG, Runtime, current, role_of
from lakecheck.rehearsal.executions.services import EmulatedServices
from lakecheck.rehearsal.states import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ATTEMPTS: Final = 185
_PASSING: Final = ("Throttl", "TooManyRequests", "RequestLimit", "Unavailable", "ServiceException", "InternalError", "InternalFailure")
"""Errors that pass have one of these in their codes."""
_PASSING_STATUS: Final = 500
_ROLE: Final = "rehearsal"


class NotRun(Exception):  # noqa: N818 - nothing went wrong, nobody does it
    """Nobody delivers to this kind of target."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """Something that is delivered to one target.

    Attributes:
        source: ARN of the rule, the schedule or the bucket that it comes from.
        target: As PutTargets has it: `Arn`, `RoleArn`, `RetryPolicy`, `DeadLetterConfig` and what its kind needs.
        text: What is sent.
        account: Whose the source is.
        region: Where the source is.
        about: The object that it is about, as `bucket/key`; empty for others.
    """

    source: str
    target: Mapping[str, Any]
    text: str
    account: str
    region: str
    about: str = ""


def deliver(delivery: Delivery) -> None:
    """Delivers in a thread of its own."""
    current().work.start("delivery", lambda: _deliver(delivery))


def _deliver(delivery: Delivery) -> None:
    runtime = current()
    told: dict[str, Any] = {
        "source": delivery.source,
        "target": delivery.target["Arn"],
        "about": delivery.about,
        "status": "DELIVERED",
        "attempts": 0,
        "reason": "",
        "time": time.time(),
    }
    try:
        told["attempts"] = _attempted(runtime, delivery, told)
    except NotRun as error:
        told.update(status="NOT_RUN", reason=str(error))
    except _GivenUpError as error:
        told.update(status="FAILED", reason=str(error), attempts=error.attempts)
        _bury(runtime, delivery, error, told)
    runtime.deliveries.append(told)
    if told["status"] != "DELIVERED":
        LOG.warning("delivery to %s: %s: %s", told["target"], told["status"], told["reason"])


class _GivenUpError(Exception):
    """A target that took nothing in the end."""

    def __init__(self, code: str, message: str, *, attempts: int, exhausted: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.attempts, self.exhausted = code, message, attempts, exhausted


def _attempted(runtime: Runtime, delivery: Delivery, told: dict[str, Any]) -> int:
    """Delivers, and returns how many attempts it took."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra brings it

    send = _sender(delivery.target["Arn"])
    most = int((delivery.target.get("RetryPolicy") or {}).get("MaximumRetryAttempts", _ATTEMPTS))
    for attempt in range(1, most + 2):
        told["attempts"] = attempt
        try:
            send(runtime, delivery)
        except ClientError as error:
            code, message = str(error.response["Error"]["Code"]), str(error.response["Error"].get("Message", ""))
            passing = error.response["ResponseMetadata"]["HTTPStatusCode"] >= _PASSING_STATUS or any(word in code for word in _PASSING)
        except BotoCoreError as error:
            code, message, passing = type(error).__name__, str(error), True
        except Failed as error:
            code, message, passing = error.error, error.cause, False
        else:
            return attempt
        if not passing or attempt == most + 1:
            raise _GivenUpError(code, message, attempts=attempt, exhausted=passing)
    return 0


def _bury(runtime: Runtime, delivery: Delivery, error: _GivenUpError, told: dict[str, Any]) -> None:
    """Sends what was not taken to the dead letters, with why in its attributes."""
    queue = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        return
    attributes = {
        "RULE_ARN": delivery.source,
        "TARGET_ARN": delivery.target["Arn"],
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": error.message or error.code,
        "RETRY_ATTEMPTS": str(error.attempts - 1),
        **({"EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts"} if error.exhausted else {}),
    }
    try:
        _to_queue(runtime, delivery, queue, attributes=attributes)
    except Exception as lost:  # noqa: BLE001 - whatever it is, the delivery is lost, and that is told
        told["reason"] += f"; and the dead letter queue took it not: {lost}"
    else:
        told["status"] = "DEAD_LETTER"


def _sender(arn: str) -> Callable[[Runtime, Delivery], None]:
    parts = arn.split(":")
    if parts[2] == "scheduler" and ":aws-sdk:" in arn:
        return _call
    known = _SENDERS.get(parts[2])
    if known is None:
        message = f"not rehearsed: a target of {parts[2]}; delivered here: {', '.join(sorted(_SENDERS))}"
        raise NotRun(message)
    return known


def _client(runtime: Runtime, delivery: Delivery, service: str) -> Any:
    """With the target's role where there is one, else as the service itself, in the target's account and Region."""
    region, account = delivery.target["Arn"].split(":")[3:5]
    role = delivery.target.get("RoleArn")
    if role:
        owner, name = role_of(role)
        return runtime.clients(service, account=owner, region=region or delivery.region, role=name)
    return runtime.clients(service, account=account or delivery.account, region=region or delivery.region, role=_ROLE)


def _to_machine(runtime: Runtime, delivery: Delivery) -> None:
    name = f"{uuid.uuid4()}_{uuid.uuid4().hex[:12]}"
    client = _client(runtime, delivery, "stepfunctions")
    client.start_execution(stateMachineArn=delivery.target["Arn"], name=name, input=delivery.text)


def _to_function(runtime: Runtime, delivery: Delivery) -> None:
    client = _client(runtime, delivery, "lambda")
    client.invoke(FunctionName=delivery.target["Arn"], InvocationType="Event", Payload=delivery.text.encode())


def _to_topic(runtime: Runtime, delivery: Delivery) -> None:
    _client(runtime, delivery, "sns").publish(TopicArn=delivery.target["Arn"], Message=_unquoted(delivery.text))


def _to_sqs(runtime: Runtime, delivery: Delivery) -> None:
    _to_queue(runtime, delivery, delivery.target["Arn"])


def _to_queue(runtime: Runtime, delivery: Delivery, arn: str, *, attributes: Mapping[str, str] | None = None) -> None:
    region, account, name = arn.split(":")[3:6]
    client = runtime.clients("sqs", account=account, region=region, role=_ROLE)
    url = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    group = (delivery.target.get("SqsParameters") or {}).get("MessageGroupId")
    client.send_message(
        QueueUrl=url,
        MessageBody=_unquoted(delivery.text),
        MessageAttributes={key: {"DataType": "String", "StringValue": value} for key, value in (attributes or {}).items()},
        **({"MessageGroupId": group, "MessageDeduplicationId": str(uuid.uuid4())} if name.endswith(".fifo") else {}),
    )


def _to_bus(runtime: Runtime, delivery: Delivery) -> None:
    """The event as it is, with the account that it comes from; who receives it decides by its own rules."""
    from lakecheck.rehearsal.executions import events  # noqa: PLC0415 - which delivers to targets

    del runtime
    events.dispatch_to(delivery.target["Arn"], json.loads(delivery.text))


def _to_log(runtime: Runtime, delivery: Delivery) -> None:
    group = delivery.target["Arn"].split(":log-group:")[1].removesuffix(":*")
    client, stream = _client(runtime, delivery, "logs"), str(uuid.uuid4())
    client.create_log_stream(logGroupName=group, logStreamName=stream)
    event = {"timestamp": int(time.time() * 1000), "message": delivery.text}
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


def _call(runtime: Runtime, delivery: Delivery) -> None:
    """A call of any API. https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html."""
    service, _, action = delivery.target["Arn"].partition(":aws-sdk:")[2].partition(":")
    services = EmulatedServices(runtime.acting(delivery.target["RoleArn"], delivery.region))
    services.call(f"aws-sdk:{service}", action, json.loads(delivery.text), sync=False)


def _unquoted(text: str) -> str:
    """A template that is a quoted text is sent without its quotes."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


_SENDERS: Final[Mapping[str, Callable[[Runtime, Delivery], None]]] = {
    "states": _to_machine,
    "lambda": _to_function,
    "sns": _to_topic,
    "sqs": _to_sqs,
    "events": _to_bus,
    "logs": _to_log,
}
