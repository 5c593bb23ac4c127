"""Sweeps, replays and releases by hand: many objects in one run."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.rehearsal.states import Failure, interleave
from tests.pipeline_runs.machine import tasks
from tests.pipeline_runs.world import HOLD, LANDING, LEASE, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pipeline_runs.world import World

SWEEP = {"sweep": {"table": "routes"}}
AGAIN = {"sweep": {"table": "routes", "retry_failed": True}}
ALL_TIME = {"replay": {"table": "routes", "since": "2000-01-01T00:00:00Z"}}


def waiting(world: World) -> None:
    """Three objects that nobody was told of, and a marker of a folder."""
    world.deliver("a.csv", "r1", "r2")
    world.deliver("b c+ü.csv", "r2", "r3", "!bad")
    world.deliver("c.csv", "r4")
    world.clients("s3").put_object(Bucket=LANDING, Key="travel/flights/routes/folder/", Body=b"")


def test_what_waits_is_one_run(world: World) -> None:
    waiting(world)
    execution = world.run(SWEEP)
    assert (execution.status, execution.error, len(world.aws.job_runs)) == ("SUCCEEDED", None, 1)
    world.assert_nothing_lost_nothing_doubled()
    (manifest,) = world.manifests().values()
    assert manifest["counts"] == {"input": 6, "good": 4, "quarantined": 1, "duplicates": 1, "replaced": 0}
    assert len(manifest["files"]) == 3
    assert world.run(SWEEP).visited()[-1] == "NothingNew"
    assert len(world.aws.job_runs) == 1


def test_nothing_waits(world: World) -> None:
    assert world.run(SWEEP).visited()[-1] == "NothingNew"
    assert (world.rows(), world.aws.job_runs, world.aws.notices) == ([], [], [])


def test_a_sweep_of_everything_starts_one_for_each_table(world: World) -> None:
    world.deliver("a.csv", "r1")
    world.deliver("b.csv", "s1", table="airlines")
    assert world.run({"sweep": {}}).status == "SUCCEEDED"
    assert {json.loads(one["input"])["sweep"]["table"] for one in world.aws.started} == {"routes", "airlines"}
    for one in world.aws.started:
        assert world.run(json.loads(one["input"]), name=one["name"]).status == "SUCCEEDED"
    assert (world.rows("routes"), world.rows("airlines")) == (["r1"], ["s1"])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_every_transient_failure_within_a_sweep_is_retried_to_the_same_end(new_world: Callable[[], World], *, after: bool) -> None:
    for name in ["Look", "ClaimWaiting", "KeepWaiting", "FindOwner", "TakeOver"]:
        world = new_world()
        waiting(world)
        if name in ("FindOwner", "TakeOver"):
            world.run(SWEEP, crash_after=40)  # somebody has claimed all of it, and is gone
            world.clock.advance(LEASE)
        errors = tasks()[name]["Retry"][0]["ErrorEquals"][:2]
        planned = [Failure(state=name, error=error, first=number, after=after) for number, error in enumerate(errors, 1)]
        execution = world.run(SWEEP, failures=planned)
        assert execution.status == "SUCCEEDED", name
        assert set(errors) <= {event.error for event in execution.history if event.state == name and event.kind == "failed"}, name
        world.assert_nothing_lost_nothing_doubled()


def test_a_permanent_failure_within_a_sweep_publishes_nothing_and_is_done_again(new_world: Callable[[], World]) -> None:
    """Half of the objects are never published as if they were all; the notice says how to go on."""
    for name in ["Look", "ClaimWaiting", "KeepWaiting", "RunJob"]:
        world = new_world()
        waiting(world)
        failures = [Failure(state=name, error="Some.AccessDeniedException", first=1 if name == "RunJob" else 2, count=None)]
        execution = world.run(SWEEP, failures=failures)
        assert (execution.status, world.rows()) == ("FAILED", []), name
        assert "RUNNING" not in world.statuses()
        (notice,) = world.aws.notices
        assert world.run(notice["to_try_again_start_with"]).status == "SUCCEEDED", name
        world.assert_nothing_lost_nothing_doubled()


def test_an_unreadable_file_is_left_out_of_a_sweep_and_people_are_told(world: World) -> None:
    waiting(world)
    world.deliver("bad.gz", content=UNREADABLE)
    assert world.run(SWEEP).status == "SUCCEEDED"
    world.assert_nothing_lost_nothing_doubled()
    (notice,) = world.aws.notices
    assert [path.rpartition("/")[2] for path in notice["refused_files"]] == ["bad.gz"]


def test_sweeps_and_events_that_overlap_end_as_if_they_had_not(new_world: Callable[[], World]) -> None:
    """Two sweeps and the late event of one of their objects, advanced in any order."""
    for seed in range(3):
        world = new_world()
        waiting(world)
        world.aws.concurrent_jobs = 1 + seed % 2
        event = world.deliver("d.csv", "r4", "r5")
        executions = [world.start(given) for given in (SWEEP, event, SWEEP)]
        interleave(executions, after_step=world.watch, rng=random.Random(seed))  # noqa: S311 - an order, no secret
        assert {one.status for one in executions} == {"SUCCEEDED"}
        world.assert_nothing_lost_nothing_doubled()
        assert world.statuses() <= {"SUCCEEDED", "EMPTY"}


def test_a_replay_after_publication_changes_nothing(world: World) -> None:
    waiting(world)
    world.run(SWEEP)
    world.run(world.deliver("d.csv", "r5"))
    table = world.table().rows
    replayed = world.run(ALL_TIME)
    assert (replayed.status, replayed.error) == ("SUCCEEDED", None)
    assert world.table().rows == table
    world.assert_nothing_lost_nothing_doubled()
    assert sorted(manifest["counts"]["good"] for manifest in world.manifests().values()) == [0, 1, 4]


def test_a_replay_brings_back_what_is_missing(world: World) -> None:
    """Rows that were deleted, by whatever accident, are in the originals."""
    waiting(world)
    world.run(SWEEP)
    world.table().rows = ()
    world.forget()
    assert world.run(ALL_TIME).status == "SUCCEEDED"
    assert world.rows() == world.expected()


def test_a_replay_of_no_time_fails_and_touches_nothing(world: World) -> None:
    waiting(world)
    world.run(SWEEP)
    rows = world.rows()
    world.run({"replay": {"table": "routes", "since": "2000-01-01T00:00:00Z", "until": "2000-01-02T00:00:00+01:00"}})
    assert world.rows() == rows


@pytest.mark.parametrize("given", [SWEEP, ALL_TIME], ids=["sweep", "replay"])
def test_a_held_run_of_many_objects_is_released_by_its_name(world: World, given: dict[str, Any]) -> None:
    """The next sweep leaves it alone; releasing another way is refused."""
    if given is ALL_TIME:
        world.run(world.deliver("old.csv", f"{HOLD}1"))  # held: its original is in raw all the same
        world.aws.notices.clear()
    else:
        waiting(world)
        world.deliver("held.csv", f"{HOLD}1")
    assert world.run(given).error == "Lake.Held"
    assert world.rows() == []
    (notice,) = world.aws.notices
    assert world.run(SWEEP).visited()[-1] == "NothingNew"
    assert world.run(AGAIN).visited()[-1] == "NothingNew"
    assert world.run({**given, "release": True}).error == "Lake.BadInput"
    assert world.rows() == []
    assert world.run(notice["to_release_start_with"]).status == "SUCCEEDED"
    world.assert_nothing_lost_nothing_doubled()
