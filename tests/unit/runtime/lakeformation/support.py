"""Events, a context and clocks for the Lake Formation handlers: nothing sleeps, nothing leaves the process."""

from __future__ import annotations

from typing import Any

from constructs_lib.runtime.custom_resources.cfn_response import Deadline, Request
from constructs_lib.runtime.custom_resources.retry import Retry

ACCOUNT = "444444444401"
STACK = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/Grants/11111111-2222-3333-4444-555555555555"


class Context:
    """A Lambda context with five minutes left."""

    log_stream_name = "2026/01/01/[$LATEST]abc"

    def __init__(self, seconds: float = 300.0) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def retry(clock: Clock | None = None, seconds: float = 300.0) -> Retry:
    """A Retry on a clock of its own, without chance."""
    clock = clock or Clock()
    return Retry(Deadline(at=clock.now + seconds, clock=clock), sleep=clock.sleep, chance=lambda: 0.5)


def request(
    kind: str, properties: dict[str, Any], old: dict[str, Any] | None = None, *, stack: str = STACK, logical_id: str = "Permissions"
) -> Request:
    """A request of CloudFormation's."""
    ids = {"physical_id": f"{logical_id}-1", "account": ACCOUNT, "stack": stack, "logical_id": logical_id}
    return Request(kind=kind, properties=properties, old_properties=old or {}, **ids)


def event(kind: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The event Lambda gets from CloudFormation."""
    return {
        "RequestType": kind,
        "ResponseURL": "https://cloudformation-custom-resource-response.example.com/answer",
        "StackId": STACK,
        "RequestId": "request-1",
        "LogicalResourceId": "Permissions",
        "ResourceType": "Custom::LakeFormationPermissions",
        "ResourceProperties": {"ServiceToken": "arn", **properties},
        **more,
    }
