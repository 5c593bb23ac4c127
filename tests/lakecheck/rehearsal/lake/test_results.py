"""Reading as a consumer: what every client sees of an Iceberg table, and what the digest of its rows tells apart."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakecheck.rehearsal.lake import results

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakecheck.rehearsal.course import Stage
    from lakecheck.rehearsal.emulator.process import Emulator

ACCOUNT, REGION = "700000000003", "eu-west-1"
LINES = pa.list_(pa.struct([("sku", pa.string()), ("quantity", pa.int32())]))
SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string()), ("lines", LINES)])
ROWS: list[dict[str, Any]] = [
    {"id": 1, "name": "Zoë", "lines": [{"sku": "a", "quantity": None}]},
    {"id": 2, "name": None, "lines": []},
    {"id": 3, "name": "李", "lines": None},
]


@pytest.fixture
def seen(emulator: Emulator) -> Callable[..., results.Contents]:
    from pyiceberg.catalog.glue import GlueCatalog  # noqa: PLC0415 - costs more than all else here
    from pyiceberg.types import LongType  # noqa: PLC0415

    stage = cast("Stage", SimpleNamespace(clients=emulator.clients, emulator=emulator))
    own = f"read-{uuid.uuid4().hex[:12]}"
    clients = {name: emulator.clients(name, account=ACCOUNT, region=REGION) for name in ("s3", "glue")}
    clients["s3"].create_bucket(Bucket=own, CreateBucketConfiguration={"LocationConstraint": REGION})
    clients["glue"].create_database(DatabaseInput={"Name": own})
    found = emulator.clients.credentials(ACCOUNT, "writer")
    settings = {
        "s3.endpoint": emulator.endpoint,
        "s3.access-key-id": found.access_key,
        "s3.secret-access-key": found.secret_key,
        "s3.session-token": found.token or "",
        "s3.region": REGION,
    }
    catalog = GlueCatalog("writer", client=clients["glue"], **settings)

    def read(*deliveries: list[dict[str, Any]], added: str = "") -> results.Contents:
        name = f"t{uuid.uuid4().hex[:8]}"
        table = catalog.create_table((own, name), SCHEMA, location=f"s3://{own}/{name}")
        for number, rows in enumerate(deliveries):  # not PyIceberg's own files: it writes what it reads
            written = pa.BufferOutputStream()
            pq.write_table(pa.Table.from_pylist(rows, SCHEMA), written)
            clients["s3"].put_object(Bucket=own, Key=f"{name}/data/{number}.parquet", Body=written.getvalue().to_pybytes())
            table.add_files([f"s3://{own}/{name}/data/{number}.parquet"])
        if added:
            with table.update_schema() as update:
                update.add_column(added, LongType())
        where = results.Table(
            account=ACCOUNT, region=REGION, database=own, name=name, location=name, is_link=False, is_iceberg=True, is_quarantine=False
        )
        return results.read(stage, where)

    return read


def test_a_digest_is_of_the_rows_and_every_cell_of_them(seen: Callable[..., results.Contents]) -> None:
    """Neither the order of rows nor the files that they are in matter; a NULL list is not an empty one."""
    first, second, third = ROWS
    whole = seen(ROWS)
    assert whole.rows == {"PyIceberg": 3, "DuckDB": 3, "awswrangler": 3}
    assert seen([third], [second, first]).digest == whole.digest
    digests = {seen([{**first, "name": "Zoe"}, second, third]).digest, seen([first, second, {**third, "lines": []}]).digest}
    assert len(digests | {whole.digest}) == 3


def test_an_empty_table_has_no_rows_for_anybody(seen: Callable[..., results.Contents]) -> None:
    assert set(seen().rows.values()) == {0}


@pytest.mark.full
def test_rows_are_seen_with_columns_that_came_after_them(seen: Callable[..., results.Contents]) -> None:
    assert seen(ROWS, added='a "quoted" one').rows == {"PyIceberg": 3, "DuckDB": 3, "awswrangler": 3}
