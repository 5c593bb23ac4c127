"""Logical ids of what holds data are public contract: a changed one makes CloudFormation replace the resource, and lose its data.

New resources are added to the list by `.venv/bin/python -m tests.stacks.pinned`, and nothing is ever taken out by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stacks.pinned import all_ids, committed, extended, without

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake
    from tests.stacks.pinned import Ids

pytestmark = pytest.mark.xdist_group("reference")

REMEDY = "run `.venv/bin/python -m tests.stacks.pinned` and commit the list"


def complaints(listed: Ids, found: Ids) -> list[str]:
    """Everything in which the two differ, each as a sentence."""
    said = []
    for stack in sorted({*listed, *found}):
        before, now = listed.get(stack, {}), found.get(stack, {})
        said += [
            f"{stack}/{key} ({before[key]}) is gone: deployed data would be left behind; give the resource its id back"
            for key in before.keys() - now.keys()
        ]
        said += [f"{stack}/{key} was a {before[key]} and is a {now[key]}" for key in before.keys() & now.keys() if before[key] != now[key]]
        said += [f"{stack}/{key} ({now[key]}) is new and not pinned: {REMEDY}" for key in now.keys() - before.keys()]
    return sorted(said)


@pytest.mark.parametrize("environment", ["Dev", "Staging", "Prod"])
def test_what_holds_data_keeps_its_logical_id(reference: Lake, without_baseline: Lake, environment: str) -> None:
    """Nothing that is listed is gone or changed, and nothing that holds data is missing from the list: in every environment alike."""
    said = complaints(committed(), all_ids(reference, without_baseline, environment))
    assert not said, "\n".join(said)


def test_every_kind_of_thing_is_listed() -> None:
    """The list is of this reference: zones, logs, results, audit and inventory buckets, those of the organisation, tables, and so on."""
    listed = committed()
    counts: dict[str, int] = {}
    for ids in listed.values():
        for resource_type in ids.values():
            counts[resource_type] = counts.get(resource_type, 0) + 1
    assert counts["AWS::S3::Bucket"] == 9 + 3 + 4 + 3
    assert counts["AWS::Glue::Table"] == 4 + 4 + 1
    assert counts["AWS::Glue::Database"] == 6 + 4 + 1
    assert counts["AWS::DynamoDB::Table"] == 1 + 1
    assert counts["AWS::CloudTrail::Trail"] == 2 + 1
    assert counts["AWS::KMS::Key"] >= 10
    assert counts["AWS::LakeFormation::Tag"] == counts["AWS::LakeFormation::Resource"] == 3


def test_a_renamed_id_is_told_twice() -> None:
    """As the loss of the old one and as a new one without a pin."""
    said = complaints({"S": {"Old": "AWS::S3::Bucket"}}, {"S": {"New": "AWS::S3::Bucket"}})
    assert len(said) == 2
    assert f"S/New (AWS::S3::Bucket) is new and not pinned: {REMEDY}" in said
    assert "S/Old (AWS::S3::Bucket) is gone: deployed data would be left behind; give the resource its id back" in said


def test_a_removed_stack_and_another_type_are_told() -> None:
    """An id whose type changed is another resource; a stack without any id of the list has lost them."""
    assert len(complaints({"S": {"A": "AWS::S3::Bucket"}, "T": {"B": "AWS::KMS::Key"}}, {"S": {"A": "AWS::KMS::Key"}})) == 2


def test_the_command_adds_and_never_takes_away() -> None:
    """Regenerating cannot make a lost id's test pass; only forgetting it by name can."""
    before = {"S": {"Old": "AWS::S3::Bucket"}}
    after = extended(before, {"S": {"New": "AWS::S3::Bucket"}, "T": {"Key": "AWS::KMS::Key"}})
    assert after == {"S": {"New": "AWS::S3::Bucket", "Old": "AWS::S3::Bucket"}, "T": {"Key": "AWS::KMS::Key"}}
    assert without(after, ["S/Old", "T/Key"]) == {"S": {"New": "AWS::S3::Bucket"}}
