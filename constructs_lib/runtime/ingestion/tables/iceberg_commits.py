"""The commits of a run to an Iceberg table: its files to a branch, and the branch to main in one step.

Both commits are conditional (`assert-ref-snapshot-id`): the branch begins at the version that the rows were judged against, and main moves
only while it is still there. A commit is one new metadata file and one change of a pointer in the catalog, so a crash between any two calls
leaves either the old pointer or the new one. What such a crash can leave behind, all of it harmless: metadata and manifest files that no
metadata refers to (orphan files: Glue's optimizer removes them), a branch of the run (its next attempt reuses or drops it), a snapshot
without a branch (expires with the others). https://iceberg.apache.org/spec/#optimistic-concurrency
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.io.pyarrow import compute_statistics_plan, data_file_statistics_from_parquet_metadata, parquet_path_to_id_mapping
from pyiceberg.manifest import DataFile as IcebergFile, DataFileContent, FileFormat
from pyiceberg.table import Transaction
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.snapshots import ancestors_of
from pyiceberg.table.update import AssertRefSnapshotId, AssertTableUUID, RemoveSnapshotRefUpdate, SetSnapshotRefUpdate
from pyiceberg.typedef import Record

from ..errors import PublishError, StaleTableError
from .arrow_files import check_files
from .partition_values import field_types, from_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyiceberg.table import Table
    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.table.snapshots import Snapshot
    from pyiceberg.table.update import TableUpdate

    from ..files import Storage
    from .base import DataFile, Written

RUN_PROPERTY = "governed-lake-run-id"
"""Names the run in a snapshot's summary."""
WRITTEN_PROPERTY = "governed-lake-written"
"""Digest of what the run wrote, so that another attempt's branch is not taken for this one's."""


class _Staging(Transaction):
    """A transaction whose changes we commit: PyIceberg would try again on top of what somebody else committed, unjudged."""

    def changes(self) -> tuple[TableUpdate, ...]:
        return self._updates


def branch_of(run_id: str) -> str:
    """The run's branch."""
    return f"run_{run_id}"


def main_of(metadata: TableMetadata) -> int | None:
    """The snapshot that readers see; None before the first."""
    snapshot = metadata.snapshot_by_name(MAIN_BRANCH)
    return None if snapshot is None else snapshot.snapshot_id


def as_version(snapshot_id: int | None) -> str:
    """A snapshot as the port calls it."""
    return "" if snapshot_id is None else str(snapshot_id)


def snapshot_of_run(metadata: TableMetadata, run_id: str) -> int | None:
    """The snapshot, main's or an ancestor of it, that published the run."""
    for snapshot in ancestors_of(metadata.snapshot_by_name(MAIN_BRANCH), metadata):
        if snapshot.summary is not None and snapshot.summary.additional_properties.get(RUN_PROPERTY) == run_id:
            return snapshot.snapshot_id
    return None


def require_base(metadata: TableMetadata, name: str, base_version: str) -> None:
    """Holds what readers see against what the rows were judged against.

    Raises:
        StaleTableError: If they differ.
    """
    seen = as_version(main_of(metadata))
    if seen != base_version:
        message = (
            f"readers of {name} see version {seen or 'none'}, the rows were judged against {base_version or 'none'}: "
            "somebody else wrote to the table meanwhile, or it was compacted; judge again"
        )
        raise StaleTableError(message)


def stage(table: Table, written: Written, run_id: str, storage: Storage) -> int:
    """Commits the files to the run's branch, unless they are there, and returns the branch's snapshot.

    Raises:
        CommitFailedException: If somebody else changed the table's metadata in this moment; load it and stage again.
        StaleTableError: If main is not `written.base_version`, or the table's columns are others than the files'.
        PublishError: If a file is missing or has other rows.
    """
    name, branch = ".".join(table.name()), branch_of(run_id)
    require_base(table.metadata, name, written.base_version)
    base, digest = main_of(table.metadata), digest_of(written)
    earlier = table.metadata.snapshot_by_name(branch)
    if earlier is not None:
        if earlier.parent_snapshot_id == base and _property(earlier, WRITTEN_PROPERTY) == digest:
            check_files(written.files, storage)  # another attempt may have removed them since
            return earlier.snapshot_id
        drop_branch(table, run_id)
        table.refresh()
    # without a branch of its own the snapshot stands on main's, and nobody sees it; the branch is set to it in the same commit
    staging = _Staging(table)
    update = staging.update_snapshot(snapshot_properties={RUN_PROPERTY: run_id, WRITTEN_PROPERTY: digest}, branch=None)
    producer: Any = update.overwrite() if written.replaced_files else update.merge_append()
    for file in iceberg_files(table, written.files, storage):
        producer.append_data_file(file)
    for doomed in _live(table, base, written.replaced_files):
        producer.delete_data_file(doomed)
    try:
        producer.commit()
    except ValidationException as error:
        message = f"{name}: {error}"
        raise PublishError(message) from error
    _commit(table, {MAIN_BRANCH: base}, (*staging.changes(), _to(branch, int(producer.snapshot_id))))
    return int(producer.snapshot_id)


def audit_branch(table: Table, written: Written, run_id: str) -> None:
    """Holds the branch against what was written: a reader of it would see the base's files without the replaced ones, and the new ones.

    Raises:
        PublishError: If it would see anything else.
    """
    name, branch = ".".join(table.name()), branch_of(run_id)
    snapshot = table.metadata.snapshot_by_name(branch)
    if snapshot is None:
        message = f"{name} has no branch {branch}"
        raise PublishError(message)
    base = main_of(table.metadata)
    before = {} if base is None else rows_of(table, base)
    expected = {path: rows for path, rows in before.items() if path not in written.replaced_files}
    expected.update((file.path, file.rows) for file in written.files)
    found = rows_of(table, snapshot.snapshot_id)
    if found != expected or len(before) - len(written.replaced_files) + len(written.files) != len(expected):
        differing = sum(found.get(path) != expected.get(path) for path in {*found, *expected})
        message = (
            f"branch {branch} of {name} has {len(found)} files, expected {len(expected)}; {differing} are missing, unexpected or differ"
        )
        raise PublishError(message)
    if snapshot.schema_id != table.metadata.current_schema_id:
        message = f"branch {branch} of {name} was made for other columns than the table has now; judge again"
        raise StaleTableError(message)


def fast_forward(table: Table, written: Written, run_id: str) -> str:
    """Shows the branch to readers and drops it, in one commit.

    Raises:
        CommitFailedException: If main, the branch or anything else of the table changed in this moment; look again.
    """
    branch = branch_of(run_id)
    snapshot = table.metadata.snapshot_by_name(branch)
    if snapshot is None:
        message = f"branch {branch} is gone"
        raise CommitFailedException(message)
    base = int(written.base_version) if written.base_version else None
    changes = (_to(MAIN_BRANCH, snapshot.snapshot_id), RemoveSnapshotRefUpdate(ref_name=branch))
    _commit(table, {MAIN_BRANCH: base, branch: snapshot.snapshot_id}, changes)
    return as_version(snapshot.snapshot_id)


def drop_branch(table: Table, run_id: str) -> None:
    """Removes the run's branch, if there is one; its files become orphans."""
    branch = branch_of(run_id)
    ref = table.metadata.refs.get(branch)
    if ref is not None:
        _commit(table, {branch: ref.snapshot_id}, (RemoveSnapshotRefUpdate(ref_name=branch),))


def iceberg_files(table: Table, files: tuple[DataFile, ...], storage: Storage) -> list[IcebergFile]:
    """The files as manifests list them, their statistics out of their footers.

    Raises:
        StaleTableError: If the table's columns are others than the files'.
        PublishError: If one is missing or has other rows.
    """
    metadata = table.metadata
    schema, spec = metadata.schema(), metadata.spec()
    plan, paths = compute_statistics_plan(schema, metadata.properties), parquet_path_to_id_mapping(schema)
    types = field_types(spec, schema)
    made = []
    for file, footer in zip(files, check_files(files, storage), strict=True):
        stored = {footer.schema.column(at).path for at in range(footer.num_columns)}
        if stored != set(paths) or len(file.partition) != len(types):
            message = f"the columns or the partitioning of {'.'.join(table.name())} changed since the rows were written; judge again"
            raise StaleTableError(message)
        statistics = data_file_statistics_from_parquet_metadata(footer, plan, paths)
        made.append(
            IcebergFile.from_args(
                content=DataFileContent.DATA,
                file_path=file.path,
                file_format=FileFormat.PARQUET,
                partition=Record(*(from_text(text, type_) for text, type_ in zip(file.partition, types, strict=True))),
                file_size_in_bytes=file.size,
                sort_order_id=None,
                spec_id=metadata.default_spec_id,
                equality_ids=None,
                key_metadata=None,
                **statistics.to_serialized_dict(),
            )
        )
    return made


def rows_of(table: Table, snapshot_id: int) -> dict[str, int]:
    """The files that a reader of the snapshot sees, with the rows each has."""
    return {task.file.file_path: task.file.record_count for task in table.scan(snapshot_id=snapshot_id).plan_files()}


def digest_of(written: Written) -> str:
    """A short name of exactly these files."""
    return hashlib.sha256(json.dumps(asdict(written), sort_keys=True).encode()).hexdigest()[:32]


def _commit(table: Table, refs: Mapping[str, int | None], changes: tuple[TableUpdate, ...]) -> None:
    """Commits the changes while the refs are where they were."""
    conditions = (AssertRefSnapshotId(ref=ref, snapshot_id=snapshot_id) for ref, snapshot_id in refs.items())
    table.catalog.commit_table(table, (AssertTableUUID(uuid=table.metadata.table_uuid), *conditions), changes)


def _to(ref: str, snapshot_id: int) -> SetSnapshotRefUpdate:
    return SetSnapshotRefUpdate(
        ref_name=ref,
        type=SnapshotRefType.BRANCH,
        snapshot_id=snapshot_id,
        max_ref_age_ms=None,
        max_snapshot_age_ms=None,
        min_snapshots_to_keep=None,
    )


def _live(table: Table, base: int | None, paths: tuple[str, ...]) -> list[IcebergFile]:
    if not paths or base is None:
        return []
    found = [task.file for task in table.scan(snapshot_id=base).plan_files() if task.file.file_path in set(paths)]
    if len(found) != len(paths):
        message = f"{len(paths) - len(found)} files of {'.'.join(table.name())} that are to be replaced are not in it"
        raise PublishError(message)
    return found


def _property(snapshot: Snapshot, name: str) -> str | None:
    return None if snapshot.summary is None else snapshot.summary.additional_properties.get(name)
