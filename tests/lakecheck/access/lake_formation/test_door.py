"""The two doors of the catalog: grants with IAM beside them, and IAM alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from lakecheck.access.lake_formation import ASSUMPTIONS, accesses
from lakecheck.access.model import Action, Door
from lakecheck.access.questions import Questions
from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, Estate, Principal, PrincipalKind, ResourceType
from lakecheck.formula import TRUE, Truth
from tests.lakecheck.access.lake_formation.estates import (
    BUCKET,
    CURATED,
    ENCRYPTED,
    ENGINE,
    HYBRID,
    KEY_ARN,
    LAKE,
    LOCATION,
    LOCATION_ROLE,
    REGION,
    allow,
    cells,
    columns_of,
    grant,
    key,
    lake,
    of,
    on,
    opt_in,
    origin,
    role,
    settings,
    table,
    tag,
    where,
)

ANALYST = role("Analyst")
OBJECTS = f"arn:aws:s3:::{BUCKET}/*"
READER = role("Reader", allow("glue:Get*"), allow("s3:GetObject", resource=OBJECTS))
"""Reads the files itself, and knows no Lake Formation."""


def found(estate: Estate, whom: Principal = ANALYST, action: Action = Action.READ, door: Door = Door.LAKE_FORMATION):
    """One principal's accesses."""
    return of(accesses(Questions(estate)), whom, action, door)


iam_of = partial(found, door=Door.IAM_CATALOG)


def test_a_grant_and_iam_together_open_the_door():
    """lf-permissions-reference: a grant, GetDataAccess and GetTable; the access says which grant, and where it stands."""
    estate = lake(
        ANALYST,
        tag_associations=(tag(on(), domain="sales", zone="curated"),),
        grants=(grant(ANALYST, resource=where(domain="sales", zone=["curated", "raw"])),),
    )
    (access,) = found(estate)
    assert (access.columns, access.rows, access.conditions, access.dataset.name) == (None, "", TRUE, "sales.orders")
    assert access.because == ("SELECT where domain=sales, zone in curated, raw; granted at Prod/Lake/Grant",)
    assert access.origin == origin()


@pytest.mark.parametrize("missing", ENGINE)
def test_the_door_is_closed_without_iam(missing):
    """Without GetDataAccess, or without GetTable, a grant opens nothing."""
    whom = role("Analyst", allow(*(set(ENGINE) - {missing})))
    assert found(lake(whom, grants=(grant(whom),)), whom) == []


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("arn:aws:glue:eu-west-1:111122223333:*", True),
        (
            [
                "arn:aws:glue:eu-west-1:111122223333:catalog",
                "arn:aws:glue:eu-west-1:111122223333:database/sales",
                "arn:aws:glue:eu-west-1:111122223333:table/sales/*",
            ],
            True,
        ),
        (["arn:aws:glue:eu-west-1:111122223333:catalog", "arn:aws:glue:eu-west-1:111122223333:table/sales/*"], False),
        (
            [
                "arn:aws:glue:eu-west-1:111122223333:catalog",
                "arn:aws:glue:eu-west-1:111122223333:database/sales",
                "arn:aws:glue:eu-west-1:111122223333:table/sales/other",
            ],
            False,
        ),
    ],
)
def test_get_table_is_asked_on_catalog_database_and_table(resource, expected):
    """glue-specifying-resource-arns: an action on a table needs the database and the catalog, too."""
    whom = role("Analyst", allow("glue:GetTable", resource=resource), allow("lakeformation:GetDataAccess"))
    assert bool(found(lake(whom, grants=(grant(whom),)), whom)) is expected


def test_what_iam_asks_of_the_request_stays_a_condition():
    """A condition on the network is kept, not judged."""
    condition = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
    whom = role("Analyst", allow("glue:Get*"), allow("lakeformation:GetDataAccess", Condition=condition))
    (access,) = found(lake(whom, grants=(grant(whom),)), whom)
    assert access.conditions.truth is Truth.OPEN


def test_calling_through_athena_is_one_of_the_ways():
    """Somebody who may read the catalog through Athena alone still reads."""
    condition = {"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}}
    whom = role("Analyst", allow(*ENGINE, Condition=condition))
    (access,) = found(lake(whom, grants=(grant(whom),)), whom)
    assert access.conditions == TRUE


@pytest.mark.parametrize(
    ("permission", "actions", "expected"),
    [
        ("INSERT", ("glue:GetTable", "lakeformation:GetDataAccess"), Action.WRITE),
        ("DELETE", ("glue:GetTable", "lakeformation:GetDataAccess"), Action.WRITE),
        ("ALTER", ("glue:UpdateTable",), Action.ALTER),
        ("DROP", ("glue:DeleteTable",), Action.DROP),
    ],
)
def test_what_each_permission_lets_do(permission, actions, expected):
    """Each permission has its action in the matrix and its own action of IAM; none of them reads."""
    whom = role("Writer", allow(*actions))
    estate = lake(whom, grants=(grant(whom, permission),))
    assert [access.action for access in accesses(Questions(estate)) if access.principal is whom] == [expected]
    nobody = role("Writer", allow("s3:ListAllMyBuckets"))
    assert found(lake(nobody, grants=(grant(nobody, permission),)), nobody, expected) == []


@pytest.mark.parametrize("action", ["lakeformation:GrantPermissions", "lakeformation:BatchGrantPermissions"])
def test_the_grant_option_is_an_action(action: str):
    """Passing on needs the grant option and one of the two actions that grant."""
    giver = role("Giver", allow(action))
    its = grant(giver, resource=on(ResourceType.COLUMNS, columns=("id",)), passing=("SELECT",))
    (access,) = found(lake(giver, grants=(its,)), giver, Action.GRANT)
    assert access.columns == ("id",)
    assert found(lake(giver, grants=(replace(its, grantable=frozenset()),)), giver, Action.GRANT) == []
    assert found(lake(ANALYST, grants=(grant(ANALYST, passing=("SELECT",)),)), action=Action.GRANT) == []


def test_a_tag_overridden_on_a_column():
    """The column with its own tag is seen by those of that tag, and by nobody else."""
    associations = (tag(on(), classification="public"), tag(on(ResourceType.COLUMNS, columns=("email",)), classification="restricted"))
    pii = role("PiiReader")
    grants = (grant(ANALYST, resource=where(classification="public")), grant(pii, resource=where(classification=["public", "restricted"])))
    estate = lake(ANALYST, pii, tag_associations=associations, grants=grants)
    assert set(columns_of(found(estate))) == {"id", "country", "total"}
    assert [access.columns for access in found(estate, pii)] == [None]


def test_rows_of_a_cells_filter():
    """The access through a filter has its columns and its rows."""
    through = grant(ANALYST, resource=on(ResourceType.CELLS_FILTER, filter="germans"))
    (access,) = found(lake(ANALYST, cells_filters=(cells("germans", "id", rows="country = 'DE'"),), grants=(through,)))
    assert (access.columns, access.rows) == (("id",), "country = 'DE'")


def test_the_registration_role_reads_for_the_user():
    """access-control-underlying-data: the user needs neither S3 nor the key; the role needs both."""
    key_policy = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": f"arn:aws:iam::{LAKE}:root"}}
    grants = (grant(ANALYST),)
    assert found(lake(ANALYST, buckets=(ENCRYPTED,), keys=(key(key_policy),), grants=grants))
    no_key = replace(LOCATION_ROLE, policies=(allow("s3:*"),))
    assert found(replace(lake(ANALYST, buckets=(ENCRYPTED,), keys=(key(key_policy),), grants=grants), principals=(no_key, ANALYST))) == []
    no_s3 = replace(LOCATION_ROLE, policies=(allow("kms:*"),))
    assert found(replace(lake(ANALYST, grants=grants), principals=(no_s3, ANALYST))) == []
    elsewhere = replace(LOCATION_ROLE, policies=(allow("s3:*", resource=f"arn:aws:s3:::{BUCKET}/travel/*"),))
    assert found(replace(lake(ANALYST, grants=grants), principals=(elsewhere, ANALYST))) == []


def test_a_registration_role_that_no_template_defines_is_taken_to_read():
    """It is not known what it may do, but what it was registered for; the assumption says so."""
    unknown = replace(LOCATION_ROLE, policies=(), unknown=("no template defines it",))
    assert found(replace(lake(ANALYST, grants=(grant(ANALYST),)), principals=(unknown, ANALYST)))[0].conditions == TRUE
    assert found(replace(lake(ANALYST, grants=(grant(ANALYST),)), principals=(ANALYST,)))[0].conditions == TRUE
    assert any("registration role that no template defines" in each for each in ASSUMPTIONS)


def test_the_service_linked_role():
    """register-encrypted: it reads S3 by its registration, a key only when the key's policy names it, and never under AWS's own key."""
    linked = replace(LOCATION, role="")
    grants = (grant(ANALYST),)
    assert found(lake(ANALYST, locations=(linked,), grants=grants))
    assert found(lake(ANALYST, locations=(linked,), grants=grants, buckets=(replace(CURATED, encryption="SSE_KMS"),))) == []
    to_account = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": f"arn:aws:iam::{LAKE}:root"}}
    assert found(lake(ANALYST, locations=(linked,), grants=grants, buckets=(ENCRYPTED,), keys=(key(to_account),))) == []
    name = f"arn:aws:iam::{LAKE}:role/aws-service-role/lakeformation.amazonaws.com/AWSServiceRoleForLakeFormationDataAccess"
    to_role = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Principal": {"AWS": name}}
    assert found(lake(ANALYST, locations=(linked,), grants=grants, buckets=(ENCRYPTED,), keys=(key(to_role),)))
    assert KEY_ARN.endswith("key/curated")


def test_a_grant_to_somebody_that_no_template_defines():
    """The principal that only a grant names is in the matrix; what its policies say stays open."""
    ghost = f"arn:aws:iam::{LAKE}:role/ByHand"
    (access,) = of(accesses(Questions(lake(grants=(grant(ghost),)))), "ByHand") or of(
        accesses(Questions(lake(grants=(grant(ghost),)))), "role/ByHand"
    )
    assert access.principal.arn == ghost
    assert access.conditions.truth is Truth.OPEN


# --- IAM alone -------------------------------------------------------------------------------------------------------------------------


def test_iam_allowed_principals_left_on_one_table():
    """Everybody whom IAM allows reads the table through the location's role, without a grant; the other table stays closed."""
    estate = lake(ANALYST, tables=(table(), table("customers")), grants=(grant(IAM_ALLOWED_PRINCIPALS, "ALL"),))
    (access,) = iam_of(estate)
    assert (access.dataset.name, access.columns, access.conditions) == ("sales.orders", None, TRUE)
    assert access.because[0] == f"{IAM_ALLOWED_PRINCIPALS}: ALL on sales.orders; granted at Prod/Lake/Grant"
    assert found(estate) == []


def test_nothing_is_left_to_iam_in_a_governed_lake():
    """A registered location, and no IAM_ALLOWED_PRINCIPALS: the IAM door is shut for everybody, also for who reads the files."""
    assert [each for each in accesses(Questions(lake(ANALYST, READER))) if each.door is Door.IAM_CATALOG] == []


def test_iam_alone_needs_the_catalog():
    """IAM_ALLOWED_PRINCIPALS helps nobody whom IAM does not let see the table."""
    blind = role("Blind", allow("s3:*"), allow("lakeformation:GetDataAccess"))
    assert iam_of(lake(blind, catalogs=(settings(iam=True),)), blind) == []


def test_hybrid_access_mode_needs_the_files():
    """Who is not opted in reads the files itself, and gets no credentials of Lake Formation's."""
    estate = lake(ANALYST, READER, locations=(HYBRID,), catalogs=(settings(iam=True),))
    assert iam_of(estate) == []
    assert [access.conditions for access in iam_of(estate, READER)] == [TRUE]
    opted = replace(estate, opt_ins=(opt_in(READER),))
    assert iam_of(opted, READER) == []
    assert found(opted, READER) == []
    entitled = role("Reader", allow(*ENGINE), allow("s3:GetObject", resource=OBJECTS))
    with_grant = lake(entitled, locations=(HYBRID,), catalogs=(settings(iam=True),), opt_ins=(opt_in(entitled),), grants=(grant(entitled),))
    assert len(found(with_grant, entitled)) == 1


def test_unregistered_locations_are_left_to_iam_and_s3():
    """Lake Formation does not apply: grants give nothing, and whoever may see the table and read its files does."""
    elsewhere = (replace(LOCATION, arn="arn:aws:s3:::another"),)
    estate = lake(ANALYST, READER, locations=elsewhere, grants=(grant(ANALYST),))
    assert found(estate) == []
    assert iam_of(estate) == []
    (access,) = iam_of(estate, READER)
    assert access.conditions == TRUE
    assert access.because[0] == "its location is not registered with Lake Formation"


def test_unregistered_locations_need_the_key():
    """The IAM door is as good as the files: without kms:Decrypt it is shut."""
    to_account = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": f"arn:aws:iam::{LAKE}:root"}}
    keyed = role("Keyed", *READER.policies, allow("kms:Decrypt", resource=KEY_ARN))
    elsewhere = (replace(LOCATION, arn="arn:aws:s3:::another"),)
    estate = lake(READER, keyed, locations=elsewhere, buckets=(ENCRYPTED,), keys=(key(to_account),))
    assert iam_of(estate, READER) == []
    assert len(iam_of(estate, keyed)) == 1


def test_iam_writes_alters_and_drops():
    """IAM_ALLOWED_PRINCIPALS leaves every permission to IAM."""
    writer = role("Writer", allow("glue:*"), allow("s3:PutObject", resource=OBJECTS))
    estate = lake(writer, catalogs=(settings(iam=True),))
    assert {each.action for each in accesses(Questions(estate)) if each.principal is writer} == {Action.WRITE, Action.ALTER, Action.DROP}


def test_what_is_not_registered_by_a_template_is_open():
    """No template registers any location: a grant may give something, and a reader of the files reads either way."""
    estate = lake(ANALYST, READER, locations=(), grants=(grant(ANALYST),))
    assert [access.conditions.truth for access in found(estate)] == [Truth.OPEN]
    assert [access.conditions.truth for access in iam_of(estate, READER)] == [Truth.OPEN]
    assert [access.conditions for access in iam_of(replace(estate, catalogs=(settings(iam=True),)), READER)] == [TRUE]


# --- implicit rights, engines ----------------------------------------------------------------------------------------------------------


def test_an_administrator_reads_nothing_by_itself():
    """implicit-permissions: an administrator describes everything and may grant; that it may grant to itself is another door."""
    admin = role("Admin", allow("*"))
    assert [
        each
        for each in accesses(Questions(lake(admin, catalogs=(settings(admins=(admin.arn,), read_only_admins=(admin.arn,)),))))
        if each.principal is admin
    ] == []


def test_the_execution_role_holds_what_it_created():
    """implicit-permissions: who creates a table has every permission on it; the role that deploys is taken to be that."""
    deployer = role(f"cdk-hnb659fds-cfn-exec-role-{LAKE}-{REGION}", allow("*"))
    kinds = {each.action for each in accesses(Questions(lake(deployer))) if each.principal is deployer}
    assert kinds == {Action.READ, Action.WRITE, Action.ALTER, Action.DROP, Action.GRANT}
    other = role(f"cdk-hnb659fds-cfn-exec-role-{LAKE}-us-east-1", allow("*"))
    assert [each for each in accesses(Questions(lake(other))) if each.principal is other] == []


def test_what_an_engine_enforces_is_said():
    """using-cred-vending: where engines outside are trusted to filter, columns that are held back are held back by them."""
    whom = role("Analyst", allow(*ENGINE, "lakeformation:GetTemporaryGlueTableCredentials"))
    narrow = grant(whom, resource=on(ResourceType.COLUMNS, columns=("id",)))
    trusting = (settings(external_filtering=True),)
    assert found(lake(whom, catalogs=trusting, grants=(narrow,)), whom)[0].enforced_by_engine
    assert not found(lake(whom, grants=(narrow,)), whom)[0].enforced_by_engine
    assert not found(lake(whom, catalogs=trusting, grants=(grant(whom),)), whom)[0].enforced_by_engine
    assert not found(lake(ANALYST, catalogs=trusting, grants=(replace(narrow, principal=ANALYST.arn),)))[0].enforced_by_engine


def test_a_whole_account_outside_the_estate():
    """A share that is too wide is an access of the account, or of the organisation, as a whole."""
    to_account = of(accesses(Questions(lake(grants=(grant("777788889999"),)))), "account 777788889999")
    assert [(each.principal.kind, each.principal.account) for each in to_account] == [(PrincipalKind.ACCOUNT, "777788889999")]
    organization = "arn:aws:organizations::999999999999:organization/o-anotherorgid"
    everybody = [each for each in accesses(Questions(lake(grants=(grant(organization),)))) if each.principal.arn == organization]
    assert [each.principal.kind for each in everybody] == [PrincipalKind.ORGANIZATION]
    assert [each.conditions for each in everybody] == [TRUE]


def test_grants_do_not_count_for_who_is_not_opted_in():
    """hybrid-access-mode: a grant to somebody who is not opted in, where IAM_ALLOWED_PRINCIPALS is there, opens nothing."""
    estate = lake(ANALYST, locations=(HYBRID,), catalogs=(settings(iam=True),), grants=(grant(ANALYST),))
    assert found(estate) == []
    assert len(found(replace(estate, opt_ins=(opt_in(ANALYST),)))) == 1


def test_tables_that_share_an_answer_are_told_apart_where_they_differ():
    """The answer about many tables together is the one about each of them alone."""
    names = ("orders", "customers", "returns", "ratings", "archive", "vouchers")
    under_one = (table(name, location=f"s3://{BUCKET}/finance/{name}/") for name in ("refunds", "bills"))
    tables = (*map(table, names), *under_one, table("trips", "id", "email", database="travel"))
    associations = (
        tag(on(ResourceType.DATABASE), domain="sales"),
        *(tag(on(table=name), zone="curated") for name in ("orders", "customers")),
        tag(on(ResourceType.COLUMNS, table="customers", columns=("email",)), zone="private"),
    )
    ends = ("catalog", "database/*", "table/sales/o*", "table/*/r*", "table/travel/trips")
    in_catalog = allow("glue:*", resource=[f"arn:aws:glue:{REGION}:{LAKE}:{end}" for end in ends])
    files = allow("s3:GetObject", resource=f"{OBJECTS[:-1]}sales/ra*")
    narrow = role("Narrow", in_catalog, files, allow("lakeformation:GetDataAccess"))
    wide = role("Wide", allow("glue:*", "lakeformation:*"), files)
    grants = (
        *(grant(whom, "ALL", resource=where(zone=["curated", "private"])) for whom in (narrow, wide)),
        *(grant(whom, resource=on(table="*")) for whom in (narrow, wide)),
        grant(wide, resource=where(zone="curated")),
        grant(narrow, resource=on(table="returns"), passing=("SELECT",)),
        grant(narrow, resource=on(table="*", database="travel")),
        grant(IAM_ALLOWED_PRINCIPALS, "ALL", resource=on(table="vouchers")),
    )
    registered = ("sales/orders", "sales/customers", "sales/vouchers", "finance")
    locations = tuple(replace(LOCATION, arn=f"arn:aws:s3:::{BUCKET}/{prefix}") for prefix in registered)
    estate = lake(narrow, wide, tables=tables, tag_associations=associations, grants=grants, locations=locations)
    together = set(accesses(Questions(estate)))
    alone = {access for each in tables for access in accesses(Questions(replace(estate, tables=(each,))))}
    assert together == alone
    doors = {(access.principal.name, access.dataset.name, access.door) for access in together if access.action is Action.READ}
    assert {name for whom, name, door in doors if (whom, door) == ("role/Narrow", Door.LAKE_FORMATION)} == {"sales.orders", "sales.refunds"}
    assert {name for whom, name, door in doors if (whom, door) == ("role/Wide", Door.IAM_CATALOG)} == {"sales.ratings", "sales.vouchers"}
