"""Iceberg's metadata files as Glue writes them for `OpenTableFormatInput`: a new table's first one, and the next one of an update.

What stands in them: https://iceberg.apache.org/spec/#table-metadata-fields. Glue takes field ids as they are given
(https://docs.aws.amazon.com/glue/latest/webapi/API_IcebergStructField.html). Properties of an update are added to those that are there:
Glue's page does not say that any are removed.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Metadata = dict[str, Any]

FIRST_PARTITION_ID: Final = 1000
_UNORDERED: Final = {"order-id": 0, "fields": []}
_HIVE: Final = {
    "long": "bigint",
    "time": "string",
    "uuid": "string",
    "timestamptz": "timestamp",
    "timestamp_ns": "timestamp",
    "timestamptz_ns": "timestamp",
}
_ICEBERG: Final = {"bigint": "long", "tinyint": "int", "smallint": "int", "varchar": "string", "char": "string"}


class RefusedError(ValueError):
    """A declaration that Glue would refuse."""


def new_metadata(stated: Mapping[str, Any], version: str = "2") -> Metadata:
    """The first metadata of a table.

    Args:
        stated: `CreateIcebergTableInput`.
        version: Iceberg's format version.

    Raises:
        RefusedError: If the declaration contradicts itself.
    """
    schema = _schema(stated.get("Schema") or {}, schema_id=0)
    columns = set(_ids(schema))
    spec = _spec(stated.get("PartitionSpec") or {}, columns, spec_id=0)
    order = _order(stated.get("WriteOrder") or {}, columns)
    return {
        "format-version": int(version),
        "table-uuid": str(uuid.uuid4()),
        "location": stated["Location"],
        "last-sequence-number": 0,
        "last-updated-ms": _now(),
        "last-column-id": max(columns),
        "current-schema-id": schema["schema-id"],
        "schemas": [schema],
        "default-spec-id": spec["spec-id"],
        "partition-specs": [spec],
        "last-partition-id": max([FIRST_PARTITION_ID - 1, *(field["field-id"] for field in spec["fields"])]),
        "default-sort-order-id": order["order-id"],
        "sort-orders": [order],
        "properties": dict(stated.get("Properties") or {}),
        "current-snapshot-id": -1,
        "refs": {},
        "snapshots": [],
        "snapshot-log": [],
        "metadata-log": [],
    }


def updated_metadata(current: Mapping[str, Any], update: Mapping[str, Any], written_at: str) -> Metadata:
    """The metadata after one update; snapshots and earlier schemas stay.

    Args:
        current: What is in place.
        update: One of `UpdateIcebergTableInput.Updates`.
        written_at: Where what is in place was written.

    Raises:
        RefusedError: If the declaration contradicts itself.
    """
    done: Metadata = {**current, "last-updated-ms": _now(), "metadata-log": list(current.get("metadata-log") or [])}
    done["metadata-log"].append({"metadata-file": written_at, "timestamp-ms": current["last-updated-ms"]})
    if update.get("Schema"):
        schema = _schema(update["Schema"], schema_id=1 + max(one["schema-id"] for one in current["schemas"]))
        done["schemas"], done["current-schema-id"] = _added(current["schemas"], schema, "schema-id")
        done["last-column-id"] = max(current["last-column-id"], *_ids(schema))
    columns = {one for schema in done["schemas"] for one in _ids(schema)}
    if update.get("PartitionSpec"):
        spec = _spec(update["PartitionSpec"], columns, spec_id=1 + max(one["spec-id"] for one in current["partition-specs"]))
        done["partition-specs"], done["default-spec-id"] = _added(current["partition-specs"], spec, "spec-id")
        done["last-partition-id"] = max([current["last-partition-id"], *(field["field-id"] for field in spec["fields"])])
    order_of = update.get("SortOrder")
    if order_of:
        order = _order(order_of, columns)
        taken = {one["order-id"] for one in current["sort-orders"]}
        order["order-id"] = order["order-id"] if order["order-id"] not in taken or not order["fields"] else 1 + max(taken)
        done["sort-orders"], done["default-sort-order-id"] = _added(current["sort-orders"], order, "order-id")
    done["location"] = update.get("Location") or current["location"]
    done["properties"] = {**(current.get("properties") or {}), **(update.get("Properties") or {})}
    return done


def metadata_path(location: str, number: int) -> str:
    """Where the metadata file with a number is written."""
    return f"{location.rstrip('/')}/metadata/{number:05d}-{uuid.uuid4()}.metadata.json"


def number_of(path: str) -> int:
    """The number in a metadata file's name; -1 for a name without one."""
    found = re.match(r"(\d+)-", path.rpartition("/")[2])
    return int(found[1]) if found else -1


def glue_columns(metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The columns as Glue shows them of an Iceberg table: Hive's types, with Iceberg's ids in the parameters."""
    schema = next(one for one in metadata["schemas"] if one["schema-id"] == metadata["current-schema-id"])
    return [_column(field) for field in schema["fields"]]


def declared(table_input: Mapping[str, Any]) -> dict[str, Any]:
    """`CreateIcebergTableInput` of a table that is declared by a `TableInput` beside `IcebergInput`: Glue numbers the columns itself."""
    storage = table_input.get("StorageDescriptor") or {}
    columns: Sequence[Mapping[str, Any]] = storage.get("Columns") or []
    counter = iter(range(len(columns) + 1, 1 << 30))
    fields = [
        {
            "Id": number,
            "Name": column["Name"],
            "Type": _from_hive(str(column.get("Type", "string")).replace(" ", ""), counter),
            "Required": False,
            **({"Doc": column["Comment"]} if column.get("Comment") else {}),
        }
        for number, column in enumerate(columns, 1)
    ]
    return {"Location": storage.get("Location", ""), "Schema": {"Type": "struct", "Fields": fields}}


def _schema(stated: Mapping[str, Any], schema_id: int) -> Metadata:
    if stated.get("Type", "struct") != "struct" or not stated.get("Fields"):
        msg = "the schema of an Iceberg table is of type struct and has fields"
        raise RefusedError(msg)
    fields = [_field(field) for field in stated["Fields"]]
    schema: Metadata = {"type": "struct", "schema-id": int(stated.get("SchemaId", schema_id)), "fields": fields}
    ids = list(_ids(schema))
    if len(ids) != len(set(ids)):
        msg = f"field ids are used twice: {sorted({one for one in ids if ids.count(one) > 1})}"
        raise RefusedError(msg)
    identifiers = [int(one) for one in stated.get("IdentifierFieldIds") or []]
    required = {field["id"] for field in fields if field["required"]}
    if not required.issuperset(identifiers):
        msg = f"identifier fields {identifiers} have to be required fields of the schema"
        raise RefusedError(msg)
    return {**schema, **({"identifier-field-ids": identifiers} if identifiers else {})}


def _field(stated: Mapping[str, Any]) -> Metadata:
    kind = stated["Type"]
    if isinstance(kind, str) and kind.lstrip().startswith("{"):
        kind = json.loads(kind)
    field: Metadata = {"id": int(stated["Id"]), "name": stated["Name"], "required": bool(stated.get("Required")), "type": kind}
    return {**field, **({"doc": stated["Doc"]} if stated.get("Doc") else {})}


def _ids(kind: Any) -> Iterator[int]:
    if not isinstance(kind, Mapping):
        return
    for field in kind.get("fields") or []:
        yield int(field["id"])
        yield from _ids(field["type"])
    for inside in ("element", "key", "value"):
        if inside in kind:
            yield int(kind[f"{inside}-id"])
            yield from _ids(kind[inside])


def _spec(stated: Mapping[str, Any], columns: set[int], spec_id: int) -> Metadata:
    fields = [
        {
            "source-id": int(field["SourceId"]),
            "field-id": int(field.get("FieldId", FIRST_PARTITION_ID + number)),
            "name": field["Name"],
            "transform": field["Transform"],
        }
        for number, field in enumerate(stated.get("Fields") or [])
    ]
    _known(fields, columns)
    return {"spec-id": int(stated.get("SpecId", spec_id)), "fields": fields}


def _order(stated: Mapping[str, Any], columns: set[int]) -> Metadata:
    fields = [
        {
            "transform": field["Transform"],
            "source-id": int(field["SourceId"]),
            "direction": field["Direction"],
            "null-order": field["NullOrder"],
        }
        for field in stated.get("Fields") or []
    ]
    _known(fields, columns)
    return {"order-id": int(stated.get("OrderId", 1)), "fields": fields} if fields else dict(_UNORDERED)


def _known(fields: list[Metadata], columns: set[int]) -> None:
    unknown = [field["source-id"] for field in fields if field["source-id"] not in columns]
    if unknown:
        msg = f"source ids {unknown} are no fields of the schema"
        raise RefusedError(msg)


def _added(there: Sequence[Mapping[str, Any]], new: Metadata, key: str) -> tuple[list[Mapping[str, Any]], int]:
    """The list with the new one in it, and its id; what says the same is taken instead, under the id that it has."""
    for one in there:
        if {**one, key: 0} == {**new, key: 0}:
            return list(there), int(one[key])
    free = new if new[key] not in {one[key] for one in there} else {**new, key: 1 + max(one[key] for one in there)}
    return [*there, free], int(free[key])


def _column(field: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {
        "iceberg.field.current": "true",
        "iceberg.field.id": str(field["id"]),
        "iceberg.field.optional": str(not field["required"]).lower(),
    }
    said = {"Comment": field["doc"]} if field.get("doc") else {}
    return {"Name": field["name"], "Type": _hive(field["type"]), **said, "Parameters": parameters}


def _hive(kind: Any) -> str:
    if not isinstance(kind, Mapping):
        text = str(kind).replace(" ", "")
        return "binary" if text.startswith("fixed") else _HIVE.get(text, text)
    if kind["type"] == "list":
        return f"array<{_hive(kind['element'])}>"
    if kind["type"] == "map":
        return f"map<{_hive(kind['key'])},{_hive(kind['value'])}>"
    inside = ",".join(f"{field['name']}:{_hive(field['type'])}" for field in kind["fields"])
    return f"struct<{inside}>"


def _from_hive(text: str, counter: Iterator[int]) -> Any:
    """Iceberg's type for one of Hive's; what is nested gets the next free ids."""
    kind, _, inside = text.partition("<")
    parts = _parts(inside.removesuffix(">")) if inside else []
    if kind == "array":
        return {"type": "list", "element-id": next(counter), "element-required": False, "element": _from_hive(parts[0], counter)}
    if kind == "map":
        ids = {"key-id": next(counter), "value-id": next(counter)}
        return {"type": "map", **ids, "key": _from_hive(parts[0], counter), "value-required": False, "value": _from_hive(parts[1], counter)}
    if kind == "struct":
        named = [(next(counter), part.partition(":")) for part in parts]
        fields = [{"id": one, "name": name, "required": False, "type": _from_hive(of, counter)} for one, (name, _, of) in named]
        return {"type": "struct", "fields": fields}
    plain = kind.partition("(")[0]
    return f"decimal({kind[8:-1].replace(',', ', ')})" if plain == "decimal" else _ICEBERG.get(plain, plain)


def _parts(text: str) -> list[str]:
    """Splits at the commas that are inside no brackets."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "<(") - (letter in ">)")
        if letter == "," and not depth:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _now() -> int:
    return int(time.time() * 1000)
