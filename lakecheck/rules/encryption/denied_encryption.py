"""A bucket policy does not refuse the bucket's own encryption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.formula import Truth
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.encryption._cases import KEY_ARN, OTHER_ARN, bucket, encrypted, key
from lakecheck.rules.encryption._writes import ALGORITHM, KEY, minds_encryption, named_keys, writable
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Bucket
    from lakecheck.snapshot import Snapshot

_ALGORITHMS = {"SSE_KMS": "aws:kms", "SSE_S3": "AES256"}


def _subjects(snapshot: Snapshot) -> Iterator[Bucket]:
    for found in snapshot.estate.buckets:
        if found.origin is not None and found.encryption in _ALGORITHMS and minds_encryption(found):
            yield found


def _judge(found: Bucket, _snapshot: Snapshot) -> Iterator[Complaint]:
    own = _ALGORITHMS[found.encryption]
    if writable(found, own, found.key) is not Truth.FALSE:
        return
    # What is refused with every encryption is not refused for its encryption.
    others = [(other, "") for other in _ALGORITHMS.values()] + [("aws:kms", other) for other in (*named_keys(found), "another")]
    if any(writable(found, *other) is not Truth.FALSE for other in others if other != (own, found.key)):
        with_key = f" with key {shown(found.key)}" if found.key else ""
        yield Complaint(message=f"its policy denies puts with {own}{with_key}, which is the bucket's own default encryption")


def _denying(*statements: dict[str, Any]) -> dict[str, Any]:
    whole = [{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": _OBJECTS, "Condition": each} for each in statements]
    properties = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Version": "2012-10-17", "Statement": whole}}
    return {"Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": properties}}


_OBJECTS = {"Fn::Sub": "${Bucket.Arn}/*"}
_OURS = {**key(), **bucket(encrypted(KEY_ARN))}


def _unless(name: str, allowed: Any) -> dict[str, Any]:
    return {"StringNotEquals": {name: allowed}, "Null": {name: "false"}}


_NO_KEY = {"Null": {KEY: "true"}}

RULE = Rule(
    id="encryption.denied_encryption",
    title="A bucket policy does not deny puts that name the bucket's own default encryption",
    rationale=(
        "Writers that name their encryption, such as Athena with an enforced result key or a Glue job with a security configuration, are "
        "denied when they name the right one, and the policy lets through only what differs from the default. It comes of a key or an "
        "algorithm that was changed in one of the two places."
    ),
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
    severity=Severity.ERROR,
    remedy="Let the Deny except the algorithm and the key of the bucket's BucketEncryption.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            {**_OURS, **_denying(_unless(ALGORITHM, "aws:kms"), _unless(KEY, KEY_ARN))},
            {**_OURS, **_denying({**_unless(ALGORITHM, "aws:kms"), "ArnNotLike": {"aws:PrincipalArn": "*/Loader"}})},
        ),
        failing=(
            {**_OURS, **_denying(_unless(ALGORITHM, "AES256"))},
            {**_OURS, **key(logical_id="Other"), **_denying(_unless(KEY, OTHER_ARN))},
            {**bucket(None), **_denying(_unless(ALGORITHM, "aws:kms"))},
            {**_OURS, **key(logical_id="Other"), **_denying(_unless(ALGORITHM, "aws:kms"), _unless(KEY, OTHER_ARN), _NO_KEY)},
        ),
        not_applicable=(_OURS, {**_OURS, **_denying({"Bool": {"aws:SecureTransport": "false"}})}),
    ),
    controls=("NIST.800.53.R5 SC-28(1)",),
)
