"""Buckets of the lake ask KMS about themselves, not about each object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.sources import at, listed
from lakecheck.rules._lake import data_buckets
from lakecheck.rules.base import Cases, Complaint, Rule, is_open, is_true, value
from lakecheck.rules.encryption._cases import KEY_ARN, bucket, encrypted, key, lake
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT = "BucketEncryption.ServerSideEncryptionConfiguration"


def _rule(found: Resource) -> Any:
    return next(iter(listed(value(found, _AT))), None)


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for found in data_buckets(snapshot):
        if at(_rule(found), "ServerSideEncryptionByDefault", "SSEAlgorithm") == "aws:kms":
            yield found


def _judge(found: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    enabled = at(_rule(found), "BucketKeyEnabled")
    if is_open(enabled):
        yield Complaint(at=_AT, message=f"whether S3 Bucket Keys are on is not known: {shown(enabled)}", is_unknown=True)
    elif not is_true(enabled):
        yield Complaint(at=_AT, message="S3 Bucket Keys are off: each read and each write of an object asks KMS")


RULE = Rule(
    id="encryption.bucket_key_on",
    title="Buckets of the lake that a KMS key encrypts use S3 Bucket Keys",
    rationale=(
        "A query reads thousands of objects, each with a request to KMS of its own: the account's quota of requests throttles it, "
        "together with everything else that uses KMS there, and the requests cost more than the storage."
    ),
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html",
    severity=Severity.WARNING,
    remedy="Set BucketKeyEnabled to true; key policies that ask for kms:EncryptionContext:aws:s3:arn then have to name the bucket.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=({**key(), **lake(encrypted(KEY_ARN))},),
        failing=({**key(), **lake(encrypted(KEY_ARN, bucket_key=False))},),
        not_applicable=(bucket(encrypted(bucket_key=False)), lake(None), lake(encrypted(algorithm="aws:kms:dsse", bucket_key=False))),
    ),
)
