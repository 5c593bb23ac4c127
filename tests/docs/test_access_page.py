"""What the page about access says: keys, doors, verdicts, assumptions; its examples print what it shows."""

from __future__ import annotations

import re
import runpy
import shlex
from typing import TYPE_CHECKING

import pytest

from lakecheck import cli, settings_model
from lakecheck.access import lake_formation, matrix
from lakecheck.access.invariants import model as access_model
from lakecheck.access.invariants.verdicts import State
from lakecheck.access.model import Action, Door
from lakecheck.access.words import Verdict
from lakecheck.estate import supplement_model
from lakecheck.estate.supplement import load_supplement
from tests.docs.blocks import DOCS, ROOT
from tools.key_tables import tables, written

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

PAGE = (DOCS / "reference" / "access.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "examples" / "access"
COMMANDS = (ROOT / "examples" / "commands" / "access-elsewhere.sh").read_text().splitlines()


def models(module: ModuleType) -> set[str]:
    """The mappings that a file may have."""
    found = {name for name, value in vars(module).items() if hasattr(value, "model_fields") and value.__module__ == module.__name__}
    return {name for name in found if not name.startswith("_")}


def rows(first: str) -> list[str]:
    """The first cells of the table whose head begins with a word."""
    table = PAGE.split(f"| {first} |", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_the_tables_are_the_models() -> None:
    """After a change of a model run `python tools/key_tables.py`."""
    assert written(PAGE) == PAGE
    assert sorted(tables(PAGE)) == sorted(models(access_model) | models(supplement_model))


def test_the_tables_of_lakecheck_yaml_are_the_models() -> None:
    """Those of the other page, by the same script."""
    page = (ROOT / "docs" / "reference" / "lakecheck.md").read_text()
    assert written(page) == page
    assert sorted(tables(page)) == sorted(models(settings_model))


def test_a_stale_table_would_be_seen() -> None:
    """A key that the page lacks comes back."""
    stale = PAGE.replace("| `management` |", "| `manager` |")
    assert stale != PAGE
    assert written(stale) == PAGE


def test_every_door_verdict_and_action_is_told() -> None:
    """In the order of the code; a new one needs its line."""
    assert rows("door") == [door.value for door in Door]
    assert rows("verdict") == [verdict.value for verdict in Verdict if verdict is not Verdict.NO]
    assert re.findall(r"^\| `([A-Z]+)` \|", PAGE, re.MULTILINE) == [state.name for state in State]
    assert all(f"`{action.value}`" in PAGE for action in Action)


def test_every_door_names_its_page() -> None:
    """Of AWS's documentation."""
    table = PAGE.split("| door |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    assert len(table) == len(Door)
    assert all("[AWS](https://docs.aws.amazon.com/" in line for line in table)


def test_the_assumptions_are_those_of_every_matrix() -> None:
    """One a line, each a sentence."""
    always = (*matrix.ASSUMPTIONS, *lake_formation.ASSUMPTIONS)
    assert (EXAMPLES / "assumptions.txt").read_text().splitlines() == list(always)
    assert all(re.match(r"[A-Z].*\.$", each) and not re.match(r"[\w ]+: [A-Z][a-z]", each) for each in always)


def test_the_example_prints_what_the_page_shows(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The command as it stands in the page, in the example's folder; the matrix beside it is printed as well."""
    monkeypatch.chdir(EXAMPLES)
    matrix_command, check_command = (shlex.split(line)[1:] for line in COMMANDS)
    assert cli.main(matrix_command) == 0
    assert "role/Analyst: read id and country of crm.customers through Lake Formation" in capsys.readouterr().out
    assert cli.main(check_command) == 1
    assert capsys.readouterr().out == (EXAMPLES / "verdicts.txt").read_text()


def test_without_what_was_set_by_hand_more_is_refuted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The supplement matters: AWS's default leaves the table to IAM."""
    monkeypatch.chdir(EXAMPLES)
    assert load_supplement(EXAMPLES / "estate.yaml").file.lake_formation
    assert cli.main(["access", "check", "template.yaml", "--invariants", "access.yaml"]) == 1
    assert "role/Analyst can read crm.customers.email through IAM without Lake Formation" in capsys.readouterr().out


def test_the_call_from_python_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """`judge.py` prints the verdicts of the command."""
    runpy.run_path(str(EXAMPLES / "judge.py"))
    assert capsys.readouterr().out.splitlines() == [
        "refuted no-email",
        "  account/444444444499 can read crm.customers.email: assumes role/Notebook, then direct S3",
        "  role/Notebook can read crm.customers.email through direct S3",
        "proved analysts-count-customers",
    ]


@pytest.mark.parametrize("name", ["access", "access_check", "access_diff"])
def test_the_schemas_are_there(name: str) -> None:
    """Where the page says."""
    assert f"`{name}.schema.json`" in PAGE
    path: Path = ROOT / "lakecheck" / "report" / f"{name}.schema.json"
    assert path.is_file()
