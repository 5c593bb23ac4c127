"""What people read is recorded, wherever it lies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake

pytestmark = pytest.mark.xdist_group("reference")

ABOUT_THE_LAKE = ("AccessLogs", "Inventory", "Audit")
"""Buckets with logs and lists, no data of the lake: recording the trail's own would never end."""


def test_every_bucket_with_data_is_in_its_accounts_trail(reference: Lake) -> None:
    """Requests for objects of each zone and for results of queries, which hold what was read, are recorded in every account."""
    seen = set()
    for stack, logical_id, _ in reference.resources("AWS::S3::Bucket"):
        (trail,) = (
            resource
            for other in reference.of(stack.environment).values()
            if other.account == stack.account
            for resource in other.of_type("AWS::CloudTrail::Trail").values()
        )
        recorded = json.dumps(trail["Properties"]["AdvancedEventSelectors"])
        is_about = any(part in logical_id for part in ABOUT_THE_LAKE)
        assert (f"ExportsOutputFnGetAtt{logical_id}Arn" in recorded) is not is_about, f"{stack.path}/{logical_id}"
        seen.add((stack.name, logical_id.startswith("Results")))
    assert {("MainStorage", True), ("MainStorage", False), ("AnalyticsStorage", True)} <= seen
