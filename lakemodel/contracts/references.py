"""Reads the relationships of a contract: held against its own tables and columns, and made references that the ingestion job checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.demands import unchecked
from lakemodel.contracts.model import Reference
from lakemodel.contracts.nodes import items_of, mapping_of, parts_of, text_of
from lakemodel.contracts.report import listed, quoted
from lakemodel.contracts.vendor import RELATIONSHIP_PROPERTIES, own_properties, word_of
from lakemodel.naming import normalize
from lakemodel.types.glue import glue_type
from lakemodel.types.model import Decimal, List, Map, Primitive, PrimitiveKind, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.model import Column, Table
    from lakemodel.contracts.report import Path
    from lakemodel.types.model import DataType

SEVERITIES: Final = ("error", "warning")
_WHOLE_NUMBERS: Final = frozenset(
    Primitive(kind) for kind in (PrimitiveKind.TINYINT, PrimitiveKind.SMALLINT, PrimitiveKind.INT, PrimitiveKind.BIGINT)
)
_ELSEWHERE: Final = "it leads to another contract, and the job reads the tables of its own product only"
_NOT_A_COLUMN: Final = "it names no column of a table: a whole table, or a part of a nested column"
_OWN_TABLE: Final = "a table is not held against itself: rows of one delivery may refer to each other"


def with_references(reading: Reading, data: dict[str, Any], tables: Sequence[Table]) -> tuple[Table, ...]:
    """The tables with what their relationships to each other demand; what is not carried out is noted, with the reason."""
    by_name = {table.name: table for table in tables}
    columns = _columns(data, by_name)
    found: dict[str, list[Reference]] = {name: [] for name in by_name}
    for path, implied, relationship in _with_sources(data):
        own = own_properties(reading, path, relationship, RELATIONSHIP_PROPERTIES)
        is_warning = word_of(reading, own, "severity", SEVERITIES, "relationship") == "warning"
        starts, ends = ([implied] if implied else _targets_of(relationship, "from")), _targets_of(relationship, "to")
        if not starts or not ends or (implied and "from" in relationship) or text_of(relationship, "type") not in {"", "foreignKey"}:
            continue  # the standard does not allow it, and that was said
        if any(not _is_elsewhere(one) and _plain(one) not in columns.known for one in (*starts, *ends)) or len(starts) != len(ends):
            continue  # it leads nowhere, and that was said
        pairs = [(columns.at.get(_plain(start)), columns.at.get(_plain(end))) for start, end in zip(starts, ends, strict=True)]
        why = _why_not(starts, ends, pairs)
        if why:
            unchecked(reading, path, f"the relationship to {listed(ends)}", why)
            continue
        known = [(start, end) for start, end in pairs if start is not None and end is not None]
        reference = Reference(
            columns=tuple(start.column.name for start, _ in known),
            table=known[0][1].table,
            target_columns=tuple(end.column.name for _, end in known),
            is_warning=is_warning,
        )
        if reference not in found[known[0][0].table]:
            found[known[0][0].table].append(reference)
    return tuple(replace(table, references=tuple(found[table.name])) for table in tables)


def _why_not(starts: list[str], ends: list[str], pairs: Sequence[tuple[_At | None, _At | None]]) -> str:
    """Why a relationship is not carried out; empty when it is."""
    if any(_is_elsewhere(one) for one in (*starts, *ends)):
        return _ELSEWHERE
    known = [(start, end) for start, end in pairs if start is not None and end is not None]
    if len(known) < len(pairs):
        return _NOT_A_COLUMN
    if len({start.table for start, _ in known}) > 1 or len({end.table for _, end in known}) > 1:
        return "its columns are those of several tables"
    if known[0][0].table == known[0][1].table:
        return _OWN_TABLE
    for start, end in known:
        if not _compare(start.column.type, end.column.type):
            types = f"{start.column.name} is {glue_type(start.column.type)}, {end.column.name} is {glue_type(end.column.type)}"
            return f"values of these types are not compared: {types}"
    return ""


def _compare(one: DataType, other: DataType) -> bool:
    """Whether values of the two types are equal exactly when they mean the same."""
    if isinstance(one, Struct | List | Map) or one == Primitive(PrimitiveKind.BINARY):
        return False
    exact = [isinstance(side, Decimal) or side in _WHOLE_NUMBERS for side in (one, other)]
    return one == other or all(exact)


@dataclass(frozen=True, slots=True)
class _At:
    """A column of a table that is built."""

    table: str
    column: Column


@dataclass(frozen=True, slots=True)
class _Columns:
    """What relationships can name.

    Attributes:
        known: Every spelling of anything in the contract.
        at: Top-level columns by each of their spellings.
    """

    known: frozenset[str]
    at: dict[str, _At]


def _columns(data: dict[str, Any], tables: dict[str, Table]) -> _Columns:
    at: dict[str, _At] = {}
    for _, node in items_of(data, "schema"):
        table = tables.get(text_of(node, "name"), tables.get(normalize(text_of(node, "name"))))
        if table is None:
            continue
        columns = {column.name: column for column in table.columns}
        names, own_id = {text_of(node, key) for key in ("name", "physicalName")} - {""}, text_of(node, "id")
        for _, prop in items_of(node, "properties"):
            column = columns.get(text_of(prop, "name"), columns.get(normalize(text_of(prop, "name"))))
            if column is None:
                continue
            spelled = [f"{outer}.{text_of(prop, key)}" for outer in names for key in ("name", "physicalName") if text_of(prop, key)]
            spelled += [f"schema/{own_id}/properties/{text_of(prop, 'id')}"] if own_id and text_of(prop, "id") else []
            for spelling in spelled:
                at.setdefault(spelling, _At(table.name, column))
    return _Columns(frozenset(_targets(data)), at)


def _with_sources(data: dict[str, Any]) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """Each relationship with the column it starts from, where that follows from its place; the table's name for a part of one."""
    for index, table in items_of(data, "schema"):
        path: Path = ("schema", index)
        for at, relationship in items_of(table, "relationships"):
            yield (*path, "relationships", at), "", relationship
        for position, prop in items_of(table, "properties"):
            place = (*path, "properties", position)
            for at, relationship in items_of(prop, "relationships"):
                yield (*place, "relationships", at), f"{text_of(table, 'name')}.{text_of(prop, 'name')}", relationship
            for inner_place, inner in _properties(place, prop):
                for at, relationship in items_of(inner, "relationships"):
                    yield (*inner_place, "relationships", at), text_of(table, "name"), relationship


def _targets_of(relationship: dict[str, Any], side: str) -> list[str]:
    stated = relationship.get(side)
    return [one for one in (stated if isinstance(stated, list) else [stated]) if isinstance(one, str)]


def _plain(target: str) -> str:
    return target.strip("/")


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
