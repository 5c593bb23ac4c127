"""A contract compiled for the ingestion job: everything the job needs about one table, as JSON-ready data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakemodel.config.model import Zone
from lakemodel.dqdl import gate_rule
from lakemodel.naming import database_name
from lakemodel.types.spark import spark_type

if TYPE_CHECKING:
    from lakemodel.contracts.model import Column, DataContract, GateRule, Table

SPEC_VERSION: Final = 2


def job_spec(contract: DataContract, table: Table) -> dict[str, Any]:
    """What the job has to know to read, check and write one table.

    Columns stand in the order of the source. `type` is Spark DDL with the catalog's names; `delivered_type` is the same with the names that
    the producer gives to nested fields (a cast from one to the other renames by position). Every check holds for NULL.
    """
    return {
        "spec_version": SPEC_VERSION,
        "product": contract.key,
        "contract_version": contract.version,
        "domain": contract.domain,
        "table": table.name,
        "database": database_name(contract.domain, Zone.CURATED),
        "quarantine_database": database_name(contract.domain, Zone.QUARANTINE),
        "format": table.format.value,
        "source": {
            "format": table.source.format.value,
            "header": table.source.header,
            "delimiter": table.source.delimiter,
            "quote": table.source.quote,
            "escape": table.source.escape,
            "null_marker": table.source.null_marker,
            "encoding": table.source.encoding,
            "multiline": table.source.multiline,
            "missing_columns": table.source.missing_columns,
            "extra_columns": table.source.extra_columns,
            "column_order": table.source.column_order,
        },
        "columns": [_column(column) for column in table.columns],
        "primary_key": list(table.primary_key),
        "partitioning": [{"column": one.column, "transform": one.transform} for one in table.partitioning],
        "duplicates": {
            "equal_rows": table.duplicates.equal_rows,
            "conflict": table.duplicates.conflict,
            "latest_by": table.duplicates.latest_by,
        },
        "references": [
            {
                "columns": list(one.columns),
                "table": one.table,
                "target_columns": list(one.target_columns),
                "severity": _severity(is_warning=one.is_warning),
            }
            for one in table.references
        ],
        "gate": [_gate_rule(table, one) for one in table.gate],
    }


def _gate_rule(table: Table, rule: GateRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "metric": rule.metric,
        "column": rule.column,
        "operator": rule.operator,
        "threshold": rule.threshold,
        "severity": "block" if rule.blocks else "warn",
        "dqdl": gate_rule(rule, None if rule.column is None else table.column(rule.column)),
    }


def _severity(*, is_warning: bool) -> str:
    return "warning" if is_warning else "error"


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "source_name": column.source_name,
        "type": spark_type(column.type),
        "delivered_type": spark_type(column.type, as_delivered=True),
        "required": column.required,
        "unique": column.unique,
        "date_format": column.date_format,
        "checks": [
            {
                "kind": check.kind.value,
                "value": list(check.value) if isinstance(check.value, tuple) else check.value,
                "severity": _severity(is_warning=check.is_warning),
            }
            for check in column.checks
        ],
    }
