"""Compares quality rules and references between tables, of tables and of properties."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lakemodel.contracts.diff.comparison import ABSENT, Comparison, Pair, aligned, differing_keys, keys, leaves
from lakemodel.contracts.diff.custom import custom_properties, own_name
from lakemodel.contracts.nodes import items_of, text_of
from lakemodel.contracts.quality_rules import BINDING, OLDER_METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_Range: TypeAlias = tuple[float, bool, float, bool]
"""The values that satisfy a rule: lowest, whether it is excluded, highest, whether it is."""

_WORDS: Final = ("description", "name", "businessImpact", "dimension", "tags", "authoritativeDefinitions", "id")
_HANDLING: Final = ("schedule", "scheduler", "method", "severity")
_OPERATORS: Final[dict[str, Callable[[float], _Range]]] = {
    "mustBe": lambda value: (value, False, value, False),
    "mustBeGreaterThan": lambda value: (value, True, math.inf, False),
    "mustBeGreaterOrEqualTo": lambda value: (value, False, math.inf, False),
    "mustBeLessThan": lambda value: (-math.inf, False, value, True),
    "mustBeLessOrEqualTo": lambda value: (-math.inf, False, value, False),
}


def quality_rules(comparison: Comparison, pair: Pair) -> None:
    """Two lists of quality rules."""
    base, head = (_canonical_list(side) for side in (pair.base, pair.head))
    for before, after in aligned(base, head, _identity):
        item = pair.item(before, after)
        if before is None:
            comparison.note("quality.added", item)
        elif after is None:
            comparison.note("quality.removed", item)
        elif item.differs:
            _rule(comparison, item, Pair(base[before], head[after], item.base_path, item.head_path))


def relationships(comparison: Comparison, pair: Pair) -> None:
    """Two lists of references."""
    for before, after in aligned(pair.base, pair.head, _ends):
        item = pair.item(before, after)
        if before is None:
            comparison.note("relationship.added", item)
        elif after is None:
            comparison.note("relationship.removed", item)
        elif item.differs:
            handlers = {"customProperties": _severity, "id": leaves("documentation.changed")}
            keys(comparison, item, handlers, leaves("relationship.changed"))


def _severity(comparison: Comparison, pair: Pair) -> bool | None:
    """Whether a value without a partner rejects its row."""
    was, now = (_is_warning(side) for side in (pair.base, pair.head))
    if was != now:
        words = [("warning" if is_warning else "error") for is_warning in (was, now)]
        comparison.note("relationship.loosened" if now else "relationship.tightened", pair, was=words[0], now=words[1])
    return custom_properties(frozenset({"severity"}) if was != now else frozenset())(comparison, pair)


def _is_warning(customs: Any) -> bool:
    return any(own_name(one) == "severity" and one.get("value") == "warning" for _, one in items_of({"": customs}, ""))


def _canonical_list(rules: Any) -> list[Any]:
    return [_canonical(rule) for rule in rules] if isinstance(rules, list) else []


def _canonical(rule: Any) -> Any:
    """A rule as the newest version of the standard writes it: before 3.1, a library rule without an operator allowed no row to break it."""
    if not isinstance(rule, dict) or "rule" not in rule or "metric" in rule:
        return rule
    found = {key: value for key, value in rule.items() if key != "rule"}
    found["metric"] = OLDER_METRICS.get(str(rule["rule"]), rule["rule"])
    if not any(key.startswith("must") for key in rule):
        found["mustBe"] = 0
    return found


def _identity(rule: Any) -> Hashable:
    for key in ("id", "name"):
        if text_of(rule, key):
            return (key, text_of(rule, key))
    kind = (text_of(rule, "type") or "library", text_of(rule, "metric"), text_of(rule, "engine"))
    return kind if any(kind[1:]) else ((*kind, text_of(rule, "description")) if text_of(rule, "description") else None)


def _ends(relationship: Any) -> Hashable:
    return tuple(str(relationship.get(key, "")) for key in ("from", "to")) if isinstance(relationship, dict) else None


def _rule(comparison: Comparison, written: Pair, meant: Pair) -> None:
    """One quality rule in two states; `meant` is what is written, in the words of the newest standard."""
    differing = differing_keys(meant)
    operators = [key for key in differing if key.startswith("must")]
    rest = [key for key in differing if key not in operators]
    before = len(comparison.changes)
    if operators:
        was, now = (_operators(side) for side in (meant.base, meant.head))
        comparison.note("quality.changed" if "unit" in rest else _direction(meant), written, was=was, now=now, inside="")
    bound = [text_of(side, "severity").lower() in BINDING for side in (meant.base, meant.head)]
    for key in rest:
        inner = written.child(key)
        if key == "severity" and bound[0] != bound[1]:
            comparison.note("quality.tightened" if bound[1] else "quality.loosened", inner)
        elif key in _HANDLING:
            comparison.note("quality.handling_changed", inner)
        elif key in _WORDS:
            leaves("documentation.changed")(comparison, inner)
        elif key == "customProperties":
            leaves("custom.changed")(comparison, inner)
        elif not (key == "unit" and operators):
            comparison.note("quality.changed", inner, was=meant.child(key).base, now=meant.child(key).head)
    if len(comparison.changes) == before:
        comparison.note("spelling.changed", written)


def _operators(rule: dict[str, Any]) -> Any:
    return ", ".join(f"{key} {rule[key]}" for key in sorted(rule) if key.startswith("must")) or ABSENT


def _direction(pair: Pair) -> str:
    base, head = _range(pair.base), _range(pair.head)
    if base is None or head is None:
        return "quality.changed"
    low = _compare((base[0], base[1]), (head[0], head[1]))
    high = -_compare((base[2], not base[3]), (head[2], not head[3]))
    if low >= 0 and high >= 0:
        return "quality.tightened"
    return "quality.loosened" if low <= 0 and high <= 0 else "quality.changed"


def _compare(base: tuple[Any, bool], head: tuple[Any, bool]) -> int:
    return (head > base) - (head < base)


def _range(rule: dict[str, Any]) -> _Range | None:
    """The values that satisfy the one operator of a rule; None where that is unclear."""
    stated = [key for key in rule if key.startswith("must")]
    value = rule[stated[0]] if len(stated) == 1 else None
    if stated == ["mustBeBetween"] and isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)):  # noqa: PLR2004
        return (value[0], False, value[1], False)
    operator = _OPERATORS.get(stated[0]) if len(stated) == 1 else None
    return operator(value) if operator is not None and isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
