"""The job spec: a compiled data contract, read from JSON into types, refused as a whole when `spec_problems` finds anything wrong in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from .errors import SpecError
from .spec_problems import problems
from .spec_words import (
    CHECK_KINDS,
    CONFLICT_RULES,
    EQUAL_ROWS,
    GATE_METRICS,
    GATE_OPERATORS,
    GATE_SEVERITIES,
    SEVERITIES,
    SUPPORTED_VERSION,
)

__all__ = [
    "CHECK_KINDS",
    "CONFLICT_RULES",
    "EQUAL_ROWS",
    "GATE_METRICS",
    "GATE_OPERATORS",
    "GATE_SEVERITIES",
    "SEVERITIES",
    "CheckSpec",
    "ColumnSpec",
    "DuplicateRule",
    "GateRule",
    "JobSpec",
    "ReferenceSpec",
    "SourceSpec",
    "parse_spec",
]

Scalar: TypeAlias = str | int | float | bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckSpec:
    """One rule for the values of a column; `value` is a tuple for `enum`, a single value otherwise.

    Attributes:
        severity: `error` quarantines the row that breaks it, `warning` counts it and lets it pass.
    """

    kind: str
    value: Scalar | tuple[Scalar, ...]
    severity: str = "error"


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnSpec:
    """One column.

    Attributes:
        type: Spark DDL.
        delivered_type: The same with the struct fields spelled as the producer spells them; `type` where they are spelled alike.
        date_format: How a date or timestamp is delivered, a Java pattern; None for ISO 8601.
    """

    name: str
    source_name: str
    type: str
    delivered_type: str
    required: bool = False
    unique: bool = False
    date_format: str | None = None
    checks: tuple[CheckSpec, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceSpec:
    """How the files are delivered. An empty `quote` means that nothing is quoted.

    Attributes:
        missing_columns: What becomes of a file that lacks a declared column: `quarantine` all its records, or read it as `null`.
        extra_columns: What becomes of a file with a column nobody declared: `ignore` the column, which the manifest lists and raw
            keeps, or `quarantine` all its records.
        column_order: `any` reads by the header's names in whatever order; `declared` quarantines the records of a file in another order.
    """

    format: str
    header: bool = True
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    null_marker: str = ""
    encoding: str = "UTF-8"
    multiline: bool = True
    missing_columns: str = "quarantine"
    extra_columns: str = "ignore"
    column_order: str = "any"


@dataclass(frozen=True, kw_only=True, slots=True)
class DuplicateRule:
    """What becomes of rows that are in the table already, or twice in a delivery. Its first row is first by file and line.

    A row's identity is its primary key, or the whole row where the table has none.

    Attributes:
        equal_rows: Rows equal in every column: `remove` counts all but one as duplicates, also against the published table; `keep` lets
            them pass (tables without a key only), and only files that were published before, byte by byte, are duplicates.
        conflict: Rows of the same key with other values: `quarantine` all but the first; keep the `first`, the `last`, or the `latest` by
            `latest_by`, and count the others as duplicates. A published row counts as earlier than a delivered one; where a delivered
            row wins over a published one it replaces it (Iceberg only).
        latest_by: Column of the rule `latest`; of equal values, and of NULLs, the earlier row stays.
    """

    equal_rows: str = "remove"
    conflict: str = "quarantine"
    latest_by: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceSpec:
    """Values that have to stand in another table of the same product, as published; a NULL among them satisfies it.

    Attributes:
        columns: Of this table.
        table: Name of the other one.
        target_columns: Its columns, as many.
        severity: As of a check.
    """

    columns: tuple[str, ...]
    table: str
    target_columns: tuple[str, ...]
    severity: str = "error"


@dataclass(frozen=True, kw_only=True, slots=True)
class GateRule:
    """One thing that has to hold of a run before readers see it.

    Attributes:
        name: As the contract calls it.
        metric: One of `GATE_METRICS`; of the run's good rows unless its name says otherwise.
        column: What it is measured on; None for metrics of whole rows.
        operator: How the measured number compares with `threshold` where all is well.
        severity: `block` holds the run back, `warn` tells.
        dqdl: The same rule in Glue's Data Quality Definition Language; empty where that has no word for it.
    """

    name: str
    metric: str
    operator: str
    threshold: float
    column: str | None = None
    severity: str = "block"
    dqdl: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSpec:
    """What the job needs to know of one table.

    Attributes:
        product: `domain.product`.
        columns: In the source's order; a CSV without a header is read by position.
        primary_key: Catalog names; empty when rows are duplicates only if they are equal as a whole.
        partition_columns: Columns whose values are directories of a Parquet table; for Iceberg the table itself knows.
        partitioning: Column and transform of each partition field, for an Iceberg table that is created in a folder.
    """

    product: str
    contract_version: str
    domain: str
    table: str
    database: str
    quarantine_database: str
    format: str
    source: SourceSpec
    columns: tuple[ColumnSpec, ...]
    primary_key: tuple[str, ...] = ()
    partition_columns: tuple[str, ...] = ()
    partitioning: tuple[tuple[str, str], ...] = ()
    duplicates: DuplicateRule = DuplicateRule()
    references: tuple[ReferenceSpec, ...] = ()
    gate: tuple[GateRule, ...] = ()

    @property
    def prefix(self) -> str:
        """Where the table's objects stand in every zone's bucket; ends with a slash."""
        return f"{self.domain}/{self.product.removeprefix(self.domain + '.')}/{self.table}/"

    def index_of(self, name: str) -> int:
        """The position of the column of that catalog name."""
        return next(position for position, column in enumerate(self.columns) if column.name == name)


def parse_spec(text: str, table: str | None = None) -> JobSpec:
    """The job spec in `text`.

    Args:
        text: One job spec, or an object whose `tables` holds one for each table of a product.
        table: Which one; needed where there are several.

    Raises:
        SpecError: If it is no JSON or anything in it is missing, of the wrong kind, or contradicts itself; names all of it.
    """
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        message = f"the job spec is no JSON: {error}"
        raise SpecError(message) from error
    if not isinstance(data, dict):
        message = "the job spec is no JSON object"
        raise SpecError(message)
    if data.get("spec_version") != SUPPORTED_VERSION:
        message = f"spec_version is {data.get('spec_version')!r}; this job reads {SUPPORTED_VERSION}"
        raise SpecError(message)
    if "tables" in data:
        data = _of_table(data["tables"], table)
    try:
        spec = _job(data)
    except KeyError as error:
        message = f"the job spec lacks {error}"
        raise SpecError(message) from error
    except (TypeError, AttributeError) as error:
        message = f"the job spec has a value of the wrong kind: {error}"
        raise SpecError(message) from error
    found = problems(spec, data.get("partitioning") or [])
    if table is not None and spec.table != table:
        found.append(f"the job spec is of table {spec.table}, not of {table}")
    if found:
        raise SpecError("; ".join(found))
    return spec


def _no_constant(word: str) -> None:
    message = f"{word} is no number"
    raise ValueError(message)


def _of_table(tables: Any, table: str | None) -> dict[str, Any]:
    """The spec of one table out of those of several."""
    if not isinstance(tables, dict) or not isinstance(tables.get(table), dict):
        declared = sorted(tables) if isinstance(tables, dict) else []
        message = f"there is no job spec of table {table}; there are {', '.join(declared) or 'none'}: name one with --table"
        raise SpecError(message)
    found: dict[str, Any] = tables[table]
    if found.get("spec_version") != SUPPORTED_VERSION:
        message = f"spec_version of table {table} is {found.get('spec_version')!r}; this job reads {SUPPORTED_VERSION}"
        raise SpecError(message)
    return found


def _job(data: dict[str, Any]) -> JobSpec:
    return JobSpec(
        product=data["product"],
        contract_version=str(data["contract_version"]),
        domain=data["domain"],
        table=data["table"],
        database=data["database"],
        quarantine_database=data["quarantine_database"],
        format=data["format"],
        source=SourceSpec(**data["source"]),
        columns=tuple(_column(column) for column in data["columns"]),
        primary_key=tuple(data.get("primary_key") or ()),
        partition_columns=tuple(field["column"] for field in data.get("partitioning") or ()) if data["format"] == "parquet" else (),
        partitioning=tuple((field["column"], field.get("transform", "identity")) for field in data.get("partitioning") or ()),
        duplicates=DuplicateRule(**(data.get("duplicates") or {})),
        references=tuple(
            ReferenceSpec(**{**one, "columns": tuple(one["columns"]), "target_columns": tuple(one["target_columns"])})
            for one in data.get("references") or ()
        ),
        gate=tuple(GateRule(**one) for one in data.get("gate") or ()),
    )


def _column(data: dict[str, Any]) -> ColumnSpec:
    return ColumnSpec(
        name=data["name"],
        source_name=data.get("source_name") or data["name"],
        type=data["type"],
        delivered_type=data.get("delivered_type") or data["type"],
        required=bool(data.get("required", False)),
        unique=bool(data.get("unique", False)),
        date_format=data.get("date_format"),
        checks=tuple(_check(check) for check in data.get("checks") or ()),
    )


def _check(data: dict[str, Any]) -> CheckSpec:
    value = data["value"]
    return CheckSpec(kind=data["kind"], value=tuple(value) if isinstance(value, list) else value, severity=data.get("severity", "error"))
