"""What was put aside is still there when somebody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import number, period
from lakecheck.rules.base import Cases, Complaint, Rule, is_open
from lakecheck.rules.pipeline._cases import NO_PIPELINE
from lakecheck.rules.pipeline._events import QUEUE, dead_letter_queues, taken_queues
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT: Final = "MessageRetentionPeriod"
_DEFAULT: Final = 4 * 86400
_MOST: Final = 14 * 86400
_ENOUGH: Final = 7 * 86400
"""A week: what fails before a long weekend is there after it."""


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    stated = resource.properties.get(_AT)
    if is_open(stated):
        yield Complaint(at=_AT, message="how long it keeps what failed is not known", is_unknown=True)
        return
    kept = _kept(resource)
    moved = [_kept(use.source) for use in dead_letter_queues(snapshot)[resource.arn] if use.is_redriven]
    longest = max(moved, default=0.0)
    if kept < _ENOUGH:
        yield Complaint(at=_AT, message=f"keeps what failed for {period(kept)}; allowed are {period(_ENOUGH)} or more, 14 days at most")
    elif kept <= longest and kept < _MOST:
        yield Complaint(
            at=_AT,
            message=f"keeps messages for {period(kept)} from when they were first sent, and its source for {period(longest)}; "
            "allowed is longer",
        )


def _kept(queue: Resource) -> float:
    found = number(queue.properties.get(_AT))
    return _DEFAULT if found is None else found


def _queues(source: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    redrive = {"deadLetterTargetArn": {"Fn::GetAtt": ["Missed", "Arn"]}, "maxReceiveCount": 3}
    return {
        "Missed": {"Type": QUEUE, "Properties": target},
        "Work": {"Type": QUEUE, "Properties": {**source, "RedrivePolicy": redrive}},
    }


RULE = Rule(
    id="pipeline.dead_letters_expire",
    title="A dead-letter queue keeps what failed until somebody can look",
    rationale=(
        "A queue keeps messages for four days unless told otherwise. A message that a queue moves keeps the time when it was first sent, "
        "so that it may be gone hours after it was moved."
    ),
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    severity=Severity.WARNING,
    remedy="Set MessageRetentionPeriod of the dead-letter queue to 14 days (1209600), which costs nothing while it is empty.",
    subjects=taken_queues,
    judge=_judge,
    cases=Cases(
        compliant=(_queues({}, {_AT: 1209600}), _queues({_AT: 1209600}, {_AT: 1209600})),
        failing=(_queues({}, {}), _queues({_AT: 864000}, {_AT: 777600})),
        not_applicable=({"Work": {"Type": QUEUE}}, NO_PIPELINE),
    ),
)
