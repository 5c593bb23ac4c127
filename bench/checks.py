"""Measures the whole of `lakecheck run` on the reference, all environments and every report, against synthesizing it.

Both run in processes of their own, in turns on one machine, so that their ratio means something where absolute times do not. The run
compares the reference with itself (`--base`), so that nothing is left out. The exit code is 1 when it takes longer than synthesis.
Options: --runs 3
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

from measuring import BIN, Measurement, environment, measure

REPORTS: Final = {
    "json": "r.json",
    "junit": "r.xml",
    "sarif": "r.sarif",
    "markdown": "r.md",
    "html": "r.html",
    "evidence": "r.csv",
}


def main() -> int:
    """Measures and prints; returns the exit code, 1 when judging takes longer than synthesizing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="how often; medians are printed")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        synth, plain, whole = zip(*(once(Path(folder)) for _ in range(runs + 1)), strict=True)
    # The first of each fills the caches that later ones find.
    taken = {
        "synthesize": Measurement.median(synth[1:]),
        "lakecheck run": Measurement.median(plain[1:]),
        "lakecheck run --base, every report": Measurement.median(whole[1:]),
    }
    usual = taken["synthesize"]
    print(f"\nthe reference: dev, staging, prod\n{'':<36}{'wall s':>8}{'CPU s':>8}{'MiB':>10}   of synthesis")
    for name, each in taken.items():
        print(f"{name:<36}{each}{each.ratio(usual)}")
    return 0 if max(each.wall for each in taken.values()) <= usual.wall else 1


def once(folder: Path) -> tuple[Measurement, Measurement, Measurement]:
    """The reference synthesized, judged, and judged against itself with every report."""
    outdir = folder / "cdk.out"
    # As its users run it: with the compliance packs, the invariants and CDK's own validation.
    synth = measure([str(BIN / "python"), "app.py"], environment(CDK_OUTDIR=str(outdir), CDK_VALIDATION=None))
    judge = [str(BIN / "lakecheck"), "run", str(outdir)]
    plain = measure(judge)
    reports = [word for name, file in REPORTS.items() for word in (f"--{name}", str(folder / file))]
    return synth, plain, measure([*judge, "--base", str(outdir), *reports])


if __name__ == "__main__":
    sys.exit(main())
