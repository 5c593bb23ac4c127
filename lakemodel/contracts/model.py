"""What a data contract says, once it is valid: the product, its tables, their columns. Readers are beside this module."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from lakemodel.errors import InvalidInput
from lakemodel.findings import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.findings import Finding
    from lakemodel.locks.field_ids import FieldIds
    from lakemodel.types.model import DataType


class TableFormat(StrEnum):
    """How a table's files are kept."""

    ICEBERG = "iceberg"
    PARQUET = "parquet"


class SourceFormat(StrEnum):
    """What a producer delivers."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"


class CheckKind(StrEnum):
    """What a row has to satisfy to be good; a NULL satisfies all of them (`required` is a column's own property)."""

    ENUM = "enum"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    EXCLUSIVE_MINIMUM = "exclusive_minimum"
    EXCLUSIVE_MAXIMUM = "exclusive_maximum"
    PATTERN = "pattern"
    MIN_LENGTH = "min_length"
    MAX_LENGTH = "max_length"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One rule for the values of one column; a row that breaks it is quarantined, or only counted where `is_warning`."""

    kind: CheckKind
    value: str | int | float | tuple[str | int | float, ...]
    is_warning: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One top-level column.

    Attributes:
        name: As it stands in the catalog: lower case, `[a-z0-9_]`.
        source_name: As the producer spells it.
        type: Its type, nested ones included.
        classification: Effective class: the declared one, the strictest nested one, or the strictest of all when none is declared.
        declared_classification: What the contract says of the column itself, or None.
        required: Whether a NULL makes the row bad.
        unique: Whether a repeated value makes the row bad.
        primary_key_position: From 1; None when it is no part of the key.
        checks: Rules for its values.
        date_format: How the producer writes a date or timestamp (Java pattern); None for ISO 8601.
    """

    name: str
    source_name: str
    type: DataType
    classification: str
    declared_classification: str | None = None
    description: str = ""
    required: bool = False
    unique: bool = False
    primary_key_position: int | None = None
    checks: tuple[Check, ...] = ()
    date_format: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PartitionField:
    """One level of partitioning; `transform` is an Iceberg transform: identity, year, month, day, hour, bucket[n], truncate[n]."""

    column: str
    transform: str = "identity"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """How a producer delivers a table: `null_marker` is what stands for NULL, `encoding` a Java charset name."""

    format: SourceFormat = SourceFormat.CSV
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
    """What becomes of a row that is in the table already or twice in a delivery; `constructs_lib.runtime.ingestion.spec` says it in full.

    Attributes:
        equal_rows: `remove` or, for tables without a key, `keep`.
        conflict: Of rows with the same key and other values: `quarantine` all but the first, keep the `first`, `last` or `latest`.
        latest_by: The column that `latest` goes by.
    """

    equal_rows: str = "remove"
    conflict: str = "quarantine"
    latest_by: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """Columns whose values have to stand in another table of the same product."""

    columns: tuple[str, ...]
    table: str
    target_columns: tuple[str, ...]
    is_warning: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class GateRule:
    """One thing that has to hold of a delivery as a whole before readers see it.

    Attributes:
        metric: What is measured; one of `GATE_METRICS` of the ingestion job's spec.
        operator: How the measured number compares with `threshold` where all is well: `=`, `!=`, `<`, `<=`, `>`, `>=`.
        column: What it is measured on; None for metrics of whole rows.
        blocks: Whether the delivery is held back when it does not hold; else people are told.
    """

    name: str
    metric: str
    operator: str
    threshold: float
    column: str | None = None
    blocks: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedVolume:
    """How much a producer delivers: what workers are sized by. None for what the contract does not say."""

    megabytes_per_delivery: float | None = None
    deliveries_per_day: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """When a product is ingested, instead of on arrival: at `at` (`HH:MM`, 24 hours) each day in `time_zone`, spread over `window_minutes`.

    Attributes:
        days: `MON`, `TUE`, ...; empty for every day.
    """

    at: str
    time_zone: str
    window_minutes: int = 60
    days: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One declared table.

    Attributes:
        classification: Its strictest column's.
        field_ids: The locked ids of an Iceberg table's columns; None for Parquet. Ask `lakemodel.locks.field_ids.field_ids_for`.
    """

    name: str
    source_name: str
    format: TableFormat
    columns: tuple[Column, ...]
    classification: str
    partitioning: tuple[PartitionField, ...] = ()
    source: Source = Source()
    description: str = ""
    field_ids: FieldIds | None = None
    duplicates: DuplicateRule = DuplicateRule()
    references: tuple[Reference, ...] = ()
    gate: tuple[GateRule, ...] = ()
    volume: ExpectedVolume = ExpectedVolume()

    def column(self, name: str) -> Column:
        """The column of that catalog name; raises KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Names of the key's columns in key order; empty when the contract states no key."""
        parts = [column for column in self.columns if column.primary_key_position is not None]
        return tuple(part.name for part in sorted(parts, key=lambda part: part.primary_key_position or 0))


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleTable:
    """What a role is about of one table.

    Attributes:
        table: Its name in the catalog.
        columns: These columns at most, sorted; None for whatever the persona's classes allow.
        rows: A PartiQL predicate; None for every row.
    """

    table: str
    columns: tuple[str, ...] | None = None
    rows: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the role leaves the table as it is."""
        return self.columns is None and self.rows is None


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractRole:
    """A role the contract names; it binds to the persona of the same name.

    Attributes:
        access: `read`, or what the contract says instead, which no persona gets.
        tables: The tables it is about and what of each; None for all of the contract's, each as a whole.
    """

    role: str
    access: str = "read"
    tables: tuple[RoleTable, ...] | None = None

    def of_table(self, name: str) -> RoleTable | None:
        """What the role is about of the table of that name; None when it leaves the table out."""
        if self.tables is None:
            return RoleTable(table=name)
        return next((one for one in self.tables if one.table == name), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class DataContract:
    """One data product.

    Attributes:
        domain: Key of `domains` in lake.yaml.
        product: Normalised name, unique in its domain.
        retention_days: How long readers need the data; None keeps it for good.
        file: Where the contract stands, as given by the user.
    """

    id: str
    domain: str
    product: str
    version: str
    status: str
    tables: tuple[Table, ...]
    file: str
    title: str = ""
    description: str = ""
    owner: str = ""
    steward: str = ""
    support: str = ""
    roles: tuple[ContractRole, ...] = ()
    retention_days: int | None = None
    freshness_hours: int | None = None
    completeness_percent: float | None = None
    """Of the delivered rows that have to be good; None where the contract promises nothing."""
    schedule: Schedule | None = None

    @property
    def key(self) -> str:
        """`domain.product`, unique in the lake."""
        return f"{self.domain}.{self.product}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractSet:
    """Every contract of a folder, sorted by key, with what is to be said about them.

    Contracts with an error are in `refused` (their files) and not in `contracts`.
    """

    contracts: tuple[DataContract, ...]
    findings: tuple[Finding, ...] = ()
    refused: tuple[str, ...] = ()
    classifications: tuple[str, ...] = ()
    """The classes that the contracts were read with, from least to most protected; empty when that is not known."""

    def require_all(self) -> ContractSet:
        """The set itself, if no contract was refused.

        Raises:
            InvalidInput: With every error, if one was.
        """
        refusing = errors(self.findings)
        if refusing:
            raise InvalidInput(refusing)
        return self

    def of_domain(self, domain: str) -> tuple[DataContract, ...]:
        """The contracts of one domain."""
        return tuple(contract for contract in self.contracts if contract.domain == domain)

    def of_domains(self, domains: set[str]) -> ContractSet:
        """The same set without the contracts of other domains."""
        kept = tuple(contract for contract in self.contracts if contract.domain in domains)
        return replace(self, contracts=kept)

    def only(self, keys: set[str]) -> ContractSet:
        """The same set with the contracts of these keys alone."""
        kept = tuple(contract for contract in self.contracts if contract.key in keys)
        return replace(self, contracts=kept)

    def tables(self) -> Iterator[tuple[DataContract, Table]]:
        """Each declared table with the contract it comes from."""
        for contract in self.contracts:
            for table in contract.tables:
                yield contract, table

    def table(self, domain: str, name: str) -> tuple[DataContract, Table]:
        """The table of that name in that domain; raises KeyError when there is none."""
        for contract, table in self.tables():
            if contract.domain == domain and table.name == name:
                return contract, table
        raise KeyError(f"{domain}.{name}")
