"""`lakecheck contracts lock` keeps the placement lock as well: for the lake's own contracts, or where it is told to."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from bench.generated_lake import SHAPES, write_lake
from lakecheck.cli import main
from lakemodel.locks.placement import PlacementLock
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def placement_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the reference's configuration and contracts and no placement lock, as the current one."""
    shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("placement.lock.json"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config" / "placement.lock.json"


def test_the_lakes_own_contracts_get_their_places(placement_file: Path) -> None:
    """Made at first, left alone when it holds."""
    assert main(["contracts", "lock"]) == 0
    written = placement_file.read_text()
    assert len(PlacementLock.load(placement_file)) > 0
    assert main(["contracts", "lock", "config/contracts"]) == 0
    assert placement_file.read_text() == written


def test_other_contracts_leave_it_alone(placement_file: Path, tmp_path: Path) -> None:
    """A folder of somebody else's contracts retires none of the lake's tables, unless a lock is named."""
    main(["contracts", "lock"])
    written = placement_file.read_text()
    other = tmp_path / "theirs"
    shutil.copytree(tmp_path / "config" / "contracts" / "sales", other)
    assert main(["contracts", "lock", str(other)]) == 0
    assert placement_file.read_text() == written
    assert main(["contracts", "lock", str(other), "--placement", str(other / "placement.lock.json")]) == 0
    assert set(PlacementLock.load(other / "placement.lock.json").entries) < set(PlacementLock.load(placement_file).entries)


def test_check_writes_nothing_and_fails_when_a_table_has_no_place(placement_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is missing is said with the remedy."""
    assert main(["contracts", "lock", "--check"]) == 1
    assert not placement_file.exists()
    assert "does not hold all tables" in capsys.readouterr().err


def test_a_corrupt_lock_is_refused_and_kept(placement_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is overwritten that cannot be read."""
    placement_file.write_text("{\n<<<<<<< HEAD\n}\n")
    assert main(["contracts", "lock"]) == 1
    assert placement_file.read_text() == "{\n<<<<<<< HEAD\n}\n"
    assert "placement.lock.json:2" in capsys.readouterr().err


def test_the_committed_locks_hold_the_committed_contracts(placement_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody forgot to lock a contract before committing it."""
    shutil.copy(ROOT / "config" / "placement.lock.json", placement_file)
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


def spoilt(placement_file: Path, key: str, count: int) -> None:
    """A lake of so many products with the lock as a merge of many branches could leave it: everything in the first stack."""
    shutil.rmtree(placement_file.parent)
    write_lake(placement_file.parent, tables=count, per_product=1, shape=SHAPES["narrow"])
    main(["contracts", "lock"])
    lines = placement_file.read_text().splitlines()
    moved = [re.sub('"stack": [0-9]+', '"stack": 1', line) if line.count("/") == key.count("/") else line for line in lines]
    placement_file.write_text("\n".join([*moved, ""]))


@pytest.mark.parametrize(("key", "kind"), [("domain/product/table", "catalog"), ("domain/product", "pipelines")])
def test_validate_finds_what_a_merge_put_into_one_stack(
    placement_file: Path, capsys: pytest.CaptureFixture[str], key: str, kind: str
) -> None:
    """Branches that each filled the same stack merge line by line; it is said here, with what to do, and not by CloudFormation."""
    spoilt(placement_file, key, 110)
    capsys.readouterr()
    assert main(["contracts", "validate", "config/contracts"]) == 1
    told = capsys.readouterr().out
    assert "config/placement.lock.json: refused" in told
    assert f"{kind} stack 1 of lake main has" in told
    assert "Take the lines of" in told
    (line,) = [line for line in told.splitlines() if "placement.crowded_stack" in line and "ERROR" in line]
    assert kind in line


def test_validate_says_nothing_of_a_lock_that_holds(placement_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor of one that is not there, or of contracts that are not the lake's own."""
    for paths in (["config/contracts"], ["config/contracts/sales", "--placement", "config/placement.lock.json"]):
        assert main(["contracts", "validate", *paths]) == 0
    main(["contracts", "lock"])
    capsys.readouterr()
    assert main(["contracts", "validate", "config/contracts"]) == 0
    assert "placement.lock.json" not in capsys.readouterr().out


def test_validate_refuses_a_corrupt_lock(placement_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the line, as every other command does."""
    placement_file.write_text("{\n<<<<<<< HEAD\n}\n")
    assert main(["contracts", "validate", "config/contracts"]) == 1
    assert "found a merge conflict" in capsys.readouterr().out
