"""One run of the job, from its arguments to its manifest: survey, read, judge, write, settle, gate, publish."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

from pyspark.sql import functions as F  # noqa: N812 - the name everybody gives it

from .accounting import settle
from .arguments import Arguments, parse_arguments
from .delivered_before import PublishedFiles
from .errors import IngestionError, PublishError, SpecError, StaleTableError, UnreadableInput
from .files import Storage, boto3_client
from .gate import judge_run
from .lineage import run_event
from .locations import run_location
from .manifest import MANIFEST_VERSION
from .reading import read, survey
from .reports import JOB_VERSION, NOTHING, identity, manifest_of, outcome_of, written_of
from .session import Kept, prepare, size_shuffles, spark_session
from .spec import parse_spec
from .tables.base import DATA_FILE
from .tables.catalogs import open_quarantine, open_table
from .tables.quarantine import quarantined_rows
from .telling import told, trace
from .validation import DUPLICATE, GOOD, OUTCOME, QUARANTINED, REASONS, REPLACES, WARNINGS, column_types, judge, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import (
        DataFrame,
        Row,
        SparkSession,
        types as T,  # noqa: N812
    )

    from .files import StoredFile
    from .manifest import Manifest
    from .spec import JobSpec
    from .survey import FileSurvey
    from .tables.base import PublishedTable, Written
    from .tables.parquet import ParquetTable

WRITTEN: Final = "written"
HELD: Final = "held"
PUBLISHED: Final = "published"
PRODUCER: Final = f"https://pypi.org/project/governed-lake/{JOB_VERSION}"
ATTEMPTS: Final = 4
"""How often a run judges its rows when others change the table meanwhile."""

_MEASURED: Final = {
    "records": "count(*)",
    "lines": "sum(_lines)",
    "reasons": f"sum(size({REASONS}))",
    "warnings": f"sum(size({WARNINGS}))",
}
"""What is counted of the judged rows, in one pass."""

_PARTS_OF_ARN = 5
_log = logging.getLogger("ingestion")


def ingest(
    arguments: Arguments, spark: SparkSession, *, storage: Storage | None = None, glue_client: Callable[[], Any] | None = None
) -> Manifest:
    """Does the run and returns its manifest; a run that is done already is not done again.

    Args:
        arguments: What the run is told.
        spark: A session; what the results depend on is set in it.
        storage: Reads and writes files; disk and S3 with the process's credentials when left out.
        glue_client: Makes the Glue client for publishing; boto3's with the process's credentials when left out.

    Raises:
        IngestionError: If the run must not be published; then it is not.
    """
    storage = Storage() if storage is None else storage
    glue_client = _glue if glue_client is None else glue_client
    started = time.monotonic()
    prepare(spark)
    inline = arguments.spec.lstrip().startswith("{")
    specs = arguments.spec if inline else _spec_at(arguments.spec, storage)
    spec = parse_spec(specs, arguments.table)

    def opened(wanted: JobSpec) -> PublishedTable:
        return open_table(wanted, arguments.catalog_or_default, storage=storage, curated_root=arguments.curated, glue_client=glue_client)

    attempt = 0
    while True:
        attempt += 1
        table = opened(spec)  # anew each time: a table is judged against one version of it
        run = Run(
            arguments=arguments,
            spec=spec,
            spark=spark,
            storage=storage,
            table=table,
            quarantine=open_quarantine(spec, arguments.catalog_or_default, storage=storage, glue_client=glue_client),
            references={one.table: opened(parse_spec(specs, one.table)) for one in spec.references if one.table != spec.table},
            files=PublishedFiles(storage, arguments.manifest_folder, table),
            started=started,
        )
        try:
            return run.finish(again=attempt > 1)
        except StaleTableError:
            if attempt == ATTEMPTS:
                raise
            run.log("judging_again", because="the table was changed meanwhile")


def _spec_at(path: str, storage: Storage) -> str:
    try:
        return storage.read_text(path)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, UnicodeDecodeError) as error:
        message = f"--spec is {path}, where no job spec stands ({type(error).__name__}); `lakecheck contracts compile` writes one"
        raise SpecError(message) from error


def _glue() -> Any:
    return boto3_client("glue")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: what it is told, and the tables that it is about."""

    arguments: Arguments
    spec: JobSpec
    spark: SparkSession
    storage: Storage
    table: PublishedTable
    quarantine: ParquetTable
    references: Mapping[str, PublishedTable]
    files: PublishedFiles
    started: float

    def finish(self, *, again: bool = False) -> Manifest:
        """Does what is not done yet, and says how it ended.

        Args:
            again: Whether what was written is out of date, because the table was changed before it could be published.

        Raises:
            StaleTableError: If the table was changed before the run could be published.
            IngestionError: If the run must not be published.
        """
        self.log(
            "started",
            program=__package__,
            product=self.spec.product,
            table=self.spec.table,
            version=self.spec.contract_version,
            job=JOB_VERSION,
        )
        manifest = None if again else self._earlier()
        if manifest is None:
            manifest = self._write()
        if self.arguments.publish and manifest["status"] != PUBLISHED:
            manifest = self._publish(manifest)
        self._tell(manifest)
        return manifest

    def _earlier(self) -> Manifest | None:
        """The manifest of the same run, when it got as far as writing one that still holds."""
        path = self.arguments.manifest
        if not self.storage.exists(path):
            return None
        manifest = _manifest(self.storage.read_text(path), path)
        identical = cast("Mapping[str, Any]", identity(self.arguments, self.spec))
        differing = [key for key, value in identical.items() if manifest.get(key) != value]
        if differing:
            message = f"{path} is another run's manifest: {', '.join(differing)} differ; give each run an id and a manifest of its own"
            raise SpecError(message)
        if manifest["status"] != PUBLISHED and manifest["contract_version"] != self.spec.contract_version:
            self.log("judging_again", because="the contract has another version than when the run was written")
            return None
        self.log("already_written", status=manifest["status"])
        return manifest

    def _write(self) -> Manifest:
        """Reads, judges and writes what was delivered, unseen by readers, and settles the accounts."""
        arguments, spec = self.arguments, self.spec
        started = _now()
        if self.table.published_as(arguments.run_id) is not None:
            message = f"the run {arguments.run_id} is published, and no manifest {arguments.manifest} says so; use another run id"
            raise PublishError(message)
        locations = run_location(arguments.curated, spec, arguments.run_id), run_location(arguments.quarantine, spec, arguments.run_id)
        if self.storage.exists(arguments.manifest):  # of an earlier attempt, whose quarantined rows people see already
            self.quarantine.withdraw(arguments.run_id, locations[1])
        base = self.table.version()
        types = column_types(self.spark, spec)
        delivered = self._delivered()
        size_shuffles(self.spark, sum(file.size for file in delivered))
        surveys, refused = self._survey(delivered)
        repeats = self.files.repeats(surveys, spec, arguments.run_id)
        readable = {item.path for item in surveys} - repeats.keys()
        counted = sum(one.records for one in surveys)
        self.log("surveyed", files=len(delivered), refused=len(refused), repeated=len(repeats), records=counted)
        fresh = [file for file in delivered if file.path in readable]
        kept = Kept()
        try:
            judged = self._judge(read(self.spark, fresh, self.storage, spec, types, surveys), types, kept)
            rows = judged.groupBy("_file", OUTCOME).agg(*(F.expr(found).alias(name) for name, found in _MEASURED.items())).collect()
            outcomes = {(row["_file"], row[OUTCOME]): int(row["records"]) for row in rows}
            judged_good = sum(count for (_, outcome), count in outcomes.items() if outcome == GOOD)
            judged_bad = sum(count for (_, outcome), count in outcomes.items() if outcome == QUARANTINED)
            self.log("judged", good=judged_good, quarantined=judged_bad)
            written = self._write_good(judged, locations[0]) if judged_good else NOTHING
            written = replace(written, base_version=base)
            quarantined = self.quarantine.write(quarantined_rows(judged, spec), locations[1]) if judged_bad else NOTHING
            lines: dict[str, int] = {}
            for row in rows:
                lines[row["_file"]] = lines.get(row["_file"], 0) + int(row["lines"])
            repeated = {(item.path, DUPLICATE): item.records for item in surveys if item.path in repeats}
            counts = settle(
                surveys, {**outcomes, **repeated}, framed_lines=lines, written_good=written.rows, written_quarantined=quarantined.rows
            )
            gate = judge_run(judged, spec, counts, now=dt.datetime.now(dt.UTC), released=arguments.release)
            tallies = _tallies(judged, rows)
        finally:
            kept.release()
        manifest = manifest_of(
            arguments,
            spec,
            times=(started, _now()),
            seconds=time.monotonic() - self.started,
            counts=counts,
            tallies=tallies,
            surveys=surveys,
            refused=refused,
            repeats=repeats,
            gate=gate,
            locations=locations,
            written=written,
            quarantined=quarantined,
        )
        self._keep(manifest)
        self.log("written", **manifest["counts"])
        return manifest

    def _delivered(self) -> list[StoredFile]:
        arguments = self.arguments
        found = self.storage.files(arguments.input)
        since, until = arguments.since, arguments.until
        wanted = [
            file
            for file in found
            if (since is None or (file.modified is not None and file.modified >= since))
            and (until is None or (file.modified is not None and file.modified < until))
        ]
        if not wanted:
            message = f"{arguments.input}: no file there" + (f" that was stored in the stated time, of {len(found)}" if found else "")
            raise UnreadableInput(message)
        return wanted

    def _survey(self, delivered: Sequence[StoredFile]) -> tuple[list[FileSurvey], list[FileSurvey]]:
        """What each file holds, and which cannot be read to their end."""
        found = survey(self.spark, delivered, self.storage, self.spec)
        refused = [item for item in found if item.error]
        if refused and (len(refused) == len(found) or not self.arguments.leave_out_unreadable):
            raise UnreadableInput("; ".join(f"{item.path}: {item.error}" for item in refused))
        return [item for item in found if not item.error], refused

    def _judge(self, records: DataFrame, types: Sequence[T.DataType], keep: Kept) -> DataFrame:
        """The records against the published table, where its rows matter, and against the tables that they refer to."""
        spec = self.spec
        asks = spec.duplicates.equal_rows == "remove" or any(column.unique for column in spec.columns)
        refers_to_itself = any(one.table == spec.table for one in spec.references)
        published = self.table.rows(self.spark, [column.name for column in spec.columns]) if asks or refers_to_itself else None
        wanted: dict[str, list[str]] = {}
        for one in spec.references:
            wanted.setdefault(one.table, []).extend(name for name in one.target_columns if name not in wanted.get(one.table, []))
        references: dict[str, DataFrame] = {}
        for table, columns in wanted.items():
            found = published if table == spec.table else self.references[table].rows(self.spark, columns)
            if found is not None:
                references[table] = found
        return judge(records, spec, types, published=published, references=references, keep=keep)

    def _write_good(self, judged: DataFrame, location: str) -> Written:
        spec = self.spec
        names = [column.name for column in spec.columns]
        good = judged.where(F.col(OUTCOME) == GOOD).select(*(F.col(typed(at)).alias(name) for at, name in enumerate(names)))
        replaced = None
        if spec.duplicates.conflict in {"last", "latest"}:
            keys = [F.col(typed(spec.index_of(name))).alias(name) for name in spec.primary_key]
            replaced = judged.where(F.col(REPLACES).isNotNull()).select(*keys, F.col(REPLACES).alias(DATA_FILE))
        return self.table.write(good, location, replaced=replaced)

    def _publish(self, manifest: Manifest) -> Manifest:
        """Shows the run to readers, unless the gate holds it; the quarantined rows in any case, so that they can be looked into."""
        run_id = manifest["run_id"]
        written, quarantined = written_of(manifest["written"]), written_of(manifest["quarantined"])
        digests = [one["sha256"] for one in manifest["files"] if one["repeats"] is None]
        try:
            if quarantined.files:
                self.quarantine.audit(quarantined)
                self.quarantine.publish(run_id, quarantined)
            if manifest["gate"]["verdict"] == "block":
                if not self.arguments.release:
                    held: Manifest = {**manifest, "status": HELD}
                    self._keep(held)
                    return held
                manifest = {**manifest, "gate": {**manifest["gate"], "verdict": "released"}}
            version = self.table.version()
            self.files.announce(digests, self.spec, run_id)
            if written.files:
                self.table.audit(written)
                version = self.table.publish(run_id, written)
            self.files.confirm(digests, self.spec, run_id, version)
        except PublishError:
            raise
        except Exception as error:
            raise PublishError(told(error)) from error
        done: Manifest = {
            **manifest,
            "status": PUBLISHED,
            "published_at": _now(),
            "seconds": round(time.monotonic() - self.started, 1),
            "table_version": version,
        }
        self._keep(done)
        return done

    def _keep(self, manifest: Manifest) -> None:
        self.storage.write_text(self.arguments.manifest, json.dumps(manifest, indent=2, ensure_ascii=False))

    def _tell(self, manifest: Manifest) -> None:
        """The outcome and, once the run has ended, its lineage, beside the manifest."""
        beside = self.arguments.beside_manifest
        if manifest["status"] != WRITTEN:
            region, account = _region_and_account(self.arguments.execution)
            event = run_event(
                manifest, self.spec, producer=PRODUCER, region=region, account=account, engine_version=str(self.spark.version)
            )
            self.storage.write_text(f"{beside}.lineage.json", json.dumps(event, ensure_ascii=False, separators=(",", ":")))
        outcome = outcome_of(manifest, self.arguments.manifest)
        self.storage.write_text(f"{beside}.outcome.json", json.dumps(outcome, indent=2, ensure_ascii=False))
        self.log("finished", status=manifest["status"], gate=manifest["gate"]["verdict"], **manifest["counts"])

    def log(self, event: str, **fields: Any) -> None:
        """A line of the run's."""
        log(event, run_id=self.arguments.run_id, execution=self.arguments.execution, **fields)


def _manifest(text: str, path: str) -> Manifest:
    """The manifest of an earlier start.

    Raises:
        SpecError: If it is none that this job writes.
    """
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("manifest_version") != MANIFEST_VERSION:
        message = f"{path} is no manifest of version {MANIFEST_VERSION}, as this job writes them; give the run another id and manifest"
        raise SpecError(message)
    return cast("Manifest", found)


def _region_and_account(execution: str) -> tuple[str, str]:
    """Where an execution of Step Functions runs, out of its ARN; empty texts for whoever else called."""
    parts = execution.split(":")
    return (parts[3], parts[4]) if parts[0] == "arn" and len(parts) > _PARTS_OF_ARN else ("", "")


def _tallies(judged: DataFrame, rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """How often each reason is given for a quarantined row, and each warning for a good one; where there are any."""
    found: dict[str, dict[str, int]] = {}
    for key, outcome, column in (("reasons", QUARANTINED, REASONS), ("warnings", GOOD, WARNINGS)):
        found[key] = {}
        if any(row[key] for row in rows if row[OUTCOME] == outcome):
            listed = judged.where((F.col(OUTCOME) == outcome) & (F.size(column) > 0)).select(F.explode(column).alias("text"))
            found[key] = {row["text"]: int(row["count"]) for row in listed.groupBy("text").count().collect()}
    return found


def log(event: str, **fields: Any) -> None:
    """One line of JSON. Delivered values never go there: they may be personal."""
    _log.info(json.dumps({"event": event, "time": _now(), **fields}, ensure_ascii=False))


def main(argv: Sequence[str]) -> int:
    """Runs the job and returns the process's exit code: 0 done, else that of `errors`."""
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.WARNING)
    _log.setLevel(logging.INFO)
    who: dict[str, Any] = {}
    try:
        arguments = parse_arguments(argv)
        who = {"run_id": arguments.run_id, "execution": arguments.execution}
        ingest(arguments, spark_session())
    except IngestionError as error:
        log("failed", **who, error=type(error).__name__, message=str(error), exit_code=error.exit_code)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - no traceback, which would quote its message, which may quote what was delivered
        log("failed", **who, error=type(error).__name__, message=told(error), trace=trace(error), exit_code=1)
        return 1
    return 0


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
