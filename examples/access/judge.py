"""Judges the invariants of the example, and looks at who stands against them."""

from __future__ import annotations

from pathlib import Path

# --8<-- [start:check]
from lakecheck.access.check import check_access
from lakecheck.access.invariants.loader import load_rules

HERE = Path(__file__).parent

judgement = check_access(
    [HERE / "template.yaml"],
    load_rules(HERE / "access.yaml"),
    supplement=HERE / "estate.yaml",
    parameters={"AWS::AccountId": "444444444421", "AWS::Region": "eu-west-1"},
)
for verdict in judgement.verdicts:
    print(verdict.state.value, verdict.id)
    for example in verdict.examples:
        print(" ", example.summary)
# --8<-- [end:check]
