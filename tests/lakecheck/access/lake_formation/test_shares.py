"""Shares between accounts: what the owner gave the account, as far as the account passed it on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lakecheck.access.lake_formation import LakeFormation, accesses
from lakecheck.access.model import Action
from lakecheck.access.questions import Questions
from lakecheck.estate.model import Account, Database, Estate, GovernedResource, Grant, Principal, ResourceType
from lakecheck.formula import TRUE, Truth
from tests.lakecheck.access.lake_formation.estates import (
    CONSUMER,
    ENGINE,
    LAKE,
    ORGANIZATION,
    REGION,
    allow,
    cells,
    columns_of,
    grant,
    lake,
    of,
    on,
    origin,
    permission_set,
    role,
    settings,
    table,
    tag,
    where,
)

ANALYST = role("Analyst", account=CONSUMER)
SHARE = grant(CONSUMER, passing=("SELECT",))
LOCAL = grant(ANALYST, account=CONSUMER)
LINK = Database(account=CONSUMER, region=REGION, name="sales_link", target=(LAKE, "sales"), origin=origin("Link"))
ON_LINK = grant(ANALYST, "DESCRIBE", resource=on(ResourceType.DATABASE, catalog=CONSUMER, database="sales_link"), account=CONSUMER)


def read(*grants: Grant, whom: Principal = ANALYST, **parts: Any):
    """What the consumer's analyst reads."""
    return of(accesses(Questions(lake(whom, grants=grants, **parts))), whom)


def columns(*grants: Grant, whom: Principal = ANALYST, **parts: Any) -> dict[str, set[str]]:
    """The columns it reads, with their row filters."""
    return columns_of(read(*grants, whom=whom, **parts))


def test_a_share_and_a_local_grant_open_the_door():
    """cross-account-permissions: the owner shares with the account, the account's administrator passes on; both stand behind it."""
    share = replace(SHARE, origin=origin("Share"))
    (access,) = read(share, LOCAL)
    assert (access.conditions, access.dataset.account) == (TRUE, LAKE)
    assert access.because[:2] == (
        "SELECT on sales.orders; granted at Prod/Lake/Grant",
        "SELECT on sales.orders; granted at Prod/Lake/Share",
    )


@pytest.mark.parametrize("grants", [(SHARE,), (LOCAL,), (grant(CONSUMER), LOCAL), (replace(SHARE, principal="999999999999"), LOCAL)])
def test_one_of_them_is_not_enough(grants):
    """Nothing without the share, without the local grant, without the grant option, or with a share for another account."""
    assert read(*grants) == []


def test_what_is_effective_is_what_both_gave():
    """Columns, rows and permissions of the share and of the local grant meet."""
    shared = grant(CONSUMER, resource=on(ResourceType.COLUMNS, columns=("id", "email", "total")), passing=("SELECT",))
    local = grant(ANALYST, "ALL", resource=on(ResourceType.COLUMNS, excluded=("email",)), account=CONSUMER)
    assert set(columns(shared, local)) == {"id", "total"}
    assert {access.action for access in accesses(Questions(lake(ANALYST, grants=(SHARE, grant(ANALYST, "ALL", account=CONSUMER)))))} == {
        Action.READ
    }
    apart = grant(ANALYST, resource=on(ResourceType.COLUMNS, columns=("country",)), account=CONSUMER)
    assert read(shared, apart) == []


def test_cells_filters_on_both_sides():
    """A filter on either side holds; two different ones hold together."""
    filters = (cells("germans", rows="country = 'DE'"), cells("large", "id", rows="total > 1"))
    germans, large = (on(ResourceType.CELLS_FILTER, filter=name) for name in ("germans", "large"))
    assert columns(grant(CONSUMER, resource=germans, passing=("SELECT",)), LOCAL, cells_filters=filters)["id"] == {"country = 'DE'"}
    assert columns(SHARE, grant(ANALYST, resource=large, account=CONSUMER), cells_filters=filters) == {"id": {"total > 1"}}
    both = columns(
        grant(CONSUMER, resource=germans, passing=("SELECT",)), grant(ANALYST, resource=large, account=CONSUMER), cells_filters=filters
    )
    assert both == {"id": {"(country = 'DE') AND (total > 1)"}}


def test_shares_by_tag():
    """An expression shared with the account, and the same one passed on: the owner's tags decide column by column."""
    associations = (tag(on(), zone="curated"), tag(on(ResourceType.COLUMNS, columns=("email",)), zone="private"))
    expression = where(zone="curated")
    shared, local = grant(CONSUMER, resource=expression, passing=("SELECT",)), grant(ANALYST, resource=expression, account=CONSUMER)
    assert set(columns(shared, local, tag_associations=associations)) == {"id", "country", "total"}
    assert set(columns(SHARE, local, tag_associations=associations)) == {"id", "country", "total"}


@pytest.mark.parametrize(("described", "expected"), [(("all", "public"), True), (("all",), False)])
def test_permission_cascading_by_describing_tags(described, expected):
    """permission-cascading-rules: without the grant option, DESCRIBE on all tag values lets the account grant by another expression."""
    tags = GovernedResource(type=ResourceType.LF_TAG, catalog=LAKE, region=REGION, expression=(("c", described),))
    shared, describe = grant(CONSUMER, resource=where(c="all")), grant(CONSUMER, "DESCRIBE", resource=tags)
    local = grant(ANALYST, resource=where(c=["all", "public"]), account=CONSUMER)
    associations = (tag(on(), c="all"),)
    assert bool(read(shared, describe, local, tag_associations=associations)) is expected
    identical = grant(ANALYST, resource=where(c="all"), account=CONSUMER)
    assert read(shared, describe, identical, tag_associations=associations) == [], "the identical expression needs the grant option"
    passing = grant(CONSUMER, resource=where(c="all"), passing=("SELECT",))
    assert read(passing, identical, tag_associations=associations)


@pytest.mark.parametrize(("version", "expected"), [("", True), ("3", True), ("4", True), ("2", False), ("1", False)])
def test_direct_shares_need_version_3(version, expected):
    """cross-account: a grant to a principal of another account works from version 3 on, which is the default."""
    catalogs = (settings(cross_account_version=version), settings(CONSUMER))
    assert bool(read(grant(ANALYST), catalogs=catalogs)) is expected
    everybody = grant(f"{CONSUMER}:IAMPrincipals")
    assert bool(read(everybody, catalogs=catalogs)) is expected


@pytest.mark.parametrize(
    ("name", "account", "expected"),
    [
        (f"organization/{ORGANIZATION}", {}, [Truth.TRUE]),
        ("organization/o-another", {}, []),
        (f"ou/{ORGANIZATION}/ou-use", {}, [Truth.TRUE]),
        (f"ou/{ORGANIZATION}/ou-lake", {}, []),
        (f"ou/{ORGANIZATION}/ou-use", {"organization_paths": None}, [Truth.OPEN]),
        (f"organization/{ORGANIZATION}", {"organization": None}, [Truth.OPEN]),
    ],
)
def test_shares_with_an_organisation(name, account, expected):
    """A share with the organisation or a unit reaches the accounts in it; where that is not known it stays open."""
    whole = replace(SHARE, principal=f"arn:aws:organizations::999999999999:{name}")
    estate = lake(ANALYST, grants=(whole, LOCAL))
    member = replace(estate.accounts[CONSUMER], **account)
    rights = LakeFormation(replace(estate, accounts={**estate.accounts, CONSUMER: member})).rights(ANALYST, estate.tables[0])
    assert [right.when.truth for right in rights] == expected


def test_the_consumers_administrator_reads_what_is_shared_with_the_account():
    """cascade-cross-account-permission-procedures: the administrator of the account uses a share without a grant; others do not."""
    catalogs = (settings(), settings(CONSUMER, admins=(ANALYST.arn,)))
    assert len(read(grant(CONSUMER), catalogs=catalogs)) == 1
    assert read(grant(CONSUMER), catalogs=(settings(admins=(ANALYST.arn,)), settings(CONSUMER))) == []


def test_iam_of_the_consumer_is_asked_and_ram_answers_for_the_owner():
    """The reader's own policies must reach the owner's catalog; the owner's side is the share's."""
    credentials = allow("lakeformation:GetDataAccess")
    own_only = role("Analyst", allow("glue:*", resource=f"arn:aws:glue:{REGION}:{CONSUMER}:*"), credentials, account=CONSUMER)
    assert read(SHARE, LOCAL, whom=own_only) == []
    both = role("Analyst", allow("glue:*", resource=f"arn:aws:glue:{REGION}:*"), credentials, account=CONSUMER)
    assert len(read(SHARE, LOCAL, whom=both)) == 1
    of_owner = allow(*ENGINE, Condition={"StringEquals": {"aws:ResourceAccount": LAKE}})
    conditional = role("Analyst", of_owner, credentials, account=CONSUMER)
    assert [access.conditions for access in read(SHARE, LOCAL, whom=conditional)] == [TRUE]


def test_links_are_named():
    """resource-links-about: the access says through which link the table is read, or that it takes the catalog id."""
    (through,) = read(SHARE, LOCAL, ON_LINK, databases=(*lake().databases, LINK))
    assert through.because[-1] == f"through the resource link sales_link in account {CONSUMER}"
    (without,) = read(SHARE, LOCAL)
    assert without.because[-1] == f"by catalog id {LAKE}: account {CONSUMER} has no resource link that it sees"
    (unseen,) = read(SHARE, LOCAL, databases=(*lake().databases, LINK))
    assert unseen.because[-1] == without.because[-1]


def test_who_sees_a_link():
    """DESCRIBE on it, its administrators, and everybody where the account's defaults leave it to IAM."""
    estate = lake(ANALYST, databases=(LINK,))
    assert LakeFormation(estate).sees_link(ANALYST, LINK).truth is Truth.FALSE
    assert LakeFormation(replace(estate, grants=(ON_LINK,))).sees_link(ANALYST, LINK) == TRUE
    assert LakeFormation(replace(estate, catalogs=(settings(CONSUMER, iam=True),))).sees_link(ANALYST, LINK) == TRUE
    assert LakeFormation(replace(estate, catalogs=(settings(CONSUMER, admins=(ANALYST.arn,)),))).sees_link(ANALYST, LINK) == TRUE


def test_a_link_to_a_table():
    """A link to one table serves that table alone."""
    link = replace(table("orders_link", account=CONSUMER, database="local"), columns=(), target=(LAKE, "sales", "orders"))
    the_lake = LakeFormation(lake(tables=(table(), table("customers"), link)))
    assert [each.name for each in the_lake.links(CONSUMER, table())] == ["orders_link"]
    assert the_lake.links(CONSUMER, table("customers")) == ()
    assert [each.name for each in the_lake.tables] == ["orders", "customers"]
    elsewhere = LakeFormation(lake(tables=(table(), replace(link, target_region="us-east-1"))))
    assert elsewhere.links(CONSUMER, table()) == (), "the table of another Region is another table"
    from_there = LakeFormation(lake(tables=(table(), replace(link, region="us-east-1", target_region=REGION))))
    assert len(from_there.links(CONSUMER, table())) == 1


def test_a_permission_set_of_the_consumer():
    """Personas are permission sets of another account: the pattern of the grant is that of the principal."""
    analyst = permission_set("DataAnalyst", account=CONSUMER)
    assert len(read(SHARE, grant(analyst, account=CONSUMER), whom=analyst)) == 1


def test_an_account_of_the_estate_is_no_reader():
    """A share with an account whose principals are known is judged by its principals; one that is only named is a reader as a whole."""
    estate: Estate = lake(ANALYST, grants=(SHARE,))
    assert [access.principal.name for access in accesses(Questions(estate)) if access.action is Action.READ] == []
    outside = replace(estate, accounts={**estate.accounts, CONSUMER: Account(id=CONSUMER)})
    assert {access.principal.arn for access in accesses(Questions(outside))} == {f"arn:aws:iam::{CONSUMER}:root"}
