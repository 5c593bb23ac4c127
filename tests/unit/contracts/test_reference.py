"""Holds the reference contracts to what they promise."""

from __future__ import annotations

import csv
import json

import pytest

from constructs_lib.runtime.ingestion.spec import parse_spec
from lakemodel.config.loader import load_config
from lakemodel.contracts.job_spec import job_spec
from lakemodel.contracts.loader import load_contracts
from lakemodel.contracts.model import ContractSet, TableFormat
from lakemodel.findings import Severity
from lakemodel.locks.field_ids import field_ids_for
from lakemodel.types.iceberg import iceberg_type_text, nested_parts

from .support import CONTRACTS, ROOT


@pytest.fixture(scope="module")
def reference() -> ContractSet:
    return load_contracts(CONTRACTS, load_config(ROOT / "config/lake.yaml"))


def test_reads_all_without_error_or_warning(reference: ContractSet):
    """The reference is what a contract should look like."""
    assert [contract.key for contract in reference.contracts] == ["sales.customers", "sales.orders", "travel.airports", "travel.routes"]
    assert not reference.refused
    assert [str(one) for one in reference.findings if one.severity is not Severity.NOTE] == []


def test_classifies_every_column_and_describes_it(reference: ContractSet):
    """No column counts as the strictest class by accident, none is without words."""
    for contract, table in reference.tables():
        assert contract.owner
        assert contract.steward
        assert contract.roles
        assert contract.retention_days
        assert contract.freshness_hours
        for column in table.columns:
            assert column.description, column.name
            assert column.declared_classification is not None or column.name == "address"


def test_tags_personal_data_with_the_strictest_class(reference: ContractSet):
    """A column tagged as personal data is restricted, so that analysts never see it."""
    tagged = {
        (table.name, column.name): column.classification for _, table in reference.tables() for column in table.columns if column.tags
    }
    assert tagged == {
        ("customers", "full_name"): "restricted",
        ("customers", "email"): "restricted",
        ("customers", "birth_date"): "restricted",
        ("orders", "delivery_note"): "restricted",
    }
    assert reference.table("sales", "customers")[1].column("address").classification == "restricted"


def test_has_the_shapes_that_the_constructs_need(reference: ContractSet):
    """Nested columns, a partitioned Parquet table, an Iceberg table with a transform, plain Iceberg tables."""
    routes, orders = reference.table("travel", "routes")[1], reference.table("sales", "orders")[1]
    assert (routes.format, [(one.column, one.transform) for one in routes.partitioning]) == (TableFormat.PARQUET, [("stops", "identity")])
    assert [(one.column, one.transform) for one in orders.partitioning] == [("ordered_at", "month")]
    assert list(nested_parts(orders.column("line_items").type, "line_items"))


def test_has_every_id_in_the_committed_lock(reference: ContractSet):
    """Ids come from the lock, none is numbered at synth."""
    for contract, table in reference.tables():
        if table.format is TableFormat.ICEBERG:
            ids = field_ids_for(contract, table)
            assert ids.is_locked
            for column in table.columns:
                assert ids.of(column.name) >= 1
                assert iceberg_type_text(column.type, column.name, ids)


def test_compiles_to_specs_that_the_job_reads(reference: ContractSet):
    """The job accepts the compiled form of each table."""
    for contract, table in reference.tables():
        spec = parse_spec(json.dumps(job_spec(contract, table)))
        assert [column.name for column in spec.columns] == [column.name for column in table.columns]


@pytest.mark.parametrize("name", ["routes", "airports"])
def test_fits_the_published_files(reference: ContractSet, name: str):
    """The contract of a file without header has as many columns as the file's rows."""
    table = reference.table("travel", name)[1]
    assert not table.source.header
    assert table.source.null_marker == r"\N"
    with (ROOT / f"tests/data/openflights-{name}.csv").open(encoding="utf-8", newline="") as file:
        widths = [len(row) for row in csv.reader(file)]
    assert max(set(widths), key=widths.count) == len(table.columns)
