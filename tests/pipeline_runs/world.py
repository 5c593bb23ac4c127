"""A lake to run a pipeline in: buckets, claims and topics of moto's, deliveries, executions, and what has to hold of all of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.states import Execution, VirtualClock, start
from tests.pipeline_runs import machine
from tests.pipeline_runs.aws import REGION, Aws
from tests.pipeline_runs.job_model import HOLD, UNREADABLE, ModelJobs, ModelTable
from tests.pipeline_runs.objects import stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakecheck.rehearsal.states import Event, Failure
    from tests.pipeline_runs.aws import Clients

LANDING, RAW = "lake-landing", "lake-raw"
PREFIX = "travel/flights/"
LEASE = 3600 * 24 * 3
"""Seconds after which every claim without an end is free again."""


class World:
    """One lake; the tables are the model's unless other jobs are given.

    Attributes:
        clock: The time of all executions.
        delivered: Contents by key, in the order of delivery.
    """

    def __init__(self, clients: Clients, jobs: Any = None) -> None:
        self.clients = clients
        self.clock = VirtualClock()
        self.jobs = ModelJobs() if jobs is None else jobs
        self.aws = Aws(clients, self.jobs)
        self.delivered: list[tuple[str, bytes]] = []
        self._started = 0
        self._before: tuple[tuple[str, str], ...] = ()
        s3 = clients("s3")
        for bucket in (LANDING, RAW):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=LANDING, VersioningConfiguration={"Status": "Enabled"})
        clients("dynamodb").create_table(
            TableName=machine.claims_table(),
            KeySchema=[{"AttributeName": "object", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "object", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for topic in machine.topics():
            clients("sns").create_topic(Name=topic)

    def deliver(self, name: str, *rows: str, table: str = "routes", content: bytes | None = None) -> dict[str, Any]:
        """Puts a file into landing and returns the event that S3 sends of it."""
        key = f"{PREFIX}{table}/{name}"
        body = "\n".join(rows).encode() if content is None else content
        version = self.clients("s3").put_object(Bucket=LANDING, Key=key, Body=body)["VersionId"]
        self.delivered.append((key, body))
        return {
            "source": "aws.s3",
            "detail-type": "Object Created",
            "time": self.clock.iso,
            "detail": {"bucket": {"name": LANDING}, "object": {"key": key, "size": len(body), "version-id": version}},
        }

    def start(self, given: dict[str, Any], *, failures: Sequence[Failure] = (), name: str | None = None) -> Execution:
        """An execution that has done nothing yet; each has a name of its own."""
        self._started += 1
        name = f"execution-{self._started}" if name is None else name
        arn = f"arn:aws:states:{REGION}:{machine.ACCOUNT}:stateMachine:Flights"
        return start(
            machine.definition(), given, self.aws, clock=self.clock, failures=failures, name=name, machine_arn=arn, seed=self._started
        )

    def run(self, given: dict[str, Any], *, crash_after: int | None = None, **options: Any) -> Execution:
        """An execution that has ended; after each step readers were shown the old table or the new one."""
        return self.start(given, **options).finish(crash_after=crash_after, after_step=self.watch)

    def table(self, name: str = "routes") -> ModelTable:
        """What readers see."""
        return self.jobs.tables.setdefault(name, ModelTable())

    def rows(self, name: str = "routes") -> list[str]:
        """The rows that readers see, in order of the alphabet."""
        return sorted(row for row, _ in self.table(name).rows)

    def watch(self, _: Event) -> None:
        """Holds that readers saw the old table or the new one: what they saw before is still there, and whole runs came to it."""
        self.jobs.advance_orphans()
        if not isinstance(self.jobs, ModelJobs):
            return  # DuckDB looks at what the real job publishes
        now = self.table().rows
        assert now[: len(self._before)] == self._before, "rows that readers saw have gone"
        for run, count in Counter(run for _, run in now[len(self._before) :]).items():
            assert count == self.manifests()[run]["counts"]["good"], f"readers see a part of run {run}"
        self._before = now

    def forget(self) -> None:
        """Forgets what readers saw: a test has changed the table behind the pipeline's back."""
        self._before = self.table().rows

    def published_before(self, *rows: str) -> None:
        """Rows that readers see from the beginning."""
        self.table().publish("before", list(rows))
        self.forget()

    def manifests(self, table: str = "routes") -> dict[str, dict[str, Any]]:
        """The manifests of a table's runs, by run id."""
        found = stored(f"s3://{RAW}/{PREFIX}_manifests/{table}/")
        manifests = [json.loads(content) for path, content, _ in found if not path.endswith(".outcome.json")]
        return {manifest["run_id"]: manifest for manifest in manifests}

    def originals(self, table: str = "routes") -> set[bytes]:
        """What was kept of the deliveries."""
        return {content for _, content, _ in stored(f"s3://{RAW}/{PREFIX}{table}/")}

    def claims(self) -> dict[str, dict[str, str]]:
        """The claims, as plain values."""
        items = self.clients("dynamodb").scan(TableName=machine.claims_table())["Items"]
        return {item["object"]["S"]: {key: next(iter(value.values())) for key, value in item.items()} for item in items}

    def statuses(self) -> set[str]:
        """How runs stand."""
        return {claim["status"] for claim in self.claims().values() if "status" in claim}

    def told(self, what: str) -> int:
        """How many events of a kind were sent."""
        return sum(1 for kind, _ in self.aws.events if kind == what)

    def expected(self, table: str = "routes") -> list[str]:
        """The rows that were delivered, each once, in order of the alphabet; recomputed from the deliveries alone."""
        readable = [body.decode().split() for key, body in self.delivered if key.startswith(f"{PREFIX}{table}/") and body[:1] != UNREADABLE]
        before = [row for row, run in self.table(table).rows if run == "before"]
        return sorted({*before, *(row for rows in readable for row in rows if not row.startswith("!"))})

    def assert_nothing_lost_nothing_doubled(self, table: str = "routes") -> None:
        """Every delivered row is published once, every original is kept, every run accounts for what it read."""
        assert self.rows(table) == self.expected(table)
        for manifest in self.manifests(table).values():
            counts = manifest["counts"]
            assert counts["input"] == counts["good"] + counts["quarantined"] + counts["duplicates"]
        assert self.originals(table) == {body for key, body in self.delivered if f"/{table}/" in key}


__all__ = ["HOLD", "LANDING", "LEASE", "RAW", "UNREADABLE", "World"]
