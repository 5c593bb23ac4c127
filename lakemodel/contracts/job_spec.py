"""A contract compiled for the ingestion job: everything the job needs about one table, as JSON-ready data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakemodel.config.model import Zone
from lakemodel.naming import database_name
from lakemodel.types.spark import spark_type

if TYPE_CHECKING:
    from lakemodel.contracts.model import Column, DataContract, Table

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
        },
        "columns": [_column(column) for column in table.columns],
        "primary_key": list(table.primary_key),
        "partitioning": [{"column": one.column, "transform": one.transform} for one in table.partitioning],
    }


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
            {"kind": check.kind.value, "value": list(check.value) if isinstance(check.value, tuple) else check.value}
            for check in column.checks
        ],
    }
