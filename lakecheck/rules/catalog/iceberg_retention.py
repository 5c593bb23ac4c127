"""Snapshots of Iceberg tables end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.catalog._cases import BUCKET, iceberg, optimizer, table
from lakecheck.rules.catalog._maintenance import property_names, readable, without
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_OTHERWISE = ("vacuum_max_snapshot_age_seconds", "vacuum_min_snapshots_to_keep", "history.expire.max-snapshot-age-ms")
"""Properties of a table whose snapshots somebody lets expire by other means: Athena's VACUUM, Spark's expire_snapshots."""


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    if property_names(found).isdisjoint(_OTHERWISE):
        yield from without("retention", found, snapshot, then="each snapshot, and each row erased since, stays for ever")


RULE = Rule(
    id="catalog.iceberg_retention",
    title="Snapshots of an Iceberg table expire",
    rationale=(
        "A row that is deleted from an Iceberg table stays in its older snapshots, readable by time travel, until they expire: an erasure "
        "that the law asks for has not happened. Files and metadata grow with every write, and so do planning time and cost."
    ),
    source="https://docs.aws.amazon.com/glue/latest/dg/snapshot-retention-management.html",
    severity=Severity.WARNING,
    remedy="Add an AWS::Glue::TableOptimizer of type retention, or state vacuum_max_snapshot_age_seconds and run VACUUM.",
    subjects=readable,
    judge=_judge,
    cases=Cases(
        compliant=(
            {**iceberg(), **optimizer("retention")},
            iceberg(Properties={"vacuum_max_snapshot_age_seconds": "604800"}),
        ),
        failing=(iceberg(), {**iceberg(), **optimizer("retention", enabled=False)}, {**iceberg(), **optimizer("compaction")}),
        not_applicable=(BUCKET, table()),
    ),
    controls=("NIST.800.53.R5 SI-12", "NIST.800.53.R5 SI-12(3)"),
)
