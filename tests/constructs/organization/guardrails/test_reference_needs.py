"""Every role of the reference goes on under every guardrail: each action that its policies allow is still possible for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.organization.guardrails import names_of_stacks
from constructs_lib.organization.guardrails.identities import exempt_roles_kept
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


@dataclass(frozen=True, order=True)
class Need:
    """One action that a role's policy allows."""

    stack: str
    region: str
    role: str
    action: str


def needs(reference: Lake) -> Iterator[Need]:
    """What the roles of the environments' stacks may do. Wildcards are acknowledged one by one, and none is about guardrails."""
    for stack, logical_id, resource in reference.resources("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role"):
        if stack.environment == "Organization":
            continue
        properties = resource["Properties"]
        bodies = [properties.get("PolicyDocument"), *(each["PolicyDocument"] for each in properties.get("Policies", []))]
        actions = [
            action
            for body in bodies
            for statement in as_list((body or {}).get("Statement", []))
            if statement["Effect"] == "Allow"
            for action in as_list(statement.get("Action", []))
            if "*" not in action
        ]
        for role in roles_of(stack, logical_id, resource):
            for action in actions:
                yield Need(stack.path, stack.region, f"arn:aws:iam::{stack.account}:role/{role}", action)


def roles_of(stack: Synthesized, logical_id: str, resource: dict[str, Any]) -> list[str]:
    """Names of the roles that have a policy: their own, or one as CloudFormation makes it. A boundary is no role's policy."""
    attached = [logical_id] if resource["Type"] == "AWS::IAM::Role" else [each["Ref"] for each in resource["Properties"].get("Roles", [])]
    made = f"{stack.path.replace('/', '-')}-Role-a1B2c3"
    return [stack.resources[each]["Properties"].get("RoleName", made) for each in attached]


def policies(exemptions: Exemptions) -> list[Policy]:
    packed = pack(
        [each.statement(exemptions) for each in exempt_roles_kept(every_guardrail(exemptions), exemptions)],
        max_characters=10_240,
        of="service control policy",
    )
    return [parse_policy(document(each), name=f"part {at}") for at, each in enumerate(packed)]


def stopped(reference: Lake, exemptions: Exemptions) -> set[tuple[str, str]]:
    """What would be denied, as stack and action."""
    scps = policies(exemptions)
    found: set[tuple[str, str]] = set()
    for need in sorted(set(needs(reference))):
        decision = decide(
            need.role,
            need.action,
            context={"aws:RequestedRegion": need.region, "s3:x-amz-server-side-encryption": "aws:kms"},
            scps=[scps],
            organization=ORGANIZATION,
            resource_organization=ORGANIZATION,
        )
        if decision.denies:
            found.add((need.stack, need.action))
    return found


def test_nothing_that_the_reference_needs_is_stopped(reference: Lake) -> None:
    """When the stacks with functions that set up Lake Formation are named as exempt."""
    owners = sorted(path.replace("/", "-") for path in reference.stacks if path.endswith("Account"))
    assert owners
    assert stopped(reference, replace(EXEMPTIONS, handler_roles=names_of_stacks(*owners))) == set()


def test_what_would_be_stopped_otherwise_is_seen(reference: Lake) -> None:
    """Without that, exactly Lake Formation's settings and the catalog's policy; so the test above is awake."""
    found = stopped(reference, replace(EXEMPTIONS, handler_roles=()))
    assert {action for _, action in found} == {"glue:DeleteResourcePolicy", "glue:PutResourcePolicy", "lakeformation:PutDataLakeSettings"}
    assert all(path.endswith("Account") for path, _ in found)


def test_what_is_kept_by_name_is_nothing_that_roles_change(reference: Lake) -> None:
    """Of the actions that guardrails deny on names alone, roles need these: on other buckets, log groups and tables, and as handlers."""
    patterns = {action.lower() for each in every_guardrail() if each.resources != ("*",) for action in each.deny}
    exempt = {EXEMPTIONS.break_glass_role, *EXEMPTIONS.response_roles}
    named = {need.action for need in needs(reference) if need.role.rpartition("/")[2] not in exempt}
    needed = {action for action in named if any(fnmatchcase(action.lower(), pattern) for pattern in patterns)}
    of_handlers = {"ssm:DeleteParameter", "ssm:PutParameter"}
    assert needed - of_handlers <= {"dynamodb:PutItem", "dynamodb:UpdateItem", "logs:AssociateKmsKey", "s3:DeleteObject", "s3:PutObject"}
    assert all(need.stack.endswith("Account") for need in needs(reference) if need.action in of_handlers)
