"""With which encryption a bucket lets objects be written, as its policy says to requests that name one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.questions import DIRECT_CALL
from lakecheck.iam.evaluator import evaluate
from lakecheck.iam.model import Caller, Context, Effect, Layers, Policy, Request, Statement

if TYPE_CHECKING:
    from lakecheck.estate.model import Bucket
    from lakecheck.formula import Truth

ALGORITHM: Final = "s3:x-amz-server-side-encryption"
KEY: Final = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_EVERYTHING: Final = Policy(
    name="a writer of the same account",
    statements=(Statement(index=0, effect=Effect.ALLOW, actions=("*",), resources=("*",)),),
)


def minds_encryption(bucket: Bucket) -> bool:
    """Whether the bucket's policy denies something by the encryption that a request names."""
    statements = bucket.policy.statements if bucket.policy is not None else ()
    return any(
        statement.effect is Effect.DENY and any(test.key.lower() in {ALGORITHM, KEY} for test in statement.conditions)
        for statement in statements
    )


def named_keys(bucket: Bucket) -> list[str]:
    """The keys that the bucket's policy names, each once, in statements that surely apply: what may not apply refuses nothing for sure."""
    statements = bucket.policy.statements if bucket.policy is not None else ()
    named = (
        each
        for statement in statements
        if not statement.unknown
        for test in statement.conditions
        if test.key.lower() == KEY
        for each in test.values
        if ":key/" in each
    )
    return list(dict.fromkeys(named))


def writable(bucket: Bucket, algorithm: str, key: str = "") -> Truth:
    """Whether somebody who may do everything else may put an object with this encryption.

    Args:
        bucket: Where to.
        algorithm: `aws:kms` or `AES256`.
        key: ARN of the key that the request names; none when left out.
    """
    partition = bucket.arn.split(":")[1]
    request = Request(
        caller=Caller(arn=f"arn:{partition}:iam::{bucket.account}:role/lakecheck-writer", account=bucket.account),
        action="s3:PutObject",
        resource=f"{bucket.arn}/lakecheck-probe",
        resource_account=bucket.account,
        context=Context(values={**DIRECT_CALL, ALGORITHM: (algorithm,), KEY: (key,) if key else ()}, complete=False),
    )
    return evaluate(request, Layers(identity=(_EVERYTHING,), resource=bucket.policy)).truth
