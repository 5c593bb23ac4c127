"""What grants give on a table, before IAM is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

from lakecheck.access.lake_formation import LakeFormation
from lakecheck.access.lake_formation.rights import Right, by_column
from lakecheck.access.lake_formation.rows import rows_of
from lakecheck.access.model import Action
from lakecheck.estate.model import Estate, Principal, PrincipalKind, ResourceType
from lakecheck.formula import FALSE, TRUE, Truth, Unresolved, any_of
from lakecheck.values import hole
from tests.lakecheck.access.lake_formation.estates import (
    CONSUMER,
    LAKE,
    cells,
    grant,
    lake,
    on,
    origin,
    permission_set,
    role,
    table,
    tag,
    where,
)

ANALYST = role("Analyst")
ALL = frozenset({"SELECT", "DESCRIBE", "INSERT", "DELETE", "ALTER", "DROP"})


def held(estate: Estate, whom: Principal = ANALYST) -> tuple[Right, ...]:
    """A principal's rights on the estate's first table."""
    return LakeFormation(estate).rights(whom, estate.tables[0])


def test_a_named_grant_gives_the_whole_table():
    """SELECT on a table: every column, every row, and the table's description, with the grant behind it."""
    its = grant(ANALYST)
    (right,) = held(lake(ANALYST, grants=(its,)))
    assert (right.columns, right.rows, right.permissions, right.grants) == (None, "", {"SELECT", "DESCRIBE"}, (its,))


def test_nobody_else_has_it():
    """A grant is for its principal, its table, its catalog and its Region."""
    others = [
        grant("arn:aws:iam::111122223333:role/Other"),
        grant(ANALYST, resource=on(table="customers")),
        grant(ANALYST, resource=on(database="travel")),
        grant(ANALYST, resource=on(catalog=CONSUMER)),
        replace(grant(ANALYST), region="us-east-1", resource=replace(on(), region="us-east-1")),
    ]
    assert held(lake(ANALYST, grants=tuple(others))) == ()


@pytest.mark.parametrize("permission", ["ALL", "SUPER", "all"])
def test_all_is_taken_apart(permission):
    """lf-permissions-reference: ALL (Super) on a table is every permission of tables."""
    (right,) = held(lake(ANALYST, grants=(grant(ANALYST, permission),)))
    assert right.permissions == ALL


def test_all_tables_of_a_database():
    """ALL_TABLES gives every table of the database and none of another one."""
    estate = lake(ANALYST, tables=(table(), table("trips", database="travel")), grants=(grant(ANALYST, resource=on(table="*")),))
    assert [right.columns for right in held(estate)] == [None]
    assert LakeFormation(estate).rights(ANALYST, estate.tables[1]) == ()


@pytest.mark.parametrize(
    ("permission", "expected"), [("DROP", True), ("ALL", True), ("ALTER", False), ("CREATE_TABLE", False), ("DESCRIBE", False)]
)
def test_rights_on_a_database(permission, expected):
    """Of the permissions on a database only DROP does something to the data of its tables."""
    rights = held(lake(ANALYST, grants=(grant(ANALYST, permission, resource=on(ResourceType.DATABASE)),)))
    assert [row.action for row in rows_of(rights, table())] == ([Action.DROP] if expected else [])


def test_included_and_excluded_columns():
    """column-filtering-intro: an include list gives its columns, an exclude list all others; names ignore case."""
    include = on(ResourceType.COLUMNS, columns=("ID", "total", "gone"))
    exclude = on(ResourceType.COLUMNS, excluded=("Email",))
    assert held(lake(ANALYST, grants=(grant(ANALYST, resource=include),)))[0].columns == ("id", "total")
    assert held(lake(ANALYST, grants=(grant(ANALYST, resource=exclude),)))[0].columns == ("id", "country", "total")
    nothing = on(ResourceType.COLUMNS, columns=("gone",))
    assert held(lake(ANALYST, grants=(grant(ANALYST, resource=nothing),))) == ()


def test_columns_that_are_not_known_stay_open():
    """All but some columns of a table whose columns no template tells: others may be there."""
    loose = replace(table(), columns=(), unknown=("a crawler finds them",))
    exclude = on(ResourceType.COLUMNS, excluded=("email",))
    (right,) = held(lake(ANALYST, tables=(loose,), grants=(grant(ANALYST, resource=exclude),)))
    assert (right.columns, right.when.truth) == (None, Truth.OPEN)


def test_a_cells_filter_gives_columns_and_rows():
    """data-filters-about: SELECT through a filter shows its columns of its rows; DROP on it is about the filter."""
    through = on(ResourceType.CELLS_FILTER, filter="germans")
    estate = lake(
        ANALYST,
        cells_filters=(cells("germans", "id", "country", rows="country = 'DE'"),),
        grants=(grant(ANALYST, "SELECT", "DROP", resource=through),),
    )
    (right,) = held(estate)
    assert (right.columns, right.rows, right.permissions) == (("id", "country"), "country = 'DE'", {"SELECT", "DESCRIBE"})
    assert held(replace(estate, cells_filters=())) == ()
    assert held(replace(estate, grants=(grant(ANALYST, "DROP", "DESCRIBE", resource=through),))) == ()


def test_filters_add_up_and_a_wider_grant_makes_them_void():
    """Two filters are their union; a grant on the whole table shows what they hide."""
    filters = (cells("germans", rows="country = 'DE'"), cells("large", "id", "total", rows="total > 100"))
    grants = tuple(grant(ANALYST, resource=on(ResourceType.CELLS_FILTER, filter=name)) for name in ("germans", "large"))
    narrow = lake(ANALYST, cells_filters=filters, grants=grants)
    seen = {(column, row.rows) for row in rows_of(held(narrow), table()) for column in row.columns or table().columns}
    assert seen == {*((column, "country = 'DE'") for column in table().columns), ("id", "total > 100"), ("total", "total > 100")}
    wide = replace(narrow, grants=(*grants, grant(ANALYST)))
    assert [(row.columns, row.rows) for row in rows_of(held(wide), table())] == [(None, "")]
    part = replace(narrow, grants=(*grants, grant(ANALYST, resource=on(ResourceType.COLUMNS, columns=("email",)))))
    seen = {column: row.rows for row in rows_of(held(part), table()) for column in row.columns or table().columns if column == "email"}
    assert seen == {"email": ""}


def test_a_filter_whose_name_is_not_known_stays_open():
    """The filter of a name that only a parameter tells may be any of the table's."""
    through = on(ResourceType.CELLS_FILTER, filter=hole("parameter Filter"))
    estate = lake(ANALYST, cells_filters=(cells("germans", rows="country = 'DE'"),), grants=(grant(ANALYST, resource=through),))
    assert [right.when.truth for right in held(estate)] == [Truth.OPEN]


def test_an_expression_gives_the_columns_it_matches():
    """A tag overridden on a column takes the column out of what the table's tag gives, or into it."""
    associations = (tag(on(), classification="internal"), tag(on(ResourceType.COLUMNS, columns=("email",)), classification="restricted"))
    for value, expected in (("internal", ("id", "country", "total")), ("restricted", ("email",))):
        estate = lake(ANALYST, tag_associations=associations, grants=(grant(ANALYST, resource=where(classification=value)),))
        assert [right.columns for right in held(estate)] == [expected]
    both = lake(ANALYST, tag_associations=associations, grants=(grant(ANALYST, resource=where(classification=["internal", "restricted"])),))
    assert [right.columns for right in held(both)] == [None]


@pytest.mark.parametrize(
    ("permissions", "narrow", "whole"),
    [
        (("ALL",), {"SELECT", "DESCRIBE"}, ALL),
        (("ALTER",), {"DESCRIBE"}, {"ALTER", "DESCRIBE"}),
        (("DROP", "INSERT", "DELETE"), {"DESCRIBE"}, {"DROP", "INSERT", "DELETE", "DESCRIBE"}),
        (("SELECT",), {"SELECT", "DESCRIBE"}, {"SELECT", "DESCRIBE"}),
    ],
)
def test_an_expression_that_matches_some_columns_gives_no_more_than_reading(permissions, narrow, whole):
    """TBAC-notes: ALTER, DROP, INSERT and DELETE then give DESCRIBE, ALL gives SELECT and DESCRIBE."""
    associations = (tag(on(), zone="curated"), tag(on(ResourceType.COLUMNS, columns=("email",)), zone="private"))
    its = grant(ANALYST, *permissions, resource=where(zone="curated"))
    partial = held(lake(ANALYST, tag_associations=associations, grants=(its,)))
    assert frozenset().union(*(right.permissions for right in partial)) == narrow
    full = held(lake(ANALYST, tag_associations=associations[:1], grants=(its,)))
    assert frozenset().union(*(right.permissions for right in full)) == whole


def test_an_expression_on_databases():
    """An expression for databases gives what a grant on each database gives, by the database's own tags."""
    its = grant(ANALYST, "ALL", resource=where(database=True, domain="sales"))
    tagged = lake(ANALYST, tag_associations=(tag(on(ResourceType.DATABASE), domain="sales"),), grants=(its,))
    assert [right.permissions for right in held(tagged)] == [{"DROP_DATABASE"}]
    assert held(replace(tagged, tag_associations=(tag(on(), domain="sales"),))) == ()


@pytest.mark.parametrize(
    ("text", "whom", "expected"),
    [
        (f"{LAKE}:IAMPrincipals", ANALYST, Truth.TRUE),
        (f"{CONSUMER}:IAMPrincipals", ANALYST, None),
        (f"arn:aws:iam::{LAKE}:role/Analyst", role("Analyst", path="/team/"), None),
        (f"arn:aws:iam::{LAKE}:role/team/Analyst", role("Analyst", path="/team/"), Truth.TRUE),
        (f"arn:aws:iam::{LAKE}:role/analyst", ANALYST, None),
        (permission_set("Analyst").arn, permission_set("Analyst"), Truth.TRUE),
        (
            f"arn:aws:iam::{LAKE}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Analyst_0123456789abcdef",
            permission_set("Analyst"),
            Truth.TRUE,
        ),
        (f"arn:aws:iam::{LAKE}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Analyst_*", permission_set("Analyst"), Truth.TRUE),
        (permission_set("Steward").arn, permission_set("Analyst"), None),
        (permission_set("Analyst", account=CONSUMER).arn, permission_set("Analyst"), None),
        (f"arn:aws:iam::{LAKE}:role/*", ANALYST, Truth.TRUE),
    ],
)
def test_whom_a_grant_means(text, whom, expected):
    """ARNs are compared with their paths and in their case; permission sets by account and name; IAMPrincipals are all of an account."""
    rights = held(lake(whom, grants=(grant(text),)), whom)
    assert [right.when.truth for right in rights] == ([expected] if expected else [])


def test_a_group_of_a_directory():
    """Grants to SAML or Identity Center groups are grants to that text."""
    name = f"arn:aws:iam::{LAKE}:saml-provider/Corp:group/analysts"
    group = Principal(arn=name, kind=PrincipalKind.FEDERATED, account=LAKE, name="group/analysts")
    assert len(held(lake(group, grants=(grant(name),)), group)) == 1


def test_an_attribute_based_grant_stays_open():
    """A condition on the principal's tags is not judged: it may hold."""
    its = replace(grant(f"{LAKE}:IAMPrincipals"), condition="context.iam.principalTags.hasTag('team')")
    assert [right.when.truth for right in held(lake(ANALYST, grants=(its,)))] == [Truth.OPEN]


def test_a_grant_that_may_not_exist_stays_open():
    """A grant under a condition without a known value is neither there nor not."""
    its = grant(ANALYST, origin=origin(exists=Unresolved("whether IsProd is true")))
    assert [right.when for right in held(lake(ANALYST, grants=(its,)))] == [Unresolved("whether IsProd is true")]


def test_names_with_holes():
    """A name that CloudFormation makes up is no other name; one that a parameter gives may be."""
    made_up, given_name = hole("Prod/Table", generated=True), hole("parameter Table")
    assert held(lake(ANALYST, grants=(grant(ANALYST, resource=on(table=made_up)),))) == ()
    assert [right.when.truth for right in held(lake(ANALYST, grants=(grant(ANALYST, resource=on(table=given_name)),)))] == [Truth.OPEN]
    itself = lake(ANALYST, tables=(replace(table(), name=made_up),), grants=(grant(ANALYST, resource=on(table=made_up)),))
    assert [right.when for right in held(itself)] == [TRUE]


def test_the_grant_option_is_kept_apart():
    """What may be passed on is a grant action of its own."""
    rights = held(lake(ANALYST, grants=(grant(ANALYST, "SELECT", passing=("SELECT",)),)))
    assert [row.action for row in rows_of(rights, table())] == [Action.READ, Action.GRANT]
    without = held(lake(ANALYST, grants=(grant(ANALYST, "SELECT", passing=("DESCRIBE",)),)))
    assert [row.action for row in rows_of(without, table())] == [Action.READ], "to pass on DESCRIBE passes on no data"


# --- properties ------------------------------------------------------------------------------------------------------------------------

COLUMNS = st.lists(st.sampled_from(table().columns), min_size=1, unique=True).map(tuple)
RESOURCES = st.one_of(
    st.just(on()),
    st.just(on(table="*")),
    COLUMNS.map(lambda names: on(ResourceType.COLUMNS, columns=names)),
    COLUMNS.map(lambda names: on(ResourceType.COLUMNS, excluded=names)),
    st.sampled_from(["f1", "f2"]).map(lambda name: on(ResourceType.CELLS_FILTER, filter=name)),
    st.lists(st.sampled_from(["a", "b"]), min_size=1).map(lambda values: where(x=values)),
)
PERMISSIONS = st.lists(st.sampled_from(["SELECT", "INSERT", "ALTER", "DROP", "ALL", "DESCRIBE"]), min_size=1, max_size=3)
EXISTS = st.sampled_from([TRUE, TRUE, Unresolved("p"), Unresolved("q")])
GRANTS = st.builds(
    lambda permissions, resource, exists: grant(ANALYST, *permissions, resource=resource, origin=origin(exists=exists)),
    PERMISSIONS,
    RESOURCES,
    EXISTS,
)
TAGS = st.lists(st.tuples(st.sampled_from(["", "id", "email", "total"]), st.sampled_from(["a", "b"])), max_size=3)


def some_lake(grants, tags) -> Estate:
    """An estate with these grants, and the key x on the table or columns."""
    associations = tuple(
        tag(on(ResourceType.COLUMNS, columns=(column,)) if column else on(), x=value) for column, value in dict(tags).items()
    )
    filters = (cells("f1", "id", "email", rows="total > 1"), cells("f2", rows="country = 'DE'"))
    return lake(ANALYST, grants=tuple(grants), tag_associations=associations, cells_filters=filters)


@hypothesis_settings(deadline=None)
@given(st.lists(GRANTS, max_size=5), TAGS)
def test_grouped_rows_say_the_same_as_column_by_column(grants, tags):
    """The expansion of the grouped answer equals brute force for each column, row filter and permission."""
    estate = some_lake(grants, tags)
    rights = held(estate)
    rows = rows_of(rights, table())
    for permission, action in (("SELECT", Action.READ), ("INSERT", Action.WRITE), ("ALTER", Action.ALTER), ("DROP", Action.DROP)):
        grouped: dict[tuple[str, str], object] = {}
        for row in rows:
            if row.action is action and row.permission in {permission, "INSERT"}:
                for column in row.columns or table().columns:
                    assert (column, row.rows) not in grouped, "a column stands in one group only"
                    grouped[column, row.rows] = row.when
        plain = {}
        for column, by_rows in by_column(rights, table(), permission).items():
            whole = any_of(right.when for right in by_rows.get("", ()))
            for text, several in by_rows.items():
                if text == "" or whole != TRUE:
                    plain[column, text] = any_of(right.when for right in several)
        if permission != "INSERT":
            assert grouped == plain


@hypothesis_settings(deadline=None)
@given(st.lists(GRANTS, max_size=4), GRANTS, TAGS)
def test_a_further_grant_never_takes_anything_away(grants, another, tags):
    """Grants add up: whatever was seen of a column is still seen, through the same filter or without one."""
    before = by_column(held(some_lake(grants, tags)), table(), "SELECT")
    after = by_column(held(some_lake([*grants, another], tags)), table(), "SELECT")
    for column, by_rows in before.items():
        for text, several in by_rows.items():
            sure = any_of(right.when for right in several)
            assert sure == FALSE or set(several) <= set(after[column][text])


@pytest.mark.parametrize("permission", ["ALL", "SUPER_USER"])
def test_everything_on_a_catalog_may_be_everything_on_its_tables(permission: str):
    """AWS documents it for other catalogs than the account's own: it is neither claimed nor denied; lesser permissions give no data."""
    catalog = on(ResourceType.CATALOG)
    (right,) = held(lake(ANALYST, grants=(grant(ANALYST, permission, resource=catalog),)))
    assert right.permissions == ALL
    assert isinstance(right.when, Unresolved)
    assert held(lake(ANALYST, grants=(grant(ANALYST, "CREATE_DATABASE", "DESCRIBE", resource=catalog),))) == ()
    assert held(lake(ANALYST, grants=(grant(ANALYST, permission, resource=on(ResourceType.CATALOG, catalog=CONSUMER)),))) == ()
