"""Buckets with data outlive their stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules._lake import contents, data_buckets, some
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.storage._cases import bucket, over
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_EMPTIES = "Custom::S3AutoDeleteObjects"


@once
def _emptied(snapshot: Snapshot) -> frozenset[str]:
    """The buckets that a custom resource of CDK empties before they are deleted."""
    names = (each.properties.get("BucketName") for each in snapshot.by_type.get(_EMPTIES, ()))
    return frozenset(name for name in names if isinstance(name, str))


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    inside = contents(snapshot).get(found.ref)
    held = f"the data of {shown(some([each.name for each in inside.tables]))}" if inside is not None else "governed data"
    if found.ref in _emptied(snapshot):
        yield Complaint(message=f"holds {held} and is emptied when it is deleted or replaced")
    elif not found.retained:
        yield Complaint(at="DeletionPolicy", message=f"the bucket holds {held} and is deleted with its stack; allowed is Retain")


_DELETED: dict[str, Any] = {"definition": {"DeletionPolicy": "Delete"}}
_EMPTYING = {"Emptying": {"Type": _EMPTIES, "Properties": {"ServiceToken": "function", "BucketName": "lake"}}}

RULE = Rule(
    id="storage.data_retained",
    title="A bucket with data of the lake is retained and not emptied when its stack is deleted",
    rationale=(
        "With autoDeleteObjects one removed line, or a deleted stack, empties the bucket with all versions before anybody can stop it. "
        "Without Retain the deletion of a stack fails half way, or takes the bucket with it as soon as it is empty."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
    severity=Severity.WARNING,
    remedy="Set DeletionPolicy and UpdateReplacePolicy to Retain and remove autoDeleteObjects; acknowledge it where data can be remade.",
    subjects=data_buckets,
    judge=_judge,
    cases=Cases(
        compliant=(over(),),
        failing=(over(**_DELETED), {**over(), **_EMPTYING}),
        not_applicable=(bucket(**_DELETED),),
    ),
    controls=("NIST.800.53.R5 SI-12",),
)
