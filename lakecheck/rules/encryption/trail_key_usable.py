"""CloudTrail may use the keys of trails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.encryption._cases import KEY_ARN, key
from lakecheck.rules.encryption._keys import key_of, not_known, refused, use
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT = "KMSKeyId"
_TRAIL = "AWS::CloudTrail::Trail"


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    yield from (each for each in snapshot.by_type.get(_TRAIL, ()) if each.properties.get(_AT) is not None)


def _judge(trail: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    written = trail.properties.get(_AT)
    used = key_of(written, trail, snapshot)
    if used is None:
        yield not_known(written, _AT)
        return
    context = {
        "aws:sourcearn": (trail.arn,),
        "aws:sourceaccount": (trail.account,),
        "kms:encryptioncontext:aws:cloudtrail:arn": (trail.arn,),
    }
    # Digest files and log files are written with data keys; the key is described when the trail is made.
    said = use(("cloudtrail.amazonaws.com",), used, snapshot, actions=("kms:GenerateDataKey", "kms:DescribeKey"), context=context)
    yield from refused(said, "CloudTrail", used, path=_AT, then="the trail cannot be made, or its log files are not delivered")


def _trail() -> dict[str, Any]:
    properties = {"TrailName": "audit", "IsLogging": True, "S3BucketName": "audit", "KMSKeyId": KEY_ARN}
    return {"Trail": {"Type": _TRAIL, "Properties": properties}}


def _of(name: str) -> dict[str, Any]:
    return {"ArnLike": {"aws:SourceArn": {"Fn::Sub": f"arn:${{AWS::Partition}}:cloudtrail:*:444455556666:trail/{name}"}}}


_CLOUDTRAIL = "cloudtrail.amazonaws.com"

RULE = Rule(
    id="encryption.trail_key_usable",
    title="The key of a trail lets CloudTrail encrypt with it",
    rationale=(
        "CloudTrail encrypts as a service, for which IAM policies and the key's delegation to its account do not count. Without a "
        "statement of its own in the key policy the trail cannot be made; after an edit of the policy it delivers nothing, and says so in "
        "its status alone."
    ),
    source="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html",
    severity=Severity.ERROR,
    remedy="Allow cloudtrail.amazonaws.com kms:GenerateDataKey* and kms:DescribeKey in the key policy, limited by aws:SourceArn.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=({**key(_CLOUDTRAIL), **_trail()}, {**key(_CLOUDTRAIL, condition=_of("*")), **_trail()}),
        failing=(
            {**key(), **_trail()},
            {**key(_CLOUDTRAIL, condition=_of("other")), **_trail()},
            {**key(_CLOUDTRAIL, actions=["kms:GenerateDataKey*"]), **_trail()},
        ),
        not_applicable=(key(), {"Trail": {"Type": _TRAIL, "Properties": {"S3BucketName": "audit", "IsLogging": True}}}),
    ),
    controls=("NIST.800.53.R5 AU-9(3)", "NIST.800.53.R5 AU-12"),
)
