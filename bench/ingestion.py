"""Measures the ingestion job against a plain PySpark script that only casts and writes the same file.

Both sides read the same generated CSV in one warm session. They take turns, one round uncounted and then `--runs` rounds; what is
printed are the medians of the rounds' ratios, of wall clock and of the CPU that Python and Java spend together. On a machine that others
use too, the second is the one to go by. The plain side is `spark.read.schema(...).csv(...)`, a Parquet write with zstd and a count of what
was written: it checks nothing and loses what does not fit. The job surveys, casts with reasons, checks, finds duplicates, writes both
zones and settles the equation; nothing is published.

Where the job's time goes is told by its own log, in the same runs: `survey` (with all that comes before it), `judge` (reading, casting,
looking for duplicates, counting outcomes), `write` (both zones, gate, reasons, manifest). Options: --rows 70000,500000
--tables routes,wide --runs 3.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import SparkSession

from constructs_lib.runtime.ingestion.arguments import Arguments
from constructs_lib.runtime.ingestion.run import ingest as run_job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SEED = 20
WARM_UP_ROWS = 2000
PARTS = {"survey": "surveyed", "judge": "judged", "write": "finished"}
"""Parts of the job, and the line of its log that each ends with."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def column(name: str, type_: str, *checks: tuple[str, Any], required: bool = False) -> dict[str, Any]:
    """A column of a job spec."""
    listed = [{"kind": kind, "value": value} for kind, value in checks]
    return {"name": name, "source_name": name, "type": type_, "required": required, "checks": listed}


def job_spec(table: str, columns: Sequence[dict[str, Any]], source: dict[str, Any], key: Sequence[str]) -> dict[str, Any]:
    """A job spec of the domain `bench`."""
    return {
        "spec_version": 2,
        "product": "bench.speed",
        "contract_version": "1.0.0",
        "domain": "bench",
        "table": table,
        "database": "bench",
        "quarantine_database": "bench_quarantine",
        "format": "parquet",
        "source": {"format": "csv", **source},
        "columns": list(columns),
        "primary_key": list(key),
        "partitioning": [],
    }


TABLES = {
    "routes": job_spec(
        "routes",
        [
            column("airline", "string", ("pattern", "^[A-Z0-9]{2}$"), required=True),
            column("airline_id", "int"),
            column("source_airport", "string", required=True),
            column("source_airport_id", "int", required=True),
            column("destination_airport", "string", required=True),
            column("destination_airport_id", "int", required=True),
            column("codeshare", "string", ("enum", ["", "Y"])),
            column("stops", "int", ("maximum", 0), required=True),
            column("equipment", "string"),
        ],
        {"header": False, "null_marker": "\\N"},
        ["airline", "source_airport", "destination_airport"],
    ),
    "wide": job_spec(
        "wide",
        [
            column("id", "bigint"),
            *(column(f"name_{at}", "string", ("max_length", 60)) for at in range(6)),
            *(column(f"count_{at}", "int", ("minimum", 0)) for at in range(4)),
            *(column(f"amount_{at}", "decimal(12,2)") for at in range(3)),
            *(column(f"ratio_{at}", "double") for at in range(2)),
            *(column(f"day_{at}", "date") for at in range(2)),
            column("at", "timestamp"),
            column("paid", "boolean"),
        ],
        {},
        ["id"],
    ),
}


def lines(table: str, rows: int) -> Iterator[str]:
    """The lines of a file of so many records: the same whenever it is made."""
    dice = random.Random(SEED)  # noqa: S311 - no secret
    if table == "routes":
        for _ in range(rows):
            ends = dice.sample(range(9000), 2)
            codes = ["".join(_LETTERS[end // 26**place % 26] for place in range(3)) for end in ends]
            airline = "".join(dice.choices(_LETTERS, k=2))
            stops = 1 if dice.random() < 0.0002 else 0  # noqa: PLR2004 - as many as there really are
            known = [str(end) if dice.random() < 0.99 else "\\N" for end in ends]  # noqa: PLR2004 - the same
            codeshare = "Y" if dice.random() < 0.2 else ""  # noqa: PLR2004 - the same
            yield f"{airline},{dice.randrange(20000)},{codes[0]},{known[0]},{codes[1]},{known[1]},{codeshare},{stops},73H 320\r\n"
        return
    spec = TABLES[table]
    yield ",".join(each["name"] for each in spec["columns"]) + "\n"
    words = ["plain", "with space", '"quoted, with comma"', "élan", "", "a somewhat longer value of a text column"]
    for number in range(rows):
        names = ",".join(dice.choices(words, k=6))
        counts = ",".join(str(dice.randrange(100_000)) for _ in range(4))
        amounts = ",".join(f"{dice.randrange(10_000_000)}.{dice.randrange(100):02}" for _ in range(3))
        ratios = f"{dice.random()},{dice.random() * 1e6}"
        days = f"20{dice.randrange(10, 30)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02},2024-02-29"
        paid = "true" if number % 3 else "false"
        yield f"{number},{names},{counts},{amounts},{ratios},{days},2024-02-29T10:{number % 60:02}:00Z,{paid}\n"


def deliver(folder: Path, table: str, rows: int) -> Path:
    """Writes such a file."""
    path = folder / f"{table}-{rows}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines(table, rows))
    return path


def plain(spark: SparkSession, source: Path, table: str, target: Path) -> int:
    """The script that only casts and writes; returns how many rows it wrote."""
    spec = TABLES[table]
    schema = ", ".join(f"`{each['name']}` {each['type']}" for each in spec["columns"])
    options = {"header": spec["source"].get("header", True), "nullValue": spec["source"].get("null_marker", ""), "escape": '"'}
    rows = spark.read.schema(schema).options(**options).csv(str(source))
    rows.write.mode("overwrite").option("compression", "zstd").parquet(str(target))
    return spark.read.parquet(str(target)).count()


def ingest(spark: SparkSession, source: Path, table: str, folder: Path) -> dict[str, Any]:
    """The job; returns its counts."""
    run_id = f"run-{time.monotonic_ns()}"
    arguments = Arguments(
        spec=json.dumps(TABLES[table]),
        input=str(source),
        curated=str(folder / "curated"),
        quarantine=str(folder / "quarantine"),
        manifest=str(folder / "manifests" / f"{run_id}.json"),
        run_id=run_id,
        catalog=str(folder / "catalog"),
        publish=False,
    )
    return dict(run_job(arguments, spark)["counts"])


class Parts(logging.Handler):
    """Listens to the job's log for when a part ends."""

    def __init__(self) -> None:
        super().__init__()
        self.spent: dict[str, list[float]] = {part: [] for part in PARTS}
        self._since = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Takes the time of a line that ends a part."""
        event, now = json.loads(record.getMessage())["event"], time.perf_counter()
        for part, end in PARTS.items():
            if event == end:
                self.spent[part].append(now - self._since)
        self._since = now if event in {"started", *PARTS.values()} else self._since


def cpu_seconds() -> float:
    """What this process and all below it have spent so far; 0 where there is no /proc."""
    parents, spent = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        parents[int(stat.parent.name)] = int(fields[1])
        spent[int(stat.parent.name)] = sum(map(int, fields[11:15]))

    def is_ours(process: int | None) -> bool:
        return process is not None and (process == os.getpid() or is_ours(parents.get(process)))

    return sum(ticks for process, ticks in spent.items() if is_ours(process)) / os.sysconf("SC_CLK_TCK")


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of wall clock and of CPU that it took."""
    started, spent = time.perf_counter(), cpu_seconds()
    work()
    return time.perf_counter() - started, cpu_seconds() - spent


def session() -> SparkSession:
    """A local session of all cores, quiet."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master("local[*]").appName("bench").config("spark.driver.memory", "4g")
    for name in ("spark.ui.enabled", "spark.ui.showConsoleProgress"):
        builder = builder.config(name, "false")
    found = builder.config("spark.driver.host", "127.0.0.1").getOrCreate()
    found.sparkContext.setLogLevel("ERROR")
    return found


def compare(spark: SparkSession, folder: Path, table: str, rows: int, runs: int) -> None:
    """Prints one line: rows per second of both, their ratios, and where the job's time goes."""
    source = deliver(folder, table, rows)
    plain_taken, job_taken = [], []
    found: dict[str, Any] = {}
    parts = Parts()
    log = logging.getLogger("ingestion")
    log.setLevel(logging.INFO)
    log.propagate = False
    for number in range(runs + 1):
        if number == 1:
            log.addHandler(parts)
        plain_taken.append(timed(lambda: plain(spark, source, table, folder / "plain")))
        job_taken.append(timed(lambda: found.update(ingest(spark, source, table, folder))))
    log.removeHandler(parts)
    if found["input"] != rows:
        sys.exit(f"{table}: {rows} records delivered, the job counted {found['input']}")
    pairs = list(zip(plain_taken[1:], job_taken[1:], strict=True))
    plain_wall, job_wall = (statistics.median(taken[0] for taken in side[1:]) for side in (plain_taken, job_taken))
    print(f"{table:<8}{rows:>9,}{rows / plain_wall:>12,.0f}{rows / job_wall:>12,.0f}", end="")
    print(f"{statistics.median(job[0] / one[0] for one, job in pairs):>8.2f}", end="")
    print(f"{statistics.median(job[1] / max(one[1], 0.01) for one, job in pairs):>11.2f}", end="")
    print("".join(f"{statistics.median(spent):>10.2f}" for spent in parts.spent.values()), flush=True)


def main() -> int:
    """Measures and prints; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="70000,500000", help="numbers of rows, with commas")
    parser.add_argument("--tables", default=",".join(TABLES), help=f"which tables, with commas, of {', '.join(TABLES)}")
    parser.add_argument("--runs", type=int, default=3, help="how many rounds count, after one that does not")
    arguments = parser.parse_args()
    spark = session()
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        folder = Path(made)
        for table in arguments.tables.split(","):
            warm = deliver(folder, table, WARM_UP_ROWS)
            plain(spark, warm, table, folder / "plain")
            ingest(spark, warm, table, folder)
        print(f"{'table':<8}{'rows':>9}{'plain r/s':>12}{'job r/s':>12}{'ratio':>8}{'CPU ratio':>11}", end="")
        print("".join(f"{part + ' s':>10}" for part in PARTS))
        for table in arguments.tables.split(","):
            for rows in arguments.rows.split(","):
                compare(spark, folder, table, int(rows), arguments.runs)
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
