"""Effective LF-Tags and expressions."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from lakecheck.access.lake_formation import LakeFormation
from lakecheck.access.lake_formation.tags import known
from lakecheck.estate.model import Estate, ResourceType
from lakecheck.formula import TRUE, Truth, Unresolved
from lakecheck.values import hole
from tests.lakecheck.access.lake_formation.estates import grant, lake, on, origin, role, table, tag, where

DATABASE, TABLE, COLUMNS = on(ResourceType.DATABASE), on(), on(ResourceType.COLUMNS, columns=("email",))
ANALYST = role("Analyst")


def matching(estate: Estate, **tags: str | list[str]) -> dict[str, Truth]:
    """Column by column, whether an expression gives SELECT."""
    the_lake = LakeFormation(estate)
    orders = estate.tables[0]
    expression = where(**tags).expression
    return {column: the_lake.tags.matches(expression, the_lake.tags.of_column(orders, column)).truth for column in orders.columns}


def test_tags_are_inherited_from_database_to_table_to_column():
    """lf-tag-considerations: what a database has, its tables and their columns have."""
    orders = table()
    found = LakeFormation(lake(tag_associations=(tag(DATABASE, domain="sales"), tag(TABLE, zone="curated"))))
    assert found.tags_of(orders) == {"domain": "sales", "zone": "curated"}
    assert found.tags_of(orders, "email") == {"domain": "sales", "zone": "curated"}
    assert found.tags_of(table("other")) == {"domain": "sales"}
    assert found.tags_of(table("orders", database="travel")) == {}


def test_a_value_below_overrides_the_inherited_one():
    """lf-tag-considerations: a table's own value hides its database's, a column's that of its table."""
    associations = (
        tag(DATABASE, classification="public"),
        tag(TABLE, classification="internal"),
        tag(COLUMNS, classification="restricted"),
    )
    found = LakeFormation(lake(tag_associations=associations))
    assert found.tags_of(table()) == {"classification": "internal"}
    assert found.tags_of(table(), "id") == {"classification": "internal"}
    assert found.tags_of(table(), "EMAIL") == {"classification": "restricted"}


def test_keys_and_values_ignore_case():
    """TBAC-notes: both are stored in lower case."""
    estate = lake(tag_associations=(tag(on(database="Sales", table="Orders"), Domain="SALES"),))
    assert LakeFormation(estate).tags_of(table()) == {"domain": "sales"}
    assert set(matching(estate, DOMAIN="Sales").values()) == {Truth.TRUE}


def test_the_example_of_the_developer_guide():
    """lf-tag-considerations: module=sales AND division=(consumer OR commercial) takes resources with both, and with no other division."""
    for division, expected in (("consumer", Truth.TRUE), ("commercial", Truth.TRUE), ("industrial", Truth.FALSE)):
        estate = lake(tag_associations=(tag(TABLE, module="sales", division=division),))
        assert set(matching(estate, module="sales", division=["consumer", "commercial"]).values()) == {expected}
    estate = lake(tag_associations=(tag(TABLE, division="consumer"),))
    assert set(matching(estate, module="sales", division=["consumer", "commercial"]).values()) == {Truth.FALSE}
    assert set(matching(estate, division="consumer").values()) == {Truth.TRUE}, "a key that is not mentioned is free"


def test_the_example_of_a_tag_expression():
    """managing-tag-expressions: content_type:Sales AND location:US are sales data in the US."""
    here = lake(tag_associations=(tag(TABLE, content_type="sales", location="us"),))
    elsewhere = lake(tag_associations=(tag(TABLE, content_type="sales", location="de"),))
    assert matching(here, content_type="Sales", location="US")["id"] is Truth.TRUE
    assert matching(elsewhere, content_type="Sales", location="US")["id"] is Truth.FALSE


def test_a_star_stands_for_every_value_but_not_for_none():
    """LFTag: `*` takes all values of a key; a resource without the key is not among them."""
    assert matching(lake(tag_associations=(tag(TABLE, zone="raw"),)), zone="*")["id"] is Truth.TRUE
    assert matching(lake(), zone="*")["id"] is Truth.FALSE


def test_an_association_that_may_not_exist_leaves_both_values_open():
    """A condition that has no known value decides which classification holds; neither is dropped."""
    perhaps = Unresolved("whether Secure is on")
    estate = lake(
        tag_associations=(tag(DATABASE, classification="public"), tag(TABLE, classification="restricted", at=origin(exists=perhaps)))
    )
    assert matching(estate, classification="public")["id"] is Truth.OPEN
    assert matching(estate, classification="restricted")["id"] is Truth.OPEN
    assert matching(estate, classification=["public", "restricted"])["id"] is not Truth.FALSE
    assert matching(estate, classification="internal")["id"] is Truth.FALSE
    assert LakeFormation(estate).tags_of(table()) == {}


def test_a_value_that_is_not_known_may_be_any():
    """A parameter without a value as LF-Tag: what depends on it stays open."""
    estate = lake(tag_associations=(tag(TABLE, domain=hole("parameter Domain")),))
    assert matching(estate, domain="sales")["id"] is Truth.OPEN
    assert matching(estate, zone="sales")["id"] is Truth.FALSE


def test_two_values_of_one_key_on_one_resource_are_both_open():
    """Two templates that disagree: which one stays is not known."""
    estate = lake(tag_associations=(tag(TABLE, domain="sales"), tag(TABLE, domain="travel")))
    assert matching(estate, domain="sales")["id"] is Truth.OPEN
    assert matching(estate, domain="travel")["id"] is Truth.OPEN
    assert matching(estate, domain=["sales", "travel"])["id"] is Truth.TRUE


def test_a_saved_expression_that_no_template_has_may_be_any():
    """An expression without keys stands for one that is not known."""
    estate = lake(ANALYST, grants=(grant(ANALYST, resource=where()),))
    rights = LakeFormation(estate).rights(ANALYST, estate.tables[0])
    assert [right.when.truth for right in rights] == [Truth.OPEN]


VALUES = st.sampled_from(["a", "b", None])
LEVELS = st.fixed_dictionaries({level: st.fixed_dictionaries({"x": VALUES, "y": VALUES}) for level in ("database", "table", "email", "id")})


@given(LEVELS, st.dictionaries(st.sampled_from(["x", "y"]), st.lists(st.sampled_from(["a", "b", "*"]), min_size=1), min_size=1))
def test_effective_tags_agree_with_the_rule_spelled_out(levels, expression):
    """The nearest of column, table, database that has a key decides it; an expression matches when each of its keys does."""
    places = {"database": DATABASE, "table": TABLE, "email": COLUMNS, "id": on(ResourceType.COLUMNS, columns=("id",))}
    given_tags = {level: {key: value for key, value in tags.items() if value} for level, tags in levels.items()}
    estate = lake(tag_associations=tuple(tag(places[level], **tags) for level, tags in given_tags.items() if tags))
    found = LakeFormation(estate)
    for column in ("id", "email", "country"):
        expected = {**given_tags["database"], **given_tags["table"], **given_tags.get(column, {})}
        assert found.tags_of(table(), column) == expected
        wanted = all(key in expected and ({expected[key], "*"} & set(values)) for key, values in expression.items())
        matched = found.tags.matches(
            tuple((key, tuple(values)) for key, values in expression.items()), found.tags.of_column(table(), column)
        )
        assert (matched == TRUE) is wanted


@pytest.mark.parametrize("column", ["id", "email"])
def test_known_leaves_out_what_is_not_beyond_doubt(column):
    """`tags_of` never claims a value that another template may override."""
    associations = (tag(TABLE, domain="sales", zone="raw"), tag(COLUMNS, zone="curated", at=origin(exists=Unresolved("a condition"))))
    found = LakeFormation(lake(tag_associations=associations))
    tags = known(found.tags.of_column(table(), column))
    assert tags == ({"domain": "sales"} if column == "email" else {"domain": "sales", "zone": "raw"})
