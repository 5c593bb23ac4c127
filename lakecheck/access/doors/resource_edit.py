"""The door of edited policies, those of buckets and keys: who can rewrite what keeps it from the objects, and then read or write them.

Each bucket, access point and key whose policy somebody may edit is asked about anew, as if it let that principal do everything. The
principal's own policies, its boundary and the organisation's still hold then. A bucket's policy without its key is of no use, nor a key's
without the bucket. Taking a bucket policy away removes its denies only. A KMS grant that one makes for oneself is a way past a key policy.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import NO, Answer, every, some
from lakecheck.access.doors.objects import Objects, key_ring
from lakecheck.access.doors.places import places
from lakecheck.access.doors.rights import Rights
from lakecheck.access.doors.widening import owns
from lakecheck.access.model import Access, Action, Door, Step
from lakecheck.formula import TRUE
from lakecheck.iam.model import Effect, Policy, Statement
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lakecheck.access.doors.places import Place
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import AccessPoint, Bucket, Estate, Key, Principal

POINT: Final = "s3:PutAccessPointPolicy"
PUT: Final = "s3:PutBucketPolicy"
DELETE: Final = "s3:DeleteBucketPolicy"
KEY_POLICY: Final = "kms:PutKeyPolicy"
KEY_GRANT: Final = "kms:CreateGrant"

_ACTIONS: Final = (Action.READ, Action.WRITE)
_NOT_FOR_AWS: Final[Mapping[str, tuple[str, ...]]] = {
    "kms:grantisforawsresource": ("false",),
    "kms:viaservice": (),
}
_ON_THE_BUCKET: Final[Mapping[str, tuple[str, ...]]] = {
    "s3:dataaccesspointarn": (),
    "s3:dataaccesspointaccount": (),
    "s3:accesspointnetworkorigin": (),
}
"""Policies of a bucket are not edited through its access points."""


@dataclass(frozen=True, slots=True, eq=False)
class _Editor:
    """Somebody with what it may edit, each by ARN with the answer; of buckets also those whose policy it may only take away."""

    source: Principal
    buckets: Mapping[str, Answer]
    bare: Mapping[str, Answer]
    points: Mapping[str, Answer]
    keys: Mapping[str, Answer]


def resource_edit(questions: Questions) -> Iterator[Access]:
    """Everybody's access to objects by editing the policy of their bucket, access point or key first.

    Args:
        questions: About the estate.
    """
    rights = Rights.of(questions)
    for source in _candidates(rights):
        yield from _of_editor(rights, _editor(rights, source))


def _candidates(rights: Rights) -> Iterable[Principal]:
    estate = rights.questions.estate
    found: dict[int, Principal] = {}
    for things, actions in ((estate.buckets, (PUT, DELETE)), (estate.access_points, (POINT,)), (estate.keys, (KEY_POLICY, KEY_GRANT))):
        for action in actions:
            for thing in things:
                found |= {id(each): each for each in rights.named(thing.policy, action, thing.account)}
            if things:
                found |= {id(each): each for each in rights.holders(action)}
    return found.values()


def _editor(rights: Rights, source: Principal) -> _Editor:
    estate = rights.questions.estate
    buckets = {each.arn: _asked(rights, source, PUT, each, _ON_THE_BUCKET) for each in estate.buckets}
    return _Editor(
        source=source,
        buckets=_open(buckets),
        bare=_open(
            {
                each.arn: _asked(rights, source, DELETE, each, _ON_THE_BUCKET)
                for each in estate.buckets
                if buckets[each.arn].refused and each.policy
            }
        ),
        points=_open({each.arn: _asked(rights, source, POINT, each) for each in estate.access_points}),
        keys=_open(
            {
                each.arn: some((_asked(rights, source, KEY_POLICY, each), _asked(rights, source, KEY_GRANT, each, _NOT_FOR_AWS)))
                for each in estate.keys
            }
        ),
    )


def _open(answers: Mapping[str, Answer]) -> Mapping[str, Answer]:
    return {arn: answer for arn, answer in answers.items() if not answer.refused}


def _asked(
    rights: Rights, source: Principal, action: str, thing: Bucket | AccessPoint | Key, context: Mapping[str, tuple[str, ...]] | None = None
) -> Answer:
    if source.account == thing.account and owns(rights, source):
        return NO
    if not (rights.could(source, action) or source in rights.named(thing.policy, action, thing.account)):
        return NO
    return rights.ask(source, action, thing.arn, context, owner=thing.account)


def _of_editor(rights: Rights, editor: _Editor) -> Iterator[Access]:
    """With as few edits as it takes: the storage's policy, the key's, both."""
    questions, source = rights.questions, editor.source
    storage = {**editor.bare, **editor.buckets, **editor.points}
    if not storage and not editor.keys:
        return
    worlds = (
        (bool(storage), False, questions.about(_edited(questions, editor, storage=True, keys=False))),
        (False, bool(editor.keys), questions.about(_edited(questions, editor, storage=False, keys=True))),
        (bool(storage), bool(editor.keys), questions.about(_edited(questions, editor, storage=True, keys=True))),
    )
    known, ring = places(questions), key_ring(questions)
    for bucket in known.buckets:
        points: tuple[AccessPoint | None, ...] = (None, *(each for each in questions.estate.access_points if each.bucket == bucket.arn))
        of_key = editor.keys.get(ring.arn(bucket.key)) if bucket.key else None
        for point in points:
            of_storage = storage.get(bucket.arn if point is None else point.arn)
            if of_storage is None and of_key is None:
                continue
            open_already = {action: surely_open(questions, source, bucket, action, point) for action in _ACTIONS}
            if all(place.prefix in prefixes for prefixes in open_already.values() for place in known.of(bucket)):
                continue
            for with_storage, with_key, edited in worlds:
                edits = [each for wanted, each in ((with_storage, of_storage), (with_key, of_key)) if wanted]
                if edits and None not in edits:
                    names = [shown(bucket.name if point is None else point.arn)] * with_storage + [shown(bucket.key)] * with_key
                    way = [(name, each) for name, each in zip(names, edits, strict=True) if each is not None]
                    yield from _gained(edited, source, known.of(bucket), _Where(bucket, point), way, open_already)


@dataclass(frozen=True, slots=True, eq=False)
class _Where:
    """A bucket, and the access point to it where one is used."""

    bucket: Bucket
    point: AccessPoint | None


def _gained(
    edited: Questions,
    source: Principal,
    among: Sequence[Place],
    where: _Where,
    way: Sequence[tuple[str, Answer]],
    open_already: Mapping[Action, set[str]],
) -> Iterator[Access]:
    """What the edits open that is not surely open before."""
    bucket = edited.buckets.get(where.bucket.arn, where.bucket)
    point = None if where.point is None else edited.access_points[where.point.arn]
    steps = tuple(Step(Door.POLICY_EDIT, target, answer.because) for target, answer in way)
    objects = Objects(edited, bucket, among, point=point)
    for action in _ACTIONS:
        for found, verdict in objects.verdicts(source, action):
            answer = every((*(each for _, each in way), verdict))
            fresh = [] if answer.refused else [place for place in found if place.prefix not in open_already[action]]
            if answer.allowed == TRUE:
                open_already[action].update(place.prefix for place in fresh)
            for dataset in dict.fromkeys(place.dataset for place in fresh):
                yield Access(
                    principal=source,
                    dataset=dataset,
                    action=action,
                    door=Door.S3 if point is None else Door.ACCESS_POINT,
                    conditions=answer.allowed,
                    via=steps,
                    because=verdict.because,
                    origin=source.origin,
                )


def written_by(questions: Questions, source: Principal) -> Policy:
    """The resource policy that somebody writes to be let in."""
    let = Statement(index=0, effect=Effect.ALLOW, actions=("*",), resources=("*",), principals={"AWS": (questions.caller(source).arn,)})
    return Policy(name=f"the policy that {source.name} writes", statements=(let,))


def surely_open(questions: Questions, source: Principal, bucket: Bucket, action: Action, point: AccessPoint | None) -> set[str]:
    """The prefixes for which nothing need be edited."""
    objects = Objects(questions, bucket, places(questions).of(bucket), point=point)
    return {place.prefix for found, verdict in objects.verdicts(source, action) if verdict.allowed == TRUE for place in found}


def _edited(questions: Questions, editor: _Editor, *, storage: bool, keys: bool) -> Estate:
    """The estate in which the policies that somebody may edit say what it wants them to."""
    estate = questions.estate
    wanted = written_by(questions, editor.source)
    if storage:
        buckets = (
            replace(each, policy=wanted if each.arn in editor.buckets else None, unknown_policy="")
            if each.arn in editor.buckets or each.arn in editor.bare
            else each
            for each in estate.buckets
        )
        points = (replace(each, policy=wanted) if each.arn in editor.points else each for each in estate.access_points)
        estate = replace(estate, buckets=tuple(buckets), access_points=tuple(points))
    if keys:
        kept = (replace(each, policy=wanted, unknown_policy="") if each.arn in editor.keys else each for each in estate.keys)
        estate = replace(estate, keys=tuple(kept))
    return estate
