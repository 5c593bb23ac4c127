"""Measures synthesis: this library against the same lake in plain JavaScript CDK, and the reference app.

Both sides take turns in one run on one machine, so that their ratio means something where absolute times do not. Every process starts cold,
and both have the same Node with the same settings. Options: --tables 100,500,2000,10000 --runs 3 --validated 1000 --skip-reference.

Three comparisons are printed:

1. Synthesis alone, CDK's built-in validation off on both sides: wall clock, CPU and memory, their ratios, and how they grow.
2. With checks: this library with the compliance packs and the native CloudFormation validation of every template, CDK's own off; the
   JavaScript app with CDK's built-in validation, which is what it has without doing anything.
3. The reference app as it is.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import BIN, ROOT, Measurement, environment, measure
from written import Written, differences, read

if TYPE_CHECKING:
    from collections.abc import Mapping

JAVASCRIPT = ROOT / "bench" / "javascript"
LONG = 5000
"""From so many tables on, each side runs once."""


def main() -> int:
    """Measures and prints; returns the exit code."""
    arguments = parse()
    install()
    counts = [int(count) for count in arguments.tables.split(",")]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        compare(counts, arguments.runs, Path(folder))
        if arguments.validated:
            compare_checked(arguments.validated, arguments.runs, Path(folder))
    if not arguments.skip_reference:
        reference(arguments.runs)
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", default="100,500,2000,10000", help="numbers of tables, with commas; none for an empty text")
    parser.add_argument("--runs", type=int, default=3, help=f"how often each side runs; once from {LONG:,} tables on")
    parser.add_argument("--validated", type=int, default=1000, help="number of tables of the comparison with checks; 0 leaves it out")
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


def commands(folder: Path, count: int) -> dict[str, list[str]]:
    """How each side is started."""
    return {
        "python": [str(BIN / "python"), "bench/python_lake.py", str(count), f"{folder}/python", "cdk.json"],
        "javascript": [str(BIN / "node"), "bench/javascript/app.js", str(count), f"{folder}/javascript", "cdk.json"],
    }


def compare(counts: list[int], runs: int, folder: Path) -> None:
    """Synthesis alone, for each number of tables; then the growth."""
    for command in commands(folder, 1).values():
        measure(command)  # fills the caches that a second run finds
    print(f"synthesis of N tables with three grants each, medians of {runs} runs in turn, built-in validation off\n")
    print(f"{'N':>6} {'':<12}{'wall s':>8}{'cpu s':>8}{'peak MiB':>10}{'resources':>11}{'template KiB':>14}")
    medians: dict[int, dict[str, Measurement]] = {}
    for count in counts:
        medians[count] = in_turn(commands(folder, count), 1 if count >= LONG else runs, folder)
        sides = check_same_lake(folder, count)
        for side, taken in medians[count].items():
            print(f"{count:>6} {side:<12}{taken}{sides[side].resources:>11,}{sides[side].size / 1024:>14,.0f}")
        print(f"{'':>6} {'RATIO':<12}{medians[count]['python'].ratio(medians[count]['javascript'])}\n", flush=True)
    if len(counts) > 1:
        print("each further thousand tables: the same in every line when time and memory grow linearly\n")
        print(f"{'from':>6} {'to':<6} {'':<12}{'wall s':>8}{'cpu s':>8}{'MiB':>10}")
        for smaller, larger in pairwise(counts):
            for side in ("python", "javascript"):
                growth = medians[larger][side].per_thousand(medians[smaller][side], larger - smaller)
                print(f"{smaller:>6} {larger:<6} {side:<12}{growth}")
        print(flush=True)


def compare_checked(count: int, runs: int, folder: Path) -> None:
    """Synthesis with checks: ours against those that come with CDK."""
    sides = commands(folder, count)
    sides["python"].append("--checked")
    started_with = {"python": environment(), "javascript": environment(CDK_VALIDATION=None)}
    taken = in_turn(sides, runs, folder, started_with)
    check_same_lake(folder, count)
    print(
        f"with checks, {count} tables, medians of {runs} runs in turn: compliance packs and native validation; CDK's built-in validation\n"
    )
    for side, median in taken.items():
        print(f"{count:>6} {side:<12}{median}")
    print(f"{'':>6} {'RATIO':<12}{taken['python'].ratio(taken['javascript'])}\n", flush=True)


def in_turn(
    sides: Mapping[str, list[str]], runs: int, folder: Path, started_with: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Measurement]:
    """The medians of several runs of each side, one after the other."""
    taken: dict[str, list[Measurement]] = {side: [] for side in sides}
    for _ in range(runs):
        for side, command in sides.items():
            shutil.rmtree(folder / side, ignore_errors=True)
            taken[side].append(measure(command, None if started_with is None else started_with[side]))
    return {side: Measurement.median(measurements) for side, measurements in taken.items()}


def check_same_lake(folder: Path, count: int) -> dict[str, Written]:
    """What both sides wrote; ends the run when it is not the same lake."""
    sides = {side: read(folder / side) for side in ("python", "javascript")}
    if wrong := differences(sides["python"], sides["javascript"], count):
        sys.exit("\n".join(wrong))
    return sides


def reference(runs: int) -> None:
    """Prints time and memory of the reference app, with all its checks."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        started_with = environment(CDK_OUTDIR=f"{folder}/cdk.out")
        taken = Measurement.median([measure([str(BIN / "python"), "app.py"], started_with) for _ in range(runs)])
        resources = sum(len(json.loads(path.read_text()).get("Resources", {})) for path in Path(folder).rglob("*.template.json"))
    print(f"the reference app with its compliance packs: {resources:,} resources\n\n{'':>6} {'python':<12}{taken}")


if __name__ == "__main__":
    sys.exit(main())
