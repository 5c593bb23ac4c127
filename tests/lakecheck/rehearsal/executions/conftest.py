"""What tests share of the session's emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lakecheck.rehearsal.executions.world import World

if TYPE_CHECKING:
    from lakecheck.rehearsal.emulator.process import Emulator


@pytest.fixture
def world(emulator: Emulator) -> World:
    """Names of a test's own in the shared account."""
    return World(emulator)
