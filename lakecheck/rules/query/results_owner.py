"""Results go to a bucket of the account that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules.base import Cases, Complaint, Rule, is_open, value
from lakecheck.rules.query._workgroups import CONFIGURATION, bucket_of, buckets, output, workgroup, writing_workgroups
from lakecheck.values import has_hole
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT: Final = f"{CONFIGURATION}.ResultConfiguration.ExpectedBucketOwner"


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    owner = value(resource, _AT)
    bucket = buckets(snapshot).get(bucket_of(output(resource)))
    if owner is None:
        yield Complaint(at=_AT, message="is not set; allowed is the number of the account that owns the bucket")
    elif bucket is not None and not has_hole(bucket.account) and not is_open(owner) and str(owner) != bucket.account:
        yield Complaint(at=_AT, message=f"is {owner}, and {bucket.origin} is of {bucket.account}, so that every query fails")


RULE = Rule(
    id="query.results_owner",
    title="A workgroup says whose bucket its results go to",
    rationale=(
        "Names of buckets are free again after they are deleted. Without the expected owner Athena writes the rows of every query into "
        "whoever's bucket has the name."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings.html",
    severity=Severity.WARNING,
    remedy="Set ResultConfiguration.ExpectedBucketOwner to the account of the bucket, or let Athena keep the results itself.",
    subjects=writing_workgroups,
    judge=_judge,
    cases=Cases(
        compliant=(workgroup(results="s3://results/", ResultConfiguration={"ExpectedBucketOwner": "444455556666"}),),
        failing=(
            workgroup(results="s3://results/"),
            {
                **workgroup(results="s3://results/", ResultConfiguration={"ExpectedBucketOwner": "111122223333"}),
                "Results": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "results"}},
            },
        ),
        not_applicable=(workgroup(ManagedQueryResultsConfiguration={"Enabled": True}),),
    ),
    controls=("NIST.800.53.R5 AC-4",),
)
