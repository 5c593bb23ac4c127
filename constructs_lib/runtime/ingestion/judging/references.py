"""Looks up values that have to stand in another table: `column:unknown_reference`, `_record:unknown_reference` for several columns.

What counts is the other table as published; while nothing of it is, every value is unknown. A NULL among a reference's columns satisfies
it, as in SQL. A table that refers to itself (a parent's id) is satisfied by published rows and by rows of the same delivery that have no
reason of their own. Such a row may still be quarantined, for a reference of its own or a conflict; what hangs on it is not held back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import (
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)

from ..errors import SpecError
from .casting import FLOATS, INTEGERS, NESTED
from .names import REASONS, WARNINGS, typed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    from ..spec import JobSpec, ReferenceSpec

UNKNOWN = "unknown_reference"


def look_up(frame: DataFrame, spec: JobSpec, targets: Mapping[str, DataFrame], delivered: DataFrame) -> DataFrame:
    """The rows with a reason or a warning more for every reference that leads nowhere.

    Args:
        frame: Rows with `_reasons` and `_warnings`; `delivered` or a part of it.
        spec: Whose references are looked up.
        targets: The tables referred to, by name.
        delivered: All rows of the delivery with their own reasons: what a table's references to itself may lead to.
    """
    found: dict[str, list[tuple[Column, Column]]] = {REASONS: [], WARNINGS: []}
    helpers = []
    for number, reference in enumerate(spec.references):
        values = [F.col(typed(spec.index_of(name))) for name in reference.columns]
        is_given = F.lit(True)  # noqa: FBT003
        for value in values:
            is_given = is_given & value.isNotNull()
        known = _known(reference, number, spec, targets, delivered)
        if known is None:
            unknown = is_given
        else:
            on = [value == F.col(name) for value, name in zip(values, _names(reference, number), strict=True)]
            frame = frame.join(known, on, "left")
            unknown = is_given & F.col(_mark(number)).isNull()
            helpers += [*_names(reference, number), _mark(number)]
        place = reference.columns[0] if len(reference.columns) == 1 else "_record"
        applies = F.col("_problem").isNull() & unknown
        found[REASONS if reference.severity == "error" else WARNINGS].append((applies, F.lit(f"{place}:{UNKNOWN}")))
    more = {
        name: F.concat(F.col(name), F.array_compact(F.array(*(F.when(condition, text) for condition, text in some))))
        for name, some in found.items()
        if some
    }
    return (frame.withColumns(more) if more else frame).drop(*helpers)


def _mark(number: int) -> str:
    return f"_known{number}"


def _names(reference: ReferenceSpec, number: int) -> list[str]:
    return [f"_target{number}_{at}" for at in range(len(reference.columns))]


def _known(
    reference: ReferenceSpec, number: int, spec: JobSpec, targets: Mapping[str, DataFrame], delivered: DataFrame
) -> DataFrame | None:
    """The values that satisfy the reference, each once; None when there are none."""
    names = _names(reference, number)
    parts = []
    if reference.table in targets:
        parts.append(targets[reference.table].select(*(F.col(f"`{name}`") for name in reference.target_columns)).toDF(*names))
    if reference.table == spec.table:
        own = [F.col(typed(spec.index_of(name))) for name in reference.target_columns]
        parts.append(delivered.where(F.size(REASONS) == 0).select(*own).toDF(*names))
    if not parts:
        return None
    known = parts[0].union(parts[1]) if len(parts) > 1 else parts[0]
    return known.dropna().distinct().withColumn(_mark(number), F.lit(True))  # noqa: FBT003


def require_comparable(spec: JobSpec, types: Sequence[T.DataType], targets: Mapping[str, DataFrame]) -> None:
    """Refuses references that could never be satisfied, before a row is read.

    Raises:
        SpecError: If a column referred to is not there or of another kind; names all of them.
    """
    problems = []
    for reference in spec.references:
        if reference.table not in targets:
            continue
        there = {field.name: field.dataType for field in targets[reference.table].schema.fields}
        for name, target in zip(reference.columns, reference.target_columns, strict=True):
            own = types[spec.index_of(name)]
            place = f"the reference of {name!r} to {reference.table}"
            if target not in there:
                problems.append(f"{place}: the table has no column {target!r}")
            elif _family(own) != _family(there[target]):
                problems.append(f"{place}: its type is {own.simpleString()}, that of {target!r} is {there[target].simpleString()}")
    if problems:
        raise SpecError("; ".join(problems))


def _family(type_: T.DataType) -> str:
    """Types of one family are compared by value."""
    if isinstance(type_, (*INTEGERS, T.DecimalType)):
        return "exact number"
    if isinstance(type_, FLOATS):
        return "floating number"
    return "nested " + type_.simpleString() if isinstance(type_, NESTED) else type_.typeName()
