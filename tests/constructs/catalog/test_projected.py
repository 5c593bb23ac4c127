"""Tables with partition projection: what Athena is told, exactly, and what it is never told wrongly.

Whether Athena finds the files so cannot be tested without Athena: no local engine knows partition projection.
"""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from aws_cdk import aws_glue as glue, aws_s3 as s3

from constructs_lib.catalog import LakeDatabase, ProjectedTable, Projection, ProjectionUnit
from lakemodel.config.model import Zone
from lakemodel.errors import DataLakeError
from lakemodel.types.model import Primitive, PrimitiveKind
from tests.constructs.catalog.lake import column
from tests.support import new_stack, resources, template

KEYS = {
    "region": Projection.enum("eu", "us"),
    "shard": Projection.integer(0, 2**63 - 1, interval=2, digits=19),
    "day": Projection.date("yyyy/MM/dd", "2024/01/01", "NOW", interval=1, unit=ProjectionUnit.DAYS),
    "tenant": Projection.injected(),
}


def build(**changes: Any) -> dict[str, Any]:
    stack = new_stack()
    settings = {
        "database": LakeDatabase.from_database_name(stack, "Sales", domain="sales", zone=Zone.CURATED),
        "table_name": "clicks",
        "bucket": s3.Bucket.from_bucket_name(stack, "Bucket", "exports"),
        "prefix": "web/clicks/",
        "columns": [column("page", description="Which\npage"), column("at", Primitive(PrimitiveKind.TIMESTAMP))],
        "partitions": KEYS,
        "data_format": glue.DataFormat.JSON,
        "owner": "web@example.com",
        "classification": "internal",
    }
    made = ProjectedTable(stack, "Clicks", **{**settings, **changes})
    assert made.node.default_child is made.resource
    (found,) = resources(template(stack), "AWS::Glue::Table").values()
    return found


def test_tells_athena_each_keys_values():
    """Every parameter, none besides; numbers of 64 bits keep their digits."""
    found = build()
    assert found["DeletionPolicy"] == found["UpdateReplacePolicy"] == "Retain"
    assert found["Properties"]["TableInput"]["Parameters"] == {
        "projection.enabled": "true",
        "projection.region.type": "enum",
        "projection.region.values": "eu,us",
        "projection.shard.type": "integer",
        "projection.shard.range": "0,9223372036854775807",
        "projection.shard.interval": "2",
        "projection.shard.digits": "19",
        "projection.day.type": "date",
        "projection.day.format": "yyyy/MM/dd",
        "projection.day.range": "2024/01/01,NOW",
        "projection.day.interval": "1",
        "projection.day.interval.unit": "DAYS",
        "projection.tenant.type": "injected",
        "storage.location.template": "s3://exports/web/clicks/region=${region}/shard=${shard}/day=${day}/tenant=${tenant}/",
        "classification": "json",
        "lake.owner": "web@example.com",
        "lake.classification": "internal",
    }


def test_lists_keys_after_columns():
    """Keys are no columns of the files; only a whole number is no text."""
    properties = build()["Properties"]
    table = properties["TableInput"]
    assert (properties["DatabaseName"], table["Name"], table["TableType"]) == ("sales", "clicks", "EXTERNAL_TABLE")
    assert table["PartitionKeys"] == [
        {"Name": "region", "Type": "string"},
        {"Name": "shard", "Type": "bigint"},
        {"Name": "day", "Type": "string"},
        {"Name": "tenant", "Type": "string"},
    ]
    assert table["StorageDescriptor"]["Columns"] == [
        {"Name": "page", "Type": "string", "Comment": "Which page"},
        {"Name": "at", "Type": "timestamp"},
    ]
    assert table["StorageDescriptor"]["Location"] == "s3://exports/web/clicks/"
    assert "OpenTableFormatInput" not in properties


def test_takes_a_template_of_ones_own():
    """Producers rarely write Hive's `key=value`."""
    only_day = {"day": KEYS["day"]}
    found = build(partitions=only_day, location_template="s3://exports/web/clicks/${day}/")
    assert found["Properties"]["TableInput"]["Parameters"]["storage.location.template"] == "s3://exports/web/clicks/${day}/"


@pytest.mark.parametrize(("changes", "code"), [
    ({"location_template": "s3://exports/web/clicks/${region}/"}, "location_template"),
    ({"location_template": "s3://other/${region}/${shard}/${day}/${tenant}/"}, "location_template"),
    ({"location_template": "s3://exports/web/clicks/${region}/${shard}/${day}/${tenant}/${more}/"}, "location_template"),
    ({"location_template": "s3://exports/web/clicks/${region}/${shard}/${day}/${tenant}"}, "location_template"),
    ({"partitions": {}}, "projection"),
    ({"partitions": {"page": Projection.injected()}}, "columns"),
    ({"columns": []}, "columns"),
    ({"table_name": "Clicks"}, "catalog_name"),
    ({"partitions": {"Day": Projection.injected()}}, "catalog_name"),
])  # fmt: skip
def test_fails_for_a_table_that_athena_would_misread(changes: dict[str, Any], code: str):
    """Each key has one projection and a place in the template, and nothing else has."""
    with pytest.raises(DataLakeError) as told:
        build(**changes)
    assert told.value.code == code


def test_fails_when_glue_cannot_keep_it():
    """Many values make more metadata than Glue keeps."""
    with pytest.raises(DataLakeError, match="project fewer enum values, or inject the key"):
        build(partitions={"id": Projection.enum(*(hashlib.sha256(bytes([at % 256, at // 256])).hexdigest() for at in range(40_000)))})


@pytest.mark.parametrize("make", [
    Projection.enum,
    lambda: Projection.enum("a", "a"),
    lambda: Projection.enum("a,b"),
    lambda: Projection.enum("a", " b"),
    lambda: Projection.enum(""),
    lambda: Projection.integer(2, 1),
    lambda: Projection.integer(0, 2**63),
    lambda: Projection.integer(0, 9, interval=0),
    lambda: Projection.integer(0, 10, digits=1),
    lambda: Projection.date("yyyy-MM-dd", "2024/01/01"),
    lambda: Projection.date("yyyy-MM-dd", "2024-13-01"),
    lambda: Projection.date("yyyy-MM-dd", "2024-02-01", "2024-01-01"),
    lambda: Projection.date("yyyy-MM-dd", "NOW-3 YEARS"),
    lambda: Projection.date("yyyy-MM-dd", "NOW-0DAYS"),
    lambda: Projection.date("yyyy-MM-dd'T'HH", "2024-01-01T00"),
    lambda: Projection.date("yyyy", "2024"),
    lambda: Projection.date("yyyy-MM-dd", "2024-01-01", interval=2),
    lambda: Projection.date("yyyy-MM-dd", "2024-01-01", interval=0, unit=ProjectionUnit.DAYS),
    lambda: Projection.date("YYYY-MM-dd", "2024-01-01"),
    lambda: Projection.date("", ""),
    lambda: Projection.date("yyyy,MM", "2024,01"),
])  # fmt: skip
def test_fails_for_values_that_are_none(make: Any):
    """Athena would say it at the first query, or find no file."""
    with pytest.raises(DataLakeError) as told:
        make()
    assert told.value.code == "projection"


@pytest.mark.parametrize(("made", "expected"), [
    (Projection.date("yyyy-MM", "2020-01"), {"type": "date", "format": "yyyy-MM", "range": "2020-01,NOW"}),
    (Projection.date("yyyy-MM-dd'T'HH", "NOW-3DAYS", "NOW+1HOUR", unit=ProjectionUnit.HOURS),
     {"type": "date", "format": "yyyy-MM-dd'T'HH", "range": "NOW-3DAYS,NOW+1HOUR", "interval": "1", "interval.unit": "HOURS"}),
    (Projection.integer(-5, 5), {"type": "integer", "range": "-5,5"}),
])  # fmt: skip
def test_leaves_out_what_athena_assumes(made: Projection, expected: dict[str, str]):
    """No property without a reason."""
    assert made.properties == expected
