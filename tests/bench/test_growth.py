"""Time and memory of a synthesis grow with the number of tables, and no faster. It takes too long for every run: `make test-full`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from bench.measuring import Measurement, measure

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.full

TABLES = (1, 800, 1600)
MOST = 1.3
"""How much more the second half of the tables may take than the first: a machine that does other things as well is not exact."""


def least(folder: Path, tables: int) -> Measurement:
    """The least of two runs, which other work on the machine disturbed least."""
    command = [sys.executable, "bench/python_lake.py", str(tables), str(folder / str(tables)), "cdk.json"]
    return min((measure(command) for _ in range(2)), key=lambda taken: taken.cpu)


def test_the_second_half_of_the_tables_takes_no_longer_than_the_first(tmp_path: Path) -> None:
    """Twice as many take twice as much, but for what starting takes; were it four times, the second half would take three times as much."""
    none, half, all_of_them = (least(tmp_path, tables) for tables in TABLES)
    assert all_of_them.cpu - half.cpu < MOST * (half.cpu - none.cpu)
    assert all_of_them.rss - half.rss < MOST * (half.rss - none.rss)
