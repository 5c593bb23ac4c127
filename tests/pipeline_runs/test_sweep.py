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
    for name in ["Look", "ClaimWaiting", "KeepWaiting", "FindOwner", "FindRun", "TakeOver"]:
        world = new_world()
        waiting(world)
        if name in ("FindOwner", "FindRun", "TakeOver"):
            world.run(SWEEP, crash_after=50)  # somebody has claimed all of it, and is gone
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


def failed_once(world: World) -> None:
    """Three objects that a failed run has, kept by nobody."""
    waiting(world)
    failures = [Failure(state="KeepWaiting", error="Some.AccessDeniedException", count=None)]
    assert world.run(SWEEP, failures=failures).error == "States.ExceedToleratedFailureThreshold"
    world.run({"sweep": {"table": "routes"}})  # whatever of it was not claimed yet
    world.aws.notices.clear()


CONFLICT = "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict, None]"


def test_transactions_in_each_others_way_leave_nothing_behind(world: World) -> None:
    """All objects of a failed run are taken over with a look at that run: such transactions conflict, which is no refusal."""
    failed_once(world)
    planned = [Failure(state="TakeOver", error="DynamoDb.TransactionCanceledException", cause=CONFLICT, count=3)]
    assert world.run(AGAIN, failures=planned).status == "SUCCEEDED"
    world.assert_nothing_lost_nothing_doubled()


def test_a_transaction_that_stays_in_the_way_is_no_success(world: World) -> None:
    """An object that could not be taken over is told of, and the next try has it."""
    failed_once(world)
    planned = [Failure(state="TakeOver", error="DynamoDb.TransactionCanceledException", cause=CONFLICT, count=None)]
    assert world.run(AGAIN, failures=planned).error == "States.ExceedToleratedFailureThreshold"
    (notice,) = world.aws.notices
    assert world.run(notice["to_try_again_start_with"]).status == "SUCCEEDED"
    world.assert_nothing_lost_nothing_doubled()


def test_an_object_that_was_taken_meanwhile_is_known(world: World) -> None:
    """Its run let go of it when that was looked at, and somebody else was first."""
    failed_once(world)
    refused = "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]"
    planned = [Failure(state="TakeOver", error="DynamoDb.TransactionCanceledException", cause=refused, count=None)]
    execution = world.run(AGAIN, failures=planned)
    assert (execution.status, execution.visited()[-1]) == ("SUCCEEDED", "NothingNew")


def test_objects_of_any_name_are_read(world: World) -> None:
    """Names like folders, dots, blanks, signs, letters of any script, and of any length: each is kept where the job finds it."""
    names = ["folder/", "a//b", "..", "x/../y", "50% + 1&?#'\"*[a]", "日本 é\u0301 😀.csv", "n" * (1024 - len("travel/flights/routes/"))]
    for number, name in enumerate(names):
        world.deliver(name, f"r{number}")
    assert world.run(SWEEP).status == "SUCCEEDED"
    world.assert_nothing_lost_nothing_doubled()
    (manifest,) = world.manifests().values()
    assert len(manifest["files"]) == len(names)
    keys = [path.removeprefix("s3://lake-raw/") for path in (file["path"] for file in manifest["files"])]
    assert all(len(key.encode()) <= 1024 for key in keys)
    assert not [key for key in keys if key.rpartition("/")[2] in ("", ".", "..") or not key.startswith("travel/flights/routes/20")]


def test_what_has_no_version_is_left_behind_and_people_are_told(world: World) -> None:
    """Of an object without a version the next one cannot be told apart: it would be taken for known, and lost."""
    world.clients("s3").put_bucket_versioning(Bucket=LANDING, VersioningConfiguration={"Status": "Suspended"})
    key = "travel/flights/routes/a.csv"
    world.clients("s3").put_object(Bucket=LANDING, Key=key, Body=b"r1")
    event = {"detail": {"bucket": {"name": LANDING}, "object": {"key": key, "size": 2, "version-id": "null"}}}
    assert world.run(event).error == "Lake.NotVersioned"
    world.aws.notices.clear()
    assert world.run(SWEEP).visited()[-1] == "NothingNew"
    (notice,) = world.aws.notices
    assert (notice["left_behind"], world.rows(), world.aws.job_runs) == (1, [], [])


@pytest.mark.parametrize("versions", [False, True], ids=["marked", "for good"])
def test_an_object_that_is_deleted_while_a_sweep_runs_is_not_waited_for(world: World, *, versions: bool) -> None:
    """It was listed and is gone: another object whose name begins with its name is not taken for it."""
    waiting(world)
    gone = world.deliver("c.cs", "gone")
    world.delivered.pop()
    call = world.aws.call

    def delete_first(service: str, action: str, arguments: Any, *, sync: bool) -> Any:
        if action == "listObjectVersions" and arguments["Prefix"].endswith("c.cs"):
            named = gone["detail"]["object"]
            which = {"VersionId": named["version-id"]} if versions else {}
            world.clients("s3").delete_object(Bucket=LANDING, Key=named["key"], **which)
        return call(service, action, arguments, sync=sync)

    world.aws.call = delete_first  # type: ignore[method-assign]
    assert world.run(SWEEP).status == "SUCCEEDED"
    world.assert_nothing_lost_nothing_doubled()


@pytest.mark.parametrize("key", ["travel/flights/airprots/a.csv", "travel/flights/a.csv", "travel/flights//routes/a.csv"])
def test_what_no_sweep_would_find_is_told_of(world: World, key: str) -> None:
    """Nothing starts on its arrival either, where there is a schedule: it would expire in landing without a word."""
    world.clients("s3").put_object(Bucket=LANDING, Key="travel/flights/", Body=b"")
    world.clients("s3").put_object(Bucket=LANDING, Key="travel/flights_old/a/a.csv", Body=b"another product's")
    world.deliver("a.csv", "r1")
    assert world.run({"sweep": {}}).status == "SUCCEEDED"
    world.clients("s3").put_object(Bucket=LANDING, Key=key, Body=b"r2")
    assert world.run({"sweep": {}}).error == "Lake.UndeclaredTable"
    assert len(world.aws.started) == 4  # the sweeps of both tables, both times
    (notice,) = world.aws.notices
    assert "below no table" in notice["cause"]


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
