"""Each workgroup has a place of its own for its results."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lakecheck.rules._plain import named
from lakecheck.rules.base import Cases, Complaint, Rule, is_open, once, value
from lakecheck.rules.query._workgroups import OUTPUT, output, workgroup, writing_workgroups
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    found = value(resource, OUTPUT)
    if is_open(found) and not output(resource):
        yield Complaint(at=OUTPUT, message="where results go is not known", is_unknown=True)
        return
    mine = output(resource)
    others = [other for other in _inside(snapshot).get(mine, ()) if other is not resource]
    if mine and others:
        names = named([str(other.origin) for other in others])
        yield Complaint(at=OUTPUT, message=f"is {shown(mine)}, where the results of {names} are too; allowed is a prefix of its own")


@once
def _inside(snapshot: Snapshot) -> Mapping[str, list[Resource]]:
    """For each prefix of results, the workgroups whose results are there or below."""
    found: dict[str, list[Resource]] = defaultdict(list)
    prefixes = {output(each) for each in writing_workgroups(snapshot)}
    for each in writing_workgroups(snapshot):
        place = output(each)
        pieces = place.split("/")
        for count in range(3, len(pieces)):  # the bucket comes after `s3:` and nothing
            above = "/".join((*pieces[:count], ""))
            if above in prefixes:
                found[above].append(each)
    return found


_ROOT = "s3://results/"

RULE = Rule(
    id="query.results_shared",
    title="No two workgroups share a place for results",
    rationale=(
        "Whoever may read the results of one workgroup reads its whole prefix: where two share it, or one lies inside the other, the "
        "people of one see rows that Lake Formation showed only to those of the other."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings.html",
    severity=Severity.ERROR,
    remedy="Give each workgroup an OutputLocation with its own name in it, and each role the right to its own prefix alone.",
    subjects=writing_workgroups,
    judge=_judge,
    cases=Cases(
        compliant=({**workgroup("Analysts", results=f"{_ROOT}analysts/"), **workgroup("Stewards", results=f"{_ROOT}stewards/")},),
        failing=(
            {**workgroup("Analysts", results=_ROOT), **workgroup("Stewards", results=_ROOT)},
            {**workgroup("Analysts", results="s3://results"), **workgroup("Stewards", results=f"{_ROOT}stewards/")},
        ),
        not_applicable=(workgroup(ManagedQueryResultsConfiguration={"Enabled": True}),),
    ),
    controls=("NIST.800.53.R5 AC-3",),
)
