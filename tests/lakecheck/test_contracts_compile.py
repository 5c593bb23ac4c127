"""`lakecheck contracts compile`: what the ingestion job takes as --spec, and what it says when it cannot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from constructs_lib.runtime.ingestion.spec import parse_spec
from lakecheck.cli import main
from tests.unit.contracts.support import CONTRACTS, CORPUS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

AIRPORTS = CONTRACTS / "travel" / "airports.odcs.yaml"
REFERENCE = ["--config", str(ROOT / "config/lake.yaml")]


def status(*arguments: str | Path) -> int:
    """Runs the command in this process."""
    try:
        return int(main(["contracts", "compile", *map(str, arguments)]) or 0)
    except SystemExit as leaving:
        return int(leaving.code or 0)


def test_the_job_reads_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every table of the product; one alone when it is named."""
    assert status(AIRPORTS, *REFERENCE) == 0
    several = capsys.readouterr().out
    assert status(AIRPORTS, "--table", "airports", *REFERENCE) == 0
    one = capsys.readouterr().out
    assert parse_spec(several, "airports") == parse_spec(one)
    assert parse_spec(one).product == "travel.airports"


def test_writes_a_file_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --output nothing is printed."""
    target = tmp_path / "airports.json"
    assert status(AIRPORTS, "--output", target, *REFERENCE) == 0
    assert not capsys.readouterr().out
    assert json.loads(target.read_text())["tables"].keys() == {"airports"}


def test_prints_quality_rules(capsys: pytest.CaptureFixture[str]) -> None:
    """DQDL is of one table."""
    assert status(AIRPORTS, "--to", "dqdl", *REFERENCE) == 0
    assert capsys.readouterr().out.startswith("Rules = [")


def test_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A refused contract ends with 1, a wrong call with 2; neither writes anything."""
    target = tmp_path / "spec.json"
    assert status(CORPUS / "typos.odcs.yaml", "--no-config", "--output", target) == 1
    assert "unknown key 'clasification'" in capsys.readouterr().err
    assert status(AIRPORTS, "--table", "airport", "--output", target, *REFERENCE) == 2
    assert "travel.airports has no table airport; it has airports" in capsys.readouterr().err
    assert status(CONTRACTS, "--output", target, *REFERENCE) == 2
    assert "name one" in capsys.readouterr().err
    assert status(tmp_path / "nowhere.yaml", *REFERENCE) == 2
    assert not target.exists()
