"""Whether a bucket's policy is public, so that a bucket that restricts public policies keeps other accounts out.

Block public access has four settings; `RestrictPublicBuckets` refuses everybody outside the bucket's account, AWS services apart, as soon
as the policy is public, even those that another statement names. A policy is not public where each statement that allows something to
everybody is bound to fixed values of one of the keys below.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.estate.model import PrincipalKind
from lakecheck.iam.model import Effect

if TYPE_CHECKING:
    from lakecheck.estate.model import Bucket, Principal
    from lakecheck.iam.model import ConditionTest, Policy, Statement

_BINDING: Final = frozenset(
    {
        "aws:sourceip",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    }
)
_POSITIVE: Final = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike", "IpAddress", "StringEqualsIgnoreCase"})
_WIDEST: Final = frozenset({"0.0.0.0/0", "::/0"})


def keeps_out(bucket: Bucket, principal: Principal, *policies: Policy | None) -> bool:
    """Whether block public access refuses the principal whatever the policies say.

    Args:
        bucket: Whose settings count.
        principal: Who asks.
        policies: Of the bucket, and of the access point on the way; one that is public suffices.
    """
    if not bucket.public_access_blocked or principal.kind is PrincipalKind.SERVICE or principal.account == bucket.account:
        return False
    return any(policy is not None and is_public(policy) for policy in policies)


def is_public(policy: Policy) -> bool:
    """Whether a statement allows something to everybody without binding them to fixed values."""
    return any(_is_public(statement) for statement in policy.statements)


def _is_public(statement: Statement) -> bool:
    if statement.effect is not Effect.ALLOW:
        return False
    named = [each for values in (statement.principals or {}).values() for each in values]
    if statement.not_principals is None and "*" not in named:
        return False
    return not any(_binds(test) for test in statement.conditions)


def _binds(test: ConditionTest) -> bool:
    if test.key.lower() not in _BINDING or test.operator not in _POSITIVE or test.if_exists or test.quantifier == "ForAllValues":
        return False
    if test.key.lower() == "s3:dataaccesspointarn":  # an account's access points, whatever their names
        return all(len(value.split(":")) > 4 and value.split(":")[4].isdigit() for value in test.values)  # noqa: PLR2004 - an ARN's account
    if test.key.lower() == "aws:sourceip":
        return not _WIDEST & set(test.values)
    return not any("*" in value or "?" in value for value in test.values)
