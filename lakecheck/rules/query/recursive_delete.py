"""Deleting a workgroup does not delete what people saved in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.rules.base import Cases, Complaint, Rule, is_open, is_true, of_type
from lakecheck.rules.query._workgroups import WORKGROUP
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_AT: Final = "RecursiveDeleteOption"


def _judge(resource: Resource, _snapshot: Snapshot) -> Iterator[Complaint]:
    found = resource.properties.get(_AT)
    if is_open(found):
        yield Complaint(at=_AT, message="whether its contents go with it is not known", is_unknown=True)
    elif is_true(found) and not resource.retained:
        yield Complaint(at=_AT, message="is true, so that saved queries and the history go when the workgroup goes; allowed is false")


def _group(value: bool | None, **definition: str) -> dict[str, object]:  # noqa: FBT001 - the property's value
    properties = {"Name": "analysts"} if value is None else {"Name": "analysts", _AT: value}
    return {"Analysts": {"Type": WORKGROUP, "Properties": properties, **definition}}


RULE = Rule(
    id="query.recursive_delete",
    title="A workgroup does not take saved queries with it",
    rationale=(
        "A workgroup is replaced when its name changes and deleted with its stack. With the option, the queries that people saved in it, "
        "the prepared statements and the history of who asked what are gone without a word; without it, the deletion stops."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-workgroup.html",
    severity=Severity.WARNING,
    remedy="Leave RecursiveDeleteOption out, or retain the workgroup.",
    subjects=of_type(WORKGROUP),
    judge=_judge,
    cases=Cases(
        compliant=(_group(None), _group(value=False), _group(value=True, DeletionPolicy="Retain")),
        failing=(_group(value=True),),
        not_applicable=({"Bucket": {"Type": "AWS::S3::Bucket"}},),
    ),
)
