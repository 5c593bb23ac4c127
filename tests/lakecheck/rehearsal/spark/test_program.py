"""A Spark program that reads and writes `s3://`, run against the emulated S3; what it wrote is read by others."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakecheck.rehearsal.spark.configuration import configure, spark_settings
from lakecheck.rehearsal.spark.runner import run_job
from lakecheck.rehearsal.spark.webhdfs import serve

if TYPE_CHECKING:
    from tests.lakecheck.rehearsal.spark.emulated import Emulated

pytestmark = pytest.mark.spark

PROGRAM = Path(__file__).with_name("program.py")
KEYS = [
    "plain/a.parquet",
    "hive/p=a%2Fb/x.parquet",
    "hive/p=50%25 ü/y z.parquet",
    "globs/{a,b}[c]*?.parquet",
    "odd/a+b;c&d#e.parquet",
    "日本/é.parquet",
]


def parquet(rows: int) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"a": list(range(rows))}), stream)
    return stream.getvalue()


def test_a_program_reads_and_writes_the_emulated_buckets(aws: Emulated, tmp_path: Path) -> None:
    """Odd keys, globs, Hive's partitions, appending, overwriting, refusals; afterwards the bucket holds what was written and no more."""
    bucket = aws.bucket()
    for number, key in enumerate(KEYS, 1):
        aws.put(bucket, key, parquet(number))
    folder = tmp_path / "a run"
    with serve(aws.s3) as port:
        environment = {**configure(spark_settings(port, [bucket]), folder), **aws.environment}
        end = run_job(PROGRAM, [bucket, *KEYS], extra_py_files=[], environment=environment, folder=folder, timeout=120)
    assert end.exit_code == 0, end.tail
    told = json.loads(end.output)
    assert told["found"] == {key: number for number, key in enumerate(KEYS, 1)}
    assert told["appended"] == 8
    written = [[1, "a/b c"], [2, "a+b"], [3, "50% ü{x}=:"]]
    assert told["again"] == written
    assert told["refusals"] == ["PATH_NOT_FOUND", "PATH_ALREADY_EXISTS", "no such bucket"]
    assert told["binary"] == {"a.parquet": len(parquet(1))}
    assert [key for key in aws.keys(bucket) if "_temporary" in key or key.endswith(("/", "$"))] == []
    files = [key for key in aws.keys(bucket, "out dir/") if key.endswith(".parquet")]
    assert [key.split("/")[1] for key in files] == ["part=50%25 ü%7Bx}%3D%3A", "part=a%2Fb c", "part=a+b"]
    assert sorted(read(aws, bucket, key, tmp_path) for key in files) == [(1,), (2,), (3,)]
    (text,) = (aws.get(bucket, key) for key in aws.keys(bucket, "csv/part-"))
    assert text.split() == [b"id", b"1", b"2", b"3", b"4"]


def read(aws: Emulated, bucket: str, key: str, folder: Path) -> tuple[int, ...]:
    """The ids of one file, by DuckDB."""
    local = folder / "read.parquet"
    local.write_bytes(aws.get(bucket, key))
    return tuple(
        row[0]
        for row in duckdb.sql("SELECT id FROM read_parquet($path, hive_partitioning = false)", params={"path": str(local)}).fetchall()
    )
