"""Service levels that the lake holds: shares of good rows, and how old the newest value of a column is."""

from __future__ import annotations

from typing import Any

import pytest

from lakemodel.contracts.model import GateRule

from .support import codes, document, finding_of, read

COLUMNS = [
    {"name": "a", "logicalType": "string"},
    {"name": "at", "physicalName": "CHANGED", "logicalType": "timestamp"},
]


def levels(*stated: dict[str, Any]) -> dict[str, Any]:
    return document(COLUMNS, table={"physicalName": "T_THING"}, slaProperties=list(stated))


def promised(*stated: dict[str, Any]) -> float | None:
    contract, _ = read(levels(*stated))
    assert contract is not None
    return contract.completeness_percent


@pytest.mark.parametrize(("name", "value", "unit", "percent"), [
    ("completeness", 99.5, "percent", 99.5), ("Completeness", "99", "%", 99.0), ("validity", "98.5 %", "", 98.5),
    ("errorRate", 0.1, "percent", 99.9), ("error_rate", "2%", None, 98.0), ("completeness", 100, "percentage", 100.0),
])  # fmt: skip
def test_reads_how_much_has_to_be_good(name: str, value: Any, unit: str | None, percent: float) -> None:
    """As a percentage of the delivered rows, whichever way it is said."""
    level = {"property": name, "value": value} | ({} if unit is None else {"unit": unit})
    assert promised(level) == percent
    assert codes(levels(level)) == []


def test_the_highest_of_several_holds() -> None:
    """None is forgotten; without one nothing is promised."""
    assert promised({"property": "completeness", "value": 99, "unit": "%"}, {"property": "errorRate", "value": 0.5, "unit": "%"}) == 99.5
    assert promised() is None


@pytest.mark.parametrize(("value", "unit"), [(0.995, None), (99, None), (101, "percent"), ("most", "percent"), (3, "d"), (True, "percent")])
def test_warns_of_what_is_no_percentage(value: Any, unit: str | None) -> None:
    """A share that cannot be told is no promise that anything holds."""
    data = levels({"property": "completeness", "value": value} | ({} if unit is None else {"unit": unit}))
    assert codes(data, severity="warning") == ["completeness"]
    assert promised(*data["slaProperties"]) is None


def test_availability_is_words_only() -> None:
    """It is about a service, not about rows."""
    data = levels({"property": "availability", "value": 99.5, "unit": "percent"})
    assert promised(*data["slaProperties"]) is None
    assert "availability" in finding_of(data, "not_enforced").message


@pytest.mark.parametrize("element", ["thing.at", "T_THING.CHANGED", "thing.a, thing.at"])
def test_freshness_of_a_column_is_told_by_the_gate(element: str) -> None:
    """It warns: late data is better than none. The product's own freshness is as it was."""
    contract, _ = read(levels({"property": "freshness", "value": 90, "unit": "min", "element": element}))
    assert contract is not None
    assert contract.freshness_hours == 2
    assert contract.tables[0].gate == (
        GateRule(name="at.freshness", metric="age_hours", operator="<=", threshold=2.0, column="at", blocks=False),
    )


@pytest.mark.parametrize("element", ["thing.a", "thing", "", "other.at"])
def test_what_has_no_age_has_no_rule(element: str) -> None:
    """A text is neither early nor late."""
    contract, _ = read(levels({"property": "freshness", "value": 6, "unit": "h", "element": element}))
    assert contract is not None
    assert contract.freshness_hours == 6
    assert contract.tables[0].gate == ()
