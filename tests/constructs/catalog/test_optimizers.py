"""Optimizers: three for each Iceberg table, under a role that reaches objects through Lake Formation alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import Duration, Environment, Stack

from constructs_lib.catalog import IcebergTable, LakeDatabase, OptimizerRole, TableOptimizers
from constructs_lib.catalog.optimizers import optimizers_available
from lakemodel.config.model import Zone
from lakemodel.errors import DataLakeError
from tests.constructs.catalog.lake import ORDERS, contract, zones
from tests.support import new_app, new_stack, resources, template


def optimized(stack: Stack, **settings: Any) -> TableOptimizers:
    database = LakeDatabase(stack, "Sales", domain="sales", zone=Zone.CURATED)
    table = IcebergTable(stack, "Orders", database=database, contract=contract(ORDERS), table=ORDERS, zone=zones(stack)[Zone.CURATED])
    return TableOptimizers(stack, "Optimizers", table=table, role=OptimizerRole(stack, "Role", databases=[database]), **settings)


@pytest.fixture(scope="module")
def synthesized() -> dict[str, Any]:
    """One optimized table with the defaults."""
    stack = new_stack()
    optimized(stack)
    return template(stack)


def test_the_defaults_are_those_documented(synthesized: dict[str, Any]) -> None:
    """Compaction, snapshots for 7 days and at least 5, orphans after 7 days, all enabled."""
    made = {one["Properties"]["Type"]: one["Properties"] for one in resources(synthesized, "AWS::Glue::TableOptimizer").values()}
    configured = {kind: properties["TableOptimizerConfiguration"] for kind, properties in made.items()}
    assert {kind: (one["DatabaseName"], one["TableName"]) for kind, one in made.items()} == dict.fromkeys(
        ("compaction", "retention", "orphan_file_deletion"), ("sales", "orders")
    )
    assert all(one["Enabled"] is True for one in configured.values())
    assert configured["compaction"]["CompactionConfiguration"] == {"IcebergConfiguration": {"Strategy": "binpack"}}
    assert configured["retention"]["RetentionConfiguration"]["IcebergConfiguration"] == {
        "SnapshotRetentionPeriodInDays": 7,
        "NumberOfSnapshotsToRetain": 5,
        "CleanExpiredFiles": True,
    }
    assert configured["orphan_file_deletion"]["OrphanFileDeletionConfiguration"]["IcebergConfiguration"] == {
        "OrphanFileRetentionPeriodInDays": 7
    }


def test_they_wait_for_the_table_and_the_policy(synthesized: dict[str, Any]) -> None:
    """Glue checks the role when an optimizer is made; a role whose policy comes later would be refused."""
    table = next(iter(resources(synthesized, "AWS::Glue::Table")))
    policy = next(iter(resources(synthesized, "AWS::IAM::ManagedPolicy")))
    for one in resources(synthesized, "AWS::Glue::TableOptimizer").values():
        assert {table, policy} <= set(one["DependsOn"])


def test_the_role_has_no_way_to_the_objects_of_its_own(synthesized: dict[str, Any]) -> None:
    """No S3 and no KMS right: Lake Formation's credentials are the only door."""
    statements = [
        statement
        for policy in resources(synthesized, "AWS::IAM::ManagedPolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    actions = {action for one in statements for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])}
    assert actions == {
        "glue:GetTable",
        "glue:UpdateTable",
        "lakeformation:GetDataAccess",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    assert resources(synthesized, "AWS::IAM::Policy") == {}


def test_the_role_serves_glue_of_this_account_and_these_databases(synthesized: dict[str, Any]) -> None:
    """Another account's Glue cannot borrow it, and another database's tables stay out of reach."""
    role = next(iter(resources(synthesized, "AWS::IAM::Role").values()))["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "glue.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "444444444401"}}
    text = json.dumps(resources(synthesized, "AWS::IAM::ManagedPolicy"))
    assert ":table/sales/*" in text
    assert ":table/*" not in text


def test_many_databases_take_several_policies() -> None:
    """A managed policy has room for 6,144 characters; no policy outgrows it."""
    stack = new_stack()
    names = [f"domain_with_a_very_long_name_{number:02}" for number in range(30)]
    databases = [LakeDatabase.from_database_name(stack, f"D{name}", domain=name, zone=Zone.CURATED) for name in names]
    OptimizerRole(stack, "Role", databases=databases)
    policies = resources(template(stack), "AWS::IAM::ManagedPolicy").values()
    assert len(policies) == 3
    assert all(len(json.dumps(one["Properties"]["PolicyDocument"])) < 6144 for one in policies)


def test_settings_reach_glue() -> None:
    """Each setting is passed on."""
    stack = new_stack()
    optimized(
        stack, snapshot_retention=Duration.days(30), snapshots_to_keep=2, orphan_retention=Duration.days(10), enabled=False, logical_id="T"
    )
    made = resources(template(stack), "AWS::Glue::TableOptimizer")
    assert set(made) == {"TCompaction", "TRetention", "TOrphanFiles"}
    assert all(one["Properties"]["TableOptimizerConfiguration"]["Enabled"] is False for one in made.values())
    text = json.dumps(made)
    assert '"SnapshotRetentionPeriodInDays": 30' in text
    assert '"NumberOfSnapshotsToRetain": 2' in text
    assert '"OrphanFileRetentionPeriodInDays": 10' in text


@pytest.mark.parametrize(
    "settings", [{"snapshots_to_keep": 0}, {"snapshot_retention": Duration.days(0)}, {"orphan_retention": Duration.days(0)}]
)
def test_fails_when_a_setting_keeps_nothing(settings: dict[str, Any]) -> None:
    """A retention of nothing would delete files in use."""
    with pytest.raises(DataLakeError, match="at least 1") as raised:
        optimized(new_stack(), **settings)
    assert raised.value.code == "optimizer_settings"


def test_fails_when_the_region_has_none() -> None:
    """CloudFormation would fail late there; synth fails early."""
    stack = Stack(new_app(), "Elsewhere", env=Environment(account="444444444401", region="af-south-1"))
    assert not optimizers_available(stack)
    with pytest.raises(DataLakeError, match="got Region af-south-1") as raised:
        optimized(stack)
    assert raised.value.code == "optimizers_unavailable"


def test_an_unknown_region_counts_as_one_without() -> None:
    """Nothing is switched on where nobody knows whether it exists."""
    assert not optimizers_available(Stack(new_app(), "Anywhere"))
    assert not optimizers_available(Stack(new_app(), "New", env=Environment(account="444444444401", region="eu-moon-1")))
    assert optimizers_available(new_stack())
