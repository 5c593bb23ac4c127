"""A lake in emulated S3 and Glue with two deliveries for an Iceberg table, and what has to become of them."""

from __future__ import annotations

import json
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import new_table_metadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DecimalType, IntegerType, NestedField, StringType

from constructs_lib.runtime import ingestion
from tests.runtime.ingestion.specs import column, spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lakecheck.rehearsal.spark.emulated import Emulated

PACKAGE = Path(ingestion.__file__).parent
SCHEMA = Schema(
    NestedField(1, "id", IntegerType(), required=True),
    NestedField(2, "country", StringType()),
    NestedField(3, "amount", DecimalType(10, 2)),
    identifier_field_ids=[1],
)
MONDAY = "id,country,amount\n1,Österreich,1.10\n2,São {x} 50%,2.20\n3,a/b c,3.30\n"
TUESDAY = "id,country,amount\n4,Österreich,4.40\n1,Österreich,1.10\n5,a/b c,no amount\n"
"""A new row, a duplicate of Monday's, and one that does not cast."""


class Lake:
    """Buckets, one with a dot in its name, an Iceberg table and the Hive table of its quarantine, as a deployment leaves them."""

    def __init__(self, aws: Emulated) -> None:
        self.aws = aws
        self.zones = {zone: aws.bucket(f"lake.{zone}" if zone == "raw" else f"lake-{zone}") for zone in ("raw", "curated", "quarantine")}
        self.database = f"shop_{uuid.uuid4().hex[:8]}"
        columns = [column("id", "int", required=True), column("country"), column("amount", "decimal(10,2)", required=True)]
        names = {"database": self.database, "quarantine_database": f"{self.database}_quarantine", "format": "iceberg"}
        self.spec = spec(columns, primary_key=["id"], partitioning=[{"column": "country", "transform": "identity"}], **names)
        self.spec_at = aws.put(self.zones["raw"], "specs/orders.json", json.dumps(self.spec))
        for name in (self.database, f"{self.database}_quarantine"):
            aws.client("glue").create_database(DatabaseInput={"Name": name})
        self._declare()
        self.runs = [self._run("monday", MONDAY), self._run("tuesday", TUESDAY)]

    def _run(self, run_id: str, content: str) -> list[str]:
        return self.arguments(run_id, self.aws.put(self.zones["raw"], f"landing/{run_id} {{1}}.csv", content))

    def _declare(self) -> None:
        """What Glue makes of `OpenTableFormatInput`, the table's first metadata file and two parameters; and the quarantine's table."""
        location = f"s3://{self.zones['curated']}/shop/orders/orders"
        spec_of_partitions = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "country"), spec_id=0)
        metadata = new_table_metadata(SCHEMA, spec_of_partitions, UNSORTED_SORT_ORDER, location, {"format-version": "2"})
        key = f"shop/orders/orders/metadata/00000-{uuid.uuid4()}.metadata.json"
        at = self.aws.put(self.zones["curated"], key, metadata.model_dump_json(exclude_none=True))
        iceberg = {"TableType": "EXTERNAL_TABLE", "Parameters": {"table_type": "ICEBERG", "metadata_location": at}}
        self._table(self.database, {**iceberg, "StorageDescriptor": {"Location": location}})
        place = f"s3://{self.zones['quarantine']}/shop/orders/orders"
        keys = [{"Name": "_run_id", "Type": "string"}]
        self._table(f"{self.database}_quarantine", {"StorageDescriptor": {"Location": place, "Columns": []}, "PartitionKeys": keys})

    def _table(self, database: str, described: Mapping[str, Any]) -> None:
        self.aws.client("glue").create_table(DatabaseName=database, TableInput={"Name": "orders", **described})

    def arguments(self, run_id: str, source: str) -> list[str]:
        told = {
            "spec": self.spec_at,
            "input": source,
            "curated": f"s3://{self.zones['curated']}",
            "quarantine": f"s3://{self.zones['quarantine']}",
            "manifest": f"s3://{self.zones['raw']}/manifests/{run_id}.json",
            "run-id": run_id,
            "catalog": "glue",
            "publish": "true",
        }
        return [part for name, value in told.items() for part in (f"--{name}", value)]

    def manifest(self, run_id: str) -> dict[str, Any]:
        return dict(json.loads(self.aws.get(self.zones["raw"], f"manifests/{run_id}.json")))

    def published(self, folder: Path) -> list[tuple[Any, ...]]:
        """What PyIceberg finds through Glue with a storage of its own, and DuckDB reads in those files."""
        endpoint = {"s3.endpoint": self.aws.endpoint, "s3.access-key-id": "testing", "s3.secret-access-key": "testing"}
        catalog = GlueCatalog("glue", client=self.aws.client("glue"), **{"s3.region": "eu-west-1", **endpoint})
        table = catalog.load_table((self.database, "orders"))
        paths = [task.file.file_path for task in table.scan().plan_files()]
        rows = []
        for number, path in enumerate(paths):
            local = folder / f"{number}.parquet"
            local.write_bytes(self.aws.get(*path.removeprefix("s3://").split("/", 1)))
            rows += duckdb.sql("SELECT id, country, amount::VARCHAR FROM read_parquet($path)", params={"path": str(local)}).fetchall()
        assert sorted(rows) == sorted((row["id"], row["country"], str(row["amount"])) for row in table.scan().to_arrow().to_pylist())
        return sorted(rows)

    def quarantined(self, folder: Path) -> list[tuple[Any, ...]]:
        """Of the partitions that are registered: rows with their reasons."""
        listed = self.aws.client("glue").get_partitions(DatabaseName=f"{self.database}_quarantine", TableName="orders")["Partitions"]
        rows = []
        for partition in listed:
            bucket, prefix = partition["StorageDescriptor"]["Location"].removeprefix("s3://").split("/", 1)
            for key in self.aws.keys(bucket, prefix):
                (folder / "q.parquet").write_bytes(self.aws.get(bucket, key))
                query = "SELECT id, _reasons, _source_line FROM read_parquet($path, hive_partitioning = false)"
                rows += duckdb.sql(query, params={"path": str(folder / "q.parquet")}).fetchall()
        return rows

    def check(self, folder: Path) -> None:
        """Everything delivered is accounted for, published once, or in quarantine with its reason."""
        counts = {run_id: self.manifest(run_id)["counts"] for run_id in ("monday", "tuesday")}
        assert counts == {
            "monday": {"input": 3, "good": 3, "quarantined": 0, "duplicates": 0, "replaced": 0},
            "tuesday": {"input": 3, "good": 1, "quarantined": 1, "duplicates": 1, "replaced": 0},
        }
        assert self.manifest("tuesday")["status"] == "published"
        assert self.published(folder) == [
            (1, "Österreich", "1.10"),
            (2, "São {x} 50%", "2.20"),
            (3, "a/b c", "3.30"),
            (4, "Österreich", "4.40"),
        ]
        assert self.quarantined(folder) == [("5", ["amount:not_a_number"], 4)]


def zipped(folder: Path) -> Path:
    """The package `ingestion`, as it is deployed."""
    target = folder / "package.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(PACKAGE.rglob("*.py")):
            archive.write(file, Path("ingestion") / file.relative_to(PACKAGE))
    return target
