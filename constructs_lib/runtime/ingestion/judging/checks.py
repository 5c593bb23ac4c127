"""What a contract says of single values: the reasons and warnings that a row has by itself.

A pattern is a regular expression of Java, found anywhere in the value unless it says `^` and `$`. Java's matcher has no time limit, and
it goes one call deeper with every repetition of a group: some 2,000 characters against `(a|b)*` end the whole process. So a value longer
than `MOST_MATCHED` characters, or `MOST_REPEATED` where the pattern repeats a group, is not matched and breaks the check as
`column:too_long_for_pattern`. What remains is a pattern that repeats what repeats already, such as `(a+)+$`: thirty characters keep it
busy for ever, and only the job's own time limit ends that.
https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from pyspark.sql import (
    functions as F,  # noqa: N812 - the name everybody gives it
    types as T,  # noqa: N812
)

from .. import cells
from ..errors import SpecError
from ..reading import raw
from .casting import FLOATS, INTEGERS, MOMENTS, NESTED, cast_problem
from .names import HIVE_NULL, nested, typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column

    from ..spec import CheckSpec, ColumnSpec, JobSpec

MOST_MATCHED: Final = 10_000
MOST_REPEATED: Final = 1_000
TOO_LONG_FOR_PATTERN: Final = "too_long_for_pattern"
_REPEATS_A_GROUP: Final = re.compile(r"(?<!\\)\)(?:[*+]|\{\d+,)")
_LENGTHS: Final = ("min_length", "max_length")


def reasons(spec: JobSpec, types: Sequence[T.DataType]) -> Column:
    """All that is wrong with a row by itself. A record that could not be split has no cells to complain of."""
    found = _severe(spec, types, "error")
    for at, (column, type_) in enumerate(zip(spec.columns, types, strict=True)):
        found[at] = [*_own_problems(at, column, type_, spec), *found[at]]
    record = F.array(F.concat(F.lit("_record:"), F.col("_problem")))
    return F.when(F.col("_problem").isNotNull(), record).otherwise(_listed([one for some in found for one in some]))


def warnings(spec: JobSpec, types: Sequence[T.DataType]) -> Column:
    """Broken checks that let the row pass."""
    return _listed([one for some in _severe(spec, types, "warning") for one in some])


def _listed(found: Sequence[tuple[Column, Column]]) -> Column:
    """The texts whose conditions hold; of most rows none does, so that nothing is made for them."""
    nothing = F.array().cast("array<string>")
    if not found:
        return nothing
    holds = found[0][0]
    for condition, _ in found[1:]:
        holds = holds | condition
    return F.when(holds, F.array_compact(F.array(*(F.when(condition, text) for condition, text in found)))).otherwise(nothing)


def _own_problems(at: int, column: ColumnSpec, type_: T.DataType, spec: JobSpec) -> list[tuple[Column, Column]]:
    value, given = F.col(typed(at)), F.col(raw(at))
    found = []
    if isinstance(type_, NESTED):
        problem = F.col(f"{nested(at)}.problem")
        found.append((problem.isNotNull() & value.isNull(), F.concat(F.lit(column.name), problem)))
    elif not isinstance(type_, T.StringType):
        found.append((given.isNotNull() & value.isNull(), F.concat(F.lit(f"{column.name}:"), cast_problem(raw(at), type_, value))))
    if column.required or column.name in spec.primary_key:
        found.append((given.isNull(), F.lit(f"{column.name}:required")))
    if column.name in spec.partition_columns and isinstance(type_, T.StringType):
        # the name of a directory can say neither: both would be read as NULL
        found.append((F.coalesce(value.isin("", HIVE_NULL), F.lit(False)), F.lit(f"{column.name}:not_a_partition_value")))  # noqa: FBT003
    return found


def _severe(spec: JobSpec, types: Sequence[T.DataType], severity: str) -> list[list[tuple[Column, Column]]]:
    """For each column its broken checks of that severity."""
    return [
        [broken for check in column.checks if check.severity == severity for broken in _broken(at, column.name, type_, check)]
        for at, (column, type_) in enumerate(zip(spec.columns, types, strict=True))
    ]


def _broken(at: int, name: str, type_: T.DataType, check: CheckSpec) -> list[tuple[Column, Column]]:
    """When the check of the column at that position is broken, and what is said then; NULL breaks none."""
    value = F.col(typed(at))
    code = F.lit(f"{name}:{check.kind}")
    if check.kind != "pattern":
        return [(value.isNotNull() & ~F.coalesce(passes(value, type_, check, name), F.expr("false")), code)]
    most = MOST_REPEATED if _REPEATS_A_GROUP.search(str(check.value)) else MOST_MATCHED
    too_long = F.length(value) > most
    # CASE, so that a value that is too long is never handed to the matcher
    broken = F.when(value.isNull() | too_long, F.lit(False)).otherwise(~passes(value, type_, check, name))  # noqa: FBT003
    return [(broken, code), (value.isNotNull() & too_long, F.lit(f"{name}:{TOO_LONG_FOR_PATTERN}"))]


def passes(value: Column, type_: T.DataType, check: CheckSpec, name: str) -> Column:
    """Whether a value passes a check of the column of that name.

    Raises:
        SpecError: If values of the type cannot be checked so.
    """
    if check.kind == "enum":
        allowed = check.value if isinstance(check.value, tuple) else (check.value,)
        if isinstance(type_, (*NESTED, T.BinaryType)):
            message = f"column {name!r}: values of {type_.simpleString()} are not compared with a list"
            raise SpecError(message)
        return value.isin(*[_literal(item, type_, name) for item in allowed])
    if isinstance(check.value, tuple):
        message = f"column {name!r}: {check.kind} has several values"
        raise SpecError(message)
    if check.kind == "pattern":
        if not isinstance(type_, T.StringType):
            message = f"column {name!r} of type {type_.simpleString()} has a pattern; only texts have one"
            raise SpecError(message)
        return value.rlike(str(check.value))
    if check.kind in _LENGTHS:
        return _length(value, type_, check, name)
    if isinstance(type_, (*NESTED, T.BinaryType, T.BooleanType)):
        message = f"column {name!r}: values of {type_.simpleString()} have no {check.kind}"
        raise SpecError(message)
    limit = _literal(check.value, type_, name)
    return {
        "minimum": value >= limit,
        "maximum": value <= limit,
        "exclusive_minimum": value > limit,
        "exclusive_maximum": value < limit,
    }[check.kind]


def _length(value: Column, type_: T.DataType, check: CheckSpec, name: str) -> Column:
    if not isinstance(type_, (T.ArrayType, T.MapType, T.StringType, T.BinaryType)):
        message = f"column {name!r}: values of {type_.simpleString()} have no length"
        raise SpecError(message)
    if isinstance(check.value, bool) or not isinstance(check.value, int):
        message = f"column {name!r}: {check.kind} is {check.value!r}, expected a whole number"
        raise SpecError(message)
    length = F.size(value) if isinstance(type_, (T.ArrayType, T.MapType)) else F.length(value)
    return length >= check.value if check.kind == "min_length" else length <= check.value


def _literal(value: Any, type_: T.DataType, name: str) -> Column:
    """A value of the contract as Spark compares it with the column's, without rounding it to the column's type first."""
    try:
        if isinstance(type_, (*INTEGERS, T.DecimalType)):
            return F.lit(_exact(value))
        if isinstance(type_, FLOATS):
            return F.lit(float(value)).cast(type_)
        if isinstance(type_, T.BooleanType):
            return F.lit(cells.leaf_value(str(value), type_))
        if isinstance(type_, MOMENTS):
            cells.leaf_value(str(value), type_)
            return F.lit(str(value)).cast(type_)
    except (ValueError, InvalidOperation) as error:
        message = f"column {name!r} of type {type_.simpleString()} cannot be compared with {value!r}"
        raise SpecError(message) from error
    return F.lit(str(value))


def _exact(value: Any) -> Decimal:
    """The number itself, if Spark has a decimal for it: at most 38 digits."""
    number = Decimal(str(value))
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or max(len(digits) + max(exponent, 0), -exponent) > cells.MAX_PRECISION:
        message = f"{value!r} has more than {cells.MAX_PRECISION} digits"
        raise ValueError(message)
    return number
