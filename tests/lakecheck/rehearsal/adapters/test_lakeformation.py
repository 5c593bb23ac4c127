"""Lake Formation's adapters against moto in this process."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakecheck.rehearsal.adapters.lake_formation import spelled
from lakecheck.rehearsal.adapters.registry import adapters
from lakecheck.rehearsal.comparison.echoes import Echoed, marked
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

WHO = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/Analyst"}
TAG = {"CatalogId": ACCOUNT, "TagKey": "domain", "TagValues": ["sales", "travel"]}
TABLE = {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders"}}
COLUMNS = {"TableWithColumns": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders", "ColumnNames": ["total", "id"]}}
FILTER = {
    "TableCatalogId": ACCOUNT,
    "DatabaseName": "sales",
    "TableName": "orders",
    "Name": "euros",
    "ColumnNames": ["id", "total"],
    "RowFilter": {"FilterExpression": "currency = 'EUR'"},
}


@pytest.fixture
def lake():
    """Clients of an account with a database, a table and an LF-Tag."""
    with emulated() as clients:
        make(clients, "AWS::Glue::Database", {"DatabaseInput": {"Name": "sales"}})
        columns = [{"Name": name, "Type": "string"} for name in ("id", "total", "currency")]
        table = {"Name": "orders", "StorageDescriptor": {"Columns": columns}, "PartitionKeys": [{"Name": "day", "Type": "string"}]}
        make(clients, "AWS::Glue::Table", {"DatabaseName": "sales", "TableInput": table})
        make(clients, "AWS::LakeFormation::Tag", TAG)
        yield clients


def lakeformation(clients: Any, account: str = ACCOUNT) -> Any:
    """The plain API."""
    return clients("lakeformation", account=account, region=REGION)


def listed(clients: Any, **asked: Any) -> list[Any]:
    """The grants that the plain API tells."""
    entries: list[Any] = lakeformation(clients).list_permissions(**asked)["PrincipalResourcePermissions"]
    return entries


@pytest.mark.parametrize(
    ("type_", "stated", "changed"),
    [
        (
            "AWS::LakeFormation::Tag",
            {"CatalogId": ACCOUNT, "TagKey": "zone", "TagValues": ["raw", "curated"]},
            {"CatalogId": ACCOUNT, "TagKey": "zone", "TagValues": ["curated", "consumption"]},
        ),
        (
            "AWS::LakeFormation::Resource",
            {
                "ResourceArn": "arn:aws:s3:::lake",
                "RoleArn": "arn:aws:iam::1:role/A",
                "UseServiceLinkedRole": False,
                "HybridAccessEnabled": False,
            },
            {
                "ResourceArn": "arn:aws:s3:::lake",
                "RoleArn": "arn:aws:iam::1:role/B",
                "UseServiceLinkedRole": False,
                "HybridAccessEnabled": True,
            },
        ),
        ("AWS::LakeFormation::Resource", {"ResourceArn": "arn:aws:s3:::lake", "UseServiceLinkedRole": True, "WithFederation": True}, None),
        ("AWS::LakeFormation::TagAssociation", {"Resource": TABLE, "LFTags": [{**TAG, "TagValues": ["sales"]}]}, None),
        ("AWS::LakeFormation::TagAssociation", {"Resource": COLUMNS, "LFTags": [{**TAG, "TagValues": ["travel"]}]}, None),
        (
            "AWS::LakeFormation::TagAssociation",
            {"Resource": {"Database": {"CatalogId": ACCOUNT, "Name": "sales"}}, "LFTags": [{**TAG, "TagValues": ["travel"]}]},
            None,
        ),
        ("AWS::LakeFormation::DataCellsFilter", FILTER, {**FILTER, "RowFilter": {"AllRowsWildcard": {}}}),
        (
            "AWS::LakeFormation::PrincipalPermissions",
            {"Principal": WHO, "Resource": COLUMNS, "Permissions": ["SELECT"], "PermissionsWithGrantOption": ["SELECT"]},
            None,
        ),
        (
            "AWS::LakeFormation::PrincipalPermissions",
            {
                "Catalog": ACCOUNT,
                "Principal": WHO,
                "Resource": {
                    "LFTagPolicy": {
                        "CatalogId": ACCOUNT,
                        "ResourceType": "TABLE",
                        "Expression": [{"TagKey": "domain", "TagValues": ["sales"]}],
                    }
                },
                "Permissions": ["SELECT", "DESCRIBE"],
                "PermissionsWithGrantOption": [],
            },
            None,
        ),
        (
            "AWS::LakeFormation::Permissions",
            {
                "DataLakePrincipal": WHO,
                "Resource": {"TableResource": {"DatabaseName": "sales", "Name": "orders"}},
                "Permissions": ["SELECT", "ALTER"],
                "PermissionsWithGrantOption": ["SELECT"],
            },
            {
                "DataLakePrincipal": WHO,
                "Resource": {"TableResource": {"DatabaseName": "sales", "Name": "orders"}},
                "Permissions": ["SELECT", "DROP"],
            },
        ),
        (
            "AWS::LakeFormation::Permissions",
            {
                "DataLakePrincipal": WHO,
                "Resource": {"DataLocationResource": {"S3Resource": "arn:aws:s3:::lake"}},
                "Permissions": ["DATA_LOCATION_ACCESS"],
            },
            None,
        ),
    ],
)
def test_it_comes_back_as_stated(lake, type_, stated, changed):
    trip = round_trip(lake, type_, stated, changed)
    assert trip.lacks == ()
    assert trip.lacks_after_change == ()
    assert trip.is_deleted


def test_settings_come_back_and_end_empty():
    stated = {"Admins": [WHO], "CreateTableDefaultPermissions": [], "Parameters": {"CROSS_ACCOUNT_VERSION": "4"}}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::LakeFormation::DataLakeSettings", stated, {**stated, "Admins": []})
        after = lakeformation(clients).get_data_lake_settings()["DataLakeSettings"]
    assert (trip.lacks, trip.lacks_after_change) == ((), ())
    assert after["DataLakeAdmins"] == []


def test_appended_settings_keep_who_was_there():
    other = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/Admin"}
    with emulated() as clients:
        lakeformation(clients).put_data_lake_settings(DataLakeSettings={"DataLakeAdmins": [other]})
        make(clients, "AWS::LakeFormation::DataLakeSettings", {"Admins": [WHO], "MutationType": "APPEND"})
        found = lakeformation(clients).get_data_lake_settings()["DataLakeSettings"]
    assert found["DataLakeAdmins"] == [other, WHO]


def test_a_changed_grant_leaves_nothing_of_the_old_one(lake):
    stated = {"DataLakePrincipal": WHO, "Resource": {"TableResource": {"DatabaseName": "sales", "Name": "orders"}}}
    made = make(lake, "AWS::LakeFormation::Permissions", {**stated, "Permissions": ["SELECT"], "PermissionsWithGrantOption": ["SELECT"]})
    changed = replace(made, properties={**stated, "Permissions": ["ALTER"]}, old_properties=made.properties)
    adapters()["AWS::LakeFormation::Permissions"].change(changed)
    (entry,) = listed(lake)
    assert (entry["Permissions"], entry["PermissionsWithGrantOption"]) == (["ALTER"], [])


def test_a_grant_that_somebody_took_back_is_not_read(lake):
    stated = {"Principal": WHO, "Resource": TABLE, "Permissions": ["SELECT", "ALTER"], "PermissionsWithGrantOption": []}
    made = make(lake, "AWS::LakeFormation::PrincipalPermissions", stated)
    lakeformation(lake).revoke_permissions(Principal=WHO, Resource=TABLE, Permissions=["ALTER"])
    found = adapters()[made.type].look(made)
    assert found is not None
    assert found["Permissions"] == ["SELECT"]


def test_the_rights_that_are_read_are_the_answers_and_not_the_templates(lake):
    rights = ["SELECT", "ALTER"]
    stated = {"Principal": WHO, "Resource": TABLE, "Permissions": rights, "PermissionsWithGrantOption": rights}
    made = make(lake, "AWS::LakeFormation::PrincipalPermissions", stated)
    found = adapters()[made.type].look(replace(made, properties=marked(stated)))
    assert found is not None
    for name in ("Permissions", "PermissionsWithGrantOption"):
        assert found[name] == rights
        assert not any(isinstance(right, Echoed) for right in found[name])


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"Database": {"Name": "absent"}}, "Database absent not found"),
        ({"Table": {"DatabaseName": "sales", "Name": "absent"}}, "Table sales.absent not found"),
        ({"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["absent"]}}, "has no columns absent"),
        ({"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "absent", "TagValues": ["a"]}]}}, "Tag absent does not exist"),
        ({"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "domain", "TagValues": ["hr"]}]}}, "has no value hr"),
        (
            {"DataCellsFilter": {"TableCatalogId": ACCOUNT, "DatabaseName": "sales", "TableName": "orders", "Name": "absent"}},
            "filter absent",
        ),
    ],
)
def test_nothing_is_granted_on_what_is_not_there(lake, resource, said):
    with pytest.raises(ClientError, match=said):
        lakeformation(lake).grant_permissions(Principal=WHO, Resource=resource, Permissions=["SELECT"])
    entry = {"Id": "1", "Principal": WHO, "Resource": resource, "Permissions": ["SELECT"]}
    (failure,) = lakeformation(lake).batch_grant_permissions(Entries=[entry])["Failures"]
    assert failure["RequestEntry"]["Id"] == "1"
    assert failure["Error"]["ErrorCode"] == "EntityNotFoundException"
    assert listed(lake) == []


def test_a_partition_column_is_a_column(lake):
    resource = {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["day"]}}
    lakeformation(lake).grant_permissions(Principal=WHO, Resource=resource, Permissions=["SELECT"])
    assert len(listed(lake)) == 1


def test_a_batch_keeps_the_option_to_grant_and_takes_it_alone(lake):
    entry = {"Id": "1", "Principal": WHO, "Resource": TABLE, "Permissions": ["SELECT"], "PermissionsWithGrantOption": ["SELECT"]}
    client = lakeformation(lake)
    assert client.batch_grant_permissions(Entries=[entry])["Failures"] == []
    assert listed(lake)[0]["PermissionsWithGrantOption"] == ["SELECT"]
    client.batch_revoke_permissions(Entries=[{**entry, "Permissions": []}])
    assert [(one["Permissions"], one["PermissionsWithGrantOption"]) for one in listed(lake)] == [(["SELECT"], [])]


def test_columns_are_granted_and_taken_one_by_one(lake):
    client = lakeformation(lake)
    client.grant_permissions(Principal=WHO, Resource=COLUMNS, Permissions=["SELECT"])
    (entry,) = listed(lake)
    assert entry["Resource"]["TableWithColumns"]["ColumnNames"] == ["id", "total"]
    one = {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["total"]}}
    client.revoke_permissions(Principal=WHO, Resource=one, Permissions=["SELECT"])
    (entry,) = listed(lake)
    assert entry["Resource"]["TableWithColumns"]["ColumnNames"] == ["id"]


def test_the_list_of_a_table_tells_what_is_on_it_alone(lake):
    client = lakeformation(lake)
    make(lake, "AWS::LakeFormation::DataCellsFilter", FILTER)
    of_filter = {"DataCellsFilter": {name: FILTER[name] for name in ("TableCatalogId", "DatabaseName", "TableName", "Name")}}
    wildcard = {"Table": {"DatabaseName": "sales", "TableWildcard": {}}}
    for resource in (TABLE, COLUMNS, of_filter, wildcard, {"Database": {"Name": "sales"}}):
        client.grant_permissions(Principal=WHO, Resource=resource, Permissions=["DESCRIBE"])
    asked = {"Table": {"DatabaseName": "sales", "Name": "orders"}}
    assert {next(iter(one["Resource"])) for one in listed(lake, Resource=asked)} == {"Table", "TableWithColumns"}
    assert len(listed(lake, Resource=asked, IncludeRelated="TRUE")) == 3
    assert [one["Resource"]["Table"]["TableWildcard"] for one in listed(lake, Resource=wildcard)] == [{}]
    assert len(listed(lake, ResourceType="DATABASE")) == 1
    assert len(listed(lake)) == 5


def test_tags_are_added_to_those_that_are_there_and_inherited(lake):
    client = lakeformation(lake)
    make(lake, "AWS::LakeFormation::Tag", {"TagKey": "zone", "TagValues": ["curated"]})
    database = {"Database": {"Name": "sales"}}
    client.add_lf_tags_to_resource(Resource=database, LFTags=[{"TagKey": "domain", "TagValues": ["sales"]}])
    client.add_lf_tags_to_resource(Resource=database, LFTags=[{"TagKey": "zone", "TagValues": ["curated"]}])
    client.add_lf_tags_to_resource(Resource=TABLE, LFTags=[{"TagKey": "domain", "TagValues": ["travel"]}])
    assert {tag["TagKey"] for tag in client.get_resource_lf_tags(Resource=database)["LFTagOnDatabase"]} == {"domain", "zone"}
    tags = client.get_resource_lf_tags(Resource=TABLE)["LFTagsOnTable"]
    assert {tag["TagKey"]: tag["TagValues"] for tag in tags} == {"domain": ["travel"], "zone": ["curated"]}
    own = client.get_resource_lf_tags(Resource=TABLE, ShowAssignedLFTags=True)["LFTagsOnTable"]
    assert [tag["TagKey"] for tag in own] == ["domain"]


def test_a_value_that_no_tag_has_is_a_failure(lake):
    client = lakeformation(lake)
    (failure,) = client.add_lf_tags_to_resource(Resource=TABLE, LFTags=[{"TagKey": "domain", "TagValues": ["hr"]}])["Failures"]
    assert failure["Error"]["ErrorCode"] == "EntityNotFoundException"
    assert client.get_resource_lf_tags(Resource=TABLE).get("LFTagsOnTable") is None
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        client.get_resource_lf_tags(Resource={"Database": {"Name": "absent"}})


def test_an_unknown_tag_is_not_an_empty_one(lake):
    for operation in ("get_lf_tag", "update_lf_tag"):
        with pytest.raises(ClientError, match="EntityNotFoundException"):
            getattr(lakeformation(lake), operation)(TagKey="absent")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"TableName": "absent"}, "EntityNotFoundException"),
        ({"ColumnNames": ["absent"]}, "has no columns absent"),
        ({"ColumnWildcard": {}}, "either ColumnNames or a ColumnWildcard"),
    ],
)
def test_a_filter_about_nothing_is_refused(lake, changed, said):
    with pytest.raises(ClientError, match=said):
        make(lake, "AWS::LakeFormation::DataCellsFilter", {**FILTER, **changed})


def test_filters_are_listed_by_table_and_not_made_twice(lake):
    make(lake, "AWS::LakeFormation::DataCellsFilter", FILTER)
    table = {"CatalogId": ACCOUNT, "DatabaseName": "sales"}
    client = lakeformation(lake)
    assert [one["Name"] for one in client.list_data_cells_filter(Table={**table, "Name": "orders"})["DataCellsFilters"]] == ["euros"]
    assert client.list_data_cells_filter(Table={**table, "Name": "other"})["DataCellsFilters"] == []
    with pytest.raises(ClientError, match="AlreadyExistsException"):
        make(lake, "AWS::LakeFormation::DataCellsFilter", FILTER)


def test_one_resource_has_one_spelling():
    one = spelled({"Table": {"DatabaseName": "Sales", "Name": "ORDERS"}}, ACCOUNT)
    assert one == spelled({"Database": None, **TABLE}, "999999999999")
    assert one == spelled({"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnWildcard": {}}}, ACCOUNT)
    assert len(spelled(COLUMNS, ACCOUNT)) == 2
    assert spelled({}, ACCOUNT) == []


def test_what_is_granted_in_two_calls_is_one_grant_and_is_taken_back(lake):
    client = lakeformation(lake)
    for permission in ("SELECT", "ALTER"):
        client.grant_permissions(Principal=WHO, Resource=TABLE, Permissions=[permission])
    assert [one["Permissions"] for one in listed(lake)] == [["ALTER", "SELECT"]]
    client.revoke_permissions(Principal=WHO, Resource=TABLE, Permissions=["ALTER", "SELECT"])
    assert listed(lake) == []
