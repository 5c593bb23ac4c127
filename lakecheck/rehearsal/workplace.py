"""Where a rehearsal works: its folders, of which only what was asked for stays, also when the rehearsal is killed."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OWN: Final = ("assembly", "next", "cdk", "jobs", "emulator.log")
"""What a rehearsal makes in its folder; the next one in the same folder takes it away."""
_MARK: Final = ".rehearsal"
_GUARD: Final = """
import os, shutil, signal, sys, time
groups = set()
for line in sys.stdin:
    (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
for _ in range(5):
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    time.sleep(1)
"""
"""It goes on for a while, since the emulator needs a moment to end, and writes until then."""


class Guard:
    """Ends processes and removes a folder when this process is gone, however it ended.

    A process of its own holds the other end of a pipe of ours: nothing else works for a process that is killed, on Linux and on macOS.

    Args:
        folder: What is removed.
    """

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-I", "-S", "-c", _GUARD, str(folder)]
        self._process = subprocess.Popen(  # noqa: S603 - our own text
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", start_new_session=True
        )

    def watch(self, group: int) -> None:
        """A process was started, which leads a group of its own."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """The group has ended: its number may be another's from now on."""
        self._tell(f"-{group}\n")

    def dismiss(self) -> None:
        """Everything has been taken away in order."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _tell(self, line: str) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # somebody has ended the guard: the rehearsal goes on without
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()


@dataclass(frozen=True, kw_only=True, slots=True)
class Workplace:
    """Folders of one rehearsal.

    Attributes:
        folder: Copies of the assembly and logs; stays if it was asked for.
        temporary: For everything else; never stays.
        guard: Looks after both when nobody else can.
    """

    folder: Path
    temporary: Path
    guard: Guard


@contextlib.contextmanager
def workplace(folder: Path | None, inputs: Sequence[Path] = ()) -> Iterator[Workplace]:
    """A place to work in, which is cleared behind the block.

    Args:
        folder: What stays; nothing when None. It may hold other things, and what an earlier rehearsal left there.
        inputs: What is read, and must not be written to.

    Raises:
        DataLakeError: `folder_unusable`, `folder_in_use`, `folder_taken`.
    """
    with contextlib.ExitStack() as stack:
        if folder is not None:
            folder = folder.expanduser().absolute().resolve()
            _check_apart(folder, inputs)
            stack.enter_context(_claimed(folder))
        try:
            made = Path(tempfile.mkdtemp(prefix="rehearsal-")).resolve()
        except OSError as error:
            msg = f"no temporary folder can be made ({error}); make room, or set TMPDIR to a folder that can be written to"
            raise DataLakeError(msg, code="folder_unusable") from error
        guard = Guard(made)
        temporary = made / "tmp"
        temporary.mkdir()
        yield_to = Workplace(folder=folder or made, temporary=temporary, guard=guard)
        try:
            yield yield_to
        finally:
            shutil.rmtree(made, ignore_errors=True)
            guard.dismiss()  # only now: an interrupt while the folder is removed leaves it to the guard


def _check_apart(folder: Path, inputs: Sequence[Path]) -> None:
    for each in (one.resolve() for one in inputs):
        if folder.is_relative_to(each):
            msg = f"got the folder {folder}, which is in the assembly {each} and would be copied into itself; name one elsewhere"
            raise DataLakeError(msg, code="folder_unusable")
        if any(each.is_relative_to(folder / name) for name in OWN):
            msg = f"the assembly {each} is what an earlier rehearsal made in {folder}, and this one would remove it; name another folder"
            raise DataLakeError(msg, code="folder_unusable")


@contextlib.contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """The folder is this rehearsal's alone, and without what an earlier one left."""
    mark = folder / _MARK
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            others = [name for name in OWN if (folder / name).exists()]
            if others and not mark.exists():
                msg = f"{folder} has {', '.join(others)}, which no rehearsal made; name another folder"
                raise DataLakeError(msg, code="folder_taken")
            lock = stack.enter_context(mark.open("a", encoding="utf-8"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in others:
                _remove(folder / name)
        except BlockingIOError:
            msg = f"another rehearsal works in {folder}; wait for its end, or name another folder"
            raise DataLakeError(msg, code="folder_in_use") from None
        except OSError as error:
            msg = f"got the folder {folder}, which cannot be used: {error.strerror or error}; name one that can be written to"
            raise DataLakeError(msg, code="folder_unusable") from error
        yield


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
