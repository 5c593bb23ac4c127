"""Runs every snippet of the modules' READMEs on a stack of its own and synthesizes it."""

from __future__ import annotations

import importlib.util
import inspect
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam, aws_kms as kms, aws_s3 as s3

from constructs_lib.baseline import LakeAccount
from constructs_lib.catalog import ContractCatalog, LakeDatabase
from constructs_lib.lake import DataLake
from constructs_lib.network import JobNetwork
from constructs_lib.pipeline.dependencies import JobDependencies
from constructs_lib.query import QueryWorkgroup, ResultsBucket
from constructs_lib.storage import LakeStorage
from lakemodel.config.loader import load_config
from lakemodel.config.model import Zone
from lakemodel.contracts.loader import load_contracts
from lakemodel.locks.field_ids import field_ids_for
from lakemodel.locks.placement import PlacementLock
from lakemodel.locks.s3_tables import created_with
from tests.docs.blocks import ROOT
from tests.support import new_app, new_stack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MODULES = sorted((ROOT / "examples" / "snippets").glob("*.py"))


class Arguments:
    """What snippets are given, made when one asks for it by its parameter's name."""

    def __init__(self) -> None:
        self.app = new_app()
        self.config = load_config(ROOT / "config" / "lake.yaml")
        self.contracts = load_contracts(ROOT / "config" / "contracts", self.config)
        self.orders_contract = next(contract for contract in self.contracts.contracts if contract.key == "sales.orders")

    @cached_property
    def stack(self) -> cdk.Stack:
        """The stack that everything is made in."""
        return new_stack(self.app)

    @cached_property
    def storage(self) -> LakeStorage:
        """The zones, the same for everything that asks for them."""
        return LakeStorage(self.stack, "Storage")

    def of(self, function: Callable[..., Any]) -> dict[str, Any]:
        """The arguments of a snippet; one that makes stacks itself gives them no environment, so neither do we."""
        names = inspect.signature(function).parameters
        if "app" in names:
            self.stack = cdk.Stack(self.app, "Test")
        return {name: self.value(name) for name in names}

    def value(self, name: str) -> Any:
        """The value of one parameter; raises when nothing is known under that name."""
        makers: dict[str, Callable[[], Any]] = {
            "self": lambda: self.stack,
            "app": lambda: self.app,
            "base_stack": lambda: self.stack,
            "stateful_stack": lambda: new_stack(self.app, "Stateful"),
            "config": lambda: self.config,
            "contracts": lambda: self.contracts,
            "contract": lambda: self.orders_contract,
            "table": lambda: self.orders_contract.tables[0],
            "recorded_table": self._recorded_table,
            "placement": lambda: PlacementLock().extend(self.contracts),
            "storage": lambda: self.storage,
            "data_lake": self._data_lake,
            "flights": self._pipeline,
            "lake": lambda: LakeStorage(self.stack, "Lake"),
            "account": self._account,
            "orders": self._orders,
            "database": lambda: LakeDatabase(self.stack, "Sales", domain="sales", zone=Zone.CURATED),
            "results": lambda: ResultsBucket(self.stack, "Results", access_logs=None),
            "workgroup": self._workgroup,
            "network": lambda: JobNetwork(self.stack, "Jobs", organization_id="o-exampleorgid"),
            "wheels": lambda: JobDependencies(self.stack, "Wheels", arguments={}, object_arns=[]),
            "workgroup_arn": lambda: f"arn:aws:athena:eu-west-1:{self.stack.account}:workgroup/analysts",
            "bucket": lambda: s3.Bucket(self.stack, "Bucket"),
            "log_bucket": lambda: s3.Bucket(self.stack, "LogBucket"),
            "key": lambda: kms.Key(self.stack, "Key"),
        }
        if name in {"data_admin", "analyst", "analyst_role", "another_role", "partner", "engineer"}:
            return iam.Role(self.stack, name.title().replace("_", ""), assumed_by=iam.AccountRootPrincipal())
        return makers[name]()

    def _account(self) -> Any:
        return LakeAccount(self.stack, "Account", admins=[])

    def _recorded_table(self) -> Any:
        """As `lakecheck contracts lock --s3-table sales.orders` leaves it."""
        table = self.orders_contract.tables[0]
        ids = field_ids_for(self.orders_contract, table)
        return replace(table, field_ids=replace(ids, s3_tables=created_with(table, ids)))

    def _orders(self) -> Any:
        return ContractCatalog(self.stack, "Catalog", contracts=self.contracts, zones=self.storage.zones).table("sales", "orders")

    def _data_lake(self) -> Any:
        return DataLake(self.stack, "DataLake", account=self._account(), contracts=self.contracts, storage=self.storage)

    def _pipeline(self) -> Any:
        return self._data_lake().add_pipeline("sales", "orders")

    def _workgroup(self) -> Any:
        return QueryWorkgroup(self.stack, "Workgroup", name="team", results=ResultsBucket(self.stack, "Results", access_logs=None))


def functions(path: Path) -> list[tuple[str, Callable[..., Any]]]:
    """The public functions that a module of snippets defines itself."""
    specification = importlib.util.spec_from_file_location(f"snippets_{path.stem}", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    found = inspect.getmembers(module, inspect.isfunction)
    return [(f"{path.stem}.{name}", function) for name, function in found if function.__module__ == module.__name__]


SNIPPETS = dict(each for path in MODULES for each in functions(path))


@pytest.mark.parametrize("name", SNIPPETS)
def test_snippet_synthesizes(name: str) -> None:
    """What a README shows builds a stack that can be synthesized."""
    arguments = Arguments()
    SNIPPETS[name](**arguments.of(SNIPPETS[name]))
    assert arguments.app.synth().directory
