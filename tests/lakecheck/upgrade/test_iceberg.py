"""Schemas of Iceberg tables: compared by field id, as files are read, and by name, as queries are written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from lakecheck.upgrade.data import retention
from tests.lakecheck.upgrade.support import compared

ADDRESS = {
    "type": "struct",
    "fields": [
        {"id": 11, "name": "street", "required": False, "type": "string"},
        {
            "id": 12,
            "name": "tags",
            "required": False,
            "type": {"type": "list", "element-id": 13, "element": "int", "element-required": False},
        },
    ],
}
FIELDS = [
    {"Id": 1, "Name": "id", "Type": "long", "Required": True},
    {"Id": 2, "Name": "total", "Type": "decimal(10, 2)"},
    {"Id": 3, "Name": "address", "Type": json.dumps(ADDRESS)},
]


def table(fields: Any, **more: Any) -> dict[str, Any]:
    schema = {} if fields is None else {"Schema": {"Type": "struct", "Fields": fields}}
    iceberg = {"IcebergTableInput": {"Location": "s3://lake/orders/", **schema, **more}, "MetadataOperation": "CREATE"}
    properties = {"CatalogId": "444455556666", "DatabaseName": "sales", "Name": "orders", "OpenTableFormatInput": {"IcebergInput": iceberg}}
    return {"Table": {"Type": "AWS::Glue::Table", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": properties}}


def found(was: Any, now: Any) -> list[tuple[str, str, bool]]:
    """The rules that a change of a table breaks, with what is said."""
    risks = retention.risks(compared(was, now))
    return [(risk.rule.partition(".")[2], risk.message, risk.is_certain) for risk in risks]


def edited(place: int, **changes: Any) -> list[dict[str, Any]]:
    return [{**field, **changes} if index == place else field for index, field in enumerate(FIELDS)]


def nested(address: Any) -> list[dict[str, Any]]:
    return edited(2, Type=json.dumps(address))


def test_a_column_that_is_gone_is_told_once_with_what_is_in_it():
    assert found(table(FIELDS), table(FIELDS[:2])) == [("columns", "column address is gone", True)]


def test_another_name_another_id_and_another_type_are_told():
    assert found(table(FIELDS), table(edited(1, Name="amount"))) == [("columns", "column total is called amount", True)]
    assert found(table(FIELDS), table(edited(1, Id=7))) == [("columns", "column total has the field id 7 instead of 2", True)]
    assert found(table(FIELDS), table(edited(0, Type="int"))) == [("type_narrowed", "column id is int instead of long", True)]
    assert found(table(FIELDS), table(edited(0, Type="string"))) == [("type_narrowed", "column id is string instead of long", True)]


def test_inside_structs_and_lists_too():
    renamed = {"type": "struct", "fields": [{**ADDRESS["fields"][0], "name": "road"}, ADDRESS["fields"][1]]}  # type: ignore[dict-item]
    assert found(table(FIELDS), table(nested(renamed))) == [("columns", "column address.street is called address.road", True)]
    without = {"type": "struct", "fields": ADDRESS["fields"][:1]}
    assert found(table(FIELDS), table(nested(without))) == [("columns", "column address.tags is gone", True)]


@pytest.mark.parametrize(
    "fields",
    [
        [*FIELDS, {"Id": 4, "Name": "note", "Type": "string"}],
        edited(1, Type="decimal(12, 2)"),
        edited(1, Doc="What the customer pays."),
        list(reversed(FIELDS)),
        nested({"type": "struct", "fields": [*ADDRESS["fields"], {"id": 14, "name": "city", "type": "string"}]}),
        edited(0, Id="1"),
    ],
    ids=["new column", "more digits", "words", "order", "new inside", "id as text"],
)
def test_what_iceberg_reads_old_files_with_is_no_risk(fields: list[dict[str, Any]]):
    assert found(table(FIELDS), table(fields)) == []


def test_what_is_not_known_is_told_as_perhaps():
    open_ones = [*FIELDS[:2], {"Id": 3, "Name": {"Fn::ImportValue": "elsewhere"}, "Type": "string"}]
    assert [(rule, certain) for rule, _, certain in found(table(FIELDS), table(open_ones))] == [("columns", False)]
    assert [(rule, certain) for rule, _, certain in found(table(FIELDS), table(None))] == [("columns", False)]


def test_snapshots_that_go_sooner_and_another_place_are_told():
    shorter = {"Properties": {"history.expire.max-snapshot-age-ms": "3600000"}}
    assert [rule for rule, _, _ in found(table(FIELDS), table(FIELDS, **shorter))] == ["sooner"]
    assert found(table(FIELDS, **shorter), table(FIELDS)) == []
    assert [rule for rule, _, _ in found(table(FIELDS), table(FIELDS, Location="s3://other/orders/"))] == ["other_data"]


@settings(max_examples=40)
@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_value_in_the_place_of_fields_or_of_a_type_is_borne(value: Any):
    for one in (table(value), table(edited(2, Type=value)), table(edited(1, Id=value))):
        found(table(FIELDS), one)
        found(one, table(FIELDS))
