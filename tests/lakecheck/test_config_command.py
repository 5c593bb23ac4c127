"""`lakecheck config`: exit codes and what it prints."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import pytest

from lakecheck import config_command
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = ROOT / "config" / "lake.yaml"


def run(*argv: str) -> int:
    """Parses and runs as the command line does."""
    parser = argparse.ArgumentParser()
    config_command.add_parser(parser.add_subparsers(required=True))
    arguments = parser.parse_args(["config", *argv])
    code: int = arguments.handler(arguments)
    return code


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A file with two mistakes."""
    path = tmp_path / "lake.yaml"
    path.write_text(
        REFERENCE.read_text().replace("}\n    region: eu-west-1", "}\n    region: eu-wst-1", 1).replace("version: 1", "version: 2")
    )
    return path


def test_a_valid_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, and what was read."""
    assert run("validate", str(REFERENCE)) == 0
    assert capsys.readouterr().out == f"{REFERENCE}: valid (3 environments, 2 domains, 6 personas)\n"


def test_the_default_is_the_reference(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a path it is config/lake.yaml of the current folder."""
    monkeypatch.chdir(ROOT)
    assert run("validate") == 0
    assert capsys.readouterr().out.startswith("config/lake.yaml: valid")


def test_a_bad_file_as_text(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, a line for each finding, the count on stderr."""
    assert run("validate", str(broken)) == 1
    printed = capsys.readouterr()
    assert [line.split(": ")[0].split(" ")[1] for line in printed.out.splitlines()] == ["version", "environments.dev.region"]
    assert printed.err == f"2 errors in {broken}\n"


def test_a_bad_file_as_json(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as data."""
    assert run("validate", str(broken), "--format", "json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["valid"] is False
    assert [finding["code"] for finding in report["findings"]] == ["config.choice", "config.unknown_region"]
    assert all(finding["file"] == str(broken) and finding["line"] for finding in report["findings"])


def test_a_valid_file_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """No findings, exit 0."""
    assert run("validate", str(REFERENCE), "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(REFERENCE), "valid": True, "findings": []}


def test_misuse_exits_with_2() -> None:
    """As argparse does."""
    for argv in ([], ["validate", "--format", "xml"]):
        with pytest.raises(SystemExit) as caught:
            run(*argv)
        assert caught.value.code == 2


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Byte by byte what is committed."""
    assert run("schema") == 0
    assert capsys.readouterr().out == (ROOT / "config" / "lake.schema.json").read_text(encoding="utf-8")
    for of in ("approvals", "estate", "access"):
        assert run("schema", of) == 0
        assert capsys.readouterr().out == (ROOT / "config" / f"{of}.schema.json").read_text(encoding="utf-8")
