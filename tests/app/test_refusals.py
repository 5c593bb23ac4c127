"""Hostile input, end to end: refused with its place and a remedy, exit code 1, no traceback, and nothing is written."""

from __future__ import annotations

import re
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

import app
from tests.app.lakes import CONFIG, CUSTOMERS, EMAIL, ROUTES, inputs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.app.lakes import Inputs

LONG = "a" * 64
OTHER_ID = ("2d7733", "2d7734")


def changing(file: str, *changes: tuple[str, str], into: str | None = None) -> Callable[[Inputs], None]:
    return lambda lake: lake.edit(file, *changes, into=into)


def colliding(lake: Inputs) -> None:
    """Two products whose names differ until they are spelled as the catalog does."""
    lake.edit(CONFIG, ("illegal_name: error", "illegal_name: normalize"))
    lake.edit(ROUTES, ("dataProduct: routes", "dataProduct: airline-routes"))
    lake.edit(ROUTES, ("airline-routes", "airline routes"), ("name: routes", "name: other"), OTHER_ID, into=f"{ROUTES}.yaml")


HOSTILE: dict[str, tuple[Callable[[Inputs], None], str]] = {
    "broken YAML": (changing(CONFIG, ("  dev:", "  dev: [")), rf"{CONFIG}:\d+ environments\.dev.*not valid YAML.*Correct"),
    "a key twice": (changing(CONFIG, ("version: 1", "version: 1\nversion: 1")), rf"{CONFIG}:6 version: .*line 5.*Remove"),
    "an unknown key": (
        changing(CONFIG, ("break_glass_role:", "brake_glass_role:")),
        rf"{CONFIG}:\d+ brake_glass_role: found the unknown key.*allowed.*Did you mean break_glass_role\?",
    ),
    "an account twice": (
        changing(CONFIG, ("444444444402", "444444444401")),
        rf"{CONFIG}:\d+ environments\.dev\.consumers\.analytics: account 444444444401 is already environments\.dev\.lakes\.main",
    ),
    "an account in two environments": (
        changing(CONFIG, ("444444444421", "444444444401")),
        rf"{CONFIG}:\d+ environments\.prod\.lakes\.main: account 444444444401 is already environments\.dev\.lakes\.main \(line \d+\)",
    ),
    "a Region without a service": (
        changing(CONFIG, ("}\n    region: eu-west-1", "}\n    region: eu-central-2")),
        rf"{CONFIG}:\d+ environments\.dev\.region: eu-central-2 has no glue_table_optimizers.*Choose one",
    ),
    "a Region nobody knows": (
        changing(CONFIG, ("}\n    region: eu-west-1", "}\n    region: eu-west-9")),
        rf"{CONFIG}:\d+ environments\.dev\.region: .*eu-west-9",
    ),
    "destruction where protection is strict": (
        changing(CONFIG, ("    protection: strict", "    allow_destroy: true\n    protection: strict")),
        rf"{CONFIG}:\d+ environments\.staging\.allow_destroy: .*Remove allow_destroy",
    ),
    "an empty file": (lambda lake: (lake.folder / CONFIG).write_text("") and None, rf"{CONFIG}:1: the file is empty"),
    "no file": (lambda lake: (lake.folder / CONFIG).unlink(), CONFIG),
    "a product of 64 characters": (
        changing(ROUTES, ("dataProduct: routes", f"dataProduct: {LONG}")),
        rf"{ROUTES}:7 dataProduct: .*64 characters.*at most \d+ are allowed\. Shorten it",
    ),
    "two products with one name": (colliding, rf"{ROUTES}:7 dataProduct: .*travel\.airline_routes.*{ROUTES}\.yaml\. Rename one"),
    "a contract of broken YAML": (changing(ROUTES, ("schema:", "schema: [")), rf"{ROUTES}:\d+ .*not valid YAML"),
    "a PII column that lost its class": (
        changing(
            CUSTOMERS,
            (
                "        classification: restricted\n        tags: [pii]\n        description: Address",
                "        tags: [pii]\n        description: Address",
            ),
        ),
        rf"{CUSTOMERS}:71 schema\.customers\.properties\.email: .*personal data and has no classification\. Classify it",
    ),
    "a PII column that lost its class and its tag": (
        changing(CUSTOMERS, (EMAIL, EMAIL.splitlines(keepends=True)[0])),
        rf"{CUSTOMERS}:71 schema\.customers\.properties\.email: .*lost its class\. Classify it",
    ),
    "a PII column for everyone": (
        changing(CUSTOMERS, (EMAIL, EMAIL.replace("restricted", "public"))),
        rf"{CUSTOMERS}:71 schema\.customers\.properties\.email: .*personal data and is classified public\. Classify it",
    ),
    "a number without precision": (
        changing("contracts/sales/orders.odcs.yaml", ("physicalType: decimal(", "physicalType: decimal # (")),
        r"contracts/sales/orders\.odcs\.yaml:\d+ schema\.orders\.properties\.\w+",
    ),
    "no contracts": (lambda lake: shutil.rmtree(lake.folder / "contracts"), r"contracts: there is no such folder\. Give a folder"),
    "a lock with a merge conflict": (
        changing("placement.lock.json", ("{", "<<<<<<< mine\n{")),
        r"placement\.lock\.json:1.*merge conflict; keep the lines of both sides",
    ),
}


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inputs:
    """A copy of the inputs; the assembly would go beside them."""
    copied = inputs(tmp_path / "lake")
    monkeypatch.setenv("CDK_OUTDIR", str(copied.outdir))
    return copied


def refused(lake: Inputs, capsys: pytest.CaptureFixture[str]) -> str:
    """Runs app.py, which has to refuse; returns what it said."""
    before = lake.files()
    assert app.main(lake.arguments()) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert "nothing was written" in said.err
    assert lake.files() == before
    assert not lake.outdir.exists()
    return said.err


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused(lake: Inputs, capsys: pytest.CaptureFixture[str], what: str) -> None:
    """With file, line and path of the fault, what was found and what to do; inputs and locks stay as they are."""
    spoil, expected = HOSTILE[what]
    spoil(lake)
    said = refused(lake, capsys)
    assert re.search(expected, said), said


def test_all_faults_are_told_at_once(lake: Inputs, capsys: pytest.CaptureFixture[str]) -> None:
    """Four in one file: one run."""
    lake.edit(
        CONFIG, ("444444444402", "444444444401"), ("}\n    region: eu-west-1", "}\n    region: eu-west-9"), ("lake: main", "lake: moon")
    )
    lake.edit(CONFIG, ("scan_limit_gib: 100", "scan_limit_gib: 0"))
    said = refused(lake, capsys)
    for word in ("444444444401", "eu-west-9", "moon", "scan_limit_gib"):
        assert re.search(rf"{CONFIG}:\d+ .*{word}", said), word


def test_all_contracts_are_told_at_once(lake: Inputs, capsys: pytest.CaptureFixture[str]) -> None:
    """Faults in two contracts: one run, and both are counted."""
    HOSTILE["a PII column for everyone"][0](lake)
    HOSTILE["a product of 64 characters"][0](lake)
    said = refused(lake, capsys)
    assert "2 contracts refused" in said
    assert ROUTES in said
    assert CUSTOMERS in said


def test_one_refused_contract_is_one(lake: Inputs, capsys: pytest.CaptureFixture[str]) -> None:
    """And what to do is said in make's words too: that is how most people came here."""
    HOSTILE["a product of 64 characters"][0](lake)
    assert "1 contract refused, nothing was written; --keep-going (make: KEEP_GOING=1) synthesizes" in refused(lake, capsys)


def test_a_refusal_needs_no_node(lake: Inputs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input is told before CDK is started: quickly, and where Node is missing too."""
    monkeypatch.setitem(sys.modules, "aws_cdk", None)
    lake.edit(CONFIG, ("version: 1", "version: 2"))
    assert CONFIG in refused(lake, capsys)


def test_an_older_assembly_does_not_survive_a_refusal(
    lake: Inputs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise it would look as if it were what has just been asked for."""
    monkeypatch.delenv("CDK_OUTDIR")
    monkeypatch.setattr(app, "ROOT", lake.folder)
    lake.outdir.mkdir()
    (lake.outdir / "cdk.out").write_text('{"version":"55.0.0"}')
    (lake.outdir / "manifest.json").write_text("{}")
    lake.edit(CONFIG, ("version: 1", "version: 2"))
    assert app.main(lake.arguments()) == 1
    assert "nothing was written" in capsys.readouterr().err
    assert not lake.outdir.exists()


def test_what_is_no_assembly_is_not_removed(lake: Inputs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of somebody's that happens to have the name is left alone, and the run refused."""
    monkeypatch.delenv("CDK_OUTDIR")
    monkeypatch.setattr(app, "ROOT", lake.folder)
    lake.outdir.mkdir()
    (lake.outdir / "thesis.txt").write_text("years of work")
    assert app.main(lake.arguments()) == 1
    assert "move it away" in capsys.readouterr().err
    assert (lake.outdir / "thesis.txt").read_text() == "years of work"
