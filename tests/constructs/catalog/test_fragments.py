"""Fragments: what is written as JSON becomes the same typed resources as if each had been made by itself, in a few calls into Node."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, CfnResource, Environment, RemovalPolicy, Stack, aws_glue as glue, aws_kms as kms, aws_s3 as s3
from jsii._kernel.providers.process import _NodeProcess

from constructs_lib.catalog import (
    ContractCatalog,
    DomainDatabases,
    IcebergTable,
    LakeDatabase,
    OptimizerRole,
    ParquetTable,
    QuarantineTable,
    TableOptimizers,
)
from constructs_lib.catalog.fragments import Fragment
from constructs_lib.core import allow_destroy
from constructs_lib.storage import LakeZone
from lakemodel.config.model import Zone
from lakemodel.errors import DataLakeError
from tests.constructs.catalog.lake import ORDERS, VISITS, column, contract, contracts, table, zones
from tests.support import ACCOUNT, new_app, new_stack, resources, template

if TYPE_CHECKING:
    from pathlib import Path

ORDERS_ID = "TableSalesOrdersOrders3D9F50CF"
VISITS_ID = "TableSalesOrdersVisits56330AA4"
POLICY_ID = "CatalogOptimizerRolePolicyEE5D249E"


@pytest.fixture(scope="module")
def made() -> tuple[Stack, ContractCatalog, dict[str, Any]]:
    """A catalog with a table of each format, an override on one of them, and its template."""
    stack = new_stack()
    catalog = ContractCatalog(stack, "Catalog", contracts=contracts(), zones=zones(stack))
    catalog.quarantine_tables["sales", "visits"].resource.add_property_override("TableInput.Owner", "stewards")
    return stack, catalog, template(stack)


def by_hand() -> dict[str, Any]:
    """The same tables, each made by its own construct."""
    stack = new_stack()
    lake = zones(stack)
    databases = DomainDatabases(stack, "Databases", domains=["sales"], zones=lake).databases
    curated: dict[str, Any] = {"database": databases["sales", Zone.CURATED], "zone": lake[Zone.CURATED]}
    rejected: dict[str, Any] = {"database": databases["sales", Zone.QUARANTINE], "zone": lake[Zone.QUARANTINE]}
    source = contract(ORDERS, VISITS)
    orders = IcebergTable(stack, "Orders", contract=source, table=ORDERS, logical_id=ORDERS_ID, **curated)
    ParquetTable(stack, "Visits", contract=source, table=VISITS, logical_id=VISITS_ID, **curated)
    for declared, logical_id in ((ORDERS, ORDERS_ID), (VISITS, VISITS_ID)):
        name = declared.name.title() + "Rejected"
        QuarantineTable(stack, name, contract=source, table=declared, logical_id=f"{logical_id}Quarantine", **rejected)
    role = OptimizerRole(stack, "CatalogOptimizerRole", databases=[databases["sales", Zone.CURATED]])
    TableOptimizers(stack, "Optimizers", table=orders, role=role, logical_id=ORDERS_ID)
    return template(stack)


def test_both_ways_make_the_same_resources(made: tuple[Stack, ContractCatalog, dict[str, Any]]) -> None:
    """A fragment's tables and optimizers are, to the last property, those of the single constructs."""
    alone = by_hand()
    for kind, number in (("AWS::Glue::Table", 4), ("AWS::Glue::TableOptimizer", 3)):
        single, together = resources(alone, kind), resources(made[2], kind)
        assert len(single) == number
        assert {key: comparable(one) for key, one in together.items()} == {key: comparable(one) for key, one in single.items()}


def comparable(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource but for what differs on purpose: the role's logical id, what it depends on, the override of `made`."""
    copied: dict[str, Any] = json.loads(json.dumps(resource))
    copied.pop("DependsOn", None)
    copied["Properties"].get("TableOptimizerConfiguration", {}).pop("RoleArn", None)
    copied["Properties"].get("TableInput", {}).pop("Owner", None)
    return copied


def test_its_resources_are_typed(made: tuple[Stack, ContractCatalog, dict[str, Any]]) -> None:
    """Compliance rules look for typed L1s: a raw `CfnResource` of the same type is seen by none."""
    stack, catalog, synthesized = made
    found = [one for one in stack.node.find_all() if CfnResource.is_cfn_resource(one)]
    assert {type(one) for one in found if one.cfn_resource_type == glue.CfnTable.CFN_RESOURCE_TYPE_NAME} == {glue.CfnTable}
    assert {type(one) for one in found if one.cfn_resource_type.endswith("TableOptimizer")} == {glue.CfnTableOptimizer}
    orders = catalog.table("sales", "orders").resource
    assert isinstance(orders, glue.CfnTable)
    assert orders.node.path == f"Test/Catalog/SalesCurated/{ORDERS_ID}"
    assert ORDERS_ID in synthesized["Resources"]


def test_a_table_is_overridden_through_its_resource(made: tuple[Stack, ContractCatalog, dict[str, Any]]) -> None:
    """The escape hatch reaches the template."""
    again = template(made[0])["Resources"]
    assert again[f"{VISITS_ID}Quarantine"]["Properties"]["TableInput"]["Owner"] == "stewards"
    assert "Owner" not in again[f"{ORDERS_ID}Quarantine"]["Properties"]["TableInput"]


def test_a_table_tells_what_others_need(made: tuple[Stack, ContractCatalog, dict[str, Any]]) -> None:
    """Names, columns with their types, location, what it is partitioned by in the objects' prefixes: all without a call into Node."""
    orders, visits = (made[1].table("sales", name) for name in ("orders", "visits"))
    assert (orders.database_name, orders.table_name, orders.logical_id) == ("sales", "orders", ORDERS_ID)
    assert (orders.contract.product, orders.table, orders.database.domain) == ("orders", ORDERS, "sales")
    assert orders.location == "s3://lake-curated/sales/orders/orders/"
    assert orders.column_types == {one.name: one.type for one in ORDERS.columns}
    assert orders.prefix_columns == ()
    assert visits.column_names == ("at", "page", "country", "_run_id")
    assert visits.prefix_columns == ("country", "_run_id")
    assert made[1].optimized_tables == (orders,)


def test_each_resource_waits_for_what_it_needs(made: tuple[Stack, ContractCatalog, dict[str, Any]]) -> None:
    """Tables for their own database, optimizers for their table; those of a database with optimizers for the policies of their role."""
    there = {key: set(one.get("DependsOn", [])) for key, one in made[2]["Resources"].items() if key.startswith("Table")}
    assert there[f"{ORDERS_ID}Quarantine"] == there[f"{VISITS_ID}Quarantine"] == {"DatabaseSalesQuarantine"}
    assert there[ORDERS_ID] == there[VISITS_ID] == {POLICY_ID, "DatabaseSalesCurated"}
    for name in ("Compaction", "Retention", "OrphanFiles"):
        assert there[ORDERS_ID + name] == {POLICY_ID, "DatabaseSalesCurated", ORDERS_ID}


def test_without_optimizers_no_table_waits_for_a_policy() -> None:
    """There is none; and a database without Iceberg tables has nothing to optimize."""
    stack = new_stack()
    only_files = contract(VISITS, domain="travel", product="trips")
    ContractCatalog(stack, "Catalog", contracts=contracts(contract(ORDERS), only_files), zones=zones(stack), quarantine=False)
    tables = resources(template(stack), "AWS::Glue::Table")
    assert {one["Properties"]["DatabaseName"]: set(one["DependsOn"]) for one in tables.values()} == {
        "sales": {POLICY_ID, "DatabaseSalesCurated"},
        "travel": {"DatabaseTravelCurated"},
    }


ODD = (
    'a "quoted" one, a \\ and a \\n',
    "key: value # no comment",
    "- item\n- another\n",
    "  spaces around  ",
    "yes",
    "12",
    "null",
    "!Ref Other",
    "&anchor *alias",
    "<<",
    "{{resolve:ssm:name}}",
    "${AWS::Region}",
    "%directive",
    "tab\there",
    "é ü 漢字 \U0001f600",
    "line\u2028separator \u0085 \x7f",
    "'single'",
    "long " * 1000,
)


def test_any_text_comes_out_as_it_went_in() -> None:
    """CDK reads a fragment as YAML; nothing that somebody may write into a description is taken for syntax."""
    stack = new_stack()
    fragment = Fragment()
    for number, text in enumerate(ODD):
        fragment.add(f"Odd{number}", "AWS::SSM::Parameter", {"Type": "String", "Value": text, "Description": text})
    fragment.include(stack, "Fragment")
    made = resources(template(stack), "AWS::SSM::Parameter")
    assert [made[f"Odd{number}"]["Properties"]["Value"] for number in range(len(ODD))] == list(ODD)
    assert [made[f"Odd{number}"]["Properties"]["Description"] for number in range(len(ODD))] == list(ODD)


def test_references_stay_references() -> None:
    """Another stack's bucket, this stack's account, the optimizers' role: each becomes what CloudFormation resolves."""
    app = new_app()
    storage = Stack(app, "Storage")
    bucket = s3.Bucket(storage, "Curated")
    key = kms.Key(storage, "Key")
    stack = Stack(app, "Catalog")
    zone = LakeZone.from_bucket(stack, "Zone", zone=Zone.CURATED, bucket=bucket, key=key)
    ContractCatalog(stack, "Catalog", contracts=contracts(), zones={Zone.CURATED: zone}, quarantine=False, optimizers=True)
    synthesized = template(stack)
    orders = synthesized["Resources"][ORDERS_ID]["Properties"]
    assert orders["CatalogId"] == {"Ref": "AWS::AccountId"}
    location = orders["OpenTableFormatInput"]["IcebergInput"]["IcebergTableInput"]["Location"]["Fn::Join"][1]
    assert location[0] == "s3://"
    assert set(location[1]) == {"Fn::ImportValue"}
    assert location[2] == "/sales/orders/orders/"
    compaction = synthesized["Resources"][f"{ORDERS_ID}Compaction"]["Properties"]
    role = next(iter(resources(synthesized, "AWS::IAM::Role")))
    assert compaction["TableOptimizerConfiguration"]["RoleArn"] == {"Fn::GetAtt": [role, "Arn"]}
    assert "${Token" not in json.dumps(synthesized)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that CDK reads is gone, whether that went well or not."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stack = new_stack()
    good, bad = Fragment(), Fragment()
    good.add("Topic", "AWS::SNS::Topic", {})
    bad.add("Topic", "AWS::SNS::Topic", {}, depends_on=["Nowhere"])
    good.include(stack, "Good")
    with pytest.raises(RuntimeError, match="Nowhere"):
        bad.include(stack, "Bad")
    assert list(tmp_path.iterdir()) == []


def test_fails_when_a_resource_is_asked_for_too_early() -> None:
    """Before the fragment is included there is none."""
    with pytest.raises(LookupError, match="Topic is not included yet"):
        Fragment().resource("Topic")


@pytest.mark.parametrize(
    ("policy", "deletion", "replacement"),
    [
        (None, "Retain", "Retain"),
        (RemovalPolicy.RETAIN, "Retain", "Retain"),
        (RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, "RetainExceptOnCreate", "Retain"),
        (RemovalPolicy.DESTROY, "Delete", "Delete"),
    ],
)
def test_removal_policies_are_those_of_cdk(policy: RemovalPolicy | None, deletion: str, replacement: str) -> None:
    """A fragment spells each as `apply_removal_policy` does for a table made by itself."""
    stack = new_stack()
    allow_destroy(stack)
    lake = {Zone.CURATED: zones(stack)[Zone.CURATED]}
    database = LakeDatabase.from_database_name(stack, "Sales", domain="sales", zone=Zone.CURATED)
    IcebergTable(stack, "Alone", database=database, contract=contract(ORDERS), table=ORDERS, zone=lake[Zone.CURATED], removal_policy=policy)
    ContractCatalog(
        stack,
        "Catalog",
        contracts=contracts(),
        zones=lake,
        databases={("sales", Zone.CURATED): database},
        quarantine=False,
        optimizers=False,
        removal_policy=policy,
    )
    tables = resources(template(stack), "AWS::Glue::Table")
    assert len(tables) == 3
    assert {(one["DeletionPolicy"], one["UpdateReplacePolicy"]) for one in tables.values()} == {(deletion, replacement)}


def test_fails_when_a_table_is_to_leave_a_snapshot() -> None:
    """There is no such thing; CloudFormation would refuse the template."""
    stack = new_stack()
    allow_destroy(stack)
    with pytest.raises(DataLakeError, match="got removal policy SNAPSHOT; allowed for a table are DESTROY, RETAIN") as raised:
        ContractCatalog(stack, "Catalog", contracts=contracts(), zones=zones(stack), removal_policy=RemovalPolicy.SNAPSHOT)
    assert raised.value.code == "removal_policy"


def test_a_complaint_names_the_table() -> None:
    """One of a thousand tables has a column of a wrong name; the place says in which."""
    stack, other = new_stack(), new_stack(name="Other")
    wrong = contract(ORDERS, table("visits", (column("Page"),)))
    with pytest.raises(DataLakeError, match=r"^Test/Catalog: got column name 'Page' in table visits"):
        ContractCatalog(stack, "Catalog", contracts=contracts(wrong), zones=zones(stack))
    with pytest.raises(DataLakeError, match=r"^Other/Catalog, table empty: got columns none"):
        ContractCatalog(other, "Catalog", contracts=contracts(contract(table("empty", ()))), zones=zones(other))


def calls_into_node(monkeypatch: pytest.MonkeyPatch, tables: int) -> int:
    """How many there are for a catalog of so many tables, optimizers and quarantine included."""
    stack = Stack(App(), "Test", env=Environment(account=ACCOUNT, region="eu-west-1"))
    lake = zones(stack)
    declared = contracts(contract(*(table(f"t{number}") for number in range(tables)), table("files", VISITS.columns, format=VISITS.format)))
    counted = 0
    send = _NodeProcess.send

    def counting(self: _NodeProcess, *arguments: Any, **more: Any) -> Any:
        nonlocal counted
        counted += 1
        return send(self, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(_NodeProcess, "send", counting)
        ContractCatalog(stack, "Catalog", contracts=declared, zones=lake)
    return counted


def test_more_tables_make_no_more_calls_into_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes a catalog of thousands of tables possible: their number does not matter to the language border."""
    few = calls_into_node(monkeypatch, 2)
    assert few > 0
    assert calls_into_node(monkeypatch, 40) == few
