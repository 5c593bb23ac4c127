"""The GitHub action and its neighbours: their scripts run as they stand, what they name exists, nothing of an input becomes code."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakecheck.cli import COMMANDS, main
from lakecheck.pull_request_command import REPORTS

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
SNIPPETS = [ROOT / "examples" / "delivery" / name for name in ("github.yml", "gitlab.yml", "buildspec.yml", "pre-commit.yaml")]
MARKER = "<!-- lakecheck -->"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the action's scripts are for bash, which is not installed here")


def fake(folder: Path, name: str, script: str) -> None:
    """A program that is found first; what it was called with is in `<name>.calls`."""
    program = folder / name
    program.write_text(f'#!/bin/bash\nprintf "%s\\n" "$@" >> "{folder / name}.calls"\n{script}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def run(step: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A step's script, as the runner starts it."""
    environment = {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_OUTPUT": str(folder / "outputs"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "GITHUB_REPOSITORY": "lakes/sales",
        "RUNNER_TEMP": str(folder),
        **variables,
    }
    script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[step]["run"]]
    return subprocess.run(script, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def calls(folder: Path, name: str) -> list[str]:
    path = folder / f"{name}.calls"
    return path.read_text().splitlines() if path.exists() else []


def judged(folder: Path, code: int = 0, **inputs: str) -> subprocess.CompletedProcess[str]:
    fake(folder, "lakecheck", f'mkdir -p out; printf "{MARKER}\\nsaid\\n" > out/lakecheck.md; exit {code}')
    return run("Judge", folder, **{"APP": "python app.py", "SETUP": "", "BASE": "", "ARGUMENTS": "", "OUTPUT": "out", **inputs})


@pytest.mark.parametrize("code", [0, 1, 2])
def test_judging_goes_on_to_the_reports_and_keeps_the_exit_code(code: int, tmp_path: Path):
    assert judged(tmp_path, code).returncode == 0
    assert (tmp_path / "outputs").read_text() == f"exit-code={code}\nreports={tmp_path / 'out'}\n"
    assert "said" in (tmp_path / "summary").read_text()
    assert run("Verdict", tmp_path, CODE=str(code)).returncode == code


def test_nothing_judged_is_no_success_and_has_no_reports_to_hand_on(tmp_path: Path):
    fake(tmp_path, "lakecheck", "exit 2")
    run("Judge", tmp_path, APP="", SETUP="", BASE="", ARGUMENTS="", OUTPUT="out")
    assert (tmp_path / "outputs").read_text() == "exit-code=2\n"
    assert all("reports != ''" in STEPS[name]["if"] for name in ("Keep the reports", "Tell code scanning", "Comment"))
    assert run("Verdict", tmp_path, CODE="").returncode == 2


def test_inputs_reach_the_command_as_they_are(tmp_path: Path):
    judged(tmp_path, SETUP="npm ci", BASE="origin/main", ARGUMENTS="--fast\n  --fail-on error\n")
    assert calls(tmp_path, "lakecheck") == [
        "pull-request", "--app", "python app.py", "--output", "out", "--setup", "npm ci", "--base", "origin/main",
        "--fast", "--fail-on", "error",
    ]  # fmt: skip


def test_an_input_never_becomes_code(tmp_path: Path):
    judged(tmp_path, APP="python app.py; touch broken", ARGUMENTS="$(touch broken)", BASE="`touch broken`")
    assert not (tmp_path / "broken").exists()
    assert "${{" not in "".join(step["run"] for step in STEPS.values() if "run" in step)


def test_the_first_comment_is_made(tmp_path: Path):
    judged(tmp_path)
    fake(tmp_path, "gh", "")
    assert run("Comment", tmp_path, REPORTS="out", NAME="lakecheck", NUMBER="7").returncode == 0
    assert calls(tmp_path, "gh")[-4:] == [
        "POST",
        "repos/lakes/sales/issues/7/comments",
        "--field",
        f"body=@{tmp_path}/lakecheck-comment.md",
    ]
    assert (tmp_path / "lakecheck-comment.md").read_text() == (tmp_path / "out" / "lakecheck.md").read_text()


def test_the_next_push_writes_the_same_comment_anew(tmp_path: Path):
    judged(tmp_path)
    fake(tmp_path, "gh", 'if [ "$2" = --paginate ]; then echo 42; fi')
    assert run("Comment", tmp_path, REPORTS="out", NAME="lakecheck", NUMBER="7").returncode == 0
    assert "repos/lakes/sales/issues/comments/42" in calls(tmp_path, "gh")
    assert "POST" not in calls(tmp_path, "gh")


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq, which gh has built in, is not installed here")
def test_a_comment_that_somebody_else_could_change_is_never_the_one(tmp_path: Path):
    judged(tmp_path)
    comments = [
        {"id": 1, "user": {"login": "somebody"}, "body": f"{MARKER} nothing open"},
        {"id": 2, "user": {"login": "github-actions[bot]"}, "body": "another"},
        {"id": 3, "user": {"login": "github-actions[bot]"}, "body": f"{MARKER} before"},
    ]
    (tmp_path / "comments").write_text(json.dumps(comments))
    fake(tmp_path, "gh", 'if [ "$2" = --paginate ]; then jq "$5" comments; fi')
    assert run("Comment", tmp_path, REPORTS="out", NAME="lakecheck", NUMBER="7").returncode == 0
    assert "repos/lakes/sales/issues/comments/3" in calls(tmp_path, "gh")


def test_each_app_of_a_repository_has_a_comment_of_its_own(tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "lakecheck.md").write_text(f"{MARKER}\n## all is well\n")
    fake(tmp_path, "gh", "")
    assert run("Comment", tmp_path, REPORTS="out", NAME="orders", NUMBER="7").returncode == 0
    assert (tmp_path / "lakecheck-comment.md").read_text() == "<!-- orders -->\n## all is well\n"
    assert all("${{ inputs.name }}" in str(STEPS[name]["with"]) for name in ("Keep the reports", "Tell code scanning"))


def test_a_fork_s_pull_request_gets_no_token_s_work():
    same = "github.event.pull_request.head.repo.full_name == github.repository"
    assert f"&& {same}" in STEPS["Comment"]["if"]
    assert f"&& (!github.event.pull_request || {same})" in STEPS["Tell code scanning"]["if"]
    workflows = [*(ROOT / ".github" / "workflows").glob("*.yml"), *SNIPPETS]
    assert not any("pull_request_target" in path.read_text() for path in workflows)


def test_the_files_it_hands_on_are_those_that_are_written():
    text = (ROOT / "action.yml").read_text() + "".join(path.read_text() for path in SNIPPETS)
    named = set(re.findall(r"(?:OUTPUT|REPORTS|reports }}|lakecheck-report)/(lakecheck[\w.-]*\.\w+)", text))
    assert named
    assert named <= set(REPORTS.values())


def test_every_input_is_described_and_used():
    text = (ROOT / "action.yml").read_text()
    for name, one in ACTION["inputs"].items():
        assert one["description"]
        assert f"inputs.{name}" in text


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda path: path.name)
def test_snippets_call_commands_and_options_that_there_are(path: Path, capsys: pytest.CaptureFixture[str]):
    text = path.read_text()
    assert yaml.safe_load(text)
    for command, rest in re.findall(r"lakecheck ([a-z][a-z-]+)(.*)", text):
        assert command in COMMANDS
        with pytest.raises(SystemExit):
            main([command, "--help"])
        usage = capsys.readouterr().out
        assert all(option in usage for option in re.findall(r"--[a-z-]+", rest))


def test_hooks_call_commands_that_there_are_on_files_that_there_are(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    files = [str(path.relative_to(ROOT)) for path in (ROOT / "config").rglob("*") if path.is_file()]
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    named = [hook["id"] for repo in yaml.safe_load(SNIPPETS[3].read_text())["repos"] for hook in repo["hooks"]]
    assert [hook["id"] for hook in hooks] == named
    for hook in hooks:
        program, *words = hook["entry"].split()
        found = [file for file in files if re.search(hook["files"], file)]
        assert program == "lakecheck"
        assert found
        assert main([*words, *found]) == 0
