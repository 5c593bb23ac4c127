"""`DataLake`: everything a lake has, closed until a grant opens it, each thing after what it needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from aws_cdk import Stack, aws_iam as iam

from constructs_lib.baseline import LakeAccount
from constructs_lib.governance import PERMISSIONS_TYPE, SETTINGS_TYPE, Columns, LfTags
from constructs_lib.lake import CLASSIFICATIONS, DataLake
from constructs_lib.network import JobNetwork
from constructs_lib.pipeline.dependencies import JobDependencies
from lakemodel.config.model import Zone
from lakemodel.contracts.loader import load_contracts
from lakemodel.contracts.model import ContractSet
from lakemodel.errors import DataLakeError
from tests.support import ROOT, new_stack, resources, template

CONTRACTS = load_contracts(ROOT / "examples" / "contracts", None).require_all()


def new_lake(stack: Stack, contracts: ContractSet = CONTRACTS) -> DataLake:
    return DataLake(stack, "Lake", account=LakeAccount(stack, "Account", admins=[]), contracts=contracts)


@dataclass(frozen=True)
class Built:
    template: dict[str, Any]
    analyst: str

    def of(self, resource_type: str) -> dict[str, Any]:
        return resources(self.template, resource_type)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        return [entry for part in self.of(PERMISSIONS_TYPE).values() for entry in part["Properties"].get(kind, [])]


@pytest.fixture(scope="module")
def built() -> Built:
    stack = new_stack()
    lake = new_lake(stack)
    analyst = iam.Role(stack, "Analyst", role_name="Analyst", assumed_by=iam.AccountRootPrincipal())
    lake.grants.read(analyst, where=LfTags.all(domain="sales", classification=["public", "internal"]))
    lake.table("sales", "orders").grants.read(
        iam.Role(stack, "Partner", role_name="Partner", assumed_by=iam.AccountPrincipal("777788889999")),
        columns=Columns.all_but("email"),
        rows="country = 'DE'",
    )
    lake.add_pipeline("sales", "orders")
    lake.add_workgroup("Analysts", members=[analyst])
    return Built(template(stack), stack.get_logical_id(analyst.node.default_child))  # type: ignore[arg-type] # a CfnRole


def test_makes_every_part(built: Built) -> None:
    """Zones, databases, tables, tags, locations, a pipeline and a workgroup stand in one template."""
    assert len(built.of("AWS::LakeFormation::Resource")) == 3
    assert len(built.of("AWS::LakeFormation::Tag")) == 3
    assert {database["Properties"]["DatabaseInput"]["Name"] for database in built.of("AWS::Glue::Database").values()} == {
        "sales",
        "sales_consumption",
        "sales_quarantine",
    }
    assert len(built.of("AWS::Glue::Table")) == 2
    assert len(built.of("AWS::StepFunctions::StateMachine")) == 1
    assert len(built.of("AWS::Athena::WorkGroup")) == 1


def test_tags_databases_tables_and_columns(built: Built) -> None:
    """The table counts as its strictest column; columns of another class carry their own; quarantine is restricted."""
    tagged = {
        (resource.get("Database", resource.get("Table", resource.get("TableWithColumns")))["Name"], tag["TagKey"]): tag["TagValues"]
        for association in built.entries("TagAssociations")
        for resource in [association["Resource"]]
        if "TableWithColumns" not in resource and resource.get("Table", {}).get("DatabaseName") != "sales_quarantine"
        for tag in association["LFTags"]
    }
    assert tagged["orders", "classification"] == ["restricted"]
    assert tagged["sales", "domain"] == ["sales"]
    assert tagged["sales_quarantine", "zone"] == ["quarantine"]
    columns = [entry for entry in built.entries("TagAssociations") if "TableWithColumns" in entry["Resource"]]
    assert [entry["LFTags"][0]["TagValues"] for entry in columns] == [["internal"]]
    assert "email" not in columns[0]["Resource"]["TableWithColumns"]["ColumnNames"]


def test_opens_nothing_by_itself() -> None:
    """A lake that nobody was granted anything on has grants for its own machinery only, and none to everybody."""
    stack = new_stack()
    new_lake(stack)
    bare = template(stack)
    grants = [grant for part in resources(bare, PERMISSIONS_TYPE).values() for grant in part["Properties"].get("Grants", [])]
    assert {str(grant["Principal"]) for grant in grants} <= {
        str({"DataLakePrincipalIdentifier": {"Fn::GetAtt": [name, "Arn"]}})
        for name in resources(bare, "AWS::IAM::Role")
        if "Optimizer" in name
    }
    assert "IAM_ALLOWED_PRINCIPALS" not in str(bare)


def test_leaves_the_excluded_column_out(built: Built) -> None:
    """All but a column is compiled to the list of the others, in a filter with the rows."""
    (cells,) = built.of("AWS::LakeFormation::DataCellsFilter").values()
    assert "email" not in cells["Properties"]["ColumnNames"]
    assert "total" in cells["Properties"]["ColumnNames"]
    assert cells["Properties"]["RowFilter"]["FilterExpression"] == "country = 'DE'"


def test_comes_in_order(built: Built) -> None:
    """Settings before tags, locations and databases; tables before permissions: nothing is made while defaults open it."""
    (settings,) = built.of(SETTINGS_TYPE)
    for kind in ("AWS::LakeFormation::Tag", "AWS::LakeFormation::Resource", "AWS::Glue::Database"):
        for resource in built.of(kind).values():
            assert settings in resource["DependsOn"]
    for part in built.of(PERMISSIONS_TYPE).values():
        assert set(built.of("AWS::Glue::Table")) <= set(part["DependsOn"])


def test_retains_what_holds_data(built: Built) -> None:
    """Deleting the stack deletes no bucket, key, database or table."""
    for kind in ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Glue::Database", "AWS::Glue::Table", "AWS::DynamoDB::Table"):
        for name, resource in built.of(kind).items():
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


def test_fails_without_products() -> None:
    """An empty set is refused with how to get one."""
    with pytest.raises(DataLakeError, match=r"got no data product.*load_contracts") as raised:
        new_lake(new_stack(), ContractSet(contracts=()))
    assert raised.value.code == "no_products"


def test_fails_for_an_unknown_product() -> None:
    """A pipeline for a product that no contract declares is refused with those that are."""
    lake = new_lake(new_stack())
    with pytest.raises(DataLakeError, match=r"no product sales\.returns here; there are sales\.orders") as raised:
        lake.add_pipeline("sales", "returns")
    assert raised.value.code == "no_such_product"


def test_fails_for_a_class_that_is_not_listed() -> None:
    """Classes of contracts that the ontology does not have would be tags that cannot be set."""
    stack = new_stack()
    account = LakeAccount(stack, "Account", admins=[])
    with pytest.raises(DataLakeError, match="classification"):
        DataLake(stack, "Lake", account=account, contracts=CONTRACTS, classifications=["open", "closed"])


@pytest.mark.parametrize(
    "classifications", [list(reversed(CLASSIFICATIONS)), [*CLASSIFICATIONS[:2], *reversed(CLASSIFICATIONS[2:])], list(CLASSIFICATIONS[:2])]
)
def test_fails_when_classes_stand_in_another_order(classifications: list[str]) -> None:
    """The last class is that of quarantined rows: in another order than the contracts' it would be an open one."""
    stack = new_stack()
    account = LakeAccount(stack, "Account", admins=[])
    with pytest.raises(DataLakeError, match="the contracts were read with public, internal, confidential, restricted") as raised:
        DataLake(stack, "Lake", account=account, contracts=CONTRACTS, classifications=classifications)
    assert raised.value.code == "classification_order"


def test_classes_are_those_of_the_contracts() -> None:
    """When left out; one that is added has its place, whatever the case."""
    fewer = replace(CONTRACTS, classifications=("public", "internal", "restricted"))
    assert new_lake(new_stack(), fewer).ontology.classifications == fewer.classifications
    stack = new_stack()
    account = LakeAccount(stack, "Account", admins=[])
    more = DataLake(stack, "Lake", account=account, contracts=CONTRACTS, classifications=["Public", *CLASSIFICATIONS[1:], "secret"])
    assert more.ontology.classifications == (*CLASSIFICATIONS, "secret")


def test_a_database_is_granted_as_a_whole() -> None:
    """The database of a domain and zone with its grants; keys of one's own; a database that is not there is named with those that are."""
    stack = new_stack()
    account = LakeAccount(stack, "Account", admins=[])
    lake = DataLake(stack, "Lake", account=account, contracts=CONTRACTS, additional_keys={"review": ["open", "passed"]})
    domain = CONTRACTS.contracts[0].domain
    with pytest.raises(DataLakeError, match=f"there is no database of nowhere in the curated zone here; there are {domain}") as raised:
        lake.database("nowhere")
    assert raised.value.code == "no_such_database"
    reader = iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal())
    lake.database(domain).grants.read(reader)
    lake.database(domain, Zone.QUARANTINE).grants.describe(reader)
    made = Built(template(stack), "")
    names = [entry["Resource"] for entry in made.entries("Grants") if "Reader" in str(entry["Principal"])]
    assert {"Table": {"DatabaseName": domain, "TableWildcard": {}}} in names
    assert {"Database": {"Name": f"{domain}_quarantine"}} in names
    assert "review" in [tag["Properties"]["TagKey"] for tag in made.of("AWS::LakeFormation::Tag").values()]


def test_pipelines_run_in_the_network_that_the_lake_is_given() -> None:
    """With what asks no index; without it the first pipeline is refused."""
    stack = new_stack()
    account = LakeAccount(stack, "Account", admins=[])
    network = JobNetwork(stack, "Network", organization_id="o-exampleorgid", endpoints=[])
    nothing = JobDependencies(stack, "Nothing", arguments={}, object_arns=[])
    lake = DataLake(stack, "Lake", account=account, contracts=CONTRACTS, network=network, job_dependencies=nothing)
    assert lake.add_pipeline("sales", "orders").foundation.network is network
    other = new_stack()
    network = JobNetwork(other, "Network", organization_id="o-exampleorgid", endpoints=[])
    lake = DataLake(other, "Lake", account=LakeAccount(other, "Account", admins=[]), contracts=CONTRACTS, network=network)
    with pytest.raises(DataLakeError, match="make job-wheels") as caught:
        lake.add_pipeline("sales", "orders")
    assert caught.value.code == "pipeline_network"
