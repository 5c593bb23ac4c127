"""What a workgroup's queries scan, and how they fail, can be watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules._plain import is_false
from lakecheck.rules.base import Cases, Complaint, Rule, value
from lakecheck.rules.query._workgroups import CONFIGURATION, spark, sql_workgroups, workgroup
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT: Final = f"{CONFIGURATION}.PublishCloudWatchMetricsEnabled"


def _judge(resource: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    found = value(resource, _AT)
    if is_false(found):
        yield Complaint(at=_AT, message="is false, so that nobody can watch what is scanned; allowed is true")
    elif found is None:
        yield Complaint(at=_AT, message="is not stated, and CloudFormation documents no default", is_unknown=True)


RULE = Rule(
    id="query.metrics_off",
    title="A workgroup publishes what its queries scan",
    rationale=(
        "The limit on one query does not stop a thousand of them. ProcessedBytes by workgroup is what a budget's alarm looks at, and it "
        "exists only when the workgroup publishes it."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/query-metrics-viewing.html",
    severity=Severity.WARNING,
    remedy="Set PublishCloudWatchMetricsEnabled to true.",
    subjects=sql_workgroups,
    judge=_judge,
    cases=Cases(
        compliant=(workgroup(PublishCloudWatchMetricsEnabled=True),),
        failing=(workgroup(PublishCloudWatchMetricsEnabled=False),),
        not_applicable=(spark(),),
    ),
)
