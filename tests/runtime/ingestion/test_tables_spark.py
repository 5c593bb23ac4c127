"""Writing and reading with Spark: what comes out of a frame's tasks as files, read back by Spark, by PyIceberg and by DuckDB."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask
from pyiceberg.transforms import parse_transform
from pyiceberg.typedef import Record
from pyiceberg.types import (
    BinaryType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
)
from pyspark.sql import functions as F  # noqa: N812 - the name everybody gives it

from constructs_lib.runtime.ingestion.errors import PublishError
from constructs_lib.runtime.ingestion.files import Storage
from constructs_lib.runtime.ingestion.locations import run_location
from constructs_lib.runtime.ingestion.session import prepare
from constructs_lib.runtime.ingestion.spec import parse_spec
from constructs_lib.runtime.ingestion.tables import iceberg_reading
from constructs_lib.runtime.ingestion.tables.arrow_files import BATCH_BYTES, BATCH_ROWS, TaskWriter, finish, rows_per_batch
from constructs_lib.runtime.ingestion.tables.catalogs import open_quarantine, open_table
from constructs_lib.runtime.ingestion.tables.parquet import DirectoryLayout
from constructs_lib.runtime.ingestion.tables.partition_values import field_types, from_text, partition_texts, to_text

from .specs import column, text

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ODD = "a b+c%41"
COLUMNS = [
    column("id", "int", required=True),
    column("small", "smallint"),
    column("at", "timestamp"),
    column("wall", "timestamp_ntz"),
    column("day", "date"),
    column("amount", "decimal(12,2)"),
    column("name"),
    column("tags", "array<string>"),
    column("ranks", "map<string,int>"),
    column("items", "array<struct<sku:string,more:struct<n:int>>>"),
]
SPEC = parse_spec(
    text(
        COLUMNS,
        format="iceberg",
        primary_key=["id"],
        partitioning=[{"column": "at", "transform": "day"}, {"column": "name", "transform": "bucket[3]"}],
    )
)


def frame(spark: SparkSession, start: int, end: int) -> DataFrame:
    """Rows with NULLs in every column that may have them."""
    return spark.range(start, end).selectExpr(
        "cast(id as int) id",
        "if(id % 7 = 0, null, cast(id as smallint)) small",
        "if(id % 7 = 1, null, timestamp_seconds(86400 * (id % 3) + id)) at",
        "if(id % 7 = 2, null, timestamp_ntz'2024-02-29 23:59:59.999999') wall",
        "if(id % 7 = 3, null, date_add(date'1969-12-30', cast(id as int))) day",
        "cast(if(id % 7 = 4, null, cast(id as decimal(12,2)) / 4) as decimal(12,2)) amount",
        "if(id % 5 = 0, null, concat('name ', id % 4)) name",
        "if(id % 7 = 5, null, array('x', null, cast(id as string))) tags",
        "if(id % 7 = 6, null, map('k', cast(id as int), 'none', null)) ranks",
        "array(named_struct('sku', 's', 'more', named_struct('n', cast(id as int))), null) items",
    )


def plain(rows: list[Any]) -> list[dict[str, Any]]:
    """Rows of Spark or Arrow as comparable dictionaries, by id."""
    found = []
    for row in rows:
        data = row.asDict(recursive=True) if hasattr(row, "asDict") else dict(row)
        data["ranks"] = dict(data["ranks"]) if data.get("ranks") is not None else None
        if data["at"] is not None and data["at"].tzinfo is None:
            data["at"] = data["at"].astimezone(dt.UTC)
        found.append({key: value for key, value in data.items() if key != "_data_file"})
    return sorted(found, key=lambda one: one["id"])


def ids_of(schema: Any) -> dict[str, int]:
    """The field ids in a Parquet file, by path."""
    found: dict[str, int] = {}

    def walk(field: Any, path: str) -> None:
        found[path] = int((field.metadata or {}).get(b"PARQUET:field_id", b"-1"))
        for at in range(field.type.num_fields):
            walk(field.type.field(at), f"{path}.{at}")

    for field in schema:
        walk(field, field.name)
    return found


@pytest.mark.spark
def test_an_iceberg_table_is_written_and_read_with_every_type(spark: SparkSession, tmp_path: Path) -> None:
    """All rows once with their values, whoever reads; ids at every level; partitions that filters can rely on; replaced rows gone."""
    prepare(spark)
    root = str(tmp_path / ODD)

    def opened() -> Any:
        return open_table(SPEC, f"{root}/catalog", storage=Storage(), curated_root=root)

    table = opened()
    assert (table.version(), table.rows(spark, ["id"]), table.published_as("r1")) == ("", None, None)
    good = frame(spark, 0, 60)
    expected = plain(good.collect())
    written = table.write(good, run_location(root, SPEC, "r1"))
    assert (written.rows, written.base_version, table.version()) == (60, "", "")
    assert len(written.files) == len({file.partition for file in written.files}) == 12, "one file a partition of so few rows"
    again = opened().write(good, run_location(root, SPEC, "r1"))
    assert {str(path) for path in Path(root).rglob("run_id=r1/*")} == {file.path for file in again.files}
    table.audit(again)
    table.publish("r1", again)
    with pytest.raises(PublishError, match="run r1 is published"):
        opened().write(good, run_location(root, SPEC, "r1"))

    seen = opened()
    rows = seen.rows(spark, [one["name"] for one in COLUMNS])
    assert plain(rows.collect()) == expected
    iceberg = seen._existing()
    assert plain(iceberg.scan().to_arrow().to_pylist()) == expected
    paths = [file.path for file in again.files]
    assert duckdb.read_parquet(paths).aggregate("count(*), count(DISTINCT id), sum(amount)").fetchall() == [
        (60, 60, sum((row["amount"] for row in expected if row["amount"] is not None), Decimal(0)))
    ]
    for wanted, kept in (("name = 'name 1'", "name 1"), ("name is null", None)):
        assert iceberg.scan(wanted).to_arrow().num_rows == sum(row["name"] == kept for row in expected)
    ids = ids_of(pq.read_schema(paths[0]))
    assert -1 not in {number for path, number in ids.items() if path != "ranks.0"}
    assert ids["items.0.1.0"] == iceberg.schema().find_field("items.element.more.n").field_id
    assert ids["ranks.0.0"] == iceberg.schema().find_field("ranks.key").field_id

    doomed = rows.where("id IN (3, 4, 5)").select("id", "_data_file")
    new = frame(spark, 3, 6).withColumn("name", F.lit("new")).unionByName(frame(spark, 60, 62))
    change = seen.write(new.select(*good.columns), run_location(root, SPEC, "r2"), replaced=doomed)
    assert (change.rows, change.replaced_rows, change.base_version) == (5, 3, opened().version())
    seen.audit(change)
    seen.publish("r2", change)
    names = {row["id"]: row["name"] for row in opened().rows(spark, ["id", "name"]).collect()}
    assert names == {row["id"]: row["name"] for row in expected} | {3: "new", 4: "new", 5: "new", 60: None, 61: "name 1"}
    assert opened()._existing().scan().count() == len(names) == opened().rows(spark, ["id"]).count()


@pytest.mark.spark
def test_columns_are_found_by_id_when_the_table_changed(spark: SparkSession, tmp_path: Path) -> None:
    """Added: NULL in older files. Renamed: the old values. Widened: the old numbers. With another writer's deletes: without those rows."""
    prepare(spark)
    old = [column("id", "int", required=True), column("city"), column("count", "int")]
    new = [column("id", "int", required=True), column("town"), column("count", "bigint"), column("extra", "date")]

    def opened(columns: list[dict[str, Any]]) -> Any:
        spec = parse_spec(text(columns, format="iceberg", primary_key=["id"]))
        return spec, open_table(spec, str(tmp_path / "catalog"), storage=Storage(), curated_root=str(tmp_path))

    def publish(columns: list[dict[str, Any]], run_id: str, rows: str) -> None:
        spec, table = opened(columns)
        table.publish(run_id, table.write(spark.sql(rows), run_location(str(tmp_path), spec, run_id)))

    publish(old, "r1", "SELECT 1 id, 'Ulm' city, 7 count UNION ALL SELECT 2, 'Bonn', NULL")
    iceberg = opened(old)[1]._existing()
    with iceberg.update_schema() as update:
        update.rename_column("city", "town")
    publish(new[:2] + old[2:] + new[3:], "r2", "SELECT 3 id, 'Rom' town, 8 count, date'2024-01-01' extra")
    _, table = opened(new)
    by_spark = table.rows(spark, ["town", "extra", "id"])
    assert sorted(row[:3] for row in by_spark.collect()) == [
        ("Bonn", None, 2),
        ("Rom", dt.date(2024, 1, 1), 3),
        ("Ulm", None, 1),
    ]
    iceberg.refresh()
    with iceberg.update_schema() as update:
        update.update_column("count", LongType())
    publish(new, "r3", "SELECT 4 id, 'Lyon' town, 5000000000 count, CAST(NULL AS date) extra")
    _, table = opened(new)
    rows = table.rows(spark, ["count", "id"]).collect()
    assert sorted((row["id"], row["count"]) for row in rows) == [(1, 7), (2, None), (3, 8), (4, 5_000_000_000)]
    iceberg.refresh()
    assert {row["_data_file"] for row in rows} == {task.file.file_path for task in iceberg.scan().plan_files()}

    tasks = list(iceberg.scan().plan_files())
    first = next(task for task in tasks if "run_id=r1" in task.file.file_path)
    deletes = str(tmp_path / "deletes.parquet")
    pq.write_table(pa.table({"file_path": [first.file.file_path], "pos": [0]}), deletes)
    marked = DataFile.from_args(
        content=DataFileContent.POSITION_DELETES, file_path=deletes, file_format=FileFormat.PARQUET, partition=Record()
    )
    with_deletes = [FileScanTask(task.file, delete_files={marked}) if task is first else task for task in tasks]
    left = iceberg_reading.read(spark, iceberg, with_deletes, ["id", "town"], Storage()).collect()
    assert len(left) == 3
    assert {3, 4} < {row["id"] for row in left}


@pytest.mark.spark
def test_a_parquet_table_is_written_and_read_by_its_registry(spark: SparkSession, tmp_path: Path) -> None:
    """Values come from what is registered, typed, NULL among them; what is not registered nobody sees; quarantine stands beside."""
    prepare(spark)
    root = str(tmp_path / ODD)
    columns = [column("id", "int"), column("day", "date"), column("kind"), column("at", "timestamp")]
    spec = parse_spec(text(columns, partitioning=[{"column": "day", "transform": "identity"}, {"column": "kind", "transform": "identity"}]))

    def opened() -> Any:
        return open_table(spec, f"{root}/catalog", storage=Storage(), curated_root=root)

    query = "SELECT cast(id AS int) id, if(id % 3 = 0, null, date_add(date'2024-01-01', cast(id % 2 AS int))) day, "
    query += "if(id % 4 = 0, null, 'a/b=c%d ü') kind, timestamp_seconds(id) at FROM range({}, {})"
    for run_id, start in (("r1", 0), ("r2", 20), ("lost", 40)):
        table = opened()
        assert (table.rows(spark, ["id"]) is None) == (run_id == "r1")
        written = table.write(spark.sql(query.format(start, start + 20)), run_location(root, spec, run_id))
        table.audit(written)
        assert written.rows == 20
        if run_id != "lost":
            table.publish(run_id, written)
    expected = sorted(spark.sql(query.format(0, 40)).collect(), key=lambda row: row["id"])
    rows = opened().rows(spark, ["id", "day", "kind", "at"])
    assert sorted((row[:4] for row in rows.collect()), key=lambda row: row[0]) == [tuple(row) for row in expected]
    assert sorted(row["id"] for row in opened().rows(spark, ["id"]).collect()) == list(range(40))
    assert {row[0] for row in opened().rows(spark, ["kind"]).collect()} == {None, "a/b=c%d ü"}
    with pytest.raises(PublishError, match="whose published rows cannot be replaced"):
        opened().write(rows, run_location(root, spec, "r3"), replaced=rows)
    with pytest.raises(PublishError, match="run r1 is published"):
        opened().write(rows.select("id", "day", "kind", "at"), run_location(root, spec, "r1"))

    bad = spark.sql(
        "SELECT 'x' id, CAST(null AS string) day, 'k' kind, 'no' at, array('id:not_an_integer') _reasons, 'f.csv' _source_file, "
        "3L _source_line, CAST(NULL AS string) _source_record"
    )
    place = run_location(f"{root}/quarantine", spec, "r1")
    quarantine = open_quarantine(spec, f"{root}/catalog", storage=Storage())
    written = quarantine.write(bad, place)
    quarantine.publish("r1", written)
    assert [row[:-1] for row in quarantine.rows(spark, bad.columns).collect()] == [tuple(row) for row in bad.collect()]
    again = open_quarantine(spec, f"{root}/catalog", storage=Storage())
    nothing = again.write(bad.limit(0), run_location(f"{root}/quarantine", spec, "r2"))
    assert (nothing.files, nothing.rows, again.publish("r2", nothing)) == ((), 0, again.version())


@pytest.mark.spark
def test_wide_rows_come_in_small_batches(spark: SparkSession) -> None:
    """So that a batch stays within what memory holds; narrow rows come by the ten thousand."""
    assert rows_per_batch(spark.sql("SELECT 'abc' a, 1 b")) == BATCH_ROWS
    assert rows_per_batch(spark.sql("SELECT 1 b")) == BATCH_ROWS
    width = 8 * 1024 * 1024
    assert rows_per_batch(spark.sql(f"SELECT repeat('ü', {width // 2}) a, null b UNION ALL SELECT null, null")) == BATCH_BYTES // width


def test_only_files_whose_description_arrived_come_into_being(tmp_path: Path) -> None:
    """A task that ran twice, or failed half way, leaves nothing that a reader sees; large partitions make several files."""
    schema = pa.schema([("id", pa.int32()), ("day", pa.string()), ("_partition_0", pa.string())])
    batches = [
        pa.RecordBatch.from_pydict(
            {"id": [1, 2, 3, 4], "day": [day, None, day, None], "_partition_0": [day, None, day, None]}, schema=schema
        )
        for day in ("a", "a", "b")
    ]
    writer = TaskWriter(DirectoryLayout(("day",)), str(tmp_path / "run_id=r"), Storage(), 1, 1)
    lost, won = list(writer.write(batches)), list(writer.write(batches))

    def dying() -> Any:
        yield batches[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        list(writer.write(dying()))
    visible = lambda: [path for path in tmp_path.rglob("*.parquet") if not path.name.startswith(".")]  # noqa: E731
    assert visible() == []
    files = finish(won, Storage())
    assert sorted(map(str, visible())) == sorted(file.path for file in files)
    assert sum(file.rows for file in files) == 12
    assert len(files) == len(lost) == 6
    assert sorted((file.partition for file in files), key=str) == [("a",)] * 2 + [("b",)] + [(None,)] * 3
    won_again = [{**one, "path": f"{one['path']}x"} for one in list(writer.write(batches[:1]))]
    with pytest.raises(PublishError, match="other rows than were written"):
        finish([{**won_again[0], "rows": 9}], Storage())


@pytest.mark.parametrize(
    ("type_", "value", "transform", "wanted"),
    [
        # the hashes of the specification: https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements
        (IntegerType(), 34, "bucket[1000]", str(2017239379 % 1000)),
        (LongType(), 34, "bucket[1000]", str(2017239379 % 1000)),
        (DecimalType(9, 2), Decimal("14.20"), "bucket[1000]", str((-500754589 & 0x7FFFFFFF) % 1000)),
        (DateType(), dt.date(2017, 11, 16), "bucket[1000]", str((-653330422 & 0x7FFFFFFF) % 1000)),
        (TimestampType(), dt.datetime(2017, 11, 16, 22, 31, 8), "bucket[1000]", str((-2047944441 & 0x7FFFFFFF) % 1000)),  # noqa: DTZ001
        (StringType(), "iceberg", "bucket[1000]", str(1210000089 % 1000)),
        (BinaryType(), b"\x00\x01\x02\x03", "bucket[1000]", str((-188683207 & 0x7FFFFFFF) % 1000)),
        (IntegerType(), -1, "truncate[10]", "-10"),
        (StringType(), "üben", "truncate[2]", "üb"),
        (DecimalType(9, 2), Decimal("10.65"), "truncate[50]", "10.50"),
        (DateType(), dt.date(1969, 12, 31), "year", "-1"),
        (DateType(), dt.date(2024, 2, 29), "month", str(54 * 12 + 1)),
        (TimestamptzType(), dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=dt.UTC), "day", "1969-12-31"),
        (TimestamptzType(), dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=dt.UTC), "hour", "-1"),
        (TimestampType(), dt.datetime(2024, 2, 29, 1, 2, 3, 4), "identity", "2024-02-29T01:02:03.000004"),  # noqa: DTZ001
        (DateType(), dt.date(2024, 2, 29), "identity", "2024-02-29"),
        (BinaryType(), b"\x00\xff", "identity", "00ff"),
    ],
    ids=str,
)
def test_partition_values_are_icebergs(type_: Any, value: Any, transform: str, wanted: str) -> None:
    """Of every transform, with NULLs; as text and back."""
    schema = Schema(NestedField(1, "value", type_, required=False))
    spec = PartitionSpec(PartitionField(source_id=1, field_id=1000, transform=parse_transform(transform), name="part"))
    from pyiceberg.io.pyarrow import schema_to_pyarrow  # noqa: PLC0415

    table = pa.table({"value": pa.array([value, None, value], schema_to_pyarrow(type_))})
    (texts,) = partition_texts(table, spec, schema)
    assert texts.to_pylist() == [wanted, None, wanted]
    (result,) = field_types(spec, schema)
    assert to_text(from_text(wanted, result), result) == wanted
    assert from_text(None, result) is None
