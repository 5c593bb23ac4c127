"""Which of a logical and a physical type to believe where they differ: the one that holds every value of the other."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from lakemodel.types.model import Decimal
from lakemodel.types.sql_model import Family, SqlType

if TYPE_CHECKING:
    from lakemodel.types.model import DataType


class Winner(StrEnum):
    """Whose type is used. `SAME`: the two agree and the physical one is more precise. `NEITHER`: each would lose values of the other."""

    SAME = "same"
    PHYSICAL = "physical"
    LOGICAL = "logical"
    NEITHER = "neither"


_F = Family
_SAME: Final = {
    "string": {_F.STRING, _F.BINARY, _F.TIME},
    "integer": {_F.INTEGER},
    "number": {_F.INTEGER, _F.DECIMAL, _F.FLOAT},
    "boolean": {_F.BOOLEAN},
    "date": {_F.DATE},
    "timestamp": {_F.TIMESTAMP},
    "time": {_F.TIME, _F.STRING},
}
_PHYSICAL_HOLDS_BOTH: Final = {
    "integer": {_F.STRING},
    "number": {_F.STRING},
    "boolean": {_F.STRING, _F.INTEGER, _F.DECIMAL},
    "date": {_F.TIMESTAMP, _F.STRING, _F.INTEGER, _F.DECIMAL, _F.TIME},
    "timestamp": {_F.STRING, _F.INTEGER, _F.DECIMAL},
    "time": {_F.TIMESTAMP, _F.INTEGER, _F.DECIMAL},
}
"""What the producer's system really keeps: text for a date, seconds for a moment, 0 and 1 for a boolean."""

_LOGICAL_HOLDS_BOTH: Final = {
    "string": {_F.INTEGER, _F.DECIMAL, _F.FLOAT, _F.BOOLEAN, _F.DATE, _F.TIMESTAMP},
    "timestamp": {_F.DATE},
}
_BOOLEAN_INTEGER: Final = re.compile(r"tinyint ?\( ?1 ?\)", re.IGNORECASE)


def is_boolean(logical: str, sql: SqlType) -> bool:
    """Whether this is how MySQL spells a boolean."""
    return logical == "boolean" and _BOOLEAN_INTEGER.fullmatch(sql.text) is not None


def weigh(logical: str, sql: SqlType, physical: DataType) -> Winner:
    """Whose type holds the values of both, for a logical type without parts.

    Args:
        logical: The logical type.
        sql: The physical type as read.
        physical: The type of the lake that it means.

    Example:
        >>> from lakemodel.types.sql import parse_sql_type
        >>> stamp = parse_sql_type("timestamp")
        >>> weigh("date", stamp, stamp.type)
        <Winner.PHYSICAL: 'physical'>
    """
    if sql.family in _SAME.get(logical, set()):
        return Winner.SAME
    if logical == "integer" and sql.family is Family.DECIMAL:
        return Winner.SAME if isinstance(physical, Decimal) and physical.scale == 0 else Winner.PHYSICAL
    if sql.family in _PHYSICAL_HOLDS_BOTH.get(logical, set()):
        return Winner.PHYSICAL
    if sql.family in _LOGICAL_HOLDS_BOTH.get(logical, set()):
        return Winner.LOGICAL
    return Winner.NEITHER
