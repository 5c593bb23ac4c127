"""Delivers files to the pipelines that are deployed, and waits until nothing goes on any more."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.model import at
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lakecheck.rehearsal.course import Stage
    from lakecheck.rehearsal.lake.samples import Delivery

_RULE: Final = "AWS::Events::Rule"
_POLL_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 900.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Landing:
    """Where a file is delivered to.

    Attributes:
        account: Of the bucket.
        region: Of the bucket.
        bucket: Its name.
        rule: Logical id of the rule that starts the pipeline.
    """

    account: str
    region: str
    bucket: str
    rule: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What became of a delivery.

    Attributes:
        delivery: The file.
        landing: Where it was put.
        executions: What it started, as the emulator tells of them.
        outcomes: What the pipelines wrote of their runs (`*.outcome.json`), those that were not there before.
    """

    delivery: Delivery
    landing: Landing
    executions: Sequence[Mapping[str, Any]] = ()
    outcomes: Sequence[Mapping[str, Any]] = field(default=())

    @property
    def succeeded(self) -> bool:
        """Whether something was started, and all of it succeeded."""
        return bool(self.executions) and all(one["status"] == "SUCCEEDED" for one in self.executions)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by what became of them, over all outcomes."""
        names = ("input", "good", "quarantined", "duplicates")
        return {name: sum(int(one["counts"][name]) for one in self.outcomes) for name in names}


def landing_of(stage: Stage, key: str) -> Landing | None:
    """The bucket whose events with this key start a pipeline; None when no rule waits for them."""
    for stack in stage.stacks():
        for one in stack["resources"]:
            if one["type"] == _RULE:
                for bucket in _buckets(one["properties"], key):
                    return Landing(account=stack["account"], region=stack["region"], bucket=bucket, rule=one["logical_id"])
    return None


def _buckets(properties: Mapping[str, Any], key: str) -> Iterator[str]:
    pattern = properties.get("EventPattern", {})
    document = json.loads(pattern) if isinstance(pattern, str) else pattern
    if "aws.s3" not in document.get("source", ()):
        return
    prefixes = [one["prefix"] for one in at(document, "detail.object.key", []) if isinstance(one, dict) and "prefix" in one]
    if any(key.startswith(prefix) for prefix in prefixes) or not prefixes:
        yield from (name for name in at(document, "detail.bucket.name", []) if isinstance(name, str))


def deliver(stage: Stage, delivery: Delivery) -> Run:
    """Puts a file into landing and waits until everything that it started has ended.

    Raises:
        DataLakeError: `no_landing` when nothing waits for it, `pipeline_too_slow`.
    """
    landing = landing_of(stage, delivery.key)
    if landing is None:
        msg = f"no rule of the deployed stacks waits for objects at {delivery.key}; samples go to <domain>/<product>/<table>/<name>"
        raise DataLakeError(msg, code="no_landing", where=str(delivery.path))
    before = {one["arn"] for one in executions(stage)}
    known = set(outcome_keys(stage, landing, delivery))
    s3 = stage.clients("s3", account=landing.account, region=landing.region)
    s3.put_object(Bucket=landing.bucket, Key=delivery.key, Body=delivery.path.read_bytes())
    wait(stage, delivery.key)
    return Run(
        delivery=delivery,
        landing=landing,
        executions=[one for one in executions(stage) if one["arn"] not in before],
        outcomes=[_read(s3, bucket, key) for bucket, key in sorted(set(outcome_keys(stage, landing, delivery)) - known)],
    )


def executions(stage: Stage) -> list[dict[str, Any]]:
    """All executions of state machines, as the emulator tells of them."""
    told: list[dict[str, Any]] = stage.emulator.control("executions")["executions"]
    return told


def wait(stage: Stage, what: str) -> None:
    """Waits until nothing is delivered or running any more.

    Raises:
        DataLakeError: `pipeline_too_slow`.
    """
    started = time.monotonic()
    while True:
        told = stage.emulator.control("executions/idle")
        if told["idle"]:
            return
        seconds = time.monotonic() - started
        running = ", ".join(f"{count} {name}" for name, count in sorted(told.get("running", {}).items()))
        stage.tell(f"{what}: {running or 'running'}, {seconds:.0f} s")
        if seconds > LONGEST_SECONDS:
            msg = f"still running after {LONGEST_SECONDS:.0f} s; the emulator's log tells of what: {stage.emulator.log}"
            raise DataLakeError(msg, code="pipeline_too_slow", where=what)
        time.sleep(_POLL_SECONDS)


def outcome_keys(stage: Stage, landing: Landing, delivery: Delivery) -> Iterator[tuple[str, str]]:
    """Where runs of the delivery's table have written what became of them, in any bucket of the account."""
    s3 = stage.clients("s3", account=landing.account, region=landing.region)
    product, _, table = delivery.table.rpartition("/")
    for bucket in buckets(stage, landing.account):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{product}/_manifests/{table}/")
        for page in pages:
            yield from ((bucket, one["Key"]) for one in page.get("Contents", ()) if one["Key"].endswith(".outcome.json"))


def buckets(stage: Stage, account: str) -> list[str]:
    """The buckets that the stacks made in an account."""
    return [
        one["physical_id"]
        for stack in stage.stacks()
        if stack["account"] == account
        for one in stack["resources"]
        if one["type"] == "AWS::S3::Bucket"
    ]


def _read(s3: Any, bucket: str, key: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return document
