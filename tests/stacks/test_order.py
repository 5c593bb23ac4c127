"""The order that the assembly gives `cdk deploy`: acyclic, and in each account what is needed comes first."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake

pytestmark = pytest.mark.xdist_group("reference")

COMES_AFTER = {
    "MainStorage": {"MainFloor"},
    "AnalyticsStorage": {"AnalyticsFloor"},
    "MainAccount": {"MainStorage"},
    "MainLocations": {"MainAccount", "MainStorage"},
    "MainDatabases": {"MainLocations"},
    "MainCatalog": {"MainDatabases"},
    "MainQuery": {"MainStorage"},
    "MainGrants": {"MainAccount", "MainLocations", "MainDatabases", "MainCatalog"},
    "MainPipelines": {"MainCatalog", "MainGrants"},
    "AnalyticsAccount": {"AnalyticsStorage"},
    "AnalyticsAccess": {"AnalyticsAccount", "MainGrants"},
}
"""What has to stand before a stack is deployed, directly or through others."""

RANKS = ("Floor", "Storage", "Account", "Locations", "Databases", "Catalog", "Query", "Grants", "Pipelines", "Access")
"""The order within an account: a stack never waits for one whose kind comes later."""


def earlier(reference: Lake, path: str) -> set[str]:
    """Every stack that is deployed before this one."""
    direct = reference.stacks[path].after
    return set(direct).union(*(earlier(reference, each) for each in direct))


def rank(name: str) -> int:
    (found,) = (number for number, kind in enumerate(RANKS) if name.endswith(kind))
    return found


def test_nothing_waits_for_itself(reference: Lake) -> None:
    """The graph over all environments and accounts has an order at all."""
    graph = {path: set(stack.after) for path, stack in reference.stacks.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(reference.stacks) == 3 * 13 + 6


@pytest.mark.parametrize("name", COMES_AFTER)
def test_what_a_stack_needs_is_there_before_it(reference: Lake, name: str) -> None:
    """Storage, account, locations, databases, catalog, grants, then pipelines; the consumer's access: in every environment."""
    for environment in reference.environments:
        missing = {f"{environment}/{each}" for each in COMES_AFTER[name]} - earlier(reference, f"{environment}/{name}")
        assert not missing, f"{environment}/{name} may be deployed before {sorted(missing)}"


def test_every_stack_has_a_place_in_the_order(reference: Lake) -> None:
    """A stack that is new to the reference has to be put into the table above, and none leads back."""
    for environment in reference.environments:
        stacks = reference.of(environment)
        assert set(stacks) == {*COMES_AFTER, "MainFloor", "AnalyticsFloor"}
        for stack in stacks.values():
            for path in stack.after:
                before = reference.stacks[path]
                if before.account == stack.account:
                    assert rank(before.name) < rank(stack.name), f"{stack.path} waits for {path}"


def test_environments_do_not_wait_for_each_other(reference: Lake) -> None:
    """Dev, staging and prod are deployed one by one, each alone."""
    for stack in reference.stacks.values():
        assert {path.partition("/")[0] for path in stack.after} <= {stack.environment}
