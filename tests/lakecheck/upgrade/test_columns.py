"""What readers of a table cannot read any more is named; new columns, wider types and comments are not."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.upgrade.data import retention
from lakecheck.upgrade.data.columns import is_wider
from tests.lakecheck.upgrade.support import compared


def table(
    columns: dict[str, str], keys: dict[str, str] | None = None, parameters: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    listed = [{"Name": name, "Type": kind} | more for name, kind in columns.items()]
    properties = {
        "DatabaseName": "sales",
        "CatalogId": "444455556666",
        "TableInput": {
            "Name": "orders",
            "StorageDescriptor": {"Columns": listed, "Location": "s3://lake/orders/"},
            "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in (keys or {}).items()],
            "Parameters": parameters or {},
        },
    }
    return {"Orders": {"Type": "AWS::Glue::Table", "Properties": properties}}


def rules(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [risk.rule for risk in retention.risks(compared(was, now))]


def test_a_column_that_goes_is_told_and_a_new_one_is_not():
    one, two = table({"id": "bigint"}), table({"id": "bigint", "email": "string"})
    (found,) = retention.risks(compared(two, one))
    assert (found.rule, found.property) == ("data_loss.columns", "TableInput.StorageDescriptor.Columns[email]")
    assert rules(one, two) == []


def test_each_of_several_columns_is_told_at_its_own_place():
    found = list(retention.risks(compared(table({"id": "int", "email": "string", "name": "string"}), table({"id": "int"}))))
    assert len({risk.property for risk in found}) == 2


def test_case_comments_and_order_of_columns_are_harmless():
    assert rules(table({"ID": "bigint", "email": "string"}), table({"email": "string", "id": "BIGINT"}, Comment="mail")) == []


def test_a_narrower_type_is_told_and_a_wider_one_is_not():
    narrow, wide = table({"id": "int"}), table({"id": "bigint"})
    assert rules(wide, narrow) == ["data_loss.type_narrowed"]
    assert rules(narrow, wide) == []


def test_a_column_that_becomes_a_partition_key_is_told_as_that():
    assert rules(table({"id": "int", "day": "date"}), table({"id": "int"}, {"day": "date"})) == ["data_loss.partition_keys"]


def test_other_partition_keys_are_a_risk_both_ways():
    daily, none = table({"id": "int"}, {"day": "date"}), table({"id": "int"})
    assert rules(daily, none) == ["data_loss.partition_keys"]
    assert rules(none, daily) == ["data_loss.partition_keys"]
    assert rules(daily, daily) == []


@pytest.mark.parametrize(
    ("name", "long", "short"),
    [
        ("history.expire.max-snapshot-age-ms", "864000000", "86400000"),
        ("history.expire.min-snapshots-to-keep", "10", "1"),
        ("vacuum_max_snapshot_age_seconds", "864000", "3600"),
        ("vacuum_min_snapshots_to_keep", "10", "1"),
        ("write.metadata.delete-after-commit.enabled", "false", "true"),
        ("write.metadata.previous-versions-max", "100", "10"),
        ("gc.enabled", "false", "true"),
    ],
)
def test_snapshots_that_are_kept_for_less_time_are_told(name, long, short):
    was, now = (table({"id": "int"}, parameters={name: value}) for value in (long, short))
    assert rules(was, now) == ["data_loss.sooner"]
    assert rules(now, was) == []


def test_another_place_of_the_files_is_told():
    was, now = (table({"id": "int"}, parameters={"storage.location.template": f"s3://lake/{name}/${{day}}"}) for name in ("a", "b"))
    assert rules(was, now) == ["data_loss.other_data"]


def test_columns_that_are_not_known_are_not_taken_for_harmless():
    unknown = table({"id": "int"})
    unknown["Orders"]["Properties"]["TableInput"]["StorageDescriptor"]["Columns"] = {"Ref": "Columns"}
    (found,) = retention.risks(compared(table({"id": "int"}), unknown))
    assert not found.is_certain


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("tinyint", "smallint"),
        ("integer", "bigint"),
        ("float", "double"),
        ("decimal(10,2)", "decimal(12,2)"),
        ("varchar(10)", "varchar(20)"),
        ("varchar(10)", "string"),
        ("array<int>", "array<bigint>"),
        ("map<string,int>", "map<string,bigint>"),
        ("struct<a:int,b:struct<c:int>>", "struct<a:bigint,b:struct<c:int,d:string>>"),
    ],
)
def test_types_that_take_all_values(was, now):
    assert is_wider(was, now)
    assert not is_wider(now, was)


@pytest.mark.parametrize(
    ("was", "now"), [("string", "int"), ("decimal(10,2)", "decimal(12,4)"), ("struct<a:int>", "struct<b:int>"), ("array<int>", "int")]
)
def test_types_that_do_not(was, now):
    assert not is_wider(was, now)
