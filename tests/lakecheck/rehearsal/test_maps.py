"""Map and Parallel: https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.rehearsal.states import DefinitionError, Failure, ServiceError, VirtualClock, run
from tests.lakecheck.rehearsal.machines import Scripted, machine, task

if TYPE_CHECKING:
    from collections.abc import Iterator

DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}


def processor(states: dict[str, Any], *, distributed: bool = False) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states, **(DISTRIBUTED if distributed else {})}


def mapped(states: dict[str, Any], *, distributed: bool = False, **more: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": processor(states, distributed=distributed), "End": True, **more}


def worker(arguments: Any) -> Any:
    """Doubles its argument; -1 is refused."""
    if arguments == -1:
        raise ServiceError("Bad", "minus one")
    return arguments * 2


def test_inline_maps_see_outer_variables_and_keep_their_own() -> None:
    inner = {
        "A": {"Type": "Pass", "Assign": {"mine": "{% $states.input * $factor %}"}, "Next": "B"},
        "B": {"Type": "Pass", "Output": "{% [$mine, $states.context.Map.Item.Index] %}", "End": True},
    }
    states = {
        "V": {"Type": "Pass", "Assign": {"factor": 10}, "Next": "M"},
        "M": {**mapped(inner, Items="{% $states.input %}"), "Next": "E", "Assign": {"all": "{% $states.result %}"}},
        "E": {"Type": "Pass", "Output": {"all": "{% $all %}", "seen": "{% $exists($mine) %}"}, "End": True},
    }
    del states["M"]["End"]
    assert run(machine(states), [1, 2], Scripted(None)).output == {"all": [[10, 0], [20, 1]], "seen": False}


def test_an_inner_scope_cannot_assign_to_an_outer_variable() -> None:
    states = {
        "V": {"Type": "Pass", "Assign": {"x": 1}, "Next": "M"},
        "M": mapped({"A": {"Type": "Pass", "Assign": {"x": 2}, "End": True}}),
    }
    with pytest.raises(DefinitionError, match="x of an outer scope"):
        run(machine(states), [1], Scripted(None))


def test_the_first_failure_ends_an_inline_map_with_its_own_error() -> None:
    services = Scripted(worker)
    ended = run(machine({"M": mapped({"T": task()}, MaxConcurrency=1)}), [1, -1, 3], services)
    assert (ended.error, [call[2] for call in services.calls]) == ("Bad", [1, -1])


def test_parallel_returns_the_outputs_in_order_and_can_be_caught() -> None:
    branches = [processor({"A": {"Type": "Wait", "Seconds": 9, "End": True}}), processor({"B": task(Arguments="{% $states.input.n %}")})]
    states = {
        "P": {"Type": "Parallel", "Branches": branches, "Catch": [{"ErrorEquals": ["Bad"], "Next": "Z"}], "End": True},
        "Z": {"Type": "Pass", "Output": "caught", "End": True},
    }
    assert run(machine(states), {"n": 4}, Scripted(worker)).output == [{"n": 4}, 8]
    assert run(machine(states), {"n": -1}, Scripted(worker)).output == "caught"


@pytest.mark.parametrize(
    ("tolerance", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailurePercentage": 24}, "FAILED"),
        ({"ToleratedFailurePercentage": 25}, "SUCCEEDED"),
        ({"ToleratedFailureCount": 1}, "SUCCEEDED"),
        ({"ToleratedFailureCount": "{% 0 %}", "ToleratedFailurePercentage": 100}, "FAILED"),
    ],
)
def test_a_distributed_map_tolerates_what_it_says(tolerance: dict[str, Any], status: str) -> None:
    """What failed has no result; more than tolerated fails the map by a name of its own."""
    ended = run(machine({"M": mapped({"T": task()}, distributed=True, **tolerance)}), [1, -1, 3, 4], Scripted(worker))
    assert ended.status == status
    assert ended.output == ([2, 6, 8] if status == "SUCCEEDED" else None)
    assert ended.error == (None if status == "SUCCEEDED" else "States.ExceedToleratedFailureThreshold")


def test_a_distributed_iteration_is_an_execution_of_its_own() -> None:
    """It has its own id and input, and no variables of the parent's."""
    told = "{% [$states.context.Execution.Id, $states.context.Execution.Input, $exists($x)] %}"
    inner = {"A": {"Type": "Pass", "Output": told, "End": True}}
    states = {"V": {"Type": "Pass", "Assign": {"x": 1}, "Next": "M"}, "M": mapped(inner, distributed=True, Label="Objects")}
    (first, given, outer), (second, _, _) = run(machine(states), [1, 2], Scripted(None)).output
    assert (given, outer) == (1, False)
    assert first.startswith("arn:aws:states:eu-west-1:000000000000:execution:rehearsed/Objects:")
    assert first != second


def bucket(keys: list[str], *, pages: int = 2) -> Scripted:
    """A bucket that lists so many objects at a time."""

    def listed(arguments: Any) -> Any:
        if "Prefix" not in arguments:
            return {}
        begin = int(arguments.get("ContinuationToken", 0))
        contents = [{"Key": key, "Size": 1, "ETag": '"e"', "LastModified": 1767225600.0} for key in keys[begin : begin + pages]]
        more = begin + pages < len(keys)
        return {"Contents": contents, "IsTruncated": more, **({"NextContinuationToken": str(begin + pages)} if more else {})}

    return Scripted(listed)


READER = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Arguments": {"Bucket": "b", "Prefix": "{% $states.input.prefix %}"}}
ECHO = {"E": {"Type": "Pass", "End": True}}


def test_objects_are_listed_to_the_last_page_selected_and_batched() -> None:
    state = mapped(
        ECHO,
        distributed=True,
        ItemReader=READER,
        ItemSelector={"k": "{% $states.context.Map.Item.Value.Key %}", "n": "{% $states.context.Map.Item.Index %}"},
        ItemBatcher={"MaxItemsPerBatch": 2, "BatchInput": {"p": "{% $states.input.prefix %}"}},
    )
    output = run(machine({"M": state}), {"prefix": "in/"}, bucket(["a", "b", "c"])).output
    assert output == [
        {"BatchInput": {"p": "in/"}, "Items": [{"k": "a", "n": 0}, {"k": "b", "n": 1}]},
        {"BatchInput": {"p": "in/"}, "Items": [{"k": "c", "n": 2}]},
    ]
    plain = run(machine({"M": mapped(ECHO, distributed=True, ItemReader=READER)}), {"prefix": "in/"}, bucket(["a"])).output
    assert plain == [{"Key": "a", "Size": 1, "Etag": '"e"', "LastModified": 1767225600.0}]


def test_an_empty_prefix_is_no_failure_and_a_refused_list_is_one() -> None:
    definition = machine({"M": mapped(ECHO, distributed=True, ItemReader=READER)})
    assert run(definition, {"prefix": "in/"}, bucket([])).output == []
    refused = run(definition, {"prefix": "in/"}, bucket([]), failures=[Failure(state="M", error="S3.S3Exception", count=None)])
    assert refused.error == "States.ItemReaderFailed"


def test_batches_keep_to_their_bytes() -> None:
    state = mapped(ECHO, distributed=True, Items=["x" * 40, "y" * 40, "z"], ItemBatcher={"MaxInputBytesPerBatch": 70})
    assert [len(batch["Items"]) for batch in run(machine({"M": state}), {}, Scripted(None)).output] == [1, 2]


def test_lines_of_an_object_are_items() -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSONL", "MaxItems": 2}, "Arguments": {"Key": "k"}}
    definition = machine({"M": mapped(ECHO, distributed=True, ItemReader=reader)})
    assert run(definition, {}, Scripted({"Body": '{"a":1}\n\n{"a":2}\n{"a":3}\n'})).output == [{"a": 1}, {"a": 2}]


def test_results_are_written_apart_and_the_output_says_where() -> None:
    written: dict[str, Any] = {}

    def service(arguments: Any) -> Any:
        if isinstance(arguments, dict):
            written[arguments["Key"]] = json.loads(arguments["Body"])
            return {}
        return worker(arguments)

    writer = {"Resource": "arn:aws:states:::s3:putObject", "Arguments": {"Bucket": "b", "Prefix": "results"}}
    state = mapped({"T": task()}, distributed=True, ToleratedFailureCount=1, ResultWriter=writer)
    details = run(machine({"M": state}), [1, -1], Scripted(service)).output["ResultWriterDetails"]
    manifest = written.pop(details["Key"])
    assert details["Bucket"] == manifest["DestinationBucket"] == "b"
    assert [written[entry["Key"]] for status in ("SUCCEEDED", "FAILED") for entry in manifest["ResultFiles"][status]] == [
        [{"Status": "SUCCEEDED", "Output": "2"}],
        [{"Status": "FAILED", "Error": "Bad", "Cause": "minus one", "Input": "-1"}],
    ]


def test_no_more_iterations_run_than_allowed_and_the_rest_overlap() -> None:
    """Waiting takes as long as the longest of those that overlap, and all are started in order."""
    running: list[int] = []
    most = [0]

    def slow(arguments: Any) -> Iterator[float]:
        running.append(arguments)
        most.append(len(running))
        yield 10
        running.remove(arguments)
        return arguments

    for allowed, expected, seconds in ((2, 2, 20), (0, 4, 10), (1, 1, 40)):
        clock, most[:] = VirtualClock(), [0]
        begun = clock.seconds
        ended = run(machine({"M": mapped({"T": task()}, MaxConcurrency=allowed)}), [1, 2, 3, 4], Scripted(slow), clock=clock)
        assert (ended.output, max(most), clock.seconds - begun) == ([1, 2, 3, 4], expected, seconds)
