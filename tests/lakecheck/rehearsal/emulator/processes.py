"""Looks after processes: which belong to an emulator, and whether they are gone."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.rehearsal.emulator.process import Emulator


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has fetched counts as ended."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()
    return not state or state.startswith("Z")


def are_gone(pids: Iterable[int], seconds: float = 10) -> bool:
    """Whether processes end within some seconds."""
    deadline = time.monotonic() + seconds
    left = [*pids]
    while left and time.monotonic() < deadline:
        left = [pid for pid in left if not is_gone(pid)]
        time.sleep(0.02)
    return not left


def descends(emulator: Emulator) -> list[int]:
    """The processes that serve and keep a checkpoint, and what runs below them."""
    own = {emulator.control("health")["pid"], emulator.keeper} - {0}
    rows = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split()
    parents = dict(zip(map(int, rows[::2]), map(int, rows[1::2]), strict=True))
    found = set(own)
    while more := {pid for pid, parent in parents.items() if parent in found and pid not in found}:
        found |= more
    assert os.getpid() not in found
    return sorted(found)
