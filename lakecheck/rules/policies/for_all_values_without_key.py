"""No `ForAllValues` that a request without the key passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.policies._statements import ACCOUNT, QUEUE, arn, managed, statements
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.iam.model import ConditionTest
    from lakecheck.rules.policies._statements import Stated
    from lakecheck.snapshot import Snapshot

_FOR_ALL = "ForAllValues"
_HARMLESS = frozenset({"aws:tagkeys", "cloudwatch:alarmactions", "kms:grantoperations"})
"""A request without tags or alarm actions sets none, which is what is meant; each grant of a key has operations."""


def _subjects(snapshot: Snapshot) -> Iterator[Stated]:
    for stated in statements(snapshot):
        if stated.allows and any(test.quantifier == _FOR_ALL for test in stated.statement.conditions):
            yield stated


def _asks_for(test: ConditionTest, key: str) -> bool:
    """Whether a condition fails without the key."""
    if test.key.lower() != key or test.if_exists or test.quantifier == _FOR_ALL:
        return False
    return test.quantifier == "ForAnyValue" or (test.operator == "Null" and {each.lower() for each in test.values} == {"false"})


def _judge(stated: Stated, _snapshot: Snapshot) -> Iterator[Complaint]:
    tests = stated.statement.conditions
    for test in tests:
        key = test.key.lower()
        if test.quantifier != _FOR_ALL or key in _HARMLESS or any(_asks_for(other, key) for other in tests):
            continue
        message = f"{stated.name} lets requests without {test.key} through {_FOR_ALL}:{test.operator}; allowed is with Null of it false"
        yield Complaint(message=message, at=stated.at)


def _case(condition: dict[str, Any]) -> dict[str, Any]:
    table = arn(f"dynamodb:eu-west-1:{ACCOUNT}:table/state")
    return {"Policy": managed({"Action": ["dynamodb:Query", "dynamodb:Scan"], "Resource": table, "Condition": condition})}


_KEYS = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["sales"]}}

RULE = Rule(
    id="policies.for_all_values_without_key",
    title="ForAllValues in an Allow comes with a condition that the key is there",
    rationale=(
        "ForAllValues is met when there is no value at all: a request that does not have the key, such as a scan beside a query "
        "by key, passes the condition that seems to forbid it."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html",
    severity=Severity.WARNING,
    remedy='Add "Null": {"<key>": "false"} to the condition, or use ForAnyValue, or no prefix with a key that has one value.',
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            _case({**_KEYS, "Null": {"dynamodb:LeadingKeys": "false"}}),
            _case({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}),
        ),
        failing=(_case(_KEYS), _case({**_KEYS, "Null": {"dynamodb:LeadingKeys": "true"}})),
        not_applicable=(QUEUE, _case({"StringEquals": {"dynamodb:Select": "COUNT"}})),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-6"),
)
