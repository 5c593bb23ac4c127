"""The assemblies that several modules look at, each synthesized once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakecheck.assembly import Assembly, read_assembly
from tests.lakecheck.assemblies import synthesize_canary, synthesize_lake

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def lake_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake") / "cdk.out"
    synthesize_lake(folder)
    return folder


@pytest.fixture(scope="session")
def lake(lake_dir: Path) -> Assembly:
    return read_assembly(lake_dir)


@pytest.fixture(scope="session")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    folder = tmp_path_factory.mktemp("canary") / "cdk.out"
    synthesize_canary(folder)
    return read_assembly(folder)
