"""No LF-Tag, or value of one, that its catalog does not define."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.governed import EVERY_VALUE
from lakecheck.estate.model import ResourceType
from lakecheck.formula import TRUE
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.lake_formation._lake import ACCOUNT, BUCKET, DATABASE, ON_EXPRESSIONS, is_unclear, permission
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.estate.model import Grant, TagAssociation
    from lakecheck.snapshot import Snapshot

    Place = tuple[str, str]

_WITH_TAGS = ON_EXPRESSIONS | {ResourceType.LF_TAG}


@once
def _defined(snapshot: Snapshot) -> Mapping[Place, Mapping[str, frozenset[str] | None]]:
    """By catalog and Region the values of each key; None where they are not all known."""
    found: dict[Place, dict[str, frozenset[str] | None]] = {}
    for tag in snapshot.estate.tag_keys:
        keys = found.setdefault((tag.account, tag.region), {})
        before = keys.get(tag.key, frozenset())
        keys[tag.key] = None if before is None or tag.origin.exists != TRUE else before | frozenset(tag.values)
    return found


def _place(subject: Grant | TagAssociation) -> Place:
    return subject.resource.catalog, subject.resource.region or subject.region


def _subjects(snapshot: Snapshot) -> Iterator[Grant | TagAssociation]:
    """Those with LF-Tags of a catalog of which templates define some: of another one nothing is known."""
    for grant in snapshot.estate.grants:
        if grant.resource.type in _WITH_TAGS and _place(grant) in _defined(snapshot):
            yield grant
    yield from (each for each in snapshot.estate.tag_associations if _place(each) in _defined(snapshot))


def _pairs(subject: Grant | TagAssociation) -> Iterator[tuple[str, str]]:
    tags = getattr(subject, "tags", None)
    if tags is not None:
        yield from tags
        return
    for key, values in subject.resource.expression:
        yield from ((key, each) for each in values)


def _judge(subject: Grant | TagAssociation, snapshot: Snapshot) -> Iterator[Complaint]:
    defined = _defined(snapshot)[_place(subject)]
    for key, tag_value in dict.fromkeys(_pairs(subject)):
        if is_unclear(key) or is_unclear(tag_value) or any(map(is_unclear, defined)):
            yield Complaint(message=f"whether the LF-Tag {shown(key)}={shown(tag_value)} is defined is not known", is_unknown=True)
        elif key not in defined:
            yield Complaint(message=f"there is no LF-Tag {key}; the catalog has {', '.join(sorted(defined))}")
        else:
            values = defined[key]
            if tag_value == EVERY_VALUE or (values is not None and tag_value in values):
                continue
            if values is None:
                yield Complaint(
                    message=f"the values of the LF-Tag {key} are not all known; {shown(tag_value)} may be missing", is_unknown=True
                )
            else:
                allowed = ", ".join(sorted(map(shown, values)))
                yield Complaint(message=f"the LF-Tag {key} has no value {shown(tag_value)}; it has {allowed}")


def _expression(key: str, *values: str) -> dict[str, Any]:
    policy = {"CatalogId": ACCOUNT, "ResourceType": "TABLE", "Expression": [{"TagKey": key, "TagValues": list(values)}]}
    return {"Grant": permission({"LFTagPolicy": policy}, "SELECT"), "Tag": _TAG}


def _association(key: str, tag_value: str) -> dict[str, Any]:
    tags = [{"CatalogId": ACCOUNT, "TagKey": key, "TagValues": [tag_value]}]
    return {"Tags": {"Type": "AWS::LakeFormation::TagAssociation", "Properties": {"Resource": DATABASE, "LFTags": tags}}, "Tag": _TAG}


_TAG = {"Type": "AWS::LakeFormation::Tag", "Properties": {"TagKey": "zone", "TagValues": ["raw", "curated"]}}

RULE = Rule(
    id="lake_formation.undefined_tag",
    title="Every LF-Tag that is granted on or put on something is defined with its value",
    rationale=(
        "The deployment fails on an LF-Tag that is not defined; a definition that another stack takes away leaves grants that "
        "give nothing, and tables that no expression finds."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/lf-tag-considerations.html",
    severity=Severity.ERROR,
    remedy="Add the value to the AWS::LakeFormation::Tag of the key, or correct the spelling; keys and values are in lower case.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_expression("zone", "raw", "curated"), _association("Zone", "Raw")),
        failing=(_expression("zone", "curted"), _expression("zones", "raw"), _association("zone", "gold")),
        not_applicable=(BUCKET, {"Grant": _expression("zone", "raw")["Grant"]}),
    ),
    controls=("NIST.800.53.R5 AC-16", "NIST.800.53.R5 CM-6"),
)
