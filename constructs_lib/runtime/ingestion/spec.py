"""The job spec: a compiled data contract, read from JSON into types, refused as a whole when anything in it is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from .errors import SpecError

SUPPORTED_VERSION = 1
CHECK_KINDS = ("enum", "minimum", "maximum", "exclusive_minimum", "exclusive_maximum", "pattern", "min_length", "max_length")
TABLE_FORMATS = ("parquet", "iceberg")
SOURCE_FORMATS = ("csv", "jsonl", "parquet")

Scalar: TypeAlias = str | int | float | bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckSpec:
    """One rule for the values of a column; `value` is a tuple for `enum`, a single value otherwise."""

    kind: str
    value: Scalar | tuple[Scalar, ...]


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
    """How the files are delivered. An empty `quote` means that nothing is quoted."""

    format: str
    header: bool = True
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    null_marker: str = ""
    encoding: str = "UTF-8"
    multiline: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSpec:
    """What the job needs to know of one table.

    Attributes:
        product: `domain.product`.
        columns: In the source's order; a CSV without a header is read by position.
        primary_key: Catalog names; empty when rows are duplicates only if they are equal as a whole.
        partition_columns: Columns whose values are directories of a Parquet table; for Iceberg the table itself knows.
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
        data = json.loads(text)
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
    problems = list(_problems(spec, data.get("partitioning") or []))
    if table is not None and spec.table != table:
        problems.append(f"the job spec is of table {spec.table}, not of {table}")
    if problems:
        raise SpecError("; ".join(problems))
    return spec


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
    return CheckSpec(kind=data["kind"], value=tuple(value) if isinstance(value, list) else value)


def _problems(spec: JobSpec, partitioning: list[dict[str, Any]]) -> list[str]:
    names = [column.name for column in spec.columns]
    found = []
    if not names:
        found.append("columns is empty")
    if len(set(names)) != len(names):
        found.append("a column name stands twice in columns")
    if spec.format not in TABLE_FORMATS:
        found.append(f"format is {spec.format!r}; allowed: {', '.join(TABLE_FORMATS)}")
    found += [f"{name!r} is no column of the table" for name in (*spec.primary_key, *spec.partition_columns) if name not in names]
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
    return found


def _source_problems(source: SourceSpec) -> list[str]:
    found = []
    if source.format not in SOURCE_FORMATS:
        found.append(f"source.format is {source.format!r}; allowed: {', '.join(SOURCE_FORMATS)}")
    if not source.delimiter or source.delimiter in {"\n", "\r", source.quote}:
        found.append("source.delimiter is empty, a line end or the quote")
    if len(source.quote) > 1 or len(source.escape) > 1:
        found.append("source.quote and source.escape are one character each, or empty")
    try:
        "".encode(source.encoding)
    except LookupError:
        found.append(f"source.encoding is {source.encoding!r}, which is not known")
    return found
