"""Replicas: what a replication rule copies is read in the destination, where that bucket's policy and key decide.

A rule copies every object below its prefix under the same key. Copies are not copied on by the destination's own rules, so one step is
all. A destination that no template defines, in another account or made by hand, is open to whomever its unknown policy lets. Changing a
copy changes nothing of the table, so that only reading passes through this door.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.access.doors.objects import Objects
from lakecheck.access.doors.places import location, places
from lakecheck.access.doors.s3 import accesses
from lakecheck.access.model import Access, Action, Door
from lakecheck.estate.model import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.access.doors.places import Place
    from lakecheck.access.questions import Questions


def replicas(questions: Questions) -> Iterable[Access]:
    """Everybody's access to the copies of data in other buckets.

    Args:
        questions: Asks IAM about the estate.
    """
    known = places(questions)
    for source in questions.estate.buckets:
        for arn, prefix in source.replicates_to:
            where = tuple(place for place in known.of(source) if copied(place, prefix))
            objects = Objects(questions, destination(questions, arn, source), where)
            for principal in questions.estate.principals:
                for found, verdict in objects.verdicts(principal, Action.READ):
                    yield from accesses(principal, found, Action.READ, Door.REPLICA, verdict)


def copied(place: Place, prefix: str) -> bool:
    """Whether a rule for a prefix copies objects of the place."""
    return place.prefix.startswith(prefix) or (place.is_table and prefix.startswith(place.prefix))


def destination(questions: Questions, arn: str, source: Bucket) -> Bucket:
    """The bucket that is copied to; one of unknown policy when the estate does not have it."""
    found = questions.buckets.get(arn)
    if found is not None:
        return found
    reason = f"the policy of {arn}, which no template defines"
    return Bucket(arn=arn, name=arn.rpartition(":")[2], account="", region=source.region, unknown_policy=reason)


def copies(questions: Questions, uri: str) -> Iterator[tuple[Bucket, str]]:
    """The buckets to which a folder is copied, each with the folder's prefix.

    Args:
        questions: Of the estate.
        uri: `s3://bucket/prefix/`.
    """
    place = location(uri)
    source = questions.bucket_at(uri)
    if place is None or source is None:
        return
    for arn, prefix in source.replicates_to:
        if place[1].startswith(prefix) or prefix.startswith(place[1]):
            yield destination(questions, arn, source), place[1]
