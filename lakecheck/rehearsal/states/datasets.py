"""What a map reads and writes: items, batches of them, results in S3.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-fields-dist-map.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.states.model import Failed, ServiceError
from lakecheck.rehearsal.states.queries import QUERY_FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.rehearsal.states.interpreter import Interpreter, Steps
    from lakecheck.rehearsal.states.visit import Visit

READER_FAILED, WRITER_FAILED = "States.ItemReaderFailed", "States.ResultWriterFailed"


@dataclass(frozen=True, slots=True)
class Child:
    """How one iteration ended: its output, or its failure."""

    output: Any = None
    failure: Failed | None = None


def items(interpreter: Interpreter, visit: Visit) -> Steps:
    """What a map goes through: an array of the input's, or what its reader finds.

    Raises:
        Failed: If there is no array, or the reader fails.
    """
    reader = visit.state.get("ItemReader")
    if reader is not None:
        try:
            return (yield from _read(interpreter, visit, reader))
        except ServiceError as error:
            raise Failed(READER_FAILED, str(error)) from error
    found = interpreter.evaluate(visit.state.get("Items", visit.input), visit)
    if not isinstance(found, list):
        raise Failed(QUERY_FAILED, f"the items of {visit.name} are no array")
    return found


def _read(interpreter: Interpreter, visit: Visit, reader: dict[str, Any]) -> Steps:
    """Items in S3: the objects below a prefix, every page of them, or what one object holds. None are no failure."""
    arguments = interpreter.evaluate(reader.get("Arguments", {}), visit)
    config = interpreter.evaluate(reader.get("ReaderConfig", {}), visit)
    action = reader["Resource"].rpartition(":")[2]
    found: list[Any] = []
    while True:
        page = yield from interpreter.called(visit, "s3", action, arguments)
        if action == "getObject":
            text = page["Body"]
            found = json.loads(text) if config["InputType"] == "JSON" else [json.loads(line) for line in text.splitlines() if line.strip()]
            break
        found += [{"Etag" if key == "ETag" else key: value for key, value in item.items()} for item in page.get("Contents", [])]
        if not page.get("IsTruncated"):
            break
        arguments = {**arguments, "ContinuationToken": page["NextContinuationToken"]}
    most = int(config.get("MaxItems", 0))
    return found[:most] if most else found


def selected(interpreter: Interpreter, visit: Visit, index: int, item: Any) -> Any:
    """What an iteration is given for an item."""
    if "ItemSelector" not in visit.state:
        return item
    context = {**visit.context, "Map": {"Item": {"Index": index, "Value": item}}}
    variables = visit.scope.visible()
    return interpreter.queries.evaluate(visit.state["ItemSelector"], variables, {"input": visit.input, "context": context})


def batches(interpreter: Interpreter, visit: Visit, found: list[Any]) -> Iterator[dict[str, Any]]:
    """Groups of items: `Items` and, if told, `BatchInput` beside them."""
    batcher = interpreter.evaluate(visit.state["ItemBatcher"], visit)
    shared = {"BatchInput": batcher["BatchInput"]} if "BatchInput" in batcher else {}
    most, largest = batcher.get("MaxItemsPerBatch"), batcher.get("MaxInputBytesPerBatch")
    batch: list[Any] = []
    for item in found:
        full = most is not None and len(batch) >= most
        if batch and (full or (largest is not None and len(json.dumps({**shared, "Items": [*batch, item]}).encode()) > largest)):
            yield {**shared, "Items": batch}
            batch = []
        batch = [*batch, item]
    if batch:
        yield {**shared, "Items": batch}


def write(interpreter: Interpreter, visit: Visit, arguments: dict[str, Any], ended: Sequence[tuple[Any, Child]], run_id: str) -> Steps:
    """Writes the results to S3, in the layout of Step Functions, and returns where.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html

    Raises:
        Failed: If the bucket refuses.
    """
    bucket = arguments["Bucket"]
    folder = f"{arguments.get('Prefix', '').rstrip('/')}/{run_id}".lstrip("/")
    groups = {
        "SUCCEEDED": [{"Status": "SUCCEEDED", "Output": json.dumps(child.output)} for _, child in ended if child.failure is None],
        "FAILED": [
            {"Status": "FAILED", "Error": child.failure.error, "Cause": child.failure.cause, "Input": json.dumps(given)}
            for given, child in ended
            if child.failure is not None
        ],
        "PENDING": [],
    }
    files = {status: [{"Key": f"{folder}/{status}_0.json"}] if entries else [] for status, entries in groups.items()}
    bodies: dict[str, Any] = {f"{folder}/{status}_0.json": entries for status, entries in groups.items() if entries}
    bodies[f"{folder}/manifest.json"] = {"DestinationBucket": bucket, "ResultFiles": files}
    try:
        for key, body in bodies.items():
            yield from interpreter.called(visit, "s3", "putObject", {"Bucket": bucket, "Key": key, "Body": json.dumps(body)})
    except ServiceError as error:
        raise Failed(WRITER_FAILED, str(error)) from error
    machine = f"{visit.context['StateMachine']['Id']}/{visit.state.get('Label', visit.name)}".replace(":stateMachine:", ":mapRun:")
    return {"MapRunArn": f"{machine}:{run_id}", "ResultWriterDetails": {"Bucket": bucket, "Key": f"{folder}/manifest.json"}}
