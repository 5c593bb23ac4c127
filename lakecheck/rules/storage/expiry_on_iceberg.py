"""No lifecycle deletes an Iceberg table's files by their age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.rules._lake import contents, some
from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.storage._cases import bucket, over, over_iceberg
from lakecheck.rules.storage._lifecycle import AT, rules, unknown
from lakecheck.values import has_hole, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for found in snapshot.by_type.get("AWS::S3::Bucket", ()):
        inside = contents(snapshot).get(found.ref)
        if inside is not None and any(each.is_iceberg for each in inside.tables):
            yield found


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    reason = unknown(found)
    if reason:
        yield Complaint(at=AT, message=f"whether files of Iceberg tables expire is not known: {reason}", is_unknown=True)
    for rule in rules(found):
        if not rule.expires or rule.chooses or has_hole(rule.prefix):
            continue
        tables = [each.name for each in contents(snapshot)[found.ref].touched_by(rule.prefix) if each.is_iceberg]
        if tables:
            yield Complaint(
                at=AT,
                message=f"rule {shown(rule.name)} deletes by age below {rule.prefix}*, where Iceberg tables are: {shown(some(tables))}",
            )


RULE = Rule(
    id="storage.expiry_on_iceberg",
    title="No lifecycle rule expires objects of an Iceberg table by age",
    rationale=(
        "The current state of an Iceberg table consists of files of any age, its metadata among them. A lifecycle rule deletes them "
        "without telling the table: every query then fails on the missing file, and the rows are gone."
    ),
    source="https://docs.aws.amazon.com/glue/latest/dg/optimizer-notes.html",
    severity=Severity.ERROR,
    remedy="Exclude the table's prefix; delete old rows by a job on the table, and old snapshots by its retention optimizer.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            over_iceberg(),
            over_iceberg({"ExpirationInDays": 30, "Prefix": "landing/"}, {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}}),
            over_iceberg({"ExpirationInDays": 30, "TagFilters": [{"Key": "deleted", "Value": "true"}]}),
            over_iceberg({"ExpirationInDays": 30, "Status": "Disabled"}),
        ),
        failing=(
            over_iceberg({"ExpirationInDays": 3650}),
            over_iceberg({"ExpirationInDays": 30, "Prefix": "sales/"}),
            over_iceberg({"ExpirationDate": "2030-01-01T00:00:00Z", "Prefix": "sales/orders/metadata/"}),
        ),
        not_applicable=(bucket({"ExpirationInDays": 30}), over({"ExpirationInDays": 30})),
    ),
    controls=("NIST.800.53.R5 SI-12",),
)
