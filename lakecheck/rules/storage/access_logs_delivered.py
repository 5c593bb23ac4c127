"""Access logs can be delivered to where they are to go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules._lake import buckets_by_name
from lakecheck.rules.base import Cases, Complaint, Rule, once, value
from lakecheck.rules.storage._cases import bucket
from lakecheck.values import Unknown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.model import Bucket
    from lakecheck.snapshot import Snapshot

_AT = "LoggingConfiguration.DestinationBucketName"


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for found in snapshot.by_type.get("AWS::S3::Bucket", ()):
        if isinstance(found.properties.get("LoggingConfiguration"), dict):
            yield found


@once
def _known(snapshot: Snapshot) -> Mapping[str, Bucket]:
    return {each.name: each for each in snapshot.estate.buckets if each.origin is not None}


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    to = value(found, _AT)
    if isinstance(to, Unknown):
        yield Complaint(at=_AT, message=f"where access logs go is not known: {to.reason}", is_unknown=True)
        return
    if to is None or to == found.ref:
        yield Complaint(at=_AT, message="the bucket logs into itself; each delivery is logged again, and shares the data's lifecycle")
        return
    target = _known(snapshot).get(to) if isinstance(to, str) else None
    if target is None:
        return
    where = buckets_by_name(snapshot)[target.name]
    problems = {
        "is encrypted with a KMS key by default; allowed is SSE-S3": target.encryption == "SSE_KMS",
        "has Object Lock": target.object_lock,
        "is in another account": target.account != found.account,
        "is in another Region": target.region != found.region,
    }
    for problem, is_so in problems.items():
        if is_so:
            yield Complaint(at=_AT, message=f"access logs go to {where.origin}, which {problem}; no log arrives there")


def _to(name: str | None, **changes: Any) -> dict[str, Any]:
    logging = {} if name is None else {"DestinationBucketName": name}
    return {**bucket(LoggingConfiguration=logging), **bucket(name="logs", logical_id="Logs", **changes)}


_KMS = {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}

RULE = Rule(
    id="storage.access_logs_delivered",
    title="Access logs go to another bucket that can take them",
    rationale=(
        "S3 delivers access logs to a bucket of the same account and Region with SSE-S3 and without Object Lock only. Anything else "
        "deploys without an error and delivers nothing: it is found when somebody needs the logs."
    ),
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html",
    severity=Severity.ERROR,
    remedy="Send access logs to a bucket of their own in the same account and Region, encrypted with SSE-S3, without Object Lock.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_to("logs"), _to("bucket-of-somebody-else")),
        failing=(_to("lake"), _to(None), _to("logs", BucketEncryption=_KMS), _to("logs", ObjectLockEnabled=True)),
        not_applicable=(bucket(),),
    ),
    controls=("NIST.800.53.R5 AU-12",),
)
