"""Variants of one environment, built in process without packs and validation: quick, for tests that change what goes in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from lakemodel.config.loader import load_config
from lakemodel.contracts.loader import load_contracts
from lakemodel.locks.placement import PlacementLock
from stacks.stages import EnvironmentStage
from tests.stacks.assembly import Lake, read
from tests.support import ROOT, new_app

if TYPE_CHECKING:
    from pathlib import Path

    from lakemodel.config.model import LakeConfig
    from lakemodel.contracts.model import ContractSet

CONFIG = ROOT / "config"


@cache
def reference_config() -> LakeConfig:
    return load_config(CONFIG / "lake.yaml")


@cache
def reference_contracts() -> ContractSet:
    return load_contracts(CONFIG / "contracts", reference_config())


def reference_placement() -> PlacementLock:
    """The committed lock."""
    return PlacementLock.load(CONFIG / "placement.lock.json")


def build(
    outdir: Path,
    *,
    environment: str = "dev",
    config: LakeConfig | None = None,
    contracts: ContractSet | None = None,
    placement: PlacementLock | None = None,
) -> Lake:
    """One environment of the reference, with whatever is given instead of the reference's own."""
    config = reference_config() if config is None else config
    contracts = reference_contracts() if contracts is None else contracts
    placement = reference_placement() if placement is None else placement
    app = new_app(outdir)
    EnvironmentStage.for_environment(app, environment, config=config, contracts=contracts, placement=placement)
    app.synth()
    return read(outdir)
