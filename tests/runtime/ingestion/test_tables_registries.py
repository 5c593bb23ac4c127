"""Partitions of Parquet tables: in an emulated Glue catalog, and in a folder."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pytest
from moto import mock_aws

from constructs_lib.runtime.ingestion.errors import PublishError, StaleTableError
from constructs_lib.runtime.ingestion.files import Storage
from constructs_lib.runtime.ingestion.locations import run_location
from constructs_lib.runtime.ingestion.spec import parse_spec
from constructs_lib.runtime.ingestion.tables.arrow_files import TaskWriter, finish
from constructs_lib.runtime.ingestion.tables.base import Written
from constructs_lib.runtime.ingestion.tables.parquet import DirectoryLayout, ParquetTable
from constructs_lib.runtime.ingestion.tables.registries import BATCH, FolderRegistry, GlueRegistry

from .specs import column, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

COLUMNS = [column("id", "int"), column("day")]
BY_DAY = parse_spec(text(COLUMNS, partitioning=[{"column": "day", "transform": "identity"}]))


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        client = boto3.client("glue")
        client.create_database(DatabaseInput={"Name": "shop"})
        yield client


@pytest.fixture(params=["glue", "folder"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A table partitioned by day and run, on either side."""
    if request.param == "folder":
        return FolderRegistry(str(tmp_path / "catalog"), "shop", "orders", ("day", "_run_id"))
    client = request.getfixturevalue("glue")
    create(client, "day", "_run_id")
    return GlueRegistry(client, "shop", "orders")


def create(client: Any, *keys: str) -> None:
    described = {"Columns": [{"Name": "id", "Type": "int"}], "Location": "s3://shop/", "SerdeInfo": {"Name": "parquet"}}
    client.create_table(
        DatabaseName="shop",
        TableInput={
            "Name": "orders",
            "StorageDescriptor": described,
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
        },
    )


def opened(registry: Any) -> ParquetTable:
    return ParquetTable(registry, None, Storage(), partition_columns=("day",))  # type: ignore[arg-type]


def write(root: Path, run_id: str, days: Sequence[str | None], base: str = "") -> Written:
    """One row a day, as a task writes it."""
    table = {"id": list(range(len(days))), "day": list(days), "_partition_0": list(days)}
    schema = pa.schema([("id", pa.int32()), ("day", pa.string()), ("_partition_0", pa.string())])
    writer = TaskWriter(DirectoryLayout(("day",)), run_location(str(root), BY_DAY, run_id), Storage(), 1 << 27, 1 << 26)
    files = finish(list(writer.write([pa.RecordBatch.from_pydict(table, schema=schema)])), Storage())
    return Written(files=files, rows=len(days), base_version=base)


def test_a_run_becomes_partitions_in_one_step(registry: Any, tmp_path: Path) -> None:
    """At its own directories, NULL by Hive's name; runs add to the same day side by side; publishing again changes nothing."""
    table = opened(registry)
    assert (table.version(), table.published_as("r1")) == ("", None)
    written = write(tmp_path, "r1", ["a", None, "b c/d"])
    table.audit(written)
    assert registry.partitions() == {}
    version = opened(registry).publish("r1", written)
    assert opened(registry).publish("r1", written) == version == table.version() == table.published_as("r1")
    opened(registry).publish("r2", write(tmp_path, "r2", ["a"], base=version))
    root = f"{tmp_path}/shop/orders/orders"
    assert registry.partitions() == {
        ("a", "r1"): f"{root}/run_id=r1/day=a",
        ("__HIVE_DEFAULT_PARTITION__", "r1"): f"{root}/run_id=r1/day=__HIVE_DEFAULT_PARTITION__",
        ("b c/d", "r1"): f"{root}/run_id=r1/day=b%20c%2Fd",
        ("a", "r2"): f"{root}/run_id=r2/day=a",
    }
    assert table.published_as("r2") != version
    assert table.published_as("r") is None


def test_fails_when_somebody_else_published_since(registry: Any, tmp_path: Path) -> None:
    """The rows were judged against other partitions; nothing is registered."""
    one, two = write(tmp_path, "r1", ["a"]), write(tmp_path, "r2", ["b"])
    opened(registry).publish("r1", one)
    with pytest.raises(StaleTableError, match="judge again"):
        opened(registry).publish("r2", two)
    assert set(registry.partitions()) == {("a", "r1")}
    opened(registry).publish("r2", dataclasses.replace(two, base_version=opened(registry).version()))
    assert set(registry.partitions()) == {("a", "r1"), ("b", "r2")}


def test_what_a_crash_left_registered_is_completed(registry: Any, tmp_path: Path) -> None:
    """Its own partitions are no other version."""
    written = write(tmp_path, "r1", ["a", "b"])
    part = dataclasses.replace(written, files=written.files[:1])
    opened(registry).publish("r1", part)
    opened(registry).publish("r1", written)
    assert set(registry.partitions()) == {("a", "r1"), ("b", "r1")}


def test_fails_when_a_run_makes_too_many_partitions(registry: Any, tmp_path: Path) -> None:
    """Nothing is registered, and the message says what to do; as many as a call takes are fine."""
    written = write(tmp_path, "r1", [f"d{day:03}" for day in range(BATCH + 1)])
    for step in (opened(registry).audit, lambda one: opened(registry).publish("r1", one)):
        with pytest.raises(PublishError, match=r"makes 101 partitions .* at most 100 in one step: make it an Iceberg table"):
            step(written)
    assert registry.partitions() == {}
    opened(registry).publish("r1", dataclasses.replace(written, files=written.files[:BATCH]))
    assert len(registry.partitions()) == BATCH


def test_fails_when_files_are_missing_or_too_many(registry: Any, tmp_path: Path) -> None:
    """A reader of a directory sees all that stands in it; hidden files of tasks that died do not count. No message names a value."""
    written = write(tmp_path, "r1", ["secret"])
    (file,) = written.files
    stray = file.path.replace(".parquet", "-again.parquet")
    hidden = file.path.rpartition("/")[0] + "/.x.unfinished"
    for path in (stray, hidden):
        with open(path, "wb") as out:  # noqa: PTH123
            out.write(b"x")
    with pytest.raises(PublishError, match="0 more files stand beside") as caught:
        opened(registry).audit(written)
    import pathlib  # noqa: PLC0415

    pathlib.Path(stray).unlink()
    opened(registry).audit(written)
    pathlib.Path(file.path).unlink()
    with pytest.raises(PublishError, match="is missing") as missing:
        opened(registry).audit(written)
    assert "secret" not in f"{caught.value} {missing.value}"


def test_fails_when_another_run_would_be_hidden(glue: Any, tmp_path: Path) -> None:
    """A table partitioned by its own columns alone takes a value from one run only; what else this call registered is taken back."""
    create(glue, "day")
    registry = GlueRegistry(glue, "shop", "orders")
    version = opened(registry).publish("r1", write(tmp_path, "r1", ["b"]))
    before = registry.partitions()
    with pytest.raises(PublishError, match=r"a partition stands at .*run_id=r1/.*, and registering .*run_id=r2/.* would hide"):
        opened(registry).publish("r2", write(tmp_path, "r2", ["a", "b", "c"], base=version))
    assert registry.partitions() == before


def test_a_partition_that_glue_refuses_takes_the_others_back(glue: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers do not keep a part of a run; and a run is one call."""
    create(glue, "day", "_run_id")
    registry = GlueRegistry(glue, "shop", "orders")
    real, calls = glue.batch_create_partition, []

    def one_is_refused(**given: Any) -> Any:
        calls.append(given)
        *good, bad = given["PartitionInputList"]
        real(**{**given, "PartitionInputList": good})
        return {"Errors": [{"PartitionValues": bad["Values"], "ErrorDetail": {"ErrorCode": "InternalServiceException"}}]}

    monkeypatch.setattr(glue, "batch_create_partition", one_is_refused)
    with pytest.raises(PublishError, match="InternalServiceException"):
        opened(registry).publish("r1", write(tmp_path, "r1", [f"d{day:02}" for day in range(40)]))
    assert (len(calls), len(calls[0]["PartitionInputList"]), registry.partitions()) == (1, 40, {})


def test_fails_when_the_table_is_missing_or_partitioned_otherwise(glue: Any, tmp_path: Path) -> None:
    """The message says what to do or what differs."""
    registry = GlueRegistry(glue, "shop", "orders")
    written = write(tmp_path, "r1", ["a"])
    with pytest.raises(PublishError, match=r"shop\.orders is not in the catalog; deploy"):
        opened(registry).publish("r1", written)
    create(glue)
    with pytest.raises(PublishError, match=r"partitioned by \[\]; the job registers \['day', '_run_id'\]"):
        opened(registry).publish("r1", written)


def test_a_partition_is_described_as_the_table_is(glue: Any, tmp_path: Path) -> None:
    """With the table's format, at a location that ends with a slash."""
    create(glue, "day", "_run_id")
    opened(GlueRegistry(glue, "shop", "orders")).publish("r1", write(tmp_path, "r1", ["a"]))
    one = glue.get_partition(DatabaseName="shop", TableName="orders", PartitionValues=["a", "r1"])["Partition"]
    assert one["StorageDescriptor"]["SerdeInfo"] == {"Name": "parquet"}
    assert one["StorageDescriptor"]["Location"].endswith("/run_id=r1/day=a/")


def test_the_folder_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash before the new file takes its place leaves the old one."""
    import pathlib  # noqa: PLC0415

    registry = FolderRegistry(str(tmp_path / "catalog"), "shop", "orders", ("day", "_run_id"))
    version = opened(registry).publish("r1", write(tmp_path, "r1", ["a"]))
    written = write(tmp_path, "r2", ["b"], base=version)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pathlib.Path, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            opened(registry).publish("r2", written)
    assert set(registry.partitions()) == {("a", "r1")}
    opened(registry).publish("r2", written)
    assert set(registry.partitions()) == {("a", "r1"), ("b", "r2")}
