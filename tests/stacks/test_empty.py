"""Lakes without a domain and accounts without a persona: nothing to build yet, and still something that deploys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakemodel import yaml_source
from lakemodel.config.loader import read_config
from tests.stacks.building import CONFIG, build, reference_contracts

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake

HANDLE = "AWS::CloudFormation::WaitConditionHandle"
CHANGES = {
    'lakes: { main: "444444444401" }': 'lakes: { main: "444444444401", spare: "444444444409" }',
    'consumers: { analytics: "444444444402" }': 'consumers: { analytics: "444444444402", quiet: "444444444408" }',
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The reference's first environment with a lake and a consumer that lake.yaml says nothing else of."""
    text = (CONFIG / "lake.yaml").read_text()
    for old, new in CHANGES.items():
        assert old in text
        text = text.replace(old, new)
    start, rest = text.split("\n  staging:")
    text = f"{start}\n\n# Who owns{rest.split('# Who owns')[1]}"
    config = read_config(yaml_source.parse(text.encode(), file="lake.yaml"))
    return build(tmp_path_factory.mktemp("empty"), config=config, contracts=reference_contracts())


def test_no_stack_is_empty(lake: Lake) -> None:
    """CloudFormation takes no template without a resource."""
    assert [stack.path for stack in lake.stacks.values() if not stack.template.get("Resources")] == []


def test_what_has_nothing_yet_holds_a_placeholder_and_nothing_else(lake: Lake) -> None:
    """The stacks stay: a stack that is left out when its last persona goes would not be deleted, and its role would live on."""
    holding = {stack.path for stack, _, _ in lake.resources(HANDLE)}
    assert holding == {"Dev/SpareDatabases", "Dev/SpareGrants", "Dev/SpareQuery", "Dev/QuietAccess"}
    for path in holding:
        assert len(lake.stacks[path].resources) == 1
