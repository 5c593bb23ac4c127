"""An alarm on failures is quiet while nothing runs, and speaks up again at the next failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules._alarms import metrics
from lakecheck.rules.audit._cases import alarm
from lakecheck.rules.base import Cases, Complaint, Rule, is_open
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT: Final = "TreatMissingData"
_FAILURES: Final = {
    "AWS/States": frozenset({"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionThrottled"}),
    "AWS/Lambda": frozenset({"Errors", "Throttles", "DeadLetterErrors", "DestinationDeliveryFailures"}),
    "AWS/Events": frozenset({"FailedInvocations", "InvocationsSentToDlq", "InvocationsFailedToBeSentToDlq", "ThrottledRules"}),
    "AWS/Scheduler": frozenset({"TargetErrorCount", "InvocationDroppedCount", "InvocationsSentToDeadLetterCount"}),
}
"""What is counted when something fails: no data is no failure."""

_SAYS: Final = {
    "breaching": "so that the alarm is on whenever nothing runs, and nobody looks any more",
    "ignore": "so that the alarm stays on after a failure, and the next one tells nobody",
}


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    seen: dict[int, tuple[Resource, bool]] = {}
    for metric in metrics(snapshot):
        known = _FAILURES.get(metric.namespace, frozenset()) if isinstance(metric.namespace, str) else frozenset()
        is_failure = isinstance(metric.name, str) and metric.name in known
        seen[id(metric.alarm)] = (metric.alarm, is_failure and seen.get(id(metric.alarm), (None, True))[1])
    for one, counts_failures in seen.values():
        comparison = one.properties.get("ComparisonOperator")
        if counts_failures and isinstance(comparison, str) and comparison.startswith("GreaterThan"):
            yield one


def _judge(resource: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    found = resource.properties.get(_AT)
    if is_open(found):
        yield Complaint(at=_AT, message="how it takes times without data is not known", is_unknown=True)
    elif isinstance(found, str) and found in _SAYS:
        yield Complaint(at=_AT, message=f"is {found}, {_SAYS[found]}; allowed are notBreaching and missing")


_ARN = {"StateMachineArn": "arn:aws:states:eu-west-1:444455556666:stateMachine:load"}

RULE = Rule(
    id="audit.missing_data",
    title="An alarm on failures takes no data for no failure",
    rationale=(
        "Services publish a count of failures when there are some. For such a metric, missing data means that all is well: an alarm that "
        "takes it for a failure is always on, and one that ignores it is never off again."
    ),
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html",
    severity=Severity.WARNING,
    remedy="Set TreatMissingData to notBreaching.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            alarm("AWS/States", "ExecutionsFailed", _ARN, TreatMissingData="notBreaching"),
            alarm("AWS/States", "ExecutionsFailed", _ARN),
        ),
        failing=(
            alarm("AWS/States", "ExecutionsFailed", _ARN, TreatMissingData="ignore"),
            alarm("AWS/Lambda", "Errors", {"FunctionName": "load"}, TreatMissingData="breaching"),
        ),
        not_applicable=(
            alarm("AWS/States", "ExecutionsSucceeded", _ARN, TreatMissingData="breaching"),
            alarm("AWS/Lambda", "Errors", {}, ComparisonOperator="LessThanThreshold", TreatMissingData="breaching"),
        ),
    ),
)
