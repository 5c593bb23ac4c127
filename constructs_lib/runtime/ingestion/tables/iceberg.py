"""An Iceberg table, published by write-audit-publish with PyIceberg: the same code on a laptop and in Glue, behind two catalogs.

Rehearsed on a laptop with real files and real commits (PyIceberg's SQL catalog on sqlite), a crash at every call among them. Glue's catalog
and S3 are rehearsed against an emulation (moto) only.

What a commit to Glue's catalog calls: `glue:GetTable`, `glue:GetDatabase` (is it one of S3 Tables?), `s3:GetObject` of the metadata,
`s3:PutObject` of the manifests and the new metadata, and `glue:UpdateTable` with `SkipArchive` and the `VersionId` that `GetTable` gave, by
which Glue refuses a commit over somebody else's. https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from pyiceberg.exceptions import CommitFailedException, NamespaceAlreadyExistsError, NoSuchTableError, TableAlreadyExistsError
from pyspark.sql import functions as F  # noqa: N812 - the name everybody gives it

from ..errors import PublishError, StaleTableError
from . import iceberg_commits as commits, iceberg_reading as reading
from .arrow_files import write_files
from .base import DATA_FILE, Written
from .clustering import cluster
from .places import absolute, is_below, remove_below, run_of
from .schemas import fitting, layout_of, new_partition_spec, new_schema, widens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyiceberg.catalog import Catalog
    from pyiceberg.table import FileScanTask, Table
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from ..files import Storage
    from ..spec import JobSpec
    from .base import DataFile

ATTEMPTS = 5
"""How often a commit is tried that only lost against a change of something else than main."""
_PROPERTIES = {"write.parquet.compression-codec": "zstd", "commit.manifest-merge.enabled": "true", "format-version": "2"}


class IcebergTable:
    """See `base.PublishedTable`. `rows` reads one version however often it is called, and `write` writes over that one.

    Args:
        spec: The table's.
        catalog: PyIceberg's, made with `file_io.io_properties(storage)`.
        storage: Reads and writes files, on executors too.
        create_at: Where a table that is not there is created, from the spec, by the first write; None where it has to be deployed before.
    """

    def __init__(self, spec: JobSpec, catalog: Catalog, storage: Storage, *, create_at: str | None = None) -> None:
        self._spec = spec
        self._catalog = catalog
        self._storage = storage
        self._create_at = create_at
        self._identifier = (spec.database, spec.table)
        self._judged: Table | None = None

    def version(self) -> str:
        """The snapshot that readers see now."""
        table = self._load()
        return "" if table is None else commits.as_version(commits.main_of(table.metadata))

    def published_as(self, run_id: str) -> str | None:
        """The run's snapshot, as long as it has not expired."""
        table = self._load()
        snapshot = None if table is None else commits.snapshot_of_run(table.metadata, run_id)
        return None if snapshot is None else str(snapshot)

    def rows(self, spark: SparkSession, columns: Sequence[str]) -> DataFrame | None:
        """What readers saw when this was first asked for; after `publish`, or a `StaleTableError`, what they see now."""
        table, tasks = self._plan()
        if table is None or not tasks:
            return None
        known = {field.name for field in table.schema().fields}
        lacking = [name for name in columns if name not in known]
        if not lacking:
            return reading.read(spark, table, tasks, columns, self._storage)
        if self._create_at is None:
            message = f"{'.'.join(self._identifier)} lacks the columns {', '.join(lacking)}: deploy the contract's tables before"
            raise PublishError(message)
        stored = [name for name in columns if name in known]
        frame = reading.read(spark, table, tasks, stored or [table.schema().fields[0].name], self._storage)
        types = {column.name: column.type for column in self._spec.columns}  # of columns that `write` is going to add
        new = {name: F.lit(None).cast(types[name]) for name in lacking}
        return frame.withColumns(new).select(*(F.col(f"`{name}`") for name in columns), F.col(DATA_FILE))

    def write(self, good: DataFrame, location: str, *, replaced: DataFrame | None = None) -> Written:
        """Writes the good rows, and with `replaced` the rows of the affected files that stay.

        Raises:
            PublishError: If the run is published already, or the table is missing or lacks a column.
        """
        location = absolute(location)
        table, tasks = self._plan()
        self._refuse_published(location)
        remove_below(self._storage, location)
        if table is None:
            table = self._create(good.schema)
        elif self._create_at is not None:
            self._extend(table, good.schema)
        base = commits.as_version(commits.main_of(table.metadata))
        fitting(good.schema, table.schema(), ".".join(self._identifier))
        files = self._write(table, good, location)
        affected = [] if replaced is None else self._affected(tasks, replaced)
        if not affected or replaced is None:
            return Written(files=files, rows=sum(file.rows for file in files), base_version=base)
        stay = self._survivors(table, affected, replaced)
        survivors = self._write(table, stay, location)
        standing = reading.read(good.sparkSession, table, affected, [table.schema().fields[0].name], self._storage).count()
        return Written(
            files=(*files, *survivors),
            rows=sum(file.rows for file in files),
            replaced_rows=standing - sum(file.rows for file in survivors),
            replaced_files=tuple(sorted(task.file.file_path for task in affected)),
            base_version=base,
        )

    def audit(self, written: Written) -> None:
        """Commits the files to the run's branch and holds that against what was written.

        Raises:
            StaleTableError: If readers see another version than the rows were judged against.
            PublishError: If a file is missing or has other rows.
        """
        if not written.files:
            return
        run_id = run_of(written.files[0].path)
        table = self._existing()
        if commits.snapshot_of_run(table.metadata, run_id) is not None:
            return  # what became of the files since, compacted perhaps, is no longer the run's
        self._staged(written, run_id)

    def publish(self, run_id: str, written: Written) -> str:
        """Moves main to the run's branch, after an audit of it."""
        if not written.files:
            return self.version()
        if run_of(written.files[0].path) != run_id:
            message = f"the files of run {run_of(written.files[0].path)} cannot be published as run {run_id}"
            raise PublishError(message)
        self._judged = None
        lost: Exception | None = None
        for _ in range(ATTEMPTS):
            published = self.published_as(run_id)
            if published is not None:
                return published
            try:
                return commits.fast_forward(self._staged(written, run_id), written, run_id)
            except CommitFailedException as error:
                lost = error
        message = f"{'.'.join(self._identifier)} changed {ATTEMPTS} times while the run was published; start it again"
        raise PublishError(message) from lost

    def _staged(self, written: Written, run_id: str) -> Table:
        """The table with an audited branch of the run."""
        lost: Exception | None = None
        for _ in range(ATTEMPTS):
            table = self._existing()
            try:
                commits.stage(table, written, run_id, self._storage)
                table = self._existing()
                commits.audit_branch(table, written, run_id)
            except CommitFailedException as error:
                lost = error
                continue
            except StaleTableError:
                self._judged = None
                self._forget(run_id)
                raise
            return table
        message = f"{'.'.join(self._identifier)} changed {ATTEMPTS} times while the run was staged; start it again"
        raise PublishError(message) from lost

    def _forget(self, run_id: str) -> None:
        """Drops the branch of rows that were judged against what is gone; left for later when something else changes just now."""
        try:
            commits.drop_branch(self._existing(), run_id)
        except CommitFailedException:
            return

    def _load(self) -> Table | None:
        try:
            return self._catalog.load_table(self._identifier)
        except NoSuchTableError as error:
            if self._create_at is not None:
                return None
            message = f"{'.'.join(self._identifier)} is not in the catalog; deploy it before its pipeline runs"
            raise PublishError(message) from error

    def _existing(self) -> Table:
        table = self._load()
        if table is None:
            message = f"{'.'.join(self._identifier)} is gone from the catalog"
            raise PublishError(message)
        return table

    def _plan(self) -> tuple[Table | None, list[FileScanTask]]:
        """The table at the version that rows are judged against, and its files."""
        if self._judged is None:
            self._judged = self._load()
        if self._judged is None:
            return None, []
        main = commits.main_of(self._judged.metadata)
        return self._judged, [] if main is None else reading.plan(self._judged, main)

    def _refuse_published(self, location: str) -> None:
        """Never removes what readers see now, whatever the rows were judged against, nor what another start of the run has staged."""
        table, run_id = self._load(), run_of(location)
        if table is None:
            return
        main = commits.main_of(table.metadata)
        live = main is not None and any(is_below(task.file.file_path, location) for task in reading.plan(table, main))
        if live or commits.snapshot_of_run(table.metadata, run_id) is not None:
            message = f"run {run_id} is published in {'.'.join(self._identifier)}; give another run another id"
            raise PublishError(message)
        self._forget(run_id)

    def _create(self, rows: StructType) -> Table:
        schema = new_schema(self._spec, rows)
        with contextlib.suppress(NamespaceAlreadyExistsError):
            self._catalog.create_namespace(self._spec.database)
        try:
            self._judged = self._catalog.create_table(
                self._identifier,
                schema,
                location=self._create_at,
                partition_spec=new_partition_spec(self._spec, schema),
                properties=_PROPERTIES,
            )
        except TableAlreadyExistsError:
            self._judged = self._existing()
        return self._judged

    def _extend(self, table: Table, rows: StructType) -> None:
        """Adds and widens the columns that the contract has added and widened since; deployed tables get that by deploying."""
        known = {field.name: field.field_type for field in table.schema().fields}
        wanted: dict[str, Any] = {field.name: field.field_type for field in new_schema(self._spec, rows).fields}
        wider = [name for name, type_ in wanted.items() if name in known and widens(known[name], type_)]
        if wider or wanted.keys() - known.keys():
            with table.update_schema() as update:
                for name, type_ in wanted.items():
                    if name not in known:
                        update.add_column(name, type_)
                    elif name in wider:
                        update.update_column(name, field_type=type_)

    def _write(self, table: Table, rows: DataFrame, location: str) -> tuple[DataFile, ...]:
        layout = layout_of(table.schema(), table.spec())
        spread = self._spec.duplicates.equal_rows == "keep"
        return write_files(rows, layout, location, self._storage, arrange=lambda frame: cluster(frame, table, spread=spread))

    def _affected(self, tasks: Sequence[FileScanTask], replaced: DataFrame) -> list[FileScanTask]:
        names = {row[DATA_FILE] for row in replaced.select(DATA_FILE).distinct().collect()}
        found = [task for task in tasks if task.file.file_path in names]
        if len(found) != len(names):
            message = f"{len(names) - len(found)} files that rows are to be replaced in are none of {'.'.join(self._identifier)}"
            raise PublishError(message)
        return found

    def _survivors(self, table: Table, affected: Sequence[FileScanTask], replaced: DataFrame) -> DataFrame:
        """The rows of the affected files that stay."""
        names = [field.name for field in table.schema().fields]
        standing = reading.read(replaced.sparkSession, table, affected, names, self._storage)
        doomed = replaced.select(*(F.col(f"`{name}`").alias(f"_gone_{name}") for name in replaced.columns)).distinct()
        same = F.lit(True)  # noqa: FBT003 - Spark's signature
        for name in replaced.columns:
            same = same & F.col(f"`{name}`").eqNullSafe(F.col(f"`_gone_{name}`"))
        return standing.join(doomed, same, "left_anti").select(*(F.col(f"`{name}`") for name in names))
