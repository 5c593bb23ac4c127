"""The contract that the documentation shows for pipelines, `examples/pipelines/bookings.odcs.yaml`, says what the page says it does."""

from __future__ import annotations

import json

import pytest

from constructs_lib.runtime.ingestion.spec import CheckSpec, DuplicateRule, ReferenceSpec, parse_spec
from lakemodel.contracts.job_spec import job_spec
from lakemodel.contracts.loader import load_contract
from lakemodel.contracts.model import DataContract, Schedule
from lakemodel.findings import Severity
from lakemodel.sizing import product_size
from tests.unit.dqdl_grammar import read_rule

from .support import ROOT


@pytest.fixture(scope="module")
def contract() -> DataContract:
    found, findings = load_contract(ROOT / "examples/pipelines/bookings.odcs.yaml", None, with_lock=False)
    assert found is not None
    assert [str(one) for one in findings if one.severity is not Severity.NOTE] == []
    return found


def test_says_when_it_is_ingested_and_what_is_promised(contract: DataContract) -> None:
    """At night, four deliveries in one run, on as many workers as those need."""
    assert contract.schedule == Schedule(at="02:30", time_zone="Europe/Berlin")
    assert (contract.freshness_hours, contract.completeness_percent) == (26, 99.5)
    assert (product_size(contract).most_workers, product_size(contract).flex) == (8, True)


def test_compiles_to_what_the_job_reads(contract: DataContract) -> None:
    """Every rule of the contract stands in the job's spec, and nothing else."""
    spec = parse_spec(json.dumps(job_spec(contract, contract.tables[1])))
    assert (spec.source.missing_columns, spec.source.extra_columns, spec.source.column_order) == ("null", "quarantine", "any")
    assert spec.duplicates == DuplicateRule(conflict="latest", latest_by="changed_at")
    assert spec.references == (ReferenceSpec(columns=("hotel_id",), table="hotels", target_columns=("hotel_id",), severity="warning"),)
    assert {column.name: column.checks for column in spec.columns if column.checks} == {
        "booking_id": (CheckSpec(kind="max_length", value=20),),
        "country": (CheckSpec(kind="pattern", value="^[A-Z]{2}$"),),
        "rate_code": (CheckSpec(kind="enum", value=("BAR", "CORP", "WEB"), severity="warning"),),
    }
    assert [(rule.name, rule.metric, rule.column, rule.operator, rule.threshold, rule.severity) for rule in spec.gate] == [
        ("enough bookings (at least)", "rows", None, ">=", 100, "block"),
        ("enough bookings (at most)", "rows", None, "<=", 2_000_000, "block"),
        ("country known", "completeness", "country", ">", 0.95, "block"),
        ("rate_code.invalidValues", "valid_ratio", "rate_code", ">=", 0.98, "warn"),
        ("changed_at.freshness", "age_hours", "changed_at", "<=", 26, "warn"),
    ]


def test_each_rule_of_the_gate_has_its_dqdl(contract: DataContract) -> None:
    """As the job reports it."""
    spec = parse_spec(json.dumps(job_spec(contract, contract.tables[1])))
    assert [read_rule(rule.dqdl).type for rule in spec.gate] == ["RowCount", "RowCount", "Completeness", "ColumnValues", "CustomSql"]


def test_a_table_that_says_nothing_compiles_to_the_defaults(contract: DataContract) -> None:
    """The job's defaults are the contract's."""
    found = job_spec(contract, contract.tables[0])
    spec = parse_spec(json.dumps(found))
    without = {key: value for key, value in found.items() if key not in {"duplicates", "references", "gate"}}
    without["source"] = {"format": "csv"}
    assert spec == parse_spec(json.dumps(without))
