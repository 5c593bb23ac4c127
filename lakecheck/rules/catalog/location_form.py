"""A location is a folder in the form that Athena reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.rules._lake import hive_tables, parameters
from lakecheck.rules.base import Cases, Complaint, Rule, value
from lakecheck.rules.catalog._cases import BUCKET, LINK, table
from lakecheck.values import Unknown, generated_holes, has_hole, holes, outline, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT = "TableInput.StorageDescriptor.Location"
_OF_S3 = ("s3://", "s3a://", "s3n://", "http://", "https://")
_ARN = "arn:"
_STREAMS = ("kinesis", "kafka")


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    """The tables whose location is one in S3, or may be."""
    for found in hive_tables(snapshot):
        if not _is_stream(found) and _may_be_of_s3(value(found, _AT)):
            yield found


def _is_stream(found: Resource) -> bool:
    """Whether it is over a stream of Kinesis or Kafka, whose name is its location."""
    storage = value(found, "TableInput.StorageDescriptor.Parameters")
    return any(isinstance(each, dict) and each.get("typeOfData") in _STREAMS for each in (storage, parameters(found)))


def _may_be_of_s3(location: object) -> bool:
    if not isinstance(location, str):
        return isinstance(location, Unknown)
    begin = outline(location, of_hole="\0").partition("\0")[0].lower()
    if has_hole(location) and any(each.startswith(begin) for each in (*_OF_S3, _ARN)):
        return True
    return begin.startswith(_OF_S3) or ":s3:::" in location


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    location = value(found, _AT)
    if isinstance(location, Unknown):
        yield Complaint(at=_AT, message=f"is not known: {location.reason}", is_unknown=True)
        return
    plain = outline(location, of_hole="x")
    path = plain.partition("://")[2]
    if not plain.startswith("s3://"):
        unsure = has_hole(location[:1])
        yield Complaint(at=_AT, message=f"is {shown(location)}; Athena reads s3://bucket/folder/ only", is_unknown=unsure)
    elif "//" in path:
        yield Complaint(at=_AT, message=f"is {shown(location)}, with an empty folder in it; Athena drops it and looks elsewhere")
    elif "*" in path or "?" in path:
        yield Complaint(at=_AT, message=f"is {shown(location)}; wildcards are not allowed, a folder is")
    elif not path.endswith("/"):
        # What stands at the end may have the slash itself, unless CloudFormation makes it up: a bucket's name has none.
        unsure = _ends_open(location) and generated_holes(location)[-1:] != holes(location)[-1:]
        yield Complaint(at=_AT, message=f"is {shown(location)}, without a slash at the end; a folder has one", is_unknown=unsure)


def _ends_open(location: str) -> bool:
    """Whether the last thing in it is a hole."""
    return outline(location, of_hole="\0").endswith("\0")


RULE = Rule(
    id="catalog.location_form",
    title="The location of a table is s3://bucket/folder/ with a slash at its end",
    rationale=(
        "Athena asks for the slash, and whatever takes a location for a prefix of keys, such as a listing or a lifecycle rule, takes "
        "sales/orders_2023 along with sales/orders. Athena reads no wildcards, no other schemes and no empty folders; it drops the latter "
        "silently and looks in a place that does not exist."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html",
    severity=Severity.WARNING,
    remedy="Write the location as s3://bucket/folder/.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(table(),),
        failing=tuple(
            table(storage={"Location": location})
            for location in ("s3://lake/sales/orders", "s3://lake//orders/", "s3://lake/orders/*/", "s3a://lake/orders/")
        ),
        not_applicable=(
            BUCKET,
            LINK,
            table(storage={"Location": "sales.public.orders"}),
            table(storage={"Location": {"Ref": "Clicks"}, "Parameters": {"typeOfData": "kinesis"}}),
        ),
    ),
)
