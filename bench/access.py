"""Measures the access matrix and its invariants against synthesizing what they judge, and how they grow with tables and principals.

Each size is synthesized once and judged by `lakecheck access check`, each in a process of its own, one after the other on one machine, so
that their ratio means something where absolute times do not. Options: --tables 250,500,1000,2000 --principals 25,50,100,200
--shapes open,prefixes,unknown (see `access_lake.py`).

Three series are printed: by table, by principal, and other shapes of the same size. The exit code is 1 when judging takes longer than
synthesizing; but for `unknown`, in which a fifth of the principals can be anything, so that there is a row for almost everything.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

from measuring import BIN, MIB, Measurement, environment, measure
from python_lake import ACCOUNT

RULES: Final = """\
version: 1
classifications: [public, internal, confidential, restricted]
invariants:
  - id: restricted-is-for-few
    says: Nobody but those who are granted it reads what is restricted.
    forbid: { who: { principal: ["role/person-*[02468]"] }, do: [read], data: { classification: [restricted] }, door: [lake_formation] }
  - id: nobody-from-elsewhere
    says: Nobody reads or changes a table from another account.
    forbid: { crossing: account, data: { kind: [table] } }
  - id: only-jobs-write
    says: Nobody but jobs changes what is in tables.
    forbid: { who: { principal: ["role/person-*[1-9]"] }, do: [write], data: { kind: [table] } }
  - id: nobody-passes-on
    says: Nobody passes on or drops a table.
    forbid: { who: { principal: ["role/person-*"] }, do: [grant, drop], data: { kind: [table] } }
  - id: everybody-reads-what-is-public
    says: Every person reads what is public.
    require: { who: { principal: ["role/person-*"] }, do: [read], data: { classification: [public], kind: [table] } }
"""
"""They look at every row of the matrix."""

DEPLOYER: Final = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-eu-west-1"
SUPPLEMENT: Final = f"""\
version: 1
principals:
  - arn: "arn:{{partition}}:iam::{ACCOUNT}:role/{DEPLOYER}"
    managed_policies: ["arn:{{partition}}:iam::aws:policy/AdministratorAccess"]
    trust:
      document:
        Version: "2012-10-17"
        Statement: [{{{{ Effect: Allow, Principal: {{{{ Service: cloudformation.amazonaws.com }}}}, Action: sts:AssumeRole }}}}]
lake_formation:
  - {{{{ account: "{ACCOUNT}", no_other_admins: true }}}}
"""
"""What the templates do not say: who deploys, and that nobody else administers Lake Formation."""

NOT_KNOWN: Final = "unknown"
FIXED_TABLES: Final = 1000
FIXED_PRINCIPALS: Final = 100


def main() -> int:
    """Measures and prints; returns the exit code, 1 when judging takes longer than synthesizing."""
    arguments = parse()
    by_table = [(int(count), FIXED_PRINCIPALS, "usual") for count in arguments.tables.split(",")]
    by_principal = [(FIXED_TABLES, int(count), "usual") for count in arguments.principals.split(",")]
    by_shape = [(FIXED_TABLES, FIXED_PRINCIPALS, shape) for shape in arguments.shapes.split(",") if shape]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        run(Path(folder), 10, 5, "usual")  # fills the caches that later runs find
        quick = series("growth by table", Path(folder), by_table)
        quick &= series("growth by principal", Path(folder), by_principal)
        quick &= series("other shapes", Path(folder), by_shape)
    return 0 if quick else 1


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", default="250,500,1000,2000", help="numbers of tables, with commas")
    parser.add_argument("--principals", default="25,50,100,200", help="numbers of principals, with commas")
    parser.add_argument("--shapes", default="open,prefixes,unknown", help="other shapes of the lake, with commas")
    return parser.parse_args()


def series(title: str, folder: Path, sizes: list[tuple[int, int, str]]) -> bool:
    """Prints a line for each size; returns whether judging was always quicker than synthesizing."""
    print(f"access matrix and five invariants, tables of 20 columns: {title}\n")
    print(f"{'tables':>7}{'principals':>12}  {'shape':<9}{'synth s':>9}{'judge s':>9}{'ratio':>7}{'judge cpu':>11}{'judge MiB':>11}")
    quick = True
    for tables, principals, shape in sizes:
        synthesized, judged = run(folder, tables, principals, shape)
        ratio = judged.wall / synthesized.wall
        quick &= ratio < 1 or shape == NOT_KNOWN
        measured = f"{synthesized.wall:>9.2f}{judged.wall:>9.2f}{ratio:>7.2f}{judged.cpu:>11.2f}{judged.rss / MIB:>11.0f}"
        print(f"{tables:>7,}{principals:>12}  {shape:<9}{measured}", flush=True)
    print()
    return quick


def run(folder: Path, tables: int, principals: int, shape: str) -> tuple[Measurement, Measurement]:
    """One synth and one judgement of what it wrote; a verdict that is not a proof is one all the same."""
    outdir, rules, supplement = folder / f"{tables}-{principals}-{shape}", folder / "access.yaml", folder / "estate.yaml"
    rules.write_text(RULES, encoding="utf-8")
    supplement.write_text(SUPPLEMENT.format(partition="aws"), encoding="utf-8")
    lake = [str(BIN / "python"), "bench/access_lake.py", str(tables), str(principals), str(outdir), "cdk.json", shape]
    synthesized = measure(lake, environment())
    check = [str(BIN / "lakecheck"), "access", "check", str(outdir), "--invariants", str(rules), "--supplement", str(supplement)]
    judged = measure(check, environment(), accepted=(0, 1))
    return synthesized, judged


if __name__ == "__main__":
    sys.exit(main())
