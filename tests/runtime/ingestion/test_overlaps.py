"""Runs that overlap with others of their table: held and let go late, judged again, started twice; deliveries that come meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.runtime.ingestion import run as ingestion
from constructs_lib.runtime.ingestion.delivered_before import PublishedFiles
from constructs_lib.runtime.ingestion.errors import PublishError, SpecError, StaleTableError
from constructs_lib.runtime.ingestion.files import Storage
from constructs_lib.runtime.ingestion.locations import run_location
from constructs_lib.runtime.ingestion.spec import JobSpec, parse_spec
from constructs_lib.runtime.ingestion.survey import FileSurvey

from .lakes import SMALL, SmallLake
from .readers import published, quarantined
from .specs import column, spec

if TYPE_CHECKING:
    from .conftest import Lake

COLUMNS = [column("id", "int"), column("v")]
AT_LEAST_TWO = [{"name": "enough", "metric": "rows", "operator": ">=", "threshold": 2}]


class Killed(BaseException):
    """Nothing catches it."""


def start(lake: Lake, told: dict[str, Any], run: str, files: dict[str, str] | None = None, **changed: Any) -> Any:
    """A run on these files, which are put into a folder of its own; on what it was given before when left out."""
    for name, data in (files or {}).items():
        lake.deliver(f"{run}/{name}", data)
    source = changed.pop("source", lake.root / "landing" / run)
    given = {"run_id": run, "manifest": str(lake.root / "manifests" / f"{run}.json"), "publish": True, **changed}
    return lake.ingest(json.dumps(told), source, **given)


@pytest.mark.spark
@pytest.mark.parametrize("table_format", ["parquet", pytest.param("iceberg", marks=pytest.mark.full)])
def test_a_held_run_is_let_go_after_others(lake: Lake, table_format: str) -> None:
    """Its rows, the quarantined ones too, are judged again on the table as it is now, also when it dies over that."""
    told = spec(COLUMNS, format=table_format, primary_key=["id"], gate=[{**AT_LEAST_TWO[0], "threshold": 4}])
    held = start(lake, told, "held", {"a.csv": "id,v\n1,a\n2,b\nx,bad\n"})
    assert (held["status"], quarantined(lake.root / "catalog", told)) == ("held", [("a.csv", 4)])
    start(lake, told, "other", {"b.csv": "id,v\n2,b\n3,c\n4,d\ny,bad\n"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingestion, "settle", lambda *_, **__: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            start(lake, told, "held", release=True)
    done = start(lake, told, "held", release=True)
    assert (done["status"], done["gate"]["verdict"], done["counts"]["good"], done["counts"]["duplicates"]) == (
        "published",
        "released",
        1,
        1,
    )
    assert sorted(published(lake.root / "catalog", told).elements()) == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    assert quarantined(lake.root / "catalog", told) == [("a.csv", 4), ("b.csv", 5)]


@pytest.mark.spark
@pytest.mark.full
def test_a_held_run_under_another_contract(lake: Lake) -> None:
    """What was bad is good now: nobody finds it in quarantine any more."""
    told = spec(COLUMNS, format="iceberg", primary_key=["id"], gate=AT_LEAST_TWO)
    assert start(lake, told, "r", {"a.csv": "id,v\nx,bad\n"})["status"] == "held"
    as_text = {**told, "columns": [column("id"), column("v")], "contract_version": "2.0.0"}
    done = start(lake, as_text, "r", release=True)
    assert (done["counts"]["good"], quarantined(lake.root / "catalog", told)) == (1, [])
    assert not list((lake.root / "quarantine").rglob("*.parquet"))


@pytest.mark.spark
def test_equal_rows_are_kept_and_a_file_is_not_published_twice(lake: Lake) -> None:
    """The same bytes are held in one run and published by another: let go, the first has nothing to add. A table that is gone forgets."""
    told = spec(COLUMNS, format="parquet", duplicates={"equal_rows": "keep"}, gate=AT_LEAST_TWO)
    assert start(lake, told, "held", {"a.csv": "id,v\n1,a\n"})["status"] == "held"
    start(lake, told, "other", {"same.csv": "id,v\n1,a\n", "b.csv": "id,v\n1,a\n\n"})
    done = start(lake, told, "held", release=True)
    assert (done["files"][0]["repeats"], done["counts"]["duplicates"]) == ("other", 1)
    assert published(lake.root / "catalog", told) == {(1, "a"): 2}


@pytest.mark.spark
@pytest.mark.full
def test_a_contract_that_grew_finds_its_table(lake: Lake) -> None:
    """A new column is NULL in old rows, a wider one takes them along; another kind of column is refused. A folder is no pattern."""
    told = spec(COLUMNS, format="iceberg", primary_key=["id"])
    zone = {"curated": str(lake.root / "c[u]{r,a}ted*")}
    start(lake, told, "r1", {"a.csv": "id,v\n1,a\n"}, **zone)
    grown = {**told, "columns": [column("id", "bigint"), column("v"), column("w", "int")], "contract_version": "1.3.0"}
    done = start(lake, grown, "r2", {"b.csv": "id,v,w\n1,a,\n3000000000,b,7\n"}, **zone)
    assert (done["counts"]["good"], done["counts"]["duplicates"]) == (1, 1)
    other = {**told, "columns": [column("id", "bigint"), column("v", "int"), column("w", "int")], "contract_version": "2.0.0"}
    with pytest.raises(PublishError, match=r"other types: v \(string, not int\)"):
        start(lake, other, "r3", {"c.csv": "id,v,w\n4,4,4\n"}, **zone)


@pytest.mark.spark
@pytest.mark.full
def test_every_parquet_file_was_there_before(lake: Lake) -> None:
    """Then nothing is read at all."""
    import duckdb  # noqa: PLC0415

    told = spec(COLUMNS, format="iceberg", source={"format": "parquet"})
    (lake.root / "landing" / "r1").mkdir(parents=True)
    duckdb.sql(f"COPY (SELECT 1 AS id, 'a' AS v) TO '{lake.root}/landing/r1/a.parquet'")
    start(lake, told, "r1")
    again = start(lake, told, "r2", source=lake.root / "landing" / "r1")
    assert (again["counts"]["input"], again["counts"]["duplicates"], again["status"]) == (1, 1, "published")


def test_two_starts_of_one_run_do_not_remove_each_others_rows(tmp_path: Path) -> None:
    """One has published since the other looked: that one removes nothing. One has staged: it finds its files gone and shows nothing."""
    lake = SmallLake(tmp_path).create()
    late = lake.table()
    late._plan()
    lake.table().publish("r1", lake.written("r1", {1: "a"}))
    location = run_location(lake.root, SMALL, "r1")
    with pytest.raises(PublishError, match="run r1 is published"):
        late.write(None, location)
    assert (len(list(Path(location).iterdir())), lake.seen()) == (1, [(1, "a")])
    staged, written = lake.table(), lake.written("r2", {2: "b"})
    staged.audit(written)
    lake.table()._refuse_published(run_location(lake.root, SMALL, "r2"))
    assert "run_r2" not in lake.iceberg().metadata.refs
    staged.audit(written)
    Path(written.files[0].path).unlink()
    with pytest.raises(StaleTableError, match="judge again"):
        staged.publish("r2", written)
    assert lake.seen() == [(1, "a")]


class Remembered:
    """A table that remembers these runs."""

    def __init__(self, *runs: str, version: str = "7") -> None:
        self.runs, self.now = runs, version

    def version(self) -> str:
        return self.now

    def published_as(self, run_id: str) -> str | None:
        return "7" if run_id in self.runs else None


def memory(root: Path, *runs: str, version: str = "7") -> PublishedFiles:
    return PublishedFiles(Storage(), str(root), Remembered(*runs, version=version))  # type: ignore[arg-type]


def of(**changed: Any) -> JobSpec:
    return parse_spec(json.dumps(spec(COLUMNS, **changed)))


FILES = [FileSurvey(path=path, size=1, sha256=digest) for path, digest in (("a", "1"), ("b", "2"), ("again", "1"))]


def test_what_runs_say_of_files(tmp_path: Path) -> None:
    """Only what was published counts, by whom it was, under this contract, for this table."""
    here = memory(tmp_path)
    assert here.repeats(FILES, of(), "r9") == {"again": "r9"}
    here.announce(["1"], of(), "r1")
    assert here.repeats(FILES, of(), "r9") == {"again": "r9"}
    assert memory(tmp_path, "r1").repeats(FILES, of(), "r9") == {"a": "r1", "again": "r1"}
    assert memory(tmp_path, "r1").repeats(FILES, of(), "r1") == {"again": "r1"}
    here.confirm(["1"], of(), "r1", "7")
    here.announce(["1"], of(), "r2")
    assert here.repeats(FILES, of(), "r2") == {"a": "r1", "again": "r1"}, "what another run says is not overwritten"
    assert here.repeats(FILES, of(contract_version="2.0.0"), "r9") == {"again": "r9"}
    kept = {"contract_version": "2.0.0", "duplicates": {"equal_rows": "keep"}}
    assert here.repeats(FILES, of(**kept), "r9") == {"a": "r1", "again": "r1"}
    assert here.repeats(FILES, of(table="other"), "r9") == {"again": "r9"}
    assert memory(tmp_path, version="").repeats(FILES, of(), "r9") == {"again": "r9"}, "a table that was made anew has no row of it"


def test_files_without_a_good_row_are_remembered_by_an_empty_table(tmp_path: Path) -> None:
    """Else quarantine would fill up with them."""
    memory(tmp_path).confirm(["2"], of(), "r1", "")
    assert memory(tmp_path, version="").repeats(FILES, of(), "r9") == {"b": "r1", "again": "r9"}


@pytest.mark.parametrize("found", ["", "[]", "half a", '{"manifest_version": 1, "run_id": "r"}'])
def test_what_is_no_manifest_is_told(tmp_path: Path, found: str) -> None:
    """Of another version of the job, or nobody's: before anything is read."""
    (tmp_path / "r.json").write_text(found)
    with pytest.raises(SpecError, match="is no manifest of version 2"):
        ingestion._manifest((tmp_path / "r.json").read_text(), "r.json")
