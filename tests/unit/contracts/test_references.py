"""Relationships between tables of one contract become references; those that are not checked are told with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from lakemodel.contracts.model import Reference, Table

from .support import HEAD, codes, finding_of, read

WARNING = {"customProperties": [{"property": "severity", "value": "warning", "vendor": "governed-lake"}]}


def whole(kind: str) -> dict[str, Any]:
    return {"logicalType": "integer", "physicalType": kind}


def source(*tables: dict[str, Any], on: Any = None, of: Any = None) -> dict[str, Any]:
    """Orders and customers; `on` are relationships of orders.customer, `of` of the table orders."""
    orders = {"name": "orders", "id": "o", "properties": [
        {"name": "order_id", "id": "oi"} | whole("bigint"),
        {"name": "customer", "physicalName": "CUST", "id": "oc"} | whole("int") | ({} if on is None else {"relationships": on}),
        {"name": "country", "logicalType": "string"},
        {"name": "lines", "logicalType": "object", "properties": [{"name": "sku", "id": "sk", "logicalType": "string"}]},
    ]} | ({} if of is None else {"relationships": of})  # fmt: skip
    customers = {"name": "customers", "physicalName": "T_CUST", "id": "c", "properties": [
        {"name": "id", "id": "ci"} | whole("bigint"), {"name": "country", "id": "cc", "logicalType": "string"},
        {"name": "since", "logicalType": "date"},
    ]}  # fmt: skip
    return HEAD | {"schema": [orders, customers, *tables]}


def tables(data: dict[str, Any]) -> dict[str, Table]:
    contract, findings = read(data)
    assert contract is not None, [str(finding) for finding in findings]
    return {table.name: table for table in contract.tables}


def references(data: dict[str, Any], table: str = "orders") -> tuple[Reference, ...]:
    return tables(data)[table].references


@pytest.mark.parametrize("target", ["customers.id", "T_CUST.id", "schema/c/properties/ci", "/schema/c/properties/ci"])
def test_finds_the_column_by_every_name_of_it(target: str) -> None:
    """By name, physical name or id; whole numbers of different width are compared."""
    data = source(on=[{"to": target}])
    assert references(data) == (Reference(columns=("customer",), table="customers", target_columns=("id",)),)
    assert references(data, "customers") == ()
    assert "not_enforced" not in codes(data)


def test_reads_composite_keys_and_severities() -> None:
    """Columns of both sides in their order; the same reference twice is one."""
    pair = {"from": ["orders.CUST", "orders.country"], "to": ["customers.id", "schema/c/properties/cc"]}
    composite = Reference(columns=("customer", "country"), table="customers", target_columns=("id", "country"), is_warning=True)
    single = Reference(columns=("customer",), table="customers", target_columns=("id",))
    data = source(on=[{"to": "customers.id"}], of=[pair | WARNING, {"from": "orders.customer", "to": "customers.id"}])
    assert references(data) == (composite, single)


def test_belongs_to_the_table_that_it_starts_from() -> None:
    """Wherever it is written."""
    data = source({"name": "third", "properties": [{"name": "x", "logicalType": "string"}],
                   "relationships": [{"from": "orders.customer", "to": "customers.id"}]})  # fmt: skip
    assert [len(table.references) for table in tables(data).values()] == [1, 0, 0]


@pytest.mark.parametrize(("on", "of", "why"), [
    ([{"to": "other.odcs.yaml#customers.id"}], None, "the job reads the tables of its own product only"),
    ([{"to": "customers"}], None, "names no column of a table"),
    ([{"to": "orders.lines.sku"}], None, "names no column of a table"),
    ([{"to": "orders.customer"}], None, "not held against itself"),
    ([{"to": "customers.country"}], None, "customer is int, country is string"),
    (None, [{"from": ["orders.customer", "orders.country"], "to": ["customers.id", "orders.country"]}], "several tables"),
])  # fmt: skip
def test_tells_what_is_not_checked(on: Any, of: Any, why: str) -> None:
    """And checks nothing of it."""
    data = source(on=on, of=of)
    assert why in finding_of(data, "not_enforced").message
    assert references(data) == ()


@pytest.mark.parametrize(("on", "of", "severity", "code"), [
    ([{"to": "customers.nothing"}], None, "warning", "dangling_reference"),
    ([{"from": "orders.customer", "to": "customers.id"}], None, "warning", "schema"),
    ([{"to": "customers.id", "type": "weak"}], None, "warning", "schema"),
    (None, [{"to": "customers.id"}], "warning", "schema"),
    (None, [{"from": ["orders.customer", "orders.country"], "to": ["customers.id"]}], "warning", "dangling_reference"),
])  # fmt: skip
def test_what_was_told_otherwise_is_not_told_twice(on: Any, of: Any, severity: str, code: str) -> None:
    """Whatever the standard does not allow, and whatever leads nowhere, is left out."""
    data = source(on=on, of=of)
    assert set(codes(data, severity=severity)) == {code}
    assert "not_enforced" not in codes(data)
    assert references(data) == ()


@pytest.mark.parametrize(("customs", "code"), [
    ([{"property": "severity", "value": "warnin", "vendor": "governed-lake"}], "relationship"),
    ([{"property": "severty", "value": "warning", "vendor": "governed-lake"}], "unknown_property"),
])  # fmt: skip
def test_fails_for_a_severity_that_is_none(customs: list[dict[str, Any]], code: str) -> None:
    """A typo must not reject rows, nor let them pass."""
    data = source(on=[{"to": "customers.id", "customProperties": customs}])
    assert codes(data, severity="error") == [code]
    assert "did you mean 'severity'" in finding_of(data, code).message or "did you mean 'warning'" in finding_of(data, code).message


def test_a_refused_table_takes_nothing_along() -> None:
    """A relationship to a table that cannot be built is no crash and no reference."""
    broken = {"name": "broken", "properties": [{"name": "n", "logicalType": "number"}]}
    data = source(broken, on=[{"to": "broken.n"}, {"to": "customers.id"}])
    assert read(data)[0] is None
    assert "number_without_precision" in codes(data, severity="error")
