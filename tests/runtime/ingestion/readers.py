"""What a reader of the lake sees, by DuckDB: of a Parquet table what is registered, of an Iceberg table its current snapshot's files."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError

from .recount import cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


def published(catalog: Path, spec: Mapping[str, Any]) -> Counter[tuple[Any, ...]]:
    """The rows of the published table, moments as microseconds; how often each is there."""
    if spec["format"] == "iceberg":
        return Counter(_rows(spec["columns"], _iceberg_files(catalog, spec), {}))
    found: Counter[tuple[Any, ...]] = Counter()
    for folder, values in registered(catalog, spec["database"], spec["table"]):
        folders = [part["column"] for part in spec["partitioning"]]
        found.update(_rows(spec["columns"], map(str, sorted(Path(folder).glob("*.parquet"))), dict(zip(folders, values, strict=False))))
    return found


def quarantined(catalog: Path, spec: Mapping[str, Any]) -> list[tuple[str, int]]:
    """File name and line of every row in the quarantine table."""
    paths = [
        str(path)
        for folder, _ in registered(catalog, spec["quarantine_database"], spec["table"])
        for path in sorted(Path(folder).glob("*.parquet"))
    ]
    if not paths:
        return []
    rows = duckdb.sql("SELECT _source_file, _source_line FROM read_parquet($paths, hive_partitioning = false)", params={"paths": paths})
    return sorted((Path(file).name, line) for file, line in rows.fetchall())


def registered(catalog: Path, database: str, table: str) -> list[tuple[str, list[str]]]:
    """Folders of a Parquet table and the partition values that the catalog gives each."""
    file = catalog / f"{database}.{table}.partitions.json"
    if not file.exists():
        return []
    return [(one["location"], one["values"]) for one in json.loads(file.read_text())["partitions"]]


def as_seen(rows: Iterable[tuple[Any, ...]], spec: Mapping[str, Any]) -> Counter[tuple[Any, ...]]:
    """Rows of the model in the form in which `published` gives them."""
    moments = [column["type"] == "timestamp" for column in spec["columns"]]
    return Counter(
        tuple(_micros(value) if is_moment and value is not None else value for value, is_moment in zip(row, moments, strict=True))
        for row in rows
    )


def _micros(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def _iceberg_files(catalog: Path, spec: Mapping[str, Any]) -> list[str]:
    reader = SqlCatalog("folder", uri=f"sqlite:///{catalog / 'iceberg.db'}", warehouse=str(catalog))
    try:
        tasks = list(reader.load_table((spec["database"], spec["table"])).scan().plan_files())
    except NoSuchTableError:
        return []
    finally:
        reader.engine.dispose()
    assert not any(task.delete_files for task in tasks)
    return [task.file.file_path.removeprefix("file://") for task in tasks]


def _rows(columns: list[dict[str, Any]], paths: Iterable[str], folders: Mapping[str, str]) -> list[tuple[Any, ...]]:
    """The rows of these files; `folders` are the values of columns that the files do not have."""
    files = list(paths)
    if not files:
        return []
    inside = [column for column in columns if column["name"] not in folders]
    wanted = ", ".join(f'epoch_us("{one["name"]}")' if one["type"] == "timestamp" else f'"{one["name"]}"' for one in inside)
    query = f"SELECT {wanted} FROM read_parquet($files, hive_partitioning = false)"  # noqa: S608 - a test's own names
    found = duckdb.sql(query, params={"files": files}).fetchall()
    fixed = {name: None if text == HIVE_NULL else cast(text, _named(columns, name)) for name, text in folders.items()}
    rows = []
    for row in found:
        cells = dict(zip((one["name"] for one in inside), row, strict=True)) | fixed
        rows.append(tuple(cells[column["name"]] for column in columns))
    return rows


def _named(columns: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(column for column in columns if column["name"] == name)
