"""Deliveries of every kind of badness under any contract: an independent count of the bytes, the manifest and the readers agree.

`recount` knows the bytes and the job spec and nothing else; DuckDB reads what readers see.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings, strategies as st

from .conftest import Lake
from .deliveries import BADNESS, Sender, contracts
from .readers import as_seen, published, quarantined
from .recount import BAD, Table, Tally, publish, recount
from .specs import column, spec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark
EACH_COSTS_SECONDS = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass
class Ledger:
    """A lake and the naive model of one of its tables, run by run."""

    lake: Lake
    spec: dict[str, Any]
    table: Table = field(default_factory=Table)
    bad: list[tuple[str, int]] = field(default_factory=list)
    runs: int = 0

    def deliver(self, files: Mapping[str, bytes], **changed: Any) -> tuple[Mapping[str, Any], Tally]:
        """One run on these files, held against the count and the model."""
        self.runs += 1
        landing = self.lake.root / "landing" / str(self.runs)
        for name, data in files.items():
            self.lake.deliver(f"{self.runs}/{name}", data)
        told = {"run_id": f"run-{self.runs}", "manifest": str(self.lake.root / "manifests" / f"run-{self.runs}.json"), "publish": True}
        manifest = self.lake.ingest(json.dumps(self.spec), landing, **{**told, **changed})
        tally = recount(self.spec, files, self.table)
        self.table = publish(self.spec, tally, files, self.table)
        self.bad += tally.places(BAD)
        self.hold(manifest, tally)
        return manifest, tally

    def hold(self, manifest: Mapping[str, Any], tally: Tally) -> None:
        """The manifest says the four numbers, and readers see the model's rows, no more and no less."""
        assert manifest["counts"] == tally.counts
        assert manifest["status"] == "published"
        of_files = {Path(file["path"]).name: file["records"] for file in manifest["files"]}
        assert sum(of_files.values()) == tally.counts["input"]
        assert {Path(file["path"]).name for file in manifest["files"] if file["repeats"]} == set(tally.repeated)
        assert sorted(Path(file["path"]).name for file in manifest["refused_files"]) == tally.unreadable
        catalog = self.lake.root / "catalog"
        assert published(catalog, self.spec) == as_seen(self.table.rows, self.spec)
        assert quarantined(catalog, self.spec) == sorted(self.bad)


def ledger(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, contract: dict[str, Any]) -> Ledger:
    return Ledger(Lake(tmp_path_factory.mktemp("lake"), spark), contract)


def send(book: Ledger, seed: int, badness: Sequence[Sequence[str]]) -> None:
    """New rows; then rows sent before, corrected ones and a whole file under another name; then late ones."""
    sender = Sender(book.spec, seed)
    for kinds in badness:
        book.deliver(sender.send(kinds))


def is_rich(contract: Mapping[str, Any]) -> bool:
    """Whether there is something to it; hypothesis begins with the poorest, and each costs a run of Spark."""
    return len(contract["columns"]) > 3 and bool(contract["primary_key"] or contract["partitioning"])


KINDS = st.lists(st.sampled_from(BADNESS), min_size=2, max_size=4, unique=True)


@given(contract=contracts(), seed=st.integers(0, 2**32), badness=st.tuples(KINDS, KINDS))
@settings(EACH_COSTS_SECONDS, max_examples=1)
def test_some_contract_as_counted(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, contract: dict[str, Any], seed: int, badness: Sequence[Sequence[str]]
) -> None:
    """Some rich contract, two deliveries; `make test-full` tries many."""
    assume(is_rich(contract))
    send(ledger(spark, tmp_path_factory, contract), seed, badness)


@pytest.mark.full
@given(contract=contracts(), seed=st.integers(0, 2**32), badness=st.tuples(KINDS, KINDS, KINDS))
@settings(EACH_COSTS_SECONDS, max_examples=20)
def test_any_contract_as_counted(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, contract: dict[str, Any], seed: int, badness: Sequence[Sequence[str]]
) -> None:
    """Many contracts, three deliveries each: the published table is what a dictionary would hold."""
    send(ledger(spark, tmp_path_factory, contract), seed, badness)


EVERYTHING = spec(
    [
        column("id", "int"),
        column("amount", "decimal(6,2)", checks=[("minimum", 0)]),
        column("on", "date"),
        column("at", "timestamp"),
        column("kind", checks=[("enum", ["a", "b", "NULL", "two\nlines"])]),
        column("note", checks=[("max_length", 10_000_000)]),
        column("code", unique=True),
    ],
    format="iceberg",
    source={"format": "csv", "null_marker": "\\N"},
    primary_key=["id"],
    duplicates={"conflict": "last"},
)


def test_every_kind_of_badness_at_once(lake: Lake) -> None:
    """One run over a file of each kind, a field of 10 MB among them; files without an end are left out and listed; then all again."""
    book = Ledger(lake, EVERYTHING)
    sender = Sender(EVERYTHING, 7)
    files = sender.send(BADNESS)
    wide = b"id,amount,on,at,kind,note,code\n900,1,2024-02-29,2024-02-29,a," + b"x" * 10_000_000 + b",w1\n"
    wide += b'901,1,2024-02-29,2024-02-29,a,"' + b"y\n" * 500_000 + b'",w2\n902,1,2024-02-29,2024-02-29,a,z,w3\n'
    files |= {
        "d-wide.csv": wide,
        "e-cut.csv.gz": gzip.compress(b"id\n" + bytes(range(256)) * 400, mtime=0)[:-9],
        "e-archive.csv": b"PK\x03\x04" + b"\x00" * 40,
        "e-parquet.csv": b"PAR1" + b"\x00" * 40,
        "f-zeros.csv": b"\x00" * 100,
        "f-cut-character.csv": "id,amount,on,at,kind,note,code\n7,1,2024-02-29,2024-02-29,a,\u00fc".encode()[:-1],
    }
    _, tally = book.deliver(files, leave_out_unreadable=True)
    assert tally.unreadable == ["e-archive.csv", "e-cut.csv.gz", "e-parquet.csv", "f-zeros.csv"]
    assert min(tally.counts[name] for name in ("good", "quarantined", "duplicates")) > 5


@pytest.mark.full
def test_every_kind_of_badness_again(lake: Lake) -> None:
    """The same files under other names are duplicates to the last record, the bad ones too; half of their rows come back corrected."""
    book = Ledger(lake, EVERYTHING)
    sender = Sender(EVERYTHING, 8)
    files = sender.send(BADNESS)
    _, first = book.deliver(files)
    _, again = book.deliver({f"again-{name}": data for name, data in files.items()})
    assert again.counts["duplicates"] == again.counts["input"] == first.counts["input"]
    _, third = book.deliver(sender.send(BADNESS, rows=40))
    assert third.counts["replaced"] > 0


@pytest.mark.parametrize("lie", [{"good": 2}, {"input": 3}, {"quarantined": 1}, {"duplicates": 1}])
def test_a_wrong_number_is_found(lie: dict[str, int], tmp_path: Path) -> None:
    """What is held is really held: a manifest that is off by one is refused before anything else is looked at."""
    book = Ledger(Lake(tmp_path, None), EVERYTHING)  # type: ignore[arg-type] - no run, no Spark
    header = b"id,amount,on,at,kind,note,code\n"
    tally = recount(EVERYTHING, {"a.csv": header + b"1,1,2024-02-29,2024-02-29,a,,x\n"}, book.table)
    assert tally.counts == {"input": 1, "good": 1, "quarantined": 0, "duplicates": 0, "replaced": 0}
    with pytest.raises(AssertionError):
        book.hold({"counts": {**tally.counts, **lie}, "status": "published"}, tally)
