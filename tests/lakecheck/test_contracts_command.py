"""`lakecheck contracts`: what it prints, how it ends, what it writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lakecheck.cli import main
from tests.unit.contracts.support import CONTRACTS, CORPUS, ROOT, document

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = ["--config", str(ROOT / "config/lake.yaml")]


def status(*arguments: str | Path) -> int:
    """Runs the command in this process."""
    try:
        return int(main(["contracts", *map(str, arguments)]) or 0)
    except SystemExit as leaving:
        return int(leaving.code or 0)


def put(folder: Path, name: str = "a.odcs.yaml", **top: object) -> Path:
    path = folder / name
    path.write_text(json.dumps(document(**top)))
    return path


def test_passes_the_reference(capsys: pytest.CaptureFixture[str]):
    """Exit 0, with each product and table and a summary."""
    assert status("validate", CONTRACTS, *REFERENCE) == 0
    said = capsys.readouterr().out
    assert "sales.orders 1.0.0" in said
    assert "orders: 9 columns, Iceberg, partitioned by month(ordered_at), restricted" in said
    assert "4 products with 4 tables and 42 columns; 0 refused; 0 errors, 0 warnings" in said


def test_fails_with_file_line_path_and_remedy(capsys: pytest.CaptureFixture[str]):
    """Exit 1 when a contract is refused."""
    assert status("validate", CORPUS / "typos.odcs.yaml", "--no-config") == 1
    said = capsys.readouterr().out
    assert "ERROR :11 schema.t.properties.a.clasification: unknown key 'clasification', did you mean 'classification'." in said
    assert "[contract.schema]" in said


def test_prints_json_that_a_machine_reads(capsys: pytest.CaptureFixture[str]):
    """Contracts, refused files, findings and counts."""
    assert status("validate", CORPUS / "mysql.odcs.yaml", CORPUS / "typos.odcs.yaml", "--no-config", "--format", "json") == 1
    said = json.loads(capsys.readouterr().out)
    assert [contract["product"] for contract in said["contracts"]] == ["sales.articles"]
    assert said["contracts"][0]["tables"][0]["columns"][0] == {
        "name": "id",
        "source_name": "id",
        "type": "decimal(20,0)",
        "classification": "restricted",
        "required": True,
        "checks": 1,
    }
    assert said["refused"] == [str(CORPUS / "typos.odcs.yaml")]
    assert said["summary"]["errors"] == 7
    assert {"severity", "code", "file", "line", "path", "message", "remedy"} == set(said["findings"][0])


def test_works_without_a_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Built-in rules, and it says so."""
    monkeypatch.chdir(tmp_path)
    put(tmp_path, domain="anything")
    assert status("validate", "a.odcs.yaml") == 0
    assert "built-in rules (no lake.yaml)" in capsys.readouterr().out


def test_finds_the_lake_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """config/lake.yaml holds when it is there, and can be left aside."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/lake.yaml").write_text((ROOT / "config/lake.yaml").read_text())
    put(tmp_path, domain="anything")
    assert status("validate", "a.odcs.yaml") == 1
    assert "missing_domain" in capsys.readouterr().out
    assert status("validate", "a.odcs.yaml", "--no-config") == 0


def test_tells_of_a_persona_that_no_contract_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Of a folder, not of a file: what the other files say is not known then."""
    config = tmp_path / "lake.yaml"
    read = "read: { zones: [curated], classifications: [public], products: named }"
    persona = f"  nobody: {{ principal: {{ permission_set: Nobody }}, account: analytics, {read} }}"
    config.write_text((ROOT / "config/lake.yaml").read_text().replace("\npersonas:\n", f"\npersonas:\n{persona}\n"))
    folder = tmp_path / "contracts"
    folder.mkdir()
    assert status("validate", put(folder), "--config", config) == 0
    assert "nobody" not in capsys.readouterr().out
    assert status("validate", folder, "--config", config) == 0
    assert "no contract here names the persona nobody among its roles" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [
    ["validate", "nowhere"], ["validate"], ["validate", ".", "--format", "xml"], ["validate", "x", "--config", "nowhere.yaml"],
    ["validate", "empty"], ["lock", "nowhere"], ["validate", "a.odcs.yaml", "--config", "x", "--no-config"],
])  # fmt: skip
def test_ends_with_2_when_called_wrongly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]):
    """Misuse is no finding about a contract."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    put(tmp_path)
    assert status(*arguments) == 2


def test_locks_once_and_then_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The second run changes nothing; --check writes nothing."""
    path = put(tmp_path)
    assert status("lock", path, "--no-config", "--check") == 1
    assert not (tmp_path / "a.lock.json").exists()
    assert status("lock", tmp_path, "--no-config") == 0
    first = (tmp_path / "a.lock.json").read_bytes()
    assert "thing: 1 new id" in capsys.readouterr().out
    assert status("lock", path, "--no-config") == 0
    assert status("lock", path, "--no-config", "--check") == 0
    assert (tmp_path / "a.lock.json").read_bytes() == first
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.lock.json", "a.odcs.yaml"]


def test_locks_nothing_of_a_refused_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """An error leaves the lock as it is."""
    put(tmp_path, statuss="x")
    assert status("lock", tmp_path, "--no-config") == 1
    assert "statuss" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["a.odcs.yaml"]


def test_refuses_to_lock_a_change_that_loses_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A type that cannot change in place leaves the lock untouched."""
    put(tmp_path)
    assert status("lock", tmp_path, "--no-config") == 0
    before = (tmp_path / "a.lock.json").read_bytes()
    put(tmp_path, schema=[{"name": "thing", "properties": [{"name": "a", "logicalType": "date"}]}])
    assert status("lock", tmp_path, "--no-config") == 1
    assert "was string and is now date" in capsys.readouterr().err
    assert (tmp_path / "a.lock.json").read_bytes() == before


def test_holds_the_reference_locks():
    """The committed locks are what the command would write."""
    assert status("lock", CONTRACTS, *REFERENCE, "--check") == 0
