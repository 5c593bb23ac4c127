"""Derived names: deterministic, within bounds, distinct."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, strategies as st

from lakemodel.config.model import Zone
from lakemodel.naming import database_name, normalize, pascal_case, physical_name, table_prefix

PARTS = st.lists(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=40), min_size=1, max_size=5)


@given(st.text())
def test_normalized_names_fit_the_catalog_and_stay(name: str) -> None:
    """Only [a-z0-9_], no underscore at the ends or twice in a row; normalising again changes nothing."""
    found = normalize(name)
    assert re.fullmatch(r"([a-z0-9]+(_[a-z0-9]+)*)?", found)
    assert normalize(found) == found


@pytest.mark.parametrize(
    ("name", "expected"), [("Customer E-Mail", "customer_e_mail"), ("__a--b__", "a_b"), ("Größe", "gr_e"), ("日本", "")]
)
def test_normalize(name: str, expected: str) -> None:
    """Anything that is no ASCII letter or digit becomes one underscore."""
    assert normalize(name) == expected


@given(PARTS, st.integers(20, 64))
def test_physical_names_are_bounded_and_deterministic(parts: list[str], max_length: int) -> None:
    """Never longer than asked, the same for the same parts, untouched when short enough."""
    name = physical_name(*parts, max_length=max_length)
    assert 0 < len(name) <= max_length
    assert name == physical_name(*parts, max_length=max_length)
    if len("-".join(parts)) <= max_length:
        assert name == "-".join(parts)


@given(PARTS, PARTS, st.integers(20, 64))
def test_physical_names_are_distinct(first: list[str], second: list[str], max_length: int) -> None:
    """Different names stay different after they were cut."""
    assume("-".join(first) != "-".join(second))
    assert physical_name(*first, max_length=max_length) != physical_name(*second, max_length=max_length)


@given(st.text(alphabet="ab", min_size=70, max_size=90), st.text(alphabet="ab", min_size=70, max_size=90))
def test_long_names_with_one_beginning_are_distinct(first: str, second: str) -> None:
    """What is cut off still counts."""
    assume(first != second)
    assert physical_name("same" * 20, first, max_length=63) != physical_name("same" * 20, second, max_length=63)


def test_a_cut_name_is_pinned() -> None:
    """Deployed resources bear these names: they may not change from one version to the next."""
    assert physical_name("lake", "a" * 60, max_length=40, separator="_") == "lake_aaaaaaaaaaaaaaaaaaaaaaaaaa_35c9a9a2"


def test_databases_of_governed_zones_only() -> None:
    """Each governed zone has a database of its own, the others have none."""
    assert {zone: database_name("sales", zone) for zone in Zone if zone.is_governed} == {
        Zone.CURATED: "sales",
        Zone.CONSUMPTION: "sales_consumption",
        Zone.QUARANTINE: "sales_quarantine",
    }
    for zone in (Zone.LANDING, Zone.RAW):
        with pytest.raises(KeyError):
            database_name("sales", zone)


def test_table_prefix_ends_with_a_slash() -> None:
    """Without it `orders` would cover `orders_archive`."""
    assert table_prefix("sales", "orders", "order_lines") == "sales/orders/order_lines/"


@pytest.mark.parametrize(("name", "expected"), [("prod", "Prod"), ("data_analyst", "DataAnalyst"), ("a__b_", "AB"), ("eu1_b2", "Eu1B2")])
def test_pascal_case(name: str, expected: str) -> None:
    """Underscores separate words; nothing else changes."""
    assert pascal_case(name) == expected
