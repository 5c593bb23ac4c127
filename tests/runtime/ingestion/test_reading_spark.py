"""Delivered files as Spark sees them: nothing is lost or changed between Python's tasks, Parquet files and the DataFrame."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from pyspark.sql import functions as F  # noqa: N812 - the name everybody gives it

from constructs_lib.runtime.ingestion import survey as surveying
from constructs_lib.runtime.ingestion.files import Storage
from constructs_lib.runtime.ingestion.reading import read, survey, text_rows, undeclared
from constructs_lib.runtime.ingestion.session import prepare
from constructs_lib.runtime.ingestion.spec import parse_spec
from constructs_lib.runtime.ingestion.survey import survey_file
from constructs_lib.runtime.ingestion.validation import column_types, judge

from .specs import column, text

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark
COLUMNS = ("_file", "_line", "_lines", "_problem", "_record", "r0", "r1")


def parquet(**source: str) -> str:
    return text([column("id", "int"), column("price", "decimal(12,2)")], source={"format": "parquet", **source})


def test_spark_sees_what_python_reads(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files in one task or in many: the same rows, each with its own file."""
    spec = parse_spec(text([column("a"), column("b")]))
    (tmp_path / "a [1],ü.csv").write_bytes(b'a,b\n1,"x\ny"\n2\n\n' + b'3,"z, z"\n' * 5000 + b"\xff,\x00\n")
    (tmp_path / "b.csv").write_bytes(b"b,a\r\n" + b"1,2\r\n" * 5000)
    (tmp_path / "c.csv").write_bytes(b"")
    storage, types = Storage(), column_types(spark, spec)
    files = storage.files(str(tmp_path))
    expected = sorted(row for file in files for row in text_rows(file, storage, spec))
    assert len(expected) == 10_003
    monkeypatch.setattr(surveying, "CUT_EVERY", 5000)
    monkeypatch.setattr(surveying, "READ_AT_A_TIME", 1000)
    surveys = [survey_file(file, storage, spec) for file in files]
    assert [len(item.cuts) > 2 for item in surveys] == [True, True, False]
    for given in (None, surveys):
        found = read(spark, files, storage, spec, types, given).select(*COLUMNS)
        assert sorted((tuple(row) for row in found.collect()), key=lambda row: row[:2]) == expected


def deliver(folder: Path) -> None:
    """Parquet files with columns missing, more, in another order, alike but for their case; one that is none; one cut short."""
    duck = duckdb.connect()
    for name, columns in {
        "a{1}.parquet": "1 AS id, 1.5::DOUBLE AS price",
        "b.parquet": "2::INT AS id",
        "c.parquet": "1.5 AS price, 'x' AS note, 3 AS id",
        "d.parquet": "4 AS id, 5 AS ID2, 1.5 AS price",
    }.items():
        duck.execute(f"COPY (SELECT {columns}) TO '{folder / name}'")
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    pq.write_table(pa.table([pa.array([6, 7]), pa.array([8, 9]), pa.array([1, 2])], names=["id", "ID", "price"]), folder / "e.parquet")
    whole = (folder / "a{1}.parquet").read_bytes()
    (folder / "f.parquet").write_bytes(b"id,price\n1,2\n")
    (folder / "g.parquet").write_bytes(whole[:-20])
    (folder / "h.parquet").write_bytes(whole[:4] + b"\xff" * 20 + whole[24:])
    (folder / "_i.parquet").write_bytes(whole)


def test_parquet_files_that_differ_from_the_contract(spark: SparkSession, tmp_path: Path) -> None:
    """Each in the way the contract says; what is no whole Parquet file is known before Spark stumbles over it."""
    deliver(tmp_path)
    storage = Storage()
    files = storage.files(str(tmp_path))
    spec = parse_spec(parquet())
    surveys = {Path(item.path).name: item for item in survey(spark, files, storage, spec)}
    assert {name for name, item in surveys.items() if item.error} == {"_i.parquet", "f.parquet", "g.parquet", "h.parquet"}
    assert "begin with _ or a dot" in (surveys["_i.parquet"].error or "")
    assert {item.sha256 for item in surveys.values()} == {hashlib.sha256(Path(file.path).read_bytes()).hexdigest() for file in files}
    assert undeclared(surveys["c.parquet"], spec) == ["note"]
    whole = [file for file in files if surveys[Path(file.path).name].error is None]
    assert sum(item.records for item in surveys.values()) == 6

    def found(**source: str) -> dict[tuple[str, int], tuple[Any, ...]]:
        described = parse_spec(parquet(**source))
        types = column_types(spark, described)
        rows = read(spark, whole, storage, described, types, list(surveys.values())).collect()
        return {(Path(row["_file"]).name[0], row["_line"]): (row["_problem"], row["r0"], row["r1"], row["p0"]) for row in rows}

    assert found() == {
        ("a", 1): (None, "1", "1.5", 1),
        ("b", 1): ("missing_column:price", None, None, None),
        ("c", 1): (None, "3", "1.5", 3),
        ("d", 1): (None, "4", "1.5", 4),
        ("e", 1): ("ambiguous_column:id", None, None, None),
        ("e", 2): ("ambiguous_column:id", None, None, None),
    }
    strict = found(missing_columns="null", extra_columns="quarantine", column_order="declared")
    assert strict[("b", 1)] == (None, "2", None, 2)
    assert [strict[(name, 1)][0] for name in "acde"] == [None, "undeclared_column", "undeclared_column", "ambiguous_column:id"]
    assert found(column_order="declared")[("c", 1)][0] == "column_order"


def test_parquet_types_that_spark_has_not(spark: SparkSession, tmp_path: Path) -> None:
    """Nanoseconds are moments as far as they are whole microseconds; a year beyond 9999 has a reason; other types are told beforehand."""
    prepare(spark)
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    days = [dt.date(2024, 2, 29), dt.date(1, 1, 1), dt.date(9999, 12, 31)]
    dates = pa.chunked_array([pa.array(days), pa.array([2_932_897, None], pa.int32()).cast(pa.date32())])  # the year 10000
    moments = [1_704_067_200_123_456_000, -1_000, 1, None, 1_704_067_200_000_000_000]
    table = pa.table({"at": pa.array(moments, pa.timestamp("ns")), "day": dates, "other": pa.array([0] * 5, pa.timestamp("ns"))})
    pq.write_table(table, tmp_path / "a.parquet")
    pq.write_table(table, tmp_path / "b.parquet", use_deprecated_int96_timestamps=True)
    for name, kind in {
        "c": pa.time64("us"),
        "d": pa.decimal256(60, 2),
        "e": pa.struct([("part", pa.time32("ms"))]),
        "f": pa.uuid(),
    }.items():
        pq.write_table(table.append_column("more", pa.nulls(5, kind)), tmp_path / f"{name}.parquet")
    pq.write_table(table, tmp_path / "g.parquet", compression="brotli")
    files = Storage().files(str(tmp_path))
    spec = parse_spec(
        text([column("at", "timestamp"), column("day", "date")], source={"format": "parquet"}, duplicates={"equal_rows": "keep"})
    )
    surveys = survey(spark, files, Storage(), spec)
    errors = [item.error for item in surveys]
    assert errors[:2] == [None, None]
    assert ["more" in str(error) and "Spark does not read" in str(error) for error in errors[2:]] == [True, True, True, True, False]
    assert "compressed with BROTLI" in str(errors[-1])
    types = column_types(spark, spec)
    judged = judge(read(spark, files[:1], Storage(), spec, types, surveys), spec, types)
    shown = judged.select("_line", F.unix_micros("v0").alias("at"), "v1", "_reasons").orderBy("_line").collect()
    assert [row["at"] for row in shown] == [1_704_067_200_123_456, -1, None, None, 1_704_067_200_000_000]
    assert [row["v1"] for row in shown] == [*days, None, None]
    assert [row["_reasons"] for row in shown] == [[], [], ["at:not_a_timestamp"], ["day:not_a_date"], []]
    older = read(spark, files[1:2], Storage(), spec, types, surveys).select("_line", "r0").orderBy("_line").collect()
    assert [row["r0"] for row in older][0::4] == ["2024-01-01 00:00:00.123456", "2024-01-01 00:00:00"]
