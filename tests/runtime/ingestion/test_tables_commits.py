"""Publishing to Iceberg: real files and commits, with a crash at every call, two runs at once, and random histories. No Spark."""

from __future__ import annotations

import dataclasses
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from constructs_lib.runtime.ingestion.errors import PublishError, StaleTableError
from constructs_lib.runtime.ingestion.tables import file_io, iceberg_commits
from constructs_lib.runtime.ingestion.tables.base import DataFile, Written

from .lakes import SmallLake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Died(Exception):  # noqa: N818 - named for what it tells
    """The process ended here."""


class Calls:
    """Counts the calls that change something, files written and commits, and dies after one of them: before it is after the one before."""

    def __init__(self) -> None:
        self.count = 0
        self.last = 0

    @contextmanager
    def dying(self, monkeypatch: pytest.MonkeyPatch, catalog: type, *, at: int) -> Iterator[None]:
        """Within, the process dies after the `at`-th call."""
        self.count = 0

        def wrapped(real: Any) -> Any:
            def call(*args: Any, **kwargs: Any) -> Any:
                self.count += 1
                now = self.count == at
                result = real(*args, **kwargs)
                if now:
                    raise Died
                return result

            return call

        with monkeypatch.context() as patch:
            for owner, name in ((file_io._Whole, "close"), (catalog, "commit_table")):
                patch.setattr(owner, name, wrapped(getattr(owner, name)))
            yield
        self.last = self.count


def read_by_duckdb(lake: SmallLake) -> list[tuple[int, str | None]]:
    """The same rows read by somebody else: the files that PyIceberg plans, by DuckDB."""
    paths = [task.file.file_path for task in lake.iceberg().scan().plan_files()]
    return sorted(duckdb.read_parquet(paths).project("id, name").fetchall()) if paths else []


def test_readers_see_a_run_when_it_is_published_and_not_before(tmp_path: Path) -> None:
    """The first run of a table, then another; audited on a branch, published by one move of main, which a second call finds done."""
    lake = SmallLake(tmp_path).create()
    assert (lake.table().version(), lake.table().published_as("r1")) == ("", None)
    for run_id, rows, before in (("r1", {1: "a", 2: None}, []), ("r2", {3: "c"}, [(1, "a"), (2, None)])):
        written = lake.written(run_id, rows)
        lake.table().audit(written)
        assert lake.seen() == before
        assert f"run_{run_id}" in lake.iceberg().metadata.refs
        version = lake.table().publish(run_id, written)
        assert lake.table().publish(run_id, written) == version == lake.table().version() == lake.table().published_as(run_id)
        assert list(lake.iceberg().metadata.refs) == ["main"]
    assert lake.seen() == read_by_duckdb(lake) == [(1, "a"), (2, None), (3, "c")]
    assert lake.iceberg().current_snapshot().summary["governed-lake-run-id"] == "r2"
    assert lake.table().published_as("r1") not in {None, lake.table().version()}


def test_replaced_rows_are_gone_in_the_same_step(tmp_path: Path) -> None:
    """Copy on write: rows of the affected files stay, once; files without a replaced row are not touched."""
    lake = SmallLake(tmp_path).create()
    lake.table().publish("r1", lake.written("r1", dict.fromkeys(range(8), "old")))
    untouched = {task.file.file_path for task in lake.iceberg().scan().plan_files()}
    written = lake.written("r2", {3: "new", 9: "more"}, replaced=[3])
    assert (written.rows, written.replaced_rows, len(written.replaced_files)) == (2, 1, 1)
    lake.table().publish("r2", written)
    expected = sorted([(number, "new" if number == 3 else "old") for number in range(8)] + [(9, "more")])
    assert lake.seen() == read_by_duckdb(lake) == expected
    now = {task.file.file_path for task in lake.iceberg().scan().plan_files()}
    assert untouched - now == set(written.replaced_files)


@pytest.mark.parametrize("first", [True, False], ids=["empty table", "replacing"])
def test_a_crash_at_any_call_leaves_the_old_table_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, first: bool) -> None:
    """For every n: die after the n-th call; readers see old or new, and starting again finishes: nothing doubled, no branch left."""
    calls, at = Calls(), 0
    while at == 0 or calls.last >= at:
        at += 1
        lake = SmallLake(tmp_path / str(at)).create()
        old: list[tuple[int, str | None]] = []
        if not first:
            lake.table().publish("r0", lake.written("r0", {1: "old", 2: "old", 5: "old"}))
            old = lake.seen()
        written = lake.written("r1", {1: "new", 7: "new"}, replaced=[] if first else [1])
        new = [(1, "new"), (7, "new")] if first else [(1, "new"), (2, "old"), (5, "old"), (7, "new")]
        table = lake.table()
        with calls.dying(monkeypatch, type(table._catalog), at=at):
            try:
                table.audit(written)
                table.publish("r1", written)
            except Died:
                pass
        assert lake.seen() in (old, new)
        version = lake.table().publish("r1", Written(**{**dataclasses.asdict(written), "files": written.files}))
        assert lake.seen() == read_by_duckdb(lake) == new
        assert (version, list(lake.iceberg().metadata.refs)) == (lake.table().published_as("r1"), ["main"])
    assert at > 6, "the crashes did not reach the calls"


def test_of_two_runs_from_the_same_version_one_wins(tmp_path: Path) -> None:
    """The other is told to judge again, leaves nothing behind, and is published once it did."""
    lake = SmallLake(tmp_path).create()
    lake.table().publish("r0", lake.written("r0", {1: "a"}))
    one, two = lake.written("r1", {2: "b"}), lake.written("r2", {3: "c"})
    lake.table().audit(one)
    loser = lake.table()
    loser.audit(two)
    lake.table().publish("r1", one)
    with pytest.raises(StaleTableError, match=r"readers of shop\.orders see version \d+, .* judge again"):
        loser.publish("r2", two)
    assert (lake.seen(), list(lake.iceberg().metadata.refs)) == ([(1, "a"), (2, "b")], ["main"])
    with pytest.raises(StaleTableError):
        lake.table().audit(two)
    lake.table().publish("r2", lake.written("r2", {3: "c"}))
    assert lake.seen() == [(1, "a"), (2, "b"), (3, "c")]


def test_a_commit_that_slips_in_between_is_noticed_by_the_catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Main moves after the last look at it: the commit's own condition refuses, nothing is shown."""
    lake = SmallLake(tmp_path).create()
    lake.table().publish("r0", lake.written("r0", {1: "a"}))
    one, two = lake.written("r1", {2: "b"}), lake.written("r2", {3: "c"})
    real = iceberg_commits.fast_forward

    def slow(table: Any, written: Written, run_id: str) -> str:
        if run_id == "r2":
            lake.table().publish("r1", one)
        return real(table, written, run_id)

    monkeypatch.setattr(iceberg_commits, "fast_forward", slow)
    with pytest.raises(StaleTableError):
        lake.table().publish("r2", two)
    assert lake.seen() == [(1, "a"), (2, "b")]


def test_a_branch_of_another_attempt_is_not_published(tmp_path: Path) -> None:
    """A run that was staged, and written again, is published as written last."""
    lake = SmallLake(tmp_path).create()
    lake.table().audit(lake.written("r1", {1: "first attempt"}))
    second = lake.written("r1", {1: "second", 2: "attempt"})
    lake.table().publish("r1", second)
    assert lake.seen() == [(1, "second"), (2, "attempt")]


def test_what_is_missing_or_other_than_written_is_not_published(tmp_path: Path) -> None:
    """A file that is gone, other rows than were counted, another run's files: refused, nothing shown."""
    lake = SmallLake(tmp_path).create()
    written = lake.written("r1", {1: "a"})
    (file,) = written.files
    lying = dataclasses.replace(written, files=(dataclasses.replace(file, rows=2),))
    gone = dataclasses.replace(written, files=(dataclasses.replace(file, path=file.path.replace(".parquet", "0.parquet")),))
    for wrong, said in ((lying, "has 1 rows, the run wrote 2"), (gone, "is missing or no Parquet file")):
        with pytest.raises(PublishError, match=said):
            lake.table().audit(wrong)
        with pytest.raises(PublishError, match=said):
            lake.table().publish("r1", wrong)
    with pytest.raises(PublishError, match="files of run r1 cannot be published as run r2"):
        lake.table().publish("r2", written)
    assert lake.table().version() == ""


def test_a_branch_with_other_files_fails_the_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The audit reads the branch as a reader would, and believes nothing else."""
    lake = SmallLake(tmp_path).create()
    written = lake.written("r1", {1: "a", 2: "b", 3: "c"})
    real = iceberg_commits.iceberg_files
    monkeypatch.setattr(iceberg_commits, "iceberg_files", lambda *given: real(*given)[:1])
    with pytest.raises(PublishError, match=r"branch run_r1 of shop\.orders has 1 files, expected 2"):
        lake.table().audit(written)
    assert lake.table().version() == ""


def test_a_run_without_rows_changes_nothing(tmp_path: Path) -> None:
    """No snapshot, no branch."""
    lake = SmallLake(tmp_path).create()
    written = lake.written("r1", {})
    lake.table().audit(written)
    assert (lake.table().publish("r1", written), lake.iceberg().snapshots()) == ("", [])


def test_written_survives_json(tmp_path: Path) -> None:
    """Another process publishes out of the manifest."""
    lake = SmallLake(tmp_path).create()
    data = json.loads(json.dumps(dataclasses.asdict(lake.written("r1", {1: "a"}))))
    files = tuple(DataFile(**{**one, "partition": tuple(one["partition"])}) for one in data["files"])
    again = Written(**{**data, "files": files, "replaced_files": tuple(data["replaced_files"])})
    lake.table().audit(again)
    lake.table().publish("r1", again)
    assert lake.seen() == [(1, "a")]


_RUN = st.tuples(st.dictionaries(st.integers(0, 12), st.sampled_from(["x", "y", None]), max_size=5), st.booleans(), st.booleans())


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(_RUN, min_size=1, max_size=4))
def test_any_history_leaves_each_row_once(history: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Runs that add and replace, some audited only and lost, some published twice: readers see the model's rows, whoever reads."""
    lake = SmallLake(tmp_path_factory.mktemp("history")).create()
    model: dict[int, str | None] = {}
    for number, (rows, lost, twice) in enumerate(history):
        run_id = f"r{number}"
        written = lake.written(run_id, rows, replaced=set(rows) & set(model))
        lake.table().audit(written)
        if lost:
            continue
        for _ in range(1 + twice):
            lake.table().publish(run_id, written)
        model |= rows
    assert lake.seen() == read_by_duckdb(lake) == sorted(model.items())
