"""A workgroup's settings bind its clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules.base import Cases, Complaint, Rule, is_open, is_true, value
from lakecheck.rules.query._workgroups import CONFIGURATION, spark, sql_workgroups, workgroup
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT: Final = f"{CONFIGURATION}.EnforceWorkGroupConfiguration"


def _judge(resource: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    found = value(resource, _AT)
    if is_open(found):
        yield Complaint(at=_AT, message="whether clients are bound is not known", is_unknown=True)
    elif not is_true(found):
        what = "is not stated" if found is None else f"is {found}"
        yield Complaint(at=_AT, message=f"{what}, so that clients may name their own place and encryption for results; allowed is true")


RULE = Rule(
    id="query.not_enforced",
    title="A workgroup's settings override those of its clients",
    rationale=(
        "A workgroup that does not enforce its settings is a proposal: a client writes its results into a bucket of its own choice, with "
        "the encryption of its own choice, outside of what expires and what is logged."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html",
    severity=Severity.WARNING,
    remedy="Set EnforceWorkGroupConfiguration to true.",
    subjects=sql_workgroups,
    judge=_judge,
    cases=Cases(
        compliant=(workgroup(EnforceWorkGroupConfiguration=True),),
        failing=(workgroup(EnforceWorkGroupConfiguration=False), workgroup()),
        not_applicable=(spark(),),
    ),
    controls=("NIST.800.53.R5 AC-4", "NIST.800.53.R5 SC-28"),
)
