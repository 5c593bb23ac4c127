"""Templates that are the same but for account ids and names: judged once, since environments are copies of each other."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, KeysView, Sequence

    from lakecheck.assembly import Assembly, StackTemplate


_HASHED = r"[A-Za-z0-9]*[0-9A-F]{8}"
"""What CDK makes of the rest of a construct's path in a name that has to be unique."""

_LONGER_THAN_ANY_MINIMUM = 20
"""Letters: no physical name and no value of a tag has to be longer, so that the longest of several is the one to break a rule."""


def equal_templates(assembly: Assembly) -> list[list[StackTemplate]]:
    """Groups of templates that no rule can tell apart, the Region being equal, in the order of the assembly.

    The first of each is the one with the longest names: what is not too long there is not too long in the others.
    """
    groups: dict[tuple[str, str], list[StackTemplate]] = {}
    names = sorted({stack.stack_name for stack in assembly.stacks if stack.parent is None}, key=len, reverse=True)
    for stack in assembly.stacks:
        groups.setdefault((same_but_for_names(stack, assembly.accounts, names), stack.region or ""), []).append(stack)
    return [sorted(group, key=lambda stack: -len(stack.path)) for group in groups.values()]


def same_but_for_names(stack: StackTemplate, accounts: Iterable[str], stack_names: Sequence[str]) -> str:
    """The template's text with what no rule looks at made equal across environments.

    Accounts become placeholders of the same length, in the order they appear, so that two that differ still differ. The stack's name
    goes from names of exports, its construct path from the values of tags and of parameters and from names that CDK has made of
    it. Anywhere else a longer name can break a rule.

    Args:
        stack: The template.
        accounts: The account ids to replace.
        stack_names: The names of stacks with which exports may begin, longest first.
    """
    text = json.dumps(_Renaming(stack.path, tuple(stack_names)).of(stack.bare), sort_keys=True)
    known = [re.escape(account) for account in accounts if re.fullmatch(r"\d{12}", account)]
    if not known:
        return text
    placeholders: dict[str, str] = {}

    def placeholder(match: re.Match[str]) -> str:
        return placeholders.setdefault(match[0], f"{len(placeholders):a>12x}")

    return re.sub(rf"(?<!\d)(?:{'|'.join(known)})(?!\d)", placeholder, text)


class _Renaming:
    """One template's names made those that its equals in other environments have, too."""

    def __init__(self, path: str, stack_names: tuple[str, ...]) -> None:
        self._stack_names = stack_names
        self._within = f"{path}/"
        # Letters and digits go, all else stays: so who has the longer path has the longer names.
        self._shape = "\0" + re.sub(r"[A-Za-z0-9]+", "a", path)
        condensed = re.sub(r"[^A-Za-z0-9]", "", path)
        self._made = re.compile(rf"{condensed}({_HASHED})") if condensed and re.fullmatch(r"[\w/.-]+", path, re.ASCII) else None
        self._numbers: dict[str, int] = {}

    def of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {key: self._text(key, item, value.keys()) if isinstance(item, str) else self.of(item) for key, item in value.items()}

    def _text(self, key: str, text: str, keys: KeysView[str]) -> str:
        if key == "Fn::ImportValue" or keys == {"Name"}:
            return self._exported(text)
        if key == "Value":
            return self._value(text)
        return self._name(text) if key.endswith("Name") else text

    def _exported(self, name: str) -> str:
        owner, colon, rest = name.partition(":Exports")
        if colon and owner in self._stack_names:
            return f"{owner.partition('-')[2] or owner}:Exports{rest}"  # CDK names a stack in a Stage `Stage-Stack`
        return name

    def _value(self, text: str) -> str:
        own = self._made is not None and len(text) >= _LONGER_THAN_ANY_MINIMUM and text.startswith(self._within)
        return f"{self._shape}/{text.removeprefix(self._within)}" if own else text

    def _name(self, name: str) -> str:
        found = None if self._made is None or len(name) < _LONGER_THAN_ANY_MINIMUM else self._made.fullmatch(name)
        if found is None:
            return name
        return f"{self._shape} {found[1][:-8]} {self._numbers.setdefault(name, len(self._numbers))}"
