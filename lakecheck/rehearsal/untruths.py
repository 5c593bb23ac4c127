"""What the emulator is known to leave out or to do otherwise than AWS, as data: a sentence each, and what it means for trust.

They hold for moto 5.2.5 with this project's mends in it; the tests beside show those that can be shown quickly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Untruth:
    """One thing that is not as in AWS.

    Attributes:
        id: Stable.
        sentence: What is otherwise.
        meaning: What a rehearsal therefore does not show.
    """

    id: str
    sentence: str
    meaning: str

    def __str__(self) -> str:
        """For a report."""
        return f"{self.sentence} {self.meaning}"


UNTRUTHS: Final = (
    Untruth(
        id="iam",
        sentence="No permission is evaluated: every role may be assumed by anybody and may do everything.",
        meaning="That a step passes does not show that its role has the rights; that the checks of access say so does.",
    ),
    Untruth(
        id="policies",
        sentence="Policies of buckets, keys, queues and topics are kept, and neither their denials nor their conditions are looked at.",
        meaning="A policy that would lock out the pipeline or let in the world is not noticed.",
    ),
    Untruth(
        id="kms",
        sentence="Objects and records are not encrypted; every role reads what is under any key, also under a disabled one.",
        meaning="A missing right to a key is not noticed, nor is a key that is gone.",
    ),
    Untruth(
        id="lake-formation",
        sentence="Rights, tags and filters of Lake Formation are kept and not enforced: whoever asks the catalog sees all of it.",
        meaning="That a consumer reads a table does not show that it may; that it reads hidden columns or rows does not show a leak.",
    ),
    Untruth(
        id="public-access",
        sentence="Blocks of public access are kept and refuse nothing.",
        meaning="A public policy that AWS would refuse is deployed here.",
    ),
    Untruth(
        id="quotas",
        sentence="There are no service quotas and no throttling, except what a fault asks for.",
        meaning="A deployment that AWS would refuse for its size passes; `lakecheck` counts what quotas it knows.",
    ),
    Untruth(
        id="consistency",
        sentence="Everything is there at once: nothing becomes visible later, a new role or grant works immediately.",
        meaning="A missing wait or retry is not noticed.",
    ),
    Untruth(
        id="validation",
        sentence="Few values are refused that AWS refuses; not every combination of properties is looked at.",
        meaning="That a resource is made here does not show that AWS would make it.",
    ),
    Untruth(
        id="kept",
        sentence="What this project added to the emulator where that lacks a property or an operation is kept and returned alone.",
        meaning="Such a property has no effect here; what only an added operation returns does not count as rehearsed.",
    ),
    Untruth(
        id="operations",
        sentence="Operations that the emulator lacks are answered with an internal error or with 404, and clients repeat them in vain.",
        meaning="That a program fails in one of them here does not show that it fails in AWS; operations of AWS are many more.",
    ),
    Untruth(
        id="time",
        sentence="Waits and delays of retries pass at once, or with the end of a job that runs; schedules fire when they are told to.",
        meaning="How long a pipeline takes, and what overlaps with what, is not shown.",
    ),
    Untruth(
        id="jsonpath",
        sentence="State machines run when they are written in JSONata; those in JSONPath fail with that reason.",
        meaning="Their course is not shown.",
    ),
    Untruth(
        id="athena",
        sentence="Athena runs no query and answers each at once, without rows; results are read with DuckDB and awswrangler instead.",
        meaning="Whether Athena can read a table, and whether named queries are right, is not shown.",
    ),
    Untruth(
        id="glue",
        sentence="Jobs of Glue run on this machine's Python and Spark, whatever their workers, Glue version and additional modules.",
        meaning="What depends on Glue's own packages, on memory or on many workers is not shown.",
    ),
    Untruth(
        id="crawlers",
        sentence="Table optimizers and crawlers are kept and do nothing.",
        meaning="Compaction, retention of snapshots and removal of orphans are not shown.",
    ),
    Untruth(
        id="functions",
        sentence="Only Python functions in zip archives run; Node functions, among them helpers of the CDK's, are left out.",
        meaning="A custom resource behind such a function is made by nobody, or by a stand-in that its step names.",
    ),
    Untruth(
        id="networks",
        sentence="There are no networks: security groups, subnets and endpoints are kept and connect or part nothing.",
        meaning="A function or job that could not reach a service in AWS reaches it here.",
    ),
    Untruth(
        id="lifecycle",
        sentence="Rules of lifecycle, expiry, replication, inventory and access logs of buckets are kept and never done.",
        meaning="What they would delete, move or write is not shown.",
    ),
    Untruth(
        id="trail",
        sentence="CloudTrail records nothing.",
        meaning="That the trail is configured is shown; that it would see an access is not.",
    ),
    Untruth(
        id="detection",
        sentence="GuardDuty, Security Hub, Macie and Config look at nothing and find nothing.",
        meaning="No finding here is no sign that there is nothing to find.",
    ),
    Untruth(
        id="alarms",
        sentence="Alarms never change their state, and budgets count no money.",
        meaning="Whether an alarm would ring is not shown.",
    ),
    Untruth(
        id="notifications",
        sentence="No mail, text message or chat is sent.",
        meaning="Whether people would be told is not shown.",
    ),
)
"""In the order of their weight."""


def untruths() -> tuple[str, ...]:
    """Each with its meaning, for a report."""
    return tuple(map(str, UNTRUTHS))
