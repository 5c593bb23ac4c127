"""Checkpoints: a copy of the serving process that keeps everything as it was, waits, and serves in its place once that was killed.

moto keeps all state in memory, in objects that cannot all be stored, so the copy is a fork: it costs milliseconds, nothing is translated. A
fork has one thread. What makes that sound here:

- It happens in the main thread, between two requests: no thread is inside moto then, and none comes in while it happens. Threads of running
  executions may be between two of their calls; what they drove is told to have been aborted.
- Whoever takes over makes every lock anew, since one may be held by a thread that is no more, opens large objects anew, since their files'
  positions would be shared with other processes, and starts anew what has threads or processes of its own.
- The copy lets go of all connections and pipes at once: a killed process's callers must see that it is gone, and so must its children.

The copy forks again to serve and goes on waiting, so one checkpoint can be restored many times. It ends with the parent, see `lifeline`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import stat
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PATIENCE: Final = 60.0
"""Seconds that a checkpoint waits for a moment without requests."""
_LOCKS: Final[Any] = (type(threading.Lock()), type(threading.RLock()))
_STANDARD: Final = 2
_BLOCK: Final = 1 << 20
_AT_ONCE: Final = 5000


class TakeOverError(BaseException):
    """This process is a copy, and has to serve now; raised out of the server that was copied."""


class Gate:
    """Knows how many requests are inside the services.

    Args:
        services: A WSGI application.
    """

    def __init__(self, services: Any) -> None:
        self._services = services
        self._inside = 0
        self.lock = threading.Lock()

    @property
    def is_quiet(self) -> bool:
        """Whether nobody is inside; as long as the lock is held, nobody comes in."""
        return not self._inside

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answers one request."""
        with self.lock:
            self._inside += 1
        try:
            answer: Iterable[bytes] = self._services(environ, start_response)
        finally:
            with self.lock:
                self._inside -= 1
        return answer

    def renew(self) -> None:
        """Nobody is inside: threads of before are no more."""
        self._inside = 0


class Checkpoints:
    """Makes checkpoints of this process; only the newest is kept.

    Args:
        gate: Tells when nobody is inside the services.
        kept: The descriptor on which the parent is told that this process serves.
    """

    def __init__(self, gate: Gate, kept: int) -> None:
        self._gate = gate
        self._kept = kept
        self._keeper = 0
        self._wanted: threading.Event | None = None
        self._one = threading.Lock()

    @property
    def is_possible(self) -> bool:
        """Whether there is a parent that restores them."""
        return self._kept >= 0

    def take(self, patience: float = PATIENCE) -> int:
        """Makes one, from the thread of a request.

        Args:
            patience: Seconds to wait for a moment without requests.

        Returns:
            The process that keeps it.

        Raises:
            DataLakeError: `busy`.
        """
        with self._one:
            self._wanted = done = threading.Event()
            is_done = done.wait(patience)
            with self._gate.lock:
                self._wanted = None
            if not is_done and not done.is_set():
                msg = f"no checkpoint was made: for {patience:.0f} seconds there was always a request in work; wait until they have ended"
                raise DataLakeError(msg, code="busy")
            return self._keeper

    def tick(self) -> None:
        """Makes one if it is wanted and nobody is inside; called by the main thread, again and again.

        Raises:
            TakeOverError: In the copy, when it has to serve.
        """
        with self._gate.lock:
            if self._wanted is None or self._wanted.is_set() or not self._gate.is_quiet:
                return
            _flush_large_objects()
            old, self._keeper = self._keeper, os.fork()
            if self._keeper == 0:
                self._keeper = _keep(self._kept)
                raise TakeOverError
            with contextlib.suppress(OSError):  # the copy does so too; whichever is first
                os.setpgid(self._keeper, self._keeper)
            self._wanted.set()
        _end(old)

    def renew(self) -> None:
        """Nobody wants a checkpoint: threads of before are no more."""
        self._wanted = None


def renew_process() -> None:
    """Makes sound what a fork leaves unsound: locks, the positions of files, moto's random numbers."""
    from moto.moto_api._internal import mock_random  # noqa: PLC0415 - an extra brings it

    _renew_locks()
    for large in _large_objects():
        _reopen(large)
    mock_random.seed(None)  # or the ids of what comes now would be those of what was lost


def _keep(kept: int) -> int:
    """Waits in the copy; returns, in a copy of its own that has to serve, who keeps the checkpoint."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # its copies leave no zombies
    _let_go(kept)
    keeper = os.getpid()
    while os.read(0, 1):
        if os.fork() == 0:
            os.setpgid(0, 0)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            return keeper
    os._exit(0)


def _let_go(kept: int) -> None:
    """Closes sockets and pipes, so that their other ends see what happens to the process that was copied.

    Something takes each one's number: the objects that hold the numbers are still there and close them some day.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in _descriptors():
        if descriptor <= _STANDARD or descriptor in (kept, nothing):
            continue
        with contextlib.suppress(OSError):
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode):
                os.dup2(nothing, descriptor, inheritable=False)
    os.close(nothing)


def _descriptors() -> list[int]:
    folder = "/proc/self/fd" if Path("/proc/self/fd").is_dir() else "/dev/fd"
    return [int(one.name) for one in Path(folder).iterdir()]


def _end(keeper: int) -> None:
    """Ends a keeper that is this process's child, or the one that this process was copied from."""
    if not keeper:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(keeper, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(keeper, 0)


def _renew_locks() -> None:
    """Makes every lock of this process free; those of living threads are the interpreter's own affair."""
    spared = {id(getattr(thread, "_tstate_lock", None)) for thread in threading.enumerate()}
    holders = gc.get_objects()
    for start in range(0, len(holders), _AT_ONCE):
        for found in gc.get_referents(*holders[start : start + _AT_ONCE]):
            if type(found) in _LOCKS and id(found) not in spared:
                found._at_fork_reinit()  # noqa: SLF001 - what the standard library does with its own


def _large_objects() -> Iterator[Any]:
    """Contents that moto keeps in files rather than in memory."""
    for found in gc.get_objects():
        if type(found) is tempfile.SpooledTemporaryFile and found._rolled and not found.closed:  # type: ignore[attr-defined] # noqa: SLF001
            yield found


def _flush_large_objects() -> None:
    """Writes what is still in buffers: a copy would write it a second time."""
    for large in _large_objects():
        large.flush()


def _reopen(large: Any) -> None:
    """Gives a content a file position of its own; moto never changes a content in place."""
    descriptor = large.fileno()
    try:
        # Linux opens the same file once more, though it has no name any more.
        mine = os.fdopen(os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR), "r+b")
    except OSError:
        mine = _copied(descriptor)
    large._file = mine  # noqa: SLF001 - only so does moto's object stay the same


def _copied(descriptor: int) -> Any:
    """A copy of a file, read without moving its position."""
    copied = tempfile.TemporaryFile()  # noqa: SIM115 - it stays open as long as the object
    offset = 0
    while block := os.pread(descriptor, _BLOCK, offset):
        offset += copied.write(block)
    return copied
