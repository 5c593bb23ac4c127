"""The CDK CLI is called with nothing of this machine's AWS settings, and ends with the call."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from lakecheck.rehearsal.deployment import toolkit
from lakecheck.rehearsal.deployment.toolkit import Toolkit, clean_environment, find_cli
from lakemodel.errors import DataLakeError


def fake(folder: Path, script: str) -> str:
    path = folder / "cdk"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_no_setting_of_this_machine_reaches_the_cli(monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "CDK_DEFAULT_ACCOUNT", "HTTPS_PROXY", "https_proxy", "NODE_OPTIONS"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("KEPT", "mine")
    found = clean_environment()
    assert found["KEPT"] == "mine"
    assert not {name for name, value in found.items() if value == "mine"} - {"KEPT"}
    assert "localhost" in found["NO_PROXY"]


def test_progress_is_told_by_stack_and_the_output_is_kept(tmp_path: Path):
    told: list[str] = []
    cli = fake(tmp_path, "echo 'Dev-Main |  3/12 | 5:09:00 PM | CREATE_COMPLETE | x'; echo \"$AWS_ENDPOINT_URL $@\"; exit 3")
    ended = Toolkit(tmp_path, {"AWS_ENDPOINT_URL": "http://localhost:1"}, told.append, cli=cli).deploy(tmp_path / "app", "Dev/**")
    assert told == ["Dev-Main: 3/12 resources"]
    assert ended.exit_code == 3
    assert "http://localhost:1 deploy Dev/**" in ended.output
    assert "--require-approval never" in ended.output


def test_fails_when_the_cli_gives_no_template(tmp_path: Path):
    cli = fake(tmp_path, "echo broken; exit 1")
    with pytest.raises(DataLakeError, match=r"(?s)exit code 1.*broken"):
        Toolkit(tmp_path, {}, lambda _: None, cli=cli).bootstrap_template()


def test_an_interrupt_ends_the_cli_and_its_children(tmp_path: Path):
    cli = fake(tmp_path, f"sleep 600 & echo $! > {tmp_path}/child; echo 'Dev |  1/2 | x'; wait")

    def interrupt(_text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Toolkit(tmp_path, {}, interrupt, cli=cli).deploy(tmp_path, "**")
    child = int((tmp_path / "child").read_text())
    with pytest.raises(ProcessLookupError):
        _alive(child)


def _alive(pid: int) -> None:
    """Raises ProcessLookupError once the process is gone; a killed one that nobody has fetched counts as gone."""
    deadline = time.monotonic() + 20.0  # a busy machine lets a killed process wait for its turn to end
    while time.monotonic() < deadline:
        os.kill(pid, 0)
        if Path(f"/proc/{pid}/stat").exists() and ") Z " in Path(f"/proc/{pid}/stat").read_text():
            raise ProcessLookupError
        os.sched_yield()


def test_fails_when_there_is_no_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(toolkit.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(DataLakeError, match="npm install --global aws-cdk"):
        find_cli()
