"""Templates that are the same but for account ids and names: judged once, since environments are copies of each other."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakecheck.assembly import Assembly, StackTemplate


def equal_templates(assembly: Assembly) -> list[list[StackTemplate]]:
    """Groups of templates that no rule can tell apart, the Region being equal; in the order of the assembly."""
    groups: dict[tuple[str, str], list[StackTemplate]] = {}
    names = sorted({stack.stack_name for stack in assembly.stacks if stack.parent is None}, key=len, reverse=True)
    for stack in assembly.stacks:
        groups.setdefault((same_but_for_names(stack, assembly.accounts, names), stack.region or ""), []).append(stack)
    return list(groups.values())


def same_but_for_names(stack: StackTemplate, accounts: Iterable[str], stack_names: Sequence[str]) -> str:
    """The template's text with what no rule looks at made equal across environments.

    Accounts become placeholders of the same length, in the order they appear, so that two that differ still differ. The stack's name
    goes from names of exports only: anywhere else a longer name can break a rule.

    Args:
        stack: The template.
        accounts: The account ids to replace.
        stack_names: The names of stacks with which exports may begin, longest first.
    """
    text = json.dumps(_exports_renamed(stack.bare, tuple(stack_names)), sort_keys=True)
    known = [re.escape(account) for account in accounts if re.fullmatch(r"\d{12}", account)]
    if not known:
        return text
    placeholders: dict[str, str] = {}

    def placeholder(match: re.Match[str]) -> str:
        return placeholders.setdefault(match[0], f"{len(placeholders):a>12x}")

    return re.sub(rf"(?<!\d)(?:{'|'.join(known)})(?!\d)", placeholder, text)


def _exports_renamed(value: Any, stack_names: tuple[str, ...], *, is_name: bool = False) -> Any:
    if isinstance(value, dict):
        return {
            key: _exports_renamed(item, stack_names, is_name=key == "Fn::ImportValue" or (key == "Name" and value.keys() == {"Name"}))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_exports_renamed(item, stack_names) for item in value]
    if is_name and isinstance(value, str):
        owner, colon, rest = value.partition(":Exports")
        if colon and owner in stack_names:
            return f"{owner.partition('-')[2] or owner}:Exports{rest}"  # CDK names a stack in a Stage `Stage-Stack`
    return value
