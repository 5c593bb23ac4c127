"""No Deny on a bucket that leaves out the bucket, or its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.iam.globs import intersects
from lakecheck.iam.model import Effect
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.policies._statements import QUEUE, arn, bucket_policy, statements
from lakecheck.values import outline
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.iam.model import Statement
    from lakecheck.rules.policies._statements import Stated
    from lakecheck.snapshot import Snapshot

_EVERYTHING = frozenset({"*", "s3:*"})
_ON_OBJECTS = ("s3:getobject", "s3:putobject", "s3:deleteobject", "s3:getobjectversion", "s3:deleteobjectversion", "s3:putobjectacl")
_ON_BUCKETS = (
    "s3:listbucket",
    "s3:deletebucket",
    "s3:getbucketlocation",
    "s3:putbucketpolicy",
    "s3:getbucketpolicy",
    "s3:listbucketversions",
)
_ENCRYPTED = "aws:securetransport"
"""What AwsSolutions-S10 looks at already."""


def _subjects(snapshot: Snapshot) -> Iterator[Stated]:
    for stated in statements(snapshot):
        statement = stated.statement
        if stated.resource.type != "AWS::S3::BucketPolicy" or statement.effect is not Effect.DENY or statement.unknown:
            continue
        if statement.actions is not None and statement.resources and {test.key.lower() for test in statement.conditions} != {_ENCRYPTED}:
            yield stated


def _resources(stated: Stated) -> set[str]:
    """What the statement is about, with what others deny under the same conditions."""
    found: set[str] = set()
    for each in stated.policy.statements:
        if _but_resources(each) == _but_resources(stated.statement):
            found.update(each.resources or ())
    return found


def _but_resources(statement: Statement) -> tuple[Any, ...]:
    return statement.effect, statement.actions, statement.conditions, statement.principals, statement.not_principals


def _judge(stated: Stated, _snapshot: Snapshot) -> Iterator[Complaint]:
    names = [outline(each, of_hole="-").rpartition(":::")[2] for each in _resources(stated)]
    has_bucket = any("/" not in name or name == "*" for name in names)
    has_objects = any("/" in name or name.endswith("*") for name in names)
    has_all_objects = any(name.partition("/")[2] == "*" for name in names if "/" in name)
    actions = [each.lower() for each in stated.statement.actions or ()]
    if _EVERYTHING & set(actions):
        if has_bucket and not has_objects:
            yield Complaint(
                message=f"{stated.name} denies everything on the bucket and nothing on its objects; allowed is both", at=stated.at
            )
        elif has_all_objects and not has_bucket:
            yield Complaint(
                message=f"{stated.name} denies everything on the objects and nothing on the bucket; allowed is both", at=stated.at
            )
        return
    for action in actions:
        on_objects, on_buckets = (any(intersects(action, each) for each in names) for names in (_ON_OBJECTS, _ON_BUCKETS))
        if on_objects and not on_buckets and not has_objects:
            yield Complaint(message=f"{stated.name} denies {action} on the bucket, which is for objects: it denies nothing", at=stated.at)
        elif on_buckets and not on_objects and not has_bucket:
            yield Complaint(message=f"{stated.name} denies {action} on objects, which is for buckets: it denies nothing", at=stated.at)


_BUCKET, _OBJECTS = arn("s3:::lake"), arn("s3:::lake/*")


def _case(action: str, *resources: Any) -> dict[str, Any]:
    condition = {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}
    return {
        "Policy": bucket_policy({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": list(resources), "Condition": condition})
    }


RULE = Rule(
    id="policies.deny_misses_half",
    title="What a bucket policy denies, it denies on what the action is for: the bucket, its objects, or both",
    rationale=(
        "A bucket and its objects are two resources. A Deny of everything that names one of them leaves the other open: the "
        "objects can be read, or the policy itself can be replaced; a Deny of an action on the wrong one denies nothing."
    ),
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html",
    severity=Severity.ERROR,
    remedy="Name the bucket's ARN and the same with /* in Resource.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            _case("s3:*", _BUCKET, _OBJECTS),
            _case("s3:PutObject", _OBJECTS),
            _case("s3:*", arn("s3:::lake/secret/*")),
        ),
        failing=(_case("s3:*", _BUCKET), _case("s3:*", _OBJECTS), _case("s3:GetObject*", _BUCKET), _case("s3:ListBucket", _OBJECTS)),
        not_applicable=(QUEUE, {"Policy": bucket_policy({"Principal": "*", "Action": "s3:GetObject", "Resource": _OBJECTS})}),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-4"),
)
