"""The processes of all functions: kept warm, ended when there are too many or their code changes."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakecheck.rehearsal.functions.process import Called, Function, FunctionProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MOST_PROCESSES: Final = 12
"""Of all functions together: each takes about as much memory as boto3 does."""


class Pool:
    """Runs calls of functions, each in a process of its function that has nothing else to do.

    Where Lambda would refuse a call because a function's reserved concurrency is used up, the call waits here.

    Args:
        surroundings: Environment variables of the emulator for a function: credentials of its role, endpoint. A folder is there for files.
        most: How many processes there may be.
    """

    def __init__(self, surroundings: Callable[[Function, Path], Mapping[str, str]], most: int = MOST_PROCESSES) -> None:
        self._surroundings = surroundings
        self._most = most
        self._changed = threading.Condition()
        self._idle: list[FunctionProcess] = []
        self._busy: list[_Place] = []
        self._root: Path | None = None
        self._owner = os.getpid()
        atexit.register(self.close)

    def call(self, function: Function, payload: bytes, *, arn: str = "", client_context: str = "", timeout: float | None = None) -> Called:
        """Calls a function, once a process is free; see `FunctionProcess.call`."""
        with self._taken(function) as process:
            return process.call(payload, arn=arn, client_context=client_context, timeout=timeout)

    @property
    def is_quiet(self) -> bool:
        """Whether no function runs."""
        with self._changed:
            return not self._busy

    def close(self) -> None:
        """Ends every process; in a copy of the process that made them, nothing, for they are none of its children."""
        if os.getpid() != self._owner:
            return
        with self._changed:
            processes = [*self._idle, *(each.process for each in self._busy if each.process is not None)]
            self._idle.clear()
        for process in processes:
            process.end()
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
            self._root = None

    @contextmanager
    def _taken(self, function: Function) -> Iterator[FunctionProcess]:
        place = self._place(function)
        try:
            if place.process is None:
                folder = self._folder()
                place.process = FunctionProcess(function, folder, self._surroundings(function, folder))
            yield place.process
        finally:
            with self._changed:
                self._busy.remove(place)
                if place.process is not None and place.process.is_usable:
                    self._idle.append(place.process)
                self._changed.notify_all()

    def _place(self, function: Function) -> _Place:
        """Waits for a free process of a function, or for room to make one; ends those that are in the way."""
        with self._changed:
            while True:
                free = [one for one in self._idle if one.function.key == function.key]
                running = sum(each.arn == function.arn for each in self._busy)
                if free or (running < function.most and len(self._busy) < self._most):
                    break
                self._changed.wait()
            place = _Place(function.arn, free[-1] if free else None)
            self._busy.append(place)
            ended = [one for one in self._idle if one.function.arn == function.arn and one.function.key != function.key]
            kept = [one for one in self._idle if one not in ended and one is not place.process]
            too_many = max(len(kept) + len(self._busy) - self._most, 0)
            self._idle = kept[too_many:]
            ended += kept[:too_many]
        for one in ended:
            one.end()
        return place

    def _folder(self) -> Path:
        with self._changed:
            if self._root is None:
                self._root = Path(tempfile.mkdtemp(prefix="lakecheck-functions-"))
            return self._root


@dataclass(eq=False, slots=True)
class _Place:
    """A call's place among those that run; its process, once there is one."""

    arn: str
    process: FunctionProcess | None
