"""One emulator for all tests of a session that need one; each test takes accounts of its own, or names of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakecheck.rehearsal.emulator.process import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A started emulator. Nobody may kill it, or set faults and leave them."""
    with Emulator(folder=tmp_path_factory.mktemp("emulator")) as started:
        yield started
