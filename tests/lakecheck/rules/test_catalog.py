"""What cases of the catalog's rules cannot hold: values that are not known, hostile types, several accounts, who else is about a table."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.checks import rules
from lakecheck.rules import all_rules
from lakecheck.rules._lake import contents, some
from lakecheck.rules.catalog import (
    column_types,
    creation_order,
    iceberg_compaction,
    iceberg_field_ids,
    iceberg_field_references,
    iceberg_orphan_age,
    iceberg_retention,
    iceberg_shape,
    location_form,
    lower_case_names,
    overlapping_locations,
    projection_keys,
    projection_ranges,
    projection_with_publisher,
    repeated_columns,
)
from lakecheck.rules.catalog._cases import iceberg, optimizer, projected, table
from lakemodel.findings import Severity
from tests.lakecheck.rules.hostile import judge_broken
from tests.lakecheck.rules.snapshots import snapshot_of

if TYPE_CHECKING:
    from types import ModuleType

OURS = [rule for rule in all_rules() if rule.family == "catalog"]
OPEN = {"Ref": "Given"}
PARAMETERS = {"Given": {"Type": "String"}}


def judged(module: ModuleType, resources: dict[str, Any]) -> list[tuple[Severity, str]]:
    """What one rule says, with the parameter `Given` that has no value."""
    found = rules.check(snapshot_of(resources, Parameters=PARAMETERS), [module.RULE]).findings
    return [(each.severity, each.message) for each in found]


def severities(module: ModuleType, resources: dict[str, Any]) -> list[Severity]:
    return [severity for severity, _ in judged(module, resources)]


@pytest.mark.parametrize("rule", OURS, ids=lambda rule: rule.id)
def test_no_value_of_the_wrong_kind_breaks_a_rule(rule):
    assert judge_broken(rule) > 10


@pytest.mark.parametrize(
    ("module", "resources"),
    [
        (projection_keys, projected(projection_enabled=OPEN)),
        (projection_ranges, projected(projection_day_range=OPEN)),
        (projection_ranges, projected(projection_day_type=OPEN)),
        (iceberg_field_ids, iceberg(schema={"Fields": [{"Id": OPEN, "Name": "id", "Type": "long"}]})),
        (iceberg_field_references, iceberg(PartitionSpec={"Fields": [{"FieldId": 1000, "Name": "m", "SourceId": OPEN}]})),
        (iceberg_retention, {**iceberg(), **optimizer("retention", enabled=OPEN)}),
        (iceberg_compaction, {**iceberg(), **optimizer("compaction", enabled=OPEN)}),
        (column_types, table(storage={"Columns": [{"Name": "id", "Type": OPEN}]})),
        (location_form, table(storage={"Location": {"Fn::Sub": "s3://lake/${Given}"}})),
        (location_form, table(storage={"Location": OPEN})),
    ],
)
def test_what_is_not_known_is_told_and_fails_nothing(module, resources):
    assert severities(module, resources) == [Severity.NOTE]


def test_an_unknown_age_of_orphans_is_told():
    configuration = {"IcebergConfiguration": {"OrphanFileRetentionPeriodInDays": OPEN}}
    resources = {**iceberg(), **optimizer("orphan_file_deletion", OrphanFileDeletionConfiguration=configuration)}
    assert severities(iceberg_orphan_age, resources) == [Severity.NOTE]


# --- locations ----------------------------------------------------------------------------------------------------------------------------


def test_two_accounts_may_each_have_a_table_over_the_same_files():
    theirs = copy.deepcopy(table("Theirs"))
    theirs["Theirs"]["Properties"]["CatalogId"] = "111122223333"
    assert judged(overlapping_locations, {**table("Ours"), **theirs}) == []


def test_tables_of_which_one_may_not_exist_overlap_perhaps():
    second = copy.deepcopy(table("Second", name="orders"))
    second["Second"]["Condition"] = "IsOld"
    snapshot = snapshot_of({**table("First"), **second}, Parameters=PARAMETERS, Conditions={"IsOld": {"Fn::Equals": [OPEN, "yes"]}})
    assert [each.severity for each in rules.check(snapshot, [overlapping_locations.RULE]).findings] == [Severity.NOTE]


def test_the_closest_table_around_one_is_named():
    deep = table("Deep", name="deep", storage={"Location": "s3://lake/sales/orders/parts/"})
    found = judged(overlapping_locations, {**table("All", name="all", storage={"Location": "s3://lake/sales/"}), **table("Orders"), **deep})
    assert [message.partition(",")[0] for _, message in found] == [
        "the location of sales.orders is in that of sales.all",
        "the location of sales.deep is in that of sales.orders",
    ]


def test_views_have_no_location_to_overlap():
    assert judged(overlapping_locations, {**table("Orders"), **table("View", TableType="VIRTUAL_VIEW")}) == []


def test_a_bucket_that_cloudformation_names_ends_without_a_slash():
    bucket = {"Bucket": {"Type": "AWS::S3::Bucket"}}
    wanted_by_location = {"s3://${Bucket}": [Severity.WARNING], "s3://${Bucket}/": [], "s3://${Bucket}/${Given}": [Severity.NOTE]}
    for location, wanted in wanted_by_location.items():
        assert severities(location_form, {**bucket, **table(storage={"Location": {"Fn::Sub": location}})}) == wanted


@pytest.mark.parametrize("location", ["arn:aws:dynamodb:${AWS::Region}:${Given}:table/orders", "${Given}.public.orders"])
def test_a_location_that_is_none_of_s3_has_no_form(location: str):
    found = severities(location_form, table(storage={"Location": {"Fn::Sub": location}}))
    assert found == ([Severity.NOTE] if location.startswith("$") else [])


@pytest.mark.parametrize("where", ["storage", "table"])
def test_a_stream_has_its_name_for_a_location(where: str):
    given = {"Location": OPEN} | ({"Parameters": {"typeOfData": "kinesis"}} if where == "storage" else {})
    resources = table(storage=given)
    if where == "table":
        resources["Table"]["Properties"]["TableInput"]["Parameters"] = {"typeOfData": "kinesis"}
    assert severities(location_form, resources) == []


@pytest.mark.parametrize(
    ("prefix", "touched"),
    [("", ["a", "ab", "b"]), ("a/", ["a"]), ("a", ["a", "ab"]), ("a/part/", ["a"]), ("c/", []), ("b/x/y/", ["b"]), ("ab/", ["ab"])],
)
def test_a_prefix_touches_the_tables_in_it_and_around_it(prefix: str, touched: list[str]):
    names = {"a": "a", "ab": "ab", "b": "b/x"}
    resources = {}
    for name, folder in names.items():
        resources |= table(name.upper(), name=name, storage={"Location": f"s3://lake/{folder}/"})
    found = contents(snapshot_of(resources))["lake"].touched_by(prefix)
    assert [each.table.name for each in found] == touched


def test_a_table_that_is_its_whole_bucket_is_touched_by_any_prefix():
    found = contents(snapshot_of(table(storage={"Location": "s3://lake"})))["lake"]
    assert [len(found.touched_by(prefix)) for prefix in ("", "a/")] == [1, 1]


# --- projection ---------------------------------------------------------------------------------------------------------------------------


def _job(resource: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": ["glue:*Partition"], "Resource": resource}
    properties = {"AssumeRolePolicyDocument": {}, "Policies": [{"PolicyName": "P", "PolicyDocument": {"Statement": [statement]}}]}
    return {
        "Role": {"Type": "AWS::IAM::Role", "Properties": properties},
        "Job": {"Type": "AWS::Glue::Job", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Command": {"Name": "glueetl"}}},
    }


@pytest.mark.parametrize(
    ("named", "complaints"),
    [("table/sales/orders", 1), ("table/sales/customers", 0), ("table/sales/*", 0), ("*", 0)],
)
def test_a_job_publishes_to_the_tables_that_its_role_names(named: str, complaints: int):
    resource = named if named == "*" else f"arn:aws:glue:eu-west-1:444455556666:{named}"
    assert len(judged(projection_with_publisher, {**projected(), **_job(resource)})) == complaints


def test_a_function_with_the_right_to_write_is_no_publisher():
    """CDK's grant to write gives the right to register partitions along."""
    resources = _job("arn:aws:glue:eu-west-1:444455556666:table/sales/orders")
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Code": {}}}
    assert judged(projection_with_publisher, {**projected(), "Role": resources["Role"], "Function": function}) == []


def test_a_role_that_nothing_runs_as_publishes_nothing():
    resources = _job("arn:aws:glue:eu-west-1:444455556666:table/sales/orders")
    assert judged(projection_with_publisher, {**projected(), "Role": resources["Role"]}) == []


def test_a_partition_in_a_template_is_registered():
    partition = {"Type": "AWS::Glue::Partition", "Properties": {"DatabaseName": "sales", "TableName": "Orders"}}
    assert severities(projection_with_publisher, {**projected(), "Partition": partition}) == [Severity.WARNING]


# --- iceberg ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "complaints"),
    [
        ('{"type":"list","element-id":3,"element":"long"}', 0),
        ('{"type":"list","element":"long"}', 1),
        ('{"type":"map","key-id":3,"key":"string","value-id":3,"value":"long"}', 1),
        ('{"type":"map","key-id":3,"key":"string","value-id":4,"value":{"type":"struct","fields":[{"id":3,"name":"a","type":"int"}]}}', 1),
        ({"type": "list", "element-id": 1, "element": "long"}, 1),
        ("long", 0),
    ],
)
def test_ids_inside_of_types_count(written: Any, complaints: int):
    fields = [{"Id": 1, "Name": "id", "Type": "long"}, {"Id": "2", "Name": "inner", "Type": written}]
    assert len(judged(iceberg_field_ids, iceberg(schema={"Fields": fields}))) == complaints


def test_an_identifier_is_required():
    fields = [{"Id": 1, "Name": "id", "Required": False, "Type": "long"}, {"Id": 2, "Name": "ordered_at", "Type": "timestamptz"}]
    (found,) = judged(iceberg_field_references, iceberg(schema={"Fields": fields}))
    assert "identifier field id is optional" in found[1]


def test_a_table_without_metadata_is_complained_of_once():
    broken = table(Parameters={"table_type": "iceberg"}, PartitionKeys=[])
    assert severities(iceberg_shape, broken) == [Severity.ERROR]
    assert judged(iceberg_retention, broken) == judged(iceberg_compaction, broken) == []


def test_an_optimizer_of_another_table_or_account_is_none():
    other = copy.deepcopy(optimizer("retention"))
    next(iter(other.values()))["Properties"]["CatalogId"] = "111122223333"
    assert severities(iceberg_retention, {**iceberg(), **other}) == [Severity.WARNING]
    assert severities(iceberg_retention, {**iceberg(), **optimizer("retention", name="customers")}) == [Severity.WARNING]


# --- columns and order --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("int", ""),
        ("DECIMAL(12, 2)", ""),
        ("decimal(15)", ""),
        ("varchar(20)", ""),
        ("map<string,array<struct<a:decimal(5,2),b:date>>>", ""),
        ("struct<a:int,b:struct<c:string>>", ""),
        ("array<int", "closing bracket"),
        ("map<string>", "2 in its brackets"),
        ("struct<a>", "name:type"),
        ("list<int>", "array<...>"),
        ("struct<a:datetime>", "no such type"),
        ("decimal(2,5)", "no more behind the point"),
        ("uuid", "no such type"),
    ],
)
def test_types_of_hive(written: str, problem: str):
    found = judged(column_types, table(storage={"Columns": [{"Name": "a", "Type": written}]}))
    assert [problem in message for _, message in found] == ([True] if problem else [])


@pytest.mark.parametrize(
    ("written", "complaints"), [("long", 0), ("fixed[16]", 0), ("decimal(9, 2)", 0), ("timestamp", 0), ("text", 1), ("decimal", 1)]
)
def test_types_of_iceberg(written: str, complaints: int):
    assert len(judged(column_types, iceberg(schema={"Fields": [{"Id": 1, "Name": "a", "Type": written}]}))) == complaints


def test_capitals_in_what_is_not_known_do_not_count():
    columns = [{"Name": {"Fn::Sub": "${Given}_id"}, "Type": "string"}]
    assert judged(lower_case_names, table(storage={"Columns": columns})) == []
    assert judged(repeated_columns, table(storage={"Columns": [*columns, *columns]})) == []


_SALES = {"Sales": {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": "444455556666", "DatabaseInput": {"Name": "sales"}}}}


@pytest.mark.parametrize(
    ("changes", "complaints"),
    [
        ({"DatabaseName": {"Ref": "Sales"}}, 0),
        ({"DatabaseName": {"Fn::Sub": "${Sales}"}}, 0),
        ({"DatabaseName": "sales"}, 1),
        ({"DatabaseName": "SALES"}, 1),
        ({"DatabaseName": "elsewhere"}, 0),
    ],
)
def test_a_reference_is_a_dependency_and_a_text_is_none(changes: dict[str, Any], complaints: int):
    resources = copy.deepcopy({**_SALES, **table()})
    resources["Table"]["Properties"].update(changes)
    assert len(judged(creation_order, resources)) == complaints


def test_a_dependency_by_way_of_another_resource_counts():
    resources = copy.deepcopy({**_SALES, **table()})
    resources["Topic"] = {"Type": "AWS::SNS::Topic", "DependsOn": "Sales", "Properties": {"TopicName": {"Ref": "Other"}}}
    resources["Other"] = {"Type": "AWS::SNS::Topic", "DependsOn": "Topic"}
    resources["Table"]["DependsOn"] = "Other"
    assert judged(creation_order, resources) == []


def test_many_names_are_told_in_short():
    assert some(["a", "b"]) == "a, b"
    assert some(list("abcde")) == "a, b, c and 2 more"
