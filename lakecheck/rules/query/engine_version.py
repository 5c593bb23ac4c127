"""A workgroup runs a version of Athena's engine that exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules.base import Cases, Complaint, Rule, is_open, value
from lakecheck.rules.query._workgroups import ENGINE, WORKGROUP, spark, workgroup
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

RETIRED: Final = frozenset({"Athena engine version 1", "Athena engine version 2"})
"""Versions that are no more; as of 2026-11."""


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    yield from (each for each in snapshot.by_type.get(WORKGROUP, ()) if value(each, ENGINE) is not None)


def _judge(resource: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    version = value(resource, ENGINE)
    if is_open(version):
        yield Complaint(at=ENGINE, message="the version is not known", is_unknown=True)
    elif version in RETIRED if isinstance(version, str) else False:
        yield Complaint(at=ENGINE, message=f"is {version}, which is no more; allowed are AUTO and Athena engine version 3")


RULE = Rule(
    id="query.engine_version",
    title="A workgroup names an engine version that Athena still runs",
    rationale="Athena moves workgroups off a retired version by itself and refuses new ones: what was tested is not what runs.",
    source="https://docs.aws.amazon.com/athena/latest/ug/engine-versions.html",
    severity=Severity.ERROR,
    remedy="Select Athena engine version 3, or AUTO to be moved to the next one when it comes.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(workgroup(EngineVersion={"SelectedEngineVersion": "Athena engine version 3"}), spark()),
        failing=(workgroup(EngineVersion={"SelectedEngineVersion": "Athena engine version 2"}),),
        not_applicable=(workgroup(),),
    ),
    controls=("NIST.800.53.R5 SI-2",),
)
