"""The columns that the pipeline adds: the run of a Parquet table; in quarantine what was delivered, as text, and why it was rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakemodel.contracts.model import Column
from lakemodel.errors import DataLakeError
from lakemodel.types.model import List, Primitive, PrimitiveKind

if TYPE_CHECKING:
    from lakemodel.contracts.model import Table

REASONS: Final = "_reasons"
SOURCE_FILE: Final = "_source_file"
SOURCE_LINE: Final = "_source_line"
SOURCE_RECORD: Final = "_source_record"
RUN_ID: Final = "_run_id"
"""The last partition key of every Parquet table: each run of the pipeline registers partitions of its own, and all of them or none."""

_TEXT: Final = Primitive(PrimitiveKind.STRING)


def quarantine_columns(table: Table, classification: str | None = None) -> tuple[Column, ...]:
    """The quarantine table's columns for `table`, the partition column last.

    Args:
        table: The declared table.
        classification: What all of them count as; the table's own class when left out. A lake gives its strictest: nobody knows what a
            rejected row really holds.

    Raises:
        DataLakeError: `reserved_column`, if the table itself has a column of such a name.
    """
    classification = table.classification if classification is None else classification
    own = (
        _own(REASONS, List(_TEXT), classification, "Why the row was rejected: one entry for each rule it breaks."),
        _own(SOURCE_FILE, _TEXT, classification, "The object the row came from."),
        _own(SOURCE_LINE, Primitive(PrimitiveKind.BIGINT), classification, "The line in that object, from 1."),
        _own(SOURCE_RECORD, _TEXT, classification, "The record as it was delivered."),
        run_column(classification),
    )
    check_reserved(table, own)
    delivered = (
        Column(
            name=column.name,
            source_name=column.source_name,
            type=_TEXT,
            classification=classification,
            description=column.description,
        )
        for column in table.columns
    )
    return (*delivered, *own)


def check_reserved(table: Table, added: tuple[Column, ...]) -> None:
    """Refuses a table that declares a column which is added to it.

    Raises:
        DataLakeError: `reserved_column`.
    """
    taken = {column.name for column in table.columns} & {column.name for column in added}
    if taken:
        msg = f"got columns {', '.join(sorted(taken))}; those names belong to the pipeline: rename them in the contract"
        raise DataLakeError(msg, code="reserved_column", where=table.name)


def run_column(classification: str) -> Column:
    """The column that says which run wrote a row."""
    return _own(RUN_ID, _TEXT, classification, "The run of the pipeline that wrote the row.")


def _own(name: str, data_type: Primitive | List, classification: str, description: str) -> Column:
    return Column(name=name, source_name=name, type=data_type, classification=classification, description=description)
