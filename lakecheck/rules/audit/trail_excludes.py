"""A trail of management events has all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules.audit._trails import BOTH, TRAIL, trail_of, trails
from lakecheck.rules.base import Cases, Complaint, Rule, of_type
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.rules.audit._trails import Trail
    from lakecheck.snapshot import Snapshot

_EVERYTHING: Final = "management events, reads and writes, of every service"


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    trail = trail_of(resource, snapshot)
    if not trail.is_logging:
        yield Complaint(at="IsLogging", message="is false, so that the trail logs nothing; allowed is true")
    elif trail.selections is None:
        yield Complaint(message="what the trail selects is not known", is_unknown=True)
    elif any(other.covers(resource.account, resource.region) and _has_all(other) for other in trails(snapshot)):
        return
    else:
        mine = [each for each in trail.selections if each.is_management]
        missing = sorted(BOTH - frozenset().union(*(each.kinds for each in mine)))
        left = sorted({each.leaves_out for each in mine if each.leaves_out})
        if not mine:
            yield Complaint(message="logs no management events, as no trail of the templates does; the organisation's may", is_unknown=True)
        elif missing:
            yield Complaint(message=f"leaves out management events that are {missing[0]}; allowed are {_EVERYTHING}")
        elif left:
            yield Complaint(message=f"leaves out management events by {', '.join(left)}; allowed are {_EVERYTHING}")


def _has_all(trail: Trail) -> bool:
    """Whether its selectors together leave no management event out."""
    whole = [each for each in trail.selections or () if each.is_management and not each.leaves_out]
    return trail.is_logging and frozenset().union(*(each.kinds for each in whole)) == BOTH


def _trail(*selectors: dict[str, Any], **properties: Any) -> dict[str, Any]:
    chosen = {"EventSelectors": list(selectors)} if selectors else {}
    return {"Trail": {"Type": TRAIL, "Properties": {"IsLogging": True, "S3BucketName": "logs", **chosen, **properties}}}


_READS_ONLY = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["false"]}]}

RULE = Rule(
    id="audit.trail_excludes",
    title="A trail leaves no management events out",
    rationale=(
        "Who looked for data, who listed grants and who used a key are reads; a trail of writes alone, or one without KMS, shows a theft "
        "only from the moment when something is changed."
    ),
    source="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html",
    severity=Severity.WARNING,
    remedy="Select all management events in one trail of the account, and keep narrower selectors for trails besides it.",
    subjects=of_type(TRAIL),
    judge=_judge,
    cases=Cases(
        compliant=(
            _trail(),
            _trail({"ReadWriteType": "All", "IncludeManagementEvents": True}),
            {**_trail(), "Other": _trail({"ReadWriteType": "WriteOnly"})["Trail"]},
        ),
        failing=(
            _trail({"ReadWriteType": "WriteOnly"}),
            _trail({"ExcludeManagementEventSources": ["kms.amazonaws.com"]}),
            _trail(AdvancedEventSelectors=[_READS_ONLY]),
            _trail(IsLogging=False),
        ),
        not_applicable=({"Logs": {"Type": "AWS::S3::Bucket"}},),
    ),
    controls=("NIST.800.53.R5 AU-2", "NIST.800.53.R5 AU-12"),
)
