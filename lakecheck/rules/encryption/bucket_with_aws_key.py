"""Data of the lake is encrypted with a key whose policy its owner writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.rules._lake import data_buckets
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.encryption._cases import KEY_ARN, bucket, encrypted, key, lake
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.model import Bucket
    from lakecheck.snapshot import Snapshot


@once
def _buckets(snapshot: Snapshot) -> Mapping[str, Bucket]:
    return {each.name: each for each in snapshot.estate.buckets}


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    """The buckets with data that a KMS key encrypts; whether one has to is for the compliance packs to say."""
    yield from (each for each in data_buckets(snapshot) if _buckets(snapshot)[each.ref].encryption == "SSE_KMS")


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    if not _buckets(snapshot)[found.ref].key:
        yield Complaint(
            at="BucketEncryption",
            message="the AWS managed key aws/s3 encrypts the data; allowed is a key of your own",
        )


RULE = Rule(
    id="encryption.bucket_with_aws_key",
    title="Governed data under SSE-KMS is encrypted with a customer managed key",
    rationale=(
        "Nobody can edit the policy of the AWS managed key: no other account ever reads what it encrypts, so that a share of the table "
        "fails on the first query, Lake Formation's service-linked role cannot read it, and it is never separated from other data of the "
        "account."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/register-encrypted.html",
    severity=Severity.WARNING,
    remedy="Name a key of your own as KMSMasterKeyID, by ARN; existing objects keep the old key until they are rewritten.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=({**key(), **lake(encrypted(KEY_ARN))},),
        failing=(lake(encrypted()), lake(encrypted("alias/aws/s3")), lake(encrypted(algorithm="aws:kms:dsse"))),
        not_applicable=(bucket(encrypted()), lake(None), lake(encrypted(algorithm="AES256"))),
    ),
    controls=("NIST.800.53.R5 SC-12", "NIST.800.53.R5 SC-28(1)"),
)
