"""`lakecheck pull-request`: the app as it is against the app as it was, in a repository of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lakecheck.cli import main
from lakecheck.pull_request_command import REPORTS

APP = """\
import json, os, pathlib
out = pathlib.Path(os.environ["CDK_OUTDIR"])
template = {"Resources": json.loads(pathlib.Path("resources.json").read_text())}
(out / "Lake.template.json").write_text(json.dumps(template))
stack = {"environment": "aws://444455556666/eu-west-1", "properties": {"templateFile": "Lake.template.json"}}
manifest = {"version": "55.0.0", "artifacts": {"Lake": {"type": "aws:cloudformation:stack", **stack}}}
(out / "manifest.json").write_text(json.dumps(manifest))
"""
BUCKET = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete", "Properties": {"BucketName": "orders-of-everybody"}}
ARGUMENTS = ["pull-request", "--app", f"{sys.executable} app.py", "--fast", "--skip", "compliance", "--skip", "cloudformation"]


def git(*words: str) -> None:
    settings = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *settings, *words], check=True, capture_output=True)


def write(resources: dict[str, Any], folder: Path = Path()) -> None:
    (folder / "resources.json").write_text(json.dumps(resources))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its main branch has a bucket; we are on a branch of it."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CODEBUILD_WEBHOOK_BASE_REF", "CHANGE_TARGET"):
        monkeypatch.delenv(name, raising=False)
    git("init", "--initial-branch", "main")
    Path("app.py").write_text(APP)
    write({"Bucket": BUCKET, "Other": {"Type": "AWS::SNS::Topic"}})
    git("add", "app.py", "resources.json")
    git("commit", "-m", "a bucket")
    git("switch", "-c", "change")
    return tmp_path


def report() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(Path("lakecheck-report/lakecheck.json").read_text())
    return loaded


def test_a_change_that_deletes_data_fails_and_says_so(repository: Path, capsys: pytest.CaptureFixture[str]):
    write({"Other": {"Type": "AWS::SNS::Topic"}})
    assert main([*ARGUMENTS, "--base", "main"]) == 1
    assert "data_loss" in {finding["category"] for finding in report()["findings"]}
    assert "Bucket" in capsys.readouterr().out


def test_what_only_this_branch_acknowledges_is_new(repository: Path):
    """Also in lakecheck.yaml, of which the base has one of its own."""
    entries = [
        f'  - {{ rule: "lakecheck-limits::{rule}", at: Lake, reason: it is right here, owner: platform }}\n'
        for rule in ("stack_resources", "stack_outputs")
    ]
    Path("lakecheck.yaml").write_text(f"version: 1\nacknowledge:\n{entries[0]}")
    git("add", "lakecheck.yaml")
    git("commit", "-m", "acknowledge")
    git("branch", "--force", "main")
    Path("lakecheck.yaml").write_text(f"version: 1\nacknowledge:\n{entries[1]}")
    main([*ARGUMENTS, "--base", "main", "--skip", "limits"])
    assert [(each["rule"], each["new"]) for each in report()["acknowledgements"]] == [("lakecheck-limits::stack_outputs", True)]
    assert [each["rule"] for each in report()["gone_acknowledgements"]] == ["lakecheck-limits::stack_resources"]
    assert "1, 1 new, 1 gone" in Path("lakecheck-report/lakecheck.md").read_text()


def test_a_harmless_change_passes_and_every_report_is_there(repository: Path):
    write({"Bucket": BUCKET, "Other": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "news"}}})
    assert main([*ARGUMENTS, "--base", "main"]) == 0
    found = {path.name for path in Path("lakecheck-report").iterdir()}
    assert found == {*REPORTS.values(), "base", "head"}


def test_nothing_of_the_repository_is_touched(repository: Path):
    write({})
    main([*ARGUMENTS, "--base", "main", "--output", str(repository.parent / f"{repository.name}-report")])
    status = subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True, text=True).stdout
    assert status.splitlines() == [" M resources.json"]
    worktrees = subprocess.run(["git", "worktree", "list"], check=True, capture_output=True, text=True).stdout
    assert len(worktrees.splitlines()) == 1


def test_what_the_base_branch_did_meanwhile_is_no_part_of_the_change(repository: Path):
    git("switch", "main")
    write({"Bucket": BUCKET, "More": {"Type": "AWS::SQS::Queue"}, "Other": {"Type": "AWS::SNS::Topic"}})
    git("commit", "-am", "a queue")
    git("switch", "change")
    assert main([*ARGUMENTS, "--base", "main"]) == 0


def test_the_base_is_what_the_ci_says(repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    git("update-ref", "refs/remotes/origin/main", "main")
    write({"Other": {"Type": "AWS::SNS::Topic"}})
    assert main(ARGUMENTS) == 1


def test_setup_runs_in_the_base(repository: Path):
    write({})
    prepared = f"{sys.executable} -c \"open('resources.json', 'w').write('{{}}')\""
    assert main([*ARGUMENTS, "--base", "main", "--setup", prepared]) == 0


def test_an_app_as_it_was_that_does_not_synthesize_is_no_success(repository: Path, capsys: pytest.CaptureFixture[str]):
    """Otherwise a broken preparation of the base would let every loss pass."""
    assert main([*ARGUMENTS, "--base", "main", "--setup", f"{sys.executable} -c \"open('app.py', 'w').write('raise SystemExit(3)')\""]) == 2
    assert "leaves no assembly to compare with" in capsys.readouterr().err
    assert report()["upgrade"] is None
    assert "not run: the app as it was leaves no assembly" in Path("lakecheck-report/lakecheck.md").read_text()


def test_an_app_in_a_folder_that_the_base_has_not_is_all_new(repository: Path, monkeypatch: pytest.MonkeyPatch):
    folder = repository / "another"
    folder.mkdir()
    for name in ("app.py", "resources.json"):
        (folder / name).write_text((repository / name).read_text())
    monkeypatch.chdir(folder)
    assert main([*ARGUMENTS, "--base", "main", "--setup", "exit 3"]) == 0
    assert "so that all of it is new" in Path("lakecheck-report/lakecheck.md").read_text()


def test_an_app_in_a_folder_of_its_own_is_compared_with_that_folder(repository: Path, monkeypatch: pytest.MonkeyPatch):
    folder = repository / "apps" / "orders"
    folder.mkdir(parents=True)
    git("mv", "app.py", "resources.json", "apps/orders/")
    git("commit", "-m", "into a folder")
    git("branch", "--force", "main")
    monkeypatch.chdir(folder)
    write({"Other": {"Type": "AWS::SNS::Topic"}})
    assert main([*ARGUMENTS, "--base", "main"]) == 1
    assert "data_loss" in {finding["category"] for finding in report()["findings"]}


def test_what_github_checks_out_is_compared_with_the_branch_it_goes_to(repository: Path):
    """There HEAD is a merge of both, and the base branch one of its parents."""
    write({"Other": {"Type": "AWS::SNS::Topic"}})
    git("commit", "-am", "no bucket")
    git("switch", "main")
    Path("more").touch()
    git("add", "more")
    git("commit", "-m", "more")
    git("switch", "--detach", "main")
    git("merge", "--no-ff", "-m", "merge", "change")
    assert main([*ARGUMENTS, "--base", "main"]) == 1
    assert {finding["category"] for finding in report()["findings"]} == {"data_loss"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "no base branch is known"),
        (["--base", "nowhere"], "fetch-depth: 0"),
        (["--base=--output=stolen"], "is no commit"),
        (["--base", "main", "--setup", "exit 3"], "exit code 3"),
    ],
)
def test_what_is_missing_is_said_without_a_traceback(arguments: list[str], says: str, repository: Path, capsys: pytest.CaptureFixture[str]):
    assert main([*ARGUMENTS, *arguments]) == 2
    assert says in capsys.readouterr().err
    assert not Path("stolen").exists()


def test_a_folder_that_is_no_repository_is_said_to_be_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert main([*ARGUMENTS, "--base", "main"]) == 2
    assert "not a git repository" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
