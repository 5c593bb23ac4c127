"""Which errors a retrier or catcher is for, and how long a retrier waits.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

ALL, TASK_FAILED, TIMEOUT, HEARTBEAT = "States.ALL", "States.TaskFailed", "States.Timeout", "States.HeartbeatTimeout"
TERMINAL = frozenset({"States.DataLimitExceeded", "States.Runtime"})
"""What no wildcard matches."""

DEFAULT_INTERVAL, DEFAULT_ATTEMPTS, DEFAULT_RATE = 1, 3, 2.0


def matches(names: Sequence[str], error: str) -> bool:
    """Whether one of `ErrorEquals` is for the error."""
    if error in names or (error == HEARTBEAT and TIMEOUT in names):
        return True
    if error in TERMINAL:
        return False
    return ALL in names or (TASK_FAILED in names and error not in (TIMEOUT, HEARTBEAT))


class Retries:
    """The retriers of one visit to a state; each counts for itself."""

    def __init__(self, retriers: Sequence[dict[str, Any]], rng: random.Random) -> None:
        self._retriers = retriers
        self._rng = rng
        self._used = [0] * len(retriers)

    def delay(self, error: str) -> float | None:
        """Seconds until the next attempt; None when there is none. The first retrier that is for the error decides."""
        for number, retrier in enumerate(self._retriers):
            if not matches(retrier["ErrorEquals"], error):
                continue
            if self._used[number] >= retrier.get("MaxAttempts", DEFAULT_ATTEMPTS):
                return None
            backoff = float(retrier.get("IntervalSeconds", DEFAULT_INTERVAL))
            backoff *= float(retrier.get("BackoffRate", DEFAULT_RATE)) ** self._used[number]
            backoff = min(backoff, float(retrier.get("MaxDelaySeconds", backoff)))
            self._used[number] += 1
            return self._rng.uniform(0, backoff) if retrier.get("JitterStrategy", "NONE") == "FULL" else backoff
        return None


def catcher(catchers: Sequence[dict[str, Any]], error: str) -> dict[str, Any] | None:
    """The first catcher that is for the error."""
    return next((one for one in catchers if matches(one["ErrorEquals"], error)), None)
