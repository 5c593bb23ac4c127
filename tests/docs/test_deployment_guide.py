"""What the deployment guide says of the reference's stacks is so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.blocks import DOCS
from tests.stacks.building import reference_config

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake

pytestmark = pytest.mark.xdist_group("reference")
GUIDE = (DOCS / "guides" / "deployment.md").read_text(encoding="utf-8")
ROWS = [
    (int(number), re.findall(r"`(\w+)`", names), protected == "yes")
    for number, names, protected in re.findall(r"^\| (\d) \| (.+?) \| .+ \| (yes|no) \|$", GUIDE, re.MULTILINE)
]
MORE_SHARDS = {"MainCatalog2", "MainGrants2", "MainPipelines2"}


def test_every_stack_is_listed(reference: Lake) -> None:
    """The table of stacks has those of an environment, each once, with its protection."""
    said = {name: protected for _, names, protected in ROWS for name in names if name not in MORE_SHARDS}
    assert said == {name: stack.protected for name, stack in reference.of("Prod").items()}
    assert len([name for _, names, _ in ROWS for name in names]) == len(said) + len(MORE_SHARDS)


def test_order_of_the_list_is_an_order_of_deployment(reference: Lake) -> None:
    """No stack stands above one that it waits for."""
    place = {name: number for number, names, _ in ROWS for name in names}
    for name, stack in reference.of("Prod").items():
        assert all(place[earlier.removeprefix("Prod/")] < place[name] for earlier in stack.after)


def test_keys_are_counted_right(reference: Lake) -> None:
    """The number of KMS keys in each account, which is what an idle lake costs."""
    said = [int(number) for number in re.findall(r"account (\d+): ", GUIDE)]
    stacks = reference.of("Prod")
    assert said == [
        sum(len(stack.of_type("AWS::KMS::Key")) for name, stack in stacks.items() if name.startswith(account))
        for account in ("Main", "Analytics")
    ]


def test_alarms_are_counted_right(reference: Lake) -> None:
    """Alarms of a product, on freshness, which every product of the reference promises for its one table, and on dead letters."""
    said = re.search(
        r"\| (\d+) for each product, (\d+) more for each ten tables of one that promises a freshness, (\d+) for dead letters", GUIDE
    )
    metrics = re.search(r"for each metric that one looks at: (\d+) of a product, (\d+) of each table with a freshness", GUIDE)
    assert said
    assert metrics
    own, fresh, dead = map(int, said.groups())
    watched, published = map(int, metrics.groups())
    stacks = reference.of("Prod").values()
    alarms = [alarm["Properties"] for stack in stacks for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()]
    products = sum(len(stack.of_type("AWS::StepFunctions::StateMachine")) for stack in stacks)
    assert len(alarms) == dead + (own + fresh) * products
    looked_at = sum(1 if "MetricName" in alarm else sum("MetricStat" in each for each in alarm["Metrics"]) for alarm in alarms)
    assert looked_at == dead + (watched + published) * products


def test_dashboards_are_counted_right(reference: Lake) -> None:
    """One for each domain of a lake."""
    assert "| CloudWatch dashboards | one for each domain |" in GUIDE
    assert sum(len(stack.of_type("AWS::CloudWatch::Dashboard")) for stack in reference.of("Prod").values()) == len(
        reference_config().domains
    )


def test_reserved_executions_are_counted_right(reference: Lake) -> None:
    """What Lambda has to allow in each account: what the functions reserve, and the 100 that AWS keeps unreserved."""
    said = re.search(r"at least (\d+) in a lake account, (\d+) in a consumer account", GUIDE)
    assert said
    stacks = reference.of("Prod")
    for account, quota in zip(("Main", "Analytics"), said.groups(), strict=True):
        functions = [
            one for name, stack in stacks.items() if name.startswith(account) for one in stack.of_type("AWS::Lambda::Function").values()
        ]
        assert 100 + sum(one["Properties"].get("ReservedConcurrentExecutions", 0) for one in functions) == int(quota)
