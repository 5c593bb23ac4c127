"""Measures synthesis: this library against the same lake in plain JavaScript CDK, and the reference app.

Both sides take turns in one run on one machine, so that their ratio means something where absolute times do not. CDK's built-in validation
is off on both sides; every process starts cold. Options: --tables 100,500,2000 --runs 3 --skip-reference.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
JAVASCRIPT = ROOT / "bench" / "javascript"
SAMPLE_SECONDS = 0.1
MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """One process with all it started: seconds of wall clock and of CPU, and the most memory it had at one time, in bytes."""

    wall: float
    cpu: float
    rss: int


def main() -> int:
    """Measures and prints; returns the exit code."""
    arguments = parse()
    install()
    counts = [int(count) for count in arguments.tables.split(",")]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        sides: dict[str, Callable[[int], list[str]]] = {
            "python": lambda count: [str(BIN / "python"), "bench/python_lake.py", str(count), f"{folder}/python", "cdk.json"],
            "javascript": lambda count: [str(BIN / "node"), "bench/javascript/app.js", str(count), f"{folder}/javascript", "cdk.json"],
        }
        for command in sides.values():
            measure(command(1))  # fills the caches that a second run finds
        print(f"synthesis of N tables with three grants each, medians of {arguments.runs} runs in turn, built-in validation off\n")
        print(f"{'N':>6} {'':<12}{'wall s':>8}{'cpu s':>8}{'peak MiB':>10}{'resources':>11}{'template KiB':>14}")
        for count in counts:
            taken: dict[str, list[Measurement]] = {side: [] for side in sides}
            for _ in range(arguments.runs):
                for side, command in sides.items():
                    shutil.rmtree(f"{folder}/{side}", ignore_errors=True)
                    taken[side].append(measure(command(count)))
            check_same_tables(Path(folder), count)
            report(count, taken, Path(folder))
    if not arguments.skip_reference:
        reference(arguments.runs)
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", default="100,500,2000", help="numbers of tables, with commas")
    parser.add_argument("--runs", type=int, default=3, help="how often each side runs")
    parser.add_argument("--skip-reference", action="store_true", help="leave out the reference app")
    return parser.parse_args()


def install() -> None:
    """Installs the JavaScript side as its lock says, unless that was done for this very lock."""
    done = JAVASCRIPT / "node_modules" / ".package-lock.json"
    if done.exists() and done.stat().st_mtime >= (JAVASCRIPT / "package-lock.json").stat().st_mtime:
        return
    print("installing the JavaScript side", flush=True)
    subprocess.run(
        [str(BIN / "npm"), "ci", "--no-audit", "--no-fund", "--silent"],
        cwd=JAVASCRIPT,
        env=environment(),
        check=True,
    )


def environment() -> dict[str, str]:
    """What a process is started with: bytecode is cached, as on anybody's machine, and the built-in validation is off."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join([str(BIN), kept.get("PATH", os.defpath)])
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "CDK_VALIDATION": "false"}


def measure(command: Sequence[str]) -> Measurement:
    """Runs a command to its end."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
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
    if process.returncode != 0:
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


def templates(folder: Path) -> tuple[int, int, set[str]]:
    """Resources, bytes and table names of an assembly."""
    resources, size, names = 0, 0, set()
    for path in folder.glob("*.template.json"):
        text = path.read_text()
        size += len(text)
        made = json.loads(text).get("Resources", {})
        resources += len(made)
        names |= {one["Properties"]["Name"] for one in made.values() if one["Type"] == "AWS::Glue::Table"}
    return resources, size, names


def check_same_tables(folder: Path, count: int) -> None:
    """A side that builds less would win for nothing."""
    for side in ("python", "javascript"):
        found = len(templates(folder / side)[2])
        if found != count:
            sys.exit(f"the {side} side wrote {found} tables of {count}")


def report(count: int, taken: dict[str, list[Measurement]], folder: Path) -> None:
    """Prints the medians of one N, and the ratios."""
    medians = {}
    for side, measurements in taken.items():
        wall, cpu, rss = (statistics.median(getattr(one, name) for one in measurements) for name in ("wall", "cpu", "rss"))
        medians[side] = (wall, cpu, rss)
        resources, size, _ = templates(folder / side)
        print(f"{count:>6} {side:<12}{wall:>8.2f}{cpu:>8.2f}{rss / MIB:>10.0f}{resources:>11,}{size / 1024:>14,.0f}")
    ratios = [one / other for one, other in zip(medians["python"], medians["javascript"], strict=True)]
    print(f"{'':>6} {'RATIO':<12}{ratios[0]:>8.2f}{ratios[1]:>8.2f}{ratios[2]:>10.2f}\n", flush=True)


def reference(runs: int) -> None:
    """Prints time and memory of the reference app, with all its checks."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.environ["CDK_OUTDIR"] = f"{folder}/cdk.out"
        try:
            taken = [measure([str(BIN / "python"), "app.py"]) for _ in range(runs)]
        finally:
            del os.environ["CDK_OUTDIR"]
        resources = sum(len(json.loads(path.read_text()).get("Resources", {})) for path in Path(folder).rglob("*.template.json"))
    wall, cpu, rss = (statistics.median(getattr(one, name) for one in taken) for name in ("wall", "cpu", "rss"))
    print(
        f"reference app with compliance packs: {wall:.2f} s wall, {cpu:.2f} s cpu, {rss / MIB:.0f} MiB at its peak, {resources:,} resources"
    )


if __name__ == "__main__":
    sys.exit(main())
