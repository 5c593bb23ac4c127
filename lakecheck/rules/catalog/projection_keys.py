"""Every partition key of a projected table is projected, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.rules._lake import parameters
from lakecheck.rules.base import Cases, Complaint, Rule, is_open, value
from lakecheck.rules.catalog._cases import BUCKET, LINK, projected, table
from lakecheck.rules.catalog._projection import ENABLED, has_unknown_keys, is_projected, partition_keys, projectable, projected_keys
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT = "TableInput.Parameters"


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    stated = value(found, _AT)
    enabled = parameters(found).get(ENABLED)
    if is_open(stated) or is_open(enabled):
        what = shown(stated if is_open(stated) else enabled)
        yield Complaint(at=_AT, message=f"whether partitions are projected is not known: {what}", is_unknown=True)
    if not is_projected(found):
        return
    keys, with_type = partition_keys(found), list(projected_keys(found))
    for key in keys:
        if key not in with_type:
            yield Complaint(at=_AT, message=f"partition key {key} has no projection.{key}.type; each key of a projected table needs one")
    unknown = has_unknown_keys(found)
    for key in with_type:
        if key not in keys:
            yield Complaint(
                at=_AT,
                message=f"projection.{key}.type is about no partition key of the table; there are {', '.join(keys) if keys else 'none'}",
                is_unknown=unknown,
            )


RULE = Rule(
    id="catalog.projection_keys",
    title="A projected table projects each of its partition keys and no other column",
    rationale=(
        "Athena refuses every query on a table with partition projection if one partition key has no type of projection; a type for a "
        "column that is no partition key has no effect, so that the partitions are others than its author thinks."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html",
    severity=Severity.ERROR,
    remedy="Give each partition key a projection.<key>.type with what belongs to it, and remove those that are about other columns.",
    subjects=projectable,
    judge=_judge,
    cases=Cases(
        compliant=(projected(), table()),
        failing=(projected(projection_day_type=None), projected(projection_hour_type="integer", projection_hour_range="0,23")),
        not_applicable=(BUCKET, LINK, table(Parameters={"table_type": "ICEBERG", "projection.enabled": "true"})),
    ),
)
