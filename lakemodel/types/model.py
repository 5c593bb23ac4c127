"""The types a column of the lake can have. How they are spelled elsewhere is in the modules beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class PrimitiveKind(StrEnum):
    """Types without parts. `TIMESTAMP` is an instant in UTC, `TIMESTAMP_NTZ` a wall-clock time without a zone."""

    BOOLEAN = "boolean"
    TINYINT = "tinyint"
    SMALLINT = "smallint"
    INT = "int"
    BIGINT = "bigint"
    FLOAT = "float"
    DOUBLE = "double"
    STRING = "string"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMP_NTZ = "timestamp_ntz"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class Primitive:
    """A type without parts."""

    kind: PrimitiveKind


@dataclass(frozen=True, slots=True)
class Decimal:
    """An exact number of `precision` digits (1 to 38), `scale` of them after the point (0 to `precision`)."""

    precision: int
    scale: int


@dataclass(frozen=True, slots=True)
class StructField:
    """One named part of a struct; `source_name` is the producer's spelling where it differs from `name`."""

    name: str
    type: DataType
    required: bool = False
    description: str = ""
    source_name: str = ""

    @property
    def delivered_as(self) -> str:
        """The name by which the producer delivers it."""
        return self.source_name or self.name


@dataclass(frozen=True, slots=True)
class Struct:
    """Named parts, in order."""

    fields: tuple[StructField, ...]


@dataclass(frozen=True, slots=True)
class List:
    """Any number of elements of one type."""

    element: DataType
    element_required: bool = False


@dataclass(frozen=True, slots=True)
class Map:
    """Keys of one type, each with a value of another."""

    key: DataType
    value: DataType
    value_required: bool = False


DataType: TypeAlias = Primitive | Decimal | Struct | List | Map
