"""Every kind of change with its classes and reasons; the page about contract changes is made from this table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakemodel.contracts.diff import rules_promises, rules_structure

if TYPE_CHECKING:
    from lakemodel.contracts.diff.model import Rule

RULES: Final[dict[str, Rule]] = {rule.id: rule for rule in (*rules_structure.RULES, *rules_promises.RULES)}
"""By id, in the order in which they are documented."""


def rules_table() -> str:
    """The table of `docs/reference/contract-changes.md`."""
    lines = ["| rule | what happened | classes | why | instead |", "|---|---|---|---|---|"]
    for rule in RULES.values():
        classes = ", ".join(f"`{one.value}`" for one in sorted(rule.classes, key=list(type(min(rule.classes))).index))
        lines.append(f"| `{rule.id}` | {rule.what} | {classes} | {rule.why} | {rule.remedy} |")
    return "\n".join(lines) + "\n"
