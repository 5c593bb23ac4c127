"""The state machine with the real job on a real Spark: few runs, each of them read again by DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.pipeline_runs.job_spark import SparkJobs
from tests.pipeline_runs.world import UNREADABLE
from tests.runtime.ingestion.conftest import spark  # noqa: F401 - the one session of all tests
from tests.runtime.ingestion.specs import OPENFLIGHTS, column, spec as job_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import SparkSession

    from tests.pipeline_runs.world import World

pytestmark = pytest.mark.spark

EXCERPT = Path(__file__).parent.parent / "data" / "openflights-routes.csv"
NAMES = ["airline", "airline_id", "source_airport", "source_id", "destination_airport", "destination_id", "codeshare", "stops", "equipment"]
SWEEP = {"sweep": {"table": "routes"}}
REPLAY = {"replay": {"table": "routes", "since": "2000-01-01T00:00:00Z"}}


def routes(**changed: Any) -> dict[str, Any]:
    """Routes of the pipeline under test: direct flights between known airports."""
    types = {"stops": "int"}
    required = {"source_id", "destination_id", "stops"}
    columns = [
        column(name, types.get(name, "string"), required=name in required, checks=[("maximum", 0)] if name == "stops" else [])
        for name in NAMES
    ]
    names = {"product": "travel.flights", "domain": "travel", "database": "travel", "quarantine_database": "travel_quarantine"}
    return job_spec(columns, **{**names, "table": "routes", "source": OPENFLIGHTS, **changed})


def recounted(*contents: bytes, folder: Path) -> tuple[list[tuple[Any, ...]], int]:
    """What has to be published of deliveries and how many records are bad, by DuckDB from the delivered bytes alone."""
    paths = []
    for number, content in enumerate(contents):
        paths.append(folder / f"recount-{number}.csv")
        paths[-1].write_bytes(content)
    columns = dict.fromkeys(NAMES, "VARCHAR")
    options = (
        "auto_detect = false, header = false, delim = ',', quote = '\"', nullstr = '\\N', ignore_errors = true"  # ragged lines are left out
    )
    read = f"read_csv({[str(path) for path in paths]}, columns = {columns}, {options})"
    good = "TRY_CAST(stops AS INT) <= 0 AND source_id IS NOT NULL AND destination_id IS NOT NULL"
    rows = duckdb.sql(f"SELECT DISTINCT airline, source_airport, destination_airport, equipment FROM {read} WHERE {good}").fetchall()  # noqa: S608
    bad = duckdb.sql(f"SELECT count(*) FROM {read} WHERE NOT coalesce({good}, false)").fetchall()[0]  # noqa: S608
    return sorted(rows, key=str), bad[0]


@pytest.fixture
def lake(new_world: Callable[..., World], tmp_path: Path, spark: SparkSession) -> Callable[..., World]:  # noqa: F811
    """Makes a lake whose job is the real one."""
    return lambda **changed: new_world(SparkJobs(tmp_path, spark, routes(**changed)))


def published(world: World) -> list[tuple[Any, ...]]:
    return sorted(world.jobs.rows("airline, source_airport, destination_airport, equipment"), key=str)


def test_deliveries_that_overlap_crash_and_come_again_are_published_once(lake: Callable[..., World], tmp_path: Path) -> None:
    """Two files with common rows; the second execution dies after the job and is redriven; then all of it once more, and a replay."""
    lines = EXCERPT.read_bytes().splitlines(keepends=True)
    first, second = b"".join(lines[:130]), b"".join(lines[100:])
    world = lake()
    events = [world.deliver("a.csv", content=first), world.deliver("b.csv", content=second)]
    assert world.run(events[0]).status == "SUCCEEDED"
    assert (published(world), len(world.jobs.rows("1", "travel_quarantine"))) == recounted(first, folder=tmp_path)
    expected, _ = recounted(first, second, folder=tmp_path)
    execution = world.start(events[1])
    while "RunJob" not in execution.visited("called"):
        execution.step()
    execution.abort()
    assert published(world) == expected
    assert world.statuses() == {"RUNNING", "SUCCEEDED"}
    execution.redrive()
    assert execution.finish().status == "SUCCEEDED"
    for given in (*events, SWEEP, REPLAY):
        assert world.run(given).status == "SUCCEEDED"
    assert published(world) == expected
    assert world.statuses() <= {"SUCCEEDED", "EMPTY"}
    for manifest in world.jobs.manifests:
        counts = manifest["counts"]
        assert counts["input"] == counts["good"] + counts["quarantined"] + counts["duplicates"] > 0
    assert world.originals() == {first, second}


def test_a_sweep_leaves_out_what_cannot_be_read_and_holds_what_the_gate_blocks(lake: Callable[..., World], tmp_path: Path) -> None:
    """An Iceberg table; the gate asks for more rows than there are, until somebody releases the run."""
    lines = EXCERPT.read_bytes().splitlines(keepends=True)
    content = b"".join(lines[:40])
    world = lake(format="iceberg", gate=[{"name": "enough", "metric": "rows", "operator": ">=", "threshold": 1000}])
    world.deliver("good.csv", content=content)
    world.deliver("bad.csv", content=b"PK\x03\x04" + UNREADABLE)
    held = world.run(SWEEP)
    assert (held.status, held.error, world.statuses(), published(world)) == ("FAILED", "Lake.Held", {"HELD"}, [])
    (notice,) = world.aws.notices
    assert [rule["name"] for rule in notice["failed_rules"]] == ["enough"]
    assert [path.rpartition("/")[2] for path in notice["refused_files"]] == ["bad.csv"]
    assert all(path.startswith("s3://lake-raw/") for path in notice["refused_files"])
    released = world.run(notice["to_release_start_with"])
    assert (released.status, released.error, world.statuses()) == ("SUCCEEDED", None, {"SUCCEEDED"})
    assert published(world) == recounted(content, folder=tmp_path)[0]
    world.run(REPLAY)
    assert published(world) == recounted(content, folder=tmp_path)[0]


def test_a_delivery_that_cannot_be_read_fails_before_anything_is_seen(lake: Callable[..., World]) -> None:
    world = lake()
    execution = world.run(world.deliver("a.csv.gz", content=b"\x1f\x8b\x08\x00broken"))
    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
    assert "exit code 3" in world.aws.notices[0]["cause"]
    assert (published(world), world.statuses()) == ([], {"FAILED"})
