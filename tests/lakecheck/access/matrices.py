"""Matrices made by hand: a lake with two tables and a bucket, and whoever a test needs."""

from __future__ import annotations

from typing import Any

from lakecheck.access.matrix import compose
from lakecheck.access.model import Access, Action, Dataset, DatasetKind, Door, Edge, Leak, Matrix, Step
from lakecheck.assembly.resources import Origin
from lakecheck.estate.model import Account, Estate, Principal, PrincipalKind, Table
from lakecheck.formula import TRUE, Formula, Test, Unresolved

LAKE, CONSUMER = "444444444421", "444444444422"
CUSTOMERS = Dataset(DatasetKind.TABLE, LAKE, "eu-west-1", "sales.customers", "Prod")
ORDERS = Dataset(DatasetKind.TABLE, LAKE, "eu-west-1", "sales.orders", "Prod")
LANDING = Dataset(DatasetKind.BUCKET, LAKE, "eu-west-1", "s3://prod-landing/", "Prod")
COLUMNS = {"sales.customers": ("customer_id", "name", "email"), "sales.orders": ("order_id", "total")}

FROM_VPC = Test("aws:sourcevpce", "StringEquals", ("vpce-1",))
FROM_EITHER = Test("aws:sourcevpce", "StringEquals", ("vpce-1", "vpce-2"))
NOBODY_KNOWS = Unresolved("the policy of a role that no template defines")


def principal(name: str, account: str = CONSUMER, **more: Any) -> Principal:
    """A role."""
    return Principal(arn=f"arn:aws:iam::{account}:role/{name}", kind=PrincipalKind.ROLE, account=account, name=f"role/{name}", **more)


ANALYST, READER, ADMIN, JOB = principal("Analyst"), principal("PiiReader"), principal("Admin", LAKE), principal("Job", LAKE)


def origin(environment: str, name: str) -> Origin:
    """A place in a template."""
    return Origin(environment=environment, stack=f"{environment}/Lake", logical_id=name, source="stacks/lake.py:88")


def table(name: str, columns: tuple[str, ...] | None = None, account: str = LAKE, environment: str = "Prod") -> Table:
    """A table of the estate."""
    database, _, short = name.partition(".")
    return Table(
        account=account, region="eu-west-1", database=database, name=short, origin=origin(environment, short),
        columns=COLUMNS[name] if columns is None else columns,
    )  # fmt: skip


def estate(*principals: Principal, tables: tuple[Table, ...] | None = None) -> Estate:
    """The lake with these principals."""
    accounts = {account: Account(id=account, environments=("Prod",)) for account in (LAKE, CONSUMER)}
    return Estate(accounts=accounts, principals=principals, tables=tuple(map(table, COLUMNS)) if tables is None else tables)


def access(who: Principal, dataset: Dataset = CUSTOMERS, action: Action = Action.READ, **more: Any) -> Access:
    """An access of the principal's own, through Lake Formation unless said otherwise."""
    said = {"door": Door.LAKE_FORMATION, "because": (f"a grant to {who.name}",)} | more
    return Access(principal=who, dataset=dataset, action=action, **said)


def becomes(source: Principal, target: Principal, door: Door = Door.ASSUMED_ROLE, conditions: Formula = TRUE) -> Edge:
    """The source can act as the target."""
    step = Step(door, target.name, (f"the trust of {target.name}",))
    return Edge(source=source, target=target, step=step, conditions=conditions)


def administers(source: Principal, account: str = LAKE) -> Edge:
    """The source can do anything in the account."""
    return Edge(source=source, target=None, account=account, step=Step(Door.POLICY_EDIT, source.name, ("iam:PutRolePolicy",)))


def leak(source: Principal, member: Principal) -> Leak:
    """The source reads the results of the member's queries."""
    return Leak(source=source, member=member, step=Step(Door.ATHENA_RESULTS, "s3://results/team/"))


def matrix(*own: Access, edges: tuple[Edge, ...] = (), leaks: tuple[Leak, ...] = (), **more: Any) -> Matrix:
    """The matrix of what is given, over the two tables and the bucket."""
    known = more.pop("estate", None)
    if known is None:
        known = estate(*dict.fromkeys(one.principal for one in own))
    datasets = more.pop("datasets", (CUSTOMERS, ORDERS, LANDING))
    return compose(known, own, edges, leaks, datasets=datasets, **more)


def rows(found: Matrix, who: Principal) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Dataset, action, door and the way's doors of each row of a principal."""
    return [
        (one.dataset.name, one.action.value, one.door.value, tuple(step.door.value for step in one.via))
        for one in found.accesses
        if one.principal is who
    ]
