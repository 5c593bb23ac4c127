"""The permissions boundary cuts nothing off that a role of the reference needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.baseline import LakeBoundary
from lakecheck.iam import decide
from tests.stacks.policies import holders, statements
from tests.support import new_stack, resources, template

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake

pytestmark = pytest.mark.xdist_group("reference")

ORGANIZATION = "o-exampleorgid"
CONTEXT = {"aws:RequestedRegion": "eu-west-1", "aws:TagKeys": ["aws-glue-service-resource"]}


@pytest.fixture(scope="module")
def needs(reference: Lake) -> dict[tuple[str, str, str], str]:
    """Account, action and resource that a statement of a role allows, with the place of one such statement.

    Once roles of the reference have a boundary, those that have none guard the account and are not meant.
    """
    roles = {f"{stack.path}/{key}": role["Properties"] for stack, key, role in reference.resources("AWS::IAM::Role")}
    bounded = {where for where, properties in roles.items() if "PermissionsBoundary" in properties} or set(roles)
    found: dict[tuple[str, str, str], str] = {}
    for statement in statements(reference):
        of_a_role = statement.type == "AWS::IAM::ManagedPolicy" and bounded & set(holders(reference, statement))
        if statement.allows and of_a_role:
            for action in statement.actions:
                for resource in statement.resources:
                    found.setdefault((statement.stack.account, action, resource), statement.where)
    return found


def test_what_roles_are_given_they_keep_below_the_boundary(needs: dict[tuple[str, str, str], str]) -> None:
    """Every action of every role on its resources, of every account."""
    accounts = {account for account, _, _ in needs}
    boundaries = {account: _boundary(account) for account in accounts}
    assert len(accounts) > 3
    assert len(needs) > 200
    assert [need for need in needs.items() if not _kept(boundaries[need[0][0]], *need[0])] == []


def _boundary(account: str) -> dict[str, Any]:
    stack = new_stack(account=account)
    LakeBoundary(stack, "Boundary", organization_id=ORGANIZATION)
    (policy,) = resources(template(stack), "AWS::IAM::ManagedPolicy").values()
    document: dict[str, Any] = _plain(policy["Properties"]["PolicyDocument"])
    return document


def _plain(value: Any) -> Any:
    match value:
        case {"Fn::Join": [str() as delimiter, list() as parts]}:
            return delimiter.join(map(_plain, parts))
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
    return value


def _kept(boundary: dict[str, Any], account: str, action: str, resource: str) -> bool:
    """Whether the action passes a boundary; a resource that only a deployment names is some ARN of this account."""
    arn = resource.replace("{AWS::Partition}", "aws") if resource.startswith(("arn:", "*")) else f"arn:aws:kms:eu-west-1:{account}:key/k"
    decision = decide(
        f"arn:aws:iam::{account}:role/R",
        action,
        arn,
        context=CONTEXT,
        identity={"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
        boundary=boundary,
        key_policy={"Statement": {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "kms:*", "Resource": "*"}}
        if action.startswith("kms:")
        else None,
        organization=ORGANIZATION,
        resource_account=account,  # what the other side allows, in another account, is no question of the boundary
        resource_organization=ORGANIZATION,
    )
    return decision.word == "allowed"
