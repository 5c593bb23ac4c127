"""CloudFormation's custom resource protocol: each request is answered once, in time, under a physical id that never changes."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOG = logging.getLogger("handlers")
LOG.setLevel(logging.INFO)

_RESERVE_SECONDS = 20.0  # kept back for the answer
_MOST_BYTES = 4_096  # of the whole answer
_VALUE_BYTES = 1_000  # of one attribute in it
_ANSWER_ATTEMPTS = 5
_SERVER_ERROR = 500


class OutOfTimeError(Exception):
    """The time for this request is nearly over; what was applied stays, the rest was not begun."""


class LambdaContext(Protocol):
    """What is used of the context that Lambda hands to a function."""

    log_stream_name: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment up to which work may be begun; later there is only time to answer."""

    at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, context: LambdaContext, clock: Callable[[], float] = time.monotonic) -> Deadline:
        """The deadline that leaves time to answer before Lambda ends the invocation."""
        return cls(at=clock() + context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS, clock=clock)

    def check(self, pause: float = 0.0) -> None:
        """Raises OutOfTimeError if the deadline is over, or would be after `pause` seconds."""
        if self.clock() + pause >= self.at:
            msg = "out of time; what was applied stays, deploying again goes on from there"
            raise OutOfTimeError(msg)


@dataclass(frozen=True, slots=True)
class Request:
    """What CloudFormation asks for.

    Attributes:
        kind: `Create`, `Update` or `Delete`.
        properties: As in the template; CloudFormation turns numbers and booleans into strings.
        old_properties: What they were before an update; empty otherwise.
        physical_id: The id to answer with, the same in the resource's whole life.
        account: The account of the stack.
        stack: The stack's ARN; another one after a stack was deleted and made again.
        logical_id: The resource's id in the template.
    """

    kind: str
    properties: Mapping[str, Any]
    old_properties: Mapping[str, Any]
    physical_id: str
    account: str = ""
    stack: str = ""
    logical_id: str = ""

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Request:
        """The request in a Lambda event."""
        return cls(
            kind=str(event["RequestType"]),
            properties=event.get("ResourceProperties") or {},
            old_properties=event.get("OldResourceProperties") or {},
            physical_id=_physical_id(event),
            account=str(event["StackId"]).split(":")[4],
            stack=str(event["StackId"]),
            logical_id=str(event["LogicalResourceId"]),
        )


def _physical_id(event: Mapping[str, Any]) -> str:
    """The id CloudFormation knows, or for something new one that a repeated Create request derives again."""
    known = event.get("PhysicalResourceId")
    if known:
        return str(known)
    digest = hashlib.sha256(str(event["StackId"]).encode()).hexdigest()[:12]
    return f"{event['LogicalResourceId']}-{digest}"


def handle(
    event: Mapping[str, Any],
    context: LambdaContext,
    apply: Callable[[Request, Deadline], Mapping[str, str]],
    *,
    send: Callable[[str, bytes], None] | None = None,
) -> None:
    """Lets `apply` do what the event asks for, and answers with what it returned or why it failed.

    Args:
        event: As Lambda got it from CloudFormation.
        context: Lambda's own.
        apply: Does the work; what it returns become the resource's attributes. Whatever it raises becomes the reason of a FAILED answer.
        send: Puts the answer to CloudFormation's address; over HTTPS when left out.

    Raises:
        OSError: If the answer could not be delivered. Lambda then invokes again, and the work, being idempotent, is answered for.
    """
    request = Request.of(event)
    status, reason, data = "SUCCESS", "", {}
    try:
        data = dict(apply(request, Deadline.of(context)))
    except Exception as error:  # whatever happened has to be answered, or CloudFormation waits for an hour
        LOG.exception("%s of %s failed", request.kind, request.physical_id)
        status, reason = "FAILED", f"{error or type(error).__name__}"
    answer = {
        "Status": status,
        "Reason": "",
        "PhysicalResourceId": request.physical_id,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {name: _cut(value, _VALUE_BYTES) for name, value in data.items()},
    }
    tail = f" (log stream {context.log_stream_name})"
    room = _MOST_BYTES - len(_encoded(answer)) - len(_encoded(tail))
    answer["Reason"] = _cut(reason, room) + tail
    (send or _put)(str(event["ResponseURL"]), _encoded(answer))


def _encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def _cut(text: str, room: int) -> str:
    """As much of `text` as has room once it is written as JSON, where a quotation mark takes two bytes and others up to twelve."""
    if len(_encoded(text)) <= room:
        return text
    left, right = 0, len(text)
    while left < right:
        middle = (left + right + 1) // 2
        left, right = (middle, right) if len(_encoded(f"{text[:middle]}...")) <= room else (left, middle - 1)
    return f"{text[:left]}..."


def _put(url: str, body: bytes, sleep: Callable[[float], None] = time.sleep) -> None:
    if not url.startswith("https://"):
        msg = "CloudFormation's answer address is not https"
        raise ValueError(msg)
    for attempt in range(_ANSWER_ATTEMPTS):
        request = urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310 - https, checked above
        try:
            with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - https, checked above
                return
        except urllib.error.HTTPError as error:
            if error.code < _SERVER_ERROR or attempt == _ANSWER_ATTEMPTS - 1:
                raise
        except OSError:
            if attempt == _ANSWER_ATTEMPTS - 1:
                raise
        sleep(0.2 * 2**attempt)
