"""`--app`: a fresh assembly takes the old one's place whole, or not at all, and nothing else is ever replaced."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from lakecheck.cli import main
from tests.lakecheck.assemblies import pack, report_of, violation, write_assembly

if TYPE_CHECKING:
    from pathlib import Path

OPEN = report_of(pack("AwsSolutions", violation("AwsSolutions-S1", "Fresh")))
CLEAN = report_of(
    pack(suppressed=(violation("AwsSolutions-S1", "Fresh", acknowledgedId="AwsSolutions::AwsSolutions-S1", acknowledgedAt="Fresh"),))
)
LISTING = """\
built dev
lake.py:17
ERROR The bucket has no logs. (AwsSolutions)
   Fresh/Bucket aws-cdk-lib.aws_s3.CfnBucket
   Acknowledge with 'AwsSolutions::AwsSolutions-S1'

1 contract refused
"""


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a folder of its own: what stands in `config/` of this project is not about other apps."""
    monkeypatch.chdir(tmp_path)


def app(folder: Path, *, exit_code: int = 0, writes: bool = True, report: object = CLEAN, says: str = "") -> str:
    """The command of an app that writes an assembly of one stack `Fresh` as CDK would."""
    template = write_assembly(folder / "ready", {"Fresh": {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}}, report=report)
    script = folder / "app.py"
    script.write_text(
        textwrap.dedent(f"""\
        import os, shutil, sys
        out = os.environ["CDK_OUTDIR"]
        print({says!r}, end="", file=sys.stderr, flush=True)
        print("writing to", out, os.environ.get("LAKE_CONTRACTS", ""))
        print("in short", os.path.relpath(out, os.path.dirname(out)))
        if {writes}:
            shutil.copytree({str(template)!r}, out, dirs_exist_ok=True)
        sys.exit({exit_code})
        """)
    )
    return f"'{sys.executable}' '{script}'"


def run(outdir: Path, command: str, *more: str) -> int:
    return main(["run", str(outdir), "--fast", "--skip", "cloudformation", "--app", command, *more])


def stacks(outdir: Path) -> list[str]:
    return list(json.loads((outdir / "manifest.json").read_text())["artifacts"])


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_a_fresh_assembly_takes_the_old_ones_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the old one stays, nothing temporary is left, the environment reaches the app, and the app sees the final name."""
    monkeypatch.setenv("LAKE_CONTRACTS", "theirs")
    outdir = write_assembly(tmp_path / "cdk.out", {"Old": {"Resources": {}}})
    assert run(outdir, app(tmp_path)) == 0
    assert stacks(outdir) == ["Fresh"]
    assert not (outdir / "Old.template.json").exists()
    assert leftovers(tmp_path) == []
    said = capsys.readouterr().err
    assert f"writing to {outdir} theirs\n" in said
    assert "in short cdk.out\n" in said


@pytest.mark.parametrize("kind", ["absent", "empty", "deeper"])
def test_the_place_may_be_free(kind: str, tmp_path: Path) -> None:
    """No directory, an empty one, or one whose parents are missing."""
    outdir = tmp_path / ("a/b/cdk.out" if kind == "deeper" else "cdk.out")
    if kind == "empty":
        outdir.mkdir()
    assert run(outdir, app(tmp_path)) == 0
    assert stacks(outdir) == ["Fresh"]


@pytest.mark.parametrize(("exit_code", "ours"), [(1, 1), (2, 2), (3, 2), (0, 2)])
def test_an_app_that_wrote_nothing_leaves_the_old_assembly(
    exit_code: int, ours: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own words and its exit code come through; the assembly that was there is untouched and is not judged."""
    outdir = write_assembly(tmp_path / "cdk.out", {"Old": {"Resources": {}}})
    says = "config/lake.yaml:3 environments: unknown key\n"
    assert run(outdir, app(tmp_path, exit_code=exit_code, writes=False, says=says)) == ours
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert f"ended with exit code {exit_code} and left no assembly to judge; {outdir} is still that of an earlier run\n" in err
    assert stacks(outdir) == ["Old"]
    assert leftovers(tmp_path) == []


def test_half_an_assembly_does_not_count(tmp_path: Path) -> None:
    """An app that died after its manifest and before its report has left nothing to judge."""
    outdir = write_assembly(tmp_path / "cdk.out", {"Old": {"Resources": {}}})
    assert run(outdir, app(tmp_path, exit_code=1, report=None)) == 1
    assert stacks(outdir) == ["Old"]


def test_an_app_that_failed_its_checks_is_judged_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report has the findings; what CDK lists of them is not said twice, what else the app says is said."""
    outdir = tmp_path / "cdk.out"
    assert run(outdir, app(tmp_path, exit_code=1, report=OPEN, says=LISTING)) == 1
    out, err = capsys.readouterr()
    assert stacks(outdir) == ["Fresh"]
    assert "ERROR AwsSolutions-S1" in out
    assert "the app ended with exit code 1" in out
    assert "built dev\n" in err
    assert "1 contract refused\n" in err
    assert "has no logs" not in err
    assert "lake.py:17" not in err


def test_an_app_that_ends_badly_turns_a_clean_assembly_red(tmp_path: Path) -> None:
    """What it refused is not in the assembly, so the assembly alone would be a false green."""
    assert run(tmp_path / "cdk.out", app(tmp_path, exit_code=1)) == 1


def test_what_cdk_lists_is_shown_when_there_is_no_report_of_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing the app said is lost."""
    assert run(tmp_path / "cdk.out", app(tmp_path, exit_code=1, writes=False, says=LISTING)) == 1
    said = capsys.readouterr().err
    assert "has no logs" in said
    assert "earlier run" not in said


def test_fails_when_the_place_holds_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of somebody's files, a file and a link stay as they are; the app is not even started."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(write_assembly(tmp_path / "real"))
    for name in ("precious", "file", "link"):
        assert run(tmp_path / name, app(tmp_path)) == 2
        err = capsys.readouterr().err
        assert "give the path of a cloud assembly, or one where nothing is yet" in err
        assert "writing to" not in err
    assert (precious / "thesis.txt").read_text() == "years of work"
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("command", ["no-such-program-anywhere", "", "'unclosed"])
def test_fails_when_the_command_cannot_run(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence, exit code 2, nothing left behind."""
    assert run(tmp_path / "cdk.out", command) == 2
    assert capsys.readouterr().err.startswith("lakecheck: ")
    assert leftovers(tmp_path) == []
    assert not (tmp_path / "cdk.out").exists()
