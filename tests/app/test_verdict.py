"""What app.py concludes from what synthesis left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import app

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_synthesis_that_never_came_to_a_report_fails_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A construct's own validation ends synthesis before the packs report: said in its words, and nothing is left to deploy."""
    for name in ("cdk.out", "manifest.json"):
        (tmp_path / name).write_text("{}")
    assert app.verdict(tmp_path, RuntimeError("ValidationFailedWithErrors: [Dev/MainGrants] too_many_permissions")) == 1
    assert "[Dev/MainGrants] too_many_permissions" in capsys.readouterr().err
    assert not (tmp_path / "manifest.json").exists()
