"""What several tests of the reference share besides itself: the reference without an organisation of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stacks.pinned import alone

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake


@pytest.fixture(scope="session")
def without_baseline(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Prod with a trail and a detector in each account. Do not change it."""
    return alone(tmp_path_factory.mktemp("alone") / "cdk.out")
