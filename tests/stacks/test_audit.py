"""What people read is recorded, wherever it lies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.stacks.assembly import ORGANIZATION

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake

pytestmark = pytest.mark.xdist_group("reference")

ABOUT_THE_LAKE = ("AccessLogs", "Inventory", "Audit")
"""Buckets with logs and lists, no data of the lake: recording the trail's own would never end."""


def test_every_bucket_with_data_is_in_the_organisations_trail(reference: Lake) -> None:
    """Requests for objects of each zone and for results of queries, which hold what was read, are recorded in every account."""
    ((_, _, trail),) = reference.resources("AWS::CloudTrail::Trail")
    assert trail["Properties"]["IsOrganizationTrail"] is True
    selectors = [
        {field["Field"]: field for field in selector["FieldSelectors"]} for selector in trail["Properties"]["AdvancedEventSelectors"]
    ]
    (chosen,) = (fields["resources.ARN"] for fields in selectors if "NotStartsWith" in fields.get("resources.ARN", {}))
    recorded, left_out = (_names(chosen[key]) for key in ("StartsWith", "NotStartsWith"))
    seen = set()
    for stack, logical_id, _ in reference.resources("AWS::S3::Bucket"):
        if stack.environment == ORGANIZATION:
            continue
        name = f"{stack.environment}-{stack.name}-{logical_id}-1a2b3c4d5e6f".lower()
        is_recorded = any(map(name.startswith, recorded)) and not any(map(name.startswith, left_out))
        assert is_recorded is not any(part in logical_id for part in ABOUT_THE_LAKE), f"{stack.path}/{logical_id}"
        seen.add((stack.name, logical_id.startswith("Results")))
    assert {("MainStorage", True), ("MainStorage", False), ("AnalyticsStorage", True)} <= seen


def test_an_account_of_the_organisations_trail_has_no_second(reference: Lake) -> None:
    """Nor a detector of its own: the security account switches GuardDuty on in every account."""
    assert [stack.path for stack, _, _ in reference.resources("AWS::CloudTrail::Trail")] == ["Organization/Trail"]
    assert list(reference.resources("AWS::GuardDuty::Detector")) == []
    assert {stack.path for stack, _, _ in reference.resources("Custom::GuardDutyOrganization")} == {"Organization/Security"}


def _names(arns: list[Any]) -> list[str]:
    """The beginnings of buckets' names in those of ARNs."""
    return [json.dumps(arn).rpartition(":::")[2].strip('"]} ') for arn in arns]
