"""One query cannot scan the whole lake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules.base import Cases, Complaint, Rule, is_open, value
from lakecheck.rules.query._workgroups import CONFIGURATION, spark, sql_workgroups, workgroup
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT: Final = f"{CONFIGURATION}.BytesScannedCutoffPerQuery"


def _judge(resource: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    found = value(resource, _AT)
    if is_open(found):
        yield Complaint(at=_AT, message="how much a query may scan is not known", is_unknown=True)
    elif found is None:
        yield Complaint(at=_AT, message="is not set, so that one query may scan everything; allowed is a number of bytes")


RULE = Rule(
    id="query.no_scan_cap",
    title="A workgroup limits what one query may scan",
    rationale=(
        "Athena bills by the bytes that a query scans and has no limit of its own: a join without a condition, or a filter that misses the "
        "partition, costs the month's budget before anybody has seen it."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html",
    severity=Severity.WARNING,
    remedy="Set BytesScannedCutoffPerQuery to what the workgroup's largest honest query scans.",
    subjects=sql_workgroups,
    judge=_judge,
    cases=Cases(
        compliant=(workgroup(BytesScannedCutoffPerQuery=107374182400),),
        failing=(workgroup(),),
        not_applicable=(spark(),),
    ),
    controls=("NIST.800.53.R5 SC-6",),
)
