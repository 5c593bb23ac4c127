"""Retries, catches and timeouts: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from lakecheck.rehearsal.states import Execution, Failure, VirtualClock, run
from lakecheck.rehearsal.states.failures import matches
from tests.lakecheck.rehearsal.machines import Scripted, fails, machine, task

if TYPE_CHECKING:
    from collections.abc import Iterator


def delays(execution: Execution) -> list[float]:
    """Seconds of each wait."""
    return [event.until - event.time for event in execution.history if event.kind == "waiting" and event.until is not None]


def test_retriers_count_for_themselves() -> None:
    """The specification's example: A, B, C, B. The first two wait 1 and 2 seconds, the third 5, the fourth is one too many."""
    retry = [
        {"ErrorEquals": ["ErrorA", "ErrorB"], "IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 2},
        {"ErrorEquals": ["ErrorC"], "IntervalSeconds": 5},
    ]
    states = {
        "X": task(Retry=retry, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Z"}]),
        "Z": {"Type": "Pass", "Output": "{% $states.input %}", "End": True},
    }
    ended = run(machine(states), {}, Scripted(*(fails(f"Error{name}") for name in "ABCB")))
    assert delays(ended) == [1, 2, 5]
    assert (ended.status, ended.output) == ("SUCCEEDED", {"Error": "ErrorB", "Cause": "as told"})
    assert ended.visited() == ["X", "Z"]
    assert [event.attempt for event in ended.history if event.kind == "called"] == [0, 1, 2, 3]


def test_backoff_has_a_cap_and_defaults() -> None:
    capped = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 6, "BackoffRate": 3, "MaxDelaySeconds": 20}]
    assert delays(run(machine({"X": task(Retry=capped)}), {}, Scripted(fails("E")))) == [2, 6, 18, 20, 20, 20]
    assert delays(run(machine({"X": task(Retry=[{"ErrorEquals": ["States.ALL"]}])}), {}, Scripted(fails("E")))) == [1, 2, 4]
    never = [{"ErrorEquals": ["E"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}]
    assert delays(run(machine({"X": task(Retry=never)}), {}, Scripted(fails("E")))) == []


@given(st.integers(0, 1000))
def test_full_jitter_waits_anything_up_to_the_backoff(seed: int) -> None:
    retry = [{"ErrorEquals": ["E"], "IntervalSeconds": 4, "MaxAttempts": 4, "MaxDelaySeconds": 10, "JitterStrategy": "FULL"}]
    waited = delays(run(machine({"X": task(Retry=retry)}), {}, Scripted(fails("E")), seed=seed))
    assert len(waited) == 4
    assert all(0 <= seconds <= most for seconds, most in zip(waited, [4, 8, 10, 10], strict=True))
    assert waited == delays(run(machine({"X": task(Retry=retry)}), {}, Scripted(fails("E")), seed=seed))
    assert waited != [4, 8, 10, 10]


@pytest.mark.parametrize(
    ("names", "error", "expected"),
    [
        (["States.ALL"], "Anything", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.DataLimitExceeded", False),
        (["States.ALL"], "States.Runtime", False),
        (["States.TaskFailed"], "Glue.ThrottlingException", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["States.TaskFailed"], "States.Runtime", False),
        (["States.Timeout"], "States.HeartbeatTimeout", True),
        (["States.DataLimitExceeded"], "States.DataLimitExceeded", True),
        (["glue.ThrottlingException"], "Glue.ThrottlingException", False),
        (["A", "B"], "B", True),
        (["A"], "B", False),
    ],
)
def test_wildcards_match_what_they_are_documented_to(names: list[str], error: str, *, expected: bool) -> None:
    assert matches(names, error) is expected


def caught(services: Scripted, *, failures: tuple[Failure, ...] = (), **more: Any) -> Execution:
    catch = [{"ErrorEquals": ["States.ALL"], "Assign": {"error": "{% $states.errorOutput.Error %}"}, "Output": {"kept": 1}, "Next": "Z"}]
    states = {"X": task(Catch=catch, **more), "Z": {"Type": "Pass", "Output": "{% [$error, $states.input] %}", "End": True}}
    return run(machine(states), {}, services, failures=failures)


def test_a_catcher_assigns_and_shapes_the_next_input() -> None:
    assert caught(Scripted(fails("E"))).output == ["E", {"kept": 1}]


def test_queries_of_a_task_can_be_caught() -> None:
    assert caught(Scripted({}), Arguments="{% $nothing %}").output[0] == "States.QueryEvaluationError"
    assert caught(Scripted({}), Output="{% $states.result.nothing %}").output[0] == "States.QueryEvaluationError"


def test_too_much_data_is_caught_by_no_wildcard() -> None:
    """256 KiB is the quota of what a state gives on."""
    fits = "x" * (262144 - len('{"text":""}'))
    assert run(machine({"X": task()}), {}, Scripted({"text": fits})).status == "SUCCEEDED"
    ended = caught(Scripted({"text": fits + "x"}))
    assert (ended.status, ended.error) == ("FAILED", "States.DataLimitExceeded")


def slow(seconds: float) -> Any:
    """A call that takes time, and says how far it got."""

    def work(_: Any) -> Iterator[float]:
        yield seconds
        return {"done": True}

    return work


def test_a_call_that_takes_longer_than_its_task_is_timed_out() -> None:
    clock = VirtualClock()
    begun = clock.seconds
    assert run(machine({"X": task(TimeoutSeconds=60)}), {}, Scripted(slow(59)), clock=clock).output == {"done": True}
    assert clock.seconds - begun == 59
    ended = run(machine({"X": task(TimeoutSeconds=60)}), {}, Scripted(slow(3600)), clock=clock)
    assert (ended.status, ended.error) == ("FAILED", "States.Timeout")
    assert clock.seconds - begun == 59 + 60
    assert caught(Scripted(slow(3600)), TimeoutSeconds="{% 5 %}").output[0] == "States.Timeout"


def test_an_execution_that_takes_too_long_ends_whatever_it_catches() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Z"}]
    states = {"X": task(Catch=catch, Retry=[{"ErrorEquals": ["States.ALL"]}]), "Z": {"Type": "Succeed"}}
    ended = run(machine(states, TimeoutSeconds=100), {}, Scripted(slow(1000)))
    assert (ended.status, ended.error, ended.history[-1].time) == ("TIMED_OUT", "States.Timeout", ended.history[0].time)


def test_planned_failures_hit_the_calls_that_they_name() -> None:
    """Before the service is called, or after: then it has done what it was asked, and only the answer is lost."""
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 5}]
    for after, made in ((False, 1), (True, 3)):
        services = Scripted({})
        planned = Failure(state="X", error="E", count=2, after=after)
        ended = run(machine({"X": task(Retry=retry)}), {}, services, failures=[planned])
        assert (ended.status, len(services.calls)) == ("SUCCEEDED", made)
        assert [event.error for event in ended.history if event.kind == "called"] == ["E", "E", None]
    ended = run(machine({"X": task(Retry=retry)}), {}, Scripted({}), failures=[Failure(state="X", error="E", count=None)])
    assert (ended.error, len(delays(ended))) == ("E", 5)
    assert run(machine({"X": task()}), {}, Scripted({}), failures=[Failure(state="Y", error="E")]).status == "SUCCEEDED"
