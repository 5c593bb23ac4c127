"""Those of the Glue Data Catalog."""

from __future__ import annotations

import json
from typing import Any

from tests.lakecheck.rules.mutations.model import Mutation

STACK = "MainCatalog"
ICEBERG = "OpenTableFormatInput.IcebergInput.IcebergTableInput"
HIVE = "TableInput.StorageDescriptor"
PUBLISHER = ("catalog.projection_with_publisher",)
"""A job registers partitions of each of the reference's tables of Hive's form, so that none of them can be projected."""


def _routes(_logical_id: str, definition: dict[str, Any]) -> bool:
    properties = definition["Properties"]
    return properties["DatabaseName"] == "travel" and "TableInput" in properties


def _orders(_logical_id: str, definition: dict[str, Any]) -> bool:
    properties = definition["Properties"]
    return properties["DatabaseName"] == "sales" and properties.get("Name") == "orders"


def _optimizer(kind: str) -> Any:
    return lambda _logical_id, definition: definition["Properties"]["Type"] == kind


def _projected(**stops: str) -> Any:
    options = {"projection.enabled": "true", "projection._run_id.type": "injected"}
    return lambda old: {**old, **options, **{f"projection.stops.{name}": each for name, each in stops.items()}}


def _moved(old: Any) -> Any:
    """The location of another table."""
    return json.loads(json.dumps(old).replace("/sales/customers/customers/", "/sales/orders/orders/parts/"))


def _quarantined_customers(_logical_id: str, definition: dict[str, Any]) -> bool:
    properties = definition["Properties"]
    return properties["DatabaseName"] == "sales_quarantine" and properties["TableInput"]["Name"] == "customers"


def _table(where: Any, path: str, value: Any, *, also: tuple[str, ...] = ()) -> Mutation:
    return Mutation(stack=STACK, type="AWS::Glue::Table", where=where, path=path, value=value, also=also)


def _of_optimizer(kind: str, path: str, value: Any) -> Mutation:
    return Mutation(stack=STACK, type="AWS::Glue::TableOptimizer", where=_optimizer(kind), path=path, value=value)


_ENABLED = "TableOptimizerConfiguration.Enabled"
_DAYS = "TableOptimizerConfiguration.OrphanFileDeletionConfiguration.IcebergConfiguration.OrphanFileRetentionPeriodInDays"

MUTATIONS = {
    "catalog.projection_keys": _table(_routes, "TableInput.Parameters", _projected(), also=PUBLISHER),
    "catalog.projection_ranges": _table(_routes, "TableInput.Parameters", _projected(type="integer", range="2,0"), also=PUBLISHER),
    "catalog.projection_with_publisher": _table(_routes, "TableInput.Parameters", _projected(type="integer", range="0,2")),
    "catalog.iceberg_shape": _table(_orders, "TableInput", {"Parameters": {"table_type": "ICEBERG"}}),
    "catalog.iceberg_field_ids": _table(_orders, f"{ICEBERG}.Schema.Fields.1.Id", 6),
    "catalog.iceberg_field_references": _table(_orders, f"{ICEBERG}.PartitionSpec.Fields.0.SourceId", 99),
    "catalog.iceberg_retention": _of_optimizer("retention", _ENABLED, value=False),
    "catalog.iceberg_compaction": _of_optimizer("compaction", _ENABLED, value=False),
    "catalog.iceberg_orphan_age": _of_optimizer("orphan_file_deletion", _DAYS, 1),
    "catalog.overlapping_locations": _table(_quarantined_customers, f"{HIVE}.Location", _moved),
    "catalog.location_form": _table(_routes, f"{HIVE}.Location", lambda old: json.loads(json.dumps(old).replace('/routes/"', '/routes"'))),
    "catalog.repeated_columns": _table(_routes, f"{HIVE}.Columns.0.Name", "stops"),
    "catalog.lower_case_names": _table(_routes, f"{HIVE}.Columns.0.Name", "Airline"),
    "catalog.formats_agree": _table(_routes, f"{HIVE}.SerdeInfo.SerializationLibrary", "org.openx.data.jsonserde.JsonSerDe"),
    "catalog.column_types": _table(_routes, f"{HIVE}.Columns.0.Type", "text"),
    "catalog.creation_order": _of_optimizer("compaction", "^.DependsOn", lambda old: [each for each in old if "Policy" in each]),
}
