"""Grants that give nothing, with the piece that is missing; and those that are not dead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lakecheck.access.lake_formation import dead_grants
from lakecheck.access.questions import Questions
from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, Database, Estate, Executor, ResourceType
from lakecheck.iam.documents import parse_policy
from lakecheck.values import hole
from tests.lakecheck.access.lake_formation.estates import (
    BUCKET,
    CONSUMER,
    CURATED,
    ENGINE,
    LAKE,
    LOCATION,
    LOCATION_ROLE,
    REGION,
    allow,
    cells,
    grant,
    lake,
    on,
    origin,
    role,
    settings,
    table,
    tag,
    where,
)

ANALYST = role("Analyst")
PARTNER = role("Partner", account=CONSUMER)
SHARE = grant(CONSUMER, passing=("SELECT",))
LOCAL = grant(PARTNER, account=CONSUMER)
LINK = Database(account=CONSUMER, region=REGION, name="sales_link", target=(LAKE, "sales"), origin=origin("Link"))
ON_LINK = grant(PARTNER, "DESCRIBE", resource=on(ResourceType.DATABASE, catalog=CONSUMER, database="sales_link"), account=CONSUMER)


def missing(estate: Estate) -> list[str]:
    """What is missing, grant by grant."""
    return [each.missing for each in dead_grants(Questions(estate))]


def of_grant(*grants: Any, whom: Any = ANALYST, **parts: Any) -> list[str]:
    """What is missing in a lake with these grants."""
    return missing(lake(whom, grants=grants, **parts))


def test_living_grants_are_not_dead():
    """A grant that works is not told of, whatever it is on."""
    tags = (tag(on(), zone="curated"), tag(on(ResourceType.DATABASE), domain="sales"))
    its = (
        grant(ANALYST),
        grant(ANALYST, resource=on(table="*")),
        grant(ANALYST, resource=on(ResourceType.COLUMNS, columns=("id", "gone"))),
        grant(ANALYST, resource=on(ResourceType.CELLS_FILTER, filter="germans")),
        grant(ANALYST, resource=where(zone="curated")),
        grant(ANALYST, "DESCRIBE", resource=where(database=True, domain="sales")),
        grant(ANALYST, "DESCRIBE", resource=on(ResourceType.DATABASE)),
        grant(IAM_ALLOWED_PRINCIPALS, "ALL"),
    )
    assert of_grant(*its, tag_associations=tags, cells_filters=(cells("germans", rows="country = 'DE'"),)) == []


def test_a_dead_grant_says_whose_and_where():
    """Principal, grant in words, the missing piece, and the place in the template."""
    whom = role("Analyst", allow("glue:Get*"))
    (found,) = dead_grants(Questions(lake(whom, grants=(grant(whom),))))
    assert (found.principal, found.what) == ("role/Analyst", "SELECT on sales.orders; granted at Prod/Lake/Grant")
    assert (found.missing, found.origin) == ("lakeformation:GetDataAccess", origin())


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (allow("glue:Get*"), "lakeformation:GetDataAccess"),
        (allow("lakeformation:GetDataAccess"), "glue:GetTable on sales.orders, its database and its catalog"),
        (
            allow(*ENGINE, resource=[f"arn:aws:glue:{REGION}:{LAKE}:catalog", f"arn:aws:glue:{REGION}:{LAKE}:table/sales/*"]),
            "glue:GetTable on sales.orders, its database and its catalog",
        ),
    ],
)
def test_what_iam_withholds(policy, expected):
    """The action that IAM does not allow is named."""
    whom = role("Analyst", policy)
    assert of_grant(grant(whom), whom=whom) == [expected]


def test_describing_a_database_needs_get_database():
    """A grant of DESCRIBE on the database is dead without the catalog's action."""
    whom = role("Analyst", allow("lakeformation:GetDataAccess"))
    assert of_grant(grant(whom, "DESCRIBE", resource=on(ResourceType.DATABASE)), whom=whom) == ["glue:GetDatabase on sales and its catalog"]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (on(table="gone"), f"a table sales.gone in account {LAKE}: there is none"),
        (on(database="gone"), f"a database gone in account {LAKE}: there is none"),
        (on(ResourceType.DATABASE, database="gone"), f"a database gone in account {LAKE}: there is none"),
        (on(ResourceType.COLUMNS, columns=("gone", "lost")), "columns gone, lost of sales.orders, which the grant names: there are none"),
        (on(ResourceType.CELLS_FILTER, filter="gone"), "a data cells filter gone on sales.orders: there is none"),
        (where(zone="gone"), f"a table or column with such LF-Tags in account {LAKE}: there is none"),
        (where(database=True, zone="gone"), f"a database with such LF-Tags in account {LAKE}: there is none"),
    ],
)
def test_what_does_not_exist(resource, expected):
    """What a grant names or matches is nowhere in the catalog that the templates define."""
    assert of_grant(grant(ANALYST, resource=resource), tag_associations=(tag(on(), zone="curated"),)) == [expected]


def test_what_is_not_known_is_not_dead():
    """A crawler may make the table, a parameter may name it, another catalog may have it, a policy may allow it."""
    gone = grant(ANALYST, resource=on(table="gone"))
    crawler = Executor(
        kind="glue_crawler", arn=f"arn:aws:glue:{REGION}:{LAKE}:crawler/c", account=LAKE, role=LOCATION_ROLE.arn, origin=origin()
    )
    assert of_grant(gone, executors=(crawler,)) == []
    assert of_grant(grant(ANALYST, resource=on(table=hole("parameter Table")))) == []
    assert of_grant(grant(ANALYST, resource=on(catalog="999999999999", table="gone"))) == []
    assert of_grant(gone, databases=()) == []
    unknown = replace(role("Analyst"), policies=(), unknown=("no template defines it",))
    assert of_grant(grant(unknown), whom=unknown) == []
    assert of_grant(grant(f"arn:aws:iam::{LAKE}:role/ByHand")) == []
    assert of_grant(grant(ANALYST), locations=()) == []


def test_a_location_whose_role_cannot_read():
    """access-control-underlying-data: the registration role is named, not the reader."""
    blind = replace(LOCATION_ROLE, policies=(allow("kms:*"),))
    estate = replace(lake(ANALYST, grants=(grant(ANALYST),)), principals=(blind, ANALYST))
    able = f"a registration role that can read s3://{BUCKET}/sales/orders/ and use its key"
    assert missing(estate) == [f"{able}: {LOCATION_ROLE.arn} cannot"]
    linked = of_grant(grant(ANALYST), locations=(replace(LOCATION, role=""),), buckets=(replace(CURATED, encryption="SSE_KMS"),))
    assert linked == [f"{able}: Lake Formation's service-linked role cannot"]


def test_a_table_outside_every_registered_location():
    """Where locations are registered and this one is not, a grant gives nothing; unless the reader reads the files itself."""
    elsewhere = (replace(LOCATION, arn="arn:aws:s3:::another"),)
    assert of_grant(grant(ANALYST), locations=elsewhere) == [f"the registration of s3://{BUCKET}/sales/orders/ with Lake Formation"]
    reader = role("Reader", allow(*ENGINE), allow("s3:GetObject", resource=f"arn:aws:s3:::{BUCKET}/*"))
    assert of_grant(grant(reader), whom=reader, locations=elsewhere) == []


def test_a_grant_is_alive_as_long_as_one_table_is():
    """A grant on all tables that IAM lets through for one of them is not dead."""
    some = [f"arn:aws:glue:{REGION}:{LAKE}:{end}" for end in ("catalog", "database/sales", "table/sales/orders")]
    whom = role("Analyst", allow("lakeformation:GetDataAccess"), allow("glue:GetTable", resource=some))
    assert of_grant(grant(whom, resource=on(table="*")), whom=whom, tables=(table("customers"), table())) == []
    assert len(of_grant(grant(whom, resource=on(table="*")), whom=whom, tables=(table("customers"),))) == 1


def test_a_grant_on_one_table_is_judged_by_that_table():
    """What IAM lets through for another table, or for a database of another name, gives this grant no life."""
    other = [f"arn:aws:glue:{REGION}:{LAKE}:{end}" for end in ("catalog", "database/sales", "table/sales/customers")]
    whom = role("Analyst", allow("lakeformation:GetDataAccess"), allow("glue:GetTable", resource=other))
    tables = (table("customers"), table(), table("customers", database="stock"))
    refused = "glue:GetTable on sales.orders, its database and its catalog"
    assert of_grant(grant(whom), whom=whom, tables=tables) == [refused]
    assert of_grant(grant(whom, resource=on(table="Orders")), whom=whom, tables=tables) == [refused]
    assert of_grant(grant(whom, resource=on(table="customers")), whom=whom, tables=tables) == []
    both = tuple(Database(account=LAKE, region=REGION, name=name, origin=origin(name)) for name in ("sales", "stock"))
    (of_stock,) = of_grant(grant(whom, resource=on(database="stock", table="*")), whom=whom, tables=tables, databases=both)
    assert "stock.customers" in of_stock


def test_a_consumer_without_a_share():
    """What an account grants of another's catalog is nothing without the owner's share."""
    no_share = f"a share of sales.orders from account {LAKE} to account {CONSUMER} with the grant option for SELECT"
    assert of_grant(LOCAL, whom=PARTNER) == [no_share]
    assert of_grant(grant(CONSUMER), LOCAL, whom=PARTNER) == [no_share]


def test_a_consumer_without_a_link():
    """No link, or no DESCRIBE on it: engines that query by name find nothing, which is said."""
    (no_link,) = of_grant(SHARE, LOCAL, whom=PARTNER)
    assert no_link.startswith(f"a resource link to sales in account {CONSUMER};")
    linked = {"databases": (*lake().databases, LINK)}
    (unseen,) = of_grant(SHARE, LOCAL, whom=PARTNER, **linked)
    assert unseen.startswith(f"DESCRIBE on the resource link sales_link in account {CONSUMER};")
    assert of_grant(SHARE, LOCAL, ON_LINK, whom=PARTNER, **linked) == []


def test_a_direct_share_of_an_old_version():
    """Up to version 2 the owner cannot share with a principal."""
    catalogs = (settings(cross_account_version="2"), settings(CONSUMER))
    needed = "cross-account version 3 or later in the owner's settings, to share with a principal of another account"
    assert of_grant(grant(PARTNER), whom=PARTNER, catalogs=catalogs) == [needed]


def catalog_policy(*actions: str, service: str = "", condition: dict[str, Any] | None = None) -> Any:
    """A resource policy of the owner's catalog."""
    principal = {"Service": service} if service else {"AWS": CONSUMER}
    statement = {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": "*",
        "Principal": principal,
        **({"Condition": condition} if condition else {}),
    }
    return parse_policy({"Version": "2012-10-17", "Statement": [statement]}, name="Catalog")


def test_a_catalog_policy_that_keeps_ram_out():
    """hybrid-cross-account: a catalog that has a policy must let RAM share; one without a policy shares."""
    parts = {"whom": PARTNER, "databases": (*lake().databases, LINK)}
    closed = (settings(policy=catalog_policy("glue:GetTable")), settings(CONSUMER))
    kept_out = "glue:ShareResource for ram.amazonaws.com in the catalog's resource policy, which has other statements"
    assert of_grant(SHARE, LOCAL, ON_LINK, **parts, catalogs=closed) == [kept_out]
    doubtful = replace(catalog_policy("glue:GetTable"), unknown=("a parameter",))
    assert of_grant(SHARE, LOCAL, ON_LINK, **parts, catalogs=(settings(policy=doubtful), settings(CONSUMER))) == []
    open_to_ram = (settings(policy=catalog_policy("glue:ShareResource", service="ram.amazonaws.com")), settings(CONSUMER))
    assert of_grant(SHARE, LOCAL, ON_LINK, **parts, catalogs=open_to_ram) == []


def test_shares_by_tag_of_an_old_version():
    """cross-account-prereqs: versions 1 and 2 need a statement about glue:EvaluatedByLakeFormationTags to share by tag."""
    shared = grant(CONSUMER, resource=where(zone="curated"), passing=("SELECT",))
    tags = (tag(on(), zone="curated"),)
    old = settings(cross_account_version="2")
    (found,) = of_grant(shared, catalogs=(old, settings(CONSUMER)), tag_associations=tags)
    assert "glue:EvaluatedByLakeFormationTags" in found
    condition = {"Bool": {"glue:EvaluatedByLakeFormationTags": "true"}}
    stated = replace(old, policy=catalog_policy("glue:*", condition=condition))
    assert of_grant(shared, catalogs=(stated, settings(CONSUMER)), tag_associations=tags) == []


def test_a_principal_by_another_path():
    """A role's name is unique in its account: a grant that leaves out the path of the one that is there means nobody."""
    in_folder = role("Analyst", path="/team/")
    bare = f"arn:aws:iam::{LAKE}:role/Analyst"
    assert of_grant(grant(bare), whom=in_folder) == [f"a principal {bare}: the one of that name is {in_folder.arn}"]
    assert of_grant(grant(in_folder), whom=in_folder) == []
    assert of_grant(grant(bare.replace(LAKE, "999999999999")), whom=in_folder) == []
