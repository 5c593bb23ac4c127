"""What tests of several folders share: the reference lake, synthesized once by app.py as its users run it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.stacks.assembly import Lake, finish, read, start_app

if TYPE_CHECKING:
    from pathlib import Path

# A shared machine's pauses are no fault of the code; and a change is judged by the same examples each time, while laptops explore.
settings.register_profile("tests", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def reference_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assembly of `config/`, with the compliance packs and the built-in validation.

    Modules that use it belong to the xdist group `reference`, so that one worker alone pays for it.
    """
    outdir = tmp_path_factory.mktemp("reference") / "cdk.out"
    finish(start_app(outdir, validate=True))
    return outdir


@pytest.fixture(scope="session")
def reference(reference_dir: Path) -> Lake:
    """The reference as data. Do not change it; `copy.deepcopy` what you mutate."""
    return read(reference_dir)
