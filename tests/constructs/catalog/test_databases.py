"""Databases: named after domain and zone, never deleted or replaced, open to nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import CfnResource, RemovalPolicy
from constructs import Construct

from constructs_lib.catalog import DomainDatabases, LakeDatabase
from constructs_lib.core import allow_destroy
from lakemodel.config.model import Zone
from lakemodel.errors import DataLakeError
from tests.constructs.catalog.lake import zones
from tests.support import new_stack, resources, template


@pytest.fixture(scope="module")
def synthesized() -> dict[str, Any]:
    """Databases of two domains, and one by itself."""
    stack = new_stack()
    made = zones(stack)
    DomainDatabases(Construct(stack, "Anywhere"), "Databases", domains=["travel", "sales"], zones=made)
    LakeDatabase(stack, "Named", domain="hr", zone=Zone.CURATED, database_name="people", description="é" * 2000)
    return template(stack)


def test_each_domain_gets_one_for_each_governed_zone(synthesized: dict[str, Any]) -> None:
    """Names and logical ids come from domain and zone; this pins them, whatever the tree above."""
    made = resources(synthesized, "AWS::Glue::Database")
    names = {key: value["Properties"]["DatabaseInput"]["Name"] for key, value in made.items() if key.startswith("Database")}
    assert names == {
        "DatabaseSalesCurated": "sales",
        "DatabaseSalesConsumption": "sales_consumption",
        "DatabaseSalesQuarantine": "sales_quarantine",
        "DatabaseTravelCurated": "travel",
        "DatabaseTravelConsumption": "travel_consumption",
        "DatabaseTravelQuarantine": "travel_quarantine",
    }


def test_they_stand_in_the_domains_part_of_the_bucket(synthesized: dict[str, Any]) -> None:
    """A database has a location where its zone is given, and none otherwise."""
    made = resources(synthesized, "AWS::Glue::Database")
    assert made["DatabaseSalesQuarantine"]["Properties"]["DatabaseInput"]["LocationUri"] == "s3://lake-quarantine/sales/"
    named = next(value for value in made.values() if value["Properties"]["DatabaseInput"]["Name"] == "people")
    assert "LocationUri" not in named["Properties"]["DatabaseInput"]


def test_they_are_retained(synthesized: dict[str, Any]) -> None:
    """Neither deletion nor replacement takes a database away, and with it every grant on it."""
    for database in resources(synthesized, "AWS::Glue::Database").values():
        assert (database["DeletionPolicy"], database["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_they_open_themselves_to_nobody(synthesized: dict[str, Any]) -> None:
    """No default permission and no IAM_ALLOWED_PRINCIPALS is emitted."""
    text = json.dumps(synthesized)
    assert "IAM_ALLOWED_PRINCIPALS" not in text
    assert "CreateTableDefaultPermissions" not in text


def test_a_long_description_is_cut(synthesized: dict[str, Any]) -> None:
    """Glue counts bytes, and takes 2,048 of them."""
    made = resources(synthesized, "AWS::Glue::Database").values()
    said = next(one["Properties"]["DatabaseInput"] for one in made if one["Properties"]["DatabaseInput"]["Name"] == "people")["Description"]
    assert 2040 < len(said.encode()) <= 2048
    assert said.endswith("…")


def test_an_existing_database_makes_no_resource() -> None:
    """Importing gives the derived name and emits nothing."""
    stack = new_stack()
    imported = LakeDatabase.from_database_name(stack, "Sales", domain="sales", zone=Zone.QUARANTINE)
    imported.precede(Construct(stack, "Other"))
    assert (imported.database_name, imported.domain, imported.zone) == ("sales_quarantine", "sales", Zone.QUARANTINE)
    assert imported.database.database_name == "sales_quarantine"
    assert not any(CfnResource.is_cfn_resource(one) for one in stack.node.find_all())


@pytest.mark.parametrize("name", ["Sales", "sales-db", "sales db", "", "s" * 256])
def test_fails_when_glue_would_fold_the_name(name: str) -> None:
    """Upper case and dashes pass CloudFormation and break later; they are refused."""
    with pytest.raises(DataLakeError, match="got database name") as raised:
        LakeDatabase(new_stack(), "Sales", domain="sales", zone=Zone.CURATED, database_name=name)
    assert raised.value.code == "catalog_name"


@pytest.mark.parametrize("zone", [Zone.LANDING, Zone.RAW])
def test_fails_when_the_zone_is_not_governed(zone: Zone) -> None:
    """Landing and raw have no tables."""
    with pytest.raises(DataLakeError, match="Lake Formation governs no other") as raised:
        LakeDatabase(new_stack(), "Sales", domain="sales", zone=zone)
    assert raised.value.code == "ungoverned_zone"


def test_destroying_needs_leave() -> None:
    """DESTROY is refused where the environment does not allow it."""
    with pytest.raises(DataLakeError, match="would delete data"):
        LakeDatabase(new_stack(), "Sales", domain="sales", zone=Zone.CURATED, removal_policy=RemovalPolicy.DESTROY)
    stack = new_stack()
    allow_destroy(stack)
    LakeDatabase(stack, "Sales", domain="sales", zone=Zone.CURATED, removal_policy=RemovalPolicy.DESTROY)
    assert [one["DeletionPolicy"] for one in resources(template(stack), "AWS::Glue::Database").values()] == ["Delete"]
