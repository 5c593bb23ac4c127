"""No wildcard that is compared as a character."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.iam.model import Effect
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.policies._statements import ACCOUNT, QUEUE, arn, bucket_policy, role, statements
from lakecheck.values import outline, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.rules.policies._statements import Stated
    from lakecheck.snapshot import Snapshot

_LITERALLY = frozenset({"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"})
_MEANT = ("${*}", "${?}", "${$}")
_OF_TAG = "tag/"
"""In keys such as `aws:ResourceTag/team`: a tag's value may well be a star."""


def _subjects(snapshot: Snapshot) -> Iterator[Stated]:
    for stated in statements(snapshot):
        if any(test.operator in _LITERALLY for test in stated.statement.conditions):
            yield stated


def _has_wildcard(text: str) -> bool:
    plain = outline(text, of_hole="-")
    for sign in _MEANT:
        plain = plain.replace(sign, "")
    return "*" in plain or "?" in plain


def _judge(stated: Stated, _snapshot: Snapshot) -> Iterator[Complaint]:
    for test in stated.statement.conditions:
        if test.operator not in _LITERALLY or _OF_TAG in test.key.lower():
            continue
        for each in filter(_has_wildcard, test.values):
            denies = stated.statement.effect is Effect.DENY
            effect = "denies something else than it says" if denies else "never allows, or allows something else than it says"
            like = "ArnLike" if each.startswith("arn:") else test.operator.replace("Equals", "Like").removesuffix("IgnoreCase")
            compared = f"{test.operator} compares the wildcard in {shown(each)} of {test.key} as a character"
            message = f"{compared}: {stated.name} {effect}; allowed is {like}"
            yield Complaint(message=message, at=stated.at)


def _case(operator: str, source: Any) -> dict[str, Any]:
    given = {"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": arn("s3:::lake/*")}
    return {"Policy": bucket_policy({**given, "Condition": {operator: {"aws:SourceArn": source}}})}


_TRAILS = arn(f"cloudtrail:eu-west-1:{ACCOUNT}:trail/*")

RULE = Rule(
    id="policies.wildcard_under_equals",
    title="A condition value with a wildcard is compared with Like",
    rationale=(
        "StringEquals knows no wildcards. In an Allow nothing passes any more, and somebody takes the condition away; in a Deny "
        "with StringNotEquals everything is refused, in one with StringEquals nothing is."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
    severity=Severity.ERROR,
    remedy="Use StringLike, StringNotLike or ArnLike; write ${*} where the character itself is meant.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            _case("StringEquals", arn(f"cloudtrail:eu-west-1:{ACCOUNT}:trail/lake")),
            {"Role": role({"AWS": arn(f"iam::{ACCOUNT}:root")}, {"StringEquals": {"aws:PrincipalTag/team": "*"}})},
        ),
        failing=(
            _case("StringEquals", _TRAILS),
            {
                "Role": role(
                    {"Federated": arn(f"iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com")},
                    {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:example/lake:*"}},
                )
            },
        ),
        not_applicable=(QUEUE, _case("StringLike", _TRAILS)),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 CM-6"),
)
