"""Everything again in a world that breaks: calls fail, the emulator is killed, events come twice; the tables end the same."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lakecheck.rehearsal.course import StepFailed
from lakecheck.rehearsal.lake import deliveries, results
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakecheck.rehearsal.course import Stage
    from lakecheck.rehearsal.lake.deliveries import Run

DEFAULT_FAULTS: Final = ("dynamodb:*Item:throttle:2", "glue:StartJobRun:throttle:1", "s3:CopyObject:error:1", "events:PutEvents:error:1")
_MET: Final = (BotoCoreError, ClientError, DataLakeError)
_STEPS_BEFORE_KILL: Final = 4
_POLL_SECONDS: Final = 0.05
_LONGEST_SECONDS: Final = 60.0


def remember(stage: Stage) -> None:
    """Keeps the state before the first delivery, to come back to it."""
    if stage.options.resilience:
        stage.emulator.checkpoint()


def endure(stage: Stage, runs: Sequence[Run], seen: Mapping[str, results.Contents]) -> Sequence[str]:
    """Goes back to before the samples, delivers those of one table once more while things break, and compares the table.

    Args:
        stage: What is worked on.
        runs: What became of the samples.
        seen: What readers saw of each table then.
    """
    prefix = _chosen(runs)
    again = [run.delivery for run in runs if run.delivery.table == prefix]
    facts = _go_back(stage, prefix)
    facts += _with_faults(stage, again[0])
    if len(again) > 1:
        facts += _with_kill(stage, again[1])
        for delivery in again[2:]:
            deliveries.deliver(stage, delivery)
    facts += _twice(stage, runs, prefix)
    table = results.published(results.tables(stage), prefix)
    now = None if table is None else results.read(stage, table)
    if now is None or now.digest != seen[prefix].digest:
        rows = "nothing" if now is None else dict(now.rows)
        raise StepFailed(f"{prefix} is another table now: {dict(seen[prefix].rows)} rows before, {rows} now", facts)
    return [*facts, f"{prefix} ends as the same table, row for row"]


def _chosen(runs: Sequence[Run]) -> str:
    """The table with most samples: the more come after each other, the more can go wrong."""
    tables = [run.delivery.table for run in runs]
    return max(tables, key=tables.count)


def _go_back(stage: Stage, prefix: str) -> list[str]:
    stage.emulator.kill()
    stage.emulator.restore()
    table = results.published(results.tables(stage), prefix)
    left = None if table is None else results.read(stage, table).rows
    if left is not None and any(left.values()):
        raise StepFailed(f"the state before the samples has rows of {prefix} in it: {dict(left)}")
    return ["the emulator was killed and came back as it was before the samples"]


def _with_faults(stage: Stage, delivery: Any) -> list[str]:
    stage.emulator.control("faults/set", list(stage.options.faults or DEFAULT_FAULTS))
    run, met = None, ""
    try:
        run = deliveries.deliver(stage, delivery)
    except _MET as error:  # the rehearsal's own calls meet faults too
        met = str(error)
    finally:
        hits = stage.emulator.control("faults/list")["faults"]
        stage.emulator.control("faults/clear", {})
    facts = [f"{delivery.key} with faults: {_hits(hits)}"]
    if run is None:
        raise StepFailed(f"{delivery.key} could not be delivered while calls failed: {met}", facts)
    if run.succeeded:
        return facts
    wrong = next((one for one in run.executions if one["status"] != "SUCCEEDED"), None)
    if not stage.options.faults:
        why = "it started nothing" if wrong is None else wrong.get("cause")
        raise StepFailed(f"{delivery.key} did not survive faults that it has to retry: {why}", facts)
    how = "started nothing" if wrong is None else f"failed as its faults demand ({wrong.get('error')})"
    deliveries.deliver(stage, delivery)
    return [*facts, f"{delivery.key} {how}, and was delivered once more"]


def _hits(faults: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{one['fault']} hit {one['hits']} time{'' if one['hits'] == 1 else 's'}" for one in faults)


def _with_kill(stage: Stage, delivery: Any) -> list[str]:
    """Kills the emulator between two steps of the execution, then lets the execution go on where it stopped."""
    landing = deliveries.landing_of(stage, delivery.key)
    if landing is None:
        raise StepFailed(f"nothing waits for {delivery.key}")
    before = {one["arn"] for one in deliveries.executions(stage)}
    s3 = stage.clients("s3", account=landing.account, region=landing.region)
    s3.put_object(Bucket=landing.bucket, Key=delivery.key, Body=delivery.path.read_bytes())
    states = stage.clients("stepfunctions", account=landing.account, region=landing.region)
    arn, steps = _under_way(stage, states, before)
    stage.emulator.checkpoint()
    stage.emulator.kill()
    stage.emulator.restore()
    told = {one["arn"]: one for one in deliveries.executions(stage)}
    facts = [f"{delivery.key}: killed after {steps} states of its execution, which came back as {told[arn]['status']}"]
    if told[arn]["status"] != "SUCCEEDED":
        states.redrive_execution(executionArn=arn)
        deliveries.wait(stage, delivery.key)
        told = {one["arn"]: one for one in deliveries.executions(stage)}
        facts.append(f"{delivery.key}: redriven, {told[arn]['status']}")
    if told[arn]["status"] != "SUCCEEDED":
        raise StepFailed(f"{delivery.key} did not end well after the kill: {told[arn].get('cause')}", facts)
    return facts


def _under_way(stage: Stage, states: Any, before: set[str]) -> tuple[str, int]:
    """Waits until a new execution has done some of its states."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < deadline:
        for one in deliveries.executions(stage):
            if one["arn"] not in before:
                history = states.get_execution_history(executionArn=one["arn"], maxResults=1000)["events"]
                done = sum(event["type"].endswith("StateExited") for event in history)
                if done >= _STEPS_BEFORE_KILL or one["status"] != "RUNNING":
                    return one["arn"], done
        time.sleep(_POLL_SECONDS)
    raise StepFailed("no execution got under way")


def _twice(stage: Stage, runs: Sequence[Run], prefix: str) -> list[str]:
    last = next(run for run in reversed(runs) if run.delivery.table == prefix)
    stage.emulator.control("executions/redeliver", {"bucket": last.landing.bucket, "key": last.delivery.key})
    deliveries.wait(stage, last.delivery.key)
    return [f"{last.delivery.key}: its event was delivered twice"]
