"""Tables as the tests of writing and publishing use them: written without Spark where that is not what is tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import types as T  # noqa: N812 - the name everybody gives it

from constructs_lib.runtime.ingestion.files import Storage
from constructs_lib.runtime.ingestion.locations import run_location
from constructs_lib.runtime.ingestion.spec import parse_spec
from constructs_lib.runtime.ingestion.tables.arrow_files import TaskWriter, finish
from constructs_lib.runtime.ingestion.tables.base import Written
from constructs_lib.runtime.ingestion.tables.catalogs import open_table
from constructs_lib.runtime.ingestion.tables.iceberg import IcebergTable
from constructs_lib.runtime.ingestion.tables.iceberg_commits import as_version, main_of
from constructs_lib.runtime.ingestion.tables.schemas import layout_of

from .specs import column, text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SMALL = parse_spec(
    text(
        [column("id", "int", required=True), column("name")],
        format="iceberg",
        primary_key=["id"],
        partitioning=[{"column": "id", "transform": "bucket[2]"}],
    )
)
_ROWS = T.StructType([T.StructField("id", T.IntegerType()), T.StructField("name", T.StringType())])
_ARROW = pa.schema([("id", pa.int32()), ("name", pa.string())])

Rows = dict[int, str | None]


def batch(rows: Rows) -> pa.RecordBatch:
    """Rows of `SMALL` as Spark hands them to a task."""
    return pa.RecordBatch.from_pydict({"id": list(rows), "name": list(rows.values())}, schema=_ARROW)


class SmallLake:
    """The Iceberg table `SMALL` in a folder; every look at it is a new process's."""

    def __init__(self, root: Path | str, *, catalog: str | None = None, storage: Storage | None = None, **opened: Any) -> None:
        self.root = str(root)
        self.catalog = f"{root}/catalog" if catalog is None else catalog
        self.storage = Storage() if storage is None else storage
        self.opened = opened
        self._shared: Any = None

    def table(self) -> Any:
        """The table as another process opens it, but for the connection to the catalog, which takes long to make."""
        if self._shared is None:
            self._shared = open_table(SMALL, self.catalog, storage=self.storage, curated_root=self.root, **self.opened)._catalog
        return IcebergTable(SMALL, self._shared, self.storage, create_at=f"{self.root}/shop/orders/orders")

    def create(self) -> SmallLake:
        """Makes the empty table."""
        self.table()._create(_ROWS)
        return self

    def iceberg(self) -> Any:
        """PyIceberg's view of it."""
        return self.table()._existing()

    def seen(self) -> list[tuple[int, str | None]]:
        """What PyIceberg's own scan reads."""
        return sorted((row["id"], row["name"]) for row in self.iceberg().scan().to_arrow().to_pylist())

    def files(self, run_id: str, rows: Rows) -> Any:
        """Data files as a task writes them."""
        table = self.iceberg()
        writer = TaskWriter(
            layout_of(table.schema(), table.spec()), run_location(self.root, SMALL, run_id), self.storage, 128 << 20, 64 << 20
        )
        return finish(list(writer.write([batch(rows)] if rows else [])), self.storage)

    def written(self, run_id: str, rows: Rows, *, replaced: Iterable[int] = ()) -> Written:
        """What a run writes that replaces the rows of these ids."""
        table = self.iceberg()
        base, doomed = main_of(table.metadata), set(replaced)
        files = self.files(run_id, rows)
        affected, stay, gone = [], {}, 0
        for task in table.scan().plan_files() if doomed else ():
            data = _read(self.storage, task.file.file_path)
            found = [one for one in data if one["id"] in doomed]
            if found:
                affected.append(task.file.file_path)
                gone += len(found)
                stay.update({one["id"]: one["name"] for one in data if one["id"] not in doomed})
        return Written(
            files=(*files, *self.files(run_id, stay)),
            rows=len(rows),
            base_version=as_version(base),
            replaced_rows=gone,
            replaced_files=tuple(sorted(affected)),
        )


def _read(storage: Storage, path: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq  # noqa: PLC0415

    from constructs_lib.runtime.ingestion.tables.file_io import StorageFileIO, io_properties  # noqa: PLC0415

    with StorageFileIO(io_properties(storage)).new_input(path).open() as stream:
        return pq.read_table(stream).to_pylist()
