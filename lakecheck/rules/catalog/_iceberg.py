"""The schema of an Iceberg table as CloudFormation declares it: fields with their ids, nested ones too, and who refers to them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.sources import at, listed, lower, text
from lakecheck.rules._lake import iceberg_tables, place, tables_by_place
from lakecheck.rules.base import once, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.model import Table
    from lakecheck.snapshot import Snapshot

INPUT: Final = "OpenTableFormatInput.IcebergInput.IcebergTableInput"
SCHEMA: Final = f"{INPUT}.Schema"
_INSIDE: Final = (("element-id", "element"), ("key-id", "key"), ("value-id", "value"))
_DEEPEST: Final = 50
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of a schema.

    Attributes:
        path: Its name, with dots between the levels.
        id: Its id as written; None without one.
        required: Whether it says so.
    """

    path: str
    id: Any
    required: Any = None


def with_schema(snapshot: Snapshot) -> Iterator[Resource]:
    """The tables whose template has Iceberg's own schema."""
    yield from (table for table in iceberg_tables(snapshot) if isinstance(value(table, SCHEMA), dict))


def fields(table: Resource) -> Iterator[Field]:
    """Every field of the schema, with those inside structs, lists and maps."""
    for each in listed(value(table, f"{SCHEMA}.Fields")):
        if isinstance(each, dict):
            name = text(each.get("Name"), "?")
            yield Field(path=name, id=each.get("Id"), required=each.get("Required"))
            yield from _inside(each.get("Type"), name, 0)


def nested(written: Any) -> Any:
    """A type as data: the object that a text of JSON has, else what was written."""
    if isinstance(written, str) and written.lstrip().startswith("{"):
        try:
            return json.loads(written)
        except (ValueError, RecursionError):
            return written
    return written


def _inside(written: Any, path: str, depth: int) -> Iterator[Field]:
    found = nested(written)
    if not isinstance(found, dict) or depth > _DEEPEST:
        return
    for each in listed(found.get("fields")):
        if isinstance(each, dict):
            name = f"{path}.{text(each.get('name'), '?')}"
            yield Field(path=name, id=each.get("id"), required=each.get("required"))
            yield from _inside(each.get("type"), name, depth + 1)
    for key, what in _INSIDE:
        if what in found:
            yield Field(path=f"{path}.{what}", id=found.get(key))
            yield from _inside(found[what], f"{path}.{what}", depth + 1)


def number(written: Any) -> int | None:
    """An id as a number, also as the text that templates may have; None for anything else."""
    if isinstance(written, bool):
        return None
    if isinstance(written, int):
        return written
    return int(written) if isinstance(written, str) and _NUMBER.fullmatch(written) else None


@once
def optimizers(snapshot: Snapshot) -> Mapping[tuple[str, str, str], Mapping[str, Resource]]:
    """By account, database and table, the table's optimizers by their type."""
    found: dict[tuple[str, str, str], dict[str, Resource]] = {}
    for each in snapshot.by_type.get("AWS::Glue::TableOptimizer", ()):
        account = text(each.properties.get("CatalogId"), each.account)
        names = lower(each.properties.get("DatabaseName")), lower(each.properties.get("TableName"))
        found.setdefault((account, *names), {})[text(at(each.properties, "Type")).lower()] = each
    return found


def optimizer_of(table: Table, kind: str, snapshot: Snapshot) -> Resource | None:
    """The table's optimizer of a type."""
    return optimizers(snapshot).get((table.account, table.database, table.name), {}).get(kind)


def known(table: Resource, snapshot: Snapshot) -> Table | None:
    """What the estate knows of it."""
    return tables_by_place(snapshot).get(place(table.origin))
