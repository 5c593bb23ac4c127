"""The real job behind `glue:startJobRun.sync`: what it reads is brought from moto's buckets to folders, its reports are brought back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from pyiceberg.catalog.sql import SqlCatalog

from constructs_lib.runtime.ingestion.arguments import parse_arguments
from constructs_lib.runtime.ingestion.errors import IngestionError
from constructs_lib.runtime.ingestion.run import ingest
from tests.pipeline_runs.aws import JobFailed
from tests.pipeline_runs.objects import put, stored

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from pyspark.sql import SparkSession

BUCKETS = {"s3://lake-raw": "raw", "s3://lake-curated": "curated", "s3://lake-quarantine": "quarantine"}


class SparkJobs:
    """Runs the job in this process.

    Args:
        root: Folder that serves as the zones and as the catalog.
        spark: The session.
        spec: The compiled contract of the one table; the state machine's address of it is a stand-in.
    """

    def __init__(self, root: Path, spark: SparkSession, spec: dict[str, Any]) -> None:
        self.root = root
        self.spec = spec
        self._spark = spark
        self.manifests: list[dict[str, Any]] = []

    def run(self, arguments: Mapping[str, str]) -> Generator[float, None, None]:
        """One run; it can be left before it begins and after it has ended."""
        yield 30
        for path, content, at in stored(arguments["--input"]):
            local = Path(self._local(path))
            local.parent.mkdir(parents=True, exist_ok=True)
            local.write_bytes(content)
            os.utime(local, (at.timestamp(), at.timestamp()))
        own = {"--spec": json.dumps(self.spec), "--catalog": str(self.root / "catalog")}
        told = {name: own.get(name, self._local(value)) for name, value in arguments.items()}
        try:
            self.manifests.append(dict(ingest(parse_arguments([part for pair in told.items() for part in pair]), self._spark)))
        except IngestionError as error:
            message = f"{error}; exit code {error.exit_code}"
            raise JobFailed(message) from error
        for ending in (".json", ".outcome.json", ".lineage.json"):
            address = arguments["--manifest"].removesuffix(".json") + ending
            put(address, self._remote(Path(self._local(address)).read_text()))
        yield 30

    def advance_orphans(self) -> None:
        """Nothing goes on here when its caller has ended."""

    def _local(self, text: str) -> str:
        for bucket, folder in BUCKETS.items():
            text = text.replace(bucket, str(self.root / folder))
        return text

    def _remote(self, text: str) -> str:
        for bucket, folder in BUCKETS.items():
            text = text.replace(str(self.root / folder), bucket)
        return text

    def rows(self, columns: str, quarantined: str = "") -> list[tuple[Any, ...]]:
        """What DuckDB reads of the published table, sorted: of the files that the catalog names, and of no other."""
        paths = self._iceberg() if self.spec["format"] == "iceberg" and not quarantined else self._registered(quarantined)
        if not paths:
            return []
        query = f"SELECT {columns} FROM read_parquet($paths, hive_partitioning = false)"  # noqa: S608 - columns are the test's own
        return sorted(duckdb.sql(query, params={"paths": paths}).fetchall())

    def _registered(self, database: str) -> list[str]:
        file = self.root / "catalog" / f"{database or self.spec['database']}.{self.spec['table']}.partitions.json"
        folders = [one["location"] for one in json.loads(file.read_text())["partitions"]] if file.exists() else []
        return [str(path) for folder in folders for path in sorted(Path(folder).glob("*.parquet"))]

    def _iceberg(self) -> list[str]:
        database = self.root / "catalog" / "iceberg.db"
        if not database.exists():
            return []
        catalog = SqlCatalog("folder", uri=f"sqlite:///{database}", warehouse=str(self.root / "catalog"))
        try:
            if not catalog.table_exists((self.spec["database"], self.spec["table"])):
                return []
            planned = list(catalog.load_table((self.spec["database"], self.spec["table"])).scan().plan_files())
        finally:
            catalog.engine.dispose()
        return [task.file.file_path.removeprefix("file://") for task in planned]
