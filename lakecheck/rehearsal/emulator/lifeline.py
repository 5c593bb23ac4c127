"""Ties the emulator's process to the one that started it: when that ends, however it ends, nothing of the emulator stays.

Standard input is a pipe whose other end the parent holds and never gives to a child. When it reaches its end, the parent is gone: that
works for SIGKILL, on Linux and on macOS, without asking for process ids that may be another's by now.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Final

PATIENCE: Final = 1.0
"""Seconds that children have to end by themselves."""


class Lifeline:
    """What the server holds of its parent. Made first of all, since whatever prints would be taken for an announcement."""

    def __init__(self) -> None:
        self.announcements: Final = os.dup(1)
        os.dup2(2, 1)  # what moto prints belongs to the log: nobody reads the pipe any more once the server is ready

    def announce(self, port: int) -> None:
        """Tells the parent that a port answers."""
        os.write(self.announcements, f"ready {port}\n".encode())

    def announce_failure(self) -> None:
        """Tells the parent that no port will answer."""
        os.write(self.announcements, b"failed\n")

    def watch(self) -> None:
        """Ends this process and its children with the parent, from now on."""
        signal.signal(signal.SIGTERM, _end)
        threading.Thread(target=_wait, name="lifeline", daemon=True).start()


def _end(_number: int, _frame: object) -> None:
    sys.exit(128 + signal.SIGTERM)


def _wait() -> None:
    while os.read(0, 1):
        pass
    end_group()


def end_group() -> None:
    """Ends this process and what it started."""
    if os.getpgrp() != os.getpid():
        os._exit(0)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    if os.fork() == 0:  # a process of its own, since the threads of one that is ending are held up, and its end may hang
        time.sleep(PATIENCE)
        os.killpg(0, signal.SIGKILL)
    os.killpg(0, signal.SIGTERM)
