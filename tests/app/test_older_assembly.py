"""What stands in the output folder before a run: an older assembly never survives it, anything else is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import app
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from pathlib import Path


def older(folder: Path) -> Path:
    """As an earlier run leaves it."""
    (folder / "assembly-Dev").mkdir(parents=True)
    for name in ("cdk.out", "manifest.json", "assembly-Dev/manifest.json", "assembly-Dev/old.template.json"):
        (folder / name).write_text("{}")
    return folder


@pytest.fixture(autouse=True)
def _no_outdir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDK_OUTDIR", raising=False)


def test_an_older_assembly_goes(tmp_path: Path) -> None:
    """What was refused just now must not leave an older one to be deployed by mistake."""
    app.remove_assembly(older(tmp_path / "cdk.out"))
    assert not (tmp_path / "cdk.out").exists()


def test_nothing_there_is_fine(tmp_path: Path) -> None:
    """The first run finds no folder."""
    app.remove_assembly(tmp_path / "cdk.out")
    assert not (tmp_path / "cdk.out").exists()


def test_fails_when_something_else_is_in_its_place(tmp_path: Path) -> None:
    """A folder that no synthesis wrote is neither removed nor touched."""
    folder = tmp_path / "cdk.out"
    folder.mkdir()
    (folder / "manifest.json").write_text("a browser extension's")
    with pytest.raises(DataLakeError, match="no cloud assembly; only an assembly is replaced: move it away"):
        app.remove_assembly(folder)
    app.remove_manifests(folder)
    assert (folder / "manifest.json").read_text() == "a browser extension's"


def test_the_folder_of_the_cli_keeps_its_files_but_is_no_assembly_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CLI has its locks in there; without manifests it deploys nothing of what is left."""
    folder = older(tmp_path / "out")
    (folder / "synth.lock").write_text("")
    monkeypatch.setenv("CDK_OUTDIR", str(folder))
    app.remove_assembly(folder)
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()) == [
        "assembly-Dev/old.template.json",
        "cdk.out",
        "synth.lock",
    ]
