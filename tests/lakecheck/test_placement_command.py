"""`lakecheck contracts lock` keeps the placement lock as well: for the lake's own contracts, or where it is told to."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from lakecheck.cli import main
from lakemodel.locks.placement import PlacementLock
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the reference's configuration and contracts and no placement lock, as the current one."""
    shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("placement.lock.json"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config" / "placement.lock.json"


def test_the_lakes_own_contracts_get_their_places(lake: Path) -> None:
    """Made at first, left alone when it holds."""
    assert main(["contracts", "lock"]) == 0
    written = lake.read_text()
    assert len(PlacementLock.load(lake)) > 0
    assert main(["contracts", "lock", "config/contracts"]) == 0
    assert lake.read_text() == written


def test_other_contracts_leave_it_alone(lake: Path, tmp_path: Path) -> None:
    """A folder of somebody else's contracts retires none of the lake's tables, unless a lock is named."""
    main(["contracts", "lock"])
    written = lake.read_text()
    other = tmp_path / "theirs"
    shutil.copytree(tmp_path / "config" / "contracts" / "sales", other)
    assert main(["contracts", "lock", str(other)]) == 0
    assert lake.read_text() == written
    assert main(["contracts", "lock", str(other), "--placement", str(other / "placement.lock.json")]) == 0
    assert set(PlacementLock.load(other / "placement.lock.json").entries) < set(PlacementLock.load(lake).entries)


def test_check_writes_nothing_and_fails_when_a_table_has_no_place(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is missing is said with the remedy."""
    assert main(["contracts", "lock", "--check"]) == 1
    assert not lake.exists()
    assert "does not hold all tables" in capsys.readouterr().err


def test_a_corrupt_lock_is_refused_and_kept(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is overwritten that cannot be read."""
    lake.write_text("{\n<<<<<<< HEAD\n}\n")
    assert main(["contracts", "lock"]) == 1
    assert lake.read_text() == "{\n<<<<<<< HEAD\n}\n"
    assert "placement.lock.json:2" in capsys.readouterr().err


def test_the_committed_locks_hold_the_committed_contracts(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody forgot to lock a contract before committing it."""
    shutil.copy(ROOT / "config" / "placement.lock.json", lake)
    assert main(["contracts", "lock", "--check"]) == 0
    assert "config/placement.lock.json: holds" in capsys.readouterr().out


def test_the_reference_has_a_place_for_every_table() -> None:
    """The committed lock holds all committed contracts; this pins where the reference's tables live."""
    lock = PlacementLock.load(ROOT / "config" / "placement.lock.json")
    assert {key: (entry.stack, entry.logical_id) for key, entry in lock.entries.items()} == {
        "sales/customers/customers": (1, "TableSalesCustomersCustomers11B27F11"),
        "sales/orders/orders": (1, "TableSalesOrdersOrders3D9F50CF"),
        "travel/airports/airports": (1, "TableTravelAirportsAirportsED6F907E"),
        "travel/routes/routes": (1, "TableTravelRoutesRoutes6CB41358"),
    }
