"""SQS: queues that lose their policy."""

from __future__ import annotations

from typing import Any

from moto.sqs.models import Queue


def install() -> None:
    """Keeps the policy of a queue when other attributes are set: moto takes one that is not named for one that is removed."""
    original = Queue._set_attributes  # noqa: SLF001 - there is no other place

    def set_attributes(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        policy = getattr(self, "policy", None)
        original(self, attributes, now)
        if "Policy" not in attributes:
            self.policy = policy

    Queue._set_attributes = set_attributes  # noqa: SLF001
