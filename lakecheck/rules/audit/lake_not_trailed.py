"""Every read and write of the lake's objects is on record."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from lakecheck.rules._plain import named
from lakecheck.rules._services import either
from lakecheck.rules.audit._trails import BOTH, TRAIL, trails
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.rules.audit._trails import Trail
    from lakecheck.snapshot import Snapshot


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    """The buckets that hold tables; of an account and Region without a trail the first one, as nothing is known of any."""
    asked: set[tuple[str, str]] = set()
    for bucket in snapshot.by_type.get("AWS::S3::Bucket", ()):
        place = (bucket.account, bucket.region)
        if bucket.arn in _governed(snapshot) and (_near(bucket, snapshot) or place not in asked):
            asked.add(place)
            yield bucket


def _near(bucket: Resource, snapshot: Snapshot) -> list[Trail]:
    return [trail for trail in trails(snapshot) if trail.covers(bucket.account, bucket.region)]


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    near = _near(resource, snapshot)
    if not near:
        yield Complaint(
            message="holds tables, and no template has a trail of its account and Region; another one, of the organisation, may log what "
            "is read of this bucket and of the others there",
            is_unknown=True,
        )
        return
    root = f"{resource.arn}/"
    # A table over the trail's own log: writes are deliveries, and a trail that logged them would never end (audit.trail_logs_itself).
    is_log = any(trail.resource.properties.get("S3BucketName") == resource.ref for trail in near)
    for kind in sorted(BOTH - {"writes"} if is_log else BOTH):
        whole = either(trail.logs(root, kind) for trail in near)
        if whole is True:
            continue
        places = _governed(snapshot)[resource.arn]
        verdicts = {place: either(trail.logs(place, kind) for trail in near) for place in places}
        missed = [place.partition(":::")[2] for place, verdict in verdicts.items() if verdict is False]
        open_ones = [place.partition(":::")[2] for place, verdict in verdicts.items() if verdict is None]
        if missed:
            yield Complaint(
                message=f"{kind} of {named(missed)} are logged by no trail; allowed is a trail that logs data events, reads too"
            )
        elif open_ones:
            yield Complaint(message=f"whether {kind} of {named(open_ones)} are logged is not known", is_unknown=True)


@once
def _governed(snapshot: Snapshot) -> Mapping[str, list[str]]:
    """By a bucket's ARN, the ARN prefixes in it that hold tables or are registered with Lake Formation."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    arns = {bucket.ref: bucket.arn for bucket in snapshot.by_type.get("AWS::S3::Bucket", ())}
    places = [each.location.partition("://")[2] for each in snapshot.estate.tables if each.target is None]
    places += [each.arn.partition(":::")[2] for each in snapshot.estate.locations]
    for place in places:
        bucket, _, prefix = place.partition("/")
        if bucket in arns:
            folder = prefix.strip("/")
            found[arns[bucket]][f"{arns[bucket]}/{folder}/" if folder else f"{arns[bucket]}/"] = None
    return {arn: list(prefixes) for arn, prefixes in found.items()}


def _lake(*selectors: dict[str, Any], log: str = "logs") -> dict[str, Any]:
    location = {"Location": "s3://curated/orders/"}
    return {
        "Curated": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "curated"}},
        "Orders": {
            "Type": "AWS::Glue::Table",
            "Properties": {
                "CatalogId": "444455556666",
                "DatabaseName": "sales",
                "TableInput": {"Name": "orders", "StorageDescriptor": location},
            },
        },
        "Trail": {"Type": TRAIL, "Properties": {"IsLogging": True, "S3BucketName": log, "EventSelectors": list(selectors)}},
    }


def _objects(value: str, kind: str = "All") -> dict[str, Any]:
    return {"ReadWriteType": kind, "DataResources": [{"Type": "AWS::S3::Object", "Values": [value]}]}


RULE = Rule(
    id="audit.lake_not_trailed",
    title="Reads and writes of the lake's objects are logged",
    rationale=(
        "A trail logs management events unless told otherwise: who made a bucket, not who read it. Lake Formation's own events tell who "
        "got credentials; which objects were read with them, and who came by another door, only S3's data events tell."
    ),
    source="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html",
    severity=Severity.ERROR,
    remedy="Add the bucket to the trail's data event selectors for AWS::S3::Object, with reads and writes.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            _lake(_objects("arn:aws:s3:::curated/")),
            _lake(_objects("arn:aws:s3")),
            _lake(_objects("arn:aws:s3:::curated/orders/")),
            _lake(_objects("arn:aws:s3:::curated/", "ReadOnly"), log="curated"),
        ),
        failing=(
            _lake(_objects("arn:aws:s3:::raw/")),
            _lake(_objects("arn:aws:s3:::curated/", "WriteOnly")),
            _lake({"ReadWriteType": "All"}),
            _lake(_objects("arn:aws:s3:::curated/", "ReadOnly")),
            _lake({"ReadWriteType": "All"}, log="curated"),
        ),
        not_applicable=({"Logs": {"Type": "AWS::S3::Bucket"}},),
    ),
    controls=("NIST.800.53.R5 AU-2", "NIST.800.53.R5 AU-12"),
)
