"""Whether a row expression fits a table: its columns, their types, the constants they are compared with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from lakemodel.limits import Quota, limit
from lakemodel.rows.parser import RowSyntaxError, parse
from lakemodel.types.model import Decimal, Primitive, PrimitiveKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from lakemodel.rows.parser import Constant, Predicate
    from lakemodel.types.model import DataType

_KINDS = {
    PrimitiveKind.BOOLEAN: "boolean",
    PrimitiveKind.STRING: "text",
    PrimitiveKind.DATE: "date",
    PrimitiveKind.TIMESTAMP: "timestamp",
    PrimitiveKind.TIMESTAMP_NTZ: "timestamp",
    PrimitiveKind.BINARY: None,
}
_WRITTEN = {
    "boolean": "TRUE or FALSE",
    "text": "'text'",
    "number": "a number without quotes",
    "date": "DATE '2026-01-31'",
    "timestamp": "TIMESTAMP '2026-01-31 00:00:00'",
}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2})(\.\d{1,9})?([+-]\d{2}:\d{2}|Z)?", re.ASCII)


def problems(expression: str, columns: Mapping[str, DataType | None] | Iterable[str], *, partitions: Collection[str] = ()) -> list[str]:
    """What is wrong with a row expression, in words; empty when nothing is found.

    It has to be comparisons of one column with constants, put together with AND, OR, NOT and parentheses. Functions, calculations,
    comparisons of columns with each other and parts of nested columns are refused; so are columns the table does not have, and, where
    types are known, constants of another type. It judges one expression for itself: never whether one says more than another.

    See https://docs.aws.amazon.com/lake-formation/latest/dg/partiql-support.html.

    Args:
        expression: A PartiQL predicate, without WHERE.
        columns: The table's columns, with their types as far as known; names alone are enough.
        partitions: The columns whose values stand in the objects' prefix: they are never NULL, and Lake Formation refuses the question.

    Example:
        >>> problems("country = 'DE' AND total > 10", ["country", "total"])
        []
        >>> problems("upper(country) = 'DE'", ["country"])
        ['function upper; Lake Formation takes comparisons only']
    """
    if not expression.strip():
        return ["it is empty"]
    longest = limit(Quota.LF_ROW_EXPRESSION_CHARACTERS).value
    if len(expression) > longest:
        return [f"it has {len(expression)} characters, allowed are {longest}"]
    try:
        predicates = parse(expression)
    except RowSyntaxError as error:
        return [str(error)]
    known: dict[str, DataType | None] = dict(columns) if isinstance(columns, Mapping) else dict.fromkeys(columns)
    return list(dict.fromkeys(found for each in predicates for found in _misfits(each, known, partitions)))


def _misfits(predicate: Predicate, columns: Mapping[str, DataType | None], partitions: Collection[str]) -> Iterator[str]:
    written = ".".join(predicate.column)
    name = predicate.column[0] if predicate.quoted else predicate.column[0].lower()
    if len(predicate.column) > 1:
        yield f"nested column {written}; a filter of rows and columns cannot use parts of a column"
        return
    if name not in columns:
        yield f"column {written}, which the table does not have"
        return
    if predicate.operator == "IS NULL" and name in partitions:
        yield f"IS NULL of {name}, by which the table is partitioned; Lake Formation does not take that"
    if any(value.kind == "null" for value in predicate.values):
        yield f"{name} compared with NULL, which never holds; write IS NULL or IS NOT NULL"
        return
    yield from (wrong for value in predicate.values if (wrong := _no_value(value)))
    data_type = columns[name]
    if data_type is not None and predicate.operator != "IS NULL":
        yield from _mistyped(predicate, name, data_type)
    elif predicate.operator == "LIKE" and predicate.values[0].kind != "text":
        yield f"LIKE {predicate.values[0].value}; a pattern is {_WRITTEN['text']}"


def _mistyped(predicate: Predicate, name: str, data_type: DataType) -> Iterator[str]:
    kind = _kind(data_type)
    if kind is None:
        yield f"column {name}, whose type cannot be compared; allowed are text, numbers, booleans, dates and timestamps"
        return
    if predicate.operator == "LIKE" and kind != "text":
        yield f"LIKE on {name}, which is a {kind}; patterns are for text"
        return
    for value in predicate.values:
        if value.kind != kind:
            shown = repr(value.value) if value.kind == "text" else value.value
            yield f"{name} is a {kind}, compared with the {value.kind} {shown}; write {_WRITTEN[kind]}"


def _no_value(constant: Constant) -> str | None:
    """Why the constant is none of its kind, such as a day that does not exist."""
    try:
        if constant.kind == "date":
            _must(_DATE, constant.value)
            date.fromisoformat(constant.value)
        elif constant.kind == "timestamp":
            datetime.fromisoformat(_must(_TIMESTAMP, constant.value).group(1))
        elif constant.kind == "number":
            _must(_NUMBER, constant.value)
    except ValueError:
        return f"{constant.value!r} is no {constant.kind}; write {_WRITTEN[constant.kind]}"
    return None


def _must(pattern: re.Pattern[str], value: str) -> re.Match[str]:
    match = pattern.fullmatch(value)
    if match is None:
        raise ValueError(value)
    return match


def _kind(data_type: DataType) -> str | None:
    """What constants of the type are; None for what cannot be compared."""
    if isinstance(data_type, Decimal):
        return "number"
    if isinstance(data_type, Primitive):
        return _KINDS.get(data_type.kind, "number")
    return None
