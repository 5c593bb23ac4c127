"""Jobs write with the key of the bucket that they write to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.sources import at, listed, text
from lakecheck.formula import Truth
from lakecheck.rules._lake import data_buckets, is_unclear, some
from lakecheck.rules.base import Cases, Complaint, Rule, is_open, once, value
from lakecheck.rules.encryption._cases import KEY_ARN, OTHER_ARN, encrypted, key, lake, role
from lakecheck.rules.encryption._keys import key_of, same_key
from lakecheck.values import generated_holes, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.model import Bucket
    from lakecheck.snapshot import Snapshot

_JOB, _CONFIGURATION = "AWS::Glue::Job", "AWS::Glue::SecurityConfiguration"
_AT = "EncryptionConfiguration.S3Encryptions"


@once
def _configurations(snapshot: Snapshot) -> Mapping[tuple[str, str, str], Resource]:
    """The security configurations by account, Region and name."""
    return {(each.account, each.region, each.ref): each for each in snapshot.by_type.get(_CONFIGURATION, ())}


@once
def _buckets(snapshot: Snapshot) -> tuple[Bucket, ...]:
    """The buckets with data that a key of its owner encrypts."""
    names = {each.ref for each in data_buckets(snapshot)}
    return tuple(each for each in snapshot.estate.buckets if each.name in names and each.key)


def _configuration(job: Resource, snapshot: Snapshot) -> Resource | None:
    name = job.properties.get("SecurityConfiguration")
    return _configurations(snapshot).get((job.account, job.region, name)) if isinstance(name, str) else None


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    yield from (job for job in snapshot.by_type.get(_JOB, ()) if _configuration(job, snapshot) is not None)


def _judge(job: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    configuration = _configuration(job, snapshot)
    if configuration is None:
        return
    for each in listed(value(configuration, _AT)):
        mode, written = at(each, "S3EncryptionMode"), at(each, "KmsKeyArn")
        if is_open(mode) or (mode == "SSE-KMS" and is_unclear(written) and not _is_made_up(written)):
            message = f"the key that {configuration.origin} writes with is not known: {shown(mode if is_open(mode) else written)}"
            yield Complaint(at="SecurityConfiguration", message=message, is_unknown=True)
        elif mode in ("SSE-S3", "SSE-KMS"):
            yield from _judge_mode(job, configuration, "" if mode == "SSE-S3" else written, snapshot)


def _is_made_up(written: Any) -> bool:
    return isinstance(written, str) and bool(generated_holes(written))


def _judge_mode(job: Resource, configuration: Resource, written: str, snapshot: Snapshot) -> Iterator[Complaint]:
    found = key_of(written, configuration, snapshot)
    arn = found.arn if found is not None else written
    others = [each for each in _written(job, snapshot) if same_key(each.key, arn) is False or not arn]
    if others:
        with_what = f"key {shown(arn)}" if arn else "S3's own key"
        names = some([shown(str(each.origin)) for each in others])
        yield Complaint(
            at="SecurityConfiguration",
            message=f"{shown(str(configuration.origin))} makes the job write with {with_what}; the default key of {names} is another one",
        )


def _written(job: Resource, snapshot: Snapshot) -> list[Bucket]:
    """The buckets with data that the job's role may write to."""
    role_arn = text(job.properties.get("Role"))
    principal = snapshot.questions.principals.get(role_arn)
    if principal is None:
        return []
    return [
        bucket
        for bucket in _buckets(snapshot)
        if snapshot.questions.may_any(principal, "s3:PutObject", f"{bucket.arn}/*").allowed.truth is not Truth.FALSE
    ]


def _job(mode: str, arn: Any = None) -> dict[str, Any]:
    encryption = {"S3EncryptionMode": mode, **({} if arn is None else {"KmsKeyArn": arn})}
    return {
        "Job": {
            "Type": _JOB,
            "Properties": {
                "Role": {"Fn::GetAtt": ["Loader", "Arn"]},
                "Command": {"Name": "glueetl"},
                "SecurityConfiguration": {"Ref": "Configuration"},
            },
        },
        "Configuration": {
            "Type": _CONFIGURATION,
            "Properties": {"Name": "lake", "EncryptionConfiguration": {"S3Encryptions": [encryption]}},
        },
        **role("Loader", "glue.amazonaws.com", "s3:PutObject"),
        **key(logical_id="Other"),
        **key(),
        **lake(encrypted(KEY_ARN)),
    }


RULE = Rule(
    id="encryption.job_key_agrees",
    title="The security configuration of a Glue job writes to S3 with no other key than the buckets have that the job writes to",
    rationale=(
        "A security configuration overrides the bucket's default encryption for everything that the job writes. Where the bucket policy "
        "denies other keys, the job fails on its first file; where it does not, tables consist of files under two keys, and readers who "
        "may use the zone's key cannot read the new ones."
    ),
    source="https://docs.aws.amazon.com/glue/latest/dg/encryption-security-configuration.html",
    severity=Severity.ERROR,
    remedy="Remove S3Encryptions from the security configuration, so that each bucket's default applies, or name the bucket's own key.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_job("SSE-KMS", KEY_ARN), _job("DISABLED")),
        failing=(_job("SSE-S3"), _job("SSE-KMS", OTHER_ARN)),
        not_applicable=(key(), lake(None)),
    ),
    controls=("NIST.800.53.R5 SC-12", "NIST.800.53.R5 SC-28(1)"),
)
