"""An execution ends between any two steps, as with StopExecution or a timeout: what others see, and what a restart makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.pipeline_runs.world import HOLD, LEASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakecheck.rehearsal.states import Execution
    from tests.pipeline_runs.world import World

SWEEP = {"sweep": {"table": "routes"}}


CHANGING = ("called", "working")
"""Events after which the world may be another. Who starts a new execution meets nothing but the world."""


def crashes(
    new_world: Callable[[], World], prepare: Callable[[World], dict[str, Any]], kinds: tuple[str, ...] = CHANGING
) -> Iterator[tuple[World, dict[str, Any], Execution]]:
    """Lakes in which the same execution ended before its first event and after each of these kinds."""
    world = new_world()
    history = world.run(prepare(world)).history
    counted = [event for event in history if event.kind != "waiting"]
    points = [0, *(number for number, event in enumerate(counted, 1) if event.kind in kinds)]
    assert len(points) > 6
    for after in points:
        world = new_world()
        given = prepare(world)
        execution = world.run(given, crash_after=after)
        assert execution.status == "ABORTED"
        yield world, given, execution


def an_event(world: World) -> dict[str, Any]:
    world.published_before("r0", "r1")
    return world.deliver("a.csv", "r1", "r2", "!bad")


def a_sweep(world: World) -> dict[str, Any]:
    world.published_before("r0", "r1")
    world.deliver("a.csv", "r1", "r2", "!bad")
    world.deliver("b c.csv", "r3")
    return SWEEP


def test_an_event_that_crashed_anywhere_is_done_by_its_restart(new_world: Callable[[], World]) -> None:
    """At once the run may still be somebody's; with the end of its lease it is whoever asks's. Readers are told at least once."""
    for world, event, _ in crashes(new_world, an_event):
        assert world.rows() in (["r0", "r1"], ["r0", "r1", "r2"])
        assert world.run(event).status == "SUCCEEDED"
        assert world.rows() in (["r0", "r1"], ["r0", "r1", "r2"])
        world.clock.advance(LEASE)
        assert world.run(event).status == "SUCCEEDED"
        world.assert_nothing_lost_nothing_doubled()
        assert world.statuses() == {"SUCCEEDED"}
        assert world.told("Ingestion succeeded") >= 1
        assert world.told("Ingestion failed") == 0


def test_an_event_that_crashed_anywhere_is_done_by_the_next_sweep(new_world: Callable[[], World]) -> None:
    """Nobody has to know of the crash: what waits in landing and is no living run's is swept up."""
    for world, _, _ in crashes(new_world, an_event):
        world.clock.advance(LEASE)
        assert world.run(SWEEP).status == "SUCCEEDED"
        world.assert_nothing_lost_nothing_doubled()


@pytest.mark.parametrize("prepare", [an_event, pytest.param(a_sweep, marks=pytest.mark.full)])
def test_an_execution_that_crashed_anywhere_is_done_by_its_redrive(new_world: Callable[[], World], prepare: Any) -> None:
    """Without waiting for the lease, although Glue never heard that the job's caller is gone: two jobs with one run id overlap."""

    def prepared(world: World) -> dict[str, Any]:
        world.jobs.orphans = []
        world.aws.concurrent_jobs = 2
        return prepare(world)

    for world, _, execution in crashes(new_world, prepared, (*CHANGING, "entered") if prepare is an_event else CHANGING):
        execution.redrive()
        assert execution.finish(after_step=world.watch).status == "SUCCEEDED"
        world.assert_nothing_lost_nothing_doubled()
        assert world.statuses() == {"SUCCEEDED"}


def test_a_sweep_that_crashed_anywhere_is_done_by_the_next(new_world: Callable[[], World]) -> None:
    """At once its objects may still be its own; with the end of its lease the next sweep takes them over."""
    for world, _, _ in crashes(new_world, a_sweep):
        assert world.run(SWEEP).status == "SUCCEEDED"
        assert set(world.rows()) <= {"r0", "r1", "r2", "r3"}
        world.clock.advance(LEASE)
        assert world.run(SWEEP).status == "SUCCEEDED"
        world.assert_nothing_lost_nothing_doubled()


def test_a_release_that_crashed_anywhere_is_done_by_its_restart(new_world: Callable[[], World]) -> None:
    """Until it is done readers see nothing of the run, or all of it."""

    def a_release(world: World) -> dict[str, Any]:
        event = world.deliver("a.csv", f"{HOLD}1", "r1")
        assert world.run(event).error == "Lake.Held"
        return {**event, "release": True}

    for world, release, _ in crashes(new_world, a_release):
        assert world.rows() in ([], [f"{HOLD}1", "r1"])
        world.clock.advance(LEASE)
        assert world.run(release).status == "SUCCEEDED"
        world.assert_nothing_lost_nothing_doubled()
        assert world.statuses() == {"SUCCEEDED"}


def test_a_crash_of_the_failure_way_hides_no_object(new_world: Callable[[], World]) -> None:
    """The job dies, and then its execution, between any two steps of telling so."""

    def a_failing_event(world: World) -> dict[str, Any]:
        world.jobs.kill_at = lambda number: number == 1
        return world.deliver("a.csv", "r1")

    for world, event, _ in crashes(new_world, a_failing_event):
        world.jobs.kill_at = lambda _: False
        world.clock.advance(LEASE)
        assert world.run(event).status == "SUCCEEDED"
        world.assert_nothing_lost_nothing_doubled()
