"""No table is in the folder of another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.formula import TRUE
from lakecheck.rules._lake import Placed, contents, own_tables, place
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.catalog._cases import BUCKET, LINK, iceberg, table
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


@once
def _outer(snapshot: Snapshot) -> Mapping[tuple[str, str], tuple[Placed, Placed]]:
    """By resource, a table with the closest one of its catalog whose folder is the same or goes around it."""
    found: dict[tuple[str, str], tuple[Placed, Placed]] = {}
    for bucket in contents(snapshot).values():
        around: dict[tuple[str, str, str], list[Placed]] = {}
        for inner in bucket.tables:  # sorted by prefix, so that those around a table come just before it
            where = inner.resource.origin.environment, inner.table.account, inner.table.region
            outer = around.setdefault(where, [])
            while outer and not inner.prefix.startswith(outer[-1].prefix):
                outer.pop()
            if outer:
                found[place(inner.resource.origin)] = inner, outer[-1]
            if not outer or outer[-1].prefix != inner.prefix:
                outer.append(inner)
    return found


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    pair = _outer(snapshot).get(place(found.origin))
    if pair is None:
        return
    inner, outer = pair
    how = "is that" if inner.prefix == outer.prefix else "is in that"
    certain = inner.resource.origin.exists == TRUE and outer.resource.origin.exists == TRUE
    yield Complaint(
        message=f"the location of {shown(inner.name)} {how} of {shown(outer.name)}, {shown(outer.table.location)}; each needs its own",
        is_unknown=not certain,
    )


RULE = Rule(
    id="catalog.overlapping_locations",
    title="No two tables of a catalog have the same location, and none is inside another one's",
    rationale=(
        "Engines read every file below a table's location: the outer table has the inner one's rows among its own, or fails on their "
        "format, and whoever may read the outer one reads the inner one. An optimizer deletes the other table's files as orphans."
    ),
    source="https://docs.aws.amazon.com/glue/latest/dg/optimizer-notes.html",
    severity=Severity.WARNING,
    remedy="Give each table a folder of its own, beside those of the others.",
    subjects=own_tables,
    judge=_judge,
    cases=Cases(
        compliant=(
            {**table("Orders"), **table("Customers", name="customers")},
            {**table("Orders"), **table("Old", name="orders_old")},
            {**table("Orders"), **LINK},
        ),
        failing=(
            {**table("Orders"), **table("Items", name="items", storage={"Location": "s3://lake/sales/orders/items"})},
            {**table("Orders"), **iceberg("Again", name="orders")},
            {**table("All", name="all", storage={"Location": "s3://lake/"}), **table("Orders")},
        ),
        not_applicable=(BUCKET, LINK),
    ),
)
