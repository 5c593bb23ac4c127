"""Uploads that were never completed end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.rules._lake import contents, data_buckets, some
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.storage._cases import bucket, over
from lakecheck.rules.storage._lifecycle import AT, rules, uncovered, unknown
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    acting = [rule for rule in rules(found) if rule.aborts_uploads]
    inside = contents(snapshot).get(found.ref)
    left = uncovered(inside.tables, acting) if inside is not None else []
    reason = unknown(found)
    if reason and (left or not acting):
        yield Complaint(at=AT, message=f"whether incomplete uploads end is not known: {reason}", is_unknown=True)
    elif not acting:
        yield Complaint(at=AT, message="no rule has AbortIncompleteMultipartUpload, so that parts of failed writes stay for ever")
    elif left:
        yield Complaint(at=AT, message=f"no rule with AbortIncompleteMultipartUpload acts on {shown(some(left))}")


_ABORT = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}

RULE = Rule(
    id="storage.incomplete_uploads",
    title="Incomplete multipart uploads to buckets of the lake end",
    rationale=(
        "Spark and Athena write large files in parts. The parts of a write that failed are in no listing, are paid for, and hold rows "
        "that no erasure finds, because they belong to no object."
    ),
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html",
    severity=Severity.WARNING,
    remedy="Add a lifecycle rule for the whole bucket with AbortIncompleteMultipartUpload, after 7 days for example.",
    subjects=data_buckets,
    judge=_judge,
    cases=Cases(
        compliant=(over(_ABORT), over({**_ABORT, "Prefix": "sales/"})),
        failing=(over(), over({**_ABORT, "Status": "Disabled"}), over({**_ABORT, "Prefix": "travel/"})),
        not_applicable=(bucket(),),
    ),
    controls=("NIST.800.53.R5 SI-12",),
)
