"""A trail does not log the writing of its own log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules._plain import is_false
from lakecheck.rules.audit._trails import TRAIL, trail_of
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    yield from (trail for trail in snapshot.by_type.get(TRAIL, ()) if _bucket(trail, snapshot) is not None)


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    bucket = _bucket(resource, snapshot)
    if bucket is None or is_false(resource.properties.get("RecursiveLogging")):
        return
    verdict = trail_of(resource, snapshot).logs(f"{bucket.arn}/AWSLogs/", "writes")
    if verdict is not False:
        what = "logs" if verdict else "may log"
        yield Complaint(
            message=f"{what} data events of {bucket.origin}, where it writes its own log: each delivery is an event of the next; "
            "allowed are selectors without that bucket",
            is_unknown=verdict is None,
        )


def _bucket(trail: Resource, snapshot: Snapshot) -> Resource | None:
    """The bucket of its log, if that is in the trail's own account, whose events it sees."""
    name = trail.properties.get("S3BucketName")
    found = _buckets(snapshot).get(name) if isinstance(name, str) else None
    return found if found is not None and found.account == trail.account else None


@once
def _buckets(snapshot: Snapshot) -> Mapping[str, Resource]:
    return {bucket.ref: bucket for bucket in snapshot.by_type.get("AWS::S3::Bucket", ())}


def _trail(value: str, **properties: Any) -> dict[str, Any]:
    selectors = [{"DataResources": [{"Type": "AWS::S3::Object", "Values": [value]}]}]
    return {
        "Logs": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "logs"}},
        "Trail": {
            "Type": TRAIL,
            "Properties": {"IsLogging": True, "S3BucketName": {"Ref": "Logs"}, "EventSelectors": selectors, **properties},
        },
    }


RULE = Rule(
    id="audit.trail_logs_itself",
    title="A trail leaves out the bucket that its own log goes to",
    rationale=(
        "CloudTrail's delivery of a log file is a write to the bucket. A trail of all objects of the account logs it, delivers that, and "
        "logs the delivery: events that nobody needs, paid for one by one, for ever."
    ),
    source="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-recursive-logging.html",
    severity=Severity.WARNING,
    remedy="Name the lake's buckets in the selectors, or leave the log's bucket out with NotStartsWith; or suppress recursive logging.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_trail("arn:aws:s3:::curated/"), _trail("arn:aws:s3", RecursiveLogging=False)),
        failing=(_trail("arn:aws:s3"),),
        not_applicable=({"Trail": {"Type": TRAIL, "Properties": {"IsLogging": True, "S3BucketName": "elsewhere"}}},),
    ),
)
