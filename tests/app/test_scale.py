"""Lakes of many tables: every one of them in stacks that CloudFormation takes, at a cost that grows no faster than they do."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

import app
from bench.generated_lake import SHAPES, write_lake
from bench.scale import run, written
from lakemodel.config.loader import load_config
from lakemodel.contracts.loader import load_contracts
from lakemodel.growth import POLICIES_PER_PIPELINE, ROLES_PER_PIPELINE
from lakemodel.limits import Quota, limit
from lakemodel.locks.placement import PlacementLock
from lakemodel.locks.weights import CROWDED, EMPTY_CATALOG, EMPTY_PIPELINES, Weight, pipeline_weight, table_weight

if TYPE_CHECKING:
    from pathlib import Path

MOST_GROWTH = 2.4
"""By how much CPU time and memory may grow when the tables double: what every process starts with makes it less than 2, noise more."""


class Built:
    """A lake and what `app.py` made of it: templates by the names of their stacks, without the environment."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, lock: PlacementLock | None = None) -> None:
        self.config = load_config(folder / "lake.yaml")
        self.contracts = load_contracts(folder / "contracts", self.config)
        self.lock = (PlacementLock() if lock is None else lock).extend(self.contracts)
        self.lock.save(folder / "placement.lock.json")
        monkeypatch.setenv("CDK_OUTDIR", str(folder / "cdk.out"))
        named = {"config": "lake.yaml", "contracts": "contracts", "placement": "placement.lock.json"}
        assert app.main([part for key, name in named.items() for part in (f"--{key}", str(folder / name))]) == 0
        self.files = {re.sub(r"^Dev(\w+)\w{8}\.template\.json$", r"\1", file.name): file for file in folder.rglob("*.template.json")}
        self.templates: dict[str, dict[str, Any]] = {name: json.loads(file.read_text()) for name, file in self.files.items()}
        manifest = json.loads((folder / "cdk.out" / "assembly-Dev" / "manifest.json").read_text())
        self.after = {
            stack["displayName"].removeprefix("Dev/").split(" ")[0]: set(stack.get("dependencies", []))
            for stack in manifest["artifacts"].values()
            if stack["type"] == "aws:cloudformation:stack"
        }

    def weight(self, name: str) -> Weight:
        """What the template of that stack really has."""
        return Weight(len(self.templates[name]["Resources"]), self.files[name].stat().st_size)

    def resources(self, name: str, kind: str) -> list[dict[str, Any]]:
        """Properties of the resources of one type in that stack."""
        return [one["Properties"] for one in self.templates[name]["Resources"].values() if one["Type"] == kind]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A hundred tables in ten products: more than one catalog stack."""
    folder = tmp_path_factory.mktemp("scale")
    write_lake(folder, tables=100, shape=SHAPES["narrow"], domains=4)
    with pytest.MonkeyPatch.context() as monkeypatch:
        return Built(folder, monkeypatch)


def hold_to_the_limits(lake: Built) -> None:
    """No template is even near a limit, and the estimates that keep it so are near what was written."""
    for name in lake.templates:
        assert lake.weight(name).share < CROWDED, (name, lake.weight(name))
    for number, part in lake.lock.by_stack(lake.contracts).items():
        estimate = sum((table_weight(table) for _, table in part.tables()), start=EMPTY_CATALOG)
        hold_to_the_estimate(lake.weight(numbered("MainCatalog", number)), estimate)
    for number, part in lake.lock.by_pipelines_stack(lake.contracts).items():
        hold_to_the_estimate(
            lake.weight(numbered("MainPipelines", number)), sum(map(pipeline_weight, part.contracts), start=EMPTY_PIPELINES)
        )
    declared = Counter(f"{contract.domain}.{table.name}" for contract, table in lake.contracts.tables())
    made = Counter(
        f"{table['DatabaseName']}.{table.get('TableInput', table)['Name']}"
        for name in lake.templates
        for table in lake.resources(name, "AWS::Glue::Table")
        if not table["DatabaseName"].endswith("_quarantine")
    )
    assert made == declared


def hold_to_the_estimate(real: Weight, estimate: Weight) -> None:
    """An estimate that is too low overfills stacks, one that is far too high refuses what could be deployed."""
    assert real.resources <= estimate.resources <= real.resources + 25
    assert 0.95 * real.size <= estimate.size <= 1.25 * real.size + 15_000


def numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}{number}"


def test_every_stack_fits(built: Built) -> None:
    """A lake of narrow tables, which fill stacks by resources."""
    assert {"MainCatalog", "MainCatalog2", "MainGrants", "MainGrants2", "MainPipelines"} <= built.templates.keys()
    hold_to_the_limits(built)


def tagged(lake: Built, name: str) -> set[str]:
    """The declared tables that a grants stack tags."""
    found = set()
    for part in lake.resources(name, "Custom::LakeFormationPermissions"):
        for entry in part.get("TagAssociations", []):
            table = entry["Resource"].get("Table")
            if table is not None and not table["DatabaseName"].endswith("_quarantine"):
                found.add(f"{table['DatabaseName']}.{table['Name']}")
    return found


def test_each_catalog_stack_has_grants_of_its_own(built: Built) -> None:
    """The grants stack of a number tags the tables of the catalog stack of that number, and no other; the first has the databases."""
    for number, part in built.lock.by_stack(built.contracts).items():
        own = {f"{contract.domain}.{table.name}" for contract, table in part.tables()}
        assert tagged(built, numbered("MainGrants", number)) == own
    databases = {
        name
        for name in built.templates
        for part in built.resources(name, "Custom::LakeFormationPermissions")
        if any("Database" in entry["Resource"] for entry in part.get("TagAssociations", []))
    }
    assert databases == {"MainGrants"}


def test_what_a_further_stack_waits_for(built: Built) -> None:
    """Its grants after its catalog and the account's grants; pipelines after all grants of their tables; access after every grant."""

    def waits(name: str) -> set[str]:
        return {re.sub(r"^Dev(\w+)\w{8}$", r"\1", one) for one in built.after[name] if not one.endswith(".assets")}

    assert waits("MainGrants2") >= {"MainCatalog2", "MainGrants"}
    assert "MainCatalog2" not in waits("MainGrants")
    assert waits("MainPipelines") >= {"MainGrants", "MainGrants2"}
    assert waits("AnalyticsAccess") >= {"MainGrants", "MainGrants2"}


def test_what_a_pipeline_takes_of_an_account(built: Built) -> None:
    """The numbers that the quotas of an account are reckoned with."""
    products = len(built.contracts.contracts)
    assert len(built.resources("MainPipelines", "AWS::IAM::Role")) == ROLES_PER_PIPELINE * products
    assert len(built.resources("MainPipelines", "AWS::IAM::ManagedPolicy")) == POLICIES_PER_PIPELINE * products
    assert len(built.resources("MainPipelines", "AWS::Events::Rule")) == products


def test_a_stack_that_lost_its_last_table_stays(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it held has to go from AWS, and `cdk deploy` does not touch a stack that the app no longer has."""
    write_lake(tmp_path, tables=2, per_product=1, shape=SHAPES["narrow"])
    contracts = load_contracts(tmp_path / "contracts", built.config)
    entries = PlacementLock().extend(contracts).entries
    lock = PlacementLock({key: replace(entry, stack=number) for number, (key, entry) in enumerate(entries.items(), start=1)})
    (tmp_path / "contracts" / "product_00001.odcs.yaml").unlink()
    left = Built(tmp_path, monkeypatch, lock)
    for name in ("MainCatalog2", "MainGrants2"):
        (only,) = left.templates[name]["Resources"].values()
        assert only["Type"] == "AWS::CloudFormation::WaitConditionHandle"


@pytest.mark.full
@pytest.mark.parametrize(("shape", "tables", "per_product"), [("usual", 1000, 10), ("mixed", 300, 3), ("nested", 200, 40), ("wide", 60, 6)])
def test_every_stack_of_a_large_lake_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str, tables: int, per_product: int
) -> None:
    """Whatever its tables look like and however they are spread over products."""
    write_lake(tmp_path, tables=tables, per_product=per_product, shape=SHAPES[shape])
    hold_to_the_limits(Built(tmp_path, monkeypatch))


@cache
def measured(folder: Path, tables: int) -> Any:
    """A synthesis of so many tables."""
    taken = run(folder / str(tables), tables=tables)
    assert written(folder / str(tables) / "cdk.out").most_bytes < CROWDED * limit(Quota.TEMPLATE_BYTES).value
    return taken


@pytest.mark.full
@pytest.mark.parametrize("tables", [250, 500])
def test_time_and_memory_grow_with_the_tables(tmp_path_factory: pytest.TempPathFactory, tables: int) -> None:
    """Twice as many tables take no more than about twice the time and memory."""
    folder = tmp_path_factory.getbasetemp()
    before, after = measured(folder, tables), measured(folder, 2 * tables)
    assert after.cpu / before.cpu < MOST_GROWTH
    assert after.rss / before.rss < MOST_GROWTH
