"""Runs a process to its end and measures it with all that it starts: wall clock, CPU, memory."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
SAMPLE_SECONDS = 0.1
MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """One process with all it started: seconds of wall clock and of CPU, and the most memory it had at one time, in bytes."""

    wall: float
    cpu: float
    rss: float

    @staticmethod
    def median(taken: Sequence[Measurement]) -> Measurement:
        """The median of each."""
        return Measurement(
            wall=statistics.median(one.wall for one in taken),
            cpu=statistics.median(one.cpu for one in taken),
            rss=statistics.median(one.rss for one in taken),
        )

    def __str__(self) -> str:
        return f"{self.wall:>8.2f}{self.cpu:>8.2f}{self.rss / MIB:>10.0f}"

    def ratio(self, other: Measurement) -> str:
        """How many times the other it took."""
        return f"{self.wall / other.wall:>8.2f}{self.cpu / other.cpu:>8.2f}{self.rss / other.rss:>10.2f}"

    def per_thousand(self, before: Measurement, things: int) -> str:
        """What each further thousand of them took, since a smaller run."""
        wall, cpu, rss = (
            1000 * (after - earlier) / things
            for after, earlier in ((self.wall, before.wall), (self.cpu, before.cpu), (self.rss / MIB, before.rss / MIB))
        )
        return f"{wall:>8.2f}{cpu:>8.2f}{rss:>10.0f}"


def environment(**more: str | None) -> dict[str, str]:
    """What a process is started with: bytecode is cached, as on anybody's machine, and CDK's built-in validation is off."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join([str(BIN), kept.get("PATH", os.defpath)])
    made: dict[str, str | None] = {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "CDK_VALIDATION": "false", **more}
    return {key: value for key, value in made.items() if value is not None}


def measure(command: Sequence[str], started_with: Mapping[str, str] | None = None, *, accepted: Sequence[int] = (0,)) -> Measurement:
    """Runs a command to its end, with an exit code that is accepted."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment() if started_with is None else started_with,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    peaks = [0]
    ended = threading.Event()
    sampler = threading.Thread(target=sample, args=(process.pid, peaks, ended), daemon=True)
    sampler.start()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, said = process.communicate()
    wall = time.perf_counter() - started
    ended.set()
    sampler.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in accepted:
        sys.exit(f"{' '.join(command)} failed:\n{said}")
    return Measurement(wall=wall, cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, rss=max(peaks))


def sample(group: int, peaks: list[int], ended: threading.Event) -> None:
    """Keeps the memory of a process group, its most and its last; `getrusage` knows the largest process only, and Python brings Node."""
    while not ended.wait(SAMPLE_SECONDS):
        peaks[0] = max(peaks[0], group_memory(group))


def group_memory(group: int) -> int:
    """Resident bytes of a process group: from /proc where there is one, else from ps."""
    proc = Path("/proc")
    if not proc.joinpath("self", "statm").exists():
        listed = subprocess.run(["ps", "-A", "-o", "pgid=,rss="], capture_output=True, text=True, check=False).stdout
        return sum(int(rss) * 1024 for pgid, rss in (line.split() for line in listed.splitlines()) if int(pgid) == group)
    total = 0
    for folder in proc.iterdir():
        if folder.name.isdigit():
            try:
                if os.getpgid(int(folder.name)) == group:
                    total += int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            except (OSError, ValueError):
                continue  # it has just ended
    return total
