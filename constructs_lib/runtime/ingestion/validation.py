"""Judges each record: casts its columns, applies the contract's rules, finds duplicates; no value becomes NULL without a reason.

A reason reads `column:code` (`altitude:not_an_integer`, `stops:maximum`; `.` and `[]` lead into nested values) or `_record:code`, and
never holds a delivered value. A row keeps **all** its reasons; a record that could not be split has no columns to complain of. A broken
rule of severity `warning` is said in the same way, and the row passes. The rules:

- A delivered text equal to the null marker, quoted or not, is NULL. Anything else is cast; what its type does not admit exactly is a
  reason: an integer too large, a decimal that would have to be rounded, a date that does not exist, infinity and NaN. Spaces around
  anything but a string are ignored. (`judging.casting`)
- NULL satisfies every check but `required`; columns of the primary key are required. (`judging.checks`)
- A value has to stand in the table that a reference names, as published. (`judging.references`)
- Of rows with one identity, in the delivery and in the published table, one stays, by the contract's rule; values of `unique` columns
  are there once. (`judging.duplicates`)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 - the name everybody gives it

from .errors import SpecError
from .judging import checks, duplicates
from .judging.casting import cast, cast_problem, cast_value, data_type
from .judging.names import DUPLICATE, GOOD, HIVE_NULL, OUTCOME, QUARANTINED, REASONS, REPLACES, WARNINGS, typed
from .judging.references import look_up, require_comparable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import (
        Column,
        DataFrame,
        SparkSession,
        types as T,  # noqa: N812
    )

    from .spec import ColumnSpec, JobSpec

__all__ = [
    "DUPLICATE",
    "GOOD",
    "HIVE_NULL",
    "OUTCOME",
    "QUARANTINED",
    "REASONS",
    "REPLACES",
    "WARNINGS",
    "cast_problem",
    "cast_value",
    "column_types",
    "judge",
    "typed",
]


def column_types(spark: SparkSession, spec: JobSpec) -> list[T.DataType]:
    """The types of the table's columns as Spark has them, once Spark agrees with everything that the spec says of their values.

    Raises:
        SpecError: If one is no type that the job can read, or a check, a pattern or a date's format makes no sense for it.
    """
    types = [data_type(spark, column.name, column.type) for column in spec.columns]
    for column in spec.columns:
        data_type(spark, column.name, column.delivered_type)
    tried = [
        attempt for at, (column, type_) in enumerate(zip(spec.columns, types, strict=True)) for attempt in _attempts(at, column, type_)
    ]
    if tried and _failure(spark, [attempt for _, attempt in tried]) is not None:
        for what, attempt in tried:
            failure = _failure(spark, [attempt])
            if failure is not None:
                message = f"{what}, which Spark cannot carry out: {failure}"
                raise SpecError(message)
    return types


def _attempts(at: int, column: ColumnSpec, type_: T.DataType) -> list[tuple[str, Column]]:
    """What the spec says of a column's values, tried on one."""
    value = F.lit("").cast(type_) if type_.typeName() in {"string", "binary"} else F.lit(None).cast(type_)
    found = [
        (f"column {column.name!r} has the check {one.kind} {one.value!r}", checks.passes(value, type_, one, column.name))
        for one in column.checks
    ]
    if column.date_format is not None:
        attempt = F.try_to_timestamp(F.lit("2000-01-01"), F.lit(column.date_format))
        found.append((f"column {column.name!r} has the date format {column.date_format!r}", attempt))
    return [(what, attempt.alias(f"a{at}_{number}")) for number, (what, attempt) in enumerate(found)]


def _failure(spark: SparkSession, attempts: Sequence[Column]) -> str | None:
    """What Spark says against these expressions, in one line; None when nothing."""
    try:
        spark.sql("SELECT 1 AS one").select(*attempts).collect()
    except Exception as error:  # noqa: BLE001 - Spark's, Java's and Py4J's: whatever it is, the spec is to blame
        return next(iter(str(error).splitlines()), type(error).__name__)
    return None


def judge(
    records: DataFrame,
    spec: JobSpec,
    types: Sequence[T.DataType],
    *,
    published: DataFrame | None = None,
    references: Mapping[str, DataFrame] | None = None,
    keep: Callable[[DataFrame], DataFrame] | None = None,
) -> DataFrame:
    """The records with their typed values (`v0`, ...), all reasons and warnings, and one outcome each.

    `_reasons` and `_warnings` are lists of texts, `_outcome` is `good`, `quarantined` or `duplicate`, and `_replaces` is the `_data_file`
    of the published row that this good row replaces, NULL where there is none. Looks for shared keys at once.

    Args:
        records: As `reading.read` gives them.
        spec: What holds for the rows.
        types: Of the table's columns, as `column_types` gives them.
        published: The table as readers see it, by catalog names and with `_data_file`; None, or left out, when it has no row.
        references: The tables that `spec.references` names, as published; one that is not there has published nothing.
        keep: Persists a frame that is looked at several times; when left out, each look reads and casts the records again.

    Raises:
        SpecError: If a table that is referred to has no such column, or one of another type.
    """
    targets = {} if references is None else dict(references)
    if published is not None:
        targets.setdefault(spec.table, published)
    require_comparable(spec, types, targets)

    keep = _as_it_is if keep is None else keep
    own = cast(records, spec, types).withColumns({REASONS: checks.reasons(spec, types), WARNINGS: checks.warnings(spec, types)})
    if spec.references:
        if any(one.table == spec.table for one in spec.references):
            own = keep(own)
        own = look_up(own, spec, targets, own)
    return duplicates.settle(own, duplicates.Rows(spec, types, duplicates.identities(spec)), published, keep)


def _as_it_is(frame: DataFrame) -> DataFrame:
    return frame
