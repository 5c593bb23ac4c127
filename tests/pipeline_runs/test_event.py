"""An object arrives: failures, repetition, order, overlap. The job is the model; `test_spark.py` has the real one."""

from __future__ import annotations

import json
import random
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from lakecheck.rehearsal.states import Failure, interleave
from tests.pipeline_runs.machine import tasks
from tests.pipeline_runs.objects import stored
from tests.pipeline_runs.world import HOLD, LEASE, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pipeline_runs.world import World

SUCCEEDED, FAILED, INCOMPLETE = "Ingestion succeeded", "Ingestion failed", "Ingestion held"


def way(world: World) -> list[str]:
    """The tasks that an event goes through, in order."""
    return [name for name in world.run(world.deliver("a.csv", "r1", "r2", "!bad")).visited() if name in tasks()]


def test_a_delivery_is_published_once_accounted_for_and_told_of(world: World) -> None:
    execution = world.run(world.deliver("part 1+ü.csv", "r1", "r2", "!bad", "r1"))
    assert (execution.status, execution.error) == ("SUCCEEDED", None)
    assert world.rows() == ["r1", "r2"]
    (manifest,) = world.manifests().values()
    assert manifest["counts"] == {"input": 4, "good": 2, "quarantined": 1, "duplicates": 1, "replaced": 0}
    assert (world.told(SUCCEEDED), world.told(FAILED), world.aws.notices) == (1, 0, [])
    assert world.statuses() == {"SUCCEEDED"}
    world.assert_nothing_lost_nothing_doubled()
    sent = {(one["MetricName"], len(one["Dimensions"])): one["Value"] for one in world.aws.metrics}
    assert (sent["RowsIn", 1], sent["RowsGood", 2], sent["RowsQuarantined", 1], sent["RowsDuplicate", 2]) == (4, 2, 1, 1)


def test_the_model_says_of_a_run_what_the_job_promises(world: World) -> None:
    """Else the state machine would be tested on outcomes that no job writes."""
    schema = json.loads((files("constructs_lib.runtime.ingestion") / "outcome.schema.json").read_text())
    world.run(world.deliver("a.csv", "r1", "!bad"))
    world.run(world.deliver("b.csv", f"{HOLD}1"))
    outcomes = [json.loads(content) for path, content, _ in stored("s3://lake-raw/") if path.endswith(".outcome.json")]
    assert [outcome["status"] for outcome in outcomes].count("held") == 1
    for outcome in outcomes:
        jsonschema.validate(outcome, schema)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_every_transient_failure_of_every_state_is_retried_to_the_same_end(new_world: Callable[[], World], *, after: bool) -> None:
    """Each error that a state retries, once: the service did nothing, or it did it and only its answer was lost."""
    names = way(new_world())
    assert names == ["Open", "Claim", "KeepOriginal", "RunJob", "ReadOutcome", "PutMetrics", "Tell", "Close"]
    for name in names:
        errors = [error for retrier in tasks()[name]["Retry"] for error in retrier["ErrorEquals"]]
        assert errors
        world = new_world()
        planned = [Failure(state=name, error=error, first=number, after=after) for number, error in enumerate(errors[:3], 1)]
        execution = world.run(world.deliver("a.csv", "r1", "!bad"), failures=planned)
        assert (execution.status, execution.visited("called").count(name)) == ("SUCCEEDED", 1 + len(planned)), name
        world.assert_nothing_lost_nothing_doubled()
        assert world.statuses() == {"SUCCEEDED"}
        assert (world.told(SUCCEEDED) >= 1, world.told(FAILED), world.aws.notices) == (True, 0, []), name


def test_a_permanent_failure_of_any_state_is_told_frees_the_run_and_can_be_done_again(new_world: Callable[[], World]) -> None:
    """Nobody sees rows of a run that failed before it was published; whatever failed, the same input ends well later."""
    for name in ["Open", "Claim", "KeepOriginal", "RunJob", "ReadOutcome", "Tell", "Close"]:
        world = new_world()
        world.published_before("r0")
        event = world.deliver("a.csv", "r1", "!bad")
        execution = world.run(event, failures=[Failure(state=name, error="Some.AccessDeniedException", cause="not yours", count=None)])
        assert (execution.status, execution.error, execution.cause) == ("FAILED", "Some.AccessDeniedException", "not yours"), name
        assert world.rows() == (["r0"] if name in ("Open", "Claim", "KeepOriginal", "RunJob") else ["r0", "r1"]), name
        assert "RUNNING" not in world.statuses(), name
        assert world.told(FAILED) == 1
        (notice,) = world.aws.notices
        assert (notice["error"], notice["cause"]) == ("Some.AccessDeniedException", "not yours")
        again = world.run(notice["to_try_again_start_with"])
        assert again.status == "SUCCEEDED", name
        world.assert_nothing_lost_nothing_doubled()


def test_what_goes_wrong_while_failing_hides_neither_the_failure_nor_the_object(new_world: Callable[[], World]) -> None:
    """A state of the failure way that fails itself leaves the others to be done; a run that was not freed is free with its lease."""
    for name in ["RecordFailure", "TellFailure", "Alert"]:
        world = new_world()
        event = world.deliver("a.csv", "r1")
        planned = [Failure(state=state, error="Some.AccessDeniedException", count=None) for state in ("RunJob", name)]
        assert world.run(event, failures=planned).error == "Some.AccessDeniedException"
        assert (world.told(FAILED), len(world.aws.notices)) == (int(name != "TellFailure"), int(name != "Alert"))
        world.clock.advance(LEASE)
        assert world.run(event).status == "SUCCEEDED"
        world.assert_nothing_lost_nothing_doubled()


def test_metrics_that_cannot_be_sent_fail_no_run(world: World) -> None:
    failures = [Failure(state="PutMetrics", error="CloudWatch.AccessDeniedException", count=None)]
    assert world.run(world.deliver("a.csv", "r1"), failures=failures).status == "SUCCEEDED"
    assert (world.told(SUCCEEDED), world.aws.metrics) == (1, [])


def test_a_repeated_event_changes_nothing(world: World) -> None:
    event = world.deliver("a.csv", "r1")
    world.run(event)
    table, claims = world.table().rows, world.claims()
    for _ in range(2):
        assert world.run(event).status == "SUCCEEDED"
    assert (world.table().rows, world.claims(), len(world.aws.job_runs), world.told(SUCCEEDED)) == (table, claims, 1, 1)


def test_order_and_repetition_of_deliveries_do_not_matter(new_world: Callable[[], World]) -> None:
    """The same rows in another file, the same key once more, the last event first."""
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0, 1]):
        world = new_world()
        events = [world.deliver("a.csv", "r1", "r2"), world.deliver("a.csv", "r2", "r3"), world.deliver("b.csv", "r1", "r3", "r4")]
        assert {world.run(events[number]).status for number in order} == {"SUCCEEDED"}
        world.assert_nothing_lost_nothing_doubled()


@pytest.mark.parametrize("concurrent_jobs", [1, 3])
def test_executions_that_overlap_end_as_if_they_had_not(new_world: Callable[[], World], concurrent_jobs: int) -> None:
    """Two events of one object and one of another, with a row in both, advanced in any order; jobs in Glue's queue or at the same time."""
    for seed in range(4):
        world = new_world()
        world.aws.concurrent_jobs = concurrent_jobs
        first, second = world.deliver("a.csv", "r1", "r2"), world.deliver("b.csv", "r2", "r3", "!bad")
        executions = [world.start(event) for event in (first, first, second)]
        interleave(executions, after_step=world.watch, rng=random.Random(seed))  # noqa: S311 - an order, no secret
        assert [one.status for one in executions] == ["SUCCEEDED"] * 3
        assert len(world.aws.job_runs) == 2
        world.assert_nothing_lost_nothing_doubled()
        assert world.statuses() == {"SUCCEEDED"}


def test_a_job_that_dies_at_any_step_leaves_the_old_table_or_the_new_one(new_world: Callable[[], World]) -> None:
    """Nothing of a run is seen before it is whole, and the same input does it to the end."""
    seen = []
    for step in range(5):
        world = new_world()
        world.published_before("r0")
        event = world.deliver("a.csv", "r1", "r2")
        world.jobs.kill_at = lambda number, step=step: number == step
        execution = world.run(event)
        assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
        seen.append(world.rows())
        world.jobs.kill_at = lambda _: False
        assert world.run(event).status == "SUCCEEDED"
        world.assert_nothing_lost_nothing_doubled()
    assert seen == [["r0"]] * 3 + [["r0", "r1", "r2"]] * 2


def test_a_held_run_is_seen_by_nobody_until_somebody_releases_it(world: World) -> None:
    event = world.deliver("a.csv", f"{HOLD}1", "r1")
    held = world.run(event)
    assert (held.status, held.error) == ("FAILED", "Lake.Held")
    assert (world.rows(), world.statuses(), world.told(SUCCEEDED), world.told(INCOMPLETE)) == ([], {"HELD"}, 0, 1)
    (notice,) = world.aws.notices
    assert notice["failed_rules"][0]["name"] == "no_holds"
    assert world.run(event).status == "SUCCEEDED"  # the event once more releases nothing
    assert (world.rows(), world.statuses()) == ([], {"HELD"})
    released = world.run(notice["to_release_start_with"])
    assert (released.status, world.statuses(), world.told(SUCCEEDED)) == ("SUCCEEDED", {"SUCCEEDED"}, 1)
    world.assert_nothing_lost_nothing_doubled()
    assert world.run(notice["to_release_start_with"]).status == "SUCCEEDED"
    world.assert_nothing_lost_nothing_doubled()


def test_an_unreadable_file_fails_its_own_run_alone(world: World) -> None:
    execution = world.run(world.deliver("bad.gz", content=UNREADABLE))
    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
    assert "cannot be read" in world.aws.notices[0]["cause"]
    assert world.run(world.deliver("a.csv", "r1")).status == "SUCCEEDED"
    assert world.rows() == ["r1"]


def _changed(event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**event, "detail": {**event["detail"], "object": {**event["detail"]["object"], **changes}}}


def test_what_cannot_be_ingested_is_refused_before_anything_is_done(world: World) -> None:
    event = world.deliver("a.csv", "r1")
    unversioned = _changed(event)
    del unversioned["detail"]["object"]["version-id"]
    inputs = {
        "Lake.NotVersioned": unversioned,
        "Lake.UndeclaredTable": _changed(event, key="travel/flights/airports/a.csv"),
        "Lake.ObjectTooLarge": _changed(event, size=6 * 1024**3),
        "Lake.BadInput": {"replay": {"table": "routes"}},
    }
    assert [world.run(given).error for given in inputs.values()] == list(inputs)
    assert (world.claims(), world.originals(), world.aws.job_runs) == ({}, set(), [])
    assert [notice["error"] for notice in world.aws.notices] == list(inputs)


def test_what_is_not_this_products_delivery_is_refused(world: World) -> None:
    """An object of another bucket or prefix, one whose name only leads there, and events in a list, which JSONata would see through."""
    event = world.deliver("a.csv", "r1")
    elsewhere = {**event, "detail": {**event["detail"], "bucket": {"name": "lake-raw"}}}
    another = _changed(event, key="travel/flights_old/routes/a.csv")
    leading = _changed(event, key="travel/flights/routes_old/../routes/a.csv")
    assert [world.run(given).error for given in (elsewhere, another, leading)] == ["Lake.UndeclaredTable"] * 3
    assert world.run([event]).error == "Lake.BadInput"  # type: ignore[arg-type]
    assert (world.claims(), world.originals()) == ({}, set())


def test_a_name_leads_nowhere(world: World) -> None:
    """Of a key's folders the table alone counts: names that look like a way, an outcome or another run are names."""
    names = ["../../other/x", f"_manifests/routes/{'0' * 32}.outcome.json", "run#travel/flights/routes/x", "folder/", "{% $states %}"]
    for number, name in enumerate(names):
        assert world.run(world.deliver(name, f"r{number}")).status == "SUCCEEDED"
    world.assert_nothing_lost_nothing_doubled()
    assert set(world.manifests()) == {claim["run_id"] for claim in world.claims().values()}
