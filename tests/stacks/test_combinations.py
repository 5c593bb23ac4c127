"""Every pair of choices of `organization.baseline` gives a lake that the packs find nothing in, or is refused in words."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import Stack

from lakemodel.config.loader import read_config
from lakemodel.contracts.model import ContractSet
from lakemodel.locks.placement import PlacementLock
from stacks.organization.stage import OrganizationStage
from stacks.stages import EnvironmentStage
from tests.compliance import nag
from tests.support import new_app, resources, template
from tests.unit.config.support import document, findings, put, valid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


BASELINE = "organization.baseline."
CHOICES: dict[str, tuple[Any, ...]] = {
    "place_accounts": (True, False),
    "guardrails": ("create", "adopt"),
    "audit_trail": ("create", "adopt"),
    "threat_detection": ("create", "adopt"),
    "break_glass": ("create", "adopt"),
    "response": ("contain", "none", "dry_run"),
    "discover_sensitive_data": (False, True),
    "identity_center": ("ssoins-1234567890abcdef", None),
    "alerts": ("lake@example.com", None),
    "control_tower_controls": ([], ["AWS-GR_ENCRYPTED_VOLUMES"]),
    "elsewhere": (False, True),
}
"""What a key may be. `elsewhere`: an environment is in another Region than the organisation's home."""

Chosen = dict[str, Any]
CHOSEN: Chosen = {key: values[0] for key, values in CHOICES.items()}


def refused(chosen: Chosen) -> set[str]:
    """The codes of what has to be said against it."""
    said = {
        "config.discovery_without_detection": chosen["discover_sensitive_data"] and chosen["threat_detection"] == "adopt",
        "config.controls_without_units": chosen["control_tower_controls"] and not chosen["place_accounts"],
    }
    return {code for code, applies in said.items() if applies}


def every(choices: Mapping[str, tuple[Any, ...]]) -> Iterator[Chosen]:
    """Every combination."""
    yield from (dict(zip(choices, values, strict=True)) for values in product(*choices.values()))


def pairs(chosen: Chosen) -> set[tuple[tuple[str, str], ...]]:
    return set(combinations([(key, repr(value)) for key, value in chosen.items()], 2))


def covering() -> list[Chosen]:
    """Few combinations that are not refused and have every pair of choices that any such has."""
    allowed = [(chosen, pairs(chosen)) for chosen in every(CHOICES) if not refused(chosen)]
    open_pairs = set().union(*(found for _, found in allowed))
    rows = []
    while open_pairs:
        chosen, found = max(allowed, key=lambda each: len(each[1] & open_pairs))
        rows.append(chosen)
        open_pairs -= found
    return rows


def stated(chosen: Chosen) -> dict[str, Any]:
    """A small lake.yaml with these choices."""
    return put(
        put(valid(), {"organization.baseline": {"region": "eu-west-1", "root": "r-exam"}}),
        {
            **{BASELINE + key: value for key, value in chosen.items() if key != "elsewhere" and value is not None},
            **({"environments.prod.region": "eu-central-1"} if chosen["elsewhere"] else {}),
        },
    )


def test_every_combination_is_a_lake_or_refused_in_words() -> None:
    """All of them: what would have no effect is refused with what to do, everything else is a lake."""
    decisive = {key: values for key, values in CHOICES.items() if key not in {"alerts", "identity_center"}}
    for chosen in every(decisive):
        data, expected = stated({**chosen}), refused(chosen)
        if expected:
            said = findings(data)
            assert {finding.code for finding in said} == expected, chosen
            assert all(finding.remedy for finding in said)
        else:
            read_config(document(data))


def found_in(chosen: Chosen, outdir: Path, *, environments: bool) -> list[str]:
    """What the packs find in the organisation's stage, and in those of the environments."""
    app = new_app(outdir)
    config = read_config(document(stated(chosen)))
    OrganizationStage(app, "Organization", config=config)
    for name in config.environments if environments else ():
        EnvironmentStage.for_environment(app, name, config=config, contracts=ContractSet(contracts=()), placement=PlacementLock())
    return nag.findings(nag.report(app))


def test_an_organisation_that_keeps_everything_itself_has_nothing_to_find(tmp_path: Path) -> None:
    """Nothing is made that nobody uses, such as a bucket for access logs that no bucket writes."""
    keys = ("guardrails", "audit_trail", "threat_detection", "break_glass")
    nothing = {key: values[-1] for key, values in CHOICES.items()} | dict.fromkeys(keys, "adopt")
    nothing |= {"response": "none", "discover_sensitive_data": False, "control_tower_controls": []}
    assert found_in(nothing, tmp_path, environments=False) == []


def test_macie_looks_in_each_region_at_what_is_there(tmp_path: Path) -> None:
    """A job sees the buckets of its own Region alone, so that each Region has one, of the accounts with data in it."""
    config = read_config(document(stated(CHOSEN | {"discover_sensitive_data": True, "elsewhere": True})))
    stage = OrganizationStage(new_app(tmp_path), "Organization", config=config)
    looked_at = {
        stack.region: found["Properties"]["Accounts"]
        for stack in stage.node.children
        if isinstance(stack, Stack)
        for found in resources(template(stack), "Custom::MacieOrganization").values()
    }
    assert looked_at == {"eu-west-1": ["444444444401"], "eu-central-1": ["444444444421"]}


@pytest.mark.full
@pytest.mark.parametrize("chosen", covering(), ids=lambda chosen: "-".join(str(value) for value in chosen.values()))
def test_every_pair_of_choices_has_nothing_to_find(chosen: Chosen, tmp_path: Path) -> None:
    """Synthesized with the packs, environments too."""
    assert found_in(chosen, tmp_path, environments=True) == []
