"""A small estate for tests of invariants: one lake account, one consumer, a bucket with a key, two tables, a few roles."""

from __future__ import annotations

from typing import Any

from lakecheck.access.invariants.loader import LoadedRules
from lakecheck.access.invariants.model import AccessRules
from lakecheck.access.matrix import build_matrix
from lakecheck.access.questions import Questions
from lakecheck.assembly.resources import Origin
from lakecheck.estate.model import (
    Account,
    Bucket,
    Catalog,
    Estate,
    GovernedResource,
    Key,
    Principal,
    PrincipalKind,
    Protected,
    ResourceType,
    Table,
    TagAssociation,
)
from lakecheck.iam.documents import parse_policy

LAKE, OTHER = "444444444421", "444444444411"
REGION = "eu-west-1"
BUCKET = "arn:aws:s3:::lake-curated"
KEY = f"arn:aws:kms:{REGION}:{LAKE}:key/11111111-2222-3333-4444-555555555555"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{LAKE}:trail/audit"


def origin(name: str, environment: str = "Prod") -> Origin:
    return Origin(environment=environment, stack=f"{environment}/Stack", logical_id=name, construct_path=f"{environment}/Stack/{name}")


def role(name: str, *statements: dict[str, Any], account: str = LAKE, trusts: str = "glue.amazonaws.com", **more: Any) -> Principal:
    """A role that one service can assume, with a policy of these statements."""
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": trusts}, "Action": "sts:AssumeRole"}]}
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    environment = "Prod" if account == LAKE else "Staging"
    return Principal(
        arn=f"arn:aws:iam::{account}:role/{name}",
        kind=PrincipalKind.ROLE,
        account=account,
        name=f"role/{name}",
        policies=(parse_policy(document, name=f"{name}/Policy"),) if statements else (),
        trust=parse_policy(trust, name=f"{name}/Trust"),
        origin=origin(f"{name}/Resource", environment),
        **more,
    )


def allow(action: str | list[str], resource: str | list[str], **conditions: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | ({"Condition": conditions} if conditions else {})


READ_ORDERS = (allow("s3:GetObject", f"{BUCKET}/sales/orders/*"), allow("kms:Decrypt", KEY))
READ_ALL = (allow("s3:GetObject", f"{BUCKET}/*"), allow("kms:Decrypt", KEY))


def table(name: str, *columns: str) -> Table:
    return Table(
        account=LAKE,
        region=REGION,
        database="sales",
        name=name,
        columns=columns,
        location=f"s3://lake-curated/sales/{name}/",
        origin=origin(f"Table{name}"),
    )


def tags(resource: GovernedResource, **values: str) -> TagAssociation:
    return TagAssociation(account=LAKE, region=REGION, resource=resource, tags=tuple(values.items()), origin=origin("Tags"))


def on(kind: ResourceType, **names: Any) -> GovernedResource:
    return GovernedResource(type=kind, catalog=LAKE, region=REGION, database="sales", **names)


def estate(*principals: Principal, **more: Any) -> Estate:
    """Orders (e-mail restricted, the rest internal) and customers, which nobody gave a class, in one encrypted bucket."""
    key_policy = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{LAKE}:root"}, "Action": "kms:*", "Resource": "*"}]}
    return Estate(
        accounts={LAKE: Account(id=LAKE, environments=("Prod",)), OTHER: Account(id=OTHER, environments=("Staging",))},
        principals=principals,
        buckets=(
            Bucket(
                arn=BUCKET,
                name="lake-curated",
                account=LAKE,
                region=REGION,
                encryption="SSE_KMS",
                key=KEY,
                public_access_blocked=True,
                acl_enabled=False,
                origin=origin("Curated/Bucket"),
            ),
        ),
        keys=(Key(arn=KEY, account=LAKE, policy=parse_policy(key_policy, name="Curated/Key"), origin=origin("Curated/Key")),),
        catalogs=(
            Catalog(
                account=LAKE,
                region=REGION,
                settings_known=True,
                database_defaults=False,
                table_defaults=False,
                keeps_other_admins=False,
                origin=origin("Settings"),
            ),
        ),
        tables=(table("orders", "order_id", "email"), table("customers", "name")),
        tag_associations=(
            tags(on(ResourceType.DATABASE), zone="curated", domain="sales"),
            tags(on(ResourceType.TABLE, table="orders"), classification="internal"),
            tags(on(ResourceType.COLUMNS, table="orders", columns=("email",)), classification="restricted"),
        ),
        protected=(Protected(type="AWS::CloudTrail::Trail", arn=TRAIL, account=LAKE, origin=origin("Trail")),),
        **more,
    )


def rules(*invariants: dict[str, Any], **more: Any) -> LoadedRules:
    """access.yaml with these invariants, each with an id and a sentence unless it has its own."""
    numbered = [{"id": f"rule-{number}", "says": "It is so."} | each for number, each in enumerate(invariants)]
    data = {"version": 1, "classifications": ["public", "internal", "restricted"], "invariants": numbered, **more}
    return LoadedRules(file="access.yaml", rules=AccessRules.model_validate(data), classifications=("public", "internal", "restricted"))


def judged(where: Estate, *invariants: dict[str, Any], **more: Any) -> Any:
    """The verdict on one invariant, or the verdicts on several."""
    from lakecheck.access.invariants.judge import judge  # noqa: PLC0415 - what tests of the loader need not read

    verdicts = judge(Questions(where), build_matrix(where), rules(*invariants, **more)).verdicts
    return verdicts[0] if len(invariants) == 1 else verdicts
