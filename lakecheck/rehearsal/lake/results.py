"""Reads what pipelines published, as a consumer would: through the catalog of the consumer's account, with clients that nobody here wrote.

The emulator's Athena runs no query and says SUCCEEDED with no rows, so it is not asked. PyIceberg reads Iceberg tables, DuckDB and
awswrangler the data files of their current snapshots; pyarrow, DuckDB and awswrangler read Parquet tables.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.model import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.rehearsal.course import Stage

REASONS: Final = "_reasons"
"""A column that only tables of rejected rows have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table as one account sees it.

    Attributes:
        account: Whose catalog it was found in.
        region: Its Region.
        database: Its database there, which may be a resource link.
        name: Its name there.
        location: Where its files are, without the bucket.
        is_link: Whether it was reached through a resource link.
        is_iceberg: Whether it is an Iceberg table.
        is_quarantine: Whether it holds rejected rows.
    """

    account: str
    region: str
    database: str
    name: str
    location: str
    is_link: bool
    is_iceberg: bool
    is_quarantine: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What clients read of a table.

    Attributes:
        rows: How many rows each client sees, by its name.
        digest: Of all rows, whatever their order.
    """

    rows: Mapping[str, int]
    digest: str


def tables(stage: Stage) -> list[Table]:
    """Every table of every catalog of the rehearsed accounts; those of resource links first, for they are how consumers read."""
    found = [table for account, region in stage.chosen.places for table in _of(stage, account, region)]
    return sorted(found, key=lambda table: (not table.is_link, table.account, table.database, table.name))


def published(all_tables: list[Table], prefix: str) -> Table | None:
    """The table whose files are at a prefix, as a consumer sees it if one can."""
    return next((one for one in all_tables if one.location.strip("/") == prefix and not one.is_quarantine), None)


def rejected(all_tables: list[Table], prefix: str) -> Table | None:
    """The table of the rejected rows at a prefix."""
    return next((one for one in all_tables if one.location.strip("/") == prefix and one.is_quarantine), None)


def read(stage: Stage, table: Table) -> Contents:
    """Reads a table with every client, with the credentials of the account whose catalog it was found in."""
    import duckdb  # noqa: PLC0415 - an extra brings it

    arrow = _with_pyiceberg(stage, table) if table.is_iceberg else _with_pyarrow(stage, table)
    first = "PyIceberg" if table.is_iceberg else "pyarrow"
    connection = duckdb.connect()
    connection.register("published", arrow)
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in arrow.column_names)
    with tempfile.TemporaryDirectory(prefix="rehearsal-read-") as folder:
        files = _fetched(stage, table, Path(folder))
        whole = connection.from_parquet(files, union_by_name=True) if files else None
        if whole is None or set(whole.columns) != set(arrow.column_names):  # what is added or renamed later is not in older files
            whole = connection.table("published")
        seen = whole.project(columns).fetchall()
    rows = {first: arrow.num_rows, "DuckDB": len(seen), "awswrangler": _with_awswrangler(stage, table)}
    return Contents(rows=rows, digest=hashlib.sha256("\n".join(sorted(map(repr, seen))).encode()).hexdigest())


def _fetched(stage: Stage, table: Table, folder: Path) -> list[str]:
    """The data files of an Iceberg table, fetched; none where delete files change what is in them.

    PyIceberg's own rows would not do for a digest: it reads a NULL list of structs as an empty one.
    """
    if not table.is_iceberg:
        return []
    tasks = list(_scan(stage, table).plan_files())
    if any(task.delete_files for task in tasks):
        return []
    s3 = stage.clients("s3", account=table.account, region=table.region, role="reader")
    files = [str(folder / f"{number}.parquet") for number in range(len(tasks))]
    for task, file in zip(tasks, files, strict=True):
        bucket, _, key = task.file.file_path.removeprefix("s3://").partition("/")
        s3.download_file(bucket, key, file)
    return files


def _of(stage: Stage, account: str, region: str) -> Iterator[Table]:
    glue = stage.clients("glue", account=account, region=region)
    for page in glue.get_paginator("get_databases").paginate():
        for database in page["DatabaseList"]:
            for tables_page in glue.get_paginator("get_tables").paginate(DatabaseName=database["Name"]):
                for one in tables_page["TableList"]:
                    location = str(at(one, "StorageDescriptor.Location", ""))
                    if "TargetTable" in one or not location.startswith("s3://"):
                        continue
                    names = {column["Name"] for column in at(one, "StorageDescriptor.Columns", [])}
                    yield Table(
                        account=account,
                        region=region,
                        database=database["Name"],
                        name=one["Name"],
                        location=location.removeprefix("s3://").partition("/")[2],
                        is_link="TargetDatabase" in database,
                        is_iceberg=str(at(one, "Parameters.table_type", "")).upper() == "ICEBERG",
                        is_quarantine=REASONS in names,
                    )


def _session(stage: Stage, table: Table) -> Any:
    import boto3  # noqa: PLC0415 - an extra brings it

    found = stage.clients.credentials(table.account, "reader")
    return boto3.Session(found.access_key, found.secret_key, found.token, region_name=table.region)


def _with_pyiceberg(stage: Stage, table: Table) -> Any:
    return _scan(stage, table).to_arrow()


def _with_pyarrow(stage: Stage, table: Table) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - an extra brings it
    import pyarrow.dataset as ds  # noqa: PLC0415
    from pyarrow.fs import S3FileSystem  # noqa: PLC0415

    found = stage.clients.credentials(table.account, "reader")
    system = S3FileSystem(
        access_key=found.access_key,
        secret_key=found.secret_key,
        session_token=found.token,
        region=table.region,
        endpoint_override=f"localhost:{stage.emulator.port}",
        scheme="http",
    )
    glue = stage.clients("glue", account=table.account, region=table.region, role="reader")
    described = glue.get_table(DatabaseName=table.database, Name=table.name)["Table"]
    keys = [column["Name"] for column in described.get("PartitionKeys", [])]
    parts = []
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=table.database, TableName=table.name)
    for partition in [one for page in pages for one in page["Partitions"]]:
        folder = partition["StorageDescriptor"]["Location"].removeprefix("s3://").rstrip("/")
        rows = ds.dataset(folder, filesystem=system, format="parquet").to_table()
        for name, value in zip(keys, partition["Values"], strict=True):
            rows = rows if name in rows.column_names else rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
        parts.append(rows)
    return pa.concat_tables(parts, promote_options="permissive") if parts else pa.table({"nothing": pa.array([], pa.string())})


def _with_awswrangler(stage: Stage, table: Table) -> int:
    """The rows that awswrangler counts: through the catalog for Parquet, of the current snapshot's files for Iceberg."""
    import awswrangler as wr  # noqa: PLC0415 - an extra brings it

    wr.config.s3_endpoint_url = wr.config.glue_endpoint_url = wr.config.sts_endpoint_url = stage.emulator.endpoint
    session = _session(stage, table)
    if not table.is_iceberg:
        glue = stage.clients("glue", account=table.account, region=table.region, role="reader")
        if not glue.get_partitions(DatabaseName=table.database, TableName=table.name)["Partitions"]:
            return 0
        frame = wr.s3.read_parquet_table(table=table.name, database=table.database, boto3_session=session)
        return len(frame)
    files = [task.file.file_path for task in _scan(stage, table).plan_files()]
    return sum(len(wr.s3.read_parquet(path, boto3_session=session)) for path in files)


def _scan(stage: Stage, table: Table) -> Any:
    from pyiceberg.catalog.glue import GlueCatalog  # noqa: PLC0415 - an extra brings it

    client = stage.clients("glue", account=table.account, region=table.region, role="reader")
    found = stage.clients.credentials(table.account, "reader")
    settings = {
        "s3.endpoint": stage.emulator.endpoint,
        "s3.access-key-id": found.access_key,
        "s3.secret-access-key": found.secret_key,
        "s3.session-token": found.token,
        "s3.region": table.region,
    }
    return GlueCatalog("rehearsal", client=client, **settings).load_table((table.database, table.name)).scan()
