"""The gate measures what it says, of the rows that it says, and tells what did not hold."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.runtime.ingestion.accounting import Counts
from constructs_lib.runtime.ingestion.gate import judge_run
from constructs_lib.runtime.ingestion.session import SESSION
from constructs_lib.runtime.ingestion.spec import GateRule, JobSpec, parse_spec

from .specs import column, spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

NOW = dt.datetime(2024, 3, 1, 12, 0, tzinfo=dt.UTC)
COLUMNS = [
    column("price", "decimal(6,2)"),
    column("weight", "float"),
    column("day", "date"),
    column("at", "timestamp"),
    column("tags", "map<string,int>"),
]
DDL = (
    "r0 string, r1 string, r2 string, r3 string, r4 string, v0 decimal(6,2), v1 float, v2 date, v3 timestamp, v4 map<string,int>, "
    "_reasons array<string>, _warnings array<string>, _outcome string"
)


def gated(*rules: tuple[Any, ...]) -> JobSpec:
    """A spec with rules (metric, column, operator, threshold); they block."""
    made = [
        {"name": f"{metric}-{at}", "metric": metric, "column": of, "operator": operator, "threshold": threshold}
        for at, (metric, of, operator, threshold) in enumerate(rules)
    ]
    return parse_spec(json.dumps(spec(COLUMNS, gate=made)))


def row(outcome: str, values: Sequence[Any], reasons: Sequence[str] = (), warnings: Sequence[str] = ()) -> tuple[Any, ...]:
    """A judged row whose every value was delivered, as text, where it is not None; "?" was delivered and could not be cast."""
    raw = [None if value is None else str(value) for value in values]
    return (*raw, *(None if value == "?" else value for value in values), list(reasons), list(warnings), outcome)


def counts(*numbers: int) -> Counts:
    """Input, good, quarantined, duplicates."""
    return Counts(**dict(zip(("input", "good", "quarantined", "duplicates"), numbers, strict=True)))


def judge_frame(spark: SparkSession, rows: list[tuple[Any, ...]], gate: JobSpec, settled: Counts, **more: Any) -> Any:
    for key, value in SESSION.items():
        spark.conf.set(key, value)
    return judge_run(spark.createDataFrame(rows, DDL), gate, settled, now=NOW, **more)


@pytest.mark.spark
def test_measures_every_metric_of_the_rows_it_is_about(spark: SparkSession) -> None:
    """Good rows alone, but for shares of the input and of delivered values; maps by content, single floats as written."""
    from decimal import Decimal as D  # noqa: N817, PLC0415 - short in a table

    day, moment = dt.date(2024, 2, 29), dt.datetime(2024, 3, 1, 10, 30)  # noqa: DTZ001 - the session is UTC
    rows = [
        row("good", (D("0.10"), 0.1, day, moment, {"a": 1, "b": 2})),
        row("good", (D("0.20"), -0.0, dt.date(2024, 1, 1), None, {"b": 2, "a": 1}), warnings=["price:maximum"]),
        row("good", (D("0.60"), 0.0, None, None, None)),
        row("good", (None, None, None, None, {"a": 3}), warnings=["price_2:minimum"]),
        row("quarantined", ("?", 9.0, dt.date(2025, 1, 1), None, None), ["price:not_a_number", "tags[]:not_an_integer"]),
        row("quarantined", (D("9.00"), 9.0, None, None, {"z": 1}), ["day:required"]),
        row("duplicate", (D("9.00"), 9.0, dt.date(2026, 1, 1), None, {"y": 1})),
    ]
    wanted: dict[tuple[str, str | None], float] = {
        ("rows", None): 7,
        ("good_rows", None): 4,
        ("quarantined_ratio", None): 2 / 7,
        ("duplicate_ratio", None): 1 / 7,
        ("completeness", "price"): 0.75,
        ("completeness", "at"): 0.25,
        ("distinct_values", "price"): 3,
        ("distinct_values", "weight"): 2,
        ("distinct_values", "tags"): 2,
        ("distinct_ratio", "tags"): 2 / 3,
        ("mean", "price"): 0.3,
        ("minimum", "price"): 0.1,
        ("maximum", "weight"): 0.1,
        ("valid_ratio", "price"): 3 / 5,
        ("valid_ratio", "tags"): 1.0,
        ("age_hours", "day"): 36,
        ("age_hours", "at"): 1.5,
    }
    found = judge_frame(spark, rows, gated(*((metric, of, "=", value) for (metric, of), value in wanted.items())), counts(7, 4, 2, 1))
    told = [None if metric in {"minimum", "maximum"} else value for (metric, _), value in wanted.items()]  # delivered values decide untold
    assert [entry["measured"] for entry in found["results"]] == [None if one is None else pytest.approx(one, abs=0) for one in told]
    assert found["verdict"] == "pass"
    assert found["results"][4]["rule"] == "completeness(price) = 0.75"
    assert found["results"][0]["rule"] == "rows = 7"


@pytest.mark.spark
def test_a_delivered_value_decides_and_is_not_told(spark: SparkSession) -> None:
    """The smallest, the greatest, and the mean of a single one; of two it is nobody's."""
    rules = gated(("minimum", "price", "<", 1), ("maximum", "price", ">", 1), ("mean", "price", "=", 0.5))
    one = judge_frame(spark, [row("good", (Decimal("0.50"), None, None, None, None))], rules, counts(1, 1, 0, 0))["results"]
    assert [(entry["measured"], entry["passed"]) for entry in one] == [(None, True), (None, False), (None, True)]
    two = [row("good", (Decimal(price), None, None, None, None)) for price in ("0.25", "0.75")]
    assert judge_frame(spark, two, rules, counts(2, 2, 0, 0))["results"][2]["measured"] == 0.5


@pytest.mark.spark
def test_nothing_to_measure_is_not_passed(spark: SparkSession) -> None:
    """Whatever is asked of it; counts and ratios of the input are 0."""
    of_columns = [
        *(("completeness", "price"), ("distinct_values", "price"), ("distinct_ratio", "price"), ("mean", "price")),
        *(("minimum", "price"), ("maximum", "price"), ("valid_ratio", "price"), ("age_hours", "day")),
    ]
    of_rows = ["rows", "good_rows", "quarantined_ratio", "duplicate_ratio"]
    gate = gated(*((metric, of, "!=", -1) for metric, of in of_columns), *((metric, None, "=", 0) for metric in of_rows))
    found = judge_frame(spark, [], gate, counts(0, 0, 0, 0))["results"]
    assert [(entry["measured"], entry["passed"]) for entry in found[:8]] == [(None, False)] * 8
    assert [(entry["measured"], entry["passed"]) for entry in found[8:]] == [(0, True)] * 4


@pytest.mark.parametrize(
    ("operator", "holds"),
    [("=", (5,)), ("!=", (4, 6)), ("<", (6,)), ("<=", (5, 6)), (">", (4,)), (">=", (4, 5))],
)
def test_compares_as_the_rule_says(operator: str, holds: tuple[int, ...]) -> None:
    """Five rows against four, five and six; rules about counts read no row."""
    for threshold in (4, 5, 6):
        found = judge_run(None, gated(("rows", None, operator, threshold)), counts(5, 5, 0, 0), now=NOW)  # type: ignore[arg-type]
        assert found["results"][0]["passed"] is (threshold in holds)


def test_the_verdict_is_that_of_the_worst_rule() -> None:
    """A rule that warns holds nothing back; released, what failed is still told; DQDL is shown where there is some."""
    warns = GateRule(name="w", metric="rows", operator=">", threshold=9, severity="warn", dqdl="RowCount > 9")
    blocks = dataclasses.replace(warns, name="b", severity="block", dqdl="")
    holds = dataclasses.replace(blocks, name="h", operator="<")

    def verdict(*rules: GateRule, released: bool = False) -> tuple[str, list[bool]]:
        found = judge_run(None, dataclasses.replace(gated(), gate=rules), counts(5, 5, 0, 0), now=NOW, released=released)  # type: ignore[arg-type]
        return found["verdict"], [entry["passed"] for entry in found["results"]]

    assert verdict() == ("pass", [])
    assert verdict(holds) == ("pass", [True])
    assert verdict(holds, released=True) == ("pass", [True])
    assert verdict(holds, warns) == ("warn", [True, False])
    assert verdict(warns, released=True) == ("warn", [False])
    assert verdict(warns, blocks) == ("block", [False, False])
    assert verdict(warns, blocks, released=True) == ("released", [False, False])
    found = judge_run(None, dataclasses.replace(gated(), gate=(warns,)), counts(5, 5, 0, 0), now=NOW)  # type: ignore[arg-type]
    assert found["results"] == [{"name": "w", "severity": "warn", "passed": False, "measured": 5.0, "rule": "RowCount > 9"}]
