"""Lake Formation's rights from native resources and from the project's desired state, alike."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.estate.model import GovernedResource, Grant, ResourceType
from lakecheck.formula import TRUE, unresolved
from tests.lakecheck.estate.support import ARN, LAKE, REGION, TEAM, estate_of, reasons, role

ROLE = f"{ARN}:iam::{LAKE}:role/Reader"
IAM = {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}


def on(kind: ResourceType, **fields: Any) -> GovernedResource:
    return GovernedResource(type=kind, catalog=fields.pop("catalog", LAKE), region=REGION, **fields)


SHAPES: list[tuple[dict[str, Any], GovernedResource]] = [
    ({"Catalog": {}}, on(ResourceType.CATALOG)),
    ({"Database": {"CatalogId": TEAM, "Name": "Sales"}}, on(ResourceType.DATABASE, catalog=TEAM, database="sales")),
    ({"Table": {"DatabaseName": "sales", "Name": "Orders"}}, on(ResourceType.TABLE, database="sales", table="orders")),
    ({"Table": {"DatabaseName": "sales", "TableWildcard": {}}}, on(ResourceType.TABLE, database="sales", table="*")),
    (
        {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["Id", "email"]}},
        on(ResourceType.COLUMNS, database="sales", table="orders", columns=("id", "email")),
    ),
    (
        {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnWildcard": {"ExcludedColumnNames": ["Email"]}}},
        on(ResourceType.COLUMNS, database="sales", table="orders", excluded=("email",)),
    ),
    (
        {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnWildcard": {}}},
        on(ResourceType.TABLE, database="sales", table="orders"),
    ),
    ({"DataLocation": {"ResourceArn": f"{ARN}:s3:::lake/p/"}}, on(ResourceType.LOCATION, arn=f"{ARN}:s3:::lake/p")),
    (
        {"DataCellsFilter": {"TableCatalogId": TEAM, "DatabaseName": "sales", "TableName": "orders", "Name": "F"}},
        on(ResourceType.CELLS_FILTER, catalog=TEAM, database="sales", table="orders", filter="F"),
    ),
    ({"LFTag": {"TagKey": "Zone", "TagValues": ["Raw"]}}, on(ResourceType.LF_TAG, expression=(("zone", ("raw",)),))),
    (
        {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "zone", "TagValues": ["raw", "curated"]}]}},
        on(ResourceType.TABLE_EXPRESSION, expression=(("zone", ("raw", "curated")),)),
    ),
    (
        {"LFTagPolicy": {"ResourceType": "DATABASE", "Expression": [{"TagKey": "zone", "TagValues": ["raw"]}]}},
        on(ResourceType.DATABASE_EXPRESSION, expression=(("zone", ("raw",)),)),
    ),
]


def entry(resource: dict[str, Any], principal: Any = ROLE, **more: Any) -> dict[str, Any]:
    """A grant, as the native resource and the desired state have it."""
    whom = {"DataLakePrincipalIdentifier": principal}
    return {"Principal": whom, "Resource": resource, "Permissions": ["SELECT"], "PermissionsWithGrantOption": [], **more}


def desired(**properties: Any) -> tuple[str, dict[str, Any]]:
    """The project's custom resource of permissions."""
    return "Custom::LakeFormationPermissions", {"ServiceToken": "x", "ServiceTimeout": "3600", **properties}


@pytest.mark.parametrize(("resource", "expected"), SHAPES)
def test_both_forms_of_a_grant_say_the_same(resource: dict[str, Any], expected: GovernedResource) -> None:
    """Every kind of resource, by the native resource and in the custom resource's properties."""
    given = entry(resource, PermissionsWithGrantOption=["DESCRIBE"])
    found = estate_of({"Native": ("AWS::LakeFormation::PrincipalPermissions", given), "Ours": desired(Grants=[given])})
    native, ours = found.grants
    for grant in (native, ours):
        assert grant.resource == expected
        assert grant.principal == ROLE
        assert grant.permissions == {"SELECT", "DESCRIBE"}
        assert grant.grantable == {"DESCRIBE"}
        assert grant.origin.exists == TRUE
    assert native.origin.logical_id == "Native"
    assert found.iam_principals_revoked == ()


def test_the_older_permissions_resource() -> None:
    """`AWS::LakeFormation::Permissions` names things its own way."""
    resources = [
        {"DatabaseResource": {"Name": "sales"}},
        {"TableResource": {"DatabaseName": "sales", "TableWildcard": {}}},
        {"TableWithColumnsResource": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["id"]}},
        {"DataLocationResource": {"S3Resource": f"{ARN}:s3:::lake"}},
    ]
    given = {
        f"Grant{number}": (
            "AWS::LakeFormation::Permissions",
            {"DataLakePrincipal": {"DataLakePrincipalIdentifier": ROLE}, "Resource": resource, "Permissions": ["SELECT"]},
        )
        for number, resource in enumerate(resources)
    }
    assert [grant.resource for grant in estate_of(given).grants] == [
        on(ResourceType.DATABASE, database="sales"),
        on(ResourceType.TABLE, database="sales", table="*"),
        on(ResourceType.COLUMNS, database="sales", table="orders", columns=("id",)),
        on(ResourceType.LOCATION, arn=f"{ARN}:s3:::lake"),
    ]


def one_grant(**given: Any) -> Grant:
    resources = {"Grant": ("AWS::LakeFormation::PrincipalPermissions", given)}
    (grant,) = estate_of(resources, Parameters={"Given": {"Type": "CommaDelimitedList"}, "One": {"Type": "String"}}).grants
    return grant


def test_what_is_not_known_of_a_grant_is_the_widest_and_open() -> None:
    """Columns, permissions or an expression of deployment, a saved expression: all of it, if a fact holds."""
    columns = {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": {"Ref": "Given"}}}
    grant = one_grant(**entry(columns))
    assert grant.resource == on(ResourceType.TABLE, database="sales", table="orders")
    assert any("Given" in reason for reason in unresolved(grant.origin.exists))
    grant = one_grant(**entry({"Table": {"DatabaseName": "sales", "Name": "orders"}}, Permissions={"Ref": "Given"}))
    assert grant.permissions == {"ALL"}
    assert unresolved(grant.origin.exists)
    grant = one_grant(
        **entry({"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "zone", "TagValues": {"Ref": "Given"}}]}})
    )
    assert grant.resource.expression == (("zone", ("*",)),)
    assert unresolved(grant.origin.exists)
    grant = one_grant(**entry({"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": [{"Ref": "One"}]}}))
    assert grant.resource == on(ResourceType.TABLE, database="sales", table="orders")
    assert unresolved(grant.origin.exists)
    grant = one_grant(**entry({"LFTagPolicy": {"ResourceType": "TABLE", "ExpressionName": "pii"}}))
    assert grant.resource.expression == ()
    assert unresolved(grant.origin.exists) == {"the saved expression pii is in no template"}


def test_desired_state_takes_iam_off_exactly_what_its_handler_does() -> None:
    """Named databases and tables, columns and filters for their table, what is tagged; not by tag, nor in another account's catalog."""
    grants = [
        entry({"Database": {"Name": "sales"}}),
        entry({"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["id"]}}),
        entry({"DataCellsFilter": {"TableCatalogId": LAKE, "DatabaseName": "sales", "TableName": "customers", "Name": "f"}}),
        entry({"Table": {"DatabaseName": "travel", "TableWildcard": {}}}),
        entry({"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "zone", "TagValues": ["raw"]}]}}),
        entry({"Database": {"CatalogId": TEAM, "Name": "theirs"}}),
        entry({"DataLocation": {"ResourceArn": f"{ARN}:s3:::lake"}}),
    ]
    tagged = [
        {"Resource": {"Table": {"DatabaseName": "sales", "Name": "lines"}}, "LFTags": [{"TagKey": "zone", "TagValues": ["raw"]}]},
        {
            "Resource": {"TableWithColumns": {"DatabaseName": "sales", "Name": "notes", "ColumnNames": ["text"]}},
            "LFTags": [{"TagKey": "classification", "TagValues": ["restricted"]}],
        },
    ]
    properties = {"Grants": grants, "TagAssociations": tagged}
    closed = estate_of({"Ours": desired(**properties, RevokeIamAllowedPrincipals="true")}).iam_principals_revoked
    assert [(each.resource.database, each.resource.table) for each in closed] == [
        ("sales", "lines"),
        ("sales", "notes"),
        ("sales", ""),
        ("sales", "orders"),
        ("sales", "customers"),
        ("travel", "*"),
    ]
    assert {each.resource.catalog for each in closed} == {LAKE}
    assert estate_of({"Ours": desired(**properties, RevokeIamAllowedPrincipals="false")}).iam_principals_revoked == ()
    assert estate_of({"Ours": desired(**properties)}).iam_principals_revoked == ()


@pytest.mark.parametrize(
    ("opted", "left"),
    [
        ({"Table": {"DatabaseName": "sales", "Name": "orders"}}, {("sales", "lines"), ("travel", "")}),
        ({"Table": {"DatabaseName": "sales", "TableWildcard": {}}}, {("travel", "")}),
        ({"Database": {"Name": "sales"}}, {("travel", "")}),
    ],
)
def test_where_somebody_is_opted_in_iam_stays(opted: dict[str, Any], left: set[tuple[str, str]]) -> None:
    """The thing itself, what is in it, and what it is in."""
    grants = [
        entry({"Database": {"Name": "sales"}}),
        entry({"Table": {"DatabaseName": "sales", "Name": "orders"}}),
        entry({"Table": {"DatabaseName": "sales", "Name": "lines"}}),
        entry({"Database": {"Name": "travel"}}),
    ]
    opt_in = {"Principal": {"DataLakePrincipalIdentifier": ROLE}, "Resource": opted}
    found = estate_of({"Ours": desired(Grants=grants, OptIns=[opt_in], RevokeIamAllowedPrincipals="true")})
    assert {(each.resource.database, each.resource.table) for each in found.iam_principals_revoked} == left
    (opt,) = found.opt_ins
    assert opt.principal == ROLE
    assert opt.resource.database == "sales"


def test_tags_filters_and_locations() -> None:
    """Keys and values in lower case, one value for each key; rows that are always true filter nothing."""
    found = estate_of(
        {
            "Tag": ("AWS::LakeFormation::Tag", {"TagKey": "Zone", "TagValues": ["Raw", "curated"]}),
            "Association": (
                "AWS::LakeFormation::TagAssociation",
                {
                    "Resource": {"Database": {"CatalogId": LAKE, "Name": "sales"}},
                    "LFTags": [{"CatalogId": LAKE, "TagKey": "Zone", "TagValues": ["Raw"]}],
                },
            ),
            "Filter": (
                "AWS::LakeFormation::DataCellsFilter",
                {
                    "TableCatalogId": LAKE,
                    "DatabaseName": "sales",
                    "TableName": "orders",
                    "Name": "f",
                    "ColumnNames": ["Id"],
                    "RowFilter": {"FilterExpression": "country = 'DE'"},
                },
            ),
            "AllRows": (
                "AWS::LakeFormation::DataCellsFilter",
                {
                    "TableCatalogId": LAKE,
                    "DatabaseName": "sales",
                    "TableName": "orders",
                    "Name": "g",
                    "ColumnWildcard": {"ExcludedColumnNames": ["email"]},
                    "RowFilter": {"AllRowsWildcard": {}},
                },
            ),
            "Role": role(RoleName="Locations"),
            "Location": (
                "AWS::LakeFormation::Resource",
                {"ResourceArn": f"{ARN}:s3:::lake/p/", "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "HybridAccessEnabled": True},
            ),
            "Linked": (
                "AWS::LakeFormation::Resource",
                {"ResourceArn": f"{ARN}:s3:::other", "RoleArn": "ignored", "UseServiceLinkedRole": True},
            ),
        }
    )
    assert (found.tag_keys[0].key, found.tag_keys[0].values) == ("zone", ("raw", "curated"))
    assert found.tag_associations[0].tags == (("zone", "raw"),)
    rows, every = found.cells_filters
    assert (rows.columns, rows.excluded, rows.rows) == (("id",), (), "country = 'DE'")
    assert (every.columns, every.excluded, every.rows) == (None, ("email",), "")
    own, linked = found.locations
    assert (own.arn, own.role, own.hybrid) == (f"{ARN}:s3:::lake/p", f"{ARN}:iam::{LAKE}:role/Locations", True)
    assert (linked.role, linked.hybrid) == ("", False)


@pytest.mark.parametrize(
    ("properties", "defaults", "keeps"),
    [
        ({"Admins": []}, True, False),
        ({"Admins": [], "CreateTableDefaultPermissions": [], "CreateDatabaseDefaultPermissions": []}, True, False),
        ({"Admins": [], "CreateTableDefaultPermissions": [IAM], "CreateDatabaseDefaultPermissions": [IAM]}, True, False),
        (
            {"Admins": [], "CreateTableDefaultPermissions": [entry({})], "CreateDatabaseDefaultPermissions": [entry({})]},
            False,
            False,
        ),
        (
            {
                "Admins": [],
                "MutationType": "APPEND",
                "CreateTableDefaultPermissions": [entry({})],
                "CreateDatabaseDefaultPermissions": [entry({})],
            },
            True,
            True,
        ),
        ({}, True, True),
    ],
)
def test_native_settings_never_empty_the_defaults(properties: dict[str, Any], defaults: bool, keeps: bool) -> None:  # noqa: FBT001
    """CloudFormation drops empty default permissions: IAM_ALLOWED_PRINCIPALS stays, unless others are named in its place."""
    (catalog,) = estate_of({"Settings": ("AWS::LakeFormation::DataLakeSettings", properties)}).catalogs
    assert (catalog.database_defaults, catalog.table_defaults) == (defaults, defaults)
    assert catalog.keeps_other_admins is keeps
    assert catalog.settings_known


def test_native_settings_name_administrators_and_engines() -> None:
    """Administrators of both kinds, what engines outside may do, the version of sharing."""
    (catalog,) = estate_of(
        {
            "Settings": (
                "AWS::LakeFormation::DataLakeSettings",
                {
                    "Admins": [{"DataLakePrincipalIdentifier": ROLE}],
                    "ReadOnlyAdmins": [{"DataLakePrincipalIdentifier": f"{ROLE}2"}],
                    "AllowExternalDataFiltering": True,
                    "AllowFullTableExternalDataAccess": True,
                    "Parameters": {"CROSS_ACCOUNT_VERSION": 4},
                },
            )
        }
    ).catalogs
    assert (catalog.admins, catalog.read_only_admins) == ((ROLE,), (f"{ROLE}2",))
    assert (catalog.external_filtering, catalog.full_table_access, catalog.cross_account_version) == (True, True, "4")


OURS = {
    "ServiceToken": "x",
    "Admins": [ROLE],
    "ReadOnlyAdmins": [],
    "ExistingAdmins": "keep",
    "CrossAccountVersion": "4",
    "MemoryParameter": "/governed-lake/lake-formation-settings",
}


@pytest.mark.parametrize(("existing", "keeps"), [("keep", True), ("replace", False)])
def test_the_projects_settings_empty_the_defaults(existing: str, keeps: bool) -> None:  # noqa: FBT001
    """They are known by type and shape; others' administrators stay unless replaced."""
    (catalog,) = estate_of({"S": ("Custom::LakeFormationSettings", {**OURS, "ExistingAdmins": existing})}).catalogs
    assert (catalog.database_defaults, catalog.table_defaults) == (False, False)
    assert catalog.admins == (ROLE,)
    assert catalog.keeps_other_admins is keeps
    assert catalog.settings_known


def test_a_custom_resource_of_another_shape_is_told() -> None:
    """The type's name alone says nothing about what somebody else's code does."""
    found = estate_of(
        {
            "S": ("Custom::LakeFormationSettings", {"ServiceToken": "x", "AdminArns": [ROLE]}),
            "P": ("Custom::LakeFormationPermissions", {"ServiceToken": "x", "Rules": []}),
        }
    )
    (catalog,) = found.catalogs
    assert (catalog.settings_known, catalog.table_defaults, catalog.keeps_other_admins) == (False, None, True)
    assert "what it does to the settings is not known" in reasons(found)
    assert "what it does is not known" in reasons(found)


def test_lake_formation_that_is_not_followed_is_told() -> None:
    """Types of tomorrow, and shares of a catalog through RAM alone."""
    share = {"Name": "s", "ResourceArns": [f"{ARN}:glue:{REGION}:{LAKE}:catalog"], "Principals": [TEAM]}
    found = estate_of({"New": ("AWS::LakeFormation::OptIn", {}), "Share": ("AWS::RAM::ResourceShare", share)})
    assert "AWS::LakeFormation::OptIn is not followed" in reasons(found)
    assert "AWS::RAM::ResourceShare shares a catalog" in reasons(found)
