"""Where things live does not depend on how, where or beside what they are declared."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakemodel.contracts.loader import load_contracts
from lakemodel.locks.placement import PlacementLock
from tests.stacks.assembly import finish, start_app
from tests.stacks.building import CONFIG, build, reference_config, reference_contracts, reference_placement
from tests.stacks.renaming import MOVED, PREFIX, refactored

if TYPE_CHECKING:
    from pathlib import Path

    from lakemodel.contracts.model import ContractSet
    from tests.stacks.assembly import Lake

pytestmark = pytest.mark.xdist_group("reference")


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reference once more: refactored, in another folder, from another working directory, with another hash seed, not validated."""
    folder = tmp_path_factory.mktemp("again")
    source = refactored(folder / "moved")
    finish(start_app(folder / "out", root=source, cwd=folder, PYTHONHASHSEED="4242"))
    return {"out": folder / "out", "source": source}


def written(outdir: Path) -> dict[str, bytes]:
    """What is deployed: every template, and which assets are published."""
    files = [*outdir.rglob("*.template.json"), *outdir.rglob("*.assets.json")]
    return {str(file.relative_to(outdir)): file.read_bytes() for file in files}


def test_nothing_but_what_is_declared_changes_what_is_written(reference_dir: Path, again: dict[str, Path]) -> None:
    """Templates and assets are the same bytes from another folder, working directory and hash seed, and without validation.

    Ids come from construct ids alone, too: every class of stacks and constructs is renamed there, and four modules have moved.
    """
    assert len(written(reference_dir)) == 2 * (3 * 13 + 6)
    assert written(again["out"]) == written(reference_dir)


def test_the_refactoring_was_one(again: dict[str, Path]) -> None:
    """What was synthesized last had no class and no module left under the old name."""
    for before, after in MOVED.items():
        assert not (again["source"] / before).exists()
        assert (again["source"] / after).exists()
    text = (again["source"] / "stacks" / "environments.py").read_text()
    assert f"class {PREFIX}EnvironmentStage(Stage)" in text
    assert not re.search(r"\bclass (?!Renamed)", text)


PERMISSIONS_PART = re.compile(r"^(Permissions|Tables)Part\d\d[0-9A-F]{8}$")
"""The custom resource of some catalog objects' grants and tags: which one an object has follows from its name alone."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """One environment as it is."""
    return build(tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def with_another(tmp_path_factory: pytest.TempPathFactory) -> ContractSet:
    """The reference's contracts and one more, which sorts before all others."""
    folder = tmp_path_factory.mktemp("contracts") / "contracts"
    shutil.copytree(CONFIG / "contracts", folder)
    routes = (folder / "travel" / "routes.odcs.yaml").read_text()
    for old, new in {"dataProduct: routes": "dataProduct: aaa", "2d7733": "2d0000", "name: routes": "name: aaa"}.items():
        assert old in routes
        routes = routes.replace(old, new)
    (folder / "travel" / "aaa.odcs.yaml").write_text(routes)
    contracts = load_contracts(folder, reference_config())
    assert not contracts.refused
    assert contracts.contracts[2].key == "travel.aaa"
    return contracts


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, with_another: ContractSet) -> Lake:
    """The same environment with that product."""
    return build(tmp_path_factory.mktemp("grown"), contracts=with_another, placement=reference_placement().extend(with_another))


def without_shared(name: str, resource: dict[str, Any]) -> dict[str, Any]:
    """A resource of one stack without what all products share there: rules, grants, graphs are added to it, see the test."""
    shared = {
        "MainStorage": {"LifecycleConfiguration"},
        "MainGrants": {"Grants", "TagAssociations"},
        "MainPipelines": {"Grants", "DashboardBody"},
    }.get(name, set())
    properties = {key: value for key, value in resource["Properties"].items() if key not in shared}
    # The parts of a CatalogPermissions are made one after the other, so that one that gets its first entry stands before later ones.
    before = [one for one in resource.get("DependsOn", []) if not PERMISSIONS_PART.match(one)]
    return {**resource, "Properties": properties, "DependsOn": before}


def test_a_new_product_leaves_everything_else_where_and_as_it_is(before: Lake, grown: Lake) -> None:
    """It sorts first and still gets the last place; only lifecycle rules, grants, tags and dashboards of what is shared grow."""
    assert grown.stacks.keys() == before.stacks.keys()
    changed: dict[str, set[str]] = {}
    for stack, logical_id, resource in before.resources():
        now = grown.stacks[stack.path].resources[logical_id]
        assert without_shared(stack.name, now) == without_shared(stack.name, resource), f"{stack.path}/{logical_id}"
        if now != resource:
            changed.setdefault(stack.name, set()).add(resource["Type"])
    assert changed == {
        "MainStorage": {"AWS::S3::Bucket"},
        "MainGrants": {"Custom::LakeFormationPermissions"},
        "MainPipelines": {"Custom::LakeFormationPermissions", "AWS::CloudWatch::Dashboard"},
    }
    new = {
        stack.name
        for stack, logical_id, _ in grown.resources()
        if logical_id not in before.stacks[stack.path].resources and not PERMISSIONS_PART.match(logical_id)
    }
    assert new == {"MainCatalog", "MainPipelines"}


def test_what_a_new_product_adds_to_shared_resources_takes_nothing_away(before: Lake, grown: Lake) -> None:
    """Every lifecycle rule, grant and tag association that was there still is."""
    for stack, logical_id, bucket in before.resources("AWS::S3::Bucket"):
        now = grown.stacks[stack.path].resources[logical_id]["Properties"]["LifecycleConfiguration"]["Rules"]
        assert [rule for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"] if rule not in now] == []
    for stack, logical_id, kept in before.resources("Custom::LakeFormationPermissions"):
        now = grown.stacks[stack.path].resources[logical_id]["Properties"]
        for key in ("Grants", "TagAssociations"):
            assert [each for each in kept["Properties"].get(key, []) if each not in now.get(key, [])] == [], (logical_id, key)


def test_a_product_that_comes_back_finds_its_place(tmp_path: Path, before: Lake) -> None:
    """Removed, its table keeps the place in the lock, others that come meanwhile get another; and back it is where it was."""
    everything = reference_contracts()
    fewer = replace(everything, contracts=tuple(each for each in everything.contracts if each.key != "sales.orders"))
    lock = reference_placement().extend(fewer)
    assert lock.entries["sales/orders/orders"].retired
    gone = build(tmp_path / "gone", contracts=fewer, placement=lock)
    back = build(tmp_path / "back", contracts=everything, placement=lock.extend(everything))
    lost = before.stacks["Dev/MainCatalog"].resources.keys() - gone.stacks["Dev/MainCatalog"].resources.keys()
    assert lost == {f"TableSalesOrdersOrders3D9F50CF{part}" for part in ("", "Quarantine", "Compaction", "Retention", "OrphanFiles")}
    assert {path: stack.template for path, stack in back.stacks.items()} == {path: stack.template for path, stack in before.stacks.items()}


def test_the_committed_lock_has_every_table() -> None:
    """Synthesizing the reference computes no place: it would be another one after the next change."""
    lock = reference_placement()
    assert isinstance(lock, PlacementLock)
    assert lock.extend(reference_contracts()) == lock
    assert not lock.findings(reference_contracts())
