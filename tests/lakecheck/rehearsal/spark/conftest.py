"""moto as a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lakecheck.rehearsal.spark.emulated import Emulated

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulated]:
    """Emulated services. Each test makes buckets of its own."""
    emulated = Emulated()
    yield emulated
    emulated.stop()
