"""Access points: another way to a bucket's objects, with a policy of its own.

A request names the access point (`<access point>/object/<key>`), and both sides decide: the access point, by its policy or by the
principal's own, which then has to name the access point; and the bucket, which often delegates with `s3:DataAccessPointAccount` or
`s3:DataAccessPointArn`. A bucket in another account than the principal's has to allow by its policy, while the principal's own policies
need not name it. An access point bound to a VPC serves requests from there only. Block public access of the bucket counts for its
access points, too. An Object Lambda access point asks its access point in the caller's name, so that who may read through it is who may
read through the one behind it; where policies ask for that detour (`aws:CalledVia`), it is taken. A multi-Region access point is an access
point of each of its buckets.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/olap-policies.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiRegionAccessPointPermissions.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.objects import Objects
from lakecheck.access.doors.places import Place, places
from lakecheck.access.doors.s3 import accesses
from lakecheck.access.model import Access, Action, Dataset, DatasetKind, Door
from lakecheck.estate.model import Bucket
from lakecheck.formula import FALSE, Formula, Truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import AccessPoint

OBJECT_LAMBDA: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:viaawsservice": ("true",),
    "aws:calledvia": ("s3-object-lambda.amazonaws.com",),
    "aws:calledviafirst": ("s3-object-lambda.amazonaws.com",),
    "aws:calledvialast": ("s3-object-lambda.amazonaws.com",),
}
"""What a request looks like that an Object Lambda access point makes."""


def access_points(questions: Questions) -> Iterable[Access]:
    """Everybody's access to objects through every access point.

    Args:
        questions: Asks IAM about the estate.
    """
    known = places(questions)
    for point in questions.estate.access_points:
        bucket = questions.buckets.get(point.bucket)
        if bucket is None:
            bucket = _only_named(point)
        where = known.of(bucket)
        if not where:
            name = f"s3://{bucket.name}/"
            where = (Place(Dataset(DatasetKind.BUCKET, bucket.account, bucket.region, name), "", is_table=False),)
        direct = Objects(questions, bucket, where, point=point)
        detour = (
            Objects(questions, bucket, where, point=point, calling=OBJECT_LAMBDA) if _asks_for_detour(questions, point, bucket) else None
        )
        for principal in questions.estate.principals:
            for action in (Action.READ, Action.WRITE):
                seen: dict[Place, Formula] = {}
                for found, verdict in direct.verdicts(principal, action):
                    seen |= dict.fromkeys(found, verdict.allowed)
                    yield from accesses(principal, found, action, Door.ACCESS_POINT, verdict)
                if detour is None:
                    continue
                for found, verdict in detour.verdicts(principal, action):
                    more = [place for place in found if seen.get(place, FALSE).truth is not Truth.TRUE]
                    yield from accesses(principal, more, action, Door.ACCESS_POINT, verdict)


def _only_named(point: AccessPoint) -> Bucket:
    """The bucket of an access point that no template defines."""
    reason = f"the policy of {point.bucket}, which no template defines"
    region = point.arn.split(":")[3] if point.arn.count(":") > 3 else ""  # noqa: PLR2004 - an ARN's Region
    name = point.bucket.rpartition(":")[2]
    return Bucket(arn=point.bucket, name=name, account=point.bucket_account, region=region, unknown_policy=reason)


def _asks_for_detour(questions: Questions, point: AccessPoint, bucket: Bucket) -> bool:
    policies = [point.policy, bucket.policy, *(policy for each in questions.estate.principals for policy in each.policies)]
    tests = (test for policy in policies if policy is not None for statement in policy.statements for test in statement.conditions)
    return any(test.key.lower().startswith("aws:calledvia") and any("s3-object-lambda" in value for value in test.values) for test in tests)
