"""Holds the relationships of a contract against its own tables and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakemodel.contracts.nodes import items_of, mapping_of, parts_of, text_of
from lakemodel.contracts.report import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path


def check_references(reading: Reading, data: dict[str, Any]) -> None:
    """Warns of each relationship that leads nowhere inside the contract; other files' contracts are not looked at."""
    known = set(_targets(data))
    for path, relationship in _relationships(data):
        for side in ("from", "to"):
            stated = relationship.get(side)
            targets = [one for one in (stated if isinstance(stated, list) else [stated]) if isinstance(one, str)]
            for target in targets:
                if not _is_elsewhere(target) and target.strip("/") not in known:
                    message = f"{side} names {quoted(target)}, which the contract does not describe"
                    reading.report.warning((*path, side), "dangling_reference", message, "Correct the name, or describe what it names.")
        start, end = relationship.get("from"), relationship.get("to")
        if isinstance(start, list) and isinstance(end, list) and len(start) != len(end):
            message = f"from names {len(start)} columns and to names {len(end)}"
            reading.report.warning(path, "dangling_reference", message, "Name as many on both sides.")


def _is_elsewhere(target: str) -> bool:
    return "#" in target


def _relationships(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for index, table in items_of(data, "schema"):
        path = ("schema", index)
        for at, relationship in items_of(table, "relationships"):
            yield (*path, "relationships", at), relationship
        for prop_path, prop in _properties(path, table):
            for at, relationship in items_of(prop, "relationships"):
                yield (*prop_path, "relationships", at), relationship


def _properties(path: Path, node: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for place, prop in parts_of(path, node):
        yield place, prop
        yield from _properties(place, prop)


def _targets(data: dict[str, Any]) -> Iterator[str]:
    """Everything a relationship can name: `table.column` by name or physical name, and `schema/id/properties/id`."""
    for _, table in items_of(data, "schema"):
        table_names = {text_of(table, key) for key in ("name", "physicalName")}
        table_id = text_of(table, "id")
        yield from _below(table, [name for name in table_names if name], f"schema/{table_id}" if table_id else "")


def _below(node: dict[str, Any], names: list[str], by_id: str) -> Iterator[str]:
    yield from (name for name in names if name)
    if by_id:
        yield by_id
    for _, prop in items_of(node, "properties"):
        prop_names = {text_of(prop, key) for key in ("name", "physicalName")} - {""}
        prop_id = text_of(prop, "id")
        inner_id = f"{by_id}/properties/{prop_id}" if by_id and prop_id else ""
        yield from _below(prop, [f"{outer}.{name}" for outer in names for name in sorted(prop_names)], inner_id)
    if items := mapping_of(node, "items"):
        yield from _below(items, [f"{outer}.items" for outer in names] + names, f"{by_id}/items" if by_id else "")
