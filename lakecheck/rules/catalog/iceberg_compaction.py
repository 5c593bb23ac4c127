"""Small files of Iceberg tables are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.catalog._cases import BUCKET, iceberg, optimizer, table
from lakecheck.rules.catalog._maintenance import readable, without
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    yield from without("compaction", found, snapshot, then="its small files and delete files are read by every query")


RULE = Rule(
    id="catalog.iceberg_compaction",
    title="Small files of an Iceberg table are compacted",
    rationale=(
        "Each commit adds files, each row-level delete adds a file that readers have to apply: queries become slower and dearer with "
        "every write, until they run into the scan limit of their workgroup."
    ),
    source="https://docs.aws.amazon.com/glue/latest/dg/compaction-management.html",
    severity=Severity.WARNING,
    remedy="Add an AWS::Glue::TableOptimizer of type compaction; acknowledge this where a job of your own rewrites the files.",
    subjects=readable,
    judge=_judge,
    cases=Cases(
        compliant=({**iceberg(), **optimizer("compaction")},),
        failing=(iceberg(), {**iceberg(), **optimizer("compaction", enabled="false")}),
        not_applicable=(BUCKET, table()),
    ),
)
