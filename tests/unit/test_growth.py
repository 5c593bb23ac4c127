"""What is said of a lake that outgrows an account, and of none that does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bench.generated_lake import lake_yaml
from lakemodel import yaml_source
from lakemodel.config.loader import read_config
from lakemodel.contracts.model import ContractSet, DataContract, Schedule
from lakemodel.growth import growth_findings
from lakemodel.locks.placement import PlacementLock

if TYPE_CHECKING:
    from lakemodel.config.model import LakeConfig


def config(domains: int) -> LakeConfig:
    """A lake of so many domains."""
    return read_config(yaml_source.parse(lake_yaml(domains=domains).encode(), file="lake.yaml"))


def products(count: int) -> ContractSet:
    """So many products without tables, all in the first domain."""
    bare = DataContract(id="x", domain="domain_000", product="x", version="1.0.0", status="active", tables=(), file="x.odcs.yaml")
    return ContractSet(contracts=tuple(replace(bare, product=f"p{number:05d}") for number in range(count)))


def said(lake: LakeConfig, contracts: ContractSet) -> dict[str, bool]:
    """Codes of the findings, and whether each is an error."""
    placement = PlacementLock().extend(contracts)
    return {each.code.removeprefix("growth."): each.is_error for each in growth_findings(lake, contracts, placement, file="lake.yaml")}


@pytest.mark.parametrize(
    ("count", "codes"),
    [
        (295, set()),
        (300, {"account_managed_policies"}),
        (301, {"event_bus_rules", "account_managed_policies"}),
        (400, {"event_bus_rules", "account_roles", "account_managed_policies"}),
        (1001, {"event_bus_rules", "account_roles", "account_managed_policies", "account_glue_jobs"}),
    ],
)
def test_what_aws_raises_on_request_is_a_warning(count: int, codes: set[str]) -> None:
    """Each product has a rule, a job, roles and policies: beyond AWS's defaults the deployment would stop half way."""
    assert said(config(3), products(count)) == dict.fromkeys(codes, False)


def test_a_product_with_a_schedule_needs_no_rule() -> None:
    """It is not started by arrivals; 301 products without one would be a rule too many."""
    schedule = Schedule(at="02:30", time_zone="Europe/Berlin")
    many = replace(products(301), contracts=tuple(replace(one, schedule=schedule) for one in products(301).contracts))
    assert said(config(3), many) == {"account_managed_policies": False}


def test_databases_have_to_fit_into_one_stack() -> None:
    """Three databases a domain: 166 domains fit into 500 resources, one more does not."""
    assert said(config(166), products(1)) == {}
    assert said(config(167), products(1)) == {"domains": True}


def test_a_persona_cannot_name_more_domains_than_an_expression_takes() -> None:
    """A persona that reads all domains names none, and is never refused."""
    lake = config(60)
    name, persona = next((name, each) for name, each in lake.personas.items() if each.read.domains)
    for count, codes in ((50, {}), (51, {"persona_domains": True})):
        read = persona.read.model_copy(update={"domains": tuple(sorted(lake.domains)[:count])})
        changed = lake.model_copy(update={"personas": {**lake.personas, name: persona.model_copy(update={"read": read})}})
        assert said(changed, products(1)) == codes


def test_a_lake_is_judged_by_its_own_domains() -> None:
    """Products of domains that another lake has do not count."""
    lake = config(2)
    assert said(lake, replace(products(400), contracts=tuple(replace(one, domain="elsewhere") for one in products(400).contracts))) == {}
