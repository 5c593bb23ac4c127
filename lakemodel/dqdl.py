"""A contract's quality rules in Glue's Data Quality Definition Language (DQDL).

https://docs.aws.amazon.com/glue/latest/dg/dqdl.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakemodel.contracts.model import GateRule, Table


def gate_rule(rule: GateRule) -> str:
    """One rule of the gate; empty where DQDL has no word for what it measures."""
    raise NotImplementedError(rule)


def ruleset(table: Table) -> str:
    """Everything a contract asks of a table's rows and of its deliveries, as one ruleset for the published table."""
    raise NotImplementedError(table)
