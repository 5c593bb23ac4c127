"""Real Iceberg tables in a folder, made from the properties that stand in our templates, as Glue would make and change them."""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.update import AddPartitionSpecUpdate, AddSchemaUpdate, SetCurrentSchemaUpdate, SetDefaultSpecUpdate
from pyiceberg.types import IcebergType, ListType, MapType, NestedField, StructType

from constructs_lib.catalog.rendering import iceberg_table_input
from lakemodel.locks.field_ids import FieldIds, LockedTable, extend_table, field_ids_for, ids_of, refusals

if TYPE_CHECKING:
    from pathlib import Path

    from pyiceberg.table import Table as IcebergFiles

    from lakemodel.contracts.model import DataContract, Table

NAME = "sales.things"


def catalog(folder: Path) -> SqlCatalog:
    """A catalog in a file and a warehouse in a folder."""
    made = SqlCatalog("local", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
    made.create_namespace("sales")
    return made


def lock_step(locked: LockedTable, table: Table) -> tuple[LockedTable, FieldIds]:
    """What `lakecheck contracts lock` gives the next version of a table."""
    assert refusals(locked, table) == []
    after = extend_table(locked, table)
    return after, ids_of(table, after)


def rendered(contract: DataContract, table: Table, ids: FieldIds | None = None) -> dict[str, Any]:
    """`IcebergTableInput` as it stands in the template."""
    ids = field_ids_for(contract, table) if ids is None else ids
    made = iceberg_table_input(contract, table, location="s3://bucket/sales/things/", ids=ids, sort_by=())
    found: dict[str, Any] = _as_in_the_api(made)["icebergInput"]["icebergTableInput"]
    return found


def _as_in_the_api(data: Any) -> Any:
    """CloudFormation writes `SourceId` where Iceberg and Glue write `sourceId`; the table's own properties are nobody's to rename."""
    if isinstance(data, dict):
        lowered = {key[0].lower() + key[1:]: value for key, value in data.items()}
        return {key: value if key == "properties" else _as_in_the_api(value) for key, value in lowered.items()}
    return [_as_in_the_api(one) for one in data] if isinstance(data, list) else data


def schema_of(table_input: dict[str, Any], schema_id: int) -> Schema:
    """The Iceberg schema that the template describes: types are words, or JSON text."""
    fields = [
        {**one, "type": json.loads(one["type"]) if one["type"].startswith("{") else one["type"]} for one in table_input["schema"]["fields"]
    ]
    written = {"type": "struct", "schema-id": schema_id, "fields": fields}
    if identifiers := table_input["schema"].get("identifierFieldIds"):
        written["identifier-field-ids"] = identifiers
    return Schema.model_validate(written)


def spec_of(table_input: dict[str, Any], spec_id: int) -> PartitionSpec:
    """The partition spec that the template describes."""
    fields = table_input.get("partitionSpec", {}).get("fields", [])
    spelled = [{re.sub("(?=[A-Z])", "-", key).lower(): value for key, value in one.items()} for one in fields]
    return PartitionSpec.model_validate({"spec-id": spec_id, "fields": spelled})


def create(made: SqlCatalog, folder: Path, table_input: dict[str, Any]) -> IcebergFiles:
    """The table with exactly these ids: PyIceberg's own `create_table` would number them anew."""
    schema, spec = schema_of(table_input, 0), spec_of(table_input, 0)
    metadata = {
        "format-version": 2,
        "table-uuid": str(uuid.uuid4()),
        "location": f"file://{folder}/warehouse/things",
        "last-sequence-number": 0,
        "last-updated-ms": int(time.time() * 1000),
        "last-column-id": schema.highest_field_id,
        "schemas": [schema.model_dump(by_alias=True)],
        "current-schema-id": 0,
        "partition-specs": [spec.model_dump(by_alias=True)],
        "default-spec-id": 0,
        "last-partition-id": max([999, *(one.field_id for one in spec.fields)]),
        "sort-orders": [{"order-id": 0, "fields": []}],
        "default-sort-order-id": 0,
        "properties": table_input["properties"],
    }
    file = folder / "warehouse/things/metadata/00000-first.metadata.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(metadata, default=str))
    return made.register_table(NAME, f"file://{file}")


def evolve(made: SqlCatalog, table_input: dict[str, Any]) -> IcebergFiles:
    """The same table with the schema and partition spec of a later template; data files stay as they are."""
    table = made.load_table(NAME)
    schema = schema_of(table_input, len(table.metadata.schemas))
    updates: list[Any] = [AddSchemaUpdate(schema=schema), SetCurrentSchemaUpdate(schema_id=-1)]
    spec = spec_of(table_input, len(table.metadata.partition_specs))
    if spec.fields != table.spec().fields:
        updates += [AddPartitionSpecUpdate(spec=spec), SetDefaultSpecUpdate(spec_id=-1)]
    made.commit_table(table, requirements=(), updates=tuple(updates))
    return made.load_table(NAME)


def write(table: IcebergFiles, rows: list[dict[str, Any]]) -> None:
    """Appends rows with the table's present schema."""
    table.append(pa.Table.from_pylist(rows, schema=schema_to_pyarrow(table.schema(), include_field_ids=False)))


def read_with_pyiceberg(table: IcebergFiles, *names: str) -> list[dict[str, Any]]:
    """These columns of all rows, or all of them, sorted by the first; maps as dictionaries."""
    names = names or tuple(one.name for one in table.schema().fields)
    found: list[dict[str, Any]] = table.refresh().scan(selected_fields=names).to_arrow().to_pylist(maps_as_pydicts="strict")
    return sorted(found, key=lambda row: str(row[names[0]]))


def read_with_duckdb(table: IcebergFiles, *names: str) -> list[dict[str, Any]]:
    """The same, found in the files by field id as the table's present schema has them; no extension is needed."""
    files = [task.file.file_path.removeprefix("file://") for task in table.refresh().scan().plan_files()]
    fields = table.schema().fields
    names = names or tuple(one.name for one in fields)
    columns = ", ".join(f'"{name}"' for name in names)
    query = f"SELECT {columns} FROM read_parquet({files!r}, schema=MAP {{{_entries(fields)}}})"  # noqa: S608 - the test's own names
    rows = [dict(zip(names, row, strict=True)) for row in duckdb.connect().sql(query).fetchall()]
    return sorted(rows, key=lambda row: str(row[names[0]]))


def _entries(fields: tuple[NestedField, ...]) -> str:
    return ", ".join(_entry(one.field_id, one.name, one.field_type) for one in fields)


def _entry(field_id: int, name: str, kind: IcebergType) -> str:
    children = f"MAP {{{_entries(_parts(kind))}}}" if _parts(kind) else "NULL"
    return f"{field_id}: {{name: '{name}', type: '{_sql(kind)}', default_value: NULL, children: {children}}}"


def _parts(kind: IcebergType) -> tuple[NestedField, ...]:
    match kind:
        case StructType():
            return kind.fields
        case ListType():
            return (kind.element_field,)
        case MapType():
            return (kind.key_field, kind.value_field)
    return ()


def _sql(kind: IcebergType) -> str:
    match kind:
        case StructType():
            return "STRUCT(" + ", ".join('"' + one.name + '" ' + _sql(one.field_type) for one in kind.fields) + ")"
        case ListType():
            return f"{_sql(kind.element_type)}[]"
        case MapType():
            return f"MAP({_sql(kind.key_type)}, {_sql(kind.value_type)})"
    return {"int": "INTEGER", "long": "BIGINT", "string": "VARCHAR"}.get(str(kind), str(kind).upper())
