"""Who reads tables by a Lake Formation grant that it gives itself first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lakecheck.access.doors.self_grant import self_grant
from lakecheck.access.model import Access, Action, Door
from lakecheck.access.questions import Questions
from lakecheck.estate.model import Catalog, DataLocation, GovernedResource, Grant, ResourceType
from lakecheck.formula import Truth, unresolved
from tests.lakecheck.access.doors.escalations import trusting
from tests.lakecheck.access.doors.lakes import (
    BUCKET,
    CONSUMER,
    LAKE,
    ORDERS,
    REGION,
    ROUTES,
    allow,
    deny,
    lake,
    of,
    origin,
    policy,
    role,
    trust,
)

GRANT = allow("lakeformation:GrantPermissions")
READ = allow(["glue:GetTable", "lakeformation:GetDataAccess"])
REGISTRAR = role("Registrar", allow(["s3:GetObject", "s3:PutObject", "kms:*"]), trust=trust("lakeformation.amazonaws.com"))
ADMIN = f"arn:aws:iam::{LAKE}:role/Admin"
BOTH = {ORDERS: Truth.TRUE, ROUTES: Truth.TRUE}


def governed(*principals: Any, **settings: Any) -> Questions:
    """The lake under Lake Formation, with one administrator."""
    stated: dict[str, Any] = {
        "account": LAKE,
        "region": REGION,
        "settings_known": True,
        "admins": (ADMIN,),
        "table_defaults": False,
        "database_defaults": False,
        "keeps_other_admins": False,
        "origin": origin("Settings"),
    }
    grants = settings.pop("grants", ())
    location = DataLocation(account=LAKE, region=REGION, arn=BUCKET, role=REGISTRAR.arn, origin=origin("Location"))
    return lake(REGISTRAR, *principals, catalogs=(Catalog(**{**stated, **settings}),), locations=(location,), grants=grants)


def found(source: Any, *others: Any, action: Action = Action.READ, **settings: Any) -> dict[str, Truth]:
    """What it gets, by table."""
    return of(self_grant(governed(source, *others, **settings)), source, action)


def test_an_administrator_grants_itself_select() -> None:
    """Where IAM lets it grant, and read afterwards."""
    assert found(role("Admin", GRANT, READ)) == BOTH
    assert found(role("Admin", allow("lakeformation:BatchGrantPermissions"), READ)) == BOTH
    assert found(role("Admin", READ)) == {}
    assert found(role("Admin", GRANT, allow("glue:GetTable"))) == {}
    assert found(role("Admin", GRANT, allow("lakeformation:*"))) == {}
    assert found(role("Admin", GRANT, READ, deny("lakeformation:Grant*"))) == {}
    assert found(role("Admin", GRANT, READ, boundary=policy("B", allow("glue:*")))) == {}


def test_only_administrators_do() -> None:
    """The right of IAM alone grants nothing."""
    assert found(role("Other", GRANT, READ)) == {}


def test_whoever_puts_the_settings_makes_itself_an_administrator() -> None:
    """See https://docs.aws.amazon.com/lake-formation/latest/dg/required-permissions-for-grant.html for the rule."""
    setting = allow("lakeformation:PutDataLakeSettings")
    assert found(role("Other", GRANT, READ, setting)) == BOTH
    assert found(role("Other", READ, setting)) == {}
    assert found(role("Other", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})) == BOTH
    assert found(role("Other", allow("lakeformation:*"), READ, account=CONSUMER)) == {}


def test_only_tables_that_iam_lets_it_see_are_reached() -> None:
    """The catalog's actions have resources."""
    one = [f"arn:aws:glue:{REGION}:{LAKE}:{each}" for each in ("catalog", "database/sales", "table/sales/orders")]
    assert found(role("Admin", GRANT, allow("lakeformation:GetDataAccess"), allow("glue:GetTable", one))) == {ORDERS: Truth.TRUE}


def test_a_location_that_cannot_read_gives_nothing() -> None:
    """The files are read by the location's role."""
    admin = role("Admin", GRANT, READ)
    poor = replace(REGISTRAR, policies=())
    questions = governed(admin)
    estate = replace(questions.estate, principals=(poor, admin))
    assert of(self_grant(Questions(estate)), admin) == {}


@pytest.mark.parametrize(
    ("action", "right"), [(Action.ALTER, "glue:UpdateTable"), (Action.DROP, "glue:DeleteTable"), (Action.WRITE, "glue:GetTable")]
)
def test_other_permissions_are_granted_too(action: Action, right: str) -> None:
    """Each with what IAM must allow for it."""
    assert found(role("Admin", GRANT, allow([right, "lakeformation:GetDataAccess"])), action=action) == BOTH
    assert found(role("Admin", GRANT, allow("glue:GetDatabase")), action=action) == {}


def test_other_administrators_than_the_listed_may_exist() -> None:
    """Where the settings keep them, or no template states any."""
    other = role("Other", GRANT, READ)
    assert found(other, keeps_other_admins=True) == {ORDERS: Truth.OPEN, ROUTES: Truth.OPEN}
    assert found(other, settings_known=False, admins=()) == {ORDERS: Truth.OPEN, ROUTES: Truth.OPEN}
    assert found(role("Other", READ), keeps_other_admins=True) == {}


def test_an_administrator_that_is_only_named_is_not_known() -> None:
    """Nobody knows whether IAM lets it grant."""
    admin = replace(role("Admin"), unknown=("the policies of role/Admin",))
    rows = [each for each in self_grant(governed(admin)) if each.action is Action.READ]
    assert {each.dataset.name for each in rows} == {ORDERS, ROUTES}
    assert all(any("the policies of role/Admin" in reason for reason in unresolved(each.conditions)) for each in rows)


def test_a_grant_option_without_the_right_is_the_right() -> None:
    """For the columns that it is on, and only where IAM lets it grant."""
    resource = GovernedResource(type=ResourceType.TABLE, catalog=LAKE, region=REGION, database="sales", table="orders")
    steward = role("Steward", GRANT, READ)

    def option(*permissions: str) -> Grant:
        return Grant(
            account=LAKE,
            region=REGION,
            principal=steward.arn,
            resource=resource,
            permissions=frozenset(permissions),
            grantable=frozenset({"SELECT"}),
            origin=origin("Grant"),
        )

    assert found(steward, grants=(option("DESCRIBE"),)) == {ORDERS: Truth.TRUE}
    assert found(steward, grants=(option("SELECT"),)) == {}
    assert found(role("Steward", READ), grants=(option("DESCRIBE"),)) == {}


def test_the_row_says_how() -> None:
    """Through Lake Formation, after granting itself."""
    rows: list[Access] = [each for each in self_grant(governed(role("Admin", GRANT, READ))) if each.action is Action.READ]
    assert {each.door for each in rows} == {Door.LAKE_FORMATION}
    assert all([step.door for step in each.via] == [Door.SELF_GRANT] for each in rows)
    assert any("lakeformation:GrantPermissions" in line for line in rows[0].via[0].because)


def test_becoming_somebody_who_grants_is_enough() -> None:
    """The administrator need not be let read, but whoever becomes it must be."""
    dev = f"arn:aws:iam::{LAKE}:role/Dev"
    admin = replace(role("Admin", GRANT), trust=trusting(dev))
    assert found(role("Dev", READ), admin) == BOTH
    assert found(role("Dev", allow("glue:GetTable")), admin) == {}
    assert found(role("Dev", READ), role("Admin", GRANT)) == {}
