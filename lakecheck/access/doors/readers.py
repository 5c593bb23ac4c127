"""Everybody who reads a folder of a bucket, by whatever door: directly, through an access point or a grant, or in a replica."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakecheck.access.doors.access_grants import access_grants
from lakecheck.access.doors.answers import Answer
from lakecheck.access.doors.objects import Objects
from lakecheck.access.doors.places import Place, location, only_named, places
from lakecheck.access.doors.replicas import copies
from lakecheck.access.model import Action, Dataset, DatasetKind
from lakecheck.formula import Truth, any_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Bucket, Principal


def readers(
    questions: Questions, uri: str, *, key: str = "", calling: Mapping[str, tuple[str, ...]] | None = None
) -> dict[Principal, Answer]:
    """Who reads at least one object of a folder, and under what conditions.

    Args:
        questions: Asks IAM about the estate.
        uri: `s3://bucket/prefix/`.
        key: ARN of the key that encrypts the folder's objects; the bucket's default when left out.
        calling: Context of a call that a service makes in the reader's name; the reader asks itself when left out.
    """
    place = location(uri)
    bucket = places(questions).bucket_named(place[0]) if place is not None else None
    if place is None:
        return {}
    if bucket is None:
        bucket = only_named(place[0], "")
    folder = Place(Dataset(DatasetKind.BUCKET, bucket.account, bucket.region, f"s3://{bucket.name}/{place[1]}"), place[1], is_table=True)
    if key:
        bucket = replace(bucket, encryption="SSE_KMS", key=key, bucket_key=None)
    found: dict[Principal, Answer] = {}
    for objects in _entrances(questions, uri, bucket, folder, calling):
        for principal in questions.estate.principals:
            for _, verdict in objects.verdicts(principal, Action.READ):
                _add(found, principal, verdict)
    if calling is None:
        for access in access_grants(questions):
            if access.action is Action.READ and _meets(access.dataset.name, folder.dataset.name):
                _add(found, access.principal, Answer(access.conditions, access.because))
    return found


def _entrances(
    questions: Questions, uri: str, bucket: Bucket, folder: Place, calling: Mapping[str, tuple[str, ...]] | None
) -> Iterator[Objects]:
    yield Objects(questions, bucket, (folder,), calling=calling)
    if calling is not None:
        return
    for point in questions.estate.access_points:
        if point.bucket == bucket.arn:
            yield Objects(questions, bucket, (folder,), point=point)
    for copy, _ in copies(questions, uri):
        yield Objects(questions, copy, (folder,))


def _meets(one: str, other: str) -> bool:
    return one.startswith("s3://") and (one.startswith(other) or other.startswith(one))


def _add(found: dict[Principal, Answer], principal: Principal, verdict: Answer) -> None:
    before = found.get(principal)
    if before is None:
        found[principal] = verdict
    elif before.allowed.truth is not Truth.TRUE:
        because = verdict.because if verdict.allowed.truth is Truth.TRUE else (*before.because, *verdict.because)
        found[principal] = Answer(any_of([before.allowed, verdict.allowed]), tuple(dict.fromkeys(because)))
