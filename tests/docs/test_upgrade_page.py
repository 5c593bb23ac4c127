"""What the page about changes says: its example prints what it shows, and every category and rule is told."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from lakecheck import cli
from lakecheck.upgrade.judges import RULES
from lakecheck.upgrade.model import Category
from tests.docs.blocks import DOCS, ROOT

if TYPE_CHECKING:
    import pytest

PAGE = (DOCS / "reference" / "upgrade.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "examples" / "upgrade"


def test_the_example_prints_what_the_page_shows(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """In the example's own folder, so that nothing of the reference's configuration is read; on the day it was written."""
    monkeypatch.chdir(EXAMPLES)
    command = (ROOT / "examples" / "commands" / "upgrade.sh").read_text().splitlines()[0]
    assert cli.main([*shlex.split(command)[1:], "--as-of", "2026-11-22"]) == 1
    assert capsys.readouterr().out == (EXAMPLES / "upgrade.txt").read_text()


def test_the_reverse_says_what_the_reverse_does(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Versioning that is switched on is no risk; the grant's id changes all the same."""
    monkeypatch.chdir(EXAMPLES)
    assert cli.main(["upgrade", "after.yaml", "before.yaml"]) == 1
    said = capsys.readouterr().out
    assert "data_loss.versions" not in said
    assert "lost_access.revoked_after_grant" in said


def test_every_category_is_told():
    told = re.findall(r"^\| \*\*([a-z ]+)\*\* \|", PAGE, re.MULTILINE)
    assert told == [category.value.replace("_", " ") for category in Category]


def test_every_rule_is_in_the_catalogue():
    catalogue = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8")
    assert [rule for rule in RULES if f"`{rule}`" not in catalogue] == []
