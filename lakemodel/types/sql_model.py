"""What was read of a type expression: `sql.py` reads them, `sql_plain.py` those without parts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakemodel.types.model import DataType


class Family(StrEnum):
    """What kind of values a type holds."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    BINARY = "binary"
    STRUCT = "struct"
    LIST = "list"
    MAP = "map"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlType:
    """A type expression that was read.

    Attributes:
        family: What it holds. `UNKNOWN`: the expression says nothing to us; `UNSUPPORTED`: no type of the lake holds it.
        text: As written.
        type: Its type; None for a nested one, and for a decimal without precision.
        reason: Why it is unsupported.
        max_length: The most characters (or bytes) a value has.
        values: The values an enumeration allows.
        kept_as_text: What a type is called that the lake keeps as a string although it is none.
        remark: What the lake does not keep of it, or how an ambiguous name was read.
        unsigned: Whether values below zero are excluded.
        zoned: Whether a timestamp says that it has a zone (True) or none (False); None when it does not say.
        not_null: Whether `NOT NULL` is part of the expression.
        fields: Names and types of a struct; None when it lists none.
        element: Of a list; None when it names none.
        key: Of a map; None when it names none.
        value: Of a map; None when it names none.
    """

    family: Family
    text: str
    type: DataType | None = None
    reason: str = ""
    max_length: int | None = None
    values: tuple[str, ...] = ()
    kept_as_text: str = ""
    remark: str = ""
    unsigned: bool = False
    zoned: bool | None = None
    not_null: bool = False
    fields: tuple[tuple[str, SqlType], ...] | None = None
    element: SqlType | None = None
    key: SqlType | None = None
    value: SqlType | None = None


class NotUnderstoodError(Exception):
    """The expression is of no form we know."""
