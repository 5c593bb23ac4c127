"""Glue's tables and partitions: of Hive's kind, resource links, and Iceberg's, which are read back from the metadata that lies in S3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lakecheck.rehearsal.adapters.model import ID, Adapter, Call, Read, Resource, at, call, prop
from lakecheck.rehearsal.adapters.reading import proven

_INPUT = "OpenTableFormatInput.IcebergInput"


def _table_id(resource: Resource) -> str:
    stated = resource.get("TableInput.Name") or resource.get("Name")
    return str(stated or resource.generated_name(most=255, lower=True))


def _of_table(operation: str, **given: Any) -> Call:
    return call(operation, CatalogId=prop("CatalogId"), DatabaseName=prop("DatabaseName"), **given)


def _iceberg_input(resource: Resource) -> dict[str, Any]:
    """`IcebergTableInput` in the words of Glue's API; a nested type is a text in the template and a document there."""
    stated = resource.get(f"{_INPUT}.IcebergTableInput", {})
    fields = [{**field, "Type": _document(field["Type"])} for field in at(stated, "Schema.Fields", [])]
    return {**stated, "Schema": {**stated.get("Schema", {}), "Fields": fields}}


def _document(text: Any) -> Any:
    return json.loads(text) if isinstance(text, str) and text.lstrip().startswith("{") else text


def _create(resource: Resource) -> None:
    iceberg = resource.get(_INPUT)
    table_input = {**resource.properties["TableInput"], "Name": resource.physical_id} if "TableInput" in resource.properties else None
    given: dict[str, Any] = {"TableInput": table_input, "Name": None if table_input else resource.physical_id}
    if iceberg is not None:
        declared = {"CreateIcebergTableInput": _iceberg_input(resource)} if "IcebergTableInput" in iceberg else {}
        given["OpenTableFormatInput"] = {"IcebergInput": {**iceberg, **declared}}
    _of_table("create_table", **given).run(resource, "glue")


def _update(resource: Resource) -> None:
    """An Iceberg table that is declared in Iceberg's words is updated in them: what was written to it stays.

    One that is declared by `TableInput` gets that in place of what it had, and loses `metadata_location`, as in AWS:
    https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1919
    """
    if resource.get(f"{_INPUT}.IcebergTableInput") is None:
        table_input = {**resource.get("TableInput", {}), "Name": resource.physical_id}
        _of_table("update_table", TableInput=table_input).run(resource, "glue")
        return
    stated = _iceberg_input(resource)
    update = {"Schema": stated["Schema"], "Location": stated.get("Location"), "Properties": stated.get("Properties")}
    more = {"PartitionSpec": stated.get("PartitionSpec"), "SortOrder": stated.get("WriteOrder")}
    asked = {"UpdateIcebergInput": {"UpdateIcebergTableInput": {"Updates": [{**update, **more}]}}}
    _of_table("update_table", Name=resource.physical_id, UpdateOpenTableFormatInput=asked).run(resource, "glue")


def _read(resource: Resource) -> Mapping[str, Any] | None:
    asked = _of_table("get_table", Name=ID)
    found = Read(asked, at="Table").run(resource, "glue")
    if found is None:
        return None
    known = {"CatalogId": found.get("CatalogId"), "DatabaseName": found.get("DatabaseName"), "Name": found["Name"], "TableInput": found}
    path = at(found, "Parameters.metadata_location")
    if resource.get(_INPUT) is None or not path:
        return known
    return {**known, "OpenTableFormatInput": {"IcebergInput": _iceberg_words(_metadata(resource, path), resource)}}


def _metadata(resource: Resource, path: str) -> Mapping[str, Any]:
    bucket, _, key = path.partition("://")[2].partition("/")
    metadata: Mapping[str, Any] = json.loads(resource.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    return metadata


def _iceberg_words(metadata: Mapping[str, Any], resource: Resource) -> dict[str, Any]:
    """What the metadata file says, in the words of `IcebergInput`."""
    schema = _current(metadata, "schemas", "schema-id", "current-schema-id")
    spec = _current(metadata, "partition-specs", "spec-id", "default-spec-id")
    order = _current(metadata, "sort-orders", "order-id", "default-sort-order-id")
    texts = {field.get("Name"): field.get("Type") for field in resource.get(f"{_INPUT}.IcebergTableInput.Schema.Fields", [])}
    described = {
        "Location": metadata["location"],
        "Properties": metadata["properties"],
        "Schema": {
            "SchemaId": schema["schema-id"],
            "Type": schema["type"],
            "IdentifierFieldIds": schema.get("identifier-field-ids", []),
            "Fields": [_field(field, texts.get(field["name"])) for field in schema["fields"]],
        },
        "PartitionSpec": {"SpecId": spec["spec-id"], "Fields": [_words(field) for field in spec["fields"]]},
        "WriteOrder": {"OrderId": order["order-id"], "Fields": [_words(field) for field in order["fields"]]},
    }
    return {"Version": str(metadata["format-version"]), "IcebergTableInput": described}


def _current(metadata: Mapping[str, Any], those: str, key: str, current: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in metadata[those] if one[key] == metadata[current])
    return found


def _field(field: Mapping[str, Any], stated: Any) -> dict[str, Any]:
    """A field; its type is written as the template writes it where both say the same, since a text of JSON has many spellings."""
    kind = field["type"]
    same = proven(stated) if _document(stated) == kind else json.dumps(kind, separators=(",", ":")) if isinstance(kind, Mapping) else kind
    doc = {"Doc": field["doc"]} if "doc" in field else {}
    return {"Id": field["id"], "Name": field["name"], "Required": field["required"], "Type": same, **doc}


def _words(field: Mapping[str, Any]) -> dict[str, Any]:
    """Iceberg's `source-id` is the template's `SourceId`."""
    return {"".join(part.capitalize() for part in key.split("-")): value for key, value in field.items()}


def _values(resource: Resource) -> list[str]:
    return [str(value) for value in resource.get("PartitionInput.Values", [])]


def _partition_id(resource: Resource) -> str:
    where = (resource.get("CatalogId", resource.account), resource.get("DatabaseName", ""), resource.get("TableName", ""))
    return "|".join((*where, json.dumps(_values(resource))))


def _read_partition(resource: Resource) -> Mapping[str, Any] | None:
    found = Read(call("get_partition", everything=True, PartitionValues=_values), at="Partition").run(resource, "glue")
    if found is None:
        return None
    return {**found, "PartitionInput": found}


ADAPTERS = (
    Adapter(
        type="AWS::Glue::Table",
        service="glue",
        identifier=_table_id,
        create=_create,
        update=_update,
        delete=call(
            "delete_table", CatalogId=prop("CatalogId"), DatabaseName=prop("DatabaseName"), Name=lambda resource: resource.physical_id
        ),
        read=_read,
        unread=("OpenTableFormatInput.IcebergInput.MetadataOperation",),
        note="moto writes no metadata of an Iceberg table: the emulator's repair writes it; no right of Lake Formation's is enforced: "
        "whoever asks reads",
    ),
    Adapter(
        type="AWS::Glue::Partition",
        service="glue",
        identifier=_partition_id,
        create=call("create_partition", everything=True),
        update=call("update_partition", everything=True, PartitionValueList=_values),
        delete=call("delete_partition", everything=True, PartitionValues=_values),
        read=_read_partition,
    ),
)
