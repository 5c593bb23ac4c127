"""No rule complains of the reference; each has something in it to look at, and sees one property of it that changes, and no other does."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakecheck.assembly import read_assembly
from lakecheck.checks import rules
from lakecheck.rules import all_rules
from lakecheck.snapshot import Snapshot
from tests.lakecheck.rules import mutations
from tests.stacks.pinned import alone

if TYPE_CHECKING:
    from lakecheck.assembly import Assembly
    from lakecheck.checks import CheckResult
    from tests.lakecheck.rules.mutations.model import Mutation

CONFIG = Path(__file__).parents[3] / "config"

pytestmark = pytest.mark.xdist_group("reference")


def _all_mutations() -> dict[str, Mutation]:
    modules = [importlib.import_module(f"{mutations.__name__}.{found.name}") for found in pkgutil.iter_modules(mutations.__path__)]
    return {rule: mutation for module in modules for rule, mutation in getattr(module, "MUTATIONS", {}).items()}


MUTATIONS = _all_mutations()
OF_AN_OWN_TRAIL = {
    *("audit.detector_without_s3", "audit.lake_not_trailed", "audit.trail_excludes", "audit.trail_logs_itself"),
    "encryption.trail_key_usable",
}
"""Rules about what an account has only where the organisation does not provide it."""


@pytest.fixture(scope="module")
def assembly(reference_dir: Path) -> Assembly:
    return read_assembly(reference_dir)


@pytest.fixture(scope="module")
def result(assembly: Assembly) -> CheckResult:
    return rules.check(Snapshot(assembly), all_rules())


@pytest.fixture(scope="module")
def without_baseline(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Prod where nothing is made of the organisation: each account has a trail and a detector of its own."""
    folder = tmp_path_factory.mktemp("alone") / "cdk.out"
    alone(folder)
    return read_assembly(folder)


def opened(found: CheckResult) -> list[tuple[str, str, str]]:
    return [(each.rule, str(each.where), each.message) for each in found.findings if each.is_open]


def test_no_rule_complains_of_the_reference(result: CheckResult):
    assert opened(result) == []


def test_nor_of_an_environment_without_the_organisation(without_baseline: Assembly):
    assert opened(rules.check(Snapshot(without_baseline), all_rules())) == []


def test_one_finding_is_acknowledged(result: CheckResult):
    """Auditors' table stands in no registered location, so that whoever administers Lake Formation cannot open it."""
    acknowledged = [(each.rule, each.where) for each in result.findings if not each.is_open]
    assert [rule for rule, _ in acknowledged] == ["lake_formation.unregistered_location"]
    assert "Organization/LogArchive" in str(acknowledged[0][1])


def test_nor_with_what_estate_yaml_adds(assembly: Assembly):
    assert opened(rules.check(Snapshot(assembly, supplement=CONFIG / "estate.yaml"), all_rules())) == []


def test_every_rule_has_something_to_look_at_in_the_reference(result: CheckResult, without_baseline: Assembly):
    alone_too = rules.check(Snapshot(without_baseline), all_rules())
    seen = {each.rule for found in (result, alone_too) for each in found.evidence if each.looked_at}
    assert seen == {each.rule for each in result.evidence}


def test_every_rule_has_a_mutation():
    assert set(MUTATIONS) == {rule.id for rule in all_rules()}


@pytest.mark.parametrize("rule", sorted(MUTATIONS))
def test_one_property_is_enough_to_fail_and_no_other_rule_says_the_same(rule: str, assembly: Assembly, without_baseline: Assembly):
    mutation = MUTATIONS[rule]
    found = rules.check(Snapshot(mutation.apply(without_baseline if rule in OF_AN_OWN_TRAIL else assembly)), all_rules()).findings
    assert {each.rule for each in found if each.is_open} == {rule, *mutation.also}
