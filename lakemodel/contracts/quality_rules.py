"""Reads quality rules of the standard's library: which become checks of single rows, which the gate weighs, which are notes only.

A rule that allows no row to break it is a check of rows: the row is quarantined, or counted where the severity is a warning. One with a
threshold is weighed by the gate once a delivery is read: it holds the delivery back, or tells where the severity is a warning.
https://bitol-io.github.io/open-data-contract-standard/latest/data-quality
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.demands import STRING, allow, require_pattern, unchecked
from lakemodel.contracts.model import Check, CheckKind, GateRule
from lakemodel.contracts.nodes import items_of, mapping_of, text_of
from lakemodel.contracts.report import quoted
from lakemodel.naming import normalize
from lakemodel.types.model import List, Map, Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.demands import Demands
    from lakemodel.contracts.report import Path

OLDER_METRICS: Final = {"nullCheck": "nullValues", "uniqueCheck": "duplicateValues", "duplicateCount": "duplicateValues"}
"""Names of the standard before 3.1."""

BINDING: Final = frozenset({"", "error", "critical", "high", "blocker"})
"""Severities that reject; any other one is a warning."""

_OPERATORS: Final = {
    "mustBe": "=",
    "mustNotBe": "!=",
    "mustBeGreaterThan": ">",
    "mustBeGreaterOrEqualTo": ">=",
    "mustBeLessThan": "<",
    "mustBeLessOrEqualTo": "<=",
}
_FLIPPED: Final = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ROWS: Final = frozenset({"", "row", "rows"})
_PERCENT: Final = frozenset({"%", "percent", "percentage"})
_WHOLE: Final = 100
_BETWEEN: Final = 2
_LIBRARY: Final = "only rules of the standard's library are carried out"
_IN_PERCENT: Final = "how many rows may break it depends on the size of a delivery; give the threshold in percent"

Bounds = tuple[tuple[str, float], ...]
"""Operators with numbers, all of which the measured number has to satisfy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rule:
    """One rule that can be carried out, at least by its form."""

    place: Path
    node: dict[str, Any]
    metric: str
    arguments: dict[str, Any]
    bounds: Bounds
    is_percent: bool
    binds: bool

    @property
    def allows_none(self) -> bool:
        """Whether not a single row may break it, for metrics that count bad rows."""
        if len(self.bounds) != 1:
            return False
        operator, value = self.bounds[0]
        if self.is_percent:
            return value == 0 and operator in {"=", "<="}
        return (operator == "=" and value == 0) or (operator == "<=" and 0 <= value < 1) or (operator == "<" and 0 < value <= 1)

    def named(self, metric: str, *, column: str | None = None, bounds: Bounds | None = None) -> list[GateRule]:
        """The rules of the gate that this one becomes: one for each bound."""
        own = text_of(self.node, "name") or text_of(self.node, "id") or ".".join(part for part in (column, self.metric) if part)
        found = self.bounds if bounds is None else bounds
        ends = {">": " (at least)", ">=": " (at least)", "<": " (at most)", "<=": " (at most)"} if len(found) > 1 else {}
        return [
            GateRule(name=own + ends.get(operator, ""), metric=metric, operator=operator, threshold=value, column=column, blocks=self.binds)
            for operator, value in found
        ]


def column_rules(reading: Reading, path: Path, prop: dict[str, Any], found: Demands) -> None:
    """Adds what the quality rules of a column ask to what is asked of it otherwise."""
    weighed: list[tuple[_Rule, list[Check]]] = []
    for index, node in items_of(prop, "quality"):
        rule = _rule(reading, (*path, "quality", index), node)
        if rule is None:
            continue
        if rule.metric == "nullValues" and not rule.arguments:
            _nulls(reading, rule, found)
        elif rule.metric == "missingValues" and rule.arguments.keys() <= {"missingValues"}:
            _missing(reading, rule, found, weighed)
        elif rule.metric == "duplicateValues" and not rule.arguments:
            _duplicates(reading, rule, found)
        elif rule.metric == "invalidValues" and rule.arguments and rule.arguments.keys() <= {"validValues", "pattern"}:
            _invalid(reading, rule, found, weighed)
        else:
            not_enforced(reading, rule.place, node, _why_not(rule, "a column"))
    _weigh(reading, found, weighed)


def table_rules(
    reading: Reading, path: Path, table: dict[str, Any], columns: Mapping[str, str], key: Iterable[str]
) -> tuple[list[GateRule], set[str]]:
    """What the quality rules of a table ask: rules of the gate, and the columns whose values have to be unique.

    `columns` are the names in the catalog of plain columns by those that the contract uses, `key` is the primary key's columns.
    """
    gate: list[GateRule] = []
    unique: set[str] = set()
    for index, node in items_of(table, "quality"):
        rule = _rule(reading, (*path, "quality", index), node)
        if rule is None:
            continue
        if rule.metric == "rowCount" and not rule.arguments:
            if rule.is_percent:
                not_enforced(reading, rule.place, node, "rows are counted, and a percentage of them is no count")
            else:
                gate += rule.named("rows")
        elif rule.metric == "duplicateValues" and rule.arguments.keys() == {"properties"}:
            found, names = _combination(reading, rule, columns, set(key))
            gate += found
            unique |= names
        else:
            not_enforced(reading, rule.place, node, _why_not(rule, "a table"))
    return gate, unique


def unique_names(gate: Iterable[GateRule]) -> tuple[GateRule, ...]:
    """The same rules under names of their own: a name that was used before gets a number."""
    found: list[GateRule] = []
    taken: set[str] = set()
    for rule in gate:
        name, count = rule.name, 1
        while name in taken:
            count += 1
            name = f"{rule.name} {count}"
        taken.add(name)
        found.append(replace(rule, name=name))
    return tuple(found)


def not_enforced(reading: Reading, place: Path, rule: dict[str, Any], why: str) -> None:
    """Notes a quality rule that nothing carries out."""
    kind = text_of(rule, "metric") or text_of(rule, "rule") or text_of(rule, "engine") or str(rule.get("type", "library"))
    name = text_of(rule, "name") or text_of(rule, "description")
    unchecked(reading, place, f"the quality rule {quoted(kind)}" + (f" ({name[:80]})" if name else ""), why)


def _rule(reading: Reading, place: Path, node: dict[str, Any]) -> _Rule | None:
    """The rule at a place; None, with a note, where it cannot be one of ours."""
    written = text_of(node, "metric") or text_of(node, "rule")
    if node.get("type", "library") != "library" or not written:
        not_enforced(reading, place, node, _LIBRARY)
        return None
    bounds = _bounds(node)
    if isinstance(bounds, str):
        not_enforced(reading, place, node, bounds)
        return None
    unit = text_of(node, "unit").lower()
    if unit not in _ROWS | _PERCENT:
        not_enforced(reading, place, node, f"its unit is {quoted(unit)}; rows and percent are known")
        return None
    return _Rule(
        place=place,
        node=node,
        metric=OLDER_METRICS.get(written, written),
        arguments=mapping_of(node, "arguments"),
        bounds=bounds,
        is_percent=unit in _PERCENT,
        binds=text_of(node, "severity").lower() in BINDING,
    )


def _bounds(node: dict[str, Any]) -> Bounds | str:
    """What the measured number has to satisfy, or why that cannot be said."""
    stated = [key for key in node if key.startswith("must")]
    if not stated and "rule" in node and "metric" not in node and OLDER_METRICS.get(text_of(node, "rule"), "") in _COUNT_BAD_ROWS:
        return (("=", 0.0),)
    if len(stated) != 1:
        return "it has no threshold" if not stated else f"it has several thresholds: {', '.join(stated)}"
    value = node[stated[0]]
    if stated == ["mustBeBetween"]:
        ends = value if isinstance(value, list) and len(value) == _BETWEEN else []
        numbers = [number for end in ends if (number := _number(end)) is not None]
        if len(numbers) == _BETWEEN and numbers[0] <= numbers[1]:
            return ((">=", numbers[0]), ("<=", numbers[1]))
        return f"mustBeBetween is {quoted(value)}, which is no smaller and larger number"
    if stated[0] not in _OPERATORS:
        return f"{stated[0]} is satisfied on two sides, and the gate knows one"
    number = _number(value)
    return f"{stated[0]} is {quoted(value)}, which is no number" if number is None else ((_OPERATORS[stated[0]], number),)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else None


def _nulls(reading: Reading, rule: _Rule, found: Demands) -> None:
    if rule.allows_none and rule.binds:
        found.required = True
    else:
        _share(reading, rule, "completeness", found)


def _duplicates(reading: Reading, rule: _Rule, found: Demands) -> None:
    if rule.allows_none and rule.binds:
        found.unique = True
    elif isinstance(found.type, Struct | List | Map):
        not_enforced(reading, rule.place, rule.node, "values of this type are not counted")
    else:
        _share(reading, rule, "distinct_ratio", found)


def _missing(reading: Reading, rule: _Rule, found: Demands, weighed: list[tuple[_Rule, list[Check]]]) -> None:
    """What counts as missing: NULL and, for text, some values; either is demanded by itself."""
    listed = rule.arguments.get("missingValues", [None])
    values = listed if isinstance(listed, list) else [listed]
    texts = [value for value in values if value is not None and value != found.null_marker]
    has_null = len(texts) < len(values)
    if not values or (texts and (found.type != STRING or not all(isinstance(value, str) for value in texts))):
        not_enforced(reading, rule.place, rule.node, "only NULL and, in a column of text, texts can count as missing")
    elif has_null and texts and not rule.allows_none:
        not_enforced(reading, rule.place, rule.node, "NULL and texts are not weighed together; make it two rules")
    elif not texts:
        _nulls(reading, rule, found)
    else:
        # at the start of the value, nothing that is a listed text to its end
        pattern = f"^(?!(?:{'|'.join(re.escape(text) for text in texts)})\\z)"
        check = Check(kind=CheckKind.PATTERN, value=pattern, is_warning=not (rule.allows_none and rule.binds))
        if has_null:
            _nulls(reading, rule, found)
        _demand(reading, rule, [check], found, weighed)


def _invalid(reading: Reading, rule: _Rule, found: Demands, weighed: list[tuple[_Rule, list[Check]]]) -> None:
    probe = replace(found, checks=[])
    listed, pattern = rule.arguments.get("validValues"), rule.arguments.get("pattern")
    is_warning = not (rule.allows_none and rule.binds)
    if isinstance(listed, list):
        allow(reading, rule.place, listed, probe, is_warning=is_warning)
    if isinstance(pattern, str):
        require_pattern(reading, (*rule.place, "arguments", "pattern"), pattern, probe, is_warning=is_warning)
    if not (isinstance(listed, list) or isinstance(pattern, str)):
        not_enforced(reading, rule.place, rule.node, "its validValues are no list, or its pattern is no text")
    _demand(reading, rule, probe.checks, found, weighed)


def _demand(reading: Reading, rule: _Rule, checks: list[Check], found: Demands, weighed: list[tuple[_Rule, list[Check]]]) -> None:
    """Checks of rows; with a threshold, checks that warn and a weight on how many rows pass them."""
    if not checks:
        return
    if rule.allows_none:
        found.checks += checks
    elif not rule.is_percent:
        not_enforced(reading, rule.place, rule.node, _IN_PERCENT)
    else:
        weighed.append((rule, checks))


def _weigh(reading: Reading, found: Demands, weighed: list[tuple[_Rule, list[Check]]]) -> None:
    """One threshold on the share of valid values a column: the gate measures all warnings of a column together."""
    warned = [check for check in found.checks if check.is_warning]
    for position, (rule, checks) in enumerate(weighed):
        if warned or (position and checks != weighed[0][1]):
            why = "the column has another rule that warns, and the gate weighs all warnings of a column together"
            not_enforced(reading, rule.place, rule.node, why)
            continue
        _share(reading, rule, "valid_ratio", found)
    if weighed and not warned:
        found.checks += weighed[0][1]


def _share(reading: Reading, rule: _Rule, metric: str, found: Demands) -> None:
    rules = _shares(rule, metric, found.name)
    if isinstance(rules, str):
        not_enforced(reading, rule.place, rule.node, rules)
    else:
        found.gate += rules


def _shares(rule: _Rule, metric: str, column: str) -> list[GateRule] | str:
    """A rule about bad rows as rules about the share of good ones, or why it is none."""
    if rule.allows_none:
        return rule.named(metric, column=column, bounds=(("=", 1.0),))
    if not rule.is_percent:
        return _IN_PERCENT
    if any(not 0 <= value <= _WHOLE for _, value in rule.bounds):
        return "a percentage is from 0 to 100"
    bounds = tuple((_FLIPPED[operator], float(1 - Decimal(str(value)) / _WHOLE)) for operator, value in rule.bounds)
    return rule.named(metric, column=column, bounds=bounds)


def _combination(reading: Reading, rule: _Rule, columns: Mapping[str, str], key: set[str]) -> tuple[list[GateRule], set[str]]:
    """Values that must not repeat together, as far as a single column or the primary key says the same."""
    listed = rule.arguments["properties"]
    written = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    names = [columns.get(one, columns.get(normalize(one))) for one in written]
    known = {name for name in names if name is not None}
    if not known or len(known) != len(written) or len(written) != len(listed):
        not_enforced(reading, rule.place, rule.node, f"properties is {quoted(listed)}, which are no plain columns of the table")
        return [], set()
    if rule.allows_none and rule.binds and (len(known) == 1 or known == key):
        return [], known if len(known) == 1 else set()
    found = _shares(rule, "distinct_ratio", next(iter(known))) if len(known) == 1 else "only the primary key is several columns together"
    if isinstance(found, str):
        not_enforced(reading, rule.place, rule.node, found)
        return [], set()
    return found, set()


def _why_not(rule: _Rule, where: str) -> str:
    if rule.metric not in _METRICS:
        return f"its metric is none of the standard's library: {', '.join(_METRICS)}"
    if rule.metric == "rowCount" and where == "a column":
        return "it goes with a table, not with a column"
    if where == "a table" and rule.metric in _COUNT_BAD_ROWS and not rule.arguments.keys() & {"properties"}:
        return "it goes with a column, or with arguments that name columns"
    return f"its arguments are {quoted(rule.arguments)}, of which the lake makes nothing"


_COUNT_BAD_ROWS: Final = frozenset({"nullValues", "missingValues", "invalidValues", "duplicateValues"})
_METRICS: Final = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")
