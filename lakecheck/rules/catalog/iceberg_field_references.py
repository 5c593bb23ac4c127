"""Partitions, sort orders and identifiers of an Iceberg table refer to fields that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.sources import at, listed
from lakecheck.rules.base import Cases, Complaint, Rule, is_open, is_true, value
from lakecheck.rules.catalog._cases import BUCKET, iceberg, table
from lakecheck.rules.catalog._iceberg import INPUT, SCHEMA, fields, number, with_schema
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    by_id = {number(field.id): field for field in fields(found)}
    unsure = is_open(value(found, f"{SCHEMA}.Fields")) or any(is_open(field.id) for field in fields(found))
    for path, written, what in _references(found):
        referred = by_id.get(number(written)) if number(written) is not None else None
        if is_open(written):
            yield Complaint(at=path, message=f"what {what} refers to is not known: {shown(written)}", is_unknown=True)
        elif referred is None:
            yield Complaint(at=path, message=f"{what} refers to field {shown(written)}, which the schema has not", is_unknown=unsure)
        elif what == "an identifier" and not is_true(referred.required) and not is_open(referred.required):
            yield Complaint(at=path, message=f"identifier field {shown(referred.path)} is optional; an identifier has to be required")
    seen: set[int] = set()
    for each in listed(value(found, f"{INPUT}.PartitionSpec.Fields")):
        own = number(at(each, "FieldId"))
        if own is not None and own in seen:
            yield Complaint(
                at=f"{INPUT}.PartitionSpec.Fields", message=f"two partition fields have the id {own}; each needs one of its own"
            )
        elif own is not None:
            seen.add(own)


def _references(found: Resource) -> Iterator[tuple[str, Any, str]]:
    for name, what in (("PartitionSpec", "a partition field"), ("WriteOrder", "a sort field")):
        path = f"{INPUT}.{name}.Fields"
        for each in listed(value(found, path)):
            yield path, at(each, "SourceId"), what
    path = f"{SCHEMA}.IdentifierFieldIds"
    for each in listed(value(found, path)):
        yield path, each, "an identifier"


def _order(source: int) -> dict[str, Any]:
    fields_ = [{"SourceId": source, "Transform": "identity", "Direction": "asc", "NullOrder": "nulls-first"}]
    return {"OrderId": 1, "Fields": fields_}


_TWICE = [
    {"FieldId": 1000, "Name": "month", "SourceId": 2, "Transform": "month"},
    {"FieldId": 1000, "Name": "bucket", "SourceId": 1, "Transform": "bucket[16]"},
]

RULE = Rule(
    id="catalog.iceberg_field_references",
    title="Partition, sort and identifier fields of an Iceberg table refer to fields of its schema",
    rationale=(
        "They refer to columns by field id. An id that no field has makes the creation fail at best; after an edit of the schema it may "
        "be the id of another column, by which the table is then partitioned without anybody noticing."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-glue-table-icebergpartitionfield.html",
    severity=Severity.ERROR,
    remedy="Refer to the Id of a field of the schema; an identifier has to be a required one.",
    subjects=with_schema,
    judge=_judge,
    cases=Cases(
        compliant=(iceberg(), iceberg(WriteOrder=_order(1))),
        failing=(
            iceberg(PartitionSpec={"Fields": [{"FieldId": 1000, "Name": "month", "SourceId": 9, "Transform": "month"}]}),
            iceberg(PartitionSpec={"Fields": _TWICE}),
            iceberg(WriteOrder=_order(9)),
            iceberg(schema={"IdentifierFieldIds": [7]}),
        ),
        not_applicable=(BUCKET, table()),
    ),
)
