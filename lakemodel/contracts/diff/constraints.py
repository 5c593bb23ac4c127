"""Compares what is asked of the values of a property, at any depth: lengths, ranges, lists, patterns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lakemodel.contracts.diff.comparison import ABSENT
from lakemodel.contracts.nodes import items_of, mapping_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakemodel.types.sql_model import SqlType

_TEMPORAL: Final = frozenset({"date", "timestamp", "time"})
_NUMERIC: Final = frozenset({"integer", "number"})
_OTHERS: Final = ("multipleOf", "uniqueItems", "required", "dimensions", "distanceMetric")
"""Rules of which more or less cannot be told by comparing two numbers."""

_OPTION: Final = "logicalTypeOptions."

Limit: TypeAlias = tuple[Any, bool]
"""A bound, a number or a text, and whether it is itself excluded."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A difference in what is asked.

    Attributes:
        keys: The keys of the property that can have caused it, options as `logicalTypeOptions.minimum`.
    """

    rule: str
    keys: tuple[str, ...]
    was: Any
    now: Any


def demands(base: dict[str, Any], head: dict[str, Any], base_sql: SqlType | None, head_sql: SqlType | None) -> Iterator[Demand]:
    """Every difference in what two states of a property ask of its values; `..._sql` is its physical type as read."""
    before, after = mapping_of(base, "logicalTypeOptions"), mapping_of(head, "logicalTypeOptions")
    yield from _longest(before, after, base_sql, head_sql)
    unsigned = tuple(sql is not None and sql.unsigned for sql in (base_sql, head_sql))
    yield from _bounds(("minimum", "exclusiveMinimum"), before, after, unsigned=(unsigned[0], unsigned[1]))
    yield from _bounds(("maximum", "exclusiveMaximum"), before, after, is_upper=True)
    for key in ("minLength", "minItems", "minProperties"):
        yield from _bounds((key,), _above_zero(before, key), _above_zero(after, key))
    for key in ("maxItems", "maxProperties"):
        yield from _bounds((key,), before, after, is_upper=True)
    yield from _lists(base, head, base_sql, head_sql)
    yield from _there(before, after, "pattern", "pattern")
    if not {text_of(base, "logicalType"), text_of(head, "logicalType")} & (_TEMPORAL | _NUMERIC):
        yield from _there(before, after, "format", "pattern")
    for key in _OTHERS:
        yield from _there(before, after, key, "value_rule")


def _longest(before: dict[str, Any], after: dict[str, Any], base_sql: SqlType | None, head_sql: SqlType | None) -> Iterator[Demand]:
    """Texts: the shorter of the option and the physical type's length holds."""
    old, new = (_length(options, sql) for options, sql in ((before, base_sql), (after, head_sql)))
    if old != new:
        is_tighter = new is not None and (old is None or new < old)
        rule = "length.tightened" if is_tighter else "length.loosened"
        yield Demand(rule, (f"{_OPTION}maxLength", "physicalType"), _or_absent(old), _or_absent(new))


def _length(options: dict[str, Any], sql: SqlType | None) -> int | None:
    stated = options.get("maxLength")
    known = [stated] if isinstance(stated, int) and not isinstance(stated, bool) else []
    known += [sql.max_length] if sql is not None and sql.max_length is not None else []
    return min(known, default=None)


def _above_zero(options: dict[str, Any], key: str) -> dict[str, Any]:
    """The least size, if it asks for anything: no text and no list has fewer than 0."""
    value = options.get(key)
    return {} if value is None or (_is_number(value) and value == 0) else {key: value}


def _bounds(
    names: tuple[str, ...],
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    is_upper: bool = False,
    unsigned: tuple[bool, bool] = (False, False),
) -> Iterator[Demand]:
    """One end of a range: `names` are the option that includes the bound and, perhaps, the one that excludes it."""
    keys = (*(f"{_OPTION}{name}" for name in names), "physicalType", f"{_OPTION}format")
    old, new = ([(options[name], name.startswith("exclusive")) for name in names if name in options] for options in (before, after))
    old += [(0, False)] if unsigned[0] else []
    new += [(0, False)] if unsigned[1] else []
    if old == new:
        return
    kinds = {str if isinstance(value, str) else float if _is_number(value) else object for value, _ in (*old, *new)}
    was, now = _shown(old), _shown(new)
    if len(kinds) > 1 or object in kinds:
        yield Demand("value_rule.changed", keys, was, now)
        return
    first, second = _tightest(old, is_upper=is_upper), _tightest(new, is_upper=is_upper)
    if first == second:
        return
    is_tighter = second is not None and (first is None or _is_tighter(second, first, is_upper=is_upper))
    yield Demand("range.tightened" if is_tighter else "range.loosened", keys, was, now)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(limits: list[Limit]) -> Any:
    if not limits:
        return ABSENT
    return ", ".join(f"{'exclusive ' if is_exclusive else ''}{json.dumps(value, ensure_ascii=False)}" for value, is_exclusive in limits)


def _tightest(limits: list[Limit], *, is_upper: bool) -> Limit | None:
    found: Limit | None = None
    for limit in limits:
        if found is None or _is_tighter(limit, found, is_upper=is_upper):
            found = limit
    return found


def _is_tighter(one: Limit, other: Limit, *, is_upper: bool) -> bool:
    if one[0] == other[0]:
        return one[1] and not other[1]
    is_less: bool = one[0] < other[0]
    return is_less if is_upper else not is_less


def _lists(base: dict[str, Any], head: dict[str, Any], base_sql: SqlType | None, head_sql: SqlType | None) -> Iterator[Demand]:
    """Allowed values, of `enum` and of a physical type such as `enum('a', 'b')`."""
    old, new = _allowed(base, base_sql), _allowed(head, head_sql)
    keys = ("enum", "physicalType")
    if old and not new:
        yield Demand("enum.removed", keys, ", ".join(old), ABSENT)
    elif new and not old:
        yield Demand("enum.added", keys, ABSENT, ", ".join(new))
    else:
        for value in (one for one in old if one not in new):
            yield Demand("enum.value_removed", keys, value, ABSENT)
        for value in (one for one in new if one not in old):
            yield Demand("enum.value_added", keys, ABSENT, value)


def _allowed(prop: dict[str, Any], sql: SqlType | None) -> list[str]:
    values = [_text(one.get("value")) for _, one in items_of(prop, "enum")]
    return values or list(sql.values if sql is not None else ())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _there(before: dict[str, Any], after: dict[str, Any], key: str, family: str) -> Iterator[Demand]:
    """A rule that is only known to be there, to be gone or to be another one; false and 0 ask nothing."""
    old, new = (_or_absent(options.get(key) or None) for options in (before, after))
    if old != new:
        word = "added" if old is ABSENT else "removed" if new is ABSENT else "changed"
        yield Demand(f"{family}.{word}", (f"{_OPTION}{key}",), old, new)


def _or_absent(value: Any) -> Any:
    return ABSENT if value is None else value
