"""The examples that are data: each is accepted by what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakemodel.config.loader import load_config
from lakemodel.contracts.loader import load_contracts
from lakemodel.findings import Severity
from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = ROOT / "examples"


@pytest.mark.parametrize("path", sorted((EXAMPLES / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_configuration_is_accepted(path: Path) -> None:
    """A configuration that the documentation shows has no error."""
    assert load_config(path).environments


def test_contracts_are_accepted() -> None:
    """Contracts that examples use have no error, and none is left out."""
    contracts = load_contracts(EXAMPLES / "contracts", None)
    assert not contracts.refused
    assert not [finding for finding in contracts.findings if finding.severity is Severity.ERROR]
    assert len(contracts.contracts) == len([*(EXAMPLES / "contracts").rglob("*.odcs.yaml")])
