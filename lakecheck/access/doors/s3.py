"""Direct S3: whoever may read an object of a table reads all of it, every column and row, whatever Lake Formation says.

What opens it: `s3:GetObject` on an object below the table's location (`s3:GetObjectVersion` where the bucket keeps versions), by the
principal's own policies or the bucket's in one account and by both across accounts, and, under SSE-KMS, `kms:Decrypt` through S3. What
closes it: a Deny anywhere, a boundary, guardrails, block public access for everybody outside the account where the bucket's policy is
public. Object ACLs are not in any template: a bucket that has them enabled is named among the assumptions.

Buckets and prefixes that hold data of no table (landing, raw, results, temporary folders) are datasets of their own, told apart as far as
policies tell them apart.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html
https://docs.aws.amazon.com/lake-formation/latest/dg/access-control-underlying-data.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.objects import Objects
from lakecheck.access.doors.places import places
from lakecheck.access.model import Access, Action, Door

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.access.doors.answers import Answer
    from lakecheck.access.doors.places import Place
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Principal

ACTIONS: Final = (Action.READ, Action.WRITE, Action.GRANT)
"""What is done to objects. Dropping a table is the catalog's matter."""


def s3(questions: Questions) -> Iterable[Access]:
    """Everybody's access to the objects of every bucket.

    Args:
        questions: Asks IAM about the estate.
    """
    known = places(questions)
    for bucket in known.buckets:
        objects = Objects(questions, bucket, known.of(bucket))
        for principal in questions.estate.principals:
            for action in ACTIONS:
                for found, verdict in objects.verdicts(principal, action):
                    yield from accesses(principal, found, action, Door.S3, verdict)


def accesses(principal: Principal, found: Iterable[Place], action: Action, door: Door, verdict: Answer) -> Iterator[Access]:
    """One access for each dataset of some places."""
    for dataset in dict.fromkeys(place.dataset for place in found):
        yield Access(
            principal=principal,
            dataset=dataset,
            action=action,
            door=door,
            conditions=verdict.allowed,
            because=verdict.because,
            origin=principal.origin,
        )
