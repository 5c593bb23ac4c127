"""Publishing: partitions in an emulated Glue catalog, and the calls that an Iceberg commit consists of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from constructs_lib.runtime.ingestion import run as ingestion
from constructs_lib.runtime.ingestion.errors import PublishError
from constructs_lib.runtime.ingestion.publish import BATCH, IcebergPublisher, ParquetPublisher, Run
from constructs_lib.runtime.ingestion.spec import parse_spec
from constructs_lib.runtime.ingestion.writing import Partition

from .specs import column, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Lake

COLUMNS = [column("id", "int"), column("day")]
FLAT = parse_spec(text(COLUMNS))
BY_DAY = parse_spec(text(COLUMNS, partitioning=[{"column": "day", "transform": "identity"}]))


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        client = boto3.client("glue")
        for name in ("shop", "shop_quarantine"):
            client.create_database(DatabaseInput={"Name": name})
        create(client, "shop_quarantine", "_run_id")
        yield client


def create(client: Any, database: str, *keys: str) -> None:
    described = {"Columns": [{"Name": "id", "Type": "int"}], "Location": f"s3://{database}/", "SerdeInfo": {"Name": "parquet"}}
    client.create_table(
        DatabaseName=database,
        TableInput={
            "Name": "orders",
            "StorageDescriptor": described,
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
        },
    )


def run(run_id: str = "r1", days: tuple[str, ...] = (), quarantined: int = 0) -> Run:
    root = f"s3://curated/shop/orders/orders/run_id={run_id}"
    return Run(
        run_id=run_id,
        location=root,
        good=2,
        partitions=tuple(Partition(values=(day,), location=f"{root}/day={day}") for day in days) or (Partition(values=(), location=root),),
        quarantine_location=f"s3://quarantine/shop/orders/orders/run_id={run_id}",
        quarantined=quarantined,
    )


def registered(client: Any, database: str = "shop") -> dict[tuple[str, ...], str]:
    pages = client.get_paginator("get_partitions").paginate(DatabaseName=database, TableName="orders")
    return {tuple(one["Values"]): one["StorageDescriptor"]["Location"] for page in pages for one in page["Partitions"]}


def test_a_run_becomes_a_partition(glue: Any) -> None:
    """At its own prefix, described as the table is; runs stand side by side."""
    create(glue, "shop", "_run_id")
    for name in ("r1", "r2"):
        ParquetPublisher(glue).publish(FLAT, run(name))
    assert registered(glue) == {(name,): f"s3://curated/shop/orders/orders/run_id={name}/" for name in ("r1", "r2")}
    one = glue.get_partition(DatabaseName="shop", TableName="orders", PartitionValues=["r1"])["Partition"]
    assert one["StorageDescriptor"]["SerdeInfo"] == {"Name": "parquet"}


def test_two_runs_add_to_the_same_day(glue: Any) -> None:
    """Neither hides the other; more partitions than one call takes are all registered."""
    create(glue, "shop", "day", "_run_id")
    days = tuple(f"d{day:03}" for day in range(BATCH + 5))
    ParquetPublisher(glue).publish(BY_DAY, run("r1", days))
    ParquetPublisher(glue).publish(BY_DAY, run("r2", ("d001",)))
    found = registered(glue)
    assert len(found) == BATCH + 6
    assert found["d001", "r1"] != found["d001", "r2"]


def test_publishing_again_changes_nothing(glue: Any) -> None:
    """A retried step finds its own partitions and is content, also when only some of them are there."""
    create(glue, "shop", "day", "_run_id")
    ParquetPublisher(glue).publish(BY_DAY, run("r1", ("a",)))
    ParquetPublisher(glue).publish(BY_DAY, run("r1", ("a", "b")))
    before = registered(glue)
    ParquetPublisher(glue).publish(BY_DAY, run("r1", ("a", "b")))
    assert registered(glue) == before
    assert set(before) == {("a", "r1"), ("b", "r1")}


def test_quarantined_rows_are_registered_only_when_there_are_any(glue: Any) -> None:
    """An empty partition would only cost readers time."""
    ParquetPublisher(glue).publish_quarantine(FLAT, run("r1"))
    assert registered(glue, "shop_quarantine") == {}
    ParquetPublisher(glue).publish_quarantine(FLAT, run("r1", quarantined=3))
    assert registered(glue, "shop_quarantine") == {("r1",): "s3://quarantine/shop/orders/orders/run_id=r1/"}


def test_fails_when_another_run_would_be_hidden(glue: Any) -> None:
    """A table partitioned by its own columns alone takes a value from one run only; what else this call registered is taken back."""
    create(glue, "shop", "day")
    ParquetPublisher(glue).publish(BY_DAY, run("r1", ("b",)))
    before = registered(glue)
    with pytest.raises(PublishError, match=r"\['b'\] stands at s3://curated/shop/orders/orders/run_id=r1/day=b/"):
        ParquetPublisher(glue).publish(BY_DAY, run("r2", ("a", "b", "c")))
    assert registered(glue) == before


def test_fails_when_the_table_is_missing_or_partitioned_otherwise(glue: Any) -> None:
    """The message says what to do or what differs."""
    with pytest.raises(PublishError, match=r"shop\.orders is not in the catalog; deploy"):
        ParquetPublisher(glue).publish(FLAT, run())
    create(glue, "shop")
    with pytest.raises(PublishError, match=r"partitioned by \[\]; the job registers \['_run_id'\]"):
        ParquetPublisher(glue).publish(FLAT, run())


def test_a_later_batch_that_fails_takes_the_earlier_ones_back(glue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers do not keep a part of a run."""
    create(glue, "shop", "day", "_run_id")
    real, calls = glue.batch_create_partition, []

    def second_fails(**given: Any) -> Any:
        calls.append(given)
        if len(calls) == 2:
            message = "throttled"
            raise RuntimeError(message)
        return real(**given)

    monkeypatch.setattr(glue, "batch_create_partition", second_fails)
    with pytest.raises(RuntimeError, match="throttled"):
        ParquetPublisher(glue).publish(BY_DAY, run("r1", tuple(f"d{day:03}" for day in range(BATCH + 5))))
    assert len(calls) == 2
    assert registered(glue) == {}


class FakeSpark:
    """Records what the Iceberg publisher asks of Spark."""

    def __init__(self, *committed: str, staged: int = 2) -> None:
        self.committed = committed
        self.staged = staged
        self.calls: list[Any] = []

    def count(self) -> int:
        return self.staged

    def sql(self, query: str) -> FakeSpark:
        self.calls.append(query)
        return self

    def collect(self) -> list[tuple[str | None]]:
        return [(None,), *((run_id,) for run_id in self.committed)]

    @property
    def read(self) -> FakeSpark:
        return self

    def parquet(self, location: str) -> FakeSpark:
        self.calls.append(location)
        return self

    def writeTo(self, table: str) -> FakeSpark:  # noqa: N802 - Spark's name
        self.calls.append(table)
        return self

    def option(self, *given: str) -> FakeSpark:
        self.calls.append(given)
        return self

    def append(self) -> None:
        self.calls.append("append")


def test_an_iceberg_run_is_one_append_marked_with_its_id() -> None:
    """The staged rows go in as one commit."""
    spark: Any = FakeSpark("r0")
    IcebergPublisher(spark).publish(FLAT, run("r1"))
    assert spark.calls[1:] == [
        run("r1").location,
        "`glue_catalog`.`shop`.`orders`",
        ("snapshot-property.governed-lake-run-id", "r1"),
        "append",
    ]


def test_an_iceberg_run_that_is_committed_is_not_appended_again() -> None:
    """The snapshot's summary says so."""
    spark: Any = FakeSpark("r0", "r1")
    IcebergPublisher(spark).publish(FLAT, run("r1"))
    assert "append" not in spark.calls


def test_what_is_left_of_an_iceberg_run_is_not_published() -> None:
    """Staged rows that were cleaned up before the run was published are missed."""
    spark: Any = FakeSpark(staged=1)
    with pytest.raises(PublishError, match="has 1 rows, the run wrote 2; delete its manifest and ingest the original again"):
        IcebergPublisher(spark).publish(FLAT, run("r1"))
    assert "append" not in spark.calls


@pytest.mark.spark
def test_the_job_publishes_what_it_wrote_and_accounted_for(lake: Lake, glue: Any) -> None:
    """First written only; a later start publishes without writing again; a third changes nothing."""
    create(glue, "shop", "day", "_run_id")
    lake.deliver("a.csv", "id,day\n1,a\n2,b\nx,b\n")
    arguments = lake.arguments(text(COLUMNS, partitioning=[{"column": "day", "transform": "identity"}]))
    written = ingestion.ingest(arguments, lake.spark, glue_client=lambda: pytest.fail("nothing is to be published"))
    assert written["status"] == "written"
    assert registered(glue) == {}
    published = ingestion.ingest(lake.arguments(arguments.spec, publish=True), lake.spark, glue_client=lambda: glue)
    assert published["status"] == "published"
    assert published["written_at"] == written["written_at"]
    root = f"{lake.root}/curated/shop/orders/orders/run_id=run-1"
    assert registered(glue) == {("a", "run-1"): f"{root}/day=a/", ("b", "run-1"): f"{root}/day=b/"}
    assert list(registered(glue, "shop_quarantine")) == [("run-1",)]
    again = ingestion.ingest(lake.arguments(arguments.spec, publish=True), lake.spark, glue_client=lambda: pytest.fail("it is published"))
    assert again == published == json.loads((lake.root / "manifests" / "run.json").read_text())


@pytest.mark.spark
def test_a_run_that_cannot_be_published_stays_written(lake: Lake, glue: Any) -> None:
    """The manifest says what is true, so that publishing can be tried again."""
    lake.deliver("a.csv", "id,day\n1,a\n")
    with pytest.raises(PublishError, match="not in the catalog"):
        ingestion.ingest(lake.arguments(text(COLUMNS), publish=True), lake.spark, glue_client=lambda: glue)
    assert json.loads((lake.root / "manifests" / "run.json").read_text())["status"] == "written"
