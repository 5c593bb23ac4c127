"""The list of grants that there may be: nothing wider than stated passes, and what is stated does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.access.invariants.granted import grants_beyond
from lakecheck.access.invariants.judge import judge
from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, Database, Estate, Grant, ResourceType
from lakemodel.errors import InvalidInput
from tests.lakecheck.access.invariants.lakes import (
    ANALYST,
    CONSUMER,
    DEV,
    LAKE,
    PARTNER,
    STEWARD,
    STRANGER,
    loaded,
    said,
    situation,
    tagged,
)
from tests.lakecheck.access.lake_formation.estates import BUCKET, REGION, cells, grant, on, origin, role, settings, table, tag, where

if TYPE_CHECKING:
    from lakecheck.estate.model import GovernedResource, Principal

READING = ("SELECT", "DESCRIBE")
JOB = role("JobRole", path="/Pipelines/Sales-Orders/")
ARCHIVING = role("ArchiveRole", path="/Pipelines/Sales-OrdersArchive/")
ALLOWED: list[dict[str, Any]] = [
    {"persona": "*", "permissions": list(READING)},
    {"accounts": "of_personas", "permissions": list(READING), "grantable": list(READING)},
    {"pipeline": "*/Pipelines/{product}/*", "permissions": ["SELECT", "DESCRIBE", "INSERT", "DATA_LOCATION_ACCESS"]},
]
PARTNERS_FILTER = cells("german", "id", "country", "total", rows="country = 'DE'")


def beyond(*grants: Grant, allowed: list[dict[str, Any]] | None = None, **parts: Any) -> list[str]:
    """What is said of these grants, over a lake with everybody in it."""
    people = (ANALYST, STEWARD, PARTNER, JOB, ARCHIVING)
    rules = loaded({"grants": allowed if allowed is not None else ALLOWED})
    stated = rules.rules.invariants[0].grants
    assert stated is not None
    filters = parts.pop("cells_filters", (PARTNERS_FILTER,))
    return said(grants_beyond(situation(tagged(*people, grants=grants, cells_filters=filters, **parts), rules), stated))


def test_what_is_stated_passes():
    """By tags for personas and their accounts, by filter for a named product, on its own table for a pipeline."""
    analyst = where(zone="curated", classification=["public", "internal"])
    german = on(ResourceType.CELLS_FILTER, filter="german")
    assert not beyond(
        grant(ANALYST, *READING, resource=analyst, account=CONSUMER),
        grant(CONSUMER, *READING, resource=analyst, passing=READING),
        grant(STEWARD, *READING, resource=where(zone="curated", classification=["internal", "restricted"], domain="sales")),
        grant(STEWARD, "DESCRIBE", resource=on(ResourceType.DATABASE)),
        grant(PARTNER, "SELECT", resource=german, account=CONSUMER),
        grant(CONSUMER, resource=german, passing=("SELECT",)),
        grant(JOB, "SELECT", "INSERT"),
        grant(JOB, "DATA_LOCATION_ACCESS", resource=on(ResourceType.LOCATION, arn=f"arn:aws:s3:::{BUCKET}")),
    )


WIDER: dict[str, tuple[Principal, GovernedResource]] = {
    "a class more": (ANALYST, where(zone="curated", classification=["public", "internal", "restricted"])),
    "every class": (ANALYST, where(zone="curated", classification="*")),
    "a key less": (ANALYST, where(zone="curated")),
    "another key instead": (ANALYST, where(zone="curated", domain="sales")),
    "a zone more": (ANALYST, where(zone=["curated", "raw"], classification="internal")),
    "any domain": (STEWARD, where(zone="curated", classification="internal")),
    "an expression that no template states": (ANALYST, where()),
    "all tables": (STEWARD, on(table="*")),
    "the whole table": (PARTNER, on()),
    "a column more": (PARTNER, on(ResourceType.COLUMNS, columns=("id", "email"))),
    "all columns but one": (ANALYST, on(ResourceType.COLUMNS, excluded=("id",))),
    "another product's table": (JOB, on(table="archived")),
    "all tables of its database": (JOB, on(table="*")),
    "by its tags": (JOB, where(domain="sales")),
    "the catalog": (ANALYST, on(ResourceType.CATALOG)),
    "an LF-Tag": (ANALYST, on(ResourceType.LF_TAG, expression=(("zone", ("curated",)),))),
}


@pytest.mark.parametrize("name", WIDER)
def test_what_is_wider_does_not(name: str):
    """Each widening is told, whoever else could read the same."""
    whom, resource = WIDER[name]
    tables = (table(), table("archived", location=f"s3://{BUCKET}/sales/orders_archive/archived/"))
    assert len(beyond(grant(whom, "SELECT", resource=resource), tables=tables)) == 1


def test_the_catalog_of_another_environment_is_not_meant():
    """The same expression over another lake is another grant, wherever it is made."""
    stated = where(zone="curated", classification="internal")
    elsewhere = replace(stated, catalog=DEV)
    assert not beyond(grant(ANALYST, resource=stated, account=CONSUMER))
    assert len(beyond(grant(ANALYST, resource=elsewhere, account=CONSUMER))) == 1
    assert len(beyond(grant(ANALYST, resource=elsewhere, account=DEV))) == 1
    assert len(beyond(grant(CONSUMER, resource=elsewhere, account=DEV))) == 1
    assert len(beyond(grant(CONSUMER, resource=elsewhere))) == 1


def test_the_table_of_another_region_is_another_table():
    """A table by the same name elsewhere may hold anything."""
    there = replace(on(ResourceType.COLUMNS, columns=("id",)), region="us-east-1")
    parts = {
        "tables": (table(), table(region="us-east-1")),
        "catalogs": (settings(), settings(CONSUMER), replace(settings(), region="us-east-1")),
    }
    assert not beyond(grant(STEWARD, resource=on(ResourceType.COLUMNS, columns=("id",))), **parts)
    assert len(beyond(grant(STEWARD, resource=there), **parts)) == 1


def test_a_link_is_judged_by_what_it_leads_to():
    """DESCRIBE on a link of one's own account is fine when it leads to the environment's lake, and not to another's."""

    def link(target: str) -> Database:
        return Database(account=CONSUMER, region=REGION, name="linked", target=(target, "sales"), origin=origin("Link"))

    def told(target: str) -> list[str]:
        databases = tuple(Database(account=each, region=REGION, name="sales", origin=origin("Sales")) for each in (LAKE, DEV))
        tags = tuple(tag(on(ResourceType.DATABASE, catalog=each), zone="curated", domain="sales") for each in (LAKE, DEV))
        described = grant(ANALYST, "DESCRIBE", resource=on(ResourceType.DATABASE, catalog=CONSUMER, database="linked"), account=CONSUMER)
        return beyond(described, databases=(*databases, link(target)), tag_associations=tags)

    assert not told(LAKE)
    assert len(told(DEV)) == 1


def test_a_table_whose_columns_nobody_knows_is_within_nothing():
    """What cannot be looked at cannot be within."""
    blind = replace(table(), columns=(), unknown=("a parameter without a default",))
    assert len(beyond(grant(STEWARD, "SELECT"), tables=(blind,))) == 1
    assert len(beyond(grant(PARTNER, "SELECT"), tables=(blind,))) == 1


def test_columns_to_come_count_for_a_whole_table():
    """A table of a higher class whose columns are all lower today is not within; the columns by name are."""
    tags = (
        tag(on(ResourceType.DATABASE), zone="curated", domain="sales"),
        tag(on(), classification="restricted"),
        tag(on(ResourceType.COLUMNS, columns=("id", "email", "country", "total")), classification="internal"),
    )
    assert len(beyond(grant(ANALYST), tag_associations=tags)) == 1
    assert not beyond(grant(ANALYST, resource=on(ResourceType.COLUMNS, columns=("ID", "email"))), tag_associations=tags)


def test_permissions_and_grant_options_are_those_that_are_stated():
    """ALL is not SELECT, and what may be passed on is stated on its own."""
    stated = where(zone="curated", classification="internal")
    assert len(beyond(grant(ANALYST, "ALL", resource=stated))) == 1
    assert len(beyond(grant(ANALYST, resource=stated, passing=("SELECT",)))) == 1
    assert len(beyond(grant(STEWARD, "SELECT", resource=on(ResourceType.DATABASE)))) == 1


@pytest.mark.parametrize("whom", [f"{CONSUMER}:IAMPrincipals", STRANGER, IAM_ALLOWED_PRINCIPALS, "arn:aws:iam::111122223333:role/Nobody"])
def test_nobody_else_is_meant(whom: str):
    """Everybody of an account, other accounts and principals that nothing names are told."""
    assert len(beyond(grant(whom, "DESCRIBE"))) == 1


def test_accounts_are_shared_with_by_tags_or_by_what_contracts_name():
    """A table by name is for a persona that contracts name; no wider persona of the same account makes it right."""
    assert len(beyond(grant(CONSUMER, resource=on(ResourceType.COLUMNS, columns=("id",)), passing=("SELECT",)))) == 1


def test_a_pipelines_data_is_its_own_products():
    """Below its own prefix, in its own account: neither a prefix that merely contains it nor a foreign bucket."""
    assert not beyond(grant(JOB))
    for place in ("s3://lake-curated/old/sales/orders/", "s3://lake-curated/sales/orders_archive/", "s3://lake-curated/sales/ordersx/"):
        assert len(beyond(grant(JOB), tables=(table(location=place),))) == 1
    foreign = table(account=CONSUMER)
    assert len(beyond(grant(JOB, resource=on(catalog=CONSUMER)), tables=(foreign,))) == 1
    elsewhere = on(ResourceType.LOCATION, arn=f"arn:aws:s3:::{BUCKET}/sales/orders_archive")
    assert len(beyond(grant(JOB, "DATA_LOCATION_ACCESS", resource=elsewhere))) == 1


def test_a_table_of_another_domain_below_a_products_prefix_is_not_its_own():
    """Whose data it is, its tags say."""
    tags = (tag(on(ResourceType.DATABASE), zone="curated", domain="travel"),)
    assert len(beyond(grant(JOB), tag_associations=tags)) == 1


def test_fails_when_a_pipeline_fits_two_for_one_product():
    """A name that contains another one would let the one have the other's data."""
    rules = loaded({"grants": [{"pipeline": "*/Pipelines/{product}*", "permissions": ["SELECT"]}]})
    built = situation(tagged(JOB, ARCHIVING), rules)
    with pytest.raises(InvalidInput, match="one for each product"):
        judge(built.questions, built.matrix, rules)


DATA: dict[str, tuple[dict[str, Any], GovernedResource, bool]] = {
    "its table": ({"table": ["sales.orders"]}, on(), True),
    "its table in other letters": ({"table": ["Sales.*"]}, on(), True),
    "another table": ({"table": ["sales.archived"]}, on(), False),
    "an expression instead of a table": ({"table": ["sales.orders"]}, where(zone="curated"), False),
    "a database instead of a table": ({"table": ["sales.orders"]}, on(ResourceType.DATABASE), False),
    "its column": ({"column": ["id"]}, on(ResourceType.COLUMNS, columns=("id",)), True),
    "another column": ({"column": ["id"]}, on(ResourceType.COLUMNS, columns=("id", "email")), False),
    "its zone": ({"zone": ["Curated"]}, where(zone="curated"), True),
    "its zone and another account": ({"zone": ["curated"], "account": [CONSUMER]}, where(zone="curated"), False),
    "its zone and another environment": ({"zone": ["curated"], "environment": ["dev"]}, where(zone="curated"), False),
    "its zone and environment": ({"zone": ["curated"], "environment": ["prod"]}, where(zone="curated"), True),
    "an expression that no template states": ({"environment": ["prod"]}, where(), False),
    "buckets": ({"kind": ["bucket"]}, on(), False),
}


@pytest.mark.parametrize("name", DATA)
def test_data_of_a_principal_is_what_every_key_says(name: str):
    """Each key of `data` narrows; none is passed over."""
    data, resource, fine = DATA[name]
    allowed = [{"principal": "role/JobRole", "permissions": ["SELECT"], "data": data}]
    assert bool(beyond(grant(JOB, resource=resource), allowed=allowed)) is not fine


def test_what_new_tables_leave_to_iam_is_a_grant_too():
    """The defaults' ALL for IAM_ALLOWED_PRINCIPALS stands in no template as a grant, and still is one."""

    def told(estate: Estate) -> list[str]:
        rules = loaded({"grants": ALLOWED})
        return said(grants_beyond(situation(estate, rules), rules.rules.invariants[0].grants or []))

    assert not told(tagged())
    open_ = told(tagged(catalogs=(settings(iam=True), settings(CONSUMER))))
    assert len(open_) == 1
    assert "IAM_ALLOWED_PRINCIPALS holds ALL on sales.orders" in open_[0]
