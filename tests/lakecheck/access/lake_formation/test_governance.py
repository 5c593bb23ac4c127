"""Who decides about a table: registrations, IAM_ALLOWED_PRINCIPALS, hybrid access mode."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lakecheck.access.lake_formation import LakeFormation
from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, Catalog, Database, DataLocation, ResourceType
from lakecheck.formula import FALSE, TRUE, Truth, Unresolved
from lakecheck.values import hole
from tests.lakecheck.access.lake_formation.estates import (
    BUCKET,
    HYBRID,
    LAKE,
    LOCATION,
    REGION,
    grant,
    lake,
    on,
    opt_in,
    origin,
    permission_set,
    revoked,
    role,
    settings,
    table,
    tag,
    where,
)

ANALYST = role("Analyst")


def left(**parts: Any):
    """Whether IAM alone gives SELECT on the table."""
    estate = lake(ANALYST, **parts)
    return LakeFormation(estate).governed(estate.tables[0]).left_to_iam("SELECT")


def registered(uri: str, *arns: str) -> str:
    """The ARN of the location that an S3 URI is under."""
    locations = tuple(replace(LOCATION, arn=arn) for arn in arns)
    found = LakeFormation(lake(locations=locations)).registered(uri, account=LAKE, region=REGION)
    return found.arn.rpartition(":::")[2] if found else ""


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("s3://lake/sales/orders/", "lake/sales/orders"),
        ("s3://lake/sales/orders", "lake/sales/orders"),
        ("s3://lake/sales/orders/part=1/", "lake/sales/orders"),
        ("s3://lake/sales/orders2/", "lake/sales"),
        ("s3://lake/sales", "lake/sales"),
        ("s3://lake/sal", ""),
        ("s3://lake2/sales/", ""),
        ("s3://whole/anything/", "whole"),
        ("s3://whole/", "whole"),
    ],
)
def test_the_longest_registered_prefix_counts(uri, expected):
    """register-data-lake: a registration covers what is below its prefix, folder by folder; a bucket covers everything in it."""
    arns = ("arn:aws:s3:::lake/sales", "arn:aws:s3:::lake/sales/orders", "arn:aws:s3:::whole")
    assert registered(uri, *arns) == expected
    assert registered(uri, *reversed(arns)) == expected


def test_a_registration_is_for_its_account_and_region():
    """Another account's registration of the same bucket does not govern this account's tables."""
    the_lake = LakeFormation(lake())
    assert the_lake.registered(f"s3://{BUCKET}/sales/", account=LAKE, region=REGION) is LOCATION
    assert the_lake.registered(f"s3://{BUCKET}/sales/", account=LAKE, region="us-east-1") is None
    assert the_lake.registered(f"s3://{BUCKET}/sales/", account="999999999999", region=REGION) is None


def test_what_no_template_registers_is_open_until_some_location_is():
    """An account without any registration may have been registered by hand; one whose templates register others has not."""
    none = LakeFormation(lake(locations=()))
    assert none.governed(table()).registration.holds.truth is Truth.OPEN
    other = LakeFormation(lake(locations=(replace(LOCATION, arn="arn:aws:s3:::another"),)))
    assert other.governed(table()).registration.holds == FALSE
    perhaps = LakeFormation(lake(locations=(replace(LOCATION, arn=f"arn:aws:s3:::{hole('parameter Bucket')}"),)))
    assert perhaps.governed(table()).registration.holds.truth is Truth.OPEN
    made = hole("Prod/Bucket", generated=True)
    same = LakeFormation(lake(locations=(replace(LOCATION, arn=f"arn:aws:s3:::lake-{made}"),)))
    assert same.governed(table(location=f"s3://lake-{made}/sales/")).registration.holds == TRUE


@pytest.mark.parametrize(
    ("database", "catalog", "expected"),
    [(None, None, TRUE), (None, True, TRUE), (None, False, FALSE), (True, False, TRUE), (False, True, FALSE), (False, None, FALSE)],
)
def test_defaults_of_database_and_settings(database, catalog, expected):
    """change-settings: the database's CreateTableDefaultPermissions, else the account's, else AWS's: IAM_ALLOWED_PRINCIPALS gets ALL."""
    its = Database(account=LAKE, region=REGION, name="sales", table_defaults=database, origin=origin("Database"))
    assert left(databases=(its,), catalogs=(settings(iam=catalog),)) == expected


def test_settings_that_nobody_states_are_said():
    """An account whose settings no template states has AWS's default, and the reason says so."""
    estate = lake(catalogs=(Catalog(account=LAKE, region=REGION),))
    governed = LakeFormation(estate).governed(estate.tables[0])
    assert governed.left_to_iam("SELECT") == TRUE
    assert governed.because == (f"{IAM_ALLOWED_PRINCIPALS}: ALL on new tables, by AWS's default: no template of account {LAKE} changes it",)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (on(), FALSE),
        (on(table="*"), FALSE),
        (on(ResourceType.COLUMNS, columns=("id",)), FALSE),
        (on(table="customers"), TRUE),
        (on(ResourceType.DATABASE), TRUE),
        (where(zone="curated"), FALSE),
        (where(zone="raw"), TRUE),
    ],
)
def test_desired_state_takes_the_default_away(resource, expected):
    """A revocation on the table, on all tables, or by tag closes the table; one on its database or another table does not."""
    associations = (tag(on(), zone="curated"),)
    assert left(catalogs=(settings(iam=True),), iam_principals_revoked=(revoked(resource),), tag_associations=associations) == expected


def test_a_revocation_that_may_not_exist_leaves_it_open():
    """Under a condition without a value, IAM_ALLOWED_PRINCIPALS is neither there nor not."""
    perhaps = revoked(exists=Unresolved("whether Lockdown is on"))
    assert left(catalogs=(settings(iam=True),), iam_principals_revoked=(perhaps,)).truth is Truth.OPEN


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (on(), TRUE),
        (on(table="*"), TRUE),
        (where(zone="curated"), TRUE),
        (on(table="customers"), FALSE),
        (on(ResourceType.DATABASE), FALSE),
    ],
)
def test_an_explicit_grant_to_iam_allowed_principals(resource, expected):
    """IAM_ALLOWED_PRINCIPALS left on one table, also beside a revocation; a grant on the database is not one on its tables."""
    parts = {"grants": (grant(IAM_ALLOWED_PRINCIPALS, "ALL", resource=resource),), "tag_associations": (tag(on(), zone="curated"),)}
    assert left(**parts) == expected
    assert left(**parts, iam_principals_revoked=(revoked(),)) == expected


def test_iam_allowed_principals_with_description_alone():
    """A grant of DESCRIBE to IAM_ALLOWED_PRINCIPALS shows no data."""
    assert left(grants=(grant(IAM_ALLOWED_PRINCIPALS, "DESCRIBE"),)) == FALSE


def decides(whom=ANALYST, location: DataLocation = HYBRID, **parts: Any):
    """Who decides about SELECT of a principal."""
    estate = lake(whom, locations=(location,), **parts)
    found = LakeFormation(estate).decides(whom, estate.tables[0], "SELECT")
    return found.grants.truth, found.iam.truth


@pytest.mark.parametrize("resource", [on(), on(table="*"), where(zone="curated")])
def test_hybrid_access_mode_is_per_principal(resource):
    """hybrid-access-mode: who is opted in on the table, all tables or by tag needs a grant; everybody else keeps the IAM door."""
    parts = {"catalogs": (settings(iam=True),), "tag_associations": (tag(on(), zone="curated"),)}
    assert decides(**parts, opt_ins=(opt_in(ANALYST, resource),)) == (Truth.TRUE, Truth.FALSE)
    assert decides(**parts, opt_ins=(opt_in(role("Other"), resource),)) == (Truth.FALSE, Truth.TRUE)
    assert decides(**parts, opt_ins=(opt_in(ANALYST, on(table="customers")),)) == (Truth.FALSE, Truth.TRUE)


def test_an_opt_in_on_a_database_stays_open():
    """That it covers the tables is not documented: neither door is closed."""
    assert decides(catalogs=(settings(iam=True),), opt_ins=(opt_in(ANALYST, on(ResourceType.DATABASE)),)) == (Truth.OPEN, Truth.OPEN)
    assert decides(catalogs=(settings(iam=True),), opt_ins=(opt_in(ANALYST, on(ResourceType.CATALOG)),)) == (Truth.OPEN, Truth.OPEN)


def test_hybrid_access_mode_without_iam_allowed_principals():
    """Where nothing is left to IAM, grants count without an opt-in."""
    assert decides() == (Truth.TRUE, Truth.FALSE)


def test_outside_hybrid_access_mode_opt_ins_do_not_matter():
    """A location in Lake Formation's own mode: grants count, and IAM_ALLOWED_PRINCIPALS opens the table to everybody."""
    assert decides(location=LOCATION, catalogs=(settings(iam=True),), opt_ins=(opt_in(ANALYST),)) == (Truth.TRUE, Truth.TRUE)
    assert decides(location=LOCATION) == (Truth.TRUE, Truth.FALSE)


def test_a_permission_set_is_opted_in_by_name():
    """An opt-in of a permission set's role is that of the permission set, whatever the suffix."""
    analyst = permission_set("Analyst")
    its = replace(
        opt_in(analyst), principal=f"arn:aws:iam::{LAKE}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Analyst_0123456789abcdef"
    )
    assert decides(analyst, catalogs=(settings(iam=True),), opt_ins=(its,)) == (Truth.TRUE, Truth.FALSE)
