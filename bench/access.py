"""Measures the access matrix and its invariants against synthesizing what they judge, and how they grow with tables and principals.

Each size is synthesized once and judged by `lakecheck access check`, each in a process of its own. Options: --tables 250,500,1000,2000
--principals 25,50,100,200.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from measuring import BIN, ROOT, Measurement, measure

RULES = """\
version: 1
classifications: [public, internal, confidential, restricted]
invariants:
  - id: restricted-is-for-few
    says: Nobody but those who are granted it reads what is restricted.
    forbid: { who: { principal: ["role/person-?0*"] }, do: [read], data: { classification: [restricted] }, door: [assumed_role] }
  - id: nobody-passes-on
    says: Nobody passes on or drops a table.
    forbid: { who: { principal: ["role/person-*"] }, do: [grant, drop] }
  - id: everybody-reads-what-is-public
    says: Every person reads what is public.
    require: { who: { principal: ["role/person-*"] }, do: [read], data: { classification: [public], kind: [table] } }
"""
FIXED_TABLES = 1000
FIXED_PRINCIPALS = 100


def main() -> int:
    """Measures and prints; returns the exit code, 1 when judging takes longer than synthesizing."""
    arguments = parse()
    tables = [int(count) for count in arguments.tables.split(",")]
    principals = [int(count) for count in arguments.principals.split(",")]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        run(Path(folder), 10, 5)  # fills the caches that later runs find
        print(f"the matrix and three invariants, {FIXED_PRINCIPALS} principals, tables of 20 columns\n")
        quick = series(Path(folder), [(count, FIXED_PRINCIPALS) for count in tables])
        print(f"the same, {FIXED_TABLES:,} tables\n")
        quick &= series(Path(folder), [(FIXED_TABLES, count) for count in principals])
    return 0 if quick else 1


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", default="250,500,1000,2000", help="numbers of tables, with commas")
    parser.add_argument("--principals", default="25,50,100,200", help="numbers of principals, with commas")
    return parser.parse_args()


def series(folder: Path, sizes: list[tuple[int, int]]) -> bool:
    """Prints a line for each size; returns whether judging was always quicker than synthesizing."""
    print(f"{'tables':>7}{'principals':>12}{'synth s':>9}{'judge s':>9}{'ratio':>7}{'judge MiB':>11}")
    quick = True
    for tables, principals in sizes:
        synthesized, judged = run(folder, tables, principals)
        ratio = judged.wall / synthesized.wall
        quick &= ratio < 1
        print(f"{tables:>7,}{principals:>12}{synthesized.wall:>9.2f}{judged.wall:>9.2f}{ratio:>7.2f}{judged.rss / 1024**2:>11.0f}", flush=True)
    print()
    return quick


def run(folder: Path, tables: int, principals: int) -> tuple[Measurement, Measurement]:
    """One synth and one judgement of what it wrote."""
    outdir, rules = folder / f"{tables}-{principals}", folder / "access.yaml"
    rules.write_text(RULES, encoding="utf-8")
    synthesized = measure([str(BIN / "python"), "bench/access_lake.py", str(tables), str(principals), str(outdir), "cdk.json"])
    judged = measure([str(BIN / "lakecheck"), "access", "check", str(outdir), "--invariants", str(rules), "--supplement", str(supplement(folder))])
    return synthesized, judged


def supplement(folder: Path) -> Path:
    """Says what the templates do not: who deploys."""
    return folder


if __name__ == "__main__":
    sys.exit(main())
