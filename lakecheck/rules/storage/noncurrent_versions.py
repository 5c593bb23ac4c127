"""Old versions of objects end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules._lake import contents, data_buckets, some
from lakecheck.rules.base import Cases, Complaint, Rule, value
from lakecheck.rules.storage._cases import bucket, over
from lakecheck.rules.storage._lifecycle import AT, rules, uncovered, unknown
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    yield from (found for found in data_buckets(snapshot) if value(found, "VersioningConfiguration.Status") == "Enabled")


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    acting = [rule for rule in rules(found) if rule.expires_old_versions]
    inside = contents(snapshot).get(found.ref)
    left = uncovered(inside.tables, acting) if inside is not None else []
    reason = unknown(found)
    if reason and (left or not acting):
        yield Complaint(at=AT, message=f"whether noncurrent versions end is not known: {reason}", is_unknown=True)
    elif not acting:
        yield Complaint(
            at=AT, message="the bucket keeps versions, and no rule has NoncurrentVersionExpiration: what is deleted stays for ever"
        )
    elif left:
        yield Complaint(at=AT, message=f"no rule with NoncurrentVersionExpiration acts on {shown(some(left))}")


_VERSIONED: dict[str, Any] = {"VersioningConfiguration": {"Status": "Enabled"}}
_ENDS = {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}}

RULE = Rule(
    id="storage.noncurrent_versions",
    title="Noncurrent versions of objects of the lake expire",
    rationale=(
        "In a bucket with versioning a delete only hides an object. Rows that a retention or an erasure removed from a table stay "
        "readable as old versions, and compaction doubles what is stored with each run."
    ),
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html",
    severity=Severity.WARNING,
    remedy="Add a lifecycle rule for the whole bucket with NoncurrentVersionExpiration.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(over(_ENDS, **_VERSIONED), over({"NoncurrentVersionExpirationInDays": 30}, **_VERSIONED)),
        failing=(over(**_VERSIONED), over({"ExpirationInDays": 30}, **_VERSIONED), over({**_ENDS, "Prefix": "travel/"}, **_VERSIONED)),
        not_applicable=(over(), bucket(**_VERSIONED)),
    ),
    controls=("NIST.800.53.R5 SI-12", "NIST.800.53.R5 SI-12(3)"),
)
