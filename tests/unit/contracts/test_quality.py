"""Quality rules of the standard's library: rows are checked, deliveries are weighed, the rest is told."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.runtime.ingestion.spec import GATE_METRICS, GATE_OPERATORS
from lakemodel.contracts.model import CheckKind, Column, GateRule, Table

from .support import codes, document, finding_of, read, table_of

TEXT = {"logicalType": "string"}
KEY = {"name": "k", "logicalType": "integer", "physicalType": "int", "primaryKey": True, "required": True}


def of_column(*rules: dict[str, Any], prop: dict[str, Any] | None = None, **top: Any) -> tuple[Column, Table]:
    """The column with these rules, and its table."""
    table = table_of(document([{"name": "a", "quality": list(rules)} | (TEXT if prop is None else prop), {"name": "b"} | TEXT], **top))
    return table.columns[0], table


def of_table(*rules: dict[str, Any], properties: list[dict[str, Any]] | None = None) -> Table:
    return table_of(document(properties or [KEY, {"name": "a"} | TEXT], table={"quality": list(rules)}))


def said(table: Table) -> list[tuple[str, str | None, str, float, bool]]:
    """The gate, without names."""
    return [(rule.metric, rule.column, rule.operator, rule.threshold, rule.blocks) for rule in table.gate]


@pytest.mark.parametrize("rule", [
    {"metric": "nullValues", "mustBe": 0}, {"metric": "nullValues", "mustBeLessOrEqualTo": 0},
    {"metric": "nullValues", "mustBeLessThan": 1},
    {"metric": "nullValues", "mustBe": 0, "unit": "percent"}, {"rule": "nullCheck", "type": "library"},
    {"metric": "missingValues", "mustBe": 0}, {"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [None]}},
])  # fmt: skip
def test_a_rule_that_allows_no_null_requires_a_value(rule: dict[str, Any]) -> None:
    """However it says so, the row is rejected, and the gate has nothing to weigh."""
    column, table = of_column(rule)
    assert column.required
    assert table.gate == ()


@pytest.mark.parametrize(("stated", "operator", "threshold"), [
    ({"mustBeLessThan": 5}, ">", 0.95), ({"mustBeLessOrEqualTo": 5}, ">=", 0.95), ({"mustBe": 10}, "=", 0.9),
    ({"mustNotBe": 100}, "!=", 0.0),
    ({"mustBeGreaterThan": 1}, "<", 0.99), ({"mustBeGreaterOrEqualTo": 0.1}, "<=", 0.999),
])  # fmt: skip
@pytest.mark.parametrize(("metric", "measured"), [("nullValues", "completeness"), ("duplicateValues", "distinct_ratio")])
def test_a_percentage_of_bad_rows_is_a_share_of_good_ones(
    metric: str, measured: str, stated: dict[str, float], operator: str, threshold: float
) -> None:
    """Less than five per cent of NULL are more than 95 of values, to the digit."""
    column, table = of_column({"metric": metric, "unit": "percent"} | stated)
    assert said(table) == [(measured, "a", operator, threshold, True)]
    assert (column.required, column.unique) == (False, False)


def test_between_includes_both_ends_and_becomes_two_rules() -> None:
    """Each with a name of its own."""
    rule = {"name": "some", "metric": "nullValues", "mustBeBetween": [10, 20], "unit": "percent"}
    assert said(of_column(rule)[1]) == [("completeness", "a", "<=", 0.9, True), ("completeness", "a", ">=", 0.8, True)]
    table = of_table({"name": "some", "metric": "rowCount", "mustBeBetween": [10, 20]})
    assert [(one.name, one.operator, one.threshold) for one in table.gate] == [("some (at least)", ">=", 10), ("some (at most)", "<=", 20)]


@pytest.mark.parametrize(("severity", "blocks"), [
    (None, True), ("error", True), ("ERROR", True), ("critical", True), ("high", True), ("blocker", True),
    ("warning", False), ("info", False), ("low", False),
])  # fmt: skip
def test_the_severity_decides_block_or_warn(severity: str | None, *, blocks: bool) -> None:
    """Of a delivery as of a row."""
    stated = {} if severity is None else {"severity": severity}
    assert [rule.blocks for rule in of_table({"metric": "rowCount", "mustBeGreaterThan": 0} | stated).gate] == [blocks]
    column, _ = of_column({"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["x"]}} | stated)
    assert [(check.kind, check.is_warning) for check in column.checks] == [(CheckKind.ENUM, not blocks)]


@pytest.mark.parametrize(("metric", "measured"), [("nullValues", "completeness"), ("duplicateValues", "distinct_ratio")])
def test_none_allowed_as_a_warning_is_weighed(metric: str, measured: str) -> None:
    """No row is rejected for it, and people are told."""
    column, table = of_column({"metric": metric, "mustBe": 0, "severity": "warning"})
    assert (column.required, column.unique) == (False, False)
    assert said(table) == [(measured, "a", "=", 1.0, False)]


def test_values_that_are_invalid_within_limits_are_counted_and_weighed() -> None:
    """The check only warns; the gate weighs how many rows pass it."""
    rule = {
        "metric": "invalidValues",
        "mustBeLessOrEqualTo": 2,
        "unit": "percent",
        "arguments": {"validValues": ["x", None], "pattern": "^."},
    }
    column, table = of_column(rule)
    assert [(check.kind, check.value, check.is_warning) for check in column.checks] == [
        (CheckKind.ENUM, ("x",), True),
        (CheckKind.PATTERN, "^.", True),
    ]
    assert said(table) == [("valid_ratio", "a", ">=", 0.98, True)]


def test_what_is_an_error_anyway_is_no_warning() -> None:
    """A list that the column has already rejects the row."""
    rule = {"metric": "invalidValues", "mustBe": 0, "severity": "warning", "arguments": {"validValues": ["x"]}}
    column, _ = of_column(rule, prop=TEXT | {"enum": [{"value": "x"}]})
    assert [check.is_warning for check in column.checks] == [False]


def test_warnings_of_a_column_are_weighed_together() -> None:
    """So a second threshold on other checks, or a warning beside it, is told and not carried out."""
    weighed = {"metric": "invalidValues", "mustBeLessThan": 5, "unit": "percent", "arguments": {"validValues": ["x"]}}
    other = weighed | {"arguments": {"pattern": "^x$"}}
    source = document([{"name": "a", "quality": [weighed, weighed | {"mustBeLessThan": 9, "severity": "warning"}, other]} | TEXT])
    assert [rule.threshold for rule in table_of(source).gate] == [0.95, 0.91]
    assert [check.kind for check in table_of(source).columns[0].checks] == [CheckKind.ENUM]
    assert "weighs all warnings of a column together" in finding_of(source, "not_enforced").message
    warned = document([{"name": "a", "quality": [weighed, other | {"mustBeLessThan": 1, "unit": "rows", "severity": "info"}]} | TEXT])
    assert table_of(warned).gate == ()
    assert [check.kind for check in table_of(warned).columns[0].checks] == [CheckKind.PATTERN]
    assert codes(warned) == ["not_enforced"]


@pytest.mark.parametrize(("arguments", "top", "required", "pattern"), [
    ({"missingValues": ["N/A", "a.b"]}, {}, False, r"^(?!(?:N/A|a\.b)\z)"),
    ({"missingValues": [None, "N/A"]}, {}, True, r"^(?!(?:N/A)\z)"),
    ({"missingValues": ["", "-"]}, {}, True, r"^(?!(?:\-)\z)"),
    ({"missingValues": [""]}, {"table": {"customProperties": [{"property": "sourceFormat", "value": "jsonl", "vendor": "governed-lake"}]}},
     False, r"^(?!(?:)\z)"),
])  # fmt: skip
def test_texts_may_count_as_missing(arguments: dict[str, Any], top: dict[str, Any], pattern: str, *, required: bool) -> None:
    """The empty text of a CSV file is NULL unless another one is; the one of JSON is a text."""
    column, _ = of_column({"metric": "missingValues", "mustBe": 0, "arguments": arguments}, **top)
    assert column.required is required
    assert [(check.kind, check.value, check.is_warning) for check in column.checks] == [(CheckKind.PATTERN, pattern, False)]


@pytest.mark.parametrize(("rule", "why"), [
    ({"metric": "nullValues", "mustBeLessThan": 5}, "in percent"),
    ({"metric": "invalidValues", "mustBeLessThan": 5, "arguments": {"pattern": "a"}}, "in percent"),
    ({"metric": "duplicateValues", "mustBeLessThan": 5, "unit": "rows"}, "in percent"),
    ({"metric": "nullValues", "mustNotBeBetween": [1, 2], "unit": "percent"}, "two sides"),
    ({"metric": "nullValues", "mustBeLessThan": 5, "unit": "permille"}, "'permille'"),
    ({"metric": "nullValues", "mustBeLessThan": 500, "unit": "percent"}, "from 0 to 100"),
    ({"metric": "nullValues"}, "no threshold"),
    ({"metric": "nullValues", "mustBe": 0, "mustBeLessThan": 3}, "several thresholds"),
    ({"metric": "nullValues", "mustBe": "none"}, "no number"),
    ({"metric": "nullValues", "mustBeBetween": [9, 3], "unit": "percent"}, "smaller and larger"),
    ({"metric": "nullValues", "mustBe": 0, "arguments": {"x": 1}}, "its arguments"),
    ({"metric": "invalidValues", "mustBe": 0}, "its arguments"),
    ({"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": "x"}}, "no list"),
    ({"metric": "missingValues", "mustBeLessThan": 5, "unit": "percent", "arguments": {"missingValues": [None, "x"]}}, "make it two rules"),
    ({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [5]}}, "only NULL"),
    ({"metric": "rowCount", "mustBeGreaterThan": 5}, "goes with a table"),
    ({"metric": "odd", "mustBe": 0}, "none of the standard's library"),
    ({"rule": "odd"}, "no threshold"),
    ({"type": "sql", "query": "select 1", "mustBe": 0}, "standard's library"),
    ({"type": "text", "description": "looks good"}, "standard's library"),
    ({"type": "custom", "engine": "soda", "implementation": "x"}, "standard's library"),
])  # fmt: skip
def test_what_is_not_carried_out_is_told_with_the_reason(rule: dict[str, Any], why: str) -> None:
    """And nothing of it is carried out half."""
    source = document([{"name": "a", "quality": [rule]} | TEXT])
    assert why in finding_of(source, "not_enforced").message
    table = table_of(source)
    assert (table.gate, table.columns[0].checks, table.columns[0].required, table.columns[0].unique) == ((), (), False, False)


@pytest.mark.parametrize(("rule", "why"), [
    ({"metric": "rowCount", "mustBeGreaterThan": 5, "unit": "percent"}, "no count"),
    ({"metric": "nullValues", "mustBe": 0}, "goes with a column"),
    ({"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["a", "z"]}}, "no plain columns of the table"),
    ({"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["a", "k"]}}, "only the primary key"),
    ({"metric": "duplicateValues", "mustBeLessThan": 9, "arguments": {"properties": ["a"]}}, "in percent"),
    ({"rule": "countCheck", "type": "library"}, "no threshold"),
])  # fmt: skip
def test_the_same_of_rules_about_tables(rule: dict[str, Any], why: str) -> None:
    """Also where the metric would be known of a column."""
    source = document([KEY, {"name": "a"} | TEXT], table={"quality": [rule]})
    assert why in finding_of(source, "not_enforced").message
    assert table_of(source).gate == ()


def test_values_that_must_not_repeat_are_said_of_tables_too() -> None:
    """Of one column, or of the primary key, which says it already."""
    table = of_table({"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["a"]}})
    assert (table.column("a").unique, table.gate) == (True, ())
    table = of_table({"metric": "duplicateValues", "mustBeLessThan": 1, "unit": "percent", "arguments": {"properties": ["a"]}})
    assert said(table) == [("distinct_ratio", "a", ">", 0.99, True)]
    source = document([KEY, {"name": "a"} | TEXT], table={"quality": [
        {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["k"]}}]})  # fmt: skip
    assert codes(source) == []


def test_nested_values_are_not_counted() -> None:
    """No engine compares maps; the job must not fail on them."""
    few = {"metric": "duplicateValues", "mustBeLessThan": 5, "unit": "percent"}
    nested = {"name": "m", "logicalType": "map", "map": {"key": TEXT, "value": TEXT}}
    for source in (
        document([KEY, nested | {"quality": [few]}]),
        document([KEY, nested], table={"quality": [few | {"arguments": {"properties": ["m"]}}]}),
    ):
        assert codes(source).count("not_enforced") == 1
        assert table_of(source).gate == ()


def test_rules_are_known_by_names_that_stay() -> None:
    """By what the contract calls them, else by what they are about; two of one name are told apart."""
    rows = {"metric": "rowCount", "mustBeGreaterThan": 1}
    nulls = {"metric": "nullValues", "mustBeLessThan": 5, "unit": "percent"}
    columns = [{"name": "a", "quality": [nulls, nulls | {"id": "n1"}]} | TEXT, {"name": "b", "quality": [nulls | {"name": "few"}]} | TEXT]
    table = of_table(rows, rows, {"name": "few"} | rows, properties=columns)
    assert [rule.name for rule in table.gate] == ["rowCount", "rowCount 2", "few", "a.nullValues", "n1", "few 2"]


def test_asks_only_for_what_the_job_can_measure() -> None:
    """Each metric and operator is one of the ingestion job's."""
    percent = {"unit": "percent", "mustBeLessThan": 5}
    _, table = of_column(
        {"metric": "nullValues"} | percent,
        {"metric": "duplicateValues"} | percent,
        {"metric": "invalidValues", "arguments": {"pattern": "a"}} | percent,
    )
    rules: list[GateRule] = [*table.gate, *of_table({"metric": "rowCount", "mustNotBe": 0}).gate]
    assert len({rule.metric for rule in rules}) == 4
    assert {rule.metric for rule in rules} <= set(GATE_METRICS)
    assert {rule.operator for rule in rules} <= set(GATE_OPERATORS)


def test_a_pattern_in_a_rule_has_to_be_one() -> None:
    """The job would fail on the first row."""
    rule = {"metric": "invalidValues", "mustBeLessThan": 5, "unit": "percent", "arguments": {"pattern": "["}}
    assert codes(document([{"name": "a", "quality": [rule]} | TEXT]), severity="error") == ["pattern"]
    assert read(document([{"name": "a", "quality": [rule]} | TEXT]))[0] is None
