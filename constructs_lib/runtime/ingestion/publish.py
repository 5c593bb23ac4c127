"""Makes a run visible to readers. A port with two sides: partitions registered in the Glue catalog, or an Iceberg commit.

Publishing the same run twice changes nothing. `ParquetPublisher` runs in the tests against an emulated catalog. **`IcebergPublisher` is
not rehearsed on a laptop**: its commit needs the Iceberg runtime for Spark, which Glue brings along and the Python package index has
not; the tests hold the calls it makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .errors import PublishError
from .writing import Partition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyspark.sql import SparkSession

    from .spec import JobSpec

RUN_KEY = "_run_id"
BATCH = 100
"""Partitions that one call to the catalog takes.

https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What a run wrote and accounted for.

    Attributes:
        location: Where its good rows stand.
        good: How many good rows there are.
        partitions: Directories of good rows; empty when there are none.
        quarantine_location: Where its quarantined rows stand.
        quarantined: How many there are.
    """

    run_id: str
    location: str
    good: int
    partitions: tuple[Partition, ...]
    quarantine_location: str
    quarantined: int


class Publisher(Protocol):
    """Makes a run's good rows visible; may be called again for the same run."""

    def publish(self, spec: JobSpec, run: Run) -> None:
        """Publishes the run.

        Raises:
            PublishError: If readers do not see the run; nothing of it is left half visible that could be taken back.
        """


class ParquetPublisher:
    """Registers a run's directories as partitions of tables in the Glue catalog.

    A table's last partition key is `_run_id`: several runs can then add to the same day or country without one hiding the other. A table
    that is partitioned by its declared columns alone takes each of their values from one run only; a second one is refused. A run of
    up to 100 partitions is one call and so appears at once; a larger one appears batch by batch.

    Args:
        glue: A boto3 Glue client.
    """

    def __init__(self, glue: Any) -> None:
        self._glue = glue

    def publish(self, spec: JobSpec, run: Run) -> None:
        """Registers the directories of the good rows."""
        self._register(spec.database, spec.table, spec.partition_columns, run.run_id, run.partitions)

    def publish_quarantine(self, spec: JobSpec, run: Run) -> None:
        """Registers the directory of the quarantined rows, if there are any."""
        whole = (Partition(values=(), location=run.quarantine_location),) if run.quarantined else ()
        self._register(spec.quarantine_database, spec.table, (), run.run_id, whole)

    def _register(self, database: str, table: str, columns: Sequence[str], run_id: str, partitions: Sequence[Partition]) -> None:
        try:
            description = self._glue.get_table(DatabaseName=database, Name=table)["Table"]
        except self._glue.exceptions.EntityNotFoundException as error:
            message = f"{database}.{table} is not in the catalog; deploy it before its pipeline runs"
            raise PublishError(message) from error
        keys = [key["Name"] for key in description.get("PartitionKeys", [])]
        if keys == [*columns, RUN_KEY]:
            entries = [((*partition.values, run_id), partition.location) for partition in partitions]
        elif columns and keys == list(columns):
            entries = [(partition.values, partition.location) for partition in partitions]
        else:
            message = f"{database}.{table} is partitioned by {keys}; the job registers {[*columns, RUN_KEY]}"
            raise PublishError(message)
        created: list[tuple[str, ...]] = []
        try:
            for batch in _batches(entries):
                created += self._create(database, table, description["StorageDescriptor"], batch)
        except Exception:
            self._remove(database, table, created)
            raise

    def _create(
        self, database: str, table: str, descriptor: dict[str, Any], entries: Sequence[tuple[tuple[str, ...], str]]
    ) -> list[tuple[str, ...]]:
        wanted = [{"Values": list(values), "StorageDescriptor": {**descriptor, "Location": f"{place}/"}} for values, place in entries]
        answer = self._glue.batch_create_partition(DatabaseName=database, TableName=table, PartitionInputList=wanted)
        refused = {tuple(error["PartitionValues"]): error["ErrorDetail"] for error in answer.get("Errors", [])}
        created = [values for values, _ in entries if values not in refused]
        problems = []
        places = dict(entries)
        for values, detail in refused.items():
            if detail["ErrorCode"] != "AlreadyExistsException":
                problems.append(f"{list(values)}: {detail['ErrorCode']}")
            elif (place := self._location(database, table, values)) != f"{places[values]}/":
                problems.append(f"{list(values)} stands at {place}, and registering {places[values]} would hide what is there")
        if problems:
            self._remove(database, table, created)
            message = f"{database}.{table}: {'; '.join(problems)}"
            raise PublishError(message)
        return created

    def _location(self, database: str, table: str, values: tuple[str, ...]) -> str:
        partition = self._glue.get_partition(DatabaseName=database, TableName=table, PartitionValues=list(values))
        return str(partition["Partition"]["StorageDescriptor"]["Location"])

    def _remove(self, database: str, table: str, created: Sequence[tuple[str, ...]]) -> None:
        for start in range(0, len(created), 25):  # as many as one call deletes
            doomed = [{"Values": list(values)} for values in created[start : start + 25]]
            self._glue.batch_delete_partition(DatabaseName=database, TableName=table, PartitionsToDelete=doomed)


class IcebergPublisher:
    """Appends a run's staged rows to an Iceberg table in one commit, with the run id in the snapshot's summary. Runs in Glue only.

    Args:
        spark: A session in which `catalog` is an Iceberg catalog on the Glue catalog.
        catalog: Its name in Spark.
    """

    SNAPSHOT_PROPERTY = "governed-lake-run-id"

    def __init__(self, spark: SparkSession, catalog: str = "glue_catalog") -> None:
        self._spark = spark
        self._catalog = catalog

    def publish(self, spec: JobSpec, run: Run) -> None:
        """Appends the rows, unless a snapshot of this run is there.

        Staged files stand below the table, where Glue's optimizer deletes files that no snapshot refers to after some days: what is left of
        a run that is published so late must not be taken for the whole.

        Raises:
            PublishError: If staged rows are missing.
        """
        table = f"`{self._catalog}`.`{spec.database}`.`{spec.table}`"
        committed = self._spark.sql(f"SELECT summary['{self.SNAPSHOT_PROPERTY}'] FROM {table}.snapshots").collect()  # noqa: S608 - names of the contract
        if not run.partitions or any(row[0] == run.run_id for row in committed):
            return
        staged = self._spark.read.parquet(run.location)
        found = staged.count()
        if found != run.good:
            message = f"{run.location} has {found} rows, the run wrote {run.good}; delete its manifest and ingest the original again"
            raise PublishError(message)
        staged.writeTo(table).option(f"snapshot-property.{self.SNAPSHOT_PROPERTY}", run.run_id).append()


def _batches(entries: Sequence[tuple[tuple[str, ...], str]]) -> Iterator[Sequence[tuple[tuple[str, ...], str]]]:
    for start in range(0, len(entries), BATCH):
        yield entries[start : start + BATCH]
