"""The guide "Ingest on a laptop": its two deliveries, what it says they become, and what a reader sees afterwards."""

from __future__ import annotations

import json
import logging
import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from lakecheck.cli import main
from tests.docs.blocks import ROOT

from .readers import published

if TYPE_CHECKING:
    from pathlib import Path

    from constructs_lib.runtime.ingestion.manifest import Manifest

    from .conftest import Lake

EXAMPLE = ROOT / "examples" / "ingestion"


LINES = {"monday": "monday.txt", "tuesday": "tuesday.txt"}
FILES = {"monday": "monday.csv", "tuesday": "tuesday.csv"}


def shown(name: str) -> dict[str, object]:
    """The line that the guide shows as the log's last, without what changes from run to run."""
    text = (EXAMPLE / LINES[name]).read_text(encoding="utf-8")
    found: dict[str, object] = json.loads(text.replace(" ...,", ""))
    return found


@pytest.mark.spark
def test_the_guide_says_what_happens(lake: Lake, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Monday adds up, Tuesday's correction takes the published row's place, a repeated start changes nothing."""
    specs = tmp_path / "readings.json"
    assert main(["contracts", "compile", str(EXAMPLE / "readings.odcs.yaml"), "--no-config", "--output", str(specs)]) == 0

    def ingest(day: str, run: str) -> Manifest:
        manifest = str(tmp_path / "manifests" / f"{run}.json")
        return lake.ingest(str(specs), EXAMPLE / FILES[day], table="readings", run_id=run, manifest=manifest, publish=True)

    with caplog.at_level(logging.INFO, logger="ingestion"):
        for day in ("monday", "tuesday"):
            manifest = ingest(day, day)
            last = json.loads(caplog.records[-1].getMessage())
            assert {key: last[key] for key in shown(day)} == shown(day)
            if day == "monday":
                assert manifest["reasons"] == {
                    "_record:too_few_fields": 1,
                    "hour:not_a_timestamp": 1,
                    "kwh:minimum": 1,
                    "meter:pattern": 1,
                    "state:enum": 1,
                }
    before = (tmp_path / "manifests" / "tuesday.json").read_bytes()
    assert ingest("tuesday", "tuesday")["status"] == "published"
    assert (tmp_path / "manifests" / "tuesday.json").read_bytes() == before
    again = ingest("tuesday", "again")
    assert (again["counts"]["duplicates"], again["files"][0]["repeats"]) == (4, "tuesday")
    seen = published(lake.root / "catalog", json.loads(specs.read_text())["tables"]["readings"])
    assert {(row[0], row[2]): count for row, count in seen.items()} == {
        ("M-0001", Decimal("1.250")): 1,
        ("M-0001", Decimal("1.020")): 1,
        ("M-0002", Decimal("3.100")): 1,
        ("M-0003", Decimal("0.500")): 1,
        ("M-0005", Decimal("2.000")): 1,
    }


def test_the_guide_names_the_numbers() -> None:
    """Its prose agrees with the lines that it shows."""
    page = (ROOT / "docs" / "guides" / "ingest-on-a-laptop.md").read_text(encoding="utf-8")
    monday = shown("monday")
    equation = f"{monday['input']} = {monday['good']} + {monday['quarantined']} + {monday['duplicates']}"
    assert equation in page
    assert re.search(r"the table has five rows", page)
