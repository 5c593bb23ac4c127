"""Measures how the reference app grows with the lake: time, memory, stacks, the largest template, and the ratio to the size before.

Contracts are generated; CDK's built-in validation is off, the compliance packs are on. Options: --tables 250,500,1000,2000,10000
--per-product 10 --shape usual.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.generated_lake import SHAPES, write_lake
from bench.measuring import BIN, MIB, Measurement, environment, measure
from lakemodel.limits import Quota, limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What an assembly has: stacks, resources in all, the most of one stack, bytes of the largest template and its name."""

    stacks: int
    resources: int
    most_resources: int
    most_bytes: int
    largest: str


def main() -> int:
    """Measures and prints; returns the exit code, 1 when a template is above a quota of CloudFormation."""
    arguments = parse()
    before: Measurement | None = None
    fits = True
    print(f"{'tables':>7}{'wall s':>9}{'cpu s':>9}{'peak MiB':>10}{'cpu x':>7}{'MiB x':>7}", end="")
    print(f"{'stacks':>8}{'resources':>11}{'most':>6}  largest template, bytes")
    for tables in [int(count) for count in arguments.tables.split(",")]:
        with tempfile.TemporaryDirectory(prefix="scale-") as folder:
            taken = run(Path(folder), tables=tables, per_product=arguments.per_product, shape=arguments.shape)
            found = written(Path(folder) / "cdk.out")
        ratios = ("", "") if before is None else (f"{taken.cpu / before.cpu:.2f}", f"{taken.rss / before.rss:.2f}")
        print(
            f"{tables:>7,}{taken.wall:>9.1f}{taken.cpu:>9.1f}{taken.rss / MIB:>10,.0f}{ratios[0]:>7}{ratios[1]:>7}{found.stacks:>8,}"
            f"{found.resources:>11,}{found.most_resources:>6}  {found.largest} {found.most_bytes:,}",
            flush=True,
        )
        before = taken
        fits &= found.most_bytes <= limit(Quota.TEMPLATE_BYTES).value and found.most_resources <= limit(Quota.STACK_RESOURCES).value
    return 0 if fits else 1


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", default="250,500,1000,2000,10000", help="numbers of tables, with commas")
    parser.add_argument("--per-product", type=int, default=10, help="how many tables a product has")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="usual", help="what the tables look like")
    return parser.parse_args()


def run(folder: Path, *, tables: int, per_product: int = 10, shape: str = "usual") -> Measurement:
    """Writes such a lake into a folder and synthesizes it into `cdk.out` there."""
    write_lake(folder, tables=tables, per_product=per_product, shape=SHAPES[shape])
    named = {"config": "lake.yaml", "contracts": "contracts", "placement": "placement.lock.json"}
    given = [part for key, name in named.items() for part in (f"--{key}", str(folder / name))]
    return measure([str(BIN / "python"), "app.py", *given], environment(CDK_OUTDIR=str(folder / "cdk.out")))


def written(outdir: Path) -> Written:
    """What was written."""
    files = list(outdir.rglob("*.template.json"))
    counts = [len(json.loads(file.read_text())["Resources"]) for file in files]
    largest = max(files, key=lambda file: file.stat().st_size)
    return Written(
        stacks=len(files),
        resources=sum(counts),
        most_resources=max(counts),
        most_bytes=largest.stat().st_size,
        largest=largest.name.removesuffix(".template.json"),
    )


if __name__ == "__main__":
    sys.exit(main())
