"""Reads parts of plain data that may have any shape: what has the wrong shape counts as absent (the schema check has said so)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.contracts.report import Path


def text_of(node: Any, key: str) -> str:
    """The text at a key, without surrounding space; empty when there is none."""
    value = node.get(key) if isinstance(node, dict) else None
    return value.strip() if isinstance(value, str) else ""


def flag_of(node: Any, key: str) -> bool | None:
    """The boolean at a key."""
    value = node.get(key) if isinstance(node, dict) else None
    return value if isinstance(value, bool) else None


def integer_of(node: Any, key: str) -> int | None:
    """The whole number at a key."""
    value = node.get(key) if isinstance(node, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def mapping_of(node: Any, key: str) -> dict[str, Any]:
    """The mapping at a key; empty when there is none."""
    value = node.get(key) if isinstance(node, dict) else None
    return value if isinstance(value, dict) else {}


def items_of(node: Any, key: str) -> list[tuple[int, dict[str, Any]]]:
    """The mappings in the list at a key, with their positions."""
    value = node.get(key) if isinstance(node, dict) else None
    return [(index, one) for index, one in enumerate(value) if isinstance(one, dict)] if isinstance(value, list) else []


def texts_of(node: Any, key: str) -> list[str]:
    """The texts in the list at a key."""
    value = node.get(key) if isinstance(node, dict) else None
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def parts_of(path: Path, prop: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The properties directly inside a property, with their places: of an object, an array's items, a map's key and value."""
    for index, child in items_of(prop, "properties"):
        yield (*path, "properties", index), child
    if items := mapping_of(prop, "items"):
        yield (*path, "items"), items
    described = mapping_of(prop, "map")
    for key in ("key", "value"):
        if part := mapping_of(described, key):
            yield (*path, "map", key), part
