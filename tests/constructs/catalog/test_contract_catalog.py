"""The whole catalog: every declared table at its place, whatever else is declared, however the tree is built."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from constructs import Construct

from constructs_lib.catalog import ContractCatalog, DomainDatabases
from lakemodel.config.model import Zone
from lakemodel.contracts.model import ContractSet, TableFormat
from lakemodel.errors import DataLakeError
from lakemodel.locks.placement import PlacementLock
from tests.constructs.catalog.lake import ORDERS, VISITS, column, contract, contracts, table, zones
from tests.support import new_app, new_stack, resources, template

ENVIRONMENT = Environment(account="444444444401", region="eu-west-1")


@pytest.fixture(scope="module")
def made() -> tuple[ContractCatalog, dict[str, Any]]:
    """Two tables, one of each format, with everything by default."""
    stack = new_stack()
    catalog = ContractCatalog(stack, "Catalog", contracts=contracts(), zones=zones(stack), quarantine_classification="restricted")
    return catalog, template(stack)


def ids(synthesized: dict[str, Any], *types: str) -> set[str]:
    return {key for one in types for key in resources(synthesized, one)}


STATEFUL = ("AWS::Glue::Database", "AWS::Glue::Table")


def test_logical_ids_of_stateful_resources_are_pinned(made: tuple[ContractCatalog, dict[str, Any]]) -> None:
    """These are public contract: a change of any would replace a deployed table or database."""
    assert ids(made[1], *STATEFUL) == {
        "DatabaseSalesCurated",
        "DatabaseSalesConsumption",
        "DatabaseSalesQuarantine",
        "TableSalesOrdersOrders3D9F50CF",
        "TableSalesOrdersOrders3D9F50CFQuarantine",
        "TableSalesOrdersVisits56330AA4",
        "TableSalesOrdersVisits56330AA4Quarantine",
    }


def test_only_iceberg_tables_are_optimized(made: tuple[ContractCatalog, dict[str, Any]]) -> None:
    """Three optimizers for the Iceberg table, at its own logical id; none for Parquet."""
    assert ids(made[1], "AWS::Glue::TableOptimizer") == {
        "TableSalesOrdersOrders3D9F50CFCompaction",
        "TableSalesOrdersOrders3D9F50CFRetention",
        "TableSalesOrdersOrders3D9F50CFOrphanFiles",
    }
    assert made[0].optimizer_role is not None


def test_tables_are_found_by_domain_and_name(made: tuple[ContractCatalog, dict[str, Any]]) -> None:
    """The formats are the contract's, and a table that is not there is named with those that are."""
    catalog = made[0]
    assert catalog.table("sales", "orders").table.format is TableFormat.ICEBERG
    assert catalog.table("sales", "visits").table.format is TableFormat.PARQUET
    assert set(catalog.tables) == set(catalog.quarantine_tables) == {("sales", "orders"), ("sales", "visits")}
    with pytest.raises(DataLakeError, match=r"no table sales\.nope here; there are sales\.orders, sales\.visits") as raised:
        catalog.table("sales", "nope")
    assert raised.value.code == "no_such_table"


def test_quarantine_counts_as_the_strictest_class(made: tuple[ContractCatalog, dict[str, Any]]) -> None:
    """A rejected row may hold anything, so the class is the lake's strictest, not the table's."""
    properties = made[1]["Resources"]["TableSalesOrdersVisits56330AA4Quarantine"]["Properties"]
    assert properties["TableInput"]["Parameters"]["lake.classification"] == "restricted"


def built(declared: ContractSet, *scopes: str) -> dict[str, Any]:
    stack = new_stack()
    scope: Construct = stack
    for name in scopes:
        scope = Construct(scope, name)
    ContractCatalog(scope, "Catalog", contracts=declared, zones=zones(stack), optimizers=False)
    return {key: value for key, value in template(stack)["Resources"].items() if value["Type"] in STATEFUL}


def test_moving_the_construct_moves_no_table() -> None:
    """The same resources, to the byte, wherever in the tree the catalog stands."""
    assert built(contracts()) == built(contracts(), "Somewhere", "Else")


def test_adding_a_product_changes_no_other() -> None:
    """Everything that was there is there unchanged."""
    before = built(contracts())
    after = built(contracts(contract(ORDERS, VISITS), contract(table("customers"), product="customers")))
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 2


def lake_of_shards(app: App, declared: ContractSet, placement: PlacementLock) -> list[dict[str, Any]]:
    base = Stack(app, "Base", env=ENVIRONMENT)
    lake = zones(base)
    databases = DomainDatabases(base, "Databases", domains={one.domain for one in declared.contracts}, zones=lake).databases
    stacks = []
    for shard in placement.stacks:
        stack = Stack(app, f"Catalog{shard}", env=ENVIRONMENT)
        ContractCatalog(
            stack, "Catalog", contracts=declared, zones=lake, placement=placement, shard=shard, databases=databases, optimizers=True
        )
        stacks.append(stack)
    synthesized = [template(stack) for stack in stacks]
    assert all(base in stack.dependencies for stack in stacks)
    return synthesized


def test_shards_hold_their_own_tables_and_stay_within_limits() -> None:
    """Each table with its quarantine and optimizers is in one shard, no shard has a database or refers to another stack's export."""
    declared = contracts(contract(*(table(f"t{number}", (column("a"), column("b"))) for number in range(100))))
    placement = PlacementLock().extend(declared)
    shards = lake_of_shards(new_app(), declared, placement)
    assert [len(resources(one, "AWS::Glue::Table")) for one in shards] == [156, 44]
    assert [len(resources(one, "AWS::Glue::TableOptimizer")) for one in shards] == [234, 66]
    assert max(len(one["Resources"]) for one in shards) < 500
    for one in shards:
        assert resources(one, "AWS::Glue::Database") == {}
        assert "Fn::ImportValue" not in str(one)


def test_a_shard_of_another_stack_makes_nothing_here() -> None:
    """A shard without tables has neither tables nor a role."""
    stack = new_stack()
    catalog = ContractCatalog(stack, "Catalog", contracts=contracts(), zones=zones(stack), shard=2)
    assert dict(catalog.tables) == {}
    assert catalog.optimizer_role is None


def test_quarantine_and_optimizers_can_be_left_out() -> None:
    """What is not wanted is absent."""
    stack = new_stack()
    lake = zones(stack)
    catalog = ContractCatalog(
        stack, "Catalog", contracts=contracts(), zones={Zone.CURATED: lake[Zone.CURATED]}, quarantine=False, optimizers=False
    )
    synthesized = template(stack)
    assert dict(catalog.quarantine_tables) == {}
    assert len(resources(synthesized, "AWS::Glue::Table")) == 2
    assert ids(synthesized, "AWS::Glue::Database") == {"DatabaseSalesCurated"}
    assert ids(synthesized, "AWS::Glue::TableOptimizer", "AWS::IAM::Role") == set()


def test_parquet_alone_needs_no_optimizer_role() -> None:
    """The role is there for Iceberg tables only."""
    stack = new_stack()
    only = contracts(contract(table("plain", (column("a"), column("b")), format=TableFormat.PARQUET)))
    assert ContractCatalog(stack, "Catalog", contracts=only, zones=zones(stack)).optimizer_role is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"zones": {}}, "zone_missing"),
        ({"databases": {}}, "database_missing"),
        ({"placement": PlacementLock()}, "placement_missing"),
    ],
)
def test_fails_when_something_is_not_there(change: dict[str, Any], code: str) -> None:
    """A missing zone, database or place is refused with its own code."""
    stack = new_stack()
    with pytest.raises(DataLakeError) as raised:
        ContractCatalog(stack, "Catalog", **{"contracts": contracts(), "zones": zones(stack), **change})
    assert raised.value.code == code
