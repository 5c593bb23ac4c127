"""What the tour shows happens: each edit it asks for brings out the words that it prints."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

import app
from lakecheck import cli
from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TOUR = ROOT / "examples" / "tour"
EMAIL, CLASS = "      - name: email\n", "        classification: restricted\n"
RETENTION, LONG, SHORT = "  - property: retention\n", "    value: 10\n", "    value: 1\n"
TOTAL, WAS, IS = "      - name: total\n", "        classification: internal\n", "        classification: confidential\n"


def replaced(text: str, after: str, old: str, new: str) -> str:
    """`text` with the first `old` behind `after` replaced."""
    before, marker, rest = text.partition(after)
    assert marker
    assert old in rest
    return before + marker + rest.replace(old, new, 1)


def undated(text: str) -> str:
    """The text without the day on which it was printed."""
    return re.sub(r"as of \d{4}-\d\d-\d\d", "as of DAY", text)


def templates(assembly: Path) -> dict[str, str]:
    """Every template of an assembly by its path in it."""
    return {path.relative_to(assembly).as_posix(): path.read_text() for path in assembly.rglob("*.template.json")}


def synthesize(contracts: Path, outdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reference with other contracts, in this process, which has a warm Node; the tour asks about access afterwards."""
    monkeypatch.setenv("CDK_OUTDIR", str(outdir))
    assert app.main(["--contracts", str(contracts), "--access", str(outdir / "no-invariants.yaml")]) == 0
    return outdir


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the configuration to break, as the working directory."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config"


def test_lost_class(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Personal data without a class is refused, with the words of the tour."""
    contract = copy / "contracts" / "sales" / "customers.odcs.yaml"
    contract.write_text(replaced(contract.read_text(), EMAIL, CLASS, ""))
    assert cli.main(["contracts", "validate", "config/contracts/sales"]) == 1
    assert capsys.readouterr().out == (TOUR / "lost-class.txt").read_text()


def test_account_twice(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An account with two parts to play is refused, with the words of the tour."""
    config = copy / "lake.yaml"
    config.write_text(replaced(config.read_text(), "  staging:\n", '"444444444412"', '"444444444402"'))
    assert cli.main(["config", "validate"]) == 1
    printed = capsys.readouterr()
    assert printed.out + printed.err == (TOUR / "account-twice.txt").read_text()


@pytest.mark.xdist_group("reference")
def test_changed_class(
    copy: Path, reference_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A column that changes its class changes the grants' templates and no other, and who reads it, as the tour says."""
    contract = copy / "contracts" / "sales" / "orders.odcs.yaml"
    contract.write_text(replaced(contract.read_text(), TOTAL, WAS, IS))
    outdir = synthesize(copy / "contracts", tmp_path / "cdk.out", monkeypatch)
    before, after = templates(reference_dir), templates(outdir)
    assert before.keys() == after.keys()
    changed = {f"cdk.base/{name}" for name in before if before[name] != after[name]}
    shown = {line.split()[1] for line in (TOUR / "changed-class.txt").read_text().splitlines()}
    assert changed == shown
    assert cli.main(["access", "diff", str(reference_dir), str(outdir)]) == 0
    assert undated(capsys.readouterr().out) == undated((TOUR / "access-loss.txt").read_text())
    assert cli.main(["access", "diff", str(outdir), str(reference_dir)]) == 1
    assert undated(capsys.readouterr().out) == undated((TOUR / "access-gain.txt").read_text())


@pytest.mark.xdist_group("reference")
def test_shorter_retention(
    copy: Path, reference_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Data that would be deleted sooner is refused, with the words of the tour; the way back loses nothing."""
    contract = copy / "contracts" / "sales" / "orders.odcs.yaml"
    contract.write_text(replaced(contract.read_text(), RETENTION, LONG, SHORT))
    outdir = synthesize(copy / "contracts", tmp_path / "cdk.out", monkeypatch)
    assert cli.main(["upgrade", str(reference_dir), str(outdir)]) == 1
    assert undated(capsys.readouterr().out) == undated((TOUR / "shorter-retention.txt").read_text())
    assert cli.main(["upgrade", str(outdir), str(reference_dir)]) == 0


@pytest.mark.xdist_group("reference")
@pytest.mark.usefixtures("copy")
def test_who_reads_what(reference_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The matrix of the tour is that of the reference, and its invariants are proved."""
    asked = ["--environment", "Prod", "--table", "sales.*", "--principal", "*Analyst"]
    assert cli.main(["access", str(reference_dir), *asked]) == 0
    assert capsys.readouterr().out == (TOUR / "access.txt").read_text()
    assert cli.main(["access", "check", str(reference_dir)]) == 0
    assert "REFUTED 0   UNKNOWN 0" in capsys.readouterr().out
