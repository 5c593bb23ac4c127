"""Spark jobs run on a version of Glue that AWS keeps up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules.base import Cases, Complaint, Rule, is_open
from lakecheck.rules.pipeline._cases import job
from lakecheck.rules.pipeline._jobs import spark_jobs
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

ENDED: Final = {
    "0.9": ("2022-06-01", "2026-04-01"),
    "1.0": ("2022-09-30", "2026-04-01"),
    "2.0": ("2024-01-31", "2026-04-01"),
}
"""Versions whose support has ended, with the day of that and the day from which their jobs do not start any more; as of 2026-11."""

_AT: Final = "GlueVersion"


def _judge(resource: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    version = resource.properties.get(_AT)
    if is_open(version):
        yield Complaint(at=_AT, message="the version is not known", is_unknown=True)
        return
    told = str(version)
    if told in ENDED:
        support, life = ENDED[told]
        why = f"which has no support since {support} and does not start since {life}"
        yield Complaint(at=_AT, message=f"is {told}, {why}; allowed is 3.0 or later")


RULE = Rule(
    id="pipeline.job_version_old",
    title="Glue jobs run on a version with support",
    rationale="A version without support gets no security updates; past the end of its life Glue starts no run of it.",
    source="https://docs.aws.amazon.com/glue/latest/dg/glue-version-support-policy.html",
    severity=Severity.ERROR,
    remedy="Set GlueVersion to a current version, 5.0 or later, and test the job on its Spark and Python.",
    subjects=spark_jobs,
    judge=_judge,
    cases=Cases(
        compliant=(job(GlueVersion="5.0"), job()),
        failing=(job(GlueVersion="2.0"),),
        not_applicable=(job(GlueVersion="1.0", Command={"Name": "pythonshell", "ScriptLocation": "s3://scripts/load.py"}),),
    ),
    controls=("NIST.800.53.R5 SI-2",),
)
