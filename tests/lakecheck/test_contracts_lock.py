"""`lakecheck contracts lock`: what happens to ids when contracts, products and tables move, and how CI sees that none was taken back."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from lakemodel.contracts.loader import load_contracts
from lakemodel.locks.field_ids import load_lock
from tests.lakecheck.test_contracts_command import status
from tests.unit.contracts.support import document

if TYPE_CHECKING:
    from pathlib import Path


def put(folder: Path, name: str = "things.odcs.yaml", *columns: str, table: str = "thing", **top: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    properties = [{"name": one, "logicalType": "string"} for one in columns or ("a", "b")]
    path.write_text(json.dumps(document(properties, table={"name": table}, **top)))
    return path


def ids(path: Path, table: str = "thing") -> dict[str, int]:
    lock = load_lock(path)
    assert lock is not None
    return {name: one.id for name, one in lock.tables[table].fields.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one locked contract, whose ids are not those of a fresh numbering."""
    put(tmp_path / "contracts/sales")
    assert status("lock", tmp_path / "contracts", "--no-config") == 0
    put(tmp_path / "contracts/sales", "things.odcs.yaml", "new", "b")
    assert status("lock", tmp_path / "contracts", "--no-config") == 0
    assert ids(tmp_path / "contracts/sales/things.lock.json") == {"b": 2, "new": 3}
    return tmp_path / "contracts"


def test_refuses_fresh_ids_for_a_contract_that_left_its_lock(folder: Path, capsys: pytest.CaptureFixture[str]):
    """A renamed file: neither command numbers anew; moving the lock along settles it."""
    (folder / "sales/things.odcs.yaml").rename(folder / "sales/goods.odcs.yaml")
    assert status("lock", folder, "--no-config") == 1
    said = capsys.readouterr().err
    assert "the field ids of table thing stand in" in said
    assert "things.lock.json. Move that lock along with its contract" in said
    assert not (folder / "sales/goods.lock.json").exists()
    assert status("validate", folder, "--no-config") == 1
    assert "[contract.lock_elsewhere]" in capsys.readouterr().out
    (folder / "sales/things.lock.json").rename(folder / "sales/goods.lock.json")
    assert status("validate", folder, "--no-config") == 0
    assert ids(folder / "sales/goods.lock.json") == {"b": 2, "new": 3}


def test_finds_the_lock_in_another_folder(folder: Path):
    """The whole tree that the command was given is looked through."""
    (folder / "travel").mkdir()
    (folder / "sales/things.odcs.yaml").rename(folder / "travel/things.odcs.yaml")
    assert status("lock", folder, "--no-config") == 1
    assert status("validate", folder, "--no-config") == 1


def test_keeps_ids_of_a_contract_that_moved(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Asked to, it takes the ids over, and the lock that was left behind goes."""
    (folder / "sales/things.odcs.yaml").rename(folder / "sales/goods.odcs.yaml")
    assert status("lock", folder, "--no-config", "--keep-ids") == 0
    assert "thing: took its ids over from" in capsys.readouterr().out
    assert ids(folder / "sales/goods.lock.json") == {"b": 2, "new": 3}
    assert not (folder / "sales/things.lock.json").exists()
    assert status("lock", folder, "--no-config", "--check") == 0


def test_refuses_a_table_that_moved_to_another_contract(folder: Path):
    """Its ids stay with the table, and the lock it left keeps the rest."""
    both = [{"name": name, "properties": [{"name": "b", "logicalType": "string"}]} for name in ("thing", "other")]
    (folder / "sales/things.odcs.yaml").write_text(json.dumps(document(schema=both)))
    assert status("lock", folder, "--no-config") == 0
    (folder / "sales/things.odcs.yaml").write_text(json.dumps(document(schema=both[1:])))
    put(folder / "sales", "more.odcs.yaml", "b", dataProduct="more", id="more")
    assert status("lock", folder, "--no-config") == 1
    assert status("lock", folder, "--no-config", "--keep-ids") == 0
    assert ids(folder / "sales/more.lock.json") == {"b": 2}
    lock = load_lock(folder / "sales/things.lock.json")
    assert lock is not None
    assert set(lock.tables) == {"other"}


def test_same_names_in_two_domains_are_two_tables(folder: Path):
    """Another domain has another database: nothing is taken for a move."""
    put(folder / "travel", domain="travel", dataProduct="trips", id="trips")
    assert status("lock", folder, "--no-config") == 0
    assert ids(folder / "travel/things.lock.json") == {"a": 1, "b": 2}


def test_refuses_a_lock_of_another_product(folder: Path, capsys: pytest.CaptureFixture[str]):
    """A renamed product, or a lock copied along with a contract: said by both commands, settled by a word."""
    put(folder / "sales", "things.odcs.yaml", "new", "b", dataProduct="goods")
    assert status("lock", folder, "--no-config") == 1
    assert "holds the field ids of sales.things, and the contract is sales.goods" in capsys.readouterr().err
    assert status("validate", folder, "--no-config") == 1
    assert "[contract.lock_of_another]" in capsys.readouterr().out
    assert status("lock", folder, "--no-config", "--keep-ids") == 0
    assert status("validate", folder, "--no-config") == 0
    assert ids(folder / "sales/things.lock.json") == {"b": 2, "new": 3}


@pytest.mark.parametrize("spelled", ["relative", "absolute", "roundabout", "from elsewhere"])
def test_looks_through_the_whole_lake_however_a_path_is_written(
    folder: Path, spelled: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """One contract is given, and its lock stands in another folder of the same `config/contracts`."""
    lake = folder.parent / "config/contracts"
    lake.parent.mkdir()
    folder.rename(lake)
    (lake / "sales/new").mkdir()
    moved = (lake / "sales/things.odcs.yaml").rename(lake / "sales/new/things.odcs.yaml")
    monkeypatch.chdir(lake if spelled == "from elsewhere" else folder.parent)
    given = {
        "relative": moved.relative_to(folder.parent),
        "absolute": moved,
        "roundabout": "config/../config/contracts/sales/new/things.odcs.yaml",
        "from elsewhere": "sales/new/things.odcs.yaml",
    }[spelled]
    for options in ([], ["--check"]):
        assert status("lock", given, "--no-config", *options) == 1
        assert "the field ids of table thing stand in" in capsys.readouterr().err
    assert status("validate", given, "--no-config") == 1
    assert not (lake / "sales/new/things.lock.json").exists()
    assert status("lock", given, "--no-config", "--keep-ids") == 0
    assert ids(lake / "sales/new/things.lock.json") == {"b": 2, "new": 3}


def test_refuses_two_locks_of_one_table(folder: Path, capsys: pytest.CaptureFixture[str]):
    """However the second came about, by a lock of one folder alone or by a copy: no command builds on one of the two by chance."""
    (folder / "sales/new").mkdir()
    (folder / "sales/things.odcs.yaml").rename(folder / "sales/new/things.odcs.yaml")
    assert status("lock", folder / "sales/new", "--no-config") == 0
    assert ids(folder / "sales/new/things.lock.json") == {"b": 2, "new": 1}
    capsys.readouterr()
    for options in ([], ["--check"], ["--keep-ids"]):
        assert status("lock", folder, "--no-config", *options) == 1
        said = capsys.readouterr().err
        assert f"the field ids of table thing stand in {folder / 'sales/things.lock.json'} too" in said
        assert "Keep the ids that are deployed: take the table out of the other lock" in said
    assert status("validate", folder, "--no-config") == 1
    assert "[contract.locked_twice]" in capsys.readouterr().out
    assert [finding.code for finding in load_contracts(folder, None).findings if finding.is_error] == ["contract.locked_twice"]
    (folder / "sales/new/things.lock.json").unlink()
    assert status("lock", folder, "--no-config", "--keep-ids") == 0
    assert ids(folder / "sales/new/things.lock.json") == {"b": 2, "new": 3}
    assert status("validate", folder, "--no-config") == 0


def test_two_contracts_of_one_table_do_not_both_get_ids(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What one run writes, the rest of it knows."""
    put(tmp_path / "a")
    put(tmp_path / "b", "others.odcs.yaml", dataProduct="others")
    assert status("lock", tmp_path, "--no-config") == 1
    assert "the field ids of table thing stand in" in capsys.readouterr().err
    assert not (tmp_path / "b/others.lock.json").exists()


def test_a_link_is_followed_and_one_lock(folder: Path):
    """A lock that is kept elsewhere is written there, is no second one, and moves whole."""
    link, kept = folder / "sales/things.lock.json", folder / "kept.lock.json"
    link.rename(kept)
    link.symlink_to(kept)
    put(folder / "sales", "things.odcs.yaml", "new", "b", "c")
    assert status("lock", folder, "--no-config") == 0
    assert link.is_symlink()
    assert ids(kept) == {"b": 2, "new": 3, "c": 4}
    (folder / "sales/things.odcs.yaml").rename(folder / "sales/goods.odcs.yaml")
    assert status("lock", folder, "--no-config", "--keep-ids") == 0
    assert [one.name for one in sorted(folder.rglob("*.lock.json"))] == ["goods.lock.json"]


def test_a_renamed_table_is_a_new_one(folder: Path):
    """It starts at 1; the old name's ids stay, and are there when the name comes back."""
    put(folder / "sales", "things.odcs.yaml", "x", table="fresh")
    assert status("lock", folder, "--no-config") == 0
    assert ids(folder / "sales/things.lock.json", "fresh") == {"x": 1}
    put(folder / "sales", "things.odcs.yaml", "a", "b")
    assert status("lock", folder, "--no-config") == 0
    assert ids(folder / "sales/things.lock.json") == {"b": 2, "a": 4}


def test_refuses_when_a_lock_nearby_cannot_be_read(folder: Path):
    """Nobody knows whose ids it holds, so no table gets fresh ones."""
    (folder / "sales/things.odcs.yaml").rename(folder / "sales/goods.odcs.yaml")
    lock = folder / "sales/things.lock.json"
    lock.write_text("<<<<<<< ours\n" + lock.read_text())
    assert status("lock", folder, "--no-config", "--keep-ids") == 1
    assert not (folder / "sales/goods.lock.json").exists()


def test_says_what_to_do_after_a_bad_merge(folder: Path, capsys: pytest.CaptureFixture[str]):
    """The line of the conflict, and the way out of it; the file is left alone."""
    lock = folder / "sales/things.lock.json"
    lines = lock.read_text().splitlines()
    text = "\n".join([*lines[:6], "<<<<<<< HEAD", lines[6], "=======", lines[6], ">>>>>>> branch", *lines[7:]])
    lock.write_text(text)
    assert status("lock", folder, "--no-config") == 1
    said = capsys.readouterr().err
    assert f"{lock}:7: holds an unresolved merge conflict" in said
    assert "Take one side's file whole" in said
    assert lock.read_text() == text


def test_proves_that_a_lock_only_extends_an_older_one(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What CI asks for: more ids are fine, another id for a column is not, nor a lock that is gone and begun anew."""
    base = tmp_path / "base"
    shutil.copytree(folder, base)
    put(folder / "sales", "things.odcs.yaml", "new", "b", "more")
    assert status("lock", folder, "--no-config", "--against", base) == 0
    assert "1 table of it, each id where it was" in capsys.readouterr().out
    (folder / "sales/things.lock.json").unlink()
    assert status("lock", folder, "--no-config", "--against", base) == 1
    said = capsys.readouterr().err
    assert "things.lock.json: thing: new had id 3 and has 1, and no retired id 3 tells of it" in said
    (folder / "sales/things.lock.json").unlink()
    assert status("lock", folder, "--no-config", "--check", "--against", base) == 1
    assert "thing: its ids are in no lock any more" in capsys.readouterr().err


def test_follows_a_lock_that_moved(folder: Path, tmp_path: Path):
    """A comparison with an older state finds the table where it is now."""
    base = tmp_path / "base"
    shutil.copytree(folder, base)
    (folder / "sales/things.odcs.yaml").rename(folder / "sales/goods.odcs.yaml")
    assert status("lock", folder, "--no-config", "--keep-ids", "--against", base) == 0
    assert status("lock", folder, "--no-config", "--against", base / "sales/things.lock.json") == 0
    assert status("lock", folder, "--no-config", "--against", tmp_path / "nowhere") == 2


def test_says_what_stays_optional_and_what_to_rewrite(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A required column that comes later, and a column that goes after it stopped to partition."""
    a, b = ({"name": name, "logicalType": "string"} for name in "ab")
    for properties in ([a, b | {"partitioned": True}], [a, b], [a | {"required": True}]):
        (tmp_path / "things.odcs.yaml").write_text(json.dumps(document(properties)))
        assert status("lock", tmp_path, "--no-config") == 0
    said = capsys.readouterr().out
    assert "thing: a: required by the contract, optional in the table" in said
    assert "thing: b is gone, and files of the time when the table was partitioned by it may still be there" in said
