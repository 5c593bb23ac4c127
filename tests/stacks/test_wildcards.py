"""Every wildcard that a policy of the reference allows has somebody who answers for it, by the very finding and with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.core.wildcards import _wildcards
from tests.stacks.assembly import ACKNOWLEDGEMENT
from tests.stacks.policies import as_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stacks.assembly import Lake, Synthesized

pytestmark = pytest.mark.xdist_group("reference")

DOCUMENTS = {"AWS::IAM::ManagedPolicy": "PolicyDocument", "AWS::IAM::Policy": "PolicyDocument", "AWS::IAM::RolePolicy": "PolicyDocument"}
"""The policies that give rights. What a permission set gives is no resource that a pack looks at: its own tests name its wildcards."""
RULE = "AwsSolutions::AwsSolutions-IAM5[{}]"
LOGICAL_ID = "aws:cdk:logicalId"


def wildcards(stack: Synthesized) -> Iterator[tuple[str, str]]:
    """Logical id and finding of every wildcard in what a stack's policies allow."""
    for logical_id, resource in stack.of_type(*DOCUMENTS).items():
        document = resource["Properties"][DOCUMENTS[resource["Type"]]]
        for statement in as_list(document["Statement"]):
            if statement["Effect"] == "Allow":
                for finding in _wildcards(statement):
                    yield logical_id, finding


def reasons(stack: Synthesized) -> dict[str, dict[str, str]]:
    """What is acknowledged at a resource or above it, by logical id: the reasons by the finding's id."""
    paths = {entry["data"]: path for path, entries in stack.metadata.items() for entry in entries if entry["type"] == LOGICAL_ID}
    given: list[tuple[str, Any]] = [
        (path, entry["data"]) for path, entries in stack.metadata.items() for entry in entries if entry["type"] == ACKNOWLEDGEMENT
    ]
    return {
        logical_id: {data["id"]: data["reason"] for above, data in given if f"{path}/".startswith(f"{above}/")}
        for logical_id, path in paths.items()
    }


def test_every_wildcard_has_a_reason(reference: Lake) -> None:
    """Also where a condition narrows the statement, and whatever the packs make of it."""
    seen = 0
    for stack in reference.stacks.values():
        known = reasons(stack)
        for logical_id, finding in wildcards(stack):
            seen += 1
            reason = known[logical_id].get(RULE.format(finding), "")
            assert len(reason.split()) > 3, (stack.path, logical_id, finding)
    assert seen > 300
