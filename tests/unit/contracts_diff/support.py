"""Contracts in two states for tests: one that has everything, small edits of it, and what each edit has to be called."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lakemodel.contracts.diff.contract import compare_contract
from lakemodel.contracts.diff.sides import Side, side_of
from lakemodel.contracts.rules import ContractRules
from lakemodel.yaml_source import parse
from tests.unit.contracts.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakemodel.contracts.diff.model import Change

WHOLE = ROOT / "tests/data/contract_changes/whole.odcs.yaml"
VENDOR = "governed-lake"


def side(data: dict[str, Any], *, rules: ContractRules | None = None, file: str = "orders.odcs.yaml") -> Side:
    """A contract that can be read, given as data."""
    return _side(json.dumps(data, ensure_ascii=False), ContractRules() if rules is None else rules, file)


@lru_cache(maxsize=1024)
def _side(text: str, rules: ContractRules, file: str) -> Side:
    """Read once: every test compares with the same contract."""
    found = side_of(parse(text.encode(), file=file), rules, file)
    assert isinstance(found, Side), found
    return found


def changes(base: dict[str, Any], head: dict[str, Any]) -> tuple[Change, ...]:
    """What changed from one state to the other."""
    return compare_contract(side(base), side(head))


def rules_of(base: dict[str, Any], head: dict[str, Any]) -> list[str]:
    """The ids of the rules that found something, sorted."""
    return sorted(change.rule.id for change in changes(base, head))


def whole() -> dict[str, Any]:
    """A contract with something of everything."""
    data: dict[str, Any] = copy.deepcopy(parse(WHOLE.read_bytes(), file=str(WHOLE)).data)
    return data


def at(data: Any, *path: str | int) -> Any:
    """A part of a contract; a text finds the item of a list by its name."""
    for part in path:
        if isinstance(data, list) and isinstance(part, str):
            keys = ("name", "role", "property", "server", "username", "channel", "value", "id")
            data = next(item for item in data if part in [item.get(key) for key in keys])
        else:
            data = data[part]
    return data


def column(data: dict[str, Any], name: str, table: str = "orders") -> dict[str, Any]:
    """One column."""
    found: dict[str, Any] = at(data, "schema", table, "properties", name)
    return found


@dataclass(frozen=True)
class Edit:
    """One change that somebody might make.

    Attributes:
        name: What is done; two edits of the same `of` cannot be made together.
        finds: The rules that have to find it, each once and no other.
        back: The rules that have to find its reversal; the same ones where nothing is stated.
        of: What it is done to.
    """

    name: str
    of: str
    do: Callable[[dict[str, Any]], Any]
    finds: tuple[str, ...]
    back: tuple[str, ...] = ()

    def applied(self, data: dict[str, Any]) -> dict[str, Any]:
        """A copy with the edit."""
        copied = copy.deepcopy(data)
        self.do(copied)
        return copied
