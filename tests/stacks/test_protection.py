"""What holds data outlives its stack, and its stack does not go by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stacks.pinned import HOLDS_DATA, is_link

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake

pytestmark = pytest.mark.xdist_group("reference")

STATELESS = {"MainPipelines", "MainQuery"}
"""Kinds of stacks that can be deleted and deployed again without loss."""

LEFT_BEHIND = {
    "MainPipelines/FoundationKey959A028D": "decrypts old logs and dead letters of pipelines, no data of the lake",
    "MainPipelines/FoundationLogs31DC78B2": "logs of pipelines: a new stack starts a new group, the old one stays for its 365 days",
}
"""Retained things in stateless stacks: what they hold is not needed to deploy the stack again."""


def test_stacks_that_hold_data_are_protected(reference: Lake) -> None:
    """Every stack but the stateless ones has termination protection; those have none, so that they can be rolled back."""
    protected = {path for path, stack in reference.stacks.items() if stack.protected}
    assert protected == {path for path, stack in reference.stacks.items() if stack.name not in STATELESS}


def test_what_holds_data_is_retained(reference: Lake) -> None:
    """Deleted from a template, or replaced, it stays: buckets and their policies, keys, catalog, LF-Tags, logs, claims."""
    seen = set()
    for stack, logical_id, resource in reference.resources(*HOLDS_DATA):
        if is_link(resource):
            continue
        seen.add(resource["Type"])
        policies = resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")
        assert policies == ("Retain", "Retain"), f"{stack.path}/{logical_id}: {policies}"
    assert seen == HOLDS_DATA


def test_stateless_stacks_hold_no_data(reference: Lake) -> None:
    """Nothing of a type that holds data is in a stack that may be deleted, but for what is named above."""
    found = {f"{stack.name}/{logical_id}" for stack, logical_id, _ in reference.resources(*HOLDS_DATA) if stack.name in STATELESS}
    assert found == set(LEFT_BEHIND)


def test_nothing_is_destroyed_on_a_flag(reference: Lake) -> None:
    """Neither a bucket that empties itself nor a table without deletion protection is in any environment."""
    for stack, logical_id, resource in reference.resources():
        assert resource["Type"] != "Custom::S3AutoDeleteObjects", f"{stack.path}/{logical_id}"
    for stack, logical_id, table in reference.resources("AWS::DynamoDB::Table"):
        assert table["Properties"]["DeletionProtectionEnabled"] is True, f"{stack.path}/{logical_id}"
        assert table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
