"""What `program.py` is to read of the emulated S3, and what others find of what it wrote there."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from tests.lakecheck.rehearsal.spark.emulated import Emulated

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


class Program:
    """Its bucket, filled with files under odd names."""

    def __init__(self, aws: Emulated) -> None:
        self.aws = aws
        self.bucket = aws.bucket()
        for number, key in enumerate(KEYS, 1):
            aws.put(self.bucket, key, parquet(number))
        self.arguments = [self.bucket, *KEYS]

    def check(self, output: str, folder: Path) -> None:
        """Odd keys, globs, Hive's partitions, overwriting, refusals; the bucket holds what was written last and no more."""
        (line,) = (line for line in output.splitlines() if line.startswith('{"found"'))
        assert json.loads(line) == {
            "found": {key: number for number, key in enumerate(KEYS, 1)},
            "partitions": ["50% ü", "a/b"],
            "again": [[1, "a/b c"], [2, "a+b"], [3, "50% ü{x}=:"]],
            "refusals": ["PATH_NOT_FOUND", "PATH_ALREADY_EXISTS", "no such bucket"],
            "binary": {"a.parquet": len(parquet(1))},
            "has_lines": True,
        }
        assert [key for key in self.aws.keys(self.bucket) if "_temporary" in key or key.endswith(("/", "$"))] == []
        files = [key for key in self.aws.keys(self.bucket, "out dir/") if key.endswith(".parquet")]
        assert [key.split("/")[1] for key in files] == ["part=50%25 ü%7Bx}%3D%3A", "part=a%2Fb c", "part=a+b"]
        assert [self._ids(key, folder) for key in files] == [[3], [1], [2]]

    def _ids(self, key: str, folder: Path) -> list[int]:
        """Of one file, by DuckDB."""
        local = folder / "read.parquet"
        local.write_bytes(self.aws.get(self.bucket, key))
        query = "SELECT id FROM read_parquet($path, hive_partitioning = false)"
        return [row[0] for row in duckdb.sql(query, params={"path": str(local)}).fetchall()]
