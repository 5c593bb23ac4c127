"""What is declared in several constructs of one account: who owns a right, and what one declaration does to another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.governance import CatalogPermissions, CatalogResource, Columns, DataPrincipal, DeclaredRights, LfTagOntology, LfTags
from constructs_lib.governance.conflicts import Filter
from lakemodel.errors import DataLakeError
from lakemodel.limits import Quota, limit
from tests.constructs.governance.support import ANALYST, PARTNER, Orders, grants, permissions_in, synthesized
from tests.support import new_app, new_stack, template

if TYPE_CHECKING:
    from collections.abc import Callable

    Declaring = Callable[[CatalogPermissions, CatalogPermissions], None]

analyst = DataPrincipal.role_arn(ANALYST)
partner = DataPrincipal.role_arn(PARTNER)
SALES = CatalogResource.database_named("sales")
ORDERS = CatalogResource.table_named("sales", "orders")


def pair() -> tuple[CatalogPermissions, CatalogPermissions]:
    """Two constructs of one account in two stacks."""
    app = new_app()
    first = permissions_in(new_stack(app, "First"))
    return first, CatalogPermissions(new_stack(app, "Second"), "Permissions", settings=first._settings)


def lines() -> Orders:
    return Orders(table_name="lines")


def explicit_beside_shown(a: CatalogPermissions, b: CatalogPermissions) -> None:
    a.on_table(Orders()).read(analyst)
    b.on_database(SimpleNamespace(database_name="sales")).describe(analyst)


def same_columns(a: CatalogPermissions, b: CatalogPermissions) -> None:
    a.on_table(Orders()).read(analyst, columns=Columns.only("id", "total"))
    b.on_table(Orders(), database_permissions=a).read(analyst, columns=Columns.only("total", "email"))


def equal_filters(a: CatalogPermissions, b: CatalogPermissions) -> None:
    a.on_table(Orders()).read(analyst, rows="country = 'DE'")
    b.on_table(Orders()).read(partner, rows="country = 'DE'")


def wider_elsewhere(a: CatalogPermissions, b: CatalogPermissions) -> None:
    a.on_table(Orders()).read(analyst, rows="country = 'DE'")
    b.on_database(SimpleNamespace(database_name="sales")).read(analyst)


def list_elsewhere(a: CatalogPermissions, b: CatalogPermissions) -> None:
    a.grant(analyst, CatalogResource.all_tables("sales"), ["SELECT"])
    b.on_table(Orders()).read(analyst, columns=Columns.only("id"))


def both(resource: CatalogResource, one: list[str], other: list[str]) -> Declaring:
    def declare(a: CatalogPermissions, b: CatalogPermissions) -> None:
        a.grant(analyst, resource, one)
        b.grant(analyst, resource, other)

    return declare


def tags(one: dict[str, str], other: dict[str, str]) -> Declaring:
    def declare(a: CatalogPermissions, b: CatalogPermissions) -> None:
        a.associate(ORDERS, one)
        b.associate(ORDERS, other)

    return declare


def opted_in(a: CatalogPermissions, b: CatalogPermissions) -> None:
    a.opt_in(analyst, ORDERS)
    b.opt_in(analyst, ORDERS)


REFUSED: list[tuple[str, str, Declaring]] = [
    ("declared_twice", "got SELECT on table sales.orders .* First/Permissions declares as well", both(ORDERS, ["SELECT"], ["SELECT"])),
    ("declared_twice", "declare it in one of the two", both(ORDERS, ["ALL"], ["SELECT"])),
    ("declared_twice", "declare it in one of the two", both(ORDERS, ["SELECT"], ["ALL"])),
    ("declared_twice", "got SELECT on column total of sales.orders", same_columns),
    ("declared_twice", "got DESCRIBE on database sales .* pass that one as database_permissions", explicit_beside_shown),
    ("declared_twice", "equal to one of First/Permissions", equal_filters),
    ("declared_twice", "got LF-Tag domain=sales for sales.orders", tags({"domain": "sales"}, {"domain": "sales"})),
    ("declared_twice", "got an opt-in on table sales.orders", opted_in),
    ("tag_conflict", "has domain=sales already by First/Permissions", tags({"domain": "sales"}, {"domain": "travel"})),
    ("filter_void", "reads all of all tables of sales, which makes its filter", wider_elsewhere),
    ("filter_void", "reads all of all tables of sales, which makes its list", list_elsewhere),
]


@pytest.mark.parametrize(("code", "message", "declare"), REFUSED)
def test_fails_when_two_constructs_collide(
    code: str, message: str, declare: Callable[[CatalogPermissions, CatalogPermissions], None]
) -> None:
    """The second declaration raises, in whichever stack the first is, and says where that is."""
    with pytest.raises(DataLakeError, match=message) as raised:
        declare(*pair())
    assert raised.value.code == code
    assert raised.value.where == "Second/Permissions"


def test_different_rights_in_two_constructs_are_fine() -> None:
    """Other permissions, columns, principals, filters, keys; and a database that one of the two shows for both."""
    a, b = pair()
    both(ORDERS, ["DESCRIBE"], ["INSERT"])(a, b)
    tags({"domain": "sales"}, {"classification": "public"})(a, b)
    a.on_table(lines()).read(analyst, columns=Columns.only("id"))
    b.on_table(lines(), database_permissions=a).read(analyst, columns=Columns.only("total"))
    a.on_table(lines()).read(partner, rows="country = 'DE'")
    b.on_table(lines(), database_permissions=a).read(partner, rows="country = 'FR'")
    stack: Any = b.node.scope
    assert [grant["Resource"] for grant in grants(template(stack)) if "Database" in grant["Resource"]] == []


def test_the_same_declaration_in_one_construct_is_one() -> None:
    """Repeating a call adds nothing and is no collision."""
    permissions = permissions_in(new_stack())
    for _ in range(2):
        permissions.on_table(Orders()).read(analyst)
        permissions.associate(ORDERS, {"domain": "sales"})
        permissions.opt_in(analyst, ORDERS)
    made = synthesized(permissions)
    assert len(grants(made)) == 2
    (opt_ins,) = [part["Properties"]["OptIns"] for part in made["Resources"].values() if "OptIns" in part["Properties"]]
    assert opt_ins == [
        {
            "Principal": {"DataLakePrincipalIdentifier": ANALYST},
            "Resource": {"Table": {"DatabaseName": "sales", "Name": "orders"}},
        }
    ]


def test_accounts_are_apart() -> None:
    """Each account's settings have declarations of their own."""
    first, second = permissions_in(new_stack(name="A")), permissions_in(new_stack(name="B"))
    both(ORDERS, ["SELECT"], ["SELECT"])(first, second)


def classified(permissions: CatalogPermissions) -> None:
    """An internal table of the sales domain with one restricted column, and one whose columns are alike."""
    permissions.associate(SALES, {"domain": "sales"})
    permissions.associate(ORDERS, {"classification": "internal"})
    permissions.associate(CatalogResource.columns_of("sales", "orders", ["email"]), {"classification": "restricted"})
    permissions.associate(CatalogResource.table_named("sales", "lines"), {"classification": "internal"})


INTERNAL = LfTags.all(domain="sales", classification=["public", "internal"])


@pytest.mark.parametrize("permission", ["ALTER", "DROP", "INSERT", "DELETE", "ALL"])
def test_fails_when_an_expression_changes_a_table_in_part(permission: str) -> None:
    """Tags in one stack, the grant in another: the table and the column that is left out are named, once."""
    a, b = pair()
    classified(a)
    b.grant_where(analyst, INTERNAL, [permission])
    message = rf"partial_expression: got {permission} .* classification in internal/public, domain in sales, .* sales.orders \(not email\)"
    with pytest.raises(RuntimeError, match=message) as raised:
        synthesized(a)
    assert str(raised.value).count("partial_expression") == 1
    assert "lines" not in str(raised.value)


def test_fails_when_an_expression_changes_a_table_by_some_column_only() -> None:
    """A table that matches by columns alone is matched in part as well."""
    a, b = pair()
    classified(a)
    b.grants.admin(analyst, where=LfTags.all(classification="restricted"))
    with pytest.raises(RuntimeError, match=r"sales.orders \(only email\)"):
        synthesized(a)


def test_expressions_that_match_all_or_only_read_are_fine() -> None:
    """Reading in part is what LF-Tags are for; changing is fine where all columns or none match."""
    a, b = pair()
    classified(a)
    b.grants.read(analyst, where=INTERNAL)
    b.grants.write(partner, where=LfTags.all(domain="sales", classification=["internal", "restricted"]))
    b.grants.admin(partner, where=LfTags.all(domain="travel"))
    written = [grant["Permissions"] for grant in grants(synthesized(b)) if "DELETE" in grant["Permissions"]]
    assert sorted(written, key=len) == [
        ["DELETE", "DESCRIBE", "INSERT", "SELECT"],
        ["ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"],
    ]


def test_fails_when_tags_elsewhere_make_a_filter_or_list_void() -> None:
    """Filters and lists of columns are held against LF-Tags of all stacks; each finding stands once."""
    a, b = pair()
    classified(a)
    b.on_table(Orders()).read(analyst, rows="country = 'DE'")
    b.on_table(lines()).read(partner, columns=Columns.only("id"))
    a.grants.read(analyst, where=INTERNAL)
    a.grants.read(partner, where=INTERNAL)
    with pytest.raises(RuntimeError, match=r"reads every row of country, id, total of sales.orders through LF-Tags") as raised:
        synthesized(a)
    assert "reads every row of id of sales.lines through LF-Tags" in str(raised.value)
    assert str(raised.value).count("filter_void") == 2


def test_a_list_that_adds_columns_to_a_tag_grant_is_fine() -> None:
    """A named column that the LF-Tags do not open is an addition, not void."""
    a, b = pair()
    classified(a)
    a.grants.read(analyst, where=INTERNAL)
    b.on_table(Orders()).read(analyst, columns=Columns.only("email", "id"))
    assert grants(synthesized(b))


def test_fails_when_a_value_is_not_in_the_ontology_of_another_stack() -> None:
    """Without an ontology of its own a construct is held to that of the account."""
    a, b = pair()
    b.grants.read(analyst, where=LfTags.all(classification="secret", team="blue"))
    b.associate(SALES, {"domain": "finance"})
    with pytest.raises(
        RuntimeError, match=r"unknown_tag: got secret for LF-Tag classification; it can be public, internal, restricted"
    ) as raised:
        synthesized(a)
    assert "got LF-Tag team; this account has domain, zone, classification" in str(raised.value)
    assert "got finance for LF-Tag domain" in str(raised.value)


def test_an_ontology_made_with_the_settings_is_known() -> None:
    """It is not necessary to pass it to any permissions."""
    stack = new_stack()
    permissions = permissions_in(stack, ontology=None)
    LfTagOntology(stack, "Tags", domains=["sales"], classifications=["public"], settings=permissions._settings)
    permissions.grants.read(analyst, where=LfTags.all(domain="travel"))
    with pytest.raises(RuntimeError, match="unknown_tag: got travel"):
        synthesized(permissions)


def test_nothing_is_known_of_another_accounts_tags() -> None:
    """Expressions over a foreign catalog are its own matter."""
    _, b = pair()
    b.grants.read(analyst, where=LfTags.all(team="blue"), catalog_id="555566667777")
    assert len(grants(synthesized(b))) == 2


def test_a_catalog_that_is_ones_own_is_no_other_thing() -> None:
    """Named or not, the account's own catalog is the same one."""
    a, b = pair()
    stack: Any = a.node.scope
    a.grant(analyst, CatalogResource.table_named("sales", "orders", catalog_id=stack.account), ["SELECT"])
    with pytest.raises(DataLakeError, match="declares as well"):
        b.grant(analyst, ORDERS, ["SELECT"])


def test_fails_when_there_are_too_many_filters_or_tags() -> None:
    """The numbers are those of the table of quotas, counted over constructs."""
    declared = DeclaredRights()
    most = limit(Quota.LF_FILTERS_PER_PRINCIPAL_AND_TABLE).value
    for number in range(most):
        declared.add_filter(f"Owner{number % 2}", Filter("role", "sales", "orders", frozenset({"id"}), f"cells_{number}"))
    with pytest.raises(DataLakeError, match=f"got {most + 1} filters of role on sales.orders; allowed are at most {most}") as raised:
        declared.add_filter("Owner0", Filter("role", "sales", "orders", frozenset({"id"}), "another"))
    assert raised.value.code == "too_many_filters"
    most = limit(Quota.LF_TAGS_PER_RESOURCE).value
    declared.tags.add("Owner", "sales", "orders", "", {f"key{number}": "a" for number in range(most)}, checked=True)
    with pytest.raises(DataLakeError, match=f"got {most + 1} LF-Tags for sales.orders") as raised:
        declared.tags.add("Other", "sales", "orders", "", {"another": "a"}, checked=True)
    assert raised.value.code == "too_many_tags"


class Counting(dict[Any, Any]):
    """A mapping that counts how often it is gone through."""

    passes = 0

    def items(self) -> Any:
        self.passes += 1
        return super().items()


def test_many_tables_are_looked_at_once() -> None:
    """One pass over all tables serves every expression, however many there are: tables with the same tags are judged together."""
    declared = DeclaredRights()
    for number in range(300):
        declared.tags.add("Tables", "sales", f"t{number}", "", {"classification": "internal"}, checked=True)
        declared.tags.add("Tables", "sales", f"t{number}", f"column{number}", {"classification": "restricted"}, checked=True)
    declared.tags._tables = Counting(declared.tags._tables)
    for number in range(40):
        declared.add_tag_grant("Grants", "role", LfTags.all(classification=["internal", f"other{number}"]), ["ALTER"])
    assert len(list(declared.problems("Grants"))) == 40 * 300
    assert declared.tags._tables.passes == 1
    assert list(declared.problems("Tables")) == []


def test_grants_on_a_database_reach_all_of_its_tables() -> None:
    """Reading sees the database; administering can also change it; describing and creating touch no table."""
    permissions = permissions_in(new_stack())
    sales = permissions.on_database(SimpleNamespace(database_name="sales"))
    sales.read(analyst)
    sales.admin(partner)
    travel = permissions.on_database(SimpleNamespace(database_name="travel"))
    travel.write(analyst)
    travel.create_tables(partner)
    travel.describe(DataPrincipal.account("555566667777"), grantable=True)
    every_table = {"Table": {"DatabaseName": "sales", "TableWildcard": {}}}
    found = [(g["Principal"]["DataLakePrincipalIdentifier"], g["Resource"], g["Permissions"]) for g in grants(synthesized(permissions))]
    assert (ANALYST, every_table, ["DESCRIBE", "SELECT"]) in found
    assert (ANALYST, {"Database": {"Name": "sales"}}, ["DESCRIBE"]) in found
    assert (PARTNER, every_table, ["ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"]) in found
    assert (PARTNER, {"Database": {"Name": "sales"}}, ["ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"]) in found
    in_travel = {"Table": {"DatabaseName": "travel", "TableWildcard": {}}}
    assert (ANALYST, in_travel, ["DELETE", "DESCRIBE", "INSERT", "SELECT"]) in found
    assert (PARTNER, {"Database": {"Name": "travel"}}, ["CREATE_TABLE", "DESCRIBE"]) in found
    assert ("555566667777", {"Database": {"Name": "travel"}}, ["DESCRIBE"]) in found
    assert len(found) == 8


ELSEWHERE = DataPrincipal.role_arn(PARTNER)
ORGANIZATION = DataPrincipal.organization("arn:aws:organizations::111111111111:organization/o-exampleorgid")
MISUSE: list[tuple[str, str, Callable[[CatalogPermissions], Any]]] = [
    ("grant_on_link", "a link takes DESCRIBE and DROP only", lambda p: p.on_database(SimpleNamespace(database_name="s", link_name="l"))),
    ("unknown_permission", "allowed are DESCRIBE, DROP", lambda p: p.grant(analyst, CatalogResource.link_named("l"), ["ALTER"])),
    ("unnamed_database", "not known at synth", lambda p: p.on_database(SimpleNamespace(database_name="${Token[A.1]}"))),
    ("opt_in_target", "allowed are databases, tables", lambda p: p.opt_in(analyst, CatalogResource.catalog())),
    ("grantable_elsewhere", "no grant option", lambda p: p.grant(ELSEWHERE, ORDERS, ["SELECT"], grantable=["SELECT"])),
    ("account_not_grantable", "only passes on what it gets", lambda p: p.grant(ORGANIZATION, ORDERS, ["SELECT"])),
    ("row_filter", "function upper", lambda p: p.on_table(Orders()).read(analyst, rows="upper(country) = 'DE'")),
]


@pytest.mark.parametrize(("code", "message", "misuse"), MISUSE)
def test_fails_when_misused(code: str, message: str, misuse: Callable[[CatalogPermissions], Any]) -> None:
    """Each misuse raises at once."""
    with pytest.raises(DataLakeError, match=message) as raised:
        misuse(permissions_in(new_stack()))
    assert raised.value.code == code


def test_fails_when_a_role_elsewhere_is_granted_without_shares() -> None:
    """Sharing with a principal of another account is sharing."""
    with pytest.raises(DataLakeError, match="shares=False") as raised:
        permissions_in(new_stack(), shares=False).grant(ELSEWHERE, ORDERS, ["SELECT"])
    assert raised.value.code == "shares_disabled"


def test_the_organization_gets_rights_to_pass_on() -> None:
    """By name and by LF-Tags, each with grant option; links and the catalog take what they can have."""
    permissions = permissions_in(new_stack())
    permissions.on_table(Orders()).read(ORGANIZATION, grantable=True)
    permissions.grants.read(ORGANIZATION, where=INTERNAL, grantable=True)
    permissions.grant(analyst, CatalogResource.link_named("lake"), ["DESCRIBE", "DROP"])
    permissions.grant(analyst, CatalogResource.catalog(), ["CREATE_DATABASE"])
    made = grants(synthesized(permissions))
    assert all(g["PermissionsWithGrantOption"] == g["Permissions"] for g in made if "organizations" in str(g["Principal"]))
    assert {"Catalog": {}} in [g["Resource"] for g in made]
