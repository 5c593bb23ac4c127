"""Databases, tables and catalogs, in every form that CloudFormation has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.lakecheck.estate.support import ARN, LAKE, REGION, TEAM, estate, estate_of, reasons, stack

if TYPE_CHECKING:
    from lakecheck.estate.model import Table

IAM = {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}


def table(**properties: Any) -> Table:
    given = {"CatalogId": LAKE, "DatabaseName": "Sales", **properties}
    (found,) = estate_of({"Table": ("AWS::Glue::Table", given)}, Parameters={"Given": {"Type": "String"}}).tables
    return found


def test_a_table_of_hives_form() -> None:
    """Columns, then partition keys, in lower case; a folder as location."""
    found = table(
        TableInput={
            "Name": "Orders",
            "StorageDescriptor": {"Columns": [{"Name": "Id"}, {"Name": "email"}], "Location": "s3://lake/orders"},
            "PartitionKeys": [{"Name": "day"}],
            "Parameters": {"classification": "parquet", "rows": 5},
        }
    )
    assert (found.account, found.region, found.database, found.name) == (LAKE, REGION, "sales", "orders")
    assert found.columns == ("id", "email", "day")
    assert found.location == "s3://lake/orders/"
    assert found.parameters == {"classification": "parquet", "rows": "5"}
    assert found.unknown == ()


def test_a_table_of_icebergs_form() -> None:
    """As the current CDK writes it: name at the top, fields of a schema, properties."""
    found = table(
        Name="orders",
        OpenTableFormatInput={
            "IcebergInput": {
                "IcebergTableInput": {
                    "Location": "s3://lake/orders/",
                    "Schema": {"Fields": [{"Id": 1, "Name": "id", "Type": "long"}, {"Id": 2, "Name": "email", "Type": "string"}]},
                    "Properties": {"lake.classification": "restricted"},
                },
                "MetadataOperation": "CREATE",
            }
        },
    )
    assert (found.name, found.columns, found.location) == ("orders", ("id", "email"), "s3://lake/orders/")
    assert found.parameters == {"lake.classification": "restricted"}


@pytest.mark.parametrize(
    ("given", "columns", "reason"),
    [
        ({"Name": "t", "StorageDescriptor": {"Columns": {"Ref": "Given"}}}, (), "a column is not known"),
        ({"Name": "t", "StorageDescriptor": {"Columns": [{"Name": "a"}, {"Ref": "Given"}]}}, ("a",), "a column is not known"),
        ({"Name": "t", "StorageDescriptor": {"SchemaReference": {"SchemaVersionId": "x"}}}, (), "schema registry"),
        ({"Name": "t"}, (), "states no columns"),
    ],
)
def test_columns_that_are_not_known_are_reasons(given: dict[str, Any], columns: tuple[str, ...], reason: str) -> None:
    """A list that only deployment tells, a schema registry, no columns at all."""
    found = estate_of(
        {"Table": ("AWS::Glue::Table", {"CatalogId": LAKE, "DatabaseName": "d", "TableInput": given})},
        Parameters={"Given": {"Type": "CommaDelimitedList"}},
    ).tables[0]
    assert all(column in found.columns for column in columns)
    assert reason in found.unknown[0]


def test_links_say_what_they_link_to() -> None:
    """A link to a table, a link to a database, in another account and Region."""
    link = {"Name": "orders", "TargetTable": {"CatalogId": TEAM, "DatabaseName": "Sales", "Name": "Orders", "Region": "eu-central-1"}}
    found = estate_of(
        {
            "Table": ("AWS::Glue::Table", {"CatalogId": LAKE, "DatabaseName": "here", "TableInput": link}),
            "Database": (
                "AWS::Glue::Database",
                {"CatalogId": LAKE, "DatabaseInput": {"Name": "link", "TargetDatabase": {"CatalogId": TEAM, "DatabaseName": "Sales"}}},
            ),
        }
    )
    (table_link,), (database_link,) = found.tables, found.databases
    assert table_link.target == (TEAM, "sales", "orders")
    assert table_link.target_region == "eu-central-1"
    assert (table_link.columns, table_link.unknown) == ((), ())
    assert (database_link.name, database_link.target, database_link.target_region) == ("link", (TEAM, "sales"), REGION)


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        (None, None),
        ([], None),
        ([IAM], True),
        ([{**IAM, "Permissions": []}], False),
        ([{"Principal": {"DataLakePrincipalIdentifier": f"{ARN}:iam::{LAKE}:role/R"}, "Permissions": ["ALL"]}], False),
    ],
)
def test_defaults_of_a_database(defaults: Any, expected: bool | None) -> None:  # noqa: FBT001
    """Empty ones say nothing: CloudFormation drops them, and the settings decide."""
    given = {"Name": "d", "LocationUri": "s3://lake/d"} | ({} if defaults is None else {"CreateTableDefaultPermissions": defaults})
    (database,) = estate_of({"D": ("AWS::Glue::Database", {"CatalogId": LAKE, "DatabaseInput": given})}).databases
    assert database.table_defaults is expected
    assert database.location == "s3://lake/d/"


def test_a_catalog_is_what_several_resources_say() -> None:
    """Its policy of all custom resources, its key with the role that uses it; one for each account."""
    statement = {
        "Sid": "S",
        "Effect": "Allow",
        "Principal": {"Service": "ram.amazonaws.com"},
        "Action": ["glue:ShareResource"],
        "Resource": "*",
    }
    found = estate(
        stack(
            {
                "Key": ("AWS::KMS::Key", {}),
                "Policy": ("Custom::LakeFormationCatalogPolicy", {"ServiceToken": "x", "Statements": [statement]}),
                "More": ("Custom::LakeFormationCatalogPolicy", {"ServiceToken": "x", "Statements": [{**statement, "Sid": "T"}]}),
                "Encryption": (
                    "AWS::Glue::DataCatalogEncryptionSettings",
                    {
                        "CatalogId": LAKE,
                        "DataCatalogEncryptionSettings": {
                            "EncryptionAtRest": {
                                "CatalogEncryptionMode": "SSE-KMS-WITH-SERVICE-ROLE",
                                "CatalogEncryptionServiceRole": f"{ARN}:iam::{LAKE}:role/Catalog",
                                "SseAwsKmsKeyId": {"Ref": "Key"},
                            }
                        },
                    },
                ),
            }
        ),
        stack({"D": ("AWS::Glue::Database", {"CatalogId": TEAM, "DatabaseInput": {"Name": "d"}})}, account=TEAM, name="Team"),
    )
    lake, team = found.catalogs
    assert lake.policy is not None
    assert [each.sid for each in lake.policy.statements] == ["S", "T"]
    assert (lake.key, lake.key_role) == (found.keys[0].arn, f"{ARN}:iam::{LAKE}:role/Catalog")
    assert (team.account, team.policy, team.key, team.settings_known) == (TEAM, None, "", False)
    assert "ram.amazonaws.com" in {each.arn for each in found.principals}


def test_catalogs_inside_catalogs_are_told() -> None:
    """They are taken for the account's own, and it is said."""
    found = estate_of(
        {
            "D": ("AWS::Glue::Database", {"CatalogId": f"{LAKE}:s3tablescatalog/b", "DatabaseInput": {"Name": "d"}}),
            "C": ("AWS::Glue::Catalog", {"Name": "c"}),
        }
    )
    assert found.databases[0].account == LAKE
    assert "s3tablescatalog/b is a catalog inside the account's" in reasons(found)
    assert "AWS::Glue::Catalog is not followed" in reasons(found)
