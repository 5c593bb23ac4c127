"""Access points and access grants: the two ways to objects beside the bucket's own name."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.access.doors.access_grants import access_grants
from lakecheck.access.doors.access_points import access_points
from lakecheck.access.doors.s3 import s3
from lakecheck.access.model import Action, DatasetKind, Door
from lakecheck.formula import Truth
from lakecheck.values import hole

from .lakes import (
    ANYONE,
    BUCKET,
    CONSUMER,
    KEY,
    LAKE,
    ORDERS,
    POINT,
    REGION,
    ROUTES,
    access_grant,
    allow,
    bucket,
    deny,
    key_with,
    lake,
    of,
    point,
    role,
    trust,
)

OPEN, YES = Truth.OPEN, Truth.TRUE
BOTH = {ORDERS: YES, ROUTES: YES}
DELEGATES = allow("s3:*", [BUCKET, f"{BUCKET}/*"], Principal="*", Condition={"StringEquals": {"s3:DataAccessPointAccount": LAKE}})
KEY_READ = allow("kms:Decrypt", KEY)
OBJECTS = f"{POINT}/object/*"


def reader(*statements: dict[str, Any], **more: Any) -> Any:
    """A role with the key."""
    return role("Reader", KEY_READ, *statements, **more)


def test_an_access_point_opens_a_bucket_that_delegates() -> None:
    """The planted access point is found with its door; the direct door stays shut."""
    named = reader()
    entrance = point(allow("s3:GetObject", OBJECTS, Principal={"AWS": named.arn}))
    questions = lake(named, access_points=(entrance,), buckets=(bucket(BUCKET, DELEGATES),))
    found = list(access_points(questions))
    assert of(found, named) == BOTH
    assert {access.door for access in found} == {Door.ACCESS_POINT}
    assert of(s3(questions), named) == {}


def test_the_principals_own_policy_may_name_the_access_point() -> None:
    """Without a policy of its own, the access point serves whom IAM allows."""
    own = reader(allow("s3:GetObject", OBJECTS))
    assert of(access_points(lake(own, access_points=(point(),), buckets=(bucket(BUCKET, DELEGATES),))), own) == BOTH


@pytest.mark.parametrize(
    ("statements", "policy_of_bucket"),
    [
        pytest.param((), (DELEGATES,), id="nobody names the principal"),
        pytest.param((allow("s3:GetObject", OBJECTS),), (), id="the bucket does not delegate"),
        pytest.param((allow("s3:GetObject", f"{BUCKET}/*"),), (DELEGATES,), id="the bucket's name is not the access point's"),
        pytest.param((allow("s3:GetObject", OBJECTS), deny("s3:*", OBJECTS)), (DELEGATES,), id="denied"),
        pytest.param(
            (allow("s3:GetObject", OBJECTS),),
            (
                DELEGATES,
                deny("s3:*", f"{BUCKET}/*", Principal="*", Condition={"StringEquals": {"s3:AccessPointNetworkOrigin": "Internet"}}),
            ),
            id="only from a VPC",
        ),
    ],
)
def test_each_side_can_close_it(statements: tuple[dict[str, Any], ...], policy_of_bucket: tuple[dict[str, Any], ...]) -> None:
    """Access point and bucket both have to allow."""
    own = reader(*statements)
    assert of(access_points(lake(own, access_points=(point(),), buckets=(bucket(BUCKET, *policy_of_bucket),))), own) == {}


def test_the_key_is_needed_here_too() -> None:
    """An access point gives no key."""
    own = role("Own", allow("s3:GetObject", OBJECTS))
    assert of(access_points(lake(own, access_points=(point(),), buckets=(bucket(BUCKET, DELEGATES),))), own) == {}


def test_a_prefix_of_an_access_point_opens_its_table_alone() -> None:
    """Keys are the same behind both names; a deny of the bucket still counts."""
    own = reader(allow("s3:GetObject", f"{POINT}/object/sales/*"))
    whole = role("Whole", KEY_READ, allow("s3:GetObject", OBJECTS))
    questions = lake(own, whole, access_points=(point(),), buckets=(bucket(BUCKET, DELEGATES),))
    assert of(access_points(questions), own) == {ORDERS: YES}
    shut = bucket(BUCKET, DELEGATES, deny("s3:GetObject", f"{BUCKET}/sales/*", Principal="*"))
    assert of(access_points(lake(whole, access_points=(point(),), buckets=(shut,))), whole) == {ROUTES: YES}


def test_an_access_point_of_a_vpc_needs_the_vpc() -> None:
    """What asks for another VPC refuses, what asks for this one is met."""
    inside, elsewhere = (
        role(name, KEY_READ, allow("s3:GetObject", OBJECTS, Condition={"StringEquals": {"aws:SourceVpc": vpc}}))
        for name, vpc in (("Inside", "vpc-1"), ("Elsewhere", "vpc-2"))
    )
    questions = lake(inside, elsewhere, access_points=(point(vpc="vpc-1"),), buckets=(bucket(BUCKET, DELEGATES),))
    found = list(access_points(questions))
    assert of(found, inside) == BOTH
    assert of(found, elsewhere) == {}


def test_a_consumers_access_point_needs_the_bucket_and_the_key() -> None:
    """Across accounts: the bucket delegates to the other account's access points, the key lets it, its own role is allowed."""
    consumer = reader(allow("s3:GetObject", f"{POINT}/object/*"), account=CONSUMER)
    theirs = point(account=CONSUMER)
    to_them = allow("s3:*", f"{BUCKET}/*", Principal="*", Condition={"StringEquals": {"s3:DataAccessPointAccount": CONSUMER}})
    keys = key_with(allow("kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{CONSUMER}:root"}))
    opened = lake(consumer, access_points=(theirs,), buckets=(bucket(BUCKET, to_them),), keys=keys)
    assert of(access_points(opened), consumer) == BOTH
    assert of(access_points(lake(consumer, access_points=(theirs,), buckets=(bucket(BUCKET, DELEGATES),), keys=keys)), consumer) == {}
    assert of(access_points(lake(consumer, access_points=(theirs,), buckets=(bucket(BUCKET, to_them),))), consumer) == {}


def test_a_public_access_point_is_blocked_with_its_bucket() -> None:
    """Block public access of the bucket counts for its access points."""
    entrance = point(allow("s3:GetObject", OBJECTS, Principal="*"))
    plain = {"encryption": "SSE_S3", "key": ""}
    opened = lake(ANYONE, access_points=(entrance,), buckets=(bucket(BUCKET, DELEGATES, public_access_blocked=False, **plain),))
    assert of(access_points(opened), ANYONE) == BOTH
    assert of(access_points(lake(ANYONE, access_points=(entrance,), buckets=(bucket(BUCKET, DELEGATES, **plain),))), ANYONE) == {}


def test_object_lambda_asks_its_access_point_in_the_callers_name() -> None:
    """A right that is bound to the detour opens the access point by the detour."""
    via = {"ForAnyValue:StringEquals": {"aws:CalledVia": "s3-object-lambda.amazonaws.com"}}
    own = reader(allow("s3:GetObject", OBJECTS, Condition=via))
    assert of(access_points(lake(own, access_points=(point(),), buckets=(bucket(BUCKET, DELEGATES),))), own) == BOTH


def test_an_access_point_to_a_bucket_of_no_template_is_open() -> None:
    """The bucket's policy may delegate, or not."""
    own = reader(allow("s3:GetObject", OBJECTS))
    found = access_points(lake(own, access_points=(point(bucket="arn:aws:s3:::partner"),)))
    assert of(found, own, kind=DatasetKind.BUCKET) == {"s3://partner/": OPEN}


LOCATION = role(
    "Location",
    allow(["s3:GetObject", "s3:PutObject"], f"{BUCKET}/*"),
    allow(["kms:Decrypt", "kms:GenerateDataKey"]),
    trust=trust("access-grants.s3.amazonaws.com"),
)
ASK = allow("s3:GetDataAccess", f"arn:aws:s3:{REGION}:{LAKE}:access-grants/default")


def test_an_access_grant_gives_the_locations_right_to_its_prefix() -> None:
    """The grantee needs no right to object or key; the scope and the permission bound it."""
    scientist = role("Scientist", ASK)
    grant = access_grant(scientist.arn, "s3://prod-curated/sales/*", "READ", LOCATION)
    found = list(access_grants(lake(scientist, LOCATION, access_grants=(grant,))))
    assert of(found, scientist) == {ORDERS: YES}
    assert of(found, scientist, Action.WRITE) == {}
    assert {access.door for access in found} == {Door.ACCESS_GRANT}
    assert found[0].because[0] == "Prod/Lake/AccessGrant grants READ on s3://prod-curated/sales/*"


def test_write_grants_write() -> None:
    """READWRITE gives both, WRITE one."""
    scientist = role("Scientist", ASK)
    for permission, reads in (("READWRITE", {ORDERS: YES}), ("WRITE", {})):
        grant = access_grant(scientist.arn, "s3://prod-curated/sales/orders/*", permission, LOCATION)
        found = list(access_grants(lake(scientist, LOCATION, access_grants=(grant,))))
        assert of(found, scientist) == reads
        assert of(found, scientist, Action.WRITE) == {ORDERS: YES}


@pytest.mark.parametrize(
    ("grantee", "location"),
    [
        pytest.param(role("Scientist", allow("s3:ListBucket")), LOCATION, id="may not ask"),
        pytest.param(role("Scientist", ASK), role("Location", allow("s3:*"), trust=LOCATION.trust), id="the location has no key"),
        pytest.param(role("Scientist", ASK), role("Location", allow("*"), trust=trust("glue.amazonaws.com")), id="the role trusts another"),
        pytest.param(role("Other", ASK), LOCATION, id="another grantee"),
    ],
)
def test_one_piece_missing_voids_the_grant(grantee: Any, location: Any) -> None:
    """A grant alone gives nothing."""
    grant = access_grant(role("Scientist").arn, "s3://prod-curated/*", "READ", location)
    assert list(access_grants(lake(grantee, location, access_grants=(grant,)))) == []


def test_a_grantee_elsewhere_is_open_and_a_directory_user_is_named() -> None:
    """The instance's policy is in no template; an application asks for a directory's user."""
    foreign = role("Foreign", ASK, account=CONSUMER)
    grant = access_grant(foreign.arn, "s3://prod-curated/*", "READ", LOCATION)
    assert of(access_grants(lake(foreign, LOCATION, access_grants=(grant,))), foreign) == {ORDERS: OPEN, ROUTES: OPEN}
    user = access_grant("guid-1", "s3://prod-curated/travel/*", "READ", LOCATION, "DIRECTORY_USER")
    found = [each for each in access_grants(lake(LOCATION, access_grants=(user,))) if each.dataset.kind is DatasetKind.TABLE]
    assert [(each.principal.name, each.dataset.name, each.conditions.truth) for each in found] == [("directory user guid-1", ROUTES, YES)]


@pytest.mark.parametrize(("scope", "truth"), [("s3://*", YES), (f"s3://{hole('Bucket')}/sales/*", OPEN), ("s3://another/*", None)])
def test_a_grant_on_the_default_location_is_on_every_bucket(scope: str, truth: Truth | None) -> None:
    """One on a bucket whose name is not known may be on any; one on a bucket without data of this estate gives none of it."""
    scientist = role("Scientist", ASK)
    grant = access_grant(scientist.arn, scope, "READ", LOCATION)
    found = of(access_grants(lake(scientist, LOCATION, access_grants=(grant,))), scientist)
    assert found.get(ORDERS) is truth


def test_a_location_role_of_no_template_is_open() -> None:
    """What it may do is not known."""
    scientist = role("Scientist", ASK)
    grant = access_grant(scientist.arn, "s3://prod-curated/sales/*", "READ", LOCATION)
    assert of(access_grants(lake(scientist, access_grants=(grant,))), scientist) == {ORDERS: OPEN}
    silent = role("Scientist", allow("s3:ListBucket"))
    assert list(access_grants(lake(silent, access_grants=(grant,)))) == []
