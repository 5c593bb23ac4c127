"""What the tests of Lake Formation share: a small governed lake, put together by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lakecheck.access.model import Access, Action, Door
from lakecheck.assembly.resources import Origin
from lakecheck.estate.model import (
    Account,
    Bucket,
    Catalog,
    CellsFilter,
    Database,
    DataLocation,
    Estate,
    GovernedResource,
    Grant,
    IamPrincipalsRevoked,
    Key,
    OptIn,
    Principal,
    PrincipalKind,
    ResourceType,
    Table,
    TagAssociation,
)
from lakecheck.iam.documents import parse_policy

if TYPE_CHECKING:
    from lakecheck.iam.model import Policy

LAKE = "111122223333"
CONSUMER = "444455556666"
STRANGER = "777788889999"
ORGANIZATION = "o-exampleorgid"
REGION = "eu-west-1"
BUCKET = "lake-curated"
ENGINE = ("glue:Get*", "lakeformation:GetDataAccess")
"""What somebody who queries needs of IAM."""


def origin(name: str = "Grant", **more: Any) -> Origin:
    """A place in a template."""
    return Origin(environment="Prod", stack="Prod/Lake", logical_id=name, **more)


def allow(*actions: str, resource: Any = "*", name: str = "Own", **more: Any) -> Policy:
    """A policy of one statement."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}
    return parse_policy({"Version": "2012-10-17", "Statement": [statement]}, name=name)


def role(name: str, *policies: Policy, account: str = LAKE, path: str = "/", **more: Any) -> Principal:
    """A role; one that may query through an engine when no policies are given."""
    own = policies or (allow(*ENGINE, name=f"{name}/Policy"),)
    arn = f"arn:aws:iam::{account}:role{path}{name}"
    return Principal(arn=arn, kind=PrincipalKind.ROLE, account=account, name=f"role/{name}", policies=own, origin=origin(name), **more)


def permission_set(name: str, *policies: Policy, account: str = LAKE) -> Principal:
    """The role of a permission set, by its pattern."""
    own = policies or (allow(*ENGINE, name=f"{name}/Policy"),)
    arn = f"arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{name}_{'?' * 16}"
    return Principal(arn=arn, kind=PrincipalKind.PERMISSION_SET, account=account, name=f"permission-set/{name}", policies=own)


def table(name: str = "orders", *columns: str, database: str = "sales", account: str = LAKE, **more: Any) -> Table:
    """A table of the lake; four columns when none are given."""
    values: dict[str, Any] = {"location": f"s3://{BUCKET}/{database}/{name}/", "region": REGION, **more}
    return Table(
        account=account, database=database, name=name, columns=columns or ("id", "email", "country", "total"), origin=origin(name), **values
    )


def on(kind: ResourceType = ResourceType.TABLE, *, catalog: str = LAKE, **more: Any) -> GovernedResource:
    """A resource; the table `sales.orders` when nothing else is said."""
    if kind in {ResourceType.TABLE, ResourceType.COLUMNS, ResourceType.CELLS_FILTER}:
        more = {"database": "sales", "table": "orders", **more}
    elif kind is ResourceType.DATABASE:
        more = {"database": "sales", **more}
    return GovernedResource(type=kind, catalog=catalog, region=REGION, **more)


def where(database: bool = False, catalog: str = LAKE, **tags: str | list[str]) -> GovernedResource:  # noqa: FBT001, FBT002 - reads well
    """An LF-Tag expression: `where(domain="sales", classification=["public", "internal"])`."""
    kind = ResourceType.DATABASE_EXPRESSION if database else ResourceType.TABLE_EXPRESSION
    pairs = tuple((key, tuple([value] if isinstance(value, str) else value)) for key, value in tags.items())
    return GovernedResource(type=kind, catalog=catalog, region=REGION, expression=pairs)


def grant(
    whom: Principal | str,
    *permissions: str,
    resource: GovernedResource | None = None,
    passing: tuple[str, ...] = (),
    account: str = LAKE,
    **more: Any,
) -> Grant:
    """A grant; SELECT on `sales.orders` when nothing else is said."""
    values: dict[str, Any] = {"origin": origin(), "region": REGION, **more}
    return Grant(
        account=account,
        principal=whom if isinstance(whom, str) else whom.arn,
        resource=resource if resource is not None else on(),
        permissions=frozenset(permissions or ("SELECT",)) | frozenset(passing),
        grantable=frozenset(passing),
        **values,
    )


def tag(resource: GovernedResource, *, at: Origin | None = None, **tags: str) -> TagAssociation:
    """LF-Tags on a resource."""
    return TagAssociation(account=resource.catalog, region=REGION, resource=resource, tags=tuple(tags.items()), origin=at or origin("Tags"))


def cells(name: str, *columns: str, rows: str = "", **more: Any) -> CellsFilter:
    """A data cells filter on `sales.orders`."""
    included = columns or None
    values: dict[str, Any] = {"database": "sales", "table": "orders", **more}
    return CellsFilter(account=LAKE, region=REGION, name=name, columns=included, rows=rows, origin=origin(name), **values)


def opt_in(whom: Principal, resource: GovernedResource | None = None) -> OptIn:
    """An opt-in; on `sales.orders` when nothing else is said."""
    return OptIn(account=LAKE, region=REGION, principal=whom.arn, resource=resource or on(), origin=origin("OptIn"))


def revoked(resource: GovernedResource | None = None, **more: Any) -> IamPrincipalsRevoked:
    """IAM_ALLOWED_PRINCIPALS is taken off; of `sales.orders` when nothing else is said."""
    return IamPrincipalsRevoked(account=LAKE, region=REGION, resource=resource or on(), origin=origin("Revoked", **more))


def settings(account: str = LAKE, *, iam: bool | None = False, **more: Any) -> Catalog:
    """The settings of a catalog; new tables are closed to IAM when nothing else is said."""
    return Catalog(
        account=account, region=REGION, settings_known=True, database_defaults=iam, table_defaults=iam, origin=origin("Settings"), **more
    )


LOCATION_ROLE = role("LocationRole", allow("s3:*", "kms:*"))
LOCATION = DataLocation(account=LAKE, region=REGION, arn=f"arn:aws:s3:::{BUCKET}", role=LOCATION_ROLE.arn, origin=origin("Location"))
HYBRID = replace(LOCATION, hybrid=True)
CURATED = Bucket(
    arn=f"arn:aws:s3:::{BUCKET}",
    name=BUCKET,
    account=LAKE,
    region=REGION,
    encryption="SSE_S3",
    public_access_blocked=True,
    acl_enabled=False,
    origin=origin("Bucket"),
)
KEY_ARN = f"arn:aws:kms:{REGION}:{LAKE}:key/curated"
ENCRYPTED = replace(CURATED, encryption="SSE_KMS", key=KEY_ARN, bucket_key=True)


def key(*statements: dict[str, Any]) -> Key:
    """The key of the curated zone."""
    policy = parse_policy({"Version": "2012-10-17", "Statement": list(statements)}, name="CuratedKey")
    return Key(arn=KEY_ARN, account=LAKE, policy=policy, origin=origin("Key"))


def lake(*principals: Principal, **parts: Any) -> Estate:
    """A governed lake with one table in a registered bucket, and a consumer's account in the same organisation."""
    values: dict[str, Any] = {
        "accounts": {
            LAKE: Account(id=LAKE, environments=("Prod",), organization=ORGANIZATION, organization_paths=(f"{ORGANIZATION}/r-1/ou-lake/",)),
            CONSUMER: Account(
                id=CONSUMER, environments=("Prod",), organization=ORGANIZATION, organization_paths=(f"{ORGANIZATION}/r-1/ou-use/",)
            ),
        },
        "buckets": (CURATED,),
        "databases": (Database(account=LAKE, region=REGION, name="sales", origin=origin("Database")),),
        "tables": (table(),),
        "catalogs": (settings(), settings(CONSUMER)),
        "locations": (LOCATION,),
        **parts,
    }
    return Estate(principals=(LOCATION_ROLE, *principals), **values)


def of(found: Any, whom: Principal | str, action: Action = Action.READ, door: Door = Door.LAKE_FORMATION) -> list[Access]:
    """The accesses of one principal, by action and door."""
    name = whom if isinstance(whom, str) else whom.name
    return [each for each in found if each.principal.name == name and each.action is action and each.door is door]


def columns_of(found: list[Access], every: tuple[str, ...] = ("id", "email", "country", "total")) -> dict[str, set[str]]:
    """Column by column, the row filters through which it is seen."""
    seen: dict[str, set[str]] = {}
    for access in found:
        for column in every if access.columns is None else access.columns:
            seen.setdefault(column, set()).add(access.rows)
    return seen
