"""Compares one column, or one part of a nested one, that is in both states."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.classification import protective_marks
from lakemodel.contracts.diff.classes import Classes, compare_classes
from lakemodel.contracts.diff.comparison import (
    ABSENT,
    Comparison,
    Handler,
    Pair,
    aligned,
    differing_keys,
    identity_of,
    leaves,
    means_the_same,
    told,
)
from lakemodel.contracts.diff.constraints import Demand, demands
from lakemodel.contracts.diff.custom import custom_properties
from lakemodel.contracts.diff.quality import quality_rules, relationships
from lakemodel.contracts.diff.types import TypeChange, type_changes
from lakemodel.contracts.model import TableFormat
from lakemodel.contracts.nodes import flag_of, text_of
from lakemodel.naming import normalize
from lakemodel.types.sql import parse_sql_type

if TYPE_CHECKING:
    from lakemodel.contracts.diff.sides import Side
    from lakemodel.contracts.diff.types import Steps
    from lakemodel.contracts.model import Column
    from lakemodel.types.sql_model import SqlType

_TYPE_KEYS: Final = ("logicalType", "physicalType")
_TYPE_OPTIONS: Final = ("format", "timezone", "elementType")
_OPTIONS: Final = frozenset(
    {*_TYPE_OPTIONS, *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems")}
)
"""Options whose effect was looked at."""

_TEMPORAL: Final = frozenset({"date", "timestamp", "time"})
_PART_KEYS: Final = ("properties", "items", "map")


@dataclass(frozen=True, slots=True)
class Matched:
    """A column in both states.

    Attributes:
        base: What the lake makes of it in BASE; None where it can make nothing of it.
        head: The same in HEAD.
        table_format: What HEAD keeps the table as.
        explained: Keys, and custom properties of this project, whose difference was told by what knows the whole table.
    """

    base: Column | None
    head: Column | None
    table_format: TableFormat
    explained: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Walk:
    """One column that is being compared, with all that is nested in it.

    Attributes:
        types: What changed in its type; None when the lake cannot tell.
    """

    comparison: Comparison
    column: Matched
    types: list[TypeChange] | None
    explained: set[str] = field(default_factory=set)


def catalog_name(node: Any) -> str:
    """What the catalog calls a table or a column."""
    written = text_of(node, "name")
    return normalize(written) or written


def compare_column(comparison: Comparison, pair: Pair, column: Matched) -> None:
    """Notes every difference of a column that is in both states, in its type, its class, what is asked of it, what is said of it."""
    types = None
    if column.base is not None and column.head is not None:
        types = list(type_changes(column.base.type, column.head.type))
        for change in types:
            _note_type(comparison, pair, change, column.table_format)
    walk = _Walk(comparison, column, types)
    classes = Classes.of(comparison)
    _compare(walk, pair, (), classes)
    compare_classes(comparison, pair, classes, column.base, column.head)


def _compare(walk: _Walk, pair: Pair, steps: Steps, classes: Classes) -> None:
    """A property at any depth; `steps` lead to it inside the column's type."""
    comparison = walk.comparison
    explained = set(walk.column.explained) if not steps else set()
    explained |= _type_keys(walk, pair, steps)
    explained |= _source_name(comparison, pair)
    explained |= _flags(comparison, pair, is_column=not steps)
    sqls = [_sql(side, prop) for side, prop in ((comparison.base, pair.base), (comparison.head, pair.head))]
    for demand in demands(pair.base, pair.head, *sqls):
        comparison.note(demand.rule, _place(pair, demand), was=demand.was, now=demand.now)
        explained |= set(demand.keys)
    _marks(comparison, pair)
    _parts(walk, pair, steps, classes)
    own = pair.child("classification")
    if own.differs and steps:
        classes.compare_part(comparison, pair)
    is_temporal = bool({text_of(side, "logicalType") for side in (pair.base, pair.head)} & _TEMPORAL)
    handlers = _HANDLERS | {
        "logicalTypeOptions": _options(explained, is_temporal=is_temporal),
        "enum": _enum(is_told="enum" in explained),
        "customProperties": custom_properties(walk.column.explained, is_known=walk.types is not None),
    }
    for key in differing_keys(pair):
        if key in _PART_KEYS or key == "classification" or (key in explained and key != "enum"):
            continue
        told(comparison, pair.child(key), handlers.get(key, leaves("other.changed")))


def _place(pair: Pair, demand: Demand) -> Pair:
    """Where a demand stands: always under its own key, whatever wrote it, so that an approval of it stays right."""
    parts = tuple(demand.keys[0].split("."))
    return Pair(pair.base, pair.head, (*pair.base_path, *parts), (*pair.head_path, *parts))


def _note_type(comparison: Comparison, pair: Pair, change: TypeChange, table_format: TableFormat) -> None:
    """Notes a change of a type at the place in the contract that is nearest to it."""
    rule = change.rule
    if rule == "type.widened" and table_format is TableFormat.PARQUET:
        rule = "type.widened_files"
    base, base_rest = _locate(pair.base, pair.base_path, change.steps)
    head, head_rest = _locate(pair.head, pair.head_path, change.steps)
    is_gone, is_new = change.now is None, change.was is None
    rest = base_rest if is_gone else head_rest
    place = Pair(ABSENT if is_new and not rest else base[1], ABSENT if is_gone and not rest else head[1], base[0], head[0])
    inside = "".join(step if step.startswith(("[", "{")) else f".{step}" for step in rest)
    comparison.note(
        rule, place, was=ABSENT if change.was is None else change.was, now=ABSENT if change.now is None else change.now, inside=inside
    )


def _locate(node: Any, path: tuple[str | int, ...], steps: Steps) -> tuple[tuple[tuple[str | int, ...], Any], Steps]:
    """How far the steps inside a type can be followed in what is written: the place there, and the steps that are left."""
    for done, step in enumerate(steps):
        found = _step(node, step)
        if found is None:
            return (path, node), steps[done:]
        path, node = (*path, *found[0]), found[1]
    return (path, node), ()


def _step(node: Any, step: str) -> tuple[tuple[str | int, ...], Any] | None:
    keys_of = {"[]": ("items",), "{key}": ("map", "key"), "{value}": ("map", "value")}.get(step)
    if keys_of is not None:
        for key in keys_of:
            node = node.get(key) if isinstance(node, dict) else None
        return (keys_of, node) if isinstance(node, dict) else None
    inner = node.get("properties") if isinstance(node, dict) else None
    for index, child in enumerate(inner if isinstance(inner, list) else []):
        if catalog_name(child) == step:
            return ("properties", index), child
    return None


def _type_keys(walk: _Walk, pair: Pair, steps: Steps) -> set[str]:
    """The keys of a type that are told: those of a place at or below which the type changed."""
    told_keys = {*_TYPE_KEYS, *(f"logicalTypeOptions.{key}" for key in _TYPE_OPTIONS)}
    if walk.types is not None:
        is_told = any(change.steps[: len(steps)] == steps and change.rule.startswith(("type.", "field.")) for change in walk.types)
        return told_keys if is_told else set()
    differing = [key for key in _TYPE_KEYS if pair.child(key).differs]
    if not differing:
        return set()
    walk.comparison.note("type.unresolved", pair.child(differing[0]) if pair.child(differing[0]).head is not ABSENT else pair,
                         was=_spelled(pair.base), now=_spelled(pair.head))  # fmt: skip
    return told_keys


def _spelled(prop: Any) -> str:
    return " ".join(text_of(prop, key) for key in _TYPE_KEYS if text_of(prop, key)) or "no type"


def _source_name(comparison: Comparison, pair: Pair) -> set[str]:
    was, now = (text_of(side, "physicalName") or text_of(side, "name") for side in (pair.base, pair.head))
    if was == now:
        return set()
    comparison.note("column.source_changed", pair, was=was, now=now)
    return {"name", "physicalName"}


def _flags(comparison: Comparison, pair: Pair, *, is_column: bool) -> set[str]:
    """Whether a value is required and unique, whoever says so: the flag, NOT NULL in the physical type, the primary key."""
    explained: set[str] = set()
    was, now = (_is_required(side, prop) for side, prop in ((comparison.base, pair.base), (comparison.head, pair.head)))
    keyed = [is_column and flag_of(side, "primaryKey") is True for side in (pair.base, pair.head)]
    if was != now and not all(keyed):
        rule = "required.added" if now else "required.removed"
        comparison.note(rule, pair, was=_word(was, "required", "optional"), now=_word(now, "required", "optional"))
        explained |= {"required", "physicalType"}
    was, now = (flag_of(side, "unique") is True for side in (pair.base, pair.head))
    if was != now:
        rule = "unique.added" if now else "unique.removed"
        comparison.note(rule, pair, was=_word(was, "unique", "any"), now=_word(now, "unique", "any"))
        explained.add("unique")
    return explained


def _is_required(side: Side, prop: Any) -> bool:
    sql = _sql(side, prop)
    return flag_of(prop, "required") is True or (sql is not None and sql.not_null)


def _word(flag: bool, yes: str, no: str) -> str:  # noqa: FBT001 - the flag is what is put into words
    return yes if flag else no


def _sql(side: Side, prop: Any) -> SqlType | None:
    written = text_of(prop, "physicalType")
    return _parsed(written, side.dialect) if written else None


@lru_cache(maxsize=4096)
def _parsed(written: str, dialect: str | None) -> SqlType:
    return parse_sql_type(written, dialect=dialect)


def _marks(comparison: Comparison, pair: Pair) -> None:
    """Tags and custom properties that say personal or sensitive."""
    left = protective_marks(pair.head)
    for mark in dict.fromkeys(protective_marks(pair.base)):
        if mark not in left:
            comparison.note("protection.mark_removed", pair, was=mark, now=ABSENT)


def _parts(walk: _Walk, pair: Pair, steps: Steps, classes: Classes) -> None:
    """What is nested in a property, where both states write it; what is new or gone the type has told."""
    inner = classes.inside(pair)
    properties = pair.child("properties")
    if properties.differs:
        _fields(walk, properties, steps, inner)
    for key, step in (("items", "[]"), ("map", "")):
        child = pair.child(key)
        if not child.differs:
            continue
        if not (isinstance(child.base, dict) and isinstance(child.head, dict)):
            if walk.types is None or not any(change.steps[: len(steps)] == steps for change in walk.types):
                walk.comparison.note("spelling.changed" if walk.types is not None else "type.unresolved", child)
        elif key == "items":
            _compare(walk, child, (*steps, step), inner)
        else:
            for side in ("key", "value"):
                part = child.child(side)
                if part.differs and isinstance(part.base, dict) and isinstance(part.head, dict):
                    _compare(walk, part, (*steps, f"{{{side}}}"), inner)


def _fields(walk: _Walk, pair: Pair, steps: Steps, classes: Classes) -> None:
    before = len(walk.comparison.changes)
    for base, head in aligned(pair.base, pair.head, lambda node: catalog_name(node) or None):
        item = pair.item(base, head)
        if base is not None and head is not None:
            if item.differs:
                _compare(walk, item, (*steps, catalog_name(item.head)), classes)
        elif walk.types is None:
            walk.comparison.note("field.removed" if head is None else _added(item.head), item)
    is_told = walk.types is not None and any(change.steps[: len(steps)] == steps for change in walk.types)
    if len(walk.comparison.changes) == before and not is_told:
        walk.comparison.note("spelling.changed", pair)


def _added(prop: Any) -> str:
    return "field.added_required" if flag_of(prop, "required") else "field.added"


def _options(explained: set[str], *, is_temporal: bool) -> Handler:
    """Options of a type that no demand was made of: how dates are written, the zone, another spelling."""

    def handle(comparison: Comparison, pair: Pair) -> bool:
        is_told = False
        for key in differing_keys(pair):
            child = pair.child(key)
            if f"logicalTypeOptions.{key}" in explained:
                is_told = True
                continue
            if key == "format" and is_temporal:
                comparison.note("delivery.changed", child)
            elif key == "defaultTimezone":
                comparison.note("delivery.timezone_changed", child)
            else:
                comparison.note("spelling.changed" if key in _OPTIONS else "other.changed", child)
        return is_told

    return handle


def _enum(*, is_told: bool) -> Handler:
    """Allowed values: those that came and went are told, what is said about the others is for people."""

    def handle(comparison: Comparison, pair: Pair) -> bool:
        for base, head in aligned(pair.base, pair.head, identity_of):
            item = pair.item(base, head)
            if base is not None and head is not None and item.differs:
                leaves("documentation.changed")(comparison, item)
        return is_told

    return handle


def _critical(comparison: Comparison, pair: Pair) -> None:
    if pair.base is True and pair.head is not True:
        comparison.note("protection.critical_removed", pair)
    elif pair.head is True:
        comparison.note("documentation.changed", pair)


_WORDS: Final = ("description", "businessName", "examples", "synonyms", "authoritativeDefinitions", "context", "id",
                 "dataGranularityDescription")  # fmt: skip
_LOOKED_AT: Final = ("name", "physicalName", "logicalType", "physicalType", "required", "unique", "primaryKey",
                     "primaryKeyPosition", "partitioned", "partitionKeyPosition")  # fmt: skip
_LINEAGE: Final = ("transformLogic", "transformDescription", "transformSourceObjects", "semanticType")

COMMON: Final[dict[str, Handler]] = {
    **dict.fromkeys(_WORDS, leaves("documentation.changed")),
    "tags": leaves("tags.changed"),
    "deprecated": leaves("deprecation.changed"),
    "customProperties": custom_properties(),
    "quality": quality_rules,
    "relationships": relationships,
}
"""Handlers of what tables and properties have in common."""

_HANDLERS: Final[dict[str, Handler]] = COMMON | {
    **dict.fromkeys(_LINEAGE, leaves("lineage.changed")),
    **dict.fromkeys(_LOOKED_AT, means_the_same),
    "encryptedName": leaves("protection.encrypted_name_changed"),
    "criticalDataElement": _critical,
}
