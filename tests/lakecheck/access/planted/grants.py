"""Leaks in Lake Formation: grants, tags, filters, settings and locations that give more than they seem to; and guardrails taken away."""

from __future__ import annotations

from typing import Any, Final

from tests.lakecheck.access.planted.lake import (
    CONSUMER,
    DATA,
    LAKE,
    OPENS,
    PEOPLE,
    QUERIES,
    READS,
    REGION,
    Leak,
    Template,
    allow,
    att,
    document,
    grant,
    on_columns,
    on_database,
    on_table,
    policy,
    resource,
    role,
    trusting,
)

_ENGINEER: Final = f"arn:aws:iam::{LAKE}:role/Engineer"
_EVERY_TABLE: Final = {"Table": {"CatalogId": LAKE, "DatabaseName": "sales", "TableWildcard": {}}}


def given(
    name: str,
    on: Template,
    *permissions: str,
    columns: tuple[str, ...] | None = None,
    whom: Any = _ENGINEER,
    who: str = "Engineer",
    without: tuple[str, ...] = ("Given",),
    lake: Template | None = None,
    **more: Any,
) -> Leak:
    """The engineer, whose IAM lets it query, is granted something."""
    said: dict[str, Any] = {"door": "lake_formation", **more}
    return Leak(name=name, who=who, columns=columns, lake={"Given": grant(whom, on, *permissions), **(lake or {})}, without=without, **said)


def closed(**more: Any) -> Template:
    """What the supplement says of IAM_ALLOWED_PRINCIPALS."""
    return {"lake_formation": [{"account": LAKE, "region": REGION, "no_other_admins": True, "iam_allowed_principals": more}]}


def tagged(name: str, on: Template, **tags: str) -> Template:
    """LF-Tags on something."""
    pairs = [{"CatalogId": LAKE, "TagKey": key, "TagValues": [value]} for key, value in tags.items()]
    return resource("LakeFormation::TagAssociation", Resource=on, LFTags=pairs)


def expression(kind: str = "TABLE", **tags: list[str]) -> Template:
    """A tag expression, for a grant."""
    pairs = [{"TagKey": key, "TagValues": values} for key, values in tags.items()]
    return {"LFTagPolicy": {"CatalogId": LAKE, "ResourceType": kind, "Expression": pairs}}


def cells(rows: Template, **columns: Any) -> Template:
    """A data cells filter."""
    return resource(
        "LakeFormation::DataCellsFilter",
        TableCatalogId=LAKE,
        DatabaseName="sales",
        TableName="customers",
        Name="some",
        RowFilter=rows,
        **columns,
    )


_CELLS: Final = {"DataCellsFilter": {"TableCatalogId": LAKE, "DatabaseName": "sales", "TableName": "customers", "Name": "some"}}
_LEVEL: Final = resource("LakeFormation::Tag", CatalogId=LAKE, TagKey="level", TagValues=["public", "secret"])
_SECRET = {"Level": _LEVEL, "OnDatabase": tagged("d", on_database(), level="secret")}
_BY_LEVEL = grant(_ENGINEER, expression(level=["public"]), "SELECT")

GRANTED: Final = (
    given("select", on_table(), "SELECT", columns=("email",)),
    given("all", on_table(), "ALL", columns=("email",)),
    given("all-writes", on_table(), "ALL", action="write"),
    given("super", on_table(), "SUPER", columns=("email",)),
    given("all-tables", _EVERY_TABLE, "SELECT", columns=("email",)),
    given(
        "old-form",
        on_table(),
        lake={
            "Given": resource(
                "LakeFormation::Permissions",
                DataLakePrincipal={"DataLakePrincipalIdentifier": _ENGINEER},
                Resource={"TableResource": {"CatalogId": LAKE, "DatabaseName": "sales", "Name": "customers"}},
                Permissions=["SELECT"],
            )
        },
        columns=("email",),
    ),
    given(
        "old-form-wildcard",
        on_table(),
        lake={
            "Given": resource(
                "LakeFormation::Permissions",
                DataLakePrincipal={"DataLakePrincipalIdentifier": _ENGINEER},
                Resource={"TableResource": {"DatabaseName": "sales", "TableWildcard": {}}},
                Permissions=["SELECT"],
            )
        },
        columns=("email",),
    ),
    given(
        "old-form-columns",
        on_table(),
        lake={
            "Given": resource(
                "LakeFormation::Permissions",
                DataLakePrincipal={"DataLakePrincipalIdentifier": _ENGINEER},
                Resource={"TableWithColumnsResource": {"DatabaseName": "sales", "Name": "customers", "ColumnNames": ["email"]}},
                Permissions=["SELECT"],
            )
        },
        columns=("email",),
    ),
    given("columns", on_columns(ColumnNames=["email"]), "SELECT", columns=("email",)),
    given("columns-but-some", on_columns(ColumnWildcard={"ExcludedColumnNames": ["id"]}), "SELECT", columns=("email",)),
    given("columns-all", on_columns(ColumnWildcard={}), "SELECT", columns=("email",)),
    given(
        "filter-without-rows",
        _CELLS,
        "SELECT",
        columns=("email",),
        lake={"Cells": cells({"AllRowsWildcard": {}}, ColumnWildcard={"ExcludedColumnNames": ["id"]})},
    ),
    given("filter-true", _CELLS, "SELECT", columns=("email",), lake={"Cells": cells({"FilterExpression": "TRUE"}, ColumnNames=["email"])}),
    given("to-account-principals", on_table(), "SELECT", whom=f"{LAKE}:IAMPrincipals", columns=("email",)),
    given("to-iam-allowed-on-table", on_table(), "ALL", whom="IAM_ALLOWED_PRINCIPALS", door="iam_catalog", columns=("email",)),
    given("to-iam-allowed-select", on_table(), "SELECT", whom="IAM_ALLOWED_PRINCIPALS", door="iam_catalog", columns=("email",)),
    given(
        "to-partner-account",
        on_table(),
        "SELECT",
        whom=CONSUMER,
        who="Querier",
        columns=("email",),
        verdict="REFUTED",
        without=("Given",),
        lake={"Given": grant(CONSUMER, on_table(), "SELECT", grantable=("SELECT",))},
        consumer={
            "Link": resource(
                "Glue::Database",
                CatalogId=CONSUMER,
                DatabaseInput={"Name": "linked", "TargetDatabase": {"CatalogId": LAKE, "DatabaseName": "sales"}},
            ),
            "Pass": resource(
                "LakeFormation::PrincipalPermissions",
                Principal={"DataLakePrincipalIdentifier": att("Querier")},
                Resource=on_table(),
                Permissions=["SELECT"],
                PermissionsWithGrantOption=[],
            ),
            "PassLink": resource(
                "LakeFormation::PrincipalPermissions",
                Principal={"DataLakePrincipalIdentifier": att("Querier")},
                Resource={"Database": {"CatalogId": CONSUMER, "Name": "linked"}},
                Permissions=["DESCRIBE"],
                PermissionsWithGrantOption=[],
            ),
        },
    ),
    given("to-partner-role", on_table(), "SELECT", whom=f"arn:aws:iam::{CONSUMER}:role/Querier", who="Querier", columns=("email",)),
    given(
        "to-organisation",
        on_table(),
        "SELECT",
        whom="arn:aws:organizations::111111111111:organization/o-acmeacmeacme",
        who="Querier",
        columns=("email",),
        supplement={
            "organization": {
                "id": "o-acmeacmeacme",
                "management": "111111111111",
                "accounts": {LAKE: {"path": ["r-root"]}, CONSUMER: {"path": ["r-root"]}},
            }
        },
        consumer={
            "Link": resource(
                "Glue::Database",
                CatalogId=CONSUMER,
                DatabaseInput={"Name": "linked", "TargetDatabase": {"CatalogId": LAKE, "DatabaseName": "sales"}},
            ),
            "Pass": resource(
                "LakeFormation::PrincipalPermissions",
                Principal={"DataLakePrincipalIdentifier": att("Querier")},
                Resource=on_table(),
                Permissions=["SELECT"],
                PermissionsWithGrantOption=[],
            ),
            "PassLink": resource(
                "LakeFormation::PrincipalPermissions",
                Principal={"DataLakePrincipalIdentifier": att("Querier")},
                Resource={"Database": {"CatalogId": CONSUMER, "Name": "linked"}},
                Permissions=["DESCRIBE"],
                PermissionsWithGrantOption=[],
            ),
        },
        lake={
            "Given": grant("arn:aws:organizations::111111111111:organization/o-acmeacmeacme", on_table(), "SELECT", grantable=("SELECT",))
        },
    ),
    given(
        "grant-option",
        on_table(),
        "DESCRIBE",
        columns=("email",),
        lake={
            "Given": grant(_ENGINEER, on_table(), "DESCRIBE", grantable=("SELECT",)),
            "More": resource(
                "IAM::Policy", PolicyName="M", PolicyDocument=document(allow("lakeformation:GrantPermissions")), Roles=[{"Ref": "Engineer"}]
            ),
        },
    ),
    given("tag-expression", expression(level=["secret"]), "SELECT", columns=("email",), lake=_SECRET),
    given("tag-any-value", expression(level=["secret", "public"]), "SELECT", columns=("email",), lake=_SECRET),
    given(
        "tag-on-column",
        on_table(),
        columns=("email",),
        without=("OnColumn",),
        lake={**_SECRET, "Given": _BY_LEVEL, "OnColumn": tagged("c", on_columns(ColumnNames=["email"]), level="public")},
    ),
    given(
        "tag-on-table",
        on_table(),
        columns=("email",),
        without=("OnTable",),
        lake={**_SECRET, "Given": _BY_LEVEL, "OnTable": tagged("t", on_table(), level="public")},
    ),
    given(
        "tag-inherited-by-column",
        expression(level=["public"]),
        "SELECT",
        columns=("email",),
        without=("OnTable",),
        lake={"Level": _LEVEL, "Given": _BY_LEVEL, "OnTable": tagged("t", on_table(), level="public")},
    ),
)

_FREE = resource(
    "LakeFormation::DataLakeSettings",
    Admins=[{"DataLakePrincipalIdentifier": att("Admin")}],
    CreateTableDefaultPermissions=[],
    CreateDatabaseDefaultPermissions=[],
)


def admin(name: str, *actions: str, lake: Template | None = None, without: tuple[str, ...] = ("Extra",), **more: Any) -> Leak:
    """The engineer gets rights over Lake Formation itself."""
    said: dict[str, Any] = {"who": "Engineer", "door": "lake_formation", "way": ("self_grant",), **more}
    extra = {"Extra": policy(allow(list(actions)), to="Engineer")} if actions else {}
    return Leak(name=name, lake={**extra, **(lake or {})}, without=without, **said)


SETTINGS: Final = (
    Leak(name="empty-native-defaults", who="Engineer", door="iam_catalog", supplement=closed(), lake={"Settings": _FREE}),
    Leak(
        name="iam-allowed-on-one-table",
        who="Engineer",
        door="iam_catalog",
        supplement=closed(databases={"sales": False}, tables={"sales.customers": True, "sales.orders": False}),
    ),
    Leak(
        name="iam-allowed-on-database",
        who="Engineer",
        door="iam_catalog",
        supplement=closed(databases={"sales": True}, tables={"sales.*": True}),
    ),
    Leak(
        name="iam-allowed-default-in-settings",
        who="Engineer",
        door="iam_catalog",
        supplement=closed(),
        lake={
            "Settings": resource(
                "LakeFormation::DataLakeSettings",
                Admins=[{"DataLakePrincipalIdentifier": att("Admin")}],
                CreateTableDefaultPermissions=[
                    {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}
                ],
            )
        },
    ),
    Leak(
        name="unregistered",
        who="Engineer",
        door="iam_catalog",
        without=("Extra",),
        lake={"Location": None, "Extra": policy(READS, OPENS, to="Engineer")},
        supplement=closed(databases={"sales": True}, tables={"sales.*": True}),
    ),
    Leak(
        name="no-settings-at-all",
        who="Engineer",
        door="iam_catalog",
        supplement={"lake_formation": []},
        lake={"Settings": None, "Location": None, "Extra": policy(READS, OPENS, to="Engineer")},
        without=("Extra",),
    ),
    Leak(
        name="hybrid-without-opt-in",
        who="Engineer",
        door="iam_catalog",
        without=("Extra",),
        supplement=closed(databases={"sales": True}, tables={"sales.*": True}),
        lake={
            "Location": resource("LakeFormation::Resource", ResourceArn=att("Data"), RoleArn=att("Reader"), HybridAccessEnabled=True),
            "Extra": policy(READS, OPENS, to="Engineer"),
        },
    ),
    admin(
        "second-admin",
        "lakeformation:GrantPermissions",
        lake={
            "Settings": resource(
                "LakeFormation::DataLakeSettings",
                Admins=[{"DataLakePrincipalIdentifier": att("Admin")}, {"DataLakePrincipalIdentifier": att("Engineer")}],
            )
        },
    ),
    admin(
        "second-admin-batch",
        "lakeformation:Batch*",
        lake={"Settings": resource("LakeFormation::DataLakeSettings", Admins=[{"DataLakePrincipalIdentifier": _ENGINEER}])},
    ),
    admin("puts-settings", "lakeformation:PutDataLakeSettings", "lakeformation:GrantPermissions"),
    admin("lakeformation-star", "lakeformation:*"),
    admin("lakeformation-put-and-grant", "lakeformation:Put*", "lakeformation:Grant*"),
    Leak(
        name="becomes-admin",
        who="Developer",
        door="lake_formation",
        way=("assumed_role", "self_grant"),
        without=("Extra",),
        lake={
            "Admin": role("LakeAdmin", trusting(PEOPLE), allow("lakeformation:*"), QUERIES),
            "Extra": policy(allow("sts:AssumeRole")),
            "People": None,
            "Analyst": None,
            "AnalystReads": None,
        },
    ),
    Leak(
        name="location-role-people-assume",
        who="Developer",
        door="s3",
        way=("assumed_role",),
        without=("Reader",),
        lake={
            "Extra": policy(allow("sts:AssumeRole")),
            "Analyst": None,
            "AnalystReads": None,
            "Reader": role(
                "LakeReader",
                trusting({"Service": "lakeformation.amazonaws.com", "AWS": f"arn:aws:iam::{LAKE}:root"}),
                READS,
                OPENS,
            ),
        },
    ),
    Leak(
        name="location-role-names-person",
        who="Developer",
        door="s3",
        way=("assumed_role",),
        without=("Reader",),
        lake={"Reader": role("LakeReader", trusting({"Service": "lakeformation.amazonaws.com", "AWS": att("Developer")}), READS, OPENS)},
    ),
    admin(
        "own-table-over-prefix",
        lake={
            "Extra": policy(allow(["glue:CreateTable", "glue:GetDatabase"]), to="Engineer"),
            "Own": resource("Glue::Database", CatalogId=LAKE, DatabaseInput={"Name": "own"}),
            "Makes": grant(_ENGINEER, {"Database": {"CatalogId": LAKE, "Name": "own"}}, "CREATE_TABLE"),
            "Reaches": grant(_ENGINEER, {"DataLocation": {"CatalogId": LAKE, "ResourceArn": DATA}}, "DATA_LOCATION_ACCESS"),
        },
        without=("Reaches",),
    ),
    admin(
        "own-table-below-database",
        lake={
            "Database": resource(
                "Glue::Database", CatalogId=LAKE, DatabaseInput={"Name": "sales", "LocationUri": "s3://acme-lake-data/sales/"}
            ),
            "Extra": policy(allow(["glue:CreateTable", "glue:GetDatabase"]), to="Engineer"),
            "Makes": grant(_ENGINEER, on_database(), "CREATE_TABLE"),
        },
        without=("Makes",),
    ),
    admin(
        "own-table-moved",
        lake={
            "Extra": policy(allow("glue:UpdateTable"), to="Engineer"),
            "Makes": grant(_ENGINEER, on_table("orders"), "ALL"),
            "Reaches": grant(_ENGINEER, {"DataLocation": {"ResourceArn": DATA}}, "DATA_LOCATION_ACCESS"),
        },
        without=("Reaches",),
    ),
    admin("tags-and-grants", "lakeformation:*Tag*", "lakeformation:PutDataLakeSettings", "lakeformation:BatchGrantPermissions"),
)

_IN_ORG: Final = {
    "id": "o-acmeacmeacme",
    "management": "111111111111",
    "accounts": {LAKE: {"path": ["r-root"]}, CONSUMER: {"path": ["r-root"]}},
}
IN_ORGANISATION: Final = (
    Leak(
        name="in-an-organisation-without-guardrails",
        who="Developer",
        door="s3",
        lake={"Extra": policy(READS, OPENS)},
        without=("Extra",),
        supplement={"organization": _IN_ORG},
    ),
)

LEAKS: Final = (*GRANTED, *SETTINGS, *IN_ORGANISATION)
