"""Column types as the Iceberg specification spells them, every nested part with its locked field id.

See https://iceberg.apache.org/spec/#appendix-c-json-serialization
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Protocol

from lakemodel.types.model import Decimal, List, Map, Primitive, PrimitiveKind, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.types.model import DataType

_PRIMITIVES: Final = {
    PrimitiveKind.BOOLEAN: "boolean",
    PrimitiveKind.TINYINT: "int",
    PrimitiveKind.SMALLINT: "int",
    PrimitiveKind.INT: "int",
    PrimitiveKind.BIGINT: "long",
    PrimitiveKind.FLOAT: "float",
    PrimitiveKind.DOUBLE: "double",
    PrimitiveKind.STRING: "string",
    PrimitiveKind.DATE: "date",
    PrimitiveKind.TIMESTAMP: "timestamptz",
    PrimitiveKind.TIMESTAMP_NTZ: "timestamp",
    PrimitiveKind.BINARY: "binary",
}

ELEMENT: Final = "[]"
KEY: Final = "{key}"
VALUE: Final = "{value}"


class FieldIdSource(Protocol):
    """Knows the field id of every part of a table."""

    def of(self, path: str) -> int:
        """The id of a column (`items`) or of a nested part (`items[].sku`, `attributes{value}`)."""


def iceberg_type(data_type: DataType, path: str, ids: FieldIdSource) -> str | dict[str, Any]:
    """The Iceberg type of what stands at `path`: a word for a primitive, the specification's JSON object for a nested type.

    No nested part is required in the table: the job checks whole columns, and one NULL inside would make a load fail for good.

    Args:
        data_type: The type.
        path: The column's name; nested parts are named as in `nested_parts`.
        ids: The locked ids of the table.

    Raises:
        KeyError: A nested part has no id.
    """
    match data_type:
        case Primitive(kind):
            return _PRIMITIVES[kind]
        case Decimal(precision, scale):
            return f"decimal({precision}, {scale})"
        case Struct(fields):
            return {
                "type": "struct",
                "fields": [
                    {
                        "id": ids.of(f"{path}.{field.name}"),
                        "name": field.name,
                        "required": False,
                        "type": iceberg_type(field.type, f"{path}.{field.name}", ids),
                    }
                    | ({"doc": field.description} if field.description else {})
                    for field in fields
                ],
            }
        case List(element):
            return {
                "type": "list",
                "element-id": ids.of(path + ELEMENT),
                "element-required": False,
                "element": iceberg_type(element, path + ELEMENT, ids),
            }
        case Map(key, value):
            return {
                "type": "map",
                "key-id": ids.of(path + KEY),
                "key": iceberg_type(key, path + KEY, ids),
                "value-id": ids.of(path + VALUE),
                "value-required": False,
                "value": iceberg_type(value, path + VALUE, ids),
            }


def iceberg_type_text(data_type: DataType, path: str, ids: FieldIdSource) -> str:
    """The Iceberg type as `AWS::Glue::Table` takes it: always text, nested types as JSON.

    See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-glue-table-icebergstructfield.html
    """
    spelled = iceberg_type(data_type, path, ids)
    return spelled if isinstance(spelled, str) else json.dumps(spelled, separators=(",", ":"), ensure_ascii=False)


def nested_parts(data_type: DataType, path: str) -> Iterator[tuple[str, DataType]]:
    """Each part inside the type at `path` that has a field id of its own, parents first.

    Example:
        >>> [part for part, _ in nested_parts(List(Primitive(PrimitiveKind.INT)), "scores")]
        ['scores[]']
    """
    match data_type:
        case Struct(fields):
            inner = [(f"{path}.{field.name}", field.type) for field in fields]
        case List(element):
            inner = [(path + ELEMENT, element)]
        case Map(key, value):
            inner = [(path + KEY, key), (path + VALUE, value)]
        case _:
            return
    for part, part_type in inner:
        yield part, part_type
        yield from nested_parts(part_type, part)
