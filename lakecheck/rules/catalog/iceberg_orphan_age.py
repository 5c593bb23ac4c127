"""Orphan files are old enough to be orphans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules.base import Cases, Complaint, Rule, is_open, value
from lakecheck.rules.catalog._cases import BUCKET, iceberg, optimizer
from lakecheck.rules.catalog._iceberg import number
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT = "TableOptimizerConfiguration.OrphanFileDeletionConfiguration.IcebergConfiguration.OrphanFileRetentionPeriodInDays"
_DEFAULT = 3


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for each in snapshot.by_type.get("AWS::Glue::TableOptimizer", ()):
        if each.properties.get("Type") == "orphan_file_deletion":
            yield each


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    days = value(found, _AT)
    if is_open(days):
        yield Complaint(at=_AT, message=f"after how many days files are deleted is not known: {shown(days)}", is_unknown=True)
    elif days is not None and (number(days) is None or (number(days) or 0) < _DEFAULT):
        yield Complaint(at=_AT, message=f"is {shown(days)}; allowed are {_DEFAULT} days, as AWS's default, and more")


def _after(days: Any) -> dict[str, Any]:
    configuration = {"IcebergConfiguration": {"OrphanFileRetentionPeriodInDays": days}}
    return {**iceberg(), **optimizer("orphan_file_deletion", OrphanFileDeletionConfiguration=configuration)}


RULE = Rule(
    id="catalog.iceberg_orphan_age",
    title="Orphan files of an Iceberg table are deleted after three days at the earliest",
    rationale=(
        "The files of a write that has not committed yet, because it is long, is retried or waits for its audit, look like orphans. "
        "Deleted too early they are missing from the table as soon as the write commits, and no query can read it any more."
    ),
    source="https://docs.aws.amazon.com/glue/latest/dg/optimizer-notes.html",
    severity=Severity.ERROR,
    remedy="Set OrphanFileRetentionPeriodInDays above the longest time between a file and its commit, to 3 or more.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_after(7), {**iceberg(), **optimizer("orphan_file_deletion")}),
        failing=(_after(1), _after(0)),
        not_applicable=(BUCKET, {**iceberg(), **optimizer("retention")}),
    ),
)
