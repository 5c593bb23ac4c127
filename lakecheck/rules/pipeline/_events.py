"""EventBridge rules and schedules with what they start, and the queues that take what could not be started."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import at, listed
from lakecheck.rules.base import is_open, once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

RULE: Final = "AWS::Events::Rule"
SCHEDULE: Final = "AWS::Scheduler::Schedule"
QUEUE: Final = "AWS::SQS::Queue"

_STARTED: Final = frozenset(
    {"batch", "codebuild", "codepipeline", "ecs", "glue", "lambda", "redshift", "redshift-serverless", "sagemaker", "sfn", "states"}
)
"""Services of targets that do something; the others are told, or keep what they are sent."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One target of a rule or a schedule.

    Attributes:
        source: The rule or schedule.
        at: Where in its properties the target stands.
        body: The target; empty when it is not known.
        starts: Whether it starts something; None when that is not known.
    """

    source: Resource
    at: str
    body: Mapping[str, Any]
    starts: bool | None

    @property
    def dead_letters(self) -> Any:
        """ARN of the queue that takes what could not be delivered; None without one."""
        return at(self.body, "DeadLetterConfig.Arn")


def targets(source: Resource) -> Iterator[Target]:
    """The targets of a rule or a schedule."""
    if source.type == SCHEDULE:
        found = [("Target", source.properties.get("Target"))]
    else:
        found = [(f"Targets.{index}", each) for index, each in enumerate(listed(source.properties.get("Targets")))]
    for place, body in found:
        if is_open(body):
            yield Target(source, place, {}, None)
        elif isinstance(body, dict):
            yield Target(source, place, body, _starts(body.get("Arn")))


def starting(snapshot: Snapshot) -> Iterator[Resource]:
    """Subjects: the rules and schedules that start something, as far as can be told."""
    for kind in (RULE, SCHEDULE):
        for source in snapshot.by_type.get(kind, ()):
            if any(target.starts is not False for target in targets(source)):
                yield source


def _starts(arn: Any) -> bool | None:
    parts = arn.split(":") if isinstance(arn, str) else []
    if len(parts) < 6:  # noqa: PLR2004 - an ARN's parts
        return None
    is_call = parts[2] == "scheduler" and parts[5] == "aws-sdk"  # arn:aws:scheduler:::aws-sdk:glue:startJobRun
    return parts[6 if is_call and len(parts) > 6 else 2] in _STARTED  # noqa: PLR2004


@dataclass(frozen=True, slots=True, eq=False)
class DeadLetters:
    """A use of a queue as the place for what failed.

    Attributes:
        source: Whose failures it takes.
        is_redriven: Whether the source is a queue that moves its messages, which keep their age.
    """

    source: Resource
    is_redriven: bool = False


@once
def dead_letter_queues(snapshot: Snapshot) -> Mapping[str, list[DeadLetters]]:
    """For each queue that takes what failed, by ARN, what uses it."""
    found: dict[str, list[DeadLetters]] = defaultdict(list)
    for kind, read in _READERS.items():
        for source in snapshot.by_type.get(kind, ()):
            for arn in read(source):
                if isinstance(arn, str):
                    found[arn].append(DeadLetters(source, is_redriven=kind == QUEUE))
    return found


def taken_queues(snapshot: Snapshot) -> Iterator[Resource]:
    """Subjects: the queues that take what failed."""
    used = dead_letter_queues(snapshot)
    yield from (queue for queue in snapshot.by_type.get(QUEUE, ()) if queue.arn in used)


def _redrive(source: Resource) -> list[Any]:
    policy = source.properties.get("RedrivePolicy")
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except (ValueError, RecursionError):
            return []
    return [at(policy, "deadLetterTargetArn")]


def _values(data: Any) -> list[Any]:
    return list(data.values()) if isinstance(data, dict) else []


_READERS: Final[Mapping[str, Callable[[Resource], list[Any]]]] = {
    RULE: lambda source: [target.dead_letters for target in targets(source)],
    SCHEDULE: lambda source: [target.dead_letters for target in targets(source)],
    QUEUE: _redrive,
    "AWS::SNS::Subscription": _redrive,
    "AWS::Lambda::Function": lambda source: [at(source.properties, "DeadLetterConfig.TargetArn")],
    "AWS::Lambda::EventInvokeConfig": lambda source: [at(source.properties, "DestinationConfig.OnFailure.Destination")],
    "AWS::Lambda::EventSourceMapping": lambda source: [at(source.properties, "DestinationConfig.OnFailure.Destination")],
    "AWS::Pipes::Pipe": lambda source: [at(each, "DeadLetterConfig.Arn") for each in _values(source.properties.get("SourceParameters"))],
}
