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


@pytest.fixture(scope="module")
def assembly(reference_dir: Path) -> Assembly:
    return read_assembly(reference_dir)


@pytest.fixture(scope="module")
def result(assembly: Assembly) -> CheckResult:
    return rules.check(Snapshot(assembly), all_rules())


def test_no_rule_complains_of_the_reference(result: CheckResult):
    assert [(each.rule, each.where, each.message) for each in result.findings] == []


def test_nor_with_what_estate_yaml_adds(assembly: Assembly):
    found = rules.check(Snapshot(assembly, supplement=CONFIG / "estate.yaml"), all_rules()).findings
    assert [(each.rule, each.where, each.message) for each in found] == []


def test_every_rule_has_something_to_look_at_in_the_reference(result: CheckResult):
    assert [each.rule for each in result.evidence if not each.looked_at] == []


def test_every_rule_has_a_mutation():
    assert set(MUTATIONS) == {rule.id for rule in all_rules()}


@pytest.mark.parametrize("rule", sorted(MUTATIONS))
def test_one_property_is_enough_to_fail_and_no_other_rule_says_the_same(rule: str, assembly: Assembly):
    mutation = MUTATIONS[rule]
    found = rules.check(Snapshot(mutation.apply(assembly)), all_rules()).findings
    assert {each.rule for each in found if each.is_open} == {rule, *mutation.also}
