"""Compares the schemas of Iceberg tables as CloudFormation declares them: by field id, as Iceberg reads files, and by name, as queries do.

What a schema may become: https://iceberg.apache.org/spec/#schema-evolution
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.data.columns import is_wider, snapshots
from lakecheck.upgrade.reading import MISSING, at, both, canonical, is_open, objects, said, tell, touched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.upgrade.model import ResourceChange, Risk

INPUT: Final = "OpenTableFormatInput.IcebergInput.IcebergTableInput"
_FIELDS: Final = f"{INPUT}.Schema.Fields"
_PROPERTIES: Final = f"{INPUT}.Properties"
_INSIDE: Final = (("element-id", "element"), ("key-id", "key"), ("value-id", "value"))
_MOST_LEVELS: Final = 40

_GONE: Final = (
    "Queries that name it fail, and the next commit of a schema without it drops it; files keep it, snapshots show it until they expire."
)
_RENAMED: Final = "Queries that name it fail; its data stays under its field id."
_OTHER_ID: Final = "Iceberg finds a column by its field id: in files that are there it is another one, so that it reads as null."
_TYPE: Final = "Iceberg has no such change of a type: the update is refused, or files that are there cannot be read as it."
_UNKNOWN: Final = "Nobody can say whether readers lose a column."
_STEPWISE: Final = "Add a column beside it, fill it, let readers move, then remove the old one."
_LOCKED: Final = "Keep the field id that it had; field ids are never used again."


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of a schema.

    Attributes:
        path: Its name, with dots between the levels.
        above: The path of the field it is inside; empty for a column.
        type: Its type; of a nested one what it is: struct, list or map.
    """

    path: str
    above: str
    type: str


def risks(change: ResourceChange) -> Iterator[Risk]:
    """What a change of an Iceberg table's schema takes from its readers."""
    pair = both(change) if change.type == "AWS::Glue::Table" else None
    if pair is None or not touched(change, INPUT):
        return
    was, now = (at(side, _FIELDS) for side in pair)
    if was is not MISSING and canonical(was) != canonical(now):
        yield from _schema(change, was, now)
    yield from snapshots(change, at(pair[0], _PROPERTIES), at(pair[1], _PROPERTIES), _PROPERTIES)


def _schema(change: ResourceChange, was: Any, now: Any) -> Iterator[Risk]:
    if is_open(was) or is_open(now) or now is MISSING:
        message = "the schema is stated no more" if now is MISSING else "columns change in a way that is not known"
        yield _tell(change, "columns", message, consequence=_UNKNOWN, remedy=_STEPWISE, is_certain=False)
        return
    before, after = _by_id(was), _by_id(now)
    names = {field.path: key for key, field in after.items()}
    gone = {field.path for key, field in before.items() if key not in after and field.path not in names}
    for key, field in before.items():
        found = after.get(key)
        if field.above in gone:
            continue  # it goes with what it is inside
        if found is not None:
            yield from _kept(change, field, found)
        elif field.path in names:
            message = f"column {field.path} has the field id {names[field.path]} instead of {key}"
            yield _tell(change, "columns", message, field, consequence=_OTHER_ID, remedy=_LOCKED, was=key, now=names[field.path])
        else:
            yield _tell(change, "columns", f"column {field.path} is gone", field, consequence=_GONE, remedy=_STEPWISE, was=field.type)


def _kept(change: ResourceChange, was: Field, now: Field) -> Iterator[Risk]:
    if was.path.rpartition(".")[2] != now.path.rpartition(".")[2]:
        message = f"column {was.path} is called {now.path}"
        yield _tell(change, "columns", message, was, consequence=_RENAMED, remedy=_STEPWISE, was=was.path, now=now.path)
    if not is_wider(was.type, now.type):
        message = f"column {was.path} is {now.type} instead of {was.type}"
        yield _tell(change, "type_narrowed", message, was, consequence=_TYPE, remedy=_STEPWISE, was=was.type, now=now.type)


def _tell(
    change: ResourceChange,
    kind: str,
    message: str,
    field: Field | None = None,
    *,
    consequence: str,
    remedy: str,
    was: Any = MISSING,
    now: Any = MISSING,
    is_certain: bool = True,
) -> Risk:
    place = _FIELDS if field is None else f"{_FIELDS}[{field.path}]"
    return tell(
        change, f"data_loss.{kind}", message, consequence=consequence, remedy=remedy, at=place, was=was, now=now, is_certain=is_certain
    )  # fmt: skip


def _by_id(fields: Any) -> dict[str, Field]:
    """Every field, those inside structs, lists and maps too, by its id; one without an id by its path."""
    found: dict[str, Field] = {}
    for each in objects(fields):
        _add(found, said(each.get("Name")).lower(), "", each.get("Id"), each.get("Type"), _MOST_LEVELS)
    return found


def _add(found: dict[str, Field], path: str, above: str, identity: Any, written: Any, levels: int) -> None:
    kind = _parsed(written)
    name = said(kind.get("type")) if isinstance(kind, dict) else re.sub(r"\s+", "", said(kind)).lower()
    found.setdefault(path if identity is None else said(identity), Field(path=path, above=above, type=name))
    if not isinstance(kind, dict) or levels == 0:
        return
    for each in objects(kind.get("fields")):
        _add(found, f"{path}.{said(each.get('name')).lower()}", path, each.get("id"), each.get("type"), levels - 1)
    for key, what in _INSIDE:
        if what in kind:
            _add(found, f"{path}.{what}", path, kind.get(key), kind[what], levels - 1)


def _parsed(written: Any) -> Any:
    """A type as data: nested ones stand in templates as texts of JSON."""
    if isinstance(written, str) and written.lstrip().startswith("{"):
        try:
            return json.loads(written)
        except (ValueError, RecursionError):
            return written
    return written
