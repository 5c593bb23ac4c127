"""Who opens objects by editing the policy of their bucket, access point or key."""

from __future__ import annotations

from typing import Any

from lakecheck.access.doors.resource_edit import resource_edit
from lakecheck.access.model import Action, Door
from lakecheck.estate.model import Account
from lakecheck.formula import Truth
from tests.lakecheck.access.doors.escalations import permission_set, root
from tests.lakecheck.access.doors.lakes import (
    BUCKET,
    CONSUMER,
    KEY,
    LAKE,
    ORDERS,
    POINT,
    ROUTES,
    STRANGER,
    allow,
    bucket,
    deny,
    key_with,
    lake,
    of,
    point,
    policy,
    role,
    stranger,
)

EDIT = allow("s3:PutBucketPolicy", BUCKET)
DECRYPT = allow("kms:Decrypt", KEY)
OBJECTS = f"{BUCKET}/*"
BOTH = {ORDERS: Truth.TRUE, ROUTES: Truth.TRUE}
SHUT = bucket(BUCKET, deny("s3:GetObject*", OBJECTS, Principal="*"))


def found(source: Any, *others: Any, action: Action = Action.READ, **more: Any) -> dict[str, Truth]:
    """What it gets, by table."""
    return of(resource_edit(lake(source, *others, **more)), source, action)


def test_a_bucket_policy_and_the_key_open_the_objects() -> None:
    """Either alone does not."""
    assert found(role("Dev", EDIT, DECRYPT)) == BOTH
    assert found(role("Dev", EDIT)) == {}
    assert found(role("Dev", DECRYPT)) == {}


def test_a_key_policy_opens_what_the_bucket_lets_read() -> None:
    """Or a grant of the key that one makes for oneself."""
    read = allow("s3:GetObject", OBJECTS)
    assert found(role("Dev", read, allow("kms:PutKeyPolicy", KEY))) == BOTH
    assert found(role("Dev", read, allow("kms:CreateGrant", KEY))) == BOTH
    assert found(role("Dev", allow("kms:PutKeyPolicy", KEY))) == {}


def test_a_grant_for_aws_services_alone_is_none() -> None:
    """As policies for volumes and streams have it."""
    condition = {"Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}}
    assert found(role("Dev", allow("s3:GetObject", OBJECTS), allow("kms:CreateGrant", KEY, **condition))) == {}


def test_both_edits_together() -> None:
    """Two steps."""
    dev = role("Dev", EDIT, allow("kms:PutKeyPolicy", KEY))
    assert found(dev) == BOTH
    (one, *_) = [each for each in resource_edit(lake(dev)) if each.action is Action.READ]
    assert [step.target for step in one.via] == ["prod-curated", KEY]
    assert {step.door for step in one.via} == {Door.POLICY_EDIT}


def test_a_key_that_does_not_trust_iam_stays_shut() -> None:
    """Its policy alone opens it; whom that names may edit it without another policy."""
    dev = role("Dev", EDIT, allow("kms:*"))
    alone = key_with({"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": f"arn:aws:iam::{LAKE}:role/KeyAdmin"}})
    assert found(dev, keys=alone) == {}
    admin = role("KeyAdmin", allow("s3:GetObject", OBJECTS), allow("s3:ListBucket"))
    administers = key_with({"Effect": "Allow", "Action": "kms:PutKeyPolicy", "Resource": "*", "Principal": {"AWS": admin.arn}})
    assert found(admin, keys=administers) == BOTH


def test_denies_of_the_bucket_go_with_its_policy() -> None:
    """Rewritten, or taken away by whom IAM lets read anyway."""
    reads = (allow("s3:GetObject", OBJECTS), DECRYPT)
    assert found(role("Dev", *reads, EDIT), buckets=(SHUT,)) == BOTH
    assert found(role("Dev", *reads, allow("s3:DeleteBucketPolicy", BUCKET)), buckets=(SHUT,)) == BOTH
    assert found(role("Dev", DECRYPT, allow("s3:DeleteBucketPolicy", BUCKET)), buckets=(SHUT,)) == {}
    guarded = bucket(BUCKET, deny(["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"], BUCKET, Principal="*"))
    assert found(role("Dev", EDIT, DECRYPT), buckets=(guarded,)) == {}


def test_what_is_open_already_is_no_edit() -> None:
    """It is told by the door of S3."""
    assert found(role("Dev", EDIT, DECRYPT, allow("s3:GetObject", OBJECTS))) == {}


def test_ones_own_denies_and_boundary_still_hold() -> None:
    """A policy of the bucket naming a role does not lift them."""
    assert found(role("Dev", EDIT, DECRYPT, deny("s3:GetObject"))) == {}
    assert found(role("Dev", EDIT, DECRYPT, boundary=policy("B", allow(["s3:PutBucketPolicy", "kms:*"])))) == {}
    scps = ((policy("Full", allow("*")), policy("No", deny("s3:GetObject"))),)
    assert found(role("Dev", EDIT, DECRYPT), accounts={LAKE: Account(id=LAKE, environments=("Prod",), scps=scps)}) == {}


def test_writing_is_opened_too() -> None:
    """The encryption is the writer's choice."""
    assert found(role("Dev", EDIT), action=Action.WRITE) == BOTH


def test_another_account_may_be_let_edit() -> None:
    """Where its bucket policy says so; IAM of the own account alone is no help."""
    far = role("Far", allow("*"), account=CONSUMER)
    assert found(far) == {}
    let = bucket(BUCKET, allow(["s3:PutBucketPolicy"], BUCKET, Principal={"AWS": root(STRANGER)}))
    open_key = key_with(allow("kms:*", Principal={"AWS": root(STRANGER)}))
    assert found(stranger(), buckets=(let,), keys=open_key) == BOTH


def test_an_administrator_of_another_account_is_told_what_it_edits_here() -> None:
    """It can do anything there, not here."""
    admin = role("Admin", allow("*"), account=CONSUMER)
    let = bucket(BUCKET, allow("s3:PutBucketPolicy", BUCKET, Principal={"AWS": admin.arn}))
    open_key = key_with(allow("kms:*", Principal={"AWS": admin.arn}))
    assert found(admin, buckets=(let,), keys=open_key) == BOTH


def test_a_permission_set_edits_too() -> None:
    """Its role's suffix is not known."""
    assert found(permission_set("Engineer", EDIT, DECRYPT)) == BOTH


def test_an_access_point_can_be_opened() -> None:
    """Where the bucket leaves it to its access points."""
    delegating = bucket(
        BUCKET, allow("s3:*", [BUCKET, OBJECTS], Principal="*", Condition={"StringEquals": {"s3:DataAccessPointAccount": LAKE}})
    )
    dev = role("Dev", allow("s3:PutAccessPointPolicy", POINT), DECRYPT)
    rows = [each for each in resource_edit(lake(dev, buckets=(delegating,), access_points=(point(),))) if each.action is Action.READ]
    assert {each.dataset.name for each in rows if each.dataset.name in BOTH} == set(BOTH)
    assert {each.door for each in rows} == {Door.ACCESS_POINT}
    assert found(role("Dev", DECRYPT), buckets=(delegating,), access_points=(point(),)) == {}


def test_an_administrator_has_a_shorter_way() -> None:
    """Told by the door of policy edits."""
    assert found(role("Admin", allow("*"))) == {}
