"""A small lake made by hand for the tests of doors: one bucket, one key, two tables, and whatever a test adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.access.model import Access, Action, DatasetKind, Leak
from lakecheck.access.questions import Questions
from lakecheck.assembly.resources import Origin
from lakecheck.estate.model import (
    AccessGrant,
    AccessPoint,
    Account,
    Bucket,
    Estate,
    Executor,
    Key,
    Principal,
    PrincipalKind,
    Table,
    Workgroup,
)
from lakecheck.iam.documents import parse_policy

if TYPE_CHECKING:
    from lakecheck.formula import Truth
    from lakecheck.iam.model import Policy

LAKE = "444444444421"
CONSUMER = "444444444422"
STRANGER = "999999999999"
REGION = "eu-west-1"
BUCKET = "arn:aws:s3:::prod-curated"
COPY = "arn:aws:s3:::prod-copy"
KEY = f"arn:aws:kms:{REGION}:{LAKE}:key/1111"
POINT = f"arn:aws:s3:{REGION}:{LAKE}:accesspoint/notebooks"
ORDERS = "sales.orders"
ROUTES = "travel.routes"

Document = dict[str, Any]


def origin(logical_id: str) -> Origin:
    """A place in the stack that all tests share."""
    return Origin(environment="Prod", stack="Prod/Lake", logical_id=logical_id)


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> Document:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> Document:
    """A statement that denies."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def policy(name: str, *statements: Document) -> Policy:
    """A policy of these statements."""
    return parse_policy({"Version": "2012-10-17", "Statement": list(statements)}, name=name)


def role(name: str, *statements: Document, account: str = LAKE, **more: Any) -> Principal:
    """A role with one policy; with none when there are no statements."""
    own = (policy(f"{name}/DefaultPolicy", *statements),) if statements else ()
    arn = f"arn:aws:iam::{account}:role/{name}"
    return Principal(
        arn=arn,
        kind=PrincipalKind.ROLE,
        account=account,
        name=f"role/{name}",
        policies=own,
        origin=origin(name),
        tags=more.pop("tags", {}),
        **more,
    )


def trust(service: str) -> Policy:
    """A trust policy that lets a service alone."""
    return policy("Trust", {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}})


ANYONE = Principal(arn="*", kind=PrincipalKind.ANYONE, account="", name="anyone")


def stranger(account: str = STRANGER) -> Principal:
    """A whole account outside the estate."""
    return Principal(arn=f"arn:aws:iam::{account}:root", kind=PrincipalKind.ACCOUNT, account=account, name=f"account {account}")


def service(name: str) -> Principal:
    """A service principal."""
    return Principal(arn=name, kind=PrincipalKind.SERVICE, account="", name=name)


def key_policy(*statements: Document) -> Policy:
    """A key policy; AWS's default, which leaves everything to IAM, without statements."""
    root = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{LAKE}:root"})
    return policy("Key policy", *(statements or (root,)))


def bucket(arn: str = BUCKET, *statements: Document, **more: Any) -> Bucket:
    """A bucket under SSE-KMS with bucket keys, blocked for the public."""
    name = arn.rpartition(":")[2]
    settings: dict[str, Any] = {
        "account": LAKE,
        "region": REGION,
        "policy": policy(f"{name} policy", *statements) if statements else None,
        "encryption": "SSE_KMS",
        "key": KEY,
        "bucket_key": True,
        "public_access_blocked": True,
        "acl_enabled": False,
        "origin": origin(name),
    }
    return Bucket(arn=arn, name=name, **{**settings, **more})


def table(name: str, location: str = "", **more: Any) -> Table:
    """A table, `database.table`; below `s3://prod-curated/` where nothing else is said."""
    database, _, short = name.partition(".")
    where = location or f"s3://prod-curated/{database}/{short}/"
    return Table(account=LAKE, region=REGION, database=database, name=short, columns=("id",), location=where, origin=origin(name), **more)


def point(*statements: Document, **more: Any) -> AccessPoint:
    """An access point to the bucket."""
    own = policy("Access point policy", *statements) if statements else None
    return AccessPoint(**{"arn": POINT, "account": LAKE, "bucket": BUCKET, "policy": own, "origin": origin("Point"), **more})


def access_grant(grantee: str, scope: str, permission: str, by: Principal, kind: str = "IAM") -> AccessGrant:
    """An Access Grant in the lake's account."""
    return AccessGrant(
        account=LAKE, scope=scope, permission=permission, grantee=grantee, grantee_kind=kind, role=by.arn, origin=origin("AccessGrant")
    )


def workgroup(name: str, output: str = "s3://prod-results/analysts/", **more: Any) -> Workgroup:
    """A workgroup of the lake's account."""
    arn = f"arn:aws:athena:{REGION}:{LAKE}:workgroup/{name}"
    settings: dict[str, Any] = {"enforced": True, **more}
    return Workgroup(arn=arn, account=LAKE, region=REGION, name=name, output=output, origin=origin(name), **settings)


def job(runs_as: Principal, temporary: str = "") -> Executor:
    """A Glue job."""
    arn = f"arn:aws:glue:{REGION}:{LAKE}:job/load"
    return Executor(kind="glue_job", arn=arn, account=LAKE, role=runs_as.arn, temporary=temporary, origin=origin("Job"))


def lake(*principals: Principal, **more: Any) -> Questions:
    """The small lake with these principals; a test replaces whole kinds of resources by name."""
    parts: dict[str, Any] = {
        "accounts": {
            LAKE: Account(id=LAKE, environments=("Prod",), organization="o-lake"),
            CONSUMER: Account(id=CONSUMER, environments=("Prod",), organization="o-lake"),
        },
        "buckets": (bucket(),),
        "keys": (Key(arn=KEY, account=LAKE, policy=key_policy(), origin=origin("Key")),),
        "tables": (table(ORDERS), table(ROUTES)),
    }
    return Questions(Estate(**{**parts, "principals": principals, **more}))


def key_with(*statements: Document) -> tuple[Key, ...]:
    """The lake's key with another policy."""
    return (Key(arn=KEY, account=LAKE, policy=key_policy(*statements), origin=origin("Key")),)


def of(accesses: Any, principal: Principal, action: Action = Action.READ, kind: DatasetKind = DatasetKind.TABLE) -> dict[str, Truth]:
    """What the principal gets, by the dataset's name."""
    found: list[Access] = [each for each in accesses if each.principal is principal and each.action is action]
    return {each.dataset.name: each.conditions.truth for each in found if each.dataset.kind is kind}


def leaks(found: Any) -> dict[tuple[str, str], Truth]:
    """Who reads what whom has read, by name."""
    kept: list[Leak] = list(found)
    return {(each.source.name, each.member.name): each.conditions.truth for each in kept}
