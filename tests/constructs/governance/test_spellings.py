"""One principal, one account, one table, one LF-Tag, however they are spelled: rights add up all the same."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import Aws, aws_iam as iam

from constructs_lib.governance import (
    CatalogPermissions,
    CatalogResource,
    Columns,
    DataCellsFilter,
    DataPrincipal,
    LakeFormationSettings,
    LfTagExpression,
    LfTags,
    ResourceLink,
)
from lakemodel.errors import DataLakeError
from tests.constructs.governance.sides import CONSUMER, READER, cheap_permissions, sides
from tests.constructs.governance.support import ANALYST, Orders, grants
from tests.support import ACCOUNT, new_app, new_stack, resources, template

if TYPE_CHECKING:
    from collections.abc import Callable

GERMAN = "country = 'DE'"
analyst = DataPrincipal.role_arn(ANALYST)
ORDERS = CatalogResource.table_named("sales", "orders")


def made(stack: cdk.Stack) -> Any:
    return iam.Role(stack, "Role", role_name="Analyst", assumed_by=iam.AccountRootPrincipal())


def in_a_path(stack: cdk.Stack) -> Any:
    return iam.Role(stack, "Role", role_name="Analyst", path="/lake/", assumed_by=iam.AccountRootPrincipal())


def assigned(stack: cdk.Stack) -> Any:
    return DataPrincipal.permission_set("Analysts")


ROLE = "arn:aws:iam::444444444401:role/"
SAME: list[tuple[Callable[[cdk.Stack], Any], DataPrincipal]] = [
    (made, analyst),
    (in_a_path, DataPrincipal.role_arn(f"{ROLE}lake/Analyst")),
    (lambda stack: iam.Role.from_role_name(stack, "Role", "Analyst"), analyst),
    (lambda stack: iam.Role.from_role_arn(stack, "Role", ANALYST), analyst),
    (assigned, DataPrincipal.permission_set("Analysts", account_id=ACCOUNT)),
    (assigned, DataPrincipal.role_arn(f"{ROLE}aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Analysts_0123456789abcdef")),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_fails_when_two_spellings_of_a_principal_void_a_filter(one: Callable[[cdk.Stack], Any], other: DataPrincipal) -> None:
    """A role by reference and by ARN, a permission set with its account and without, are one principal."""
    stack = new_stack()
    permissions = cheap_permissions(stack)
    permissions.on_table(Orders()).read(one(stack))
    with pytest.raises(DataLakeError) as raised:
        permissions.on_table(Orders()).read(other, rows=GERMAN)
    assert raised.value.code == "filter_void"


def test_other_principals_are_others() -> None:
    """A role of another name, path or account, and one of which nothing is known."""
    stack = new_stack()
    permissions = cheap_permissions(stack)
    permissions.on_table(Orders()).read(made(stack))
    unnamed = [iam.Role(stack, name, assumed_by=iam.AccountRootPrincipal()) for name in ("One", "Two")]
    permissions.on_table(Orders()).read(unnamed[0])
    others = [f"{ROLE}Analysts", f"{ROLE}lake/Analyst", f"arn:aws:iam::{CONSUMER}:role/Analyst"]
    for other in [*map(DataPrincipal.role_arn, others), DataPrincipal.permission_set("Analyst"), unnamed[1]]:
        permissions.on_table(Orders()).read(other, rows=GERMAN)
    assert len([grant for grant in grants(template(stack)) if "DataCellsFilter" in grant["Resource"]]) == 5


def by_case(permissions: CatalogPermissions) -> None:
    permissions.on_table(Orders(database_name="Sales", table_name="Orders")).read(analyst)


def by_column_case(permissions: CatalogPermissions) -> None:
    permissions.on_table(Orders(column_names=("ID", "Email"))).read(analyst, columns=Columns.only("Email"))


def by_own_account(permissions: CatalogPermissions) -> None:
    permissions.grant(analyst, CatalogResource.table_named("sales", "orders", catalog_id=Aws.ACCOUNT_ID), ["SELECT"])


def by_own_account_and_tag(permissions: CatalogPermissions) -> None:
    permissions.associate(ORDERS, {"classification": "public"})
    permissions.grants.read(analyst, where=LfTags.all(classification="public"), catalog_id=Aws.ACCOUNT_ID)


def by_tag_of_a_column_in_upper_case(permissions: CatalogPermissions) -> None:
    permissions.associate(ORDERS, {"classification": "restricted"})
    permissions.associate(CatalogResource.columns_of("sales", "orders", ["EMAIL"]), {"classification": "public"})
    permissions.grants.read(analyst, where=LfTags.all(classification="public"))


@pytest.mark.parametrize("wider", [by_case, by_column_case, by_own_account, by_own_account_and_tag, by_tag_of_a_column_in_upper_case])
def test_fails_when_another_spelling_of_a_table_voids_a_filter(wider: Callable[[CatalogPermissions], None]) -> None:
    """Names in upper case are the same names; the account that is meant by reference is this one."""
    stack = new_stack()

    def declare() -> None:
        permissions = cheap_permissions(stack)
        wider(permissions)
        permissions.on_table(Orders()).read(analyst, rows=GERMAN)
        template(stack)

    with pytest.raises((DataLakeError, RuntimeError)) as raised:  # at once, or at synth
        declare()
    assert "filter_void" in f"{getattr(raised.value, 'code', '')} {raised.value}"


def test_all_tables_are_granted_by_their_own_method() -> None:
    """A table that is called as Lake Formation lists all tables is a table."""
    assert CatalogResource.table_named("sales", "ALL_TABLES").render()["Table"]["Name"] == "all_tables"


def test_fails_when_a_filter_of_ones_own_is_void() -> None:
    """A `DataCellsFilter` that is granted as a resource counts as one that `read` makes; equal grants of it are one."""
    stack = new_stack()
    permissions = cheap_permissions(stack)
    cells = DataCellsFilter(
        stack, "Cells", database_name="sales", table_name="orders", filter_name="german", columns=["id", "email"], rows=GERMAN
    )
    for _ in range(2):
        permissions.grant(analyst, cells.resource, ["SELECT"])
    permissions.on_table(Orders()).read(analyst, columns=Columns.only("total"))
    for columns in (Columns.only("id"), Columns.ALL):
        with pytest.raises(DataLakeError) as raised:
            permissions.on_table(Orders()).read(analyst, columns=columns)
        assert raised.value.code == "filter_void"


OWN_ACCOUNT = "(this account)"
EVERYBODY = ["IAM_ALLOWED_PRINCIPALS", " iam_allowed_principals\n", "*", f"{OWN_ACCOUNT}:IAMPrincipals"]
WILDCARDS = [f"{ROLE}*", f"{ROLE}Analyst?", f"{ROLE}aws-reserved/sso.amazonaws.com/*AWSReservedSSO_*", f"{ROLE}*AWSReservedSSO_A_*"]


@pytest.mark.parametrize("make", [DataPrincipal, DataPrincipal.role_arn])
@pytest.mark.parametrize("identifier", [*EVERYBODY, *WILDCARDS, "arn:aws:iam::444444444401:saml-provider/idp:group/*"])
def test_fails_when_many_are_meant(make: Callable[[str], DataPrincipal], identifier: str) -> None:
    """Neither the constructor nor a reference in the text lets everybody or a wildcard through."""
    with pytest.raises(DataLakeError) as raised:
        make(identifier.replace(OWN_ACCOUNT, Aws.ACCOUNT_ID))
    assert raised.value.code == "principal_not_allowed"


@pytest.mark.parametrize("make", [DataPrincipal.account, DataPrincipal.role_arn, DataPrincipal.permission_set, DataPrincipal.organization])
def test_fails_when_a_line_ends_in_a_principal(make: Callable[[str], DataPrincipal]) -> None:
    """A line end, as a text of several lines in YAML has it, is no part of a name."""
    good = {
        DataPrincipal.account: CONSUMER,
        DataPrincipal.role_arn: ANALYST,
        DataPrincipal.permission_set: "Analysts",
        DataPrincipal.organization: "arn:aws:organizations::111111111111:organization/o-exampleorgid",
    }[make]
    make(good)
    with pytest.raises(DataLakeError, match="allowed here is"):
        make(f"{good}\n")


def test_fails_when_an_organization_is_a_mere_reference() -> None:
    """It would be taken for somebody who reads, and granted without grant option; a reference to the partition is fine."""
    parameter = cdk.CfnParameter(new_stack(), "Parameter")
    with pytest.raises(DataLakeError, match="written out"):
        DataPrincipal.organization(parameter.value_as_string)
    assert DataPrincipal.organization(f"arn:{Aws.PARTITION}:organizations::111111111111:organization/o-exampleorgid").passes_on


@pytest.mark.parametrize(("shares", "grantable", "code"), [(True, True, "grantable_elsewhere"), (False, False, "shares_disabled")])
def test_a_role_of_another_stack_is_of_its_account(shares: bool, grantable: bool, code: str) -> None:  # noqa: FBT001 - parametrized
    """A role that the app makes in another account is no role of this one, although its ARN is a reference."""
    app = new_app()
    permissions = cheap_permissions(new_stack(app), shares=shares)
    role = iam.Role(new_stack(app, "Other", CONSUMER), "Role", role_name="Partner", assumed_by=iam.AccountRootPrincipal())
    with pytest.raises(DataLakeError) as raised:
        permissions.on_table(Orders()).read(role, grantable=grantable)
    assert raised.value.code == code


def test_fails_when_an_account_is_granted_its_own() -> None:
    """Whoever of the account is meant has to be named."""
    with pytest.raises(DataLakeError) as raised:
        cheap_permissions(new_stack()).on_table(Orders()).read(DataPrincipal.account(ACCOUNT), grantable=True)
    assert raised.value.code == "share_to_itself"


@pytest.mark.parametrize(
    "make",
    [
        lambda: LfTags.all(classification="*"),
        lambda: LfTags.all(Classification="public", classification="internal"),
        lambda: LfTags.all(classification=[]),
        lambda: LfTagExpression(()),
        lambda: LfTagExpression((("classification", ()),)),
        lambda: LfTagExpression((("classification", ("Public",)),)),
    ],
)
def test_fails_when_an_expression_says_something_else_than_it_seems(make: Callable[[], LfTagExpression]) -> None:
    """No wildcard, no key twice, nothing empty, nothing in a case that Lake Formation does not keep."""
    with pytest.raises(DataLakeError) as raised:
        make()
    assert raised.value.code == "tag_expression"


def test_values_that_differ_in_case_are_one() -> None:
    """They are one LF-Tag."""
    assert LfTags.all(classification=["Public", "public"]).pairs == (("classification", ("public",)),)


@pytest.mark.parametrize("kind", ["table", "database"])
def test_fails_when_something_of_another_catalog_is_granted_by_name(kind: str) -> None:
    """The names would be those of something else, in this account."""
    permissions = cheap_permissions(new_stack())
    foreign = SimpleNamespace(database_name="sales", table_name="orders", column_names=("id",), catalog_id=CONSUMER)
    with pytest.raises(DataLakeError) as raised:
        permissions.on_table(foreign) if kind == "table" else permissions.on_database(foreign)
    assert raised.value.code == "grant_elsewhere"


def test_a_link_takes_what_a_link_takes_from_its_own_account() -> None:
    """DESCRIBE and DROP, by permissions of the account that it is in."""
    two = sides()
    link = ResourceLink(two.consumer, "Link", database_name="sales", catalog_id=ACCOUNT)
    with pytest.raises(DataLakeError) as raised:
        two.taking.grant(READER, link.resource, ["CREATE_TABLE"])
    assert raised.value.code == "unknown_permission"
    with pytest.raises(DataLakeError) as raised:
        link.allow(READER, two.giving)
    assert raised.value.code == "link_elsewhere"


def test_imported_settings_of_one_account_know_each_other() -> None:
    """Two stacks that import the same account's settings hold what they declare against each other."""
    app = new_app()
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:permissions"
    one, other = [
        CatalogPermissions(
            stack, "Permissions", settings=LakeFormationSettings.from_permissions_function(stack, "Imported", permissions_function_arn=arn)
        )
        for stack in (new_stack(app, "One"), new_stack(app, "Other"))
    ]
    one.on_table(Orders()).read(analyst)
    with pytest.raises(DataLakeError) as raised:
        other.on_table(Orders(), database_permissions=one).read(analyst, rows=GERMAN)
    assert raised.value.code == "filter_void"


def test_entries_stay_where_they_are_however_many_references_there_are() -> None:
    """A name by reference puts an entry into the same custom resource, whatever was made before."""

    def placed(before: int) -> list[str]:
        stack = new_stack()
        permissions = cheap_permissions(stack, parts=16)
        name = cdk.CfnParameter(stack, "Name")
        for number in range(before):
            cdk.Token.as_string({"Ref": f"Other{number}"})
        permissions.grant(analyst, CatalogResource.database_named(cdk.Token.as_string(name.value)), ["DESCRIBE"])
        return list(resources(template(stack), "Custom::LakeFormationPermissions"))

    assert len({tuple(placed(before)) for before in range(5)}) == 1
