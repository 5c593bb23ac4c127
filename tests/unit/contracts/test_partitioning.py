"""Partitioning and primary keys."""

from __future__ import annotations

import pytest

from .support import codes, document, finding_of, table_of

OTHER = {"name": "other", "logicalType": "string"}


def vendor(name: str, value: object) -> dict:
    return {"property": name, "value": value, "vendor": "governed-lake"}


def by(transform: str) -> dict:
    return {"customProperties": [vendor("partitionTransform", transform)]}


def fields(*columns: dict, **table: object) -> list[tuple[str, str]]:
    return [(one.column, one.transform) for one in table_of(document([*columns, OTHER], table=table)).partitioning]


PARQUET = {"customProperties": [vendor("tableFormat", "parquet")]}


def key(name: str, position: int | None = None, kind: str = "date", **more: object) -> dict:
    return (
        {"name": name, "logicalType": kind, "partitioned": True} | ({} if position is None else {"partitionKeyPosition": position}) | more
    )


def test_orders_by_position():
    """The stated order holds, not that of the columns."""
    assert fields(key("a", 2), key("b", 1)) == [("b", "identity"), ("a", "identity")]


def test_puts_columns_without_position_last():
    """In the order of the columns, and told."""
    assert fields(key("a"), key("b", 1), key("c")) == [("b", "identity"), ("a", "identity"), ("c", "identity")]
    assert "position" in codes(document([key("a"), key("b", 1), OTHER]), severity="warning")
    assert "position" in codes(document([key("a"), key("b"), OTHER]), severity="note")


@pytest.mark.parametrize(("written", "read"), [
    ("month", "month"), ("Days", "day"), ("years", "year"), ("bucket[16]", "bucket[16]"), ("identity", "identity"),
])  # fmt: skip
def test_reads_transforms(written: str, read: str):
    """As Iceberg calls them, singular."""
    assert fields(key("a", 1) | by(written)) == [("a", read)]


@pytest.mark.parametrize(("column", "expected"), [
    (key("a", 1) | by("mnth"), "partition_transform"),
    (key("a", 1) | by("bucket"), "partition_transform"),
    (key("a", 1) | by("bucket[0]"), "partition_transform"),
    (key("a", 1) | by("month[2]"), "partition_transform"),
    (key("a", 1) | by("hour"), "partition_transform"),
    (key("a", 1, "string") | by("month"), "partition_transform"),
    (key("a", 1, "boolean") | by("bucket[4]"), "partition_transform"),
    (key("a", 1) | by("truncate[4]"), "partition_transform"),
    ({"name": "a", "logicalType": "date"} | by("month"), "partition_transform"),
    (key("a", 1, "array", items={"logicalType": "string"}), "partition_type"),
    (key("a", 1, "number", physicalType="double"), "partition_type"),
])  # fmt: skip
def test_fails_when_the_partitioning_cannot_be(column: dict, expected: str):
    """Wrong transforms and types that make no partitions are errors."""
    assert codes(document([column, OTHER]), severity="error") == [expected]


@pytest.mark.parametrize("column", [key("a", 1) | by("month"), key("a", 1, "timestamp"), key("a", 1, "string", physicalType="bytea")])
def test_fails_when_parquet_cannot_have_it(column: dict):
    """A Parquet partition is a folder named after the value."""
    assert set(codes(document([column, OTHER], table=PARQUET), severity="error")) <= {"partition_transform", "partition_type"}
    assert codes(document([column, OTHER], table=PARQUET), severity="error")


def test_warns_of_one_partition_per_moment():
    """A timestamp without a transform makes a partition for each value."""
    assert "partition_type" in codes(document([key("a", 1, "timestamp"), OTHER]), severity="warning")
    assert "partition_type" not in codes(document([key("a", 1, "timestamp") | by("day"), OTHER]))


def test_fails_when_every_column_partitions():
    """No column would be left in the files."""
    assert "all_columns_partition" in codes(document([key("a", 1), key("b", 2)]), severity="error")


def test_fails_when_two_columns_have_one_position():
    """The order would be a guess."""
    assert codes(document([key("a", 1), key("b", 1), OTHER]), severity="error") == ["position", "position"]


@pytest.mark.parametrize(("flag", "partitions"), [({}, 1), ({"partitioned": False}, 0)])
def test_tells_when_position_and_flag_differ(flag: dict, partitions: int):
    """`partitioned` decides where it is stated."""
    column = {"name": "a", "logicalType": "date", "partitionKeyPosition": 1} | flag
    assert len(fields(column)) == partitions
    assert "position_alone" in codes(document([column, OTHER]), severity="warning")


def test_takes_the_standards_default_position_as_none():
    """-1 is what the standard writes for no position."""
    column = {"name": "a", "logicalType": "date", "partitioned": False, "partitionKeyPosition": -1, "primaryKeyPosition": -1}
    assert codes(document([column, OTHER])) == []


def test_reads_the_primary_key():
    """In key order; its columns are required."""
    columns = [
        {"name": "b", "logicalType": "string", "primaryKey": True, "primaryKeyPosition": 2},
        {"name": "a", "logicalType": "string", "primaryKey": True, "primaryKeyPosition": 1},
        OTHER,
    ]
    table = table_of(document(columns))
    assert table.primary_key == ("a", "b")
    assert [column.required for column in table.columns] == [True, True, False]


def test_fails_when_the_key_is_nested():
    """Lists and structs cannot be compared as keys."""
    column = {"name": "a", "primaryKey": True, "logicalType": "array", "items": {"logicalType": "string"}}
    assert codes(document([column]), severity="error") == ["key_type"]
    assert codes(document([{"name": "a", "primaryKey": True, "physicalType": "double"}]), severity="warning") == ["key_type"]


@pytest.mark.parametrize("flag", ["primaryKey", "partitioned"])
def test_fails_when_a_nested_property_is_a_key(flag: str):
    """It would silently do nothing."""
    column = {"name": "a", "logicalType": "object", "properties": [{"name": "x", "logicalType": "string", flag: True}]}
    assert finding_of(document([column]), "nested_key").place.path == f"schema.thing.properties.a.properties.x.{flag}"
