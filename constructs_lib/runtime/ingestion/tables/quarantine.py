"""What a quarantined row looks like to people: as it was delivered, with what is wrong and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 - the name everybody gives it

from ..reading import raw
from ..validation import OUTCOME, QUARANTINED, REASONS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from ..spec import JobSpec


def quarantined_rows(judged: DataFrame, spec: JobSpec) -> DataFrame:
    """The quarantined rows as delivered, all strings, with all their reasons and where they come from.

    `_source_record` is the whole text of a record that could not be split into columns, NULL otherwise.
    """
    return judged.where(F.col(OUTCOME) == QUARANTINED).select(
        *(F.col(raw(at)).alias(column.name) for at, column in enumerate(spec.columns)),
        F.col(REASONS),
        F.col("_file").alias("_source_file"),
        F.col("_line").alias("_source_line"),
        F.col("_record").alias("_source_record"),
    )
