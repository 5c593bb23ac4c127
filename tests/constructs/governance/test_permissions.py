"""Grants and associations as custom resources: what they render, where they go, what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from hypothesis import given, settings, strategies as st

from constructs_lib.governance import PERMISSIONS_TYPE, CatalogResource, Columns, DataPrincipal, LfTags, TableGrants
from lakemodel.errors import DataLakeError
from tests.constructs.governance.support import ANALYST, PARTNER, Orders, associations, grants, new_permissions, permissions_in, synthesized
from tests.support import ACCOUNT, new_app, new_stack, resources, template

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs_lib.governance import CatalogPermissions

analyst = DataPrincipal.role_arn(ANALYST)
partner = DataPrincipal.role_arn(PARTNER)
INTERNAL = LfTags.all(domain="sales", classification=["public", "internal"])


def table(permissions: CatalogPermissions) -> TableGrants:
    return TableGrants.from_table(Orders(), permissions)


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """A template with one of each."""
    stack = new_stack()
    permissions = permissions_in(stack)
    permissions.grants.read(iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal()), where=INTERNAL)
    table(permissions).read(partner, columns=Columns.all_but("email"))
    table(permissions).read(DataPrincipal.account("555566667777"), grantable=True, rows="country = 'DE' and total > 10.5")
    table(permissions).write(DataPrincipal.permission_set("Loader"))
    permissions.grant(analyst, CatalogResource.all_tables("travel"), ["DESCRIBE"])
    permissions.grant(analyst, CatalogResource.database_named("sales"), ["DESCRIBE"])
    permissions.grant(analyst, CatalogResource.database_named("sales"), ["CREATE_TABLE"])
    permissions.associate(CatalogResource.database_named("sales"), {"Domain": "Sales"})
    permissions.associate(CatalogResource.columns_of("sales", "orders", ["email"]), {"classification": "restricted"})
    return template(stack)


def of(made: dict[str, Any], principal: str) -> list[dict[str, Any]]:
    """The grants to a principal, without it."""
    found = [grant for grant in grants(made) if principal in json.dumps(grant["Principal"])]
    return [{key: value for key, value in grant.items() if key != "Principal"} for grant in found]


def test_a_tag_grant_reads_tables_and_sees_databases(made: dict[str, Any]) -> None:
    """SELECT and DESCRIBE where all tags match; DESCRIBE on databases, which carry no classification."""
    (database, tables) = sorted(of(made, "Role"), key=lambda grant: grant["Resource"]["LFTagPolicy"]["ResourceType"])
    domain = {"TagKey": "domain", "TagValues": ["sales"]}
    assert database["Resource"]["LFTagPolicy"] == {"ResourceType": "DATABASE", "Expression": [domain]}
    assert database["Permissions"] == ["DESCRIBE"]
    expression = [{"TagKey": "classification", "TagValues": ["internal", "public"]}, domain]
    assert tables["Resource"]["LFTagPolicy"] == {"ResourceType": "TABLE", "Expression": expression}
    assert tables["Permissions"] == ["DESCRIBE", "SELECT"]


def test_all_but_becomes_an_include_list(made: dict[str, Any]) -> None:
    """The other columns are named; nothing is granted on the table as a whole, which would show the hidden column's name."""
    on_columns = {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnNames": ["country", "id", "total"]}}
    assert {"Resource": on_columns, "Permissions": ["SELECT"]} in of(made, PARTNER)
    assert not [grant for grant in of(made, PARTNER) if "Table" in grant["Resource"]]
    assert "ExcludedColumnNames" not in json.dumps(made)


def test_rows_become_a_filter_that_the_grant_waits_for(made: dict[str, Any]) -> None:
    """A native filter with included columns, granted with the grant option that an account has to have."""
    ((name, cells),) = resources(made, "AWS::LakeFormation::DataCellsFilter").items()
    properties = cells["Properties"]
    assert properties["ColumnNames"] == ["country", "email", "id", "total"]
    assert properties["RowFilter"] == {"FilterExpression": "country = 'DE' and total > 10.5"}
    (granted,) = [grant for grant in of(made, "555566667777") if "DataCellsFilter" in grant["Resource"]]
    body = {"TableCatalogId": ACCOUNT, "DatabaseName": "sales", "TableName": "orders", "Name": properties["Name"]}
    assert granted["Resource"] == {"DataCellsFilter": body}
    assert granted["Permissions"] == granted["PermissionsWithGrantOption"] == ["SELECT"]
    (part,) = [part for part in resources(made, PERMISSIONS_TYPE).values() if properties["Name"] in json.dumps(part["Properties"])]
    assert name in part["DependsOn"]


def test_a_permission_set_is_a_pattern(made: dict[str, Any]) -> None:
    """The role's name is left open where only the account knows it."""
    (granted,) = [grant for grant in grants(made) if "AWSReservedSSO" in json.dumps(grant) and "Table" in grant["Resource"]]
    assert "role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Loader_????????????????" in json.dumps(granted["Principal"])
    assert granted["Permissions"] == ["DELETE", "DESCRIBE", "INSERT", "SELECT"]


def test_the_same_principal_and_resource_is_one_entry(made: dict[str, Any]) -> None:
    """Permissions add up in one entry, as two would be two owners of the same grant."""
    on_sales = [grant for grant in of(made, ANALYST) if grant["Resource"] == {"Database": {"Name": "sales"}}]
    assert [grant["Permissions"] for grant in on_sales] == [["CREATE_TABLE", "DESCRIBE"]]


def test_an_empty_wildcard_reaches_the_template(made: dict[str, Any]) -> None:
    """`TableWildcard: {}` is not dropped on the way: without it the grant would name no table."""
    assert {"Table": {"DatabaseName": "travel", "TableWildcard": {}}} in [grant["Resource"] for grant in of(made, ANALYST)]


def test_tags_are_lower_case(made: dict[str, Any]) -> None:
    """As Lake Formation keeps them, so that what is read back is what was declared."""
    assert associations(made) == {"sales": {"domain": "sales"}, "sales.orders.email": {"classification": "restricted"}}


def test_nobody_is_everybody(made: dict[str, Any]) -> None:
    """No grant goes to IAM_ALLOWED_PRINCIPALS; what is named here loses it."""
    assert "IAM_ALLOWED_PRINCIPALS" not in json.dumps(made)
    assert all(part["Properties"]["RevokeIamAllowedPrincipals"] == "true" for part in resources(made, PERMISSIONS_TYPE).values())


def test_parts_come_one_after_the_other_after_settings_and_tags(made: dict[str, Any]) -> None:
    """Each custom resource waits for every part before it, for the settings and for the LF-Tags."""
    parts = sorted(resources(made, PERMISSIONS_TYPE))
    (owner,) = resources(made, "Custom::LakeFormationSettings")
    assert 1 < len(parts) <= 4
    for number, name in enumerate(parts):
        depends = set(made["Resources"][name]["DependsOn"])
        assert {*parts[:number], owner, *resources(made, "AWS::LakeFormation::Tag")} <= depends
        assert not depends & set(parts[number:])


def places(entries: list[tuple[str, str]], parts: int = 4) -> dict[str, str]:
    """In which custom resource each (database, table) lands."""
    permissions = new_permissions(ontology=None, parts=parts)
    for database, name in entries:
        permissions.grant(analyst, CatalogResource.table_named(database, name), ["SELECT"])
    return {
        json.dumps(grant["Resource"]): logical_id
        for logical_id, part in resources(synthesized(permissions), PERMISSIONS_TYPE).items()
        for grant in part["Properties"]["Grants"]
    }


NAMES = st.tuples(st.sampled_from(["sales", "travel"]), st.text("abc", min_size=1, max_size=3))


@settings(max_examples=8, deadline=None)
@given(before=st.lists(NAMES, min_size=1, max_size=8), added=st.lists(NAMES, max_size=4))
def test_adding_a_grant_moves_no_other(before: list[tuple[str, str]], added: list[tuple[str, str]]) -> None:
    """Whatever is added, and wherever in the code, what was there stays in its custom resource."""
    first = places(before)
    assert places([*added, *before]).items() >= first.items()


def test_order_of_calls_does_not_show() -> None:
    """The same grants in another order give the same template, dependencies included."""
    tables = [CatalogResource.table_named("sales", name) for name in "abcdefgh"]

    def made_from(order: list[CatalogResource]) -> dict[str, Any]:
        permissions = new_permissions()
        for resource in order:
            permissions.grant(analyst, resource, ["SELECT"])
        return synthesized(permissions)

    assert made_from(tables) == made_from(tables[::-1])


def test_all_of_a_table_has_one_writer() -> None:
    """Grants on a table, its columns, its filters and its tags are in one custom resource."""
    permissions = new_permissions(parts=16)
    table(permissions).write(analyst)
    table(permissions).read(partner, columns=Columns.only("id"), rows="id > 1")
    permissions.associate(CatalogResource.table_named("sales", "orders"), {"classification": "restricted"})
    permissions.associate(CatalogResource.columns_of("sales", "orders", ["id"]), {"classification": "public"})
    parts = [part for part in resources(synthesized(permissions), PERMISSIONS_TYPE).values() if '"orders"' in json.dumps(part)]
    assert len(parts) == 1


def test_fails_when_a_part_is_too_full() -> None:
    """More than CloudFormation can hand over is refused at synth, with the way out."""
    permissions = new_permissions(parts=1, ontology=None)
    for number in range(301):
        permissions.grant(analyst, CatalogResource.table_named("sales", f"t{number}"), ["SELECT"])
    with pytest.raises(RuntimeError, match="too_many_permissions: part 0 has 301 entries"):
        synthesized(permissions)


def wider_whole(permissions: CatalogPermissions) -> None:
    table(permissions).read(analyst, rows="country = 'DE'")
    table(permissions).read(analyst)


def wider_first(permissions: CatalogPermissions) -> None:
    permissions.grant(analyst, CatalogResource.all_tables("sales"), ["SELECT"])
    table(permissions).read(analyst, rows="country = 'DE'")


def wider_columns(permissions: CatalogPermissions) -> None:
    table(permissions).read(analyst, columns=Columns.only("id", "total"))
    table(permissions).read(analyst, columns=Columns.only("total"), rows="country = 'DE'")


def wider_than_columns(permissions: CatalogPermissions) -> None:
    table(permissions).read(analyst, columns=Columns.only("id"))
    table(permissions).write(analyst)


def unnamed(permissions: CatalogPermissions) -> None:
    TableGrants.from_table(Orders(table_name=cdk.Fn.import_value("Name")), permissions)


def conflicting(permissions: CatalogPermissions) -> None:
    permissions.associate(CatalogResource.columns_of("sales", "orders", ["id", "email"]), {"classification": "public"})
    permissions.associate(CatalogResource.columns_of("sales", "orders", ["email"]), {"classification": "restricted"})


REFUSED: list[tuple[str, str, Callable[[CatalogPermissions], Any]]] = [
    ("unknown_column", r"got columns nowhere, which .* does not have", lambda p: table(p).read(analyst, columns=Columns.only("nowhere"))),
    ("unknown_column", "got columns nowhere", lambda p: table(p).read(analyst, columns=Columns.all_but("nowhere"))),
    ("no_columns", "every column is left out", lambda p: table(p).read(analyst, columns=Columns.all_but(*Orders().column_names))),
    ("no_columns", "got no columns", lambda p: table(p).read(analyst, columns=Columns.only())),
    ("exclude_with_grant_option", "take Columns.only", lambda p: table(p).read(analyst, columns=Columns.all_but("email"), grantable=True)),
    ("row_filter", "column nowhere, which the table does not have", lambda p: table(p).read(analyst, rows="nowhere = 1")),
    ("nested_column", "address.city", lambda p: p.grant_cells(analyst, database="d", table="t", columns=["address.city"], rows="a = 1")),
    ("filter_void", "reads all of sales.orders", wider_whole),
    ("filter_void", "reads all of all tables of sales", wider_first),
    ("filter_void", "reads every row of total", wider_columns),
    ("filter_void", "makes its list of columns of sales.orders void", wider_than_columns),
    ("unnamed_table", "whose name is not known at synth", unnamed),
    (
        "unknown_tag",
        "got LF-Tag team; this account has domain, zone, classification",
        lambda p: p.grants.read(analyst, where=LfTags.all(team="a")),
    ),
    ("unknown_tag", "got secret for LF-Tag", lambda p: p.associate(CatalogResource.database_named("sales"), {"classification": "secret"})),
    ("tag_conflict", "classification=public already", conflicting),
    (
        "tag_target",
        "allowed are databases, tables and columns",
        lambda p: p.associate(CatalogResource.all_tables("sales"), {"zone": "curated"}),
    ),
    ("account_not_grantable", "make it grantable", lambda p: p.grants.read(DataPrincipal.account("555566667777"), where=INTERNAL)),
    ("unknown_permission", "allowed are SELECT", lambda p: p.grant(analyst, CatalogResource.columns_of("d", "t", ["c"]), ["INSERT"])),
    ("unknown_permission", "got no permission", lambda p: p.grant(analyst, CatalogResource.catalog(), [])),
]


@pytest.mark.parametrize(("code", "message", "misuse"), REFUSED)
def test_fails_when_misused(code: str, message: str, misuse: Callable[[CatalogPermissions], Any]) -> None:
    """Each misuse raises at once, with a stable code and a message that says what is allowed."""
    with pytest.raises(DataLakeError, match=message) as raised:
        misuse(new_permissions())
    assert raised.value.code == code


def test_fails_when_shares_are_off() -> None:
    """A grant to another account needs settings that share."""
    permissions = new_permissions(shares=False)
    with pytest.raises(DataLakeError, match="take that out") as raised:
        permissions.grants.read(DataPrincipal.account("555566667777"), where=INTERNAL, grantable=True)
    assert raised.value.code == "shares_disabled"


def test_fails_when_a_tag_grant_makes_a_filter_void() -> None:
    """Rights by LF-Tags count too, as far as the tags are declared here."""
    permissions = new_permissions()
    permissions.associate(CatalogResource.database_named("sales"), {"domain": "sales"})
    permissions.associate(CatalogResource.table_named("sales", "orders"), {"classification": "restricted"})
    permissions.associate(CatalogResource.columns_of("sales", "orders", ["id"]), {"classification": "public"})
    table(permissions).read(analyst, rows="country = 'DE'")
    permissions.grants.read(analyst, where=INTERNAL)
    with pytest.raises(RuntimeError, match=r"filter_void: .* reads every row of id of sales.orders through LF-Tags"):
        synthesized(permissions)


def test_rights_of_others_and_of_other_columns_make_nothing_void() -> None:
    """A wider grant to somebody else, to other columns or other tags, and two equal grants are all fine."""
    permissions = new_permissions()
    permissions.associate(CatalogResource.table_named("sales", "orders"), {"classification": "restricted"})
    table(permissions).read(analyst, columns=Columns.only("email"), rows="country = 'DE'")
    table(permissions).read(analyst, columns=Columns.only("id"))
    table(permissions).read(partner)
    table(permissions).write(partner)
    permissions.grants.read(analyst, where=INTERNAL)
    assert len(grants(synthesized(permissions))) == 7


def test_equal_filters_are_one() -> None:
    """The same rows and columns for two principals are one filter with two grants; a changed condition is another filter."""
    permissions = new_permissions()
    table(permissions).read(analyst, rows="country = 'DE'")
    table(permissions).read(partner, rows="country = 'DE'")
    table(permissions).read(DataPrincipal.permission_set("Other"), rows="country = 'FR'")
    names = [cells["Properties"]["Name"] for cells in resources(synthesized(permissions), "AWS::LakeFormation::DataCellsFilter").values()]
    assert len(names) == len(set(names)) == 2


def test_grants_can_stand_in_a_stack_of_their_own() -> None:
    """The function is imported, and the stack of the settings comes first."""
    app = new_app()
    account, catalog = new_stack(app, "Account"), new_stack(app, "Grants")
    permissions = permissions_in(account)
    other = type(permissions)(catalog, "Permissions", settings=permissions._settings)
    other.grants.read(analyst, where=INTERNAL)
    parts = resources(template(catalog), PERMISSIONS_TYPE)
    assert all("Fn::ImportValue" in part["Properties"]["ServiceToken"] for part in parts.values())
    assert [stack.node.id for stack in catalog.dependencies] == ["Account"]
