"""Reads one table of a contract: its columns, key, partitioning, format and delivery."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lakemodel.contracts.classification import classify
from lakemodel.contracts.column_types import Resolved, resolve
from lakemodel.contracts.context import RESERVED_COLUMNS
from lakemodel.contracts.deliveries import duplicate_rule, expected_volume
from lakemodel.contracts.model import Column, GateRule, Source, SourceFormat, Table, TableFormat
from lakemodel.contracts.nodes import items_of, parts_of, text_of
from lakemodel.contracts.partitioning import partitioning, primary_key
from lakemodel.contracts.quality import demands_of, tags_of
from lakemodel.contracts.quality_rules import table_rules, unique_names
from lakemodel.contracts.report import quoted
from lakemodel.contracts.vendor import COLUMN_PROPERTIES, TABLE_PROPERTIES, own_properties, source_of, table_format
from lakemodel.findings import Severity
from lakemodel.types.glue import MAX_TYPE_LENGTH, glue_type
from lakemodel.types.model import List, Map, Struct

if TYPE_CHECKING:
    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path

_MAX_COLUMNS = 1_000
"""Wider tables do not fit the metadata limits of the catalog and of one template."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A column whose name and type are settled."""

    path: Path
    prop: dict[str, Any]
    name: str
    source_name: str
    resolved: Resolved


def read_table(reading: Reading, path: Path, node: dict[str, Any]) -> Table | None:
    """The table at `path`; None, with an error, when it cannot be built as it is described."""
    reading.table = path
    written = text_of(node, "name")
    name = reading.legal_name(path, written, "table")
    own = own_properties(reading, path, node, TABLE_PROPERTIES)
    kept_as = table_format(reading, own)
    properties = items_of(node, "properties")
    if not properties:
        reading.report.error(path, "no_columns", "the table has no properties, so it would have no columns", "Describe its properties.")
    if len(properties) > _MAX_COLUMNS:
        found = f"the table has {len(properties):,} columns; at most {_MAX_COLUMNS:,} are allowed"
        reading.report.error(path, "too_many_columns", found, "Split the table, or nest columns that belong together.")
        return None
    _check_ids(reading, path, properties)
    drafts, transforms = _drafts(reading, path, properties)
    source = source_of(reading, own, is_nested=any(isinstance(one.resolved.type, Struct | List | Map) for one in drafts))
    keys = primary_key(reading, [(one.path, one.prop, one.name, one.resolved.type) for one in drafts])
    unclassified: list[str] = []
    read = [_column(reading, draft, keys.get(draft.name), unclassified, source) for draft in drafts]
    columns = [column for column, _ in read]
    plain = {text_of(one.prop, "name"): one.name for one in drafts if not isinstance(one.resolved.type, Struct | List | Map)}
    gate, unique = table_rules(reading, path, node, plain, keys)
    columns = [replace(column, unique=True) if column.name in unique else column for column in columns]
    _tell_unclassified(reading, unclassified, len(columns))
    _check_encrypted(reading, drafts, properties)
    both = [(draft.path, draft.prop, column) for draft, column in zip(drafts, columns, strict=True)]
    fields = partitioning(reading, both, transforms, kept_as) if columns else ()
    rule, volume = duplicate_rule(reading, own, columns, kept_as), expected_volume(reading, own)
    if name is None or not columns:
        return None
    return Table(
        name=name,
        source_name=text_of(node, "physicalName") or written,
        format=kept_as,
        columns=tuple(columns),
        classification=reading.rules.stricter(*(column.classification for column in columns)),
        partitioning=fields,
        source=source,
        description=text_of(node, "description"),
        duplicates=rule,
        gate=unique_names([*gate, *(weighed for _, rules in read for weighed in rules)]),
        volume=volume,
    )


def is_computed(prop: dict[str, Any]) -> bool:
    """Whether a property is a measure or a computed dimension, and so no column."""
    kind = text_of(prop, "semanticType")
    return kind == "measure" or (kind == "dimension" and bool(text_of(prop, "transformLogic")))


def _check_ids(reading: Reading, path: Path, properties: list[tuple[int, dict[str, Any]]]) -> None:
    seen: set[str] = set()
    for index, prop in properties:
        own_id = text_of(prop, "id")
        if own_id and own_id in seen:
            message = f"the id {quoted(own_id)} stands twice in the table"
            reading.report.warning((*path, "properties", index, "id"), "duplicate_id", message, "Make ids unique.")
        seen.add(own_id)


def _drafts(reading: Reading, path: Path, properties: list[tuple[int, dict[str, Any]]]) -> tuple[list[_Draft], dict[str, tuple[Path, Any]]]:
    drafts: dict[str, _Draft] = {}
    transforms: dict[str, tuple[Path, Any]] = {}
    sources: dict[str, str] = {}
    for index, prop in properties:
        place = (*path, "properties", index)
        own = own_properties(reading, place, prop, COLUMN_PROPERTIES)
        _check_inner_properties(reading, place, prop)
        written = text_of(prop, "name")
        if is_computed(prop):
            message = f"is a {text_of(prop, 'semanticType')}, computed from other columns, and so is no column of the table"
            reading.report.warning(place, "computed", message, "Remove semanticType if it is delivered.")
            continue
        if reading.report.is_refused(place):
            continue
        name = reading.legal_name(place, written, "column")
        resolved = resolve(reading, place, prop)
        if name is None or resolved is None:
            continue
        source_name = text_of(prop, "physicalName") or written
        if name in drafts:
            other = drafts[name].prop
            message = f"{quoted(written)} and {quoted(text_of(other, 'name'))} are both called {name} in the catalog"
            reading.report.error(place, "duplicate_name", message, "Rename or remove one of them.")
            continue
        if source_name.lower() in sources:
            message = f"{name} and {sources[source_name.lower()]} are both read from {quoted(source_name)}"
            reading.report.error(place, "duplicate_source", message, "Correct physicalName.")
        sources[source_name.lower()] = name
        if name in RESERVED_COLUMNS:
            message = f"the column name {name} is reserved for the pipeline; reserved: {', '.join(sorted(RESERVED_COLUMNS))}"
            reading.report.error(place, "reserved_name", message, "Rename it.")
        if len(glue_type(resolved.type)) > MAX_TYPE_LENGTH:
            message = f"the type has {len(glue_type(resolved.type)):,} characters in the catalog; at most {MAX_TYPE_LENGTH:,} are allowed"
            reading.report.error(place, "type_too_long", message, "Split the column.")
        drafts[name] = _Draft(place, prop, name, source_name, resolved)
        if "partitionTransform" in own:
            transforms[name] = own["partitionTransform"]
    return list(drafts.values()), transforms


def _check_inner_properties(reading: Reading, path: Path, prop: dict[str, Any]) -> None:
    """What belongs to whole columns does nothing inside one, and that is said."""
    for place, child in parts_of(path, prop):
        own_properties(reading, place, child, ())
        for key in ("primaryKey", "partitioned"):
            if child.get(key) is True:
                message = f"{key} stands inside a nested column, where it does nothing"
                reading.report.error((*place, key), "nested_key", message, "Make it a column of its own.")
        _check_inner_properties(reading, place, child)


def _column(
    reading: Reading, draft: _Draft, key_position: int | None, unclassified: list[str], source: Source
) -> tuple[Column, list[GateRule]]:
    """The column, and what its quality rules ask of a delivery."""
    effective, declared = classify(reading, draft.path, draft.prop)
    if declared is None and not _has_class(draft.prop):
        unclassified.append(draft.name)
    null_marker = source.null_marker if source.format is SourceFormat.CSV else None
    demands = demands_of(reading, draft.path, draft.prop, draft.resolved, name=draft.name, null_marker=null_marker)
    column = Column(
        name=draft.name,
        source_name=draft.source_name,
        type=draft.resolved.type,
        classification=effective,
        declared_classification=declared,
        description=text_of(draft.prop, "description"),
        required=demands.required or key_position is not None,
        unique=demands.unique,
        primary_key_position=key_position,
        checks=tuple(demands.checks),
        date_format=demands.date_format,
        tags=tags_of(draft.prop),
    )
    return column, demands.gate


def _has_class(prop: dict[str, Any]) -> bool:
    """Whether every part of a nested column states a class, so that the column needs none of its own."""
    if text_of(prop, "classification"):
        return True
    inner = [child for _, child in parts_of((), prop)]
    return bool(inner) and all(_has_class(child) for child in inner)


def _tell_unclassified(reading: Reading, unclassified: list[str], count: int) -> None:
    if not unclassified:
        return
    strictest, remedy = reading.rules.strictest, "Classify each, so that those who may see it can."
    if len(unclassified) == count:
        message = f"no column has a classification ({count}): all count as {strictest}"
        reading.report.warning(reading.table, "unclassified", message, remedy)
        return
    for name in unclassified:
        message = f"{len(unclassified)} of {count} columns have no classification and count as {strictest}"
        reading.report.gather(Severity.WARNING, reading.table, "unclassified", message, name, remedy)


def _check_encrypted(reading: Reading, drafts: list[_Draft], properties: list[tuple[int, dict[str, Any]]]) -> None:
    declared = {text_of(prop, key) for _, prop in properties for key in ("name", "physicalName")}
    for draft in drafts:
        encrypted = text_of(draft.prop, "encryptedName")
        if encrypted and encrypted not in declared:
            message = f"encryptedName is {quoted(encrypted)}, which is no property: the encrypted values are no column of the table"
            reading.report.warning(
                (*draft.path, "encryptedName"), "encrypted_name", message, f"Add a property {encrypted} if it is delivered."
            )


def formats_note(table: Table) -> str:
    """How a table is kept, in words."""
    parts = ", ".join(f"{one.transform}({one.column})" if one.transform != "identity" else one.column for one in table.partitioning)
    kept = "Iceberg" if table.format is TableFormat.ICEBERG else "Parquet"
    return f"{kept}, partitioned by {parts}" if parts else kept
