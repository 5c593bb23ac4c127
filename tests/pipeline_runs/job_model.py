"""A model of the ingestion job in plain Python: what a run does to tables and manifests, one step at a time, without Spark.

A record is a line. One that begins with `!` breaks the contract; a file that begins with a zero byte cannot be read; a row that says `hold`
is one that the gate blocks. Everything else the model takes from the job's rules: a row is in the table once, a run that is published is
left as it is, bytes that were published before are duplicates, and a run that was judged against another version judges again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_lib.runtime.ingestion.arguments import parse_arguments
from constructs_lib.runtime.ingestion.errors import SpecError
from tests.pipeline_runs.aws import JobFailed
from tests.pipeline_runs.objects import get, put, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from constructs_lib.runtime.ingestion.arguments import Arguments

UNREADABLE = b"\0"
HOLD = "hold"


@dataclass
class ModelTable:
    """What readers see: rows with the run that brought each, and which runs there were."""

    rows: tuple[tuple[str, str], ...] = ()
    versions: list[str] = field(default_factory=list)

    def publish(self, run_id: str, rows: list[str]) -> None:
        """Shows a run's rows in one step; nothing else may change a table."""
        if run_id not in self.versions:
            self.rows += tuple((row, run_id) for row in rows)
            self.versions.append(run_id)


class ModelJobs:
    """Runs modelled jobs.

    Attributes:
        tables: What readers see, by table.
        kill_at: Called with the number of each step of each run; the run dies there when it returns true.
        orphans: Runs that go on although the execution that started them has ended; None when they end with it.
    """

    def __init__(self) -> None:
        self.tables: dict[str, ModelTable] = {}
        self.kill_at: Callable[[int], bool] = lambda _: False
        self.orphans: list[Iterator[str]] | None = None

    def run(self, arguments: Mapping[str, str]) -> Generator[float, None, None]:
        """One run; 30 seconds between its steps. The job itself says whether it understands its arguments."""
        try:
            steps = self._steps(parse_arguments([part for pair in arguments.items() for part in pair]))
        except SpecError as error:
            message = f"{error}; exit code 2"
            raise JobFailed(message) from error
        for number, _ in enumerate(steps):
            if self.kill_at(number):
                message = "the worker was lost"
                raise JobFailed(message)
            try:
                yield 30
            except GeneratorExit:
                if self.orphans is not None:
                    self.orphans.append(steps)
                raise

    def advance_orphans(self) -> None:
        """One more step of each run that nobody waits for."""
        for steps in self.orphans or []:
            next(steps, None)

    def _steps(self, arguments: Arguments) -> Generator[str, None, None]:
        assert arguments.table is not None
        table = self.tables.setdefault(arguments.table, ModelTable())
        earlier = get(arguments.manifest)
        manifest: dict[str, Any] | None = None if earlier is None else json.loads(earlier)
        if manifest is None or (manifest["status"] == "held" and arguments.release):
            yield "surveyed"
            while True:
                judged = tuple(table.versions)
                manifest = self._judge(arguments, table)
                yield "judged"
                put(arguments.manifest, json.dumps(manifest))
                yield "written"
                if manifest["status"] == "held" or tuple(table.versions) == judged:
                    break
        if arguments.publish and manifest["status"] == "written":
            table.publish(arguments.run_id, manifest["rows"])
            yield "published"
            manifest = {**manifest, "status": "published", "table_version": str(len(table.versions))}
            put(arguments.manifest, json.dumps(manifest))
            yield "recorded"
        put(f"{arguments.beside_manifest}.outcome.json", json.dumps(outcome_of(arguments, manifest)))

    def _judge(self, arguments: Arguments, table: ModelTable) -> dict[str, Any]:
        seen = {row for row, run in table.rows if run != arguments.run_id}
        files, refused, good, counts = [], [], [], Counter[str]()
        for path, content, at in stored(arguments.input):
            if (arguments.since and at < arguments.since) or (arguments.until and at >= arguments.until):
                continue
            entry = {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            if content.startswith(UNREADABLE):
                if not arguments.leave_out_unreadable:
                    message = f"{path}: cannot be read; exit code 3"
                    raise JobFailed(message)
                refused.append(entry)
                continue
            files.append(entry)
            for line in content.decode().split():
                kind = "quarantined" if line.startswith("!") else "duplicates" if line in seen else "good"
                counts.update(["input", kind])
                if kind == "good":
                    seen.add(line)
                    good.append(line)
        if not files:
            message = "no file could be read; exit code 3"
            raise JobFailed(message)
        assert counts["input"] == counts["good"] + counts["quarantined"] + counts["duplicates"]
        blocked = any(HOLD in row for row in good)
        return {
            "run_id": arguments.run_id,
            "status": "held" if blocked and not arguments.release else "written",
            "verdict": "pass" if not blocked else "released" if arguments.release else "block",
            "rows": good,
            "counts": {key: counts[key] for key in ("input", "good", "quarantined", "duplicates", "replaced")},
            "files": files,
            "refused_files": refused,
            "table_version": None,
        }


def outcome_of(arguments: Arguments, manifest: dict[str, Any]) -> dict[str, Any]:
    """What the state machine reads of a run; `outcome.schema.json` says what has to be in it."""
    files, counts = [*manifest["files"], *manifest["refused_files"]], manifest["counts"]
    blocked = {"name": "no_holds", "severity": "block", "passed": False, "measured": 1.0, "rule": "no row says hold"}
    return {
        "outcome_version": 1,
        "run_id": manifest["run_id"],
        "product": "travel.flights",
        "table": arguments.table,
        "contract_version": "1.0.0",
        "status": manifest["status"],
        "counts": counts,
        "files": len(files),
        "bytes": sum(one["size"] for one in files),
        "quarantined_ratio": counts["quarantined"] / counts["input"] if counts["input"] else 0.0,
        "gate": manifest["verdict"],
        "failed_rules": [] if manifest["verdict"] == "pass" else [blocked],
        "reasons": {"broken": counts["quarantined"]} if counts["quarantined"] else {},
        "refused": len(manifest["refused_files"]),
        "refused_files": [one["path"] for one in manifest["refused_files"]],
        "seconds": 60.0,
        "table_version": manifest["table_version"],
        "manifest": arguments.manifest,
    }
