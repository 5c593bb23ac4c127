"""Ends processes and removes their folder when this process is gone, however it ended.

A process of its own holds the other end of a pipe of ours and kills when that end is gone: nothing else works for a process that is killed,
on Linux and on macOS.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_TEXT: Final = """
import os, shutil, signal, sys
sys.stdin.buffer.read()
try:
    os.killpg(int(sys.argv[1]), signal.SIGKILL)
except (ProcessLookupError, PermissionError):
    pass
shutil.rmtree(sys.argv[2], ignore_errors=True)
"""


class Guard:
    """Watches over one group of processes until it is dismissed.

    Args:
        group: The process that leads it.
        folder: What goes with it.
    """

    def __init__(self, group: int, folder: Path) -> None:
        command = [sys.executable, "-I", "-S", "-c", _TEXT, str(group), str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own text

    def dismiss(self) -> None:
        """The group has been ended."""
        self._process.kill()  # before its pipe is closed, or it would kill what has the group's number by then
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
