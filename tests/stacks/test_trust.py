"""Who may become a role of the reference: services for this account only, people only as stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from constructs_lib.core import SERVICE_TRUSTS
from tests.stacks.policies import statements

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake
    from tests.stacks.policies import Statement

pytestmark = pytest.mark.xdist_group("reference")


@pytest.fixture(scope="module")
def trusts(reference: Lake) -> list[Statement]:
    """Every statement of every role's trust policy."""
    found = [each for each in statements(reference) if each.document == "AssumeRolePolicyDocument"]
    assert len(found) > 50
    return found


def test_a_service_tells_for_whom_it_acts_wherever_it_can(trusts: list[Statement]) -> None:
    """Those that tell nothing are in the table, with the page; the account is the role's own."""
    services = set()
    for statement in trusts:
        for service in (each.removeprefix("Service:") for each in statement.principals if each.startswith("Service:")):
            services.add(service)
            trust = SERVICE_TRUSTS[service]
            condition = statement.body.get("Condition", {})
            if trust.account:
                assert condition["StringEquals"]["aws:SourceAccount"] == statement.stack.account, statement.where
            if trust.source is not None:
                sources = condition["ArnLike"]["aws:SourceArn"]
                assert f":{statement.stack.region}:{statement.stack.account}:" in str(sources), statement.where
    assert {"events.amazonaws.com", "lakeformation.amazonaws.com", "states.amazonaws.com"} <= services


def test_whoever_is_no_service_is_of_one_account(trusts: list[Statement]) -> None:
    """A role or an account by its number: no wildcard, no federation, nobody of another organisation."""
    for statement in trusts:
        for principal in statement.principals:
            assert principal.startswith(("Service:", "AWS:arn:")), (statement.where, principal)
            assert "*" not in principal, (statement.where, principal)
