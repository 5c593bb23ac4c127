"""Brings what people write into the one form that the standard's schema describes, without changing what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lakemodel.contracts.report import Path
    from lakemodel.yaml_source import Document

_NULL_IS_A_VALUE: Final = frozenset({"value", "valueExt", "mustBe", "mustNotBe", "examples"})
_FREE: Final = frozenset({"examples", "value", "valueExt", "arguments", "mustBe", "mustNotBe", "implementation"})
_NUMERIC: Final = frozenset(
    {
        *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "multipleOf", "dimensions", "priceAmount"),
        *("mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo", "mustBeBetween", "mustNotBeBetween"),
        *("primaryKeyPosition", "partitionKeyPosition", "port"),
    }
)
_BOUNDS: Final = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_TEMPORAL: Final = frozenset({"date", "timestamp", "time"})
_NESTING: Final = {"properties": "object", "items": "array", "map": "map"}


@dataclass(frozen=True, slots=True)
class _Source:
    """What is copied. Unknown keys stay even without a value, so that they are told: `{physicalType: decimal(10,2)}` holds the key `2)`."""

    document: Document
    known_keys: frozenset[str]


def normal_form(document: Document, known_keys: frozenset[str]) -> dict[str, Any]:
    """A copy of the document's data in which

    - known keys without a value are absent (a template's `classification:` says nothing);
    - text that YAML reads as a number or a date is text again, as written (`version: 1.10` is "1.10");
    - a property with `properties`, `items` or `map` and no `logicalType` has the one it implies.
    """  # noqa: D415 - the list ends the sentence
    copied = _copy(_Source(document, known_keys), document.data, (), None)
    return copied if isinstance(copied, dict) else {}


def _copy(source: _Source, node: Any, path: Path, logical_type: str | None) -> Any:
    if isinstance(node, dict):
        return _copy_mapping(source, node, path, logical_type)
    if isinstance(node, list):
        return [_copy(source, one, (*path, index), logical_type) for index, one in enumerate(node)]
    return node


def _copy_mapping(source: _Source, node: dict[str, Any], path: Path, logical_type: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    own_type = node.get("logicalType")
    inner = own_type if isinstance(own_type, str) else logical_type
    for key, value in node.items():
        if value is None and key not in _NULL_IS_A_VALUE and key in source.known_keys:
            continue
        if key in _FREE:
            found[key] = value
        elif isinstance(value, int | float) and not isinstance(value, bool) and _is_text(key, path, inner):
            written = source.document.unquoted((*path, key))
            found[key] = value if written is None else written
        else:
            found[key] = _copy(source, value, (*path, key), inner)
    if "logicalType" not in found and _is_property(path):
        _imply_type(found)
    return found


def _is_property(path: Path) -> bool:
    return path[-2:-1] == ("properties",) or path[-1:] == ("items",) or path[-2:] in {("map", "key"), ("map", "value")}


def _imply_type(found: dict[str, Any]) -> None:
    for key, implied in _NESTING.items():
        if isinstance(found.get(key), list | dict):
            found["logicalType"] = implied
            return


def _is_text(key: str, path: Path, logical_type: str | None) -> bool:
    if key in _BOUNDS:
        return logical_type in _TEMPORAL
    return key not in _NUMERIC and path[-1:] != ("enum",)
