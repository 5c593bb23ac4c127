"""Each field of an Iceberg schema has an id of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules.base import Cases, Complaint, Rule, is_open, value
from lakecheck.rules.catalog._cases import BUCKET, iceberg, table
from lakecheck.rules.catalog._iceberg import SCHEMA, fields, number, with_schema
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT = f"{SCHEMA}.Fields"


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    whole = value(found, _AT)
    if is_open(whole):
        yield Complaint(at=_AT, message=f"the fields are not known: {shown(whole)}", is_unknown=True)
        return
    first: dict[int, str] = {}
    for field in fields(found):
        if is_open(field.id):
            yield Complaint(at=_AT, message=f"the id of {shown(field.path)} is not known: {shown(field.id)}", is_unknown=True)
            continue
        found_id = number(field.id)
        if field.id is None:
            yield Complaint(at=_AT, message=f"{shown(field.path)} has no id; each field, nested ones too, needs one")
        elif found_id is None or found_id < 1:
            yield Complaint(at=_AT, message=f"the id of {shown(field.path)} is {shown(field.id)}; allowed are whole numbers from 1")
        elif found_id in first:
            yield Complaint(at=_AT, message=f"{shown(field.path)} has id {found_id}, which {shown(first[found_id])} has already")
        else:
            first[found_id] = field.path


_NESTED = '{"type":"struct","fields":[{"id":%s,"name":"city","required":false,"type":"string"}]}'


def _address(city: str) -> dict[str, object]:
    """A field with one inside it that has this id."""
    return {"Id": 2, "Name": "address", "Required": False, "Type": _NESTED % city}


_ID = {"Id": 1, "Name": "id", "Required": True, "Type": "long"}
_NO_PARTITIONS: dict[str, Any] = {"PartitionSpec": {"Fields": []}}

RULE = Rule(
    id="catalog.iceberg_field_ids",
    title="Each field of an Iceberg table, nested ones too, has a field id of its own",
    rationale=(
        "Iceberg finds a column in its files by the field id alone, never by name. Two fields with the same id read each other's values; "
        "a missing id is given out by whoever writes first, and may be another one next time."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-glue-table-icebergstructfield.html",
    severity=Severity.ERROR,
    remedy="Number all fields, give new ones numbers that were never used, and keep the numbers in a file under version control.",
    subjects=with_schema,
    judge=_judge,
    cases=Cases(
        compliant=(iceberg(), iceberg(schema={"Fields": [_ID, _address("3")]}, **_NO_PARTITIONS)),
        failing=(
            iceberg(schema={"Fields": [_ID, {**_ID, "Name": "total"}]}, **_NO_PARTITIONS),
            iceberg(schema={"Fields": [_ID, _address("1")]}, **_NO_PARTITIONS),
            iceberg(schema={"Fields": [{**_ID, "Id": 0}]}, **_NO_PARTITIONS),
            iceberg(schema={"Fields": [{"Name": "id", "Type": "long"}]}, **_NO_PARTITIONS),
        ),
        not_applicable=(BUCKET, table()),
    ),
)
