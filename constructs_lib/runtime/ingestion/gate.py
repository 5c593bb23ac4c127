"""The quality gate: measures a run's rows by the contract's rules about whole deliveries, and says whether readers may see them.

Measured is what this run adds: its good rows. `rows`, `quarantined_ratio` and `duplicate_ratio` are of the input; `valid_ratio` is the
share of a column's delivered values, in good and quarantined rows, that no reason and no warning of that column speaks against.
`distinct_ratio` is of the values that are not NULL. `age_hours` runs from the greatest value to now; a date stands for its first
moment, and a time without a zone is UTC. Where there is nothing to measure, or a mean too large to be a number, a rule has not passed;
counts and the ratios of the input are 0 then. The smallest and the greatest value decide and are not told: they are delivered values.

All of it takes one pass over the judged rows, and none when the rules are about the counts alone.
"""

from __future__ import annotations

import datetime as dt
import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pyspark.sql import functions as F  # noqa: N812 - the name everybody gives it

from .judging.comparing import comparable
from .judging.names import GOOD, OUTCOME, QUARANTINED, REASONS, WARNINGS, typed
from .reading import raw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import Column, DataFrame

    from .accounting import Counts
    from .manifest import Gate, GateEntry
    from .spec import GateRule, JobSpec

_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MICROSECONDS_AN_HOUR: Final = 3_600_000_000
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MEASURES: Final[dict[str, tuple[str, ...]]] = {
    "completeness": ("given", "good"),
    "distinct_values": ("distinct", "good"),
    "distinct_ratio": ("distinct", "given"),
    "valid_ratio": ("valid", "delivered"),
    "mean": ("mean", "given"),
    "minimum": ("minimum",),
    "maximum": ("maximum",),
    "age_hours": ("newest",),
}
"""What of a column has to be known for a metric."""
_DELIVERED_VALUES: Final = frozenset({"minimum", "maximum"})
"""Metrics whose measured number is a delivered value: it decides and is not told."""


def judge_run(judged: DataFrame, spec: JobSpec, counts: Counts, *, now: dt.datetime, released: bool = False) -> Gate:
    """The verdict over a run.

    Args:
        judged: The records as `validation.judge` leaves them.
        spec: Whose gate it is.
        counts: The run's settled counts.
        now: What ages are measured against; UTC where it has no zone.
        released: Whether somebody lets the run through all the same; what did not hold is still listed.
    """
    known = _measured(judged, spec)
    results = [_result(rule, _value(rule, counts, known, now), known) for rule in spec.gate]
    failed = {entry["severity"] for entry in results if not entry["passed"]}
    if "block" in failed:
        return {"verdict": "released" if released else "block", "results": results}
    return {"verdict": "warn" if failed else "pass", "results": results}


def _result(rule: GateRule, measured: Decimal | None, known: Mapping[str, Any]) -> GateEntry:
    passed = measured is not None and _COMPARISONS[rule.operator](measured, Decimal(str(rule.threshold)))
    return {
        "name": rule.name,
        "severity": rule.severity,
        "passed": passed,
        "measured": None if measured is None or _is_delivered(rule, known) else float(measured),
        "rule": _text(rule),
    }


def _is_delivered(rule: GateRule, known: Mapping[str, Any]) -> bool:
    """Whether what was measured is a delivered value; the mean of a single one is."""
    return rule.metric in _DELIVERED_VALUES or (rule.metric == "mean" and known[_name(rule.column, "given")] == 1)


def _text(rule: GateRule) -> str:
    if rule.dqdl:
        return rule.dqdl
    what = rule.metric if rule.column is None else f"{rule.metric}({rule.column})"
    shown = format(Decimal(str(rule.threshold)), "f")
    return f"{what} {rule.operator} {shown.removesuffix('.0')}"


def _value(rule: GateRule, counts: Counts, known: Mapping[str, Any], now: dt.datetime) -> Decimal | None:
    """What a rule measures; None when there is nothing to measure."""
    of_rows = {
        "rows": (counts.input, None),
        "good_rows": (counts.good, None),
        "quarantined_ratio": (counts.quarantined, counts.input),
        "duplicate_ratio": (counts.duplicates, counts.input),
    }
    if rule.metric in of_rows:
        part, whole = of_rows[rule.metric]
        return _share(part, whole) if whole is None or whole > 0 else Decimal(0)
    values = [known[_name(rule.column, measure)] for measure in _MEASURES[rule.metric]]
    if rule.metric == "age_hours":
        return None if values[0] is None else _hours(now, values[0])
    if rule.metric == "distinct_values":
        return Decimal(values[0]) if values[1] else None
    if rule.metric in {"mean", *_DELIVERED_VALUES}:
        number = Decimal("NaN" if values[0] is None else values[0])
        return number if number.is_finite() else None
    return _share(values[0], values[1]) if values[1] else None


def _share(part: int, whole: int | None) -> Decimal:
    """As a floating number first, so that a share is what a threshold is that was written as one."""
    return Decimal(part) if whole is None else Decimal(str(part / whole))


def _hours(now: dt.datetime, newest: int) -> Decimal:
    moment = now if now.tzinfo is not None else now.replace(tzinfo=dt.UTC)
    microseconds = (moment - _EPOCH) // dt.timedelta(microseconds=1) - newest
    return Decimal(str(microseconds / _MICROSECONDS_AN_HOUR))


def _name(column: str | None, measure: str) -> str:
    return f"{measure}:{column}"


def _measured(judged: DataFrame, spec: JobSpec) -> Mapping[str, Any]:
    """Everything that the gate's rules need to know of the rows, found in one aggregation."""
    wanted: dict[str, Column] = {}
    for rule in spec.gate:
        for measure in _MEASURES.get(rule.metric, ()):
            if rule.column is not None:
                wanted[_name(rule.column, measure)] = _measure(measure, judged, spec, rule.column)
    if not wanted:
        return {}
    row = judged.agg(*(column.alias(f"m{at}") for at, column in enumerate(wanted.values()))).collect()[0]
    return dict(zip(wanted, row, strict=True))


def _measure(measure: str, judged: DataFrame, spec: JobSpec, column: str) -> Column:
    at = spec.index_of(column)
    type_ = judged.schema[typed(at)].dataType
    is_good = F.col(OUTCOME) == GOOD
    value = F.when(is_good, F.col(typed(at)))
    if measure == "good":
        return F.count_if(is_good)
    if measure == "given":
        return F.count(value)
    if measure == "distinct":
        return F.count_distinct(F.when(is_good, comparable(F.col(typed(at)), type_)))
    if measure in {"valid", "delivered"}:
        told = F.exists(F.concat(REASONS, WARNINGS), lambda text: _is_about(text, column))
        delivered = F.col(OUTCOME).isin(GOOD, QUARANTINED) & F.col(raw(at)).isNotNull()
        return F.count_if(delivered & ~told) if measure == "valid" else F.count_if(delivered)
    if measure == "newest":
        return F.unix_micros(F.max(value).cast("timestamp"))
    # as text: a single float is then the number that was written, not the double next to it
    return {"mean": F.avg, "minimum": F.min, "maximum": F.max}[measure](value).cast("string")


def _is_about(text: Column, column: str) -> Column:
    """Whether a reason is one of that column: `column:...`, or of a part of it, `column.part:...`, `column[]...`."""
    found = text.startswith(f"{column}:")
    for mark in (".", "["):
        found = found | text.startswith(f"{column}{mark}")
    return found
