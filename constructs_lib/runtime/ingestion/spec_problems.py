"""What can be wrong with a job spec: words that nobody knows, rules that contradict each other, columns used for what they are not."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from .spec_words import (
    CHECK_KINDS,
    CONFLICT_RULES,
    EQUAL_ROWS,
    GATE_METRICS,
    GATE_OPERATORS,
    GATE_SEVERITIES,
    METRIC_FAMILIES,
    METRICS_OF_ROWS,
    SEVERITIES,
    SOURCE_FORMATS,
    TABLE_FORMATS,
)

if TYPE_CHECKING:
    from .spec import GateRule, JobSpec, SourceSpec

_SCALARS: Final = ("number", "moment", "text", "boolean", "binary")
_FAMILIES: Final = {
    **dict.fromkeys(("tinyint", "byte", "smallint", "short", "int", "integer", "bigint", "long"), "number"),
    **dict.fromkeys(("decimal", "dec", "numeric", "float", "real", "double"), "number"),
    **dict.fromkeys(("date", "timestamp", "timestamp_ltz", "timestamp_ntz"), "moment"),
    **dict.fromkeys(("string", "varchar", "char"), "text"),
    **dict.fromkeys(("array", "map", "struct"), "list, map or struct"),
    "boolean": "boolean",
    "binary": "binary",
}


def problems(spec: JobSpec, partitioning: list[dict[str, Any]]) -> list[str]:
    """Everything that is wrong, one sentence each; empty when nothing is."""
    names = [column.name for column in spec.columns]
    found = []
    if not names:
        found.append("columns is empty")
    if len(set(names)) != len(names):
        found.append("a column name stands twice in columns")
    if spec.format not in TABLE_FORMATS:
        found.append(f"format is {spec.format!r}; allowed: {', '.join(TABLE_FORMATS)}")
    found += [
        f"{name!r} is no column of the table"
        for name in dict.fromkeys((*spec.primary_key, *(column for column, _ in spec.partitioning)))
        if name not in names
    ]
    if spec.format == "parquet":
        found += [
            f"partitioning of a Parquet table by {field.get('transform')} of {field.get('column')!r}; only identity can be a directory"
            for field in partitioning
            if field.get("transform", "identity") != "identity"
        ]
    if names and not set(names) - set(spec.partition_columns):
        found.append("every column is a partition column; a file needs at least one of its own")
    found += _source_problems(spec.source)
    found += [
        f"column {column.name!r} has a check of kind {check.kind!r}; allowed: {', '.join(CHECK_KINDS)}"
        for column in spec.columns
        for check in column.checks
        if check.kind not in CHECK_KINDS
    ]
    found += [
        f"column {column.name!r} has an enum without a value"
        for column in spec.columns
        for check in column.checks
        if check.kind == "enum" and check.value == ()
    ]
    found += _rule_problems(spec, names)
    found += _type_problems(spec)
    found += [problem for rule in spec.gate for problem in _gate_problems(rule)]
    return found


def _rule_problems(spec: JobSpec, names: list[str]) -> list[str]:
    """What is wrong with the rules about rows, references and the gate."""
    rule = spec.duplicates
    words = [
        ("duplicates.equal_rows", rule.equal_rows, EQUAL_ROWS),
        ("duplicates.conflict", rule.conflict, CONFLICT_RULES),
        *((f"check of column {column.name!r}: severity", check.severity, SEVERITIES) for column in spec.columns for check in column.checks),
        *((f"reference to {one.table}: severity", one.severity, SEVERITIES) for one in spec.references),
        *((f"gate rule {one.name!r}: metric", one.metric, GATE_METRICS) for one in spec.gate),
        *((f"gate rule {one.name!r}: operator", one.operator, GATE_OPERATORS) for one in spec.gate),
        *((f"gate rule {one.name!r}: severity", one.severity, GATE_SEVERITIES) for one in spec.gate),
    ]
    found = [f"{place} is {value!r}; allowed: {', '.join(allowed)}" for place, value, allowed in words if value not in allowed]
    if (rule.conflict == "latest") != (rule.latest_by is not None):
        found.append("duplicates.latest_by goes with the conflict rule 'latest', and that with it")
    if rule.conflict != "quarantine" and not spec.primary_key:
        found.append(f"duplicates.conflict is {rule.conflict!r}, and the table has no primary key")
    if rule.conflict in {"last", "latest"} and spec.format != "iceberg":
        found.append(f"duplicates.conflict is {rule.conflict!r}, which replaces published rows; only an Iceberg table can")
    if rule.equal_rows == "keep" and spec.primary_key:
        found.append("duplicates.equal_rows is 'keep', and the table has a primary key")
    used = [rule.latest_by, *(one.column for one in spec.gate), *(name for one in spec.references for name in one.columns)]
    found += [f"{name!r} is no column of the table" for name in used if name is not None and name not in names]
    found += [
        f"the reference to {one.table} names {len(one.columns)} columns and {len(one.target_columns)} there"
        for one in spec.references
        if len(one.columns) != len(one.target_columns) or not one.columns
    ]
    return found


def _type_problems(spec: JobSpec) -> list[str]:
    """Columns that are used for what their type does not admit; types that nobody knows are for Spark to refuse."""
    types = {column.name: column.type for column in spec.columns}
    uses = [
        *((f"gate rule {one.name!r}: {one.metric}", one.column, METRIC_FAMILIES.get(one.metric, ())) for one in spec.gate),
        ("duplicates.latest_by", spec.duplicates.latest_by, ("number", "moment", "text")),
        *((f"the reference to {one.table}", name, _SCALARS) for one in spec.references for name in one.columns),
    ]
    found = [
        f"{what} of column {name!r}, whose type is {types[name]}; allowed: a {' or a '.join(families)}"
        for what, name, families in uses
        if name in types and families and family(types[name]) not in {None, *families}
    ]
    for one in spec.references:
        if one.table != spec.table:
            continue
        found += [f"the reference to {one.table}: {name!r} is no column of the table" for name in one.target_columns if name not in types]
        found += [
            f"the reference of {name!r} to {target!r}: their types are {types[name]} and {types[target]}"
            for name, target in zip(one.columns, one.target_columns, strict=False)
            if name in types and target in types and family(types[name]) != family(types[target])
        ]
    return found


def _gate_problems(rule: GateRule) -> list[str]:
    """What is wrong with one rule of the gate by itself."""
    found = []
    if rule.metric in GATE_METRICS and (rule.column is None) != (rule.metric in METRICS_OF_ROWS):
        found.append(
            f"gate rule {rule.name!r}: {rule.metric} is measured on {'a column' if rule.column is None else 'rows, not on a column'}"
        )
    threshold: object = rule.threshold
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not math.isfinite(threshold):
        found.append(f"gate rule {rule.name!r}: threshold is {threshold!r}, expected a number")
    return found


def family(ddl: str) -> str | None:
    """What a type is as far as it matters to rules: a `number`, a `moment`, a `text`, ...; None when it is not known here."""
    word = re.match(r"\s*([A-Za-z_]+)", ddl)
    return None if word is None else _FAMILIES.get(word[1].lower())


def _source_problems(source: SourceSpec) -> list[str]:
    found = []
    if source.format not in SOURCE_FORMATS:
        found.append(f"source.format is {source.format!r}; allowed: {', '.join(SOURCE_FORMATS)}")
    found += [
        f"source.{name} is {value!r}; allowed: {', '.join(allowed)}"
        for name, value, allowed in (
            ("missing_columns", source.missing_columns, ("quarantine", "null")),
            ("extra_columns", source.extra_columns, ("ignore", "quarantine")),
            ("column_order", source.column_order, ("any", "declared")),
        )
        if value not in allowed
    ]
    if not source.delimiter or source.delimiter in {"\n", "\r", source.quote}:
        found.append("source.delimiter is empty, a line end or the quote")
    if len(source.quote) > 1 or len(source.escape) > 1:
        found.append("source.quote and source.escape are one character each, or empty")
    try:
        "".encode(source.encoding)
    except LookupError:
        found.append(f"source.encoding is {source.encoding!r}, which is not known")
    return found
