"""What runs in the emulator's process at this moment: its means, its threads, and what came of them."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.spark.warm import WarmSpark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakecheck.rehearsal.emulator.clients import EmulatorClients

LOG = logging.getLogger(__name__)
KEPT: Final = 10_000
"""Deliveries that are remembered."""


class Work:
    """Counts what has not ended yet, so that one can wait for nothing to be left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()

    @contextlib.contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Something is going on until the block ends."""
        self._count(what, 1)
        try:
            yield
        finally:
            self._count(what, -1)

    def start(self, what: str, do: Callable[[], None]) -> None:
        """Does something in a thread of its own; it counts from now on, not only once the thread runs."""
        self._count(what, 1)

        def run() -> None:
            try:
                do()
            except Exception:
                LOG.exception("%s ended by an error of the rehearsal's own", what)
            finally:
                self._count(what, -1)

        threading.Thread(target=run, name=what, daemon=True).start()

    @property
    def running(self) -> dict[str, int]:
        """How much of what."""
        with self._lock:
            return {what: count for what, count in self._running.items() if count}

    def _count(self, what: str, by: int) -> None:
        with self._lock:
            self._running[what] += by


@dataclass
class Runtime:
    """The means of a process.

    Attributes:
        clients: Makes boto3's clients of any account and role.
        endpoint: Where the emulator answers.
        work: What goes on.
        live: Executions by ARN: what the interpreter knows of them, with a thread that drives each.
        deliveries: What was delivered to whom, oldest first; the oldest are forgotten.
        jobs: Runs of jobs that this process started, by id.
        changed: Held when a job run's state changes: who starts, ends or queues runs must agree on how many there are.
        sent: The last events of each object, by bucket and key.
        lost: Executions by ARN that a process drove whose memory this one was restored from; nothing drives them.
        spark: The Java that programs of jobs take turns in; not started before the first one.
    """

    clients: EmulatorClients
    endpoint: str
    work: Work = field(default_factory=Work)
    live: dict[str, Any] = field(default_factory=dict)
    jobs: dict[str, Any] = field(default_factory=dict)
    deliveries: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    changed: threading.Condition = field(default_factory=threading.Condition)
    sent: dict[tuple[str, str], list[Callable[[], None]]] = field(default_factory=dict)
    spark: WarmSpark = field(default_factory=WarmSpark)
    lost: dict[str, Any] = field(default_factory=dict)

    def acting(self, arn: str, region: str) -> Callable[[str], Any]:
        """Clients with a role's credentials, in its account.

        Args:
            arn: The role's ARN.
            region: The Region of the clients.
        """
        account, role = role_of(arn)
        return lambda service: self.clients(service, account=account, region=region, role=role)


def role_of(arn: str) -> tuple[str, str]:
    """Account and name (with its path) of a role's ARN."""
    parts = arn.split(":", 5)
    return parts[4], parts[5].removeprefix("role/")


_current: Runtime | None = None


def set_current(runtime: Runtime) -> None:
    """What this process runs with from now on; what was delivered before stays known, threads of before are no more."""
    global _current  # noqa: PLW0603 - moto's classes are the process's, and so is what they call
    if _current is not None:
        runtime.sent, runtime.deliveries = _current.sent, _current.deliveries
    _current = runtime


def known() -> Runtime | None:
    """What this process runs with; None when nothing was installed."""
    return _current


def current() -> Runtime:
    """What this process runs with.

    Raises:
        RuntimeError: If nothing was installed.
    """
    if _current is None:
        message = "nothing runs here: executions.install was not called in this process"
        raise RuntimeError(message)
    return _current


def in_background(what: str, do: Callable[[], None]) -> None:
    """Does something in a thread of its own, which counts as long as it goes on; nobody counts where nothing was installed."""
    work = Work() if _current is None else _current.work
    work.start(what, do)
