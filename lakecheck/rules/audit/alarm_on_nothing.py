"""An alarm looks at a metric that there can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._alarms import metrics
from lakecheck.rules._plain import named
from lakecheck.rules.audit._cases import alarm
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.values import Unknown, generated_holes, holes, outline, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.rules._alarms import Metric
    from lakecheck.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class _Form:
    """How a service publishes its metrics.

    Attributes:
        by_name: Dimensions that have a name, and no ARN or URL.
        by_arn: Dimensions that have an ARN.
        one_of: One of these has to be there; any or none will do when empty.
        together: If the first is there, one of the others has to be as well.
    """

    by_name: tuple[str, ...] = ()
    by_arn: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    together: tuple[str, ...] = ()


_FORMS: Final[Mapping[str, _Form]] = {
    "AWS/SQS": _Form(by_name=("QueueName",), one_of=("QueueName",)),
    "AWS/States": _Form(by_arn=("StateMachineArn", "ActivityArn", "LambdaFunctionArn")),
    "AWS/Lambda": _Form(by_name=("FunctionName",)),
    "AWS/SNS": _Form(by_name=("TopicName",)),
    "AWS/Events": _Form(by_name=("RuleName",)),
    "AWS/DynamoDB": _Form(by_name=("TableName",)),
    "AWS/S3": _Form(by_name=("BucketName",), one_of=("BucketName",), together=("BucketName", "StorageType", "FilterId")),
    "Glue": _Form(by_name=("JobName",), together=("JobName", "JobRunId")),
}
"""The services that a lake's alarms look at, with their dimensions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
"""


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    yield from (metrics_[0].alarm for metrics_ in _judged(snapshot).values())


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    for metric in _judged(snapshot)[id(resource)]:
        place = f"{metric.at}.Dimensions".removeprefix(".")
        if metric.dimensions is None:
            yield Complaint(at=place, message="which resource the alarm is about is not known", is_unknown=True)
        else:
            form = _FORMS[metric.namespace]
            yield from (Complaint(at=place, message=said) for said in _wrong(metric, metric.dimensions, form))
            open_ones = [name for name in form.by_arn if _is_arn(metric.dimensions.get(name, "arn:")) is None]
            yield from (Complaint(at=place, message=f"whether {name} is an ARN is not known", is_unknown=True) for name in open_ones)


@once
def _judged(snapshot: Snapshot) -> Mapping[int, list[Metric]]:
    """By alarm, the metrics whose form is known here."""
    found: dict[int, list[Metric]] = {}
    for metric in metrics(snapshot):
        if isinstance(metric.namespace, str) and metric.namespace in _FORMS:
            found.setdefault(id(metric.alarm), []).append(metric)
    return found


def _wrong(metric: Metric, dimensions: Mapping[str, Any], form: _Form) -> Iterator[str]:
    never = "so that the alarm never fires"
    if form.one_of and not any(name in dimensions for name in form.one_of):
        yield f"{metric.namespace} has no metric without {named(form.one_of)}, {never}; allowed is one with it"
    first, *others = form.together or ("",)
    if first in dimensions and not any(name in dimensions for name in others):
        yield f"{metric.namespace} publishes {first} with {' or '.join(others)} only, {never}; allowed are both"
    for name, value in dimensions.items():
        if isinstance(value, Unknown) or not isinstance(value, str):
            continue
        if name in form.by_name and value.startswith(("arn:", "https:")):
            yield f"{name} is {shown(value)}, {never}; allowed is the name alone"
        elif name in form.by_arn and _is_arn(value) is False:
            yield f"{name} is {shown(value)}, {never}; allowed is the ARN"


def _is_arn(value: Any) -> bool | None:
    """Whether a value is an ARN; None when its beginning is not known. A name that CloudFormation makes up is none."""
    if not isinstance(value, str):
        return None
    begins_open = outline(value).startswith("*") and not value.startswith("*")
    if begins_open:
        return False if holes(value)[:1] == generated_holes(value)[:1] else None
    return value.startswith("arn:")


RULE = Rule(
    id="audit.alarm_on_nothing",
    title="An alarm looks at a metric that exists",
    rationale=(
        "A metric is found by the exact set of its dimensions. An ARN where the service publishes a name, or a dimension too few, is "
        "another metric, which nobody publishes: the alarm deploys, stays silent, and looks healthy."
    ),
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html",
    severity=Severity.ERROR,
    remedy="Take the dimensions that the service publishes: QueueName, StateMachineArn, FunctionName, in the form that it gives them.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            alarm("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": "missed"}),
            alarm("AWS/States", "ExecutionsFailed", {"StateMachineArn": "arn:aws:states:eu-west-1:444455556666:stateMachine:load"}),
            alarm("AWS/Lambda", "Errors", {}),
        ),
        failing=(
            alarm("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": "arn:aws:sqs:eu-west-1:444455556666:missed"}),
            alarm("AWS/SQS", "ApproximateNumberOfMessagesVisible", {}),
            alarm("AWS/States", "ExecutionsFailed", {"StateMachineArn": "load"}),
            alarm("AWS/S3", "BucketSizeBytes", {"BucketName": "curated"}),
        ),
        not_applicable=(alarm("Lake", "RowsRejected", {"Table": "orders"}),),
    ),
)
