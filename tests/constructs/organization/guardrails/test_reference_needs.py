"""Every role of the reference goes on under every guardrail: each action that its policies allow is still possible for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.organization.guardrails.packing import document, pack
from lakecheck.iam import Policy, decide, parse_policy
from tests.constructs.organization.guardrails.sets import EXEMPTIONS, ORGANIZATION, every_guardrail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.organization.guardrails import Exemptions
    from tests.stacks.assembly import Lake, Synthesized

pytestmark = pytest.mark.xdist_group("reference")


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def needs(reference: Lake) -> Iterator[tuple[Synthesized, str]]:
    """What roles of each environment's stacks may do, by stack. Wildcards are acknowledged one by one, and none is about guardrails."""
    for stack, _, resource in reference.resources("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role"):
        if stack.environment == "Organization":
            continue
        properties = resource["Properties"]
        inline = (each["PolicyDocument"] for each in properties.get("Policies", []))
        for body in (properties.get("PolicyDocument"), *inline):
            for statement in as_list((body or {}).get("Statement", [])):
                if statement["Effect"] == "Allow" and not resource["Properties"].get("ManagedPolicyName"):
                    yield from ((stack, action) for action in as_list(statement.get("Action", [])) if "*" not in action)


def policies(exemptions: Exemptions) -> list[Policy]:
    packed = pack([each.statement(exemptions) for each in every_guardrail(exemptions)], max_characters=10_240, of="service control policy")
    return [parse_policy(document(each), name=f"part {at}") for at, each in enumerate(packed)]


def stopped(reference: Lake, exemptions: Exemptions) -> set[tuple[str, str]]:
    """What would be denied, as stack and action."""
    scps = policies(exemptions)
    found = set()
    for path, account, region, action in {(stack.path, stack.account, stack.region, action) for stack, action in needs(reference)}:
        decision = decide(
            f"arn:aws:iam::{account}:role/{path.replace('/', '-')}-Role-a1B2c3",
            action,
            context={"aws:RequestedRegion": region, "s3:x-amz-server-side-encryption": "aws:kms"},
            scps=[scps],
            organization=ORGANIZATION,
            resource_organization=ORGANIZATION,
        )
        if decision.denies:
            found.add((path, action))
    return found


def test_nothing_that_the_reference_needs_is_stopped(reference: Lake) -> None:
    """When the stacks with functions that set up Lake Formation are named as exempt."""
    owners = tuple(sorted(f"{path.replace('/', '-')}-*" for path in reference.stacks if path.endswith("Account")))
    assert owners
    assert stopped(reference, replace(EXEMPTIONS, handler_roles=owners)) == set()


def test_what_would_be_stopped_otherwise_is_seen(reference: Lake) -> None:
    """Without that, exactly Lake Formation's settings and the catalog's policy; so the test above is awake."""
    found = stopped(reference, replace(EXEMPTIONS, handler_roles=()))
    assert {action for _, action in found} == {"glue:DeleteResourcePolicy", "glue:PutResourcePolicy", "lakeformation:PutDataLakeSettings"}
    assert all(path.endswith("Account") for path, _ in found)
