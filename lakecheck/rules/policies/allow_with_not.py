"""No statement that allows all but what it names; a policy that is not known is told here, once for all rules of the family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.iam.documents import PolicyKind
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.policies._statements import ACCOUNT, QUEUE, Unread, arn, bucket_policy, is_boundary, managed, of_kind, role, unread
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.rules.policies._statements import Stated
    from lakecheck.snapshot import Snapshot


_allowing = of_kind(PolicyKind.IDENTITY, PolicyKind.RESOURCE, PolicyKind.TRUST)


def _subjects(snapshot: Snapshot) -> Iterator[Stated | Unread]:
    yield from _allowing(snapshot)
    yield from unread(snapshot)


def _judge(stated: Stated | Unread, snapshot: Snapshot) -> Iterator[Complaint]:
    if isinstance(stated, Unread):
        why = shown("; ".join(stated.reasons))
        yield Complaint(message=f"what it allows, by Not... or otherwise, is not known: {why}", at=stated.at, is_unknown=True)
        return
    statement = stated.statement
    found = {"NotAction": statement.not_actions, "NotResource": statement.not_resources, "NotPrincipal": statement.not_principals}
    used = [name for name, what in found.items() if what is not None]
    if used and not is_boundary(stated, snapshot):
        message = f"{stated.name} allows by {' and '.join(used)}; allowed is to name what is allowed, and Not... in a Deny"
        yield Complaint(message=message, at=stated.at)


_ALL_BUT_IAM = {"NotAction": "iam:*", "Resource": "*"}
_BOUNDED: dict[str, Any] = {
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            **role({"Service": "glue.amazonaws.com"})["Properties"],
            "PermissionsBoundary": {"Ref": "Boundary"},
        },
    }
}

RULE = Rule(
    id="policies.allow_with_not",
    title="A statement that allows names what it allows",
    rationale=(
        "Allowing all but a few things allows each action, resource or principal that there will be, of services that nobody uses "
        "yet, too; NotPrincipal with Allow lets everybody else in, without credentials as well."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html",
    severity=Severity.ERROR,
    remedy="List what is needed in Action, Resource and Principal, and deny the exceptions in a statement of their own.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            {"Policy": managed({"Action": "s3:GetObject", "Resource": arn("s3:::lake/*")})},
            {"Boundary": managed(_ALL_BUT_IAM), **_BOUNDED},
        ),
        failing=(
            {"Policy": managed(_ALL_BUT_IAM)},
            {"Policy": managed({"Action": "s3:GetObject", "NotResource": arn("s3:::lake/secret/*")})},
            {
                "Policy": bucket_policy(
                    {"NotPrincipal": {"AWS": arn(f"iam::{ACCOUNT}:root")}, "Action": "s3:GetObject", "Resource": arn("s3:::lake/*")}
                )
            },
        ),
        not_applicable=(QUEUE, {"Policy": managed({"Effect": "Deny", **_ALL_BUT_IAM})}),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-6"),
)
