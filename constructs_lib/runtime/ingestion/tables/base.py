"""What a published table is to a run: what readers see of it, where rows are written, and the one step that shows them. No storage here.

A run writes files that nobody sees, then publishes them in one step; a crash between any two calls leaves readers with the old table or
with the new one. `version` is what makes two runs that overlap safe: rows are judged against one version of the table, and publishing
refuses (`StaleTableError`) when readers see another by then, so that the run judges again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession

DATA_FILE = "_data_file"
"""Column of `published` that says in which file a row stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DataFile:
    """One file that a run wrote and readers do not see yet.

    Attributes:
        path: Where it stands, on disk or in S3.
        rows: How many rows it has, read back from its footer.
        size: Bytes.
        partition: The values of the table's partition fields as text, in their order; None for NULL.
        sha256: Of its bytes, in hexadecimal.
    """

    path: str
    rows: int
    size: int
    partition: tuple[str | None, ...] = ()
    sha256: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What a run wrote for a table: enough to publish it in another process after a crash, and JSON-ready by `dataclasses.asdict`.

    Attributes:
        files: New rows; with `replaced_files`, also the rows of those files that stay.
        rows: Good rows of this delivery in `files`, those that replace published ones among them.
        replaced_rows: Published rows that delivered ones replace.
        replaced_files: Published files that `files` take the place of (copy on write).
        base_version: The version of the table that the rows were judged against.
    """

    files: tuple[DataFile, ...]
    rows: int
    base_version: str
    replaced_rows: int = 0
    replaced_files: tuple[str, ...] = ()


class PublishedTable(Protocol):
    """One table as readers see it: Iceberg, or Parquet with registered partitions, in Glue's catalog or in a folder."""

    def version(self) -> str:
        """What readers see now, as a text that changes whenever that does; empty for a table that never had a row."""
        ...

    def published_as(self, run_id: str) -> str | None:
        """The version that the run of that id was published as; None when it was not. Holds for as long as the catalog keeps history."""
        ...

    def rows(self, spark: SparkSession, columns: Sequence[str]) -> DataFrame | None:
        """What readers see, with these columns by their catalog names and `_data_file`; None when there is no row."""
        ...

    def write(self, good: DataFrame, location: str, *, replaced: DataFrame | None = None) -> Written:
        """Writes rows below `location`, unseen by readers; what an earlier attempt of the same run left there is removed first.

        Args:
            good: Rows with the table's columns and types, in the spec's order.
            location: A prefix that is the run's alone.
            replaced: Published rows that `good` replaces, as `rows` gave them: the key's columns and `_data_file`. Iceberg only.
        """
        ...

    def audit(self, written: Written) -> None:
        """Holds what was written against what is there, on the side where no reader looks: files, rows, for Iceberg on a branch.

        Raises:
            PublishError: If a file is missing or has other rows than were written.
        """
        ...

    def publish(self, run_id: str, written: Written) -> str:
        """Shows the run to readers in one step and returns the table's new version; a run that is published is left as it is.

        Raises:
            StaleTableError: If readers see another version than `written.base_version`; nothing is changed, the run has to judge again.
            PublishError: If readers do not see the run.
        """
        ...
