"""Says on stderr what goes on, once it takes longer than people wait without wondering; never on stdout, where the report goes."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

Tell = Callable[[str], None]
"""What is told what goes on; a `Progress`, or `quiet`."""

PATIENCE_SECONDS = 2.0
_LINE_EVERY_SECONDS = 5.0


def quiet(_text: str) -> None:
    """Tells nobody."""


class Progress:
    """One line that rewrites itself on a terminal; a new line now and then in a log.

    Args:
        stream: stderr when left out.
        terminal: Whether control codes are understood; what the stream says of itself when left out.
        patience: Seconds for which it keeps quiet.
    """

    def __init__(self, stream: TextIO | None = None, *, terminal: bool | None = None, patience: float = PATIENCE_SECONDS) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._terminal = self._stream.isatty() if terminal is None else terminal
        self._started = time.monotonic()
        self._last_line = self._started
        self._shown = False
        self._patience = patience

    def __call__(self, text: str) -> None:
        """Shows `text`, or keeps quiet while it is early or the last line is fresh."""
        now = time.monotonic()
        if now - self._started < self._patience:
            return
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1  # a line that wraps cannot be rewritten
            self._stream.write(f"\r\x1b[K{text.replace(chr(10), ' ')[:width]}")
            self._shown = True
        elif now - self._last_line >= _LINE_EVERY_SECONDS:
            self._stream.write(f"{text} ({now - self._started:.0f} s)\n")
            self._last_line = now
        self._stream.flush()

    def begin(self, text: str) -> None:
        """Shows what begins: as the rewriting line on a terminal, as a line of its own in a log."""
        if self._terminal:
            self(text)
        else:
            self.line(f"{text} ...")
            self._last_line = time.monotonic()

    def line(self, text: str) -> None:
        """Shows a line that stays, at once."""
        self.done()
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def done(self) -> None:
        """Takes the rewriting line away."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False
