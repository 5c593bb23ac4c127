"""Executions that are ended, repeated and run at the same time."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from lakecheck.rehearsal.states import VirtualClock, interleave, run, start
from tests.lakecheck.rehearsal.machines import Scripted, fails, machine, task

if TYPE_CHECKING:
    from collections.abc import Iterator

RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "JitterStrategy": "FULL"}]
TWO = machine({"A": task(Retry=RETRY, Output={}, Next="B"), "B": task()})


def test_a_crash_leaves_what_was_done_and_records_no_answer() -> None:
    """Entered A, called A, left A, entered B, called B: after each of them, and no further."""
    made = []
    for crash_after in range(7):
        services = Scripted({"n": 1})
        ended = run(TWO, {}, services, crash_after=crash_after)
        made.append((ended.status, len(services.calls), len(ended.history)))
    aborted = [("ABORTED", calls, number) for number, calls in enumerate([0, 0, 1, 1, 1, 2])]
    assert made[:6] == aborted
    assert made[6][:2] == ("ABORTED", 2)
    assert run(TWO, {}, Scripted({"n": 1}), crash_after=7).status == "SUCCEEDED"


def test_a_crash_stops_work_on_its_way() -> None:
    done: list[str] = []

    def work(_: Any) -> Iterator[float]:
        done.append("begun")
        yield 60
        done.append("ended")
        return {}

    run(TWO, {}, Scripted(work), crash_after=2)
    assert done == ["begun"]


@given(st.integers(0, 100))
def test_the_same_seed_gives_the_same_history(seed: int) -> None:
    def history() -> Any:
        return run(TWO, {"a": 1}, Scripted(fails("E"), fails("E"), {}), seed=seed).history

    assert history() == history()


@given(st.integers(0, 100))
def test_executions_take_turns_on_one_clock(seed: int) -> None:
    """In any order each has its own history, and time never runs back."""
    clock = VirtualClock()
    services = [Scripted(fails("E"), {"n": number}) for number in (1, 2)]
    executions = [start(TWO, {}, one, clock=clock, seed=number) for number, one in enumerate(services)]
    times: list[float] = []
    interleave(executions, after_step=lambda _: times.append(clock.seconds), rng=random.Random(seed))  # noqa: S311 - no secret
    assert [(one.status, one.output) for one in executions] == [("SUCCEEDED", {"n": 1}), ("SUCCEEDED", {"n": 2})]
    assert times == sorted(times)
    assert [one.visited() for one in executions] == [["A", "B"]] * 2


def test_who_waits_lets_the_others_go_on() -> None:
    clock = VirtualClock()
    waiting = start(machine({"W": {"Type": "Wait", "Seconds": 60, "End": True}}), {}, Scripted(None), clock=clock)
    working = start(TWO, {}, Scripted({}), clock=clock)
    order: list[str] = []
    interleave([waiting, working], after_step=lambda event: order.append(f"{event.kind} {event.state}"))
    assert order.index("exited B") < order.index("exited W")
    assert waiting.status == working.status == "SUCCEEDED"


def test_a_redrive_goes_on_where_it_ended_under_the_same_id() -> None:
    """The variables are there, the states before it are not entered again; a Fail state fails again."""
    last = {"Type": "Pass", "Output": "{% [$x, $states.context.Execution.Name, $states.context.Execution.RedriveCount] %}", "End": True}
    states = {"A": task(Assign={"x": "{% $states.result.n %}"}, Next="B"), "B": task(Next="C"), "C": last}
    services = Scripted({"n": 1}, fails("E"), {"n": 2})
    execution = run(machine(states), {}, services, name="mine")
    assert execution.status == "FAILED"
    execution.redrive()
    assert execution.finish().output == [1, "mine", 1]
    assert execution.visited() == ["A", "B", "B", "C"]
    with pytest.raises(ValueError, match="SUCCEEDED"):
        execution.redrive()
    failed = run(machine({"F": {"Type": "Fail", "Error": "E"}}), {}, services)
    failed.redrive()
    assert failed.finish().error == "E"


def test_results_of_a_service_are_copies() -> None:
    """A service that changes its answer afterwards does not change the execution's."""
    shared = {"n": [1]}
    execution = start(TWO, {}, Scripted(shared))
    execution.finish()
    shared["n"].append(2)
    assert execution.output == {"n": [1]}


def test_it_needs_neither_cdk_nor_boto3() -> None:
    """Imported in a fresh process, because packages import what their parents do."""
    unwanted = "{'aws_cdk', 'boto3', 'constructs_lib', 'moto'}"
    program = f"import sys, lakecheck.rehearsal.states; print(sorted({unwanted} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "[]"
