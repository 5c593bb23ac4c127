"""The door of access points that one makes oneself, where a bucket leaves access to the access points of an account.

A bucket policy that delegates to access points (`s3:DataAccessPointAccount`) lets whoever may create one, and write its policy, let itself
in. An access point may be of another account than the bucket's, as long as the bucket's policy leaves access to that account's points.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/creating-access-points.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import Answer, every
from lakecheck.access.doors.objects import Objects
from lakecheck.access.doors.places import partition_of_region, places
from lakecheck.access.doors.reasons import reasons
from lakecheck.access.doors.resource_edit import POINT, surely_open, written_by
from lakecheck.access.doors.rights import Rights
from lakecheck.access.doors.widening import owns
from lakecheck.access.model import Access, Action, Door, Step
from lakecheck.estate.model import AccessPoint
from lakecheck.formula import FALSE, TRUE
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.questions import Questions
    from lakecheck.assembly.resources import Origin
    from lakecheck.estate.model import Bucket, Principal

MAKING: Final = "s3:CreateAccessPoint"

_ACTIONS: Final = (Action.READ, Action.WRITE)


def made_points(questions: Questions) -> Iterator[Access]:
    """Everybody's access to objects through an access point that it makes first.

    Args:
        questions: About the estate.
    """
    rights = Rights.of(questions)
    known = places(questions)
    for source in rights.holders(MAKING):
        if owns(rights, source):
            continue
        for bucket in known.buckets:
            if bucket.policy is None or bucket.origin is None or not known.of(bucket):
                continue  # without a policy of the bucket's own the principal's must let it in, and then it needs no point
            open_already = {action: surely_open(questions, source, bucket, action, None) for action in _ACTIONS}
            if not all(place.prefix in prefixes for prefixes in open_already.values() for place in known.of(bucket)):
                yield from _through_new_point(rights, source, bucket, bucket.origin, open_already)


def _through_new_point(
    rights: Rights, source: Principal, bucket: Bucket, origin: Origin, open_already: dict[Action, set[str]]
) -> Iterator[Access]:
    questions = rights.questions
    pattern = f"arn:{partition_of_region(bucket.region)}:s3:{bucket.region}:{source.account}:accesspoint/*"
    found = questions.may_any(source, MAKING, pattern)
    if found.allowed == FALSE:
        return
    made = Answer(found.allowed, reasons(found.decision, MAKING, found.witness))
    written = rights.ask(source, POINT, found.witness)
    own = () if written.refused else ((every((made, written)), written_by(questions, source)),)
    for answer, policy in (*own, (made, None)):
        point = AccessPoint(
            arn=found.witness, account=source.account, bucket=bucket.arn, bucket_account=bucket.account, policy=policy, origin=origin
        )
        after = questions.about(replace(questions.estate, access_points=(*questions.estate.access_points, point)))
        objects = Objects(after, bucket, places(questions).of(bucket), point=point)
        step = Step(Door.POLICY_EDIT, f"a new access point to {shown(bucket.name)}", answer.because)
        for action in _ACTIONS:
            for among, verdict in objects.verdicts(source, action):
                whole = every((answer, verdict))
                fresh = [] if whole.refused else [place for place in among if place.prefix not in open_already[action]]
                if whole.allowed == TRUE:
                    open_already[action].update(place.prefix for place in fresh)
                for dataset in dict.fromkeys(place.dataset for place in fresh):
                    yield Access(
                        principal=source,
                        dataset=dataset,
                        action=action,
                        door=Door.ACCESS_POINT,
                        conditions=whole.allowed,
                        via=(step,),
                        because=verdict.because,
                        origin=source.origin,
                    )
