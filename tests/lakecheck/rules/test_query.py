"""What the rules on Athena take for safe, for wrong and for open, beyond their cases."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.rules.query._workgroups import workgroup
from tests.lakecheck.rules.judging import looked_at, said

OPEN = {"Parameters": {"Given": {"Type": "String"}}}
GIVEN = {"Ref": "Given"}


def bucket(*rules: Any, **properties: Any) -> dict[str, Any]:
    return {"Results": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": list(rules)}, **properties}}}


@pytest.mark.parametrize(
    ("rule", "configuration"),
    [
        ("query.not_enforced", {"EnforceWorkGroupConfiguration": GIVEN}),
        ("query.no_scan_cap", {"BytesScannedCutoffPerQuery": GIVEN}),
        ("query.engine_version", {"EngineVersion": {"SelectedEngineVersion": GIVEN}}),
        ("query.metrics_off", {}),
        ("query.results_shared", {"ResultConfiguration": {"OutputLocation": GIVEN}}),
    ],
)
def test_what_is_not_known_is_open(rule: str, configuration: dict[str, Any]):
    found = said(rule, workgroup(**configuration), **OPEN)
    assert len(found) == 1
    assert found[0].startswith("? ")


@pytest.mark.parametrize("value", ["true", True])
def test_texts_are_values_as_cloudformation_takes_them(value: Any):
    assert said("query.not_enforced", workgroup(EnforceWorkGroupConfiguration=value)) == []
    assert said("query.metrics_off", workgroup(PublishCloudWatchMetricsEnabled=value)) == []


def test_results_that_athena_keeps_are_in_no_bucket():
    kept = workgroup(results="s3://results/", ManagedQueryResultsConfiguration={"Enabled": True})
    for rule in ("query.results_shared", "query.results_kept", "query.results_owner", "query.results_in_lake"):
        assert looked_at(rule, kept) == 0


def test_a_prefix_that_begins_alike_is_another():
    two = {**workgroup("One", results="s3://results/team"), **workgroup("Two", results="s3://results/team-b/")}
    assert said("query.results_shared", two) == []
    nested = {**workgroup("One", results="s3://results/team"), **workgroup("Two", results="s3://results/team/b/")}
    found = said("query.results_shared", nested)
    assert len(found) == 1
    assert "Two" in found[0]


def test_the_same_bucket_by_reference_is_the_same():
    place = {"Fn::Sub": "s3://${Results}/all/"}
    groups = {**workgroup("One", results=place), **workgroup("Two", results=place)}  # type: ignore[arg-type]  # what a template has
    resources = {**groups, **bucket({"Status": "Enabled", "ExpirationInDays": 7})}
    assert len(said("query.results_shared", resources)) == 2
    assert said("query.results_kept", resources) == []


@pytest.mark.parametrize(
    ("rule", "messages"),
    [
        ({"Status": "Enabled", "ExpirationInDays": 7, "Prefix": ""}, 0),
        ({"Status": "Enabled", "ExpirationDate": "2030-01-01T00:00:00Z"}, 0),
        ({"Status": "Enabled", "ExpirationInDays": 7, "TagFilters": [{"Key": "a", "Value": "b"}]}, 1),
        ({"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}, 1),
        ({"Status": "Enabled", "ExpirationInDays": 7, "Prefix": "al"}, 0),
        ({"Status": "Enabled", "ExpirationInDays": 7, "Prefix": "all/old/"}, 1),
    ],
)
def test_which_lifecycle_expires_results(rule: dict[str, Any], messages: int):
    resources = {**workgroup(results="s3://results/all/"), **bucket(rule, BucketName="results")}
    assert len(said("query.results_kept", resources)) == messages


def test_a_lifecycle_that_is_not_known_is_open():
    group = workgroup(results="s3://results/all/")
    state = {"Status": GIVEN, "ExpirationInDays": 7}
    assert said("query.results_kept", {**group, **bucket(state, BucketName="results")}, **OPEN)[0].startswith("? ")


def test_a_saved_query_may_name_what_no_template_has():
    query = {"Type": "AWS::Athena::NamedQuery", "Properties": {"Database": "elsewhere", "WorkGroup": "primary", "QueryString": "SELECT 1"}}
    assert said("query.named_query_elsewhere", {"Saved": query, **workgroup()}) == []


def test_results_inside_of_a_tables_place_are_in_the_lake():
    table = {
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": "444455556666",
            "DatabaseName": "sales",
            "TableInput": {"Name": "orders", "StorageDescriptor": {"Location": "s3://curated/orders/"}},
        },
    }
    assert len(said("query.results_in_lake", {"Orders": table, **workgroup(results="s3://curated/orders/results/")})) == 1
    assert said("query.results_in_lake", {"Orders": table, **workgroup(results="s3://curated/orders-results/")}) == []
