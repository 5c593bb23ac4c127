"""A rule on objects says in which bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import at, listed
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.pipeline._cases import NO_PIPELINE, rule
from lakecheck.rules.pipeline._events import RULE as EVENT_RULE, targets
from lakecheck.rules.pipeline._watching import pattern_of, texts
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_PLACES: Final = ("resources", "detail.bucket.name", "detail.requestParameters.bucketName", "detail.resources")
"""Where a pattern can say which bucket it is about, in S3's own events and in CloudTrail's."""


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for one in snapshot.by_type.get(EVENT_RULE, ()):
        pattern = pattern_of(one)
        is_about_objects = isinstance(pattern, dict) and "aws.s3" in texts(pattern.get("source"))
        if is_about_objects and any(target.starts is not False for target in targets(one)):
            yield one


def _judge(resource: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    pattern = pattern_of(resource)
    named = [at(pattern, place) for place in _PLACES]
    if all(_is_any(each) for each in named) and not _has_alternatives(pattern):
        yield Complaint(
            at="EventPattern",
            message="starts for objects of every bucket that sends events; allowed is the bucket's name in detail.bucket.name",
        )


def _is_any(matched: Any) -> bool:
    """Whether a matcher lets every name through."""
    matchers = [each for each in listed(matched) if isinstance(each, dict)]
    return matched is None or any(each.get("exists") is True or each.get("prefix") == "" for each in matchers)


def _has_alternatives(pattern: Any) -> bool:
    return any(isinstance(each, dict) and "$or" in each for each in (pattern, at(pattern, "detail")))


def _objects(**detail: Any) -> dict[str, Any]:
    return {"source": ["aws.s3"], "detail-type": ["Object Created"], **({"detail": detail} if detail else {})}


RULE = Rule(
    id="pipeline.event_pattern_too_wide",
    title="A rule that starts something for an object names the bucket",
    rationale=(
        "Every bucket that sends its events to EventBridge sends them to the same bus. A rule without a bucket's name also starts for what "
        "the pipeline itself writes, in a circle, and for objects of other teams."
    ),
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html",
    severity=Severity.WARNING,
    remedy="Add the bucket's name to the pattern as detail.bucket.name, and the key's prefix where it has one.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            rule(_objects(bucket={"name": ["landing"]})),
            rule({"source": ["aws.s3"], "detail": {"requestParameters": {"bucketName": ["landing"]}}}),
        ),
        failing=(
            rule(_objects()),
            rule(_objects(object={"key": [{"prefix": "sales/"}]})),
            rule(_objects(bucket={"name": [{"exists": True}]})),
        ),
        not_applicable=(rule(_objects(), Arn="arn:aws:sns:eu-west-1:444455556666:told"), rule({"source": ["aws.glue"]}), NO_PIPELINE),
    ),
)
